//! Which sets of patterns can one text be in at once?
//!
//! Patterns are read as automata and walked together, so that the answer holds for all the texts
//! there are, none of them tried. Characters that no pattern names at a place are one and the same
//! there, which keeps the walk short.

use std::collections::{BTreeSet, HashSet};

use super::{Pattern, Token};

/// More steps than any policy needs; patterns made to explode reach it within a second.
const LIMIT: usize = 4_000_000;

/// The texts that some patterns cover, or all the others.
#[derive(Debug, Clone)]
pub(crate) struct Language {
    patterns: Vec<Pattern>,
    but: bool,
    reading: Reading,
}

/// What to take a policy variable for, of which the value is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The language has what it has for every value: a variable equals itself only.
    Surely,
    /// The language has what it has for some value: a variable may be anything.
    Perhaps,
}

impl Language {
    /// The texts that `patterns` cover; with `but`, those that none of them covers.
    pub(crate) fn new(patterns: Vec<Pattern>, but: bool, reading: Reading) -> Self {
        let mut language = Self {
            patterns,
            but,
            reading,
        };
        if language.of_patterns() == Reading::Perhaps {
            for token in language.patterns.iter_mut().flat_map(|it| &mut it.tokens) {
                if matches!(token, Token::Variable(_)) {
                    *token = Token::Many { colon: true };
                }
            }
        }
        language
    }

    /// What is surely not covered is what is not perhaps covered.
    fn of_patterns(&self) -> Reading {
        match (self.reading, self.but) {
            (Reading::Surely, false) | (Reading::Perhaps, true) => Reading::Surely,
            (Reading::Surely, true) | (Reading::Perhaps, false) => Reading::Perhaps,
        }
    }
}

/// Whether every text that `pattern` covers is covered by one of `others`, too. If it takes too
/// long to know, the answer is no.
pub(crate) fn covers(others: &[Pattern], pattern: &Pattern) -> bool {
    let others = Language::new(others.to_vec(), false, Reading::Surely);
    signatures(pattern, &[others])
        .is_some_and(|found| found.iter().all(|held| held.first() == Some(&true)))
}

/// For each text that `base` covers: which of `languages` have it. All the different answers there
/// are, or `None` if it takes too long to find them.
pub(crate) fn signatures(base: &Pattern, languages: &[Language]) -> Option<BTreeSet<Vec<bool>>> {
    let walk = Walk::new(base, languages);
    let mut found = BTreeSet::new();
    let mut seen = HashSet::new();
    let mut open = vec![walk.start()];
    let mut steps = 0;
    while let Some(places) = open.pop() {
        if walk.is_end_of_base(&places) {
            found.insert(walk.signature(&places));
        }
        for symbol in walk.symbols(&places) {
            steps += places.len();
            if steps > LIMIT {
                return None;
            }
            let next = walk.step(&places, &symbol);
            // The base stands first; where it has no place left, no text of it leads.
            let alive = next.first().is_some_and(|place| place.pattern == 0);
            if alive && !seen.contains(&next) {
                seen.insert(next.clone());
                open.push(next);
            }
        }
    }
    Some(found)
}

/// A token of a pattern that comes next; the one after the last is its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    pattern: usize,
    token: usize,
}

/// What a text may go on with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Symbol<'a> {
    Char(char),
    /// A character that is named nowhere here, and no colon.
    Other,
    /// The value of a variable of the base.
    Variable(&'a str),
}

/// The base and the patterns of all languages, numbered.
struct Walk<'a> {
    patterns: Vec<(&'a [Token], Reading)>,
    languages: &'a [Language],
}

