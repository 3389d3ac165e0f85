//! Which types of resource does a service have, and what do their ARNs look like?

use super::load::{Cells, Row};

/// A type of resource, such as `object` of `s3`.
#[derive(Debug)]
pub struct ResourceType {
    /// The prefix of its service; its ARNs may name another one.
    pub prefix: &'static str,
    /// Its name as AWS spells it, which may contain spaces.
    pub name: &'static str,
    /// Mostly one, such as `arn:${Partition}:s3:::${BucketName}/${ObjectName}`.
    pub arn_templates: Vec<&'static str>,
    /// The condition keys that AWS documents for resources of this type.
    pub condition_keys: Vec<&'static str>,
}

impl Row for ResourceType {
    fn parse(prefix: &'static str, mut cells: Cells) -> Option<ResourceType> {
        let resource_type = ResourceType {
            prefix,
            name: cells.required()?,
            arn_templates: cells.list(),
            condition_keys: cells.list(),
        };
        cells.end().map(|()| resource_type)
    }

    fn key(&self) -> &'static str {
        self.name
    }
}
