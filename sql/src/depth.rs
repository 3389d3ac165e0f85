//! How deep would a query be, once it is read?
//!
//! A long chain, `1 + 1 + 1 ...`, is read into a tree as deep as it is long, and trees are walked
//! by functions that call themselves. The parser counts parentheses alone, so chains are counted
//! here, before anything is read.

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// Links that the chains of a query may have in all. A list has none: `IN (1, 2, 3)`.
pub(crate) const MOST: usize = 600;

/// The links of all chains of a query.
pub(crate) fn links(query: &str) -> usize {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, query).tokenize();
    // What has no words is refused by the parser.
    let tokens = tokens.unwrap_or_default();
    tokens.iter().filter(|token| is_link(token)).count()
}

fn is_link(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::XOR
                | Keyword::NOT
                | Keyword::IS
                | Keyword::IN
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::SIMILAR
                | Keyword::BETWEEN
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::JOIN
                | Keyword::COLLATE
                | Keyword::AT
                | Keyword::DIV
                | Keyword::NOTNULL
        ),
        Token::EOF
        | Token::Number(..)
        | Token::Char(_)
        | Token::Whitespace(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::RBracket
        | Token::SemiColon
        | Token::Placeholder(_) => false,
        text if is_text(text) => false,
        _ => true,
    }
}

fn is_text(token: &Token) -> bool {
    matches!(
        token,
        Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::NationalStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::DollarQuotedString(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_count_and_lists_do_not() {
        for (query, expected) in [
            ("SELECT a.b, 'x + y', \"c + d\" FROM t, u", 0),
            ("SELECT 1 WHERE a IN (1, 2, 3, 4)", 1),
            ("SELECT 1 + 1 - 2", 2),
            ("SELECT a::int::text, b[1][2], c -> 'd' ->> 'e'", 6),
            ("SELECT NOT NOT a IS NULL OR b", 4),
            ("SELECT 1 UNION ALL SELECT 2", 1),
            ("'", 0),
        ] {
            assert_eq!(links(query), expected, "{query}");
        }
    }
}
