//! What happens in an account and region on one day, and how does it arrive?
//!
//! A cell is made on its own, from a seed of its own: the corpus is the same however many
//! threads make it.

use super::calendar::{self, Day};
use super::delivery::{Address, Deliverer, Pending};
use super::dice::{Dice, mix};
use super::event::{Event, Outcome, Scene};
use super::principal::{Identity, Principal};
use super::template::{Template, Who};
use super::truth::{Done, Needle, Truth};
use super::world::World;
use super::{FileSizes, Options};

/// Which cell, and how many events it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) account: usize,
    pub(super) region: usize,
    pub(super) day: usize,
    pub(super) events: u64,
}

/// Makes cells, reusing what it can.
pub(super) struct Maker<'a> {
    world: &'a World,
    options: &'a Options,
    pub(super) deliverer: Deliverer,
    pub(super) truth: Truth,
    /// Identities of the cell at hand, by place of the principal and session.
    identities: Vec<Option<Identity>>,
    pending: Pending,
    /// Delivered a second time, later on the same day.
    again: Pending,
    /// Delivered a day or two later.
    late: Pending,
    /// Recorded by the other account.
    elsewhere: Pending,
}

impl<'a> Maker<'a> {
    pub(super) fn new(world: &'a World, options: &'a Options, deliverer: Deliverer) -> Self {
        Self {
            world,
            options,
            deliverer,
            truth: Truth::default(),
            identities: Vec::new(),
            pending: Pending::default(),
            again: Pending::default(),
            late: Pending::default(),
            elsewhere: Pending::default(),
        }
    }

    /// Makes and delivers all events of `cell`.
    pub(super) fn make(&mut self, cell: Cell) -> anyhow::Result<()> {
        let world = self.world;
        let (Some(account), Some(region), Some(day)) = (
            world.accounts.get(cell.account),
            world.regions.get(cell.region),
            world.days.get(cell.day),
        ) else {
            return Ok(());
        };
        let place = (cell.account as u64) << 40 | (cell.region as u64) << 32 | cell.day as u64;
        let mut dice = Dice::new(mix(self.options.seed, place));
        self.identities.clear();
        let to = |second: u32| Address {
            account: &account.id,
            region,
            day,
            second,
        };
        let mut size = self.file_size(&mut dice);
        let mut left = cell.events;
        let mut second = 0;
        while left > 0 {
            let done = cell.events - left;
            let at = (done << 32 | dice.next() >> 32) / cell.events;
            // Draws within a slice of the day that moves on with each event.
            second = calendar::second_of_day(u32::try_from(at).unwrap_or(u32::MAX)).max(second);
            left -= self.event(cell, day, second, left, &mut dice)?;
            if self.pending.records >= size {
                self.deliverer
                    .deliver(&mut self.pending, &to(second), &mut dice)?;
                size = self.file_size(&mut dice);
            }
        }
        self.deliverer
            .deliver(&mut self.pending, &to(second), &mut dice)?;
        self.deliver_rest(cell, second, &mut dice)
    }

    /// Delivers what does not come in order.
    fn deliver_rest(&mut self, cell: Cell, second: u32, dice: &mut Dice) -> anyhow::Result<()> {
        let world = self.world;
        let region = world.regions.get(cell.region).copied().unwrap_or_default();
        let account = |place: usize| world.accounts.get(place).map_or("", |a| a.id.as_str());
        let day = |number: usize| world.days.get(number.min(world.days.len() - 1));
        let (Some(today), Some(later)) =
            (day(cell.day), day(cell.day + 1 + dice.below(2) as usize))
        else {
            return Ok(());
        };
        let own = account(cell.account);
        let other = account(world.other(cell.account));
        for (pending, account, day, second) in [
            (&mut self.again, own, today, second),
            (&mut self.late, own, later, second / 2),
            (&mut self.elsewhere, other, today, second),
        ] {
            let to = Address {
                account,
                region,
                day,
                second,
            };
            self.deliverer.deliver(pending, &to, dice)?;
        }
        Ok(())
    }

    fn file_size(&self, dice: &mut Dice) -> u32 {
        match self.options.files {
            FileSizes::Large => 1000,
            FileSizes::Tiny => 10,
            // As in a bucket of 1.7 million files: most with next to nothing, a few with more.
            FileSizes::Few => match dice.below(100) {
                0..=64 => 1 + dice.below(3),
                65..=94 => 4 + dice.below(5),
                _ => 8 + dice.below(16),
            },
            // Most files of a real trail are small, most events in large ones.
            FileSizes::Mixed => match dice.below(100) {
                0..=69 => 1 + dice.below(20),
                70..=92 => 20 + dice.below(200),
                _ => 1000,
            },
        }
    }

