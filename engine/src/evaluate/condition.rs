//! Do the conditions of a statement hold for a request?

pub(crate) mod value;

use super::Asked;
use crate::pattern::{Piece, Variable, pieces};
use crate::policy::{Effect, OneOrMany, Operator, Quantifier, Statement, Test};

impl Asked<'_> {
    pub(super) fn conditions_hold(&self, statement: &Statement) -> bool {
        statement.condition.iter().all(|(name, keys)| {
            // What cannot be understood must not grant, and must not stop denying.
            let Some(operator) = Operator::parse(name) else {
                return statement.effect == Effect::Deny;
            };
            keys.iter()
                .all(|(key, wanted)| self.condition_holds(operator, key, wanted))
        })
    }

    fn condition_holds(&self, operator: Operator, key: &str, wanted: &OneOrMany) -> bool {
        let wanted = wanted.values();
        let found = self.request.context.get(key).unwrap_or_default();
        if operator.test == Test::Null {
            // AWS: with these, Null is "always true or false respectively".
            if let Some(quantifier) = operator.quantifier {
                return quantifier == Quantifier::All;
            }
            let absent = if found.is_empty() { "true" } else { "false" };
            return wanted.iter().any(|it| it.eq_ignore_ascii_case(absent));
        }
        let passes = |value: &String| self.value_passes(operator, value, wanted);
        match (operator.quantifier, found) {
            (Some(Quantifier::All), []) => true,
            (_, []) if operator.if_exists => true,
            (Some(Quantifier::Any), []) => false,
            // A key that is not there differs from whatever it is compared with.
            (None, []) => operator.negated,
            // AWS: `ForAllValues` is also true for "a null dataset, such as an empty string".
            (Some(Quantifier::All), values) => {
                values.iter().all(String::is_empty) || values.iter().all(passes)
            }
            (Some(Quantifier::Any), values) => values.iter().any(passes),
            (None, [value]) => passes(value),
            // AWS does not say which of several values a plain operator looks at.
            (None, _) => false,
        }
    }

    /// Whether one value of the request passes: it is as one of the wanted, or, negated, as none.
    fn value_passes(&self, operator: Operator, value: &str, wanted: &[String]) -> bool {
        let mut compared = wanted.iter().map(|it| self.compare(operator, value, it));
        if operator.negated {
            compared.all(|it| it == Ok(false))
        } else {
            compared.any(|it| it == Ok(true))
        }
    }

    fn compare(&self, operator: Operator, value: &str, wanted: &str) -> Result<bool, Unreadable> {
        let parts = if self.has_variables && operator.takes_variables() {
            pieces(wanted)
        } else {
            vec![Piece::Text(wanted)]
        };
        let resolve = |variable: &Variable<'_>| self.value_of(variable);
        value::compare(operator.test, value, &parts, &resolve)
    }
}

/// A value that is not of the type that the operator compares. Such a condition never holds,
/// whether it is negated or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreadable;
