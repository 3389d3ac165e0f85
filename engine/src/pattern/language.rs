//! Which sets of patterns can a text be in at once?
//!
//! Patterns are read as automata and walked together, so that the answer holds for all the texts
//! there are, none of them tried. Characters that no pattern names at a place are one and the same
//! there. Who asks hopes that a text is in some sets and fears that it is in others: of two ways to
//! the same place, the one with less to hope for and more to fear is followed and the other is
//! forgotten, since whatever is wrong at its end is wrong at the end of the first as well.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use super::{Pattern, Token};

/// More steps than the comparison of two policies needs that AWS would take; patterns made to
/// explode reach it within seconds.
const LIMIT: usize = 8_000_000;

/// Steps that a comparison may still take, all of its parts together.
#[derive(Debug)]
pub(crate) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(LIMIT))
    }
}

impl Budget {
    /// Takes some steps, if there are as many. Once they are not, there are none left.
    pub(crate) fn spend(&self, steps: usize) -> Option<()> {
        let left = self.0.get().checked_sub(steps);
        self.0.set(left.unwrap_or(0));
        left.map(|_| ())
    }
}

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
    /// The language has what it has for every value: a variable equals itself only. For what one
    /// hopes for.
    Surely,
    /// The language has what it has for some value: a variable may be anything. For what one fears.
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
    signatures(pattern, &[others], &Budget::default())
        .is_some_and(|found| found.iter().all(|held| held.first() == Some(&true)))
}

/// Whether there is a text that both cover. Variables are like nothing.
pub(crate) fn meet(one: &Pattern, other: &Pattern) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![(0, 0)];
    while let Some((i, j)) = open.pop() {
        if !seen.insert((i, j)) {
            continue;
        }
        let (a, b) = (one.tokens.get(i), other.tokens.get(j));
        if (a, b) == (None, None) {
            return true;
        }
        // A star covers nothing, too.
        if matches!(a, Some(Token::Many { .. })) {
            open.push((i + 1, j));
        }
        if matches!(b, Some(Token::Many { .. })) {
            open.push((i, j + 1));
        }
        if let (Some(a), Some(b)) = (a, b)
            && share_a_sign(a, b)
        {
            let step = |token: &Token| usize::from(!matches!(token, Token::Many { .. }));
            open.push((i + step(a), j + step(b)));
        }
    }
    false
}

fn share_a_sign(a: &Token, b: &Token) -> bool {
    let takes_colon = |token: &Token| match token {
        Token::One { colon } | Token::Many { colon } => *colon,
        Token::Char(own) => *own == ':',
        Token::Variable(_) => false,
    };
    match (a, b) {
        (Token::Variable(_), _) | (_, Token::Variable(_)) => false,
        (Token::Char(a), Token::Char(b)) => a == b,
        (Token::Char(':'), wild) | (wild, Token::Char(':')) => takes_colon(wild),
        _ => true,
    }
}

