//! Which policy variables does a text hold?

/// A part of a text with variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text, in which `*` and `?` are wildcards where the element knows any.
    Text(&'a str),
    /// `${*}`, `${?}` or `${$}`: the sign itself.
    Sign(char),
    /// `${key}`, or `${key, 'default'}`.
    Variable(Variable<'a>),
}

/// A policy variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variable<'a> {
    /// The condition key whose value it stands for.
    pub(crate) key: &'a str,
    /// What it stands for where the request has no such key.
    pub(crate) default: Option<&'a str>,
}

impl Variable<'_> {
    /// The variable as it stands in a policy.
    pub(super) fn written(&self) -> String {
        match self.default {
            Some(default) => format!("${{{}, '{default}'}}", self.key),
            None => format!("${{{}}}", self.key),
        }
    }
}

/// The parts of `text`. A `${` that is never closed is text.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, opened)) = rest.split_once("${") {
        let Some((inside, after)) = opened.split_once('}') else {
            break;
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(match inside {
            "*" => Piece::Sign('*'),
            "?" => Piece::Sign('?'),
            "$" => Piece::Sign('$'),
            _ => Piece::Variable(variable(inside)),
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// The fields of an ARN, six at most. Colons of variables are none of its own.
pub(crate) fn arn_fields(text: &str) -> Vec<&str> {
    let mut fields = Vec::with_capacity(6);
    let mut rest = text;
    let mut from = 0;
    while fields.len() < 5 {
        let at = |sign: &str| {
            rest.get(from..)
                .and_then(|it| it.find(sign))
                .map(|it| it + from)
        };
        let Some(colon) = at(":") else {
            break;
        };
        let opened = at("${").filter(|opened| *opened < colon);
        if let Some(closed) = opened.and_then(|_| at("}")) {
            from = closed + 1;
            continue;
        }
        let (field, after) = rest.split_at(colon);
        fields.push(field);
        rest = after.get(1..).unwrap_or_default();
        from = 0;
    }
    fields.push(rest);
    fields
}

fn variable(inside: &str) -> Variable<'_> {
    // AWS asks for a comma, one space and single quotes.
    let parts = inside
        .strip_suffix('\'')
        .and_then(|inside| inside.split_once(", '"));
    match parts {
        Some((key, default)) => Variable {
            key,
            default: Some(default),
        },
        None => Variable {
            key: inside,
            default: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_pieces() {
        let variable = |key, default| Piece::Variable(Variable { key, default });
        assert_eq!(
            pieces("a/${aws:username}/${t, 'x y'}${*}b${c"),
            [
                Piece::Text("a/"),
                variable("aws:username", None),
                Piece::Text("/"),
                variable("t", Some("x y")),
                Piece::Sign('*'),
                Piece::Text("b${c"),
            ]
        );
        assert_eq!(pieces("${}"), [variable("", None)]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn the_colon_of_a_variable_parts_no_fields() {
        let fields = arn_fields("arn:aws:sqs:${aws:RequestedRegion}:${Account}:q:${x:y");
        let expected = [
            "arn",
            "aws",
            "sqs",
            "${aws:RequestedRegion}",
            "${Account}",
            "q:${x:y",
        ];
        assert_eq!(fields, expected);
        assert_eq!(arn_fields("arn:${aws:x"), ["arn", "${aws", "x"]);
        assert_eq!(arn_fields("}:${a}:b"), ["}", "${a}", "b"]);
    }
}
