//! Who is in the lake?

use datafusion::prelude::col;
use trailwright_engine::time;

use crate::activity::Rows;
use crate::{Error, Session};

/// A principal at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalSummary {
    /// Its ARN, or what else it is known by.
    pub principal: String,
    /// CloudTrail's identity type.
    pub principal_type: String,
    /// Its events.
    pub events: u64,
    /// Those of them that were refused.
    pub denied: u64,
    /// Time of the first, in microseconds since the epoch.
    pub first_seen: Option<i64>,
    /// Time of the last.
    pub last_seen: Option<i64>,
}

/// Names that a hint suggests.
const SUGGESTIONS: usize = 3;

/// What a principal is called, without its account and path. Of a session's ARN that is its role.
fn name(principal: &str) -> String {
    let mut parts = principal.rsplit(['/', ':']);
    let last = parts.next().unwrap_or(principal);
    let name = match principal.contains(":assumed-role/") {
        true => parts.next().unwrap_or(last),
        false => last,
    };
    name.to_lowercase()
}

impl Session {
    /// The principals of the session's time range, the busiest first.
    pub async fn principals(&self) -> Result<Vec<PrincipalSummary>, Error> {
        let batches = self
            .table("principals")
            .await?
            .sort(vec![
                col("events").sort(false, false),
                col("principal").sort(true, true),
                col("principal_type").sort(true, true),
            ])?
            .collect()
            .await?;
        let mut principals = Vec::new();
        for batch in &batches {
            let rows = Rows::of(batch)?;
            principals.extend((0..batch.num_rows()).map(|row| PrincipalSummary {
                principal: rows.text("principal", row).unwrap_or_default(),
                principal_type: rows.text("principal_type", row).unwrap_or_default(),
                events: rows.number("events", row),
                denied: rows.number("denied", row),
                first_seen: rows.time("first_seen", row),
                last_seen: rows.time("last_seen", row),
            }));
        }
        Ok(principals)
    }

    /// The error for a principal that did nothing, with names that were perhaps meant.
    pub(crate) async fn unknown_principal(&self, principal: &str) -> Result<Error, Error> {
        let wanted = name(principal);
        let known = self.principals().await?;
        let known_as = known.iter().map(|known| known.principal.as_str());
        let (same, others): (Vec<&str>, Vec<&str>) = known_as
            .filter(|known| !wanted.is_empty() && known.to_lowercase().contains(&wanted))
            .partition(|known| name(known) == wanted);
        // Any name has a letter or two.
        let others = others.into_iter().filter(|_| wanted.len() >= 3);
        let mut alike: Vec<&str> = same.into_iter().chain(others).collect();
        let account = |arn: &str| arn.split(':').nth(4).map(ToOwned::to_owned);
        alike.sort_by_key(|known| account(known) != account(principal));
        alike.truncate(SUGGESTIONS);
        let hint = match (alike.as_slice(), known.len()) {
            ([], 0) => "the lake has no events in that range".to_owned(),
            ([], _) => "`trailwright principals` lists who is there".to_owned(),
            (alike, _) => format!("did you mean {}", alike.join(" or ")),
        };
        let range = self.range();
        let part = |word: &str, at: Option<i64>| {
            at.map_or(String::new(), |at| format!(" {word} {}", time::to_text(at)))
        };
        Ok(Error::UnknownPrincipal {
            principal: principal.to_owned(),
            range: format!("{}{}", part("from", range.from), part("before", range.to)),
            hint,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_called_as_its_role() {
        for (principal, expected) in [
            ("arn:aws:iam::111122223333:role/path/App", "app"),
            ("arn:aws:sts::111122223333:assumed-role/App/session", "app"),
            ("App", "app"),
            ("", ""),
        ] {
            assert_eq!(name(principal), expected);
        }
    }
}
