//! What do the ARNs of a service look like?

use std::collections::BTreeMap;

use crate::pattern::{Pattern, Piece, meet, pieces};
use crate::reference::Reference;

/// A way to write ARNs.
pub(super) struct Template<'a> {
    /// Empty where there is none.
    pub(super) region: &'a str,
    /// Empty where there is none.
    pub(super) account: &'a str,
    resource: Option<Pattern>,
}

/// The templates of all services by the service that the ARN names, which may differ from the
/// service that the resource belongs to.
pub(super) struct Templates<'a> {
    reference: &'a Reference,
    of_service: BTreeMap<&'a str, Vec<Template<'a>>>,
    /// Those that fit the ARNs of any service.
    of_any: Vec<Template<'a>>,
}

impl<'a> Templates<'a> {
    pub(super) fn new(reference: &'a Reference) -> Self {
        let mut templates = Self {
            reference,
            of_service: BTreeMap::new(),
            of_any: Vec::new(),
        };
        let types = reference
            .services()
            .iter()
            .flat_map(|it| it.resource_types());
        for text in types.flat_map(|it| &it.arn_templates) {
            templates.add(text);
        }
        templates
    }

    fn add(&mut self, text: &'a str) {
        let fields: Vec<&'a str> = text.splitn(6, ':').collect();
        let [_, _, service, region, account, resource] = *fields.as_slice() else {
            return;
        };
        let template = Template {
            region,
            account,
            resource: with_any_values(resource),
        };
        if service.contains('$') {
            self.of_any.push(template);
        } else {
            self.of_service.entry(service).or_default().push(template);
        }
    }

    /// Whether ARNs name this service.
    pub(super) fn has_service(&self, service: &str) -> bool {
        let known = || self.reference.service(service);
        self.of_service.contains_key(service) || known().is_some_and(|it| it.prefix == service)
    }

    /// The templates of the service that a resource field fits; `None` if it has no templates.
    pub(super) fn fitting(&self, service: &str, resource: &str) -> Option<Vec<&Template<'a>>> {
        let own = self.of_service.get(service)?;
        // Where an ARN ends in a path, the path above stands for all that is below.
        let below = resource.starts_with('/').then(|| format!("{resource}/*"));
        let patterns: Vec<Option<Pattern>> = std::iter::once(resource)
            .chain(below.as_deref())
            .map(with_any_values)
            .collect();
        let fits = |template: &&Template<'_>| {
            patterns
                .iter()
                .any(|pattern| match (&template.resource, pattern) {
                    (Some(template), Some(pattern)) => meet(template, pattern),
                    _ => true,
                })
        };
        Some(own.iter().chain(&self.of_any).filter(fits).collect())
    }
}

/// The pattern of a text of which placeholders and variables may be anything.
fn with_any_values(text: &str) -> Option<Pattern> {
    let any = pieces(text).into_iter().map(|piece| match piece {
        Piece::Variable(_) => Piece::Text("*"),
        other => other,
    });
    Pattern::text(&any.collect::<Vec<_>>(), &|_| None)
}
