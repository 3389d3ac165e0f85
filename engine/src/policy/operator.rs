//! What does a condition operator ask?

/// A condition operator, such as `ForAnyValue:StringLikeIfExists`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// How many of the request's values must pass, where the key has several.
    pub quantifier: Option<Quantifier>,
    /// The comparison.
    pub test: Test,
    /// Whether the comparison must fail for each of the policy's values.
    pub negated: bool,
    /// Whether a request without the key passes.
    pub if_exists: bool,
}

/// How many of the values of a request must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// `ForAllValues:`; none at all pass too.
    All,
    /// `ForAnyValue:`; at least one.
    Any,
}

/// A comparison of a value of a request with one of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// The same text.
    StringEquals,
    /// The same text but for case.
    StringEqualsIgnoreCase,
    /// Text covered by a pattern.
    StringLike,
    /// Numbers.
    Numeric(Comparison),
    /// Points in time.
    Date(Comparison),
    /// Truth values.
    Bool,
    /// The same bytes, in base 64.
    BinaryEquals,
    /// An address in a network.
    IpAddress,
    /// An ARN covered by a pattern, field by field.
    Arn,
    /// Whether the key is absent.
    Null,
}

/// How two values that have an order are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same.
    Equals,
    /// The request's is less.
    LessThan,
    /// The request's is not greater.
    LessThanEquals,
    /// The request's is greater.
    GreaterThan,
    /// The request's is not less.
    GreaterThanEquals,
}

/// The names of all comparisons, without qualifiers.
const TESTS: &[(&str, Test, bool)] = {
    use Comparison::{Equals, GreaterThan, GreaterThanEquals, LessThan, LessThanEquals};
    use Test::{
        Arn, BinaryEquals, Bool, Date, IpAddress, Null, Numeric, StringEquals,
        StringEqualsIgnoreCase, StringLike,
    };
    &[
        ("StringEquals", StringEquals, false),
        ("StringNotEquals", StringEquals, true),
        ("StringEqualsIgnoreCase", StringEqualsIgnoreCase, false),
        ("StringNotEqualsIgnoreCase", StringEqualsIgnoreCase, true),
        ("StringLike", StringLike, false),
        ("StringNotLike", StringLike, true),
        ("NumericEquals", Numeric(Equals), false),
        ("NumericNotEquals", Numeric(Equals), true),
        ("NumericLessThan", Numeric(LessThan), false),
        ("NumericLessThanEquals", Numeric(LessThanEquals), false),
        ("NumericGreaterThan", Numeric(GreaterThan), false),
        (
            "NumericGreaterThanEquals",
            Numeric(GreaterThanEquals),
            false,
        ),
        ("DateEquals", Date(Equals), false),
        ("DateNotEquals", Date(Equals), true),
        ("DateLessThan", Date(LessThan), false),
        ("DateLessThanEquals", Date(LessThanEquals), false),
        ("DateGreaterThan", Date(GreaterThan), false),
        ("DateGreaterThanEquals", Date(GreaterThanEquals), false),
        ("Bool", Bool, false),
        ("BinaryEquals", BinaryEquals, false),
        ("IpAddress", IpAddress, false),
        ("NotIpAddress", IpAddress, true),
        // AWS gives the two forms of each the same meaning.
        ("ArnEquals", Arn, false),
        ("ArnLike", Arn, false),
        ("ArnNotEquals", Arn, true),
        ("ArnNotLike", Arn, true),
        ("Null", Null, false),
    ]
};

impl Operator {
    /// The operator of this name, in which case does not matter; `None` if IAM knows none.
    pub fn parse(name: &str) -> Option<Self> {
        let (quantifier, name) = match name.split_once(':') {
            None => (None, name),
            Some((it, name)) if it.eq_ignore_ascii_case("ForAllValues") => {
                (Some(Quantifier::All), name)
            }
            Some((it, name)) if it.eq_ignore_ascii_case("ForAnyValue") => {
                (Some(Quantifier::Any), name)
            }
            Some(_) => return None,
        };
        let find = |name: &str| TESTS.iter().find(|it| it.0.eq_ignore_ascii_case(name));
        let stem = name.len().checked_sub("IfExists".len());
        let stem = stem
            .and_then(|at| name.split_at_checked(at))
            .filter(|(_, end)| end.eq_ignore_ascii_case("IfExists"))
            .map(|(stem, _)| stem);
        let &(_, test, negated) = find(stem.unwrap_or(name))?;
        Some(Self {
            quantifier,
            test,
            negated,
            if_exists: stem.is_some(),
        })
    }

    /// Whether policy variables stand for their values in what it compares with.
    pub fn takes_variables(&self) -> bool {
        matches!(
            self.test,
            Test::StringEquals | Test::StringEqualsIgnoreCase | Test::StringLike | Test::Arn
        )
    }
}

impl Comparison {
    /// Whether an order of the request's value to the policy's passes.
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equals => order.is_eq(),
            Self::LessThan => order.is_lt(),
            Self::LessThanEquals => order.is_le(),
            Self::GreaterThan => order.is_gt(),
            Self::GreaterThanEquals => order.is_ge(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_all_parts_of_an_operator() {
        assert_eq!(
            Operator::parse("ForAnyValue:stringNotLikeIfExists").unwrap(),
            Operator {
                quantifier: Some(Quantifier::Any),
                test: Test::StringLike,
                negated: true,
                if_exists: true,
            }
        );
        for name in [
            "StringSame",
            "ForSome:Bool",
            "IfExists",
            "",
            "Bool:IfExists",
        ] {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
    }
}