    /// Makes one event. How many it is: two if another account records it too.
    fn event(
        &mut self,
        cell: Cell,
        day: &'a Day,
        second: u32,
        left: u64,
        dice: &mut Dice,
    ) -> anyhow::Result<u64> {
        let world = self.world;
        let Some((place, principal)) = who(world, cell, dice) else {
            anyhow::bail!("an account without principals");
        };
        let Some((number, template, outcome)) = what(world, cell, left, principal, dice) else {
            anyhow::bail!("{} has nothing to do", principal.id);
        };
        let (resource, key) = world.draw(template, principal, dice);
        let other = world.other(cell.account);
        let of = if template.who == Who::Cross {
            other
        } else {
            cell.account
        };
        let account = |place: usize| world.accounts.get(place).map_or("", |a| a.id.as_str());
        let email = principal.email();
        let identity = identity(
            &mut self.identities,
            world,
            cell,
            (place, principal),
            second,
        );
        let event = Event {
            template,
            principal,
            identity,
            scene: Scene {
                account: account(cell.account),
                other: account(other),
                region: world.regions.get(cell.region).copied().unwrap_or_default(),
                resource: world.resource(of, template, resource),
                key: world.key(key),
                email: &email,
                when: Some((day, second)),
            },
            day,
            second,
            outcome,
        };

        let late = dice.happens(self.options.late);
        let into = if late {
            &mut self.late
        } else {
            &mut self.pending
        };
        let begin = into.text().len();
        let copies = into.push(|out| event.write(out, dice));
        let is_copied = dice.happens(self.options.duplicates);
        if is_copied {
            // Without the comma, or without the file's first words.
            let before = if into.records == 1 {
                b"{\"Records\":[".len()
            } else {
                1
            };
            let record = into.text().get(begin + before..).unwrap_or_default();
            self.again.push(|out| out.extend_from_slice(record));
            self.truth.duplicates += 1;
        }
        self.truth.late += u64::from(late);
        self.truth.data += u64::from(template.data);

        let at = day.begin + i64::from(second);
        let done = Done {
            principal: u32::try_from(place)?,
            template: u16::try_from(number)?,
            region: u8::try_from(cell.region)?,
            outcome,
            resource: u16::try_from(resource)?,
            key: u16::try_from(key)?,
        };
        self.truth.count(done, at);
        self.truth.offer(&copies.id, || Needle {
            event_id: copies.id.clone(),
            principal: principal.id.clone(),
            event_source: template.source.clone(),
            event_name: template.name.clone(),
            event_time: at,
        });
        let Some(copy) = copies.elsewhere else {
            return Ok(1);
        };
        self.elsewhere.push(|out| out.extend_from_slice(&copy));
        self.truth.count_elsewhere(done.principal, done.template);
        Ok(2)
    }
}

/// Draws who acts, with the place among all principals.
fn who<'w>(world: &'w World, cell: Cell, dice: &mut Dice) -> Option<(usize, &'w Principal)> {
    let account = world.accounts.get(cell.account)?;
    let mut drawn = None;
    for _ in 0..8 {
        let place = account.first + account.chances.draw(dice);
        let principal = world.principals.get(place)?;
        drawn = Some((place, principal));
        if principal.regions >> cell.region & 1 == 1 {
            break;
        }
    }
    drawn
}

/// Draws what `principal` does, with the template's number, and how it ends.
fn what<'w>(
    world: &'w World,
    cell: Cell,
    left: u64,
    principal: &Principal,
    dice: &mut Dice,
) -> Option<(usize, &'w Template, Outcome)> {
    let mut drawn = None;
    for _ in 0..8 {
        let place = principal.chances.draw(dice);
        let used = principal.uses.get(place)?;
        let template = world.templates.get(used.template)?;
        let crosses = template.who == Who::Cross;
        let outcome = match (used.denied, template.fail.is_some() && dice.happens(15_000)) {
            (true, _) => Outcome::Denied,
            (false, true) => Outcome::Failed,
            (false, false) => Outcome::Allowed,
        };
        let fits = !(template.global && cell.region > 0 || crosses && left < 2);
        if fits {
            return Some((used.template, template, outcome));
        }
        let otherwise = if crosses { Outcome::Denied } else { outcome };
        drawn = drawn.or(Some((used.template, template, otherwise)));
    }
    // Somebody who does nothing else: a call of that kind nevertheless, and in this region.
    drawn
}

/// The identity of a principal's session at `second`.
fn identity<'m>(
    known: &'m mut Vec<Option<Identity>>,
    world: &World,
    cell: Cell,
    (place, principal): (usize, &Principal),
    second: u32,
) -> &'m Identity {
    let session = Principal::session_at(second);
    let first = world.accounts.get(cell.account).map_or(0, |a| a.first);
    let slot = (place - first) * super::principal::SESSIONS as usize + session as usize;
    if known.len() <= slot {
        known.resize_with(slot + 1, || None);
    }
    let day = u32::try_from(cell.day * world.regions.len() + cell.region).unwrap_or_default();
    let mut since = Vec::new();
    if let Some(day) = world.days.get(cell.day) {
        day.iso(
            &mut since,
            session * calendar::DAY / super::principal::SESSIONS,
        );
    }
    let since = String::from_utf8(since).unwrap_or_default();
    static NOBODY: Identity = Identity {
        json: String::new(),
        arn: String::new(),
    };
    match known.get_mut(slot) {
        Some(slot) => slot.get_or_insert_with(|| principal.identity(day, session, &since)),
        None => &NOBODY,
    }
}
