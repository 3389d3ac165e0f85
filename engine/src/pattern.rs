//! What does a pattern of a policy cover?
//!
//! IAM has four kinds of them. All know `*` (any characters, or none) and `?` (any one):
//!
//! - actions ignore case, and the colon between service and name stands for itself only;
//! - resources know policy variables. In the first five fields of an ARN `?` and `*` stay in their
//!   field; only a `*` that ends a field runs on past the colon, as AWS documents for the Resource
//!   element. Behind the fifth colon they cover anything;
//! - ARNs in conditions are compared field by field;
//! - text in conditions has no fields.

mod language;
mod variable;

pub(crate) use language::{Budget, Language, Reading, covers, meet, signatures};
pub(crate) use variable::{Piece, Variable, arn_fields, pieces};

/// A pattern, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    tokens: Vec<Token>,
}

/// A step of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// This character.
    Char(char),
    /// Any one character; a colon only if `colon`.
    One { colon: bool },
    /// Any characters; colons only if `colon`.
    Many { colon: bool },
    /// What a request has for this variable, as the policy writes it but in lower case.
    Variable(String),
}

/// What becomes of a variable: its value, or `None` if it has none in the request.
pub(crate) type Resolve<'a> = &'a dyn Fn(&Variable<'_>) -> Option<String>;

/// How many colons separate the fields of an ARN.
const COLONS: usize = 5;

impl Pattern {
    /// The pattern of an action, such as `s3:Get*`.
    pub(crate) fn action(text: &str) -> Self {
        let all = text == "*";
        let tokens = text.chars().map(|sign| match sign {
            '*' => Token::Many { colon: all },
            '?' => Token::One { colon: false },
            other => Token::Char(other.to_ascii_lowercase()),
        });
        Self {
            tokens: tokens.collect(),
        }
    }

    /// The pattern of a resource; without `resolve`, `${...}` is text. `None` if a variable has no value, or stands before the fifth
    /// colon, where IAM knows no variables: it then covers nothing.
    pub(crate) fn resource(text: &str, resolve: Option<Resolve<'_>>) -> Option<Self> {
        match resolve {
            None => Self::resource_of(&[Piece::Text(text)], |_| None),
            Some(resolve) => Self::resource_of(&pieces(text), |variable| {
                Some(literal(&resolve(variable)?).collect())
            }),
        }
    }

    /// The pattern of a resource in which variables stay variables, for any request.
    pub(crate) fn resource_of_any_request(text: &str, has_variables: bool) -> Option<Self> {
        if !has_variables {
            return Self::resource(text, None);
        }
        Self::resource_of(&pieces(text), |variable| {
            Some(vec![Token::Variable(variable.written().to_lowercase())])
        })
    }

    fn resource_of(
        parts: &[Piece<'_>],
        value_of: impl Fn(&Variable<'_>) -> Option<Vec<Token>>,
    ) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut colons = 0;
        for piece in parts {
            match piece {
                Piece::Text(text) => {
                    let mut signs = text.chars().peekable();
                    while let Some(sign) = signs.next() {
                        let free = colons >= COLONS;
                        tokens.push(match sign {
                            '*' => {
                                let ends_field = matches!(signs.peek(), None | Some(':'));
                                Token::Many {
                                    colon: free || ends_field,
                                }
                            }
                            '?' => Token::One { colon: free },
                            other => Token::Char(other),
                        });
                        colons += usize::from(sign == ':');
                    }
                }
                Piece::Sign(sign) => tokens.push(Token::Char(*sign)),
                Piece::Variable(_) if colons < COLONS => return None,
                Piece::Variable(variable) => tokens.extend(value_of(variable)?),
            }
        }
        Some(Self { tokens })
    }

    /// The pattern of a condition on text.
    pub(crate) fn text(pieces: &[Piece<'_>], resolve: Resolve<'_>) -> Option<Self> {
        let mut tokens = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => tokens.extend(text.chars().map(|sign| match sign {
                    '*' => Token::Many { colon: true },
                    '?' => Token::One { colon: true },
                    other => Token::Char(other),
                })),
                Piece::Sign(sign) => tokens.push(Token::Char(*sign)),
                Piece::Variable(variable) => tokens.extend(literal(&resolve(variable)?)),
            }
        }
        Some(Self { tokens })
    }

    /// The pattern of a condition on an ARN, of which wildcards in the first five fields cover no
    /// colon. `Some(Err)` if there are fewer than six fields.
    pub(crate) fn arn(
        pieces: &[Piece<'_>],
        resolve: Resolve<'_>,
    ) -> Option<Result<Self, NotAnArn>> {
        let mut tokens = Self::text(pieces, resolve)?.tokens;
        let mut colons = 0;
        for token in &mut tokens {
            match token {
                Token::Char(':') => colons += 1,
                Token::One { colon } | Token::Many { colon } => *colon = colons >= COLONS,
                Token::Char(_) | Token::Variable(_) => {}
            }
        }
        Some(if colons >= COLONS {
            Ok(Self { tokens })
        } else {
            Err(NotAnArn)
        })
    }

    /// Whether it covers the whole of `text`. Variables cover nothing.
    pub(crate) fn matches(&self, text: &str) -> bool {
        // All positions that the text read so far can have led to: never more than there are
        // tokens, so hostile patterns cost no more than their length times that of the text.
        let mut here = vec![false; self.tokens.len() + 1];
        let mut next = here.clone();
        mark(&mut here, 0);
        self.skip_stars(&mut here);
        for sign in text.chars() {
            next.fill(false);
            for (at, token) in self.tokens.iter().enumerate() {
                if here.get(at) != Some(&true) {
                    continue;
                }
                match token {
                    Token::Char(own) if *own == sign => mark(&mut next, at + 1),
                    Token::One { colon } if *colon || sign != ':' => mark(&mut next, at + 1),
                    Token::Many { colon } if *colon || sign != ':' => mark(&mut next, at),
                    _ => {}
                }
            }
            self.skip_stars(&mut next);
            std::mem::swap(&mut here, &mut next);
        }
        here.last() == Some(&true)
    }

    /// A star covers also nothing.
    fn skip_stars(&self, reached: &mut [bool]) {
        for (at, token) in self.tokens.iter().enumerate() {
            if matches!(token, Token::Many { .. }) && reached.get(at) == Some(&true) {
                mark(reached, at + 1);
            }
        }
    }
}

/// A text that has fewer than the six fields of an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAnArn;

fn literal(text: &str) -> impl Iterator<Item = Token> + '_ {
    text.chars().map(Token::Char)
}

fn mark(reached: &mut [bool], at: usize) {
    if let Some(state) = reached.get_mut(at) {
        *state = true;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resource(pattern: &str, text: &str) -> bool {
        Pattern::resource(pattern, None).unwrap().matches(text)
    }

    #[test]
    fn a_star_that_ends_a_field_runs_on_and_others_stay() {
        let function = "arn:aws:lambda:us-east-1:111122223333:function:f";
        for (pattern, covers) in [
            ("*", true),
            ("arn:aws:lambda:*", true),
            ("arn:aws:lambda:us-*", true),
            ("arn:aws:lambda:*:*:function:f", true),
            ("arn:aws:lambda:*:function:f", true),
            ("arn:aws:lambda:us-*-1:*:function:*", true),
            ("arn:aws:lambda:us-east-1:111122223333:function*f", true),
            ("arn:aws:lambda:us-east-1:111122223333:f*", true),
            ("arn:aws:lambda:us-*1:function:f", false),
            ("arn:aws:lambda:us-east-1?111122223333:function:f", false),
            ("arn:aws:lambda:us-east-1:111122223333:function:F", false),
            ("arn:aws:lambda:us-east-1:111122223333:function", false),
        ] {
            assert_eq!(resource(pattern, function), covers, "{pattern}");
        }
        // Behind the fifth colon, colons are like any other character.
        let object = "arn:aws:s3:::bucket/a:b.txt";
        assert!(resource("arn:aws:s3:::bucket/a?b.txt", object));
        assert!(resource("arn:aws:s3:::*a*.txt", object));
        assert!(!resource("arn:aws:s3:::bucket", object));
    }

    #[test]
    fn actions_ignore_case_and_keep_their_colon() {
        for (pattern, covers) in [
            ("*", true),
            ("*:*", true),
            ("S3:get*", true),
            ("s3:?etobject", true),
            ("s3:Get*Object", true),
            ("s*", false),
            ("s*GetObject", false),
            ("s3:GetObject?", false),
        ] {
            let action = Pattern::action(pattern);
            assert_eq!(action.matches("s3:getobject"), covers, "{pattern}");
        }
    }

    #[test]
    fn a_variable_stands_for_its_value_to_the_letter() {
        let resolve = |variable: &Variable<'_>| match variable.key {
            "aws:username" => Some("a*".to_owned()),
            _ => variable.default.map(ToOwned::to_owned),
        };
        let covers = |pattern: &str, text: &str| {
            Pattern::resource(pattern, Some(&resolve)).is_some_and(|it| it.matches(text))
        };
        assert!(covers(
            "arn:aws:s3:::b/${aws:username}/*",
            "arn:aws:s3:::b/a*/x"
        ));
        assert!(!covers(
            "arn:aws:s3:::b/${aws:username}/*",
            "arn:aws:s3:::b/ab/x"
        ));
        assert!(covers("arn:aws:s3:::b/${x, 'y'}", "arn:aws:s3:::b/y"));
        assert!(!covers("arn:aws:s3:::b/${x}*", "arn:aws:s3:::b/y"));
        assert!(covers("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*"));
        assert!(!covers("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/y"));
        assert!(!covers("arn:aws:${x, 's3'}:::b", "arn:aws:s3:::b"));
        // Where the grammar has no variables, they are text.
        assert!(resource("arn:aws:s3:::${x}", "arn:aws:s3:::${x}"));
    }

    /// The same question put to a matcher that tries everything.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, _) => text.is_empty(),
            (Some(('*', rest)), None) => naive(rest, text),
            (Some(('*', rest)), Some((_, less))) => naive(rest, text) || naive(pattern, less),
            (Some(_), None) => false,
            (Some((p, rest)), Some((t, less))) => (*p == '?' || p == t) && naive(rest, less),
        }
    }

    proptest! {
        #[test]
        fn matching_agrees_with_trying_everything(pattern in "[ab*?:]{0,8}", text in "[ab:]{0,8}") {
            let signs = |text: &str| text.chars().collect::<Vec<_>>();
            let compiled = Pattern::text(&[Piece::Text(&pattern)], &|_| None).unwrap();
            prop_assert_eq!(compiled.matches(&text), naive(&signs(&pattern), &signs(&text)));
            // Behind the fifth colon a resource is as free as text.
            let arn = |tail: &str| format!("arn:aws:x:::{tail}");
            prop_assert_eq!(resource(&arn(&pattern), &arn(&text)), compiled.matches(&text));
        }

        #[test]
        fn a_crafted_pattern_does_not_hang(stars in 1usize..60) {
            let pattern = "*a".repeat(stars) + "b";
            let pattern = Pattern::text(&[Piece::Text(&pattern)], &|_| None).unwrap();
            prop_assert!(!pattern.matches(&"a".repeat(300)));
        }
    }
}
