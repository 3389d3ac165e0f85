//! Which statements can come together for somebody at one action and one resource?

use super::who::{Crowd, Somebody};
use super::{Actions, BTreeSet, Effect, Pattern, PolicyDocument, Resources, Statement};
use crate::pattern::{Budget, Language, Reading, signatures};

/// The comparison was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// Tells the policies of a check apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Existing,
    New,
}

/// The statements of a document that count.
pub(super) struct Policy<'a> {
    side: Side,
    has_variables: bool,
    statements: Vec<(usize, &'a Statement, Crowd)>,
}

/// A statement, and how to take its variables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) side: Side,
    pub(super) index: usize,
    pub(super) statement: &'a Statement,
    crowd: &'a Crowd,
    reading: Reading,
    has_variables: bool,
}

impl<'a> Policy<'a> {
    pub(super) fn of(
        side: Side,
        document: &'a PolicyDocument,
        counts: impl Fn(&Statement) -> bool,
    ) -> Self {
        let statements = document.statement.iter().enumerate();
        let statements = statements
            .filter(|(_, it)| counts(it))
            .map(|(index, it)| (index, it, Crowd::of(it)));
        Self {
            side,
            has_variables: document.has_variables(),
            statements: statements.collect(),
        }
    }

    pub(super) fn allows(&self) -> impl Iterator<Item = (usize, &'a Statement, &Crowd)> {
        let all = self.statements.iter();
        all.filter(|(_, it, _)| it.effect == Effect::Allow)
            .map(|(index, it, crowd)| (*index, *it, crowd))
    }

    /// Everybody whom a statement names.
    pub(super) fn named(&self) -> impl Iterator<Item = Somebody> {
        self.statements.iter().flat_map(|(.., crowd)| crowd.named())
    }

