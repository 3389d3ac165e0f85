//! Of which type of its service's resources is an ARN?

use std::collections::HashMap;
use std::sync::{LazyLock, RwLock};

use super::template::{Fit, SplitArn, Template};
use crate::reference::Reference;

/// The ARN templates of all types of a service's resources.
#[derive(Debug)]
pub(super) struct Kinds(Vec<Template<'static>>);

impl Kinds {
    /// Those of the service with this prefix. Parsed once and kept: there are a few hundred
    /// services.
    pub(super) fn of(prefix: &'static str, reference: &'static Reference) -> &'static Self {
        static KNOWN: LazyLock<RwLock<HashMap<&'static str, &'static Kinds>>> =
            LazyLock::new(RwLock::default);
        if let Ok(known) = KNOWN.read()
            && let Some(kinds) = known.get(prefix)
        {
            return kinds;
        }
        let types = reference.resource_types(prefix).iter();
        let templates = types.flat_map(|kind| &kind.arn_templates);
        let kinds = Self(templates.map(|text| Template::parse(text)).collect());
        let kinds: &'static Self = Box::leak(Box::new(kinds));
        if let Ok(mut known) = KNOWN.write() {
            known.insert(prefix, kinds);
        }
        kinds
    }

    /// What an ARN has in the place of a variable, if it is of a type that has this variable.
    pub(super) fn value_in<'s>(&self, arn: &'s str, variable: &str) -> Option<&'s str> {
        let values = self
            .0
            .iter()
            .map(|template| template.value_in(arn, variable));
        values.flatten().next()
    }

    /// How well the template that fits best does.
    pub(super) fn best_fit(&self, arn: &SplitArn<'_>) -> Fit {
        let fits = self.0.iter().map(|template| template.fit(arn));
        fits.max().unwrap_or(Fit::None)
    }
}