impl<'a> Walk<'a> {
    fn new(base: &'a Pattern, languages: &'a [Language]) -> Self {
        let of = |language: &'a Language| {
            let reading = language.of_patterns();
            language
                .patterns
                .iter()
                .map(move |it| (it.tokens.as_slice(), reading))
        };
        let base = (base.tokens.as_slice(), Reading::Surely);
        Self {
            patterns: std::iter::once(base)
                .chain(languages.iter().flat_map(of))
                .collect(),
            languages,
        }
    }

    fn start(&self) -> Vec<Place> {
        let starts = (0..self.patterns.len()).map(|pattern| Place { pattern, token: 0 });
        self.closed(starts.collect())
    }

    fn tokens(&self, place: Place) -> &'a [Token] {
        self.patterns.get(place.pattern).map_or(&[], |it| it.0)
    }

    fn token(&self, place: Place) -> Option<&'a Token> {
        self.tokens(place).get(place.token)
    }

    /// Adds the places behind stars, which cover nothing as well; sorted, each once.
    fn closed(&self, mut places: Vec<Place>) -> Vec<Place> {
        let mut at = 0;
        while let Some(&place) = places.get(at) {
            if matches!(self.token(place), Some(Token::Many { .. })) {
                places.push(after(place));
            }
            at += 1;
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    fn symbols(&self, places: &[Place]) -> BTreeSet<Symbol<'a>> {
        let mut symbols = BTreeSet::new();
        let mut any = false;
        for place in places.iter().take_while(|place| place.pattern == 0) {
            match self.token(*place) {
                Some(Token::Char(own)) => _ = symbols.insert(Symbol::Char(*own)),
                Some(Token::Variable(name)) => _ = symbols.insert(Symbol::Variable(name)),
                Some(Token::One { .. } | Token::Many { .. }) => any = true,
                None => {}
            }
        }
        if any {
            symbols.extend([Symbol::Other, Symbol::Char(':')]);
            let named = places.iter().filter_map(|place| match self.token(*place) {
                Some(Token::Char(own)) => Some(Symbol::Char(*own)),
                _ => None,
            });
            symbols.extend(named);
        }
        symbols
    }

    fn step(&self, places: &[Place], symbol: &Symbol<'_>) -> Vec<Place> {
        let mut next = Vec::with_capacity(places.len());
        for &place in places {
            let reading = self.patterns.get(place.pattern).map(|it| it.1);
            if let (Symbol::Variable(_), Some(Reading::Perhaps)) = (symbol, reading) {
                // Its value may be what any part of the rest covers.
                let rest = place.token..=self.tokens(place).len();
                next.extend(rest.map(|token| Place { token, ..place }));
                continue;
            }
            match (self.token(place), symbol) {
                (Some(Token::Char(own)), Symbol::Char(sign)) if own == sign => {
                    next.push(after(place));
                }
                (Some(Token::One { colon }), Symbol::Char(':')) if !colon => {}
                (Some(Token::One { .. }), Symbol::Char(_) | Symbol::Other) => {
                    next.push(after(place));
                }
                (Some(Token::Many { colon: false }), Symbol::Char(':') | Symbol::Variable(_)) => {}
                (Some(Token::Many { .. }), _) => next.push(place),
                (Some(Token::Variable(own)), Symbol::Variable(name)) if own == name => {
                    next.push(after(place));
                }
                _ => {}
            }
        }
        self.closed(next)
    }

    fn is_end(&self, place: Place) -> bool {
        place.token == self.tokens(place).len()
    }

    fn is_end_of_base(&self, places: &[Place]) -> bool {
        places
            .iter()
            .any(|&place| place.pattern == 0 && self.is_end(place))
    }

    fn signature(&self, places: &[Place]) -> Vec<bool> {
        let mut first = 1;
        let held = |language: &Language| {
            let own = first..first + language.patterns.len();
            first = own.end;
            let covered = places
                .iter()
                .any(|&place| own.contains(&place.pattern) && self.is_end(place));
            covered != language.but
        };
        self.languages.iter().map(held).collect()
    }
}

