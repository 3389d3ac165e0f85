//! Whom is a statement about?
//!
//! In the policy of a resource each principal that some statement names is looked at by itself, and so
//! is somebody whom none names. An account stands for all that is in it where that is the cautious
//! reading: a Deny of it may be a Deny of its roles, and an Allow of it is none of them, since those
//! would need a policy of their own as well.

use std::collections::BTreeSet;

use crate::pattern::arn_fields;
use crate::policy::{PrincipalSet, Principals, Statement};

/// Somebody who may ask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Somebody {
    /// Whom the policy is attached to.
    Owner,
    /// A principal, by its kind.
    Named(String, String),
    /// None of those that are named.
    Else,
}

/// The principals of a statement.
#[derive(Debug, Clone)]
pub(super) enum Crowd {
    /// Whom the policy is attached to, as in all policies of identities.
    Owner,
    /// Everybody.
    All,
    /// These, or all but these.
    Some { but: bool, named: Set },
}

#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    principals: BTreeSet<(String, String)>,
    /// The accounts that some of them are in, and those that are named themselves.
    touched: BTreeSet<String>,
    accounts: BTreeSet<String>,
}

impl Set {
    fn of<'a>(principals: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut set = Self::default();
        for (kind, name) in principals {
            let name = match account_alone(name).filter(|_| kind == "AWS") {
                Some(account) => {
                    set.accounts.insert(account.to_owned());
                    account
                }
                None => name,
            };
            set.touched.extend(account_of(name).map(ToOwned::to_owned));
            set.principals.insert((kind.to_owned(), name.to_owned()));
        }
        set
    }

    fn surely(&self, who: &Somebody) -> bool {
        match who {
            Somebody::Named(kind, name) => {
                // Names are few letters: what a look-up by parts would save is not worth it.
                self.principals.contains(&(kind.clone(), name.clone()))
            }
            Somebody::Owner | Somebody::Else => false,
        }
    }

    fn perhaps(&self, who: &Somebody) -> bool {
        match who {
            // A session may be one of a role, and a role one of an account.
            Somebody::Named(_, name) => {
                self.surely(who) || account_of(name).is_some_and(|it| self.touched.contains(it))
            }
            Somebody::Else => !self.accounts.is_empty() || !self.touched.is_empty(),
            Somebody::Owner => true,
        }
    }
}

impl Crowd {
    pub(super) fn of(statement: &Statement) -> Self {
        let (but, set) = match &statement.principals {
            None => return Self::Owner,
            Some(Principals::Principal(set)) => (false, set),
            Some(Principals::NotPrincipal(set)) => (true, set),
        };
        match set {
            // What is no `*` is nothing that IAM takes: read at its widest.
            PrincipalSet::Any(_) if !but => Self::All,
            PrincipalSet::Any(_) => Self::Some {
                but: false,
                named: Set::default(),
            },
            PrincipalSet::Of(kinds) => {
                let all = kinds.iter().flat_map(|(kind, names)| {
                    names
                        .values()
                        .iter()
                        .map(move |it| (kind.as_str(), it.as_str()))
                });
                match all.clone().any(|it| it == ("AWS", "*")) {
                    true if but => Self::Some {
                        but: false,
                        named: Set::default(),
                    },
                    true => Self::All,
                    false => Self::Some {
                        but,
                        named: Set::of(all),
                    },
                }
            }
        }
    }

    /// Whether the statement is about somebody, without doubt.
    pub(super) fn surely(&self, who: &Somebody) -> bool {
        match self {
            Self::Owner => *who == Somebody::Owner,
            Self::All => true,
            Self::Some { but: false, named } => named.surely(who),
            Self::Some { but: true, named } => !named.perhaps(who),
        }
    }

    /// Whether the statement may be about somebody.
    pub(super) fn perhaps(&self, who: &Somebody) -> bool {
        match self {
            Self::Owner => *who == Somebody::Owner,
            Self::All => true,
            Self::Some { but: false, named } => named.perhaps(who),
            Self::Some { but: true, named } => !named.surely(who),
        }
    }

    /// Everybody whom it is about, where `all` are those that some statement names.
    pub(super) fn members(&self, all: &BTreeSet<Somebody>) -> Vec<Somebody> {
        let others = || all.iter().cloned().chain([Somebody::Else]);
        match self {
            Self::Owner => vec![Somebody::Owner],
            Self::All => others().collect(),
            Self::Some { but: false, named } => named.members().collect(),
            Self::Some { but: true, named } => others().filter(|it| !named.surely(it)).collect(),
        }
    }

    /// Those that it names.
    pub(super) fn named(&self) -> impl Iterator<Item = Somebody> {
        let set = match self {
            Self::Some { named, .. } => Some(named),
            Self::Owner | Self::All => None,
        };
        set.into_iter().flat_map(Set::members)
    }
}

impl Set {
    fn members(&self) -> impl Iterator<Item = Somebody> {
        let all = self.principals.iter();
        all.map(|(kind, name)| Somebody::Named(kind.clone(), name.clone()))
    }
}

/// The account that somebody is in.
fn account_of(name: &str) -> Option<&str> {
    match *arn_fields(name).as_slice() {
        ["arn", _, _, _, account, _] => Some(account),
        _ => account_alone(name),
    }
}

/// The account that a principal stands for as a whole: `111122223333`, or the ARN of its root.
fn account_alone(name: &str) -> Option<&str> {
    let is_account = |it: &str| it.len() == 12 && it.bytes().all(|it| it.is_ascii_digit());
    match *arn_fields(name).as_slice() {
        ["arn", _, "iam", "", account, "root"] => Some(account),
        [account] if is_account(account) => Some(account),
        _ => None,
    }
}
