//! The document under examination, and the list of findings on it.
//!
//! Unlike [`crate::policy`], this reads what it can of a document that is wrong elsewhere.

use super::{CODES, Code, Finding, Location, PathElement, PolicyType, Span};
use crate::policy::{Effect, Operator, VERSION};
use crate::reference::Reference;
use crate::spanned::{Kind, Node, SyntaxError, positions};

/// A document under examination.
pub(super) struct Subject<'a> {
    pub(super) text: &'a str,
    pub(super) root: Spot<'a>,
    pub(super) policy_type: PolicyType,
    pub(super) reference: &'a Reference,
    /// The statements that are objects.
    pub(super) statements: Vec<Clause<'a>>,
}

/// A value in the document, or a key, and the way to it.
#[derive(Debug, Clone)]
pub(super) struct Spot<'a> {
    pub(super) node: &'a Node,
    pub(super) path: Vec<PathElement>,
    start: usize,
    end: usize,
}

/// A statement.
pub(super) struct Clause<'a> {
    pub(super) spot: Spot<'a>,
    pub(super) effect: Option<Effect>,
    /// The strings of `Action` or `NotAction`.
    pub(super) actions: List<'a>,
    /// The strings of `Resource` or `NotResource`.
    pub(super) resources: List<'a>,
    pub(super) conditions: Vec<Test<'a>>,
}

/// The strings of an element.
#[derive(Default)]
pub(super) struct List<'a> {
    /// Whether the element is about all but them.
    pub(super) but: bool,
    pub(super) items: Vec<(&'a str, Spot<'a>)>,
}

/// A key of a condition with its operator.
pub(super) struct Test<'a> {
    pub(super) operator_name: &'a str,
    pub(super) operator: Option<Operator>,
    pub(super) operator_spot: Spot<'a>,
    /// Which operator of the statement it is.
    pub(super) operator_at: usize,
    pub(super) key: &'a str,
    pub(super) key_spot: Spot<'a>,
    /// The value, perhaps an array.
    pub(super) value: Spot<'a>,
    pub(super) values: Vec<Spot<'a>>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        text: &'a str,
        root: &'a Node,
        policy_type: PolicyType,
        reference: &'a Reference,
    ) -> Self {
        let root = Spot {
            node: root,
            path: Vec::new(),
            start: root.start,
            end: root.end,
        };
        let statements = root.get("Statement").map(|it| it.items());
        let statements = statements.unwrap_or_default().into_iter();
        let objects = statements.filter(|it| matches!(it.node.kind, Kind::Object(_)));
        Self {
            statements: objects.map(Clause::new).collect(),
            text,
            root,
            policy_type,
            reference,
        }
    }

    /// Whether `${...}` is a variable.
    pub(super) fn has_variables(&self) -> bool {
        let version = self.root.get("Version");
        version.is_some_and(|it| it.node.as_str() == Some(VERSION))
    }
}

impl<'a> Spot<'a> {
    fn of(node: &'a Node, mut path: Vec<PathElement>, step: PathElement) -> Self {
        path.push(step);
        Self {
            node,
            path,
            start: node.start,
            end: node.end,
        }
    }

    /// The keys of an object with their values.
    pub(super) fn members(&self) -> Vec<(&'a str, Spot<'a>, Spot<'a>)> {
        let members = self.node.members().unwrap_or_default().iter();
        members
            .map(|member| {
                let step = |step: fn(String) -> PathElement| step(member.key.clone());
                let value = Spot::of(&member.value, self.path.clone(), step(PathElement::Value));
                let key = Spot {
                    start: member.key_start,
                    end: member.key_end,
                    ..Spot::of(&member.value, self.path.clone(), step(PathElement::Key))
                };
                (member.key.as_str(), key, value)
            })
            .collect()
    }

    /// The value of a key of an object.
    pub(super) fn get(&self, key: &str) -> Option<Spot<'a>> {
        let mut members = self.members().into_iter();
        members
            .find(|(own, ..)| *own == key)
            .map(|(.., value)| value)
    }

    /// The elements of an array; what is no array is one of its own.
    pub(super) fn items(&self) -> Vec<Spot<'a>> {
        match &self.node.kind {
            Kind::Array(items) => items
                .iter()
                .enumerate()
                .map(|(at, item)| Spot::of(item, self.path.clone(), PathElement::Index(at)))
                .collect(),
            _ => vec![self.clone()],
        }
    }

    /// Whether it is an array without elements.
    pub(super) fn is_empty_array(&self) -> bool {
        matches!(&self.node.kind, Kind::Array(items) if items.is_empty())
    }

    /// A part of a string, by its bytes.
    pub(super) fn part(&self, start: usize, end: usize) -> Self {
        let text = self.node.as_str().unwrap_or_default();
        let signs = |to: usize| text.get(..to).unwrap_or_default().chars().count();
        let mut part = self.clone();
        part.path.push(PathElement::Substring {
            start: signs(start),
            length: signs(end) - signs(start),
        });
        // Escapes make a string longer than its value: then the whole string has to do.
        if self.end - self.start == text.len() + 2 {
            part.start = self.start + 1 + start;
            part.end = self.start + 1 + end;
        }
        part
    }
}