fn after(place: Place) -> Place {
    Place {
        token: place.token + 1,
        ..place
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resource(text: &str) -> Pattern {
        Pattern::resource_of_any_request(text, true).unwrap()
    }

    fn covers_resource(others: &[&str], pattern: &str) -> bool {
        let others: Vec<Pattern> = others.iter().map(|it| resource(it)).collect();
        covers(&others, &resource(pattern))
    }

    #[test]
    fn a_pattern_covers_narrower_ones() {
        for (others, pattern, covered) in [
            (&["*"][..], "arn:aws:s3:::b/*", true),
            (&["arn:aws:s3:::b/*"], "*", false),
            (&["arn:aws:s3:::b/*"], "arn:aws:s3:::b/a*c", true),
            (&["arn:aws:s3:::b*"], "arn:aws:s3:::b/?", true),
            (&["arn:aws:s3:::b/*a*"], "arn:aws:s3:::b/*aa*", true),
            (&["arn:aws:s3:::b/?*"], "arn:aws:s3:::b/*", false),
            // Together they cover what neither does alone.
            (
                &["arn:aws:s3:::b", "arn:aws:s3:::b?*"],
                "arn:aws:s3:::b*",
                true,
            ),
            (
                &["arn:aws:ec2:us-*-1:1:*"],
                "arn:aws:ec2:us-east-1:1:*",
                true,
            ),
            (&["arn:aws:ec2:us-*-1:1:*"], "arn:aws:ec2:us-*:1:*", false),
            (&["arn:aws:ec2:*"], "arn:aws:ec2:*:*:*", true),
            (
                &["arn:aws:s3:::b/${aws:username}/*"],
                "arn:aws:s3:::b/${AWS:username}/x",
                true,
            ),
            (
                &["arn:aws:s3:::b/${aws:username}/*"],
                "arn:aws:s3:::b/x/*",
                false,
            ),
            (
                &["arn:aws:s3:::b/*"],
                "arn:aws:s3:::b/${aws:username}",
                true,
            ),
            (
                &["arn:aws:s3:::b/?"],
                "arn:aws:s3:::b/${aws:username}",
                false,
            ),
        ] {
            assert_eq!(
                covers_resource(others, pattern),
                covered,
                "{others:?} {pattern}"
            );
        }
        let action = |text| Pattern::action(text);
        assert!(covers(&[action("s3:*")], &action("S3:Get*")));
        assert!(covers(&[action("*")], &action("*:*")));
        assert!(!covers(&[action("s3:Get*")], &action("s3:*")));
    }

    #[test]
    fn a_crafted_pattern_is_given_up_and_not_covered() {
        let others: Vec<String> = (0..40).map(|n| format!("*{n}*{n}?????????*")).collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        assert!(!covers_resource(&others, "*"));
    }

    proptest! {
        #[test]
        fn what_is_covered_has_no_text_of_its_own(
            others in prop::collection::vec("[ab:*?]{0,4}", 1..4), pattern in "[ab:*?]{0,4}",
        ) {
            let compile = |text: &String| Pattern::resource(text, None).unwrap();
            let others: Vec<Pattern> = others.iter().map(compile).collect();
            let pattern = compile(&pattern);
            // All texts of up to six signs; `c` is one that no pattern names.
            let mut texts = vec![String::new()];
            let mut from = 0;
            for _ in 0..6 {
                let until = texts.len();
                for at in from..until {
                    let text = texts.get(at).cloned().unwrap_or_default();
                    texts.extend(['a', 'b', 'c', ':'].map(|sign| format!("{text}{sign}")));
                }
                from = until;
            }
            let only_here = texts.iter().find(|text| {
                pattern.matches(text) && !others.iter().any(|other| other.matches(text))
            });
            let covered = covers(&others, &pattern);
            // Patterns of four signs that differ at all differ on a text of that length.
            prop_assert_eq!(covered, only_here.is_none(), "{:?}", only_here);
        }
    }
}