    /// The statements of this effect, with what they are about for every request.
    pub(super) fn surely(&self, effect: Effect) -> impl Iterator<Item = Part<'_>> {
        self.parts(effect, Reading::Surely)
    }

    /// The statements of this effect, with what they are about for some request.
    pub(super) fn perhaps(&self, effect: Effect) -> impl Iterator<Item = Part<'_>> {
        self.parts(effect, Reading::Perhaps)
    }

    fn parts<'p>(&'p self, effect: Effect, reading: Reading) -> impl Iterator<Item = Part<'p>> {
        let part = move |(index, statement, crowd): &'p (usize, &'a Statement, Crowd)| Part {
            side: self.side,
            index: *index,
            statement,
            crowd,
            reading,
            has_variables: self.has_variables,
        };
        let all = self.statements.iter();
        all.filter(move |(_, it, _)| it.effect == effect).map(part)
    }

    /// Whether `holds` for the parts that apply at each action and resource of `statement`.
    pub(super) fn points_of(
        &self,
        statement: &Statement,
        parts: &[Part<'_>],
        budget: &Budget,
        holds: impl Fn(&[&Part<'_>]) -> bool,
    ) -> Result<bool, TooLong> {
        all_points(statement, self.has_variables, parts, budget, holds)
    }
}

/// Whether `holds` of the parts that apply to each of `members`, of which many are alike.
pub(super) fn for_all(
    members: &[Somebody],
    parts: &[Part<'_>],
    budget: &Budget,
    holds: impl Fn(&[Part<'_>]) -> Result<bool, TooLong>,
) -> Result<bool, TooLong> {
    budget.spend(members.len() * parts.len()).ok_or(TooLong)?;
    let applying = |who: &Somebody| parts.iter().map(|it| it.is_about(who)).collect();
    let alike: BTreeSet<Vec<bool>> = members.iter().map(applying).collect();
    for applying in alike {
        let parts: Vec<Part<'_>> = chosen(parts, &applying).copied().collect();
        if !holds(&parts)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether `holds` for the parts that apply at each action and resource of `statement`.
pub(super) fn all_points(
    statement: &Statement,
    has_variables: bool,
    parts: &[Part<'_>],
    budget: &Budget,
    holds: impl Fn(&[&Part<'_>]) -> bool,
) -> Result<bool, TooLong> {
    let size = parts.iter().map(Part::size).sum();
    budget.spend(size).ok_or(TooLong)?;
    let of_actions: Vec<Language> = parts.iter().map(Part::actions).collect();
    let mut together = BTreeSet::new();
    for (base, own) in bases_of_actions(&statement.actions) {
        together.extend(within(&base, own, &of_actions, budget)?);
    }
    for applying in together {
        budget.spend(size).ok_or(TooLong)?;
        let parts: Vec<&Part<'_>> = chosen(parts, &applying).collect();
        let of_resources: Vec<Language> = parts.iter().map(|part| part.resources()).collect();
        for (base, own) in bases_of_resources(statement.resources.as_ref(), has_variables) {
            for applying in within(&base, own, &of_resources, budget)? {
                let here: Vec<&Part<'_>> = chosen(&parts, &applying).copied().collect();
                if !holds(&here) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Which of `languages` have texts of `base` in common that `own`, if there is one, has too.
fn within(
    base: &Pattern,
    own: Option<Language>,
    languages: &[Language],
    budget: &Budget,
) -> Result<BTreeSet<Vec<bool>>, TooLong> {
    let Some(own) = own else {
        return signatures(base, languages, budget).ok_or(TooLong);
    };
    let all: Vec<Language> = std::iter::once(own)
        .chain(languages.iter().cloned())
        .collect();
    let found = signatures(base, &all, budget).ok_or(TooLong)?;
    Ok(found
        .into_iter()
        .filter_map(|held| match held.split_first() {
            Some((true, rest)) => Some(rest.to_vec()),
            _ => None,
        })
        .collect())
}

fn chosen<'t, T>(from: &'t [T], applying: &'t [bool]) -> impl Iterator<Item = &'t T> {
    from.iter()
        .zip(applying)
        .filter(|(_, applies)| **applies)
        .map(|(it, _)| it)
}

/// Patterns that together have all actions of a statement. Where they have others as well, beside
/// them stands what limits them.
fn bases_of_actions(actions: &Actions) -> Vec<(Pattern, Option<Language>)> {
    // No request is for an action without a colon.
    let any = || Pattern::action("*:*");
    match actions.patterns() {
        (patterns, false) => patterns
            .iter()
            .map(|it| {
                if it == "*" {
                    any()
                } else {
                    Pattern::action(it)
                }
            })
            .map(|base| (base, None))
            .collect(),
        (patterns, true) => {
            let but = patterns.iter().map(|it| Pattern::action(it)).collect();
            let own = Language::new(but, true, Reading::Perhaps);
            vec![(any(), Some(own))]
        }
    }
}

fn bases_of_resources(
    resources: Option<&Resources>,
    has_variables: bool,
) -> Vec<(Pattern, Option<Language>)> {
    let parse = |it: &String| Pattern::resource_of_any_request(it, has_variables);
    match resources.map(Resources::patterns) {
        // The trust policy of a role is about the role, which has no name there.
        None => whole().into_iter().map(|any| (any, None)).collect(),
        Some((patterns, false)) => patterns
            .iter()
            .filter_map(parse)
            .map(|base| (base, None))
            .collect(),
        Some((patterns, true)) => {
            let but = patterns.iter().filter_map(parse).collect();
            let own = Language::new(but, true, Reading::Perhaps);
            whole()
                .into_iter()
                .map(|any| (any, Some(own.clone())))
                .collect()
        }
    }
}

/// All resources.
fn whole() -> Option<Pattern> {
    Pattern::resource("*", None)
}

impl Part<'_> {
    fn is_about(&self, who: &Somebody) -> bool {
        match self.reading {
            Reading::Surely => self.crowd.surely(who),
            Reading::Perhaps => self.crowd.perhaps(who),
        }
    }

    /// What it costs to read its patterns.
    fn size(&self) -> usize {
        let (actions, _) = self.statement.actions.patterns();
        let resources = self.statement.resources.as_ref().map(Resources::patterns);
        let texts = actions
            .iter()
            .chain(resources.into_iter().flat_map(|(texts, _)| texts));
        texts.map(String::len).sum()
    }

    fn actions(&self) -> Language {
        let (patterns, but) = self.statement.actions.patterns();
        let patterns = patterns.iter().map(|it| Pattern::action(it)).collect();
        Language::new(patterns, but, self.reading)
    }

    fn resources(&self) -> Language {
        let Some(resources) = &self.statement.resources else {
            return Language::new(whole().into_iter().collect(), false, self.reading);
        };
        let (patterns, but) = resources.patterns();
        let parse = |it: &String| Pattern::resource_of_any_request(it, self.has_variables);
        Language::new(
            patterns.iter().filter_map(parse).collect(),
            but,
            self.reading,
        )
    }
}