impl<'a> Clause<'a> {
    fn new(spot: Spot<'a>) -> Self {
        let effect = spot.get("Effect").and_then(|it| match it.node.as_str() {
            Some("Allow") => Some(Effect::Allow),
            Some("Deny") => Some(Effect::Deny),
            _ => None,
        });
        Self {
            effect,
            actions: List::new(&spot, "Action", "NotAction"),
            resources: List::new(&spot, "Resource", "NotResource"),
            conditions: spot
                .get("Condition")
                .map(|it| tests(&it))
                .unwrap_or_default(),
            spot,
        }
    }

    /// Whether it asks for this condition key.
    pub(super) fn tests_key(&self, key: &str) -> bool {
        let mut keys = self.conditions.iter().map(|test| test.key);
        keys.any(|own| own.eq_ignore_ascii_case(key))
    }
}

impl<'a> List<'a> {
    fn new(statement: &Spot<'a>, these: &str, but_these: &str) -> Self {
        let (but, element) = match statement.get(these) {
            Some(element) => (false, Some(element)),
            None => (true, statement.get(but_these)),
        };
        let Some(element) = element else {
            return Self::default();
        };
        let strings = element.items().into_iter();
        Self {
            but,
            items: strings
                .filter_map(|it| Some((it.node.as_str()?, it)))
                .collect(),
        }
    }
}

fn tests<'a>(condition: &Spot<'a>) -> Vec<Test<'a>> {
    let mut tests = Vec::new();
    let operators = condition.members().into_iter().enumerate();
    for (operator_at, (operator_name, operator_spot, keys)) in operators {
        for (key, key_spot, value) in keys.members() {
            tests.push(Test {
                operator_name,
                operator: Operator::parse(operator_name),
                operator_spot: operator_spot.clone(),
                operator_at,
                key,
                key_spot,
                values: value.items(),
                value,
            });
        }
    }
    tests
}

/// The list of findings.
pub(super) struct Findings<'a> {
    text: &'a str,
    list: Vec<Found>,
}

/// A finding, with its place in bytes.
struct Found {
    code: &'static Code,
    details: String,
    path: Vec<PathElement>,
    start: usize,
    end: usize,
}

impl<'a> Findings<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            list: Vec::new(),
        }
    }

    /// The findings, with their places as lines and columns.
    pub(super) fn into_list(self) -> Vec<Finding> {
        let ends = self.list.iter().flat_map(|found| [found.start, found.end]);
        let places = positions(self.text, ends);
        let place = |at: usize| places.get(&at).copied().unwrap_or_default();
        self.list
            .into_iter()
            .map(|found| Finding {
                finding_type: found.code.finding_type,
                issue_code: found.code.name,
                finding_details: found.details,
                learn_more_link: found.code.learn_more_link(),
                locations: vec![Location {
                    path: found.path,
                    span: Span {
                        start: place(found.start),
                        end: place(found.end),
                    },
                }],
            })
            .collect()
    }

    /// Adds a finding. `code` must be in the table of codes.
    pub(super) fn add(&mut self, code: &'static str, spot: &Spot<'_>, details: impl Into<String>) {
        let path = spot.path.clone();
        self.push(code, path, (spot.start, spot.end), details.into());
    }

    /// Adds a finding on the whole text.
    pub(super) fn add_on_all(&mut self, code: &'static str, details: String) {
        self.push(code, Vec::new(), (0, self.text.len()), details);
    }

    pub(super) fn syntax_error(&mut self, error: &SyntaxError) {
        let at = (error.at, error.at);
        self.push("JSON_SYNTAX_ERROR", Vec::new(), at, error.message.clone());
    }

    fn push(
        &mut self,
        code: &'static str,
        path: Vec<PathElement>,
        (start, end): (usize, usize),
        details: String,
    ) {
        if let Some(code) = CODES.get(code) {
            self.list.push(Found {
                code,
                details,
                path,
                start,
                end,
            });
        }
    }
}