/// For the texts that `base` covers: which of `languages` have them. Not all the answers there are,
/// but for each text one with no more of what is hoped for and no less of what is feared. `None` if it takes too long.
pub(crate) fn signatures(
    base: &Pattern,
    languages: &[Language],
    budget: &Budget,
) -> Option<BTreeSet<Vec<bool>>> {
    let walk = Walk::new(languages);
    let mut found = BTreeSet::new();
    let mut worst: BTreeMap<usize, Vec<Places>> = BTreeMap::new();
    let mut open = VecDeque::from([(0, walk.start())]);
    while let Some((at, places)) = open.pop_front() {
        let seen = worst.entry(at).or_default();
        let size = 1 + places.hopes.len() + places.fears.len();
        budget.spend((1 + seen.len()) * size)?;
        if seen.iter().any(|it| it.is_no_better_than(&places)) {
            continue;
        }
        seen.retain(|it| !places.is_no_better_than(it));
        seen.push(places.clone());

        match base.tokens.get(at) {
            None => _ = found.insert(walk.signature(&places)),
            Some(token) => {
                let stays = matches!(token, Token::Many { .. });
                for symbol in walk.symbols(token, &places) {
                    budget.spend(size)?;
                    let next = walk.step(&places, &symbol);
                    open.push_back((at + usize::from(!stays), next));
                }
                if stays {
                    // A star covers nothing, too.
                    open.push_front((at + 1, places));
                }
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

/// Where a text can have led to, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Places {
    hopes: Vec<Place>,
    fears: Vec<Place>,
}

impl Places {
    /// Whether whatever is wrong behind `other` is wrong behind these as well.
    fn is_no_better_than(&self, other: &Self) -> bool {
        is_part(&self.hopes, &other.hopes) && is_part(&other.fears, &self.fears)
    }

    fn all(&self) -> impl Iterator<Item = &Place> {
        self.hopes.iter().chain(&self.fears)
    }
}

/// Whether all of one sorted list are in another.
fn is_part(part: &[Place], whole: &[Place]) -> bool {
    let mut whole = whole.iter();
    part.len() <= whole.len() && part.iter().all(|place| whole.any(|it| it == place))
}

/// What a text may go on with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Symbol<'a> {
    /// A character that is named nowhere here, and no colon. First, since it leads to the least.
    Other,
    Char(char),
    /// The value of a variable of the base.
    Variable(&'a str),
}

/// The patterns of all languages, numbered.
struct Walk<'a> {
    patterns: Vec<Numbered<'a>>,
    languages: &'a [Language],
}

struct Numbered<'a> {
    tokens: &'a [Token],
    reading: Reading,
}

impl<'a> Walk<'a> {
    fn new(languages: &'a [Language]) -> Self {
        let of = |language: &'a Language| {
            let patterns = language.patterns.iter();
            patterns.map(|pattern| Numbered {
                tokens: &pattern.tokens,
                reading: language.of_patterns(),
            })
        };
        Self {
            patterns: languages.iter().flat_map(of).collect(),
            languages,
        }
    }

    fn start(&self) -> Places {
        let starts = (0..self.patterns.len()).map(|pattern| Place { pattern, token: 0 });
        self.closed(starts.collect())
    }

    fn tokens(&self, place: Place) -> &'a [Token] {
        self.patterns.get(place.pattern).map_or(&[], |it| it.tokens)
    }

    fn token(&self, place: Place) -> Option<&'a Token> {
        self.tokens(place).get(place.token)
    }

    /// Adds the places behind stars, which cover nothing as well; sorted, each once.
    fn closed(&self, mut places: Vec<Place>) -> Places {
        let mut at = 0;
        while let Some(&place) = places.get(at) {
            if matches!(self.token(place), Some(Token::Many { .. })) {
                places.push(after(place));
            }
            at += 1;
        }
        places.sort_unstable();
        places.dedup();
        let is_hope = |it: &Place| {
            let pattern = self.patterns.get(it.pattern);
            pattern.is_some_and(|it| it.reading == Reading::Surely)
        };
        let (hopes, fears) = places.into_iter().partition(is_hope);
        Places { hopes, fears }
    }

    /// What may come next where the base has this token.
    fn symbols<'b>(&self, base: &'b Token, places: &Places) -> BTreeSet<Symbol<'b>> {
        match base {
            Token::Char(own) => BTreeSet::from([Symbol::Char(*own)]),
            Token::Variable(name) => BTreeSet::from([Symbol::Variable(name)]),
            Token::One { colon } | Token::Many { colon } => {
                let named = places.all().filter_map(|place| match self.token(*place) {
                    Some(Token::Char(own)) if *own != ':' => Some(Symbol::Char(*own)),
                    _ => None,
                });
                let colon = colon.then_some(Symbol::Char(':'));
                named.chain(colon).chain([Symbol::Other]).collect()
            }
        }
    }

    fn step(&self, places: &Places, symbol: &Symbol<'_>) -> Places {
        let mut next = Vec::with_capacity(places.hopes.len() + places.fears.len());
        for &place in places.all() {
            let reading = self.patterns.get(place.pattern).map(|it| it.reading);
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
                (Some(Token::One { colon: false }), Symbol::Char(':')) => {}
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

    fn signature(&self, places: &Places) -> Vec<bool> {
        let mut first = 0;
        let held = |language: &Language| {
            let own = first..first + language.patterns.len();
            first = own.end;
            let is_end = |place: &Place| place.token == self.tokens(*place).len();
            let covered = places
                .all()
                .any(|place| own.contains(&place.pattern) && is_end(place));
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
    fn patterns_meet_in_a_text() {
        let text = |it| Pattern::text(&[crate::pattern::Piece::Text(it)], &|_| None).unwrap();
        for (one, other, expected) in [
            ("instance/*", "*/i-1", true),
            ("instance/*", "volume/*", false),
            ("*", "", true),
            ("a?c", "a*", true),
            ("log-group:*", "log-group:x:*", true),
            ("a*b", "*c", false),
        ] {
            assert_eq!(meet(&text(one), &text(other)), expected, "{one} {other}");
            assert_eq!(meet(&text(other), &text(one)), expected, "{other} {one}");
        }
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
