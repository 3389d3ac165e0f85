//! In which order does what was decoded arrive?
//!
//! In the order of the files, whichever thread is quickest: so that of two records that claim to
//! be the same event it is not chance that decides, and what is committed is all that came
//! before some file. Threads may run ahead, but only so far as the memory allows.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Error;

/// Bytes that may wait for their turn.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Parts of units of work, given by many threads and taken by one task in the order of units.
pub(super) struct Order<T> {
    state: Mutex<State<T>>,
    room: Condvar,
    ready: Notify,
}

struct State<T> {
    /// The unit whose turn it is.
    next: u64,
    units: BTreeMap<u64, Unit<T>>,
    /// Bytes of all parts in `units`.
    waiting: usize,
    /// Threads that may still give something.
    givers: usize,
    /// Nobody takes any more.
    closed: bool,
    failure: Option<Error>,
}

struct Unit<T> {
    parts: VecDeque<(T, usize)>,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// More may come.
    Open,
    /// All of it is there.
    Whole,
    /// It was given up: nothing of it or behind it comes any more.
    Broken,
}

impl<T> Default for Unit<T> {
    fn default() -> Self {
        Self {
            parts: VecDeque::new(),
            end: End::Open,
        }
    }
}

impl<T> Order<T> {
    /// With so many threads that give.
    pub(super) fn new(givers: usize) -> Self {
        Self {
            state: Mutex::new(State {
                next: 0,
                units: BTreeMap::new(),
                waiting: 0,
                givers,
                closed: false,
                failure: None,
            }),
            room: Condvar::new(),
            ready: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a part of so many bytes of a unit, as soon as there is room for it. `None` if
    /// nobody takes it.
    pub(super) fn give(&self, unit: u64, part: T, bytes: usize) -> Option<()> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            // Whose turn it is must not wait for those who wait for it.
            if state.waiting + bytes <= MAX_WAITING_BYTES || state.may_pass(unit) {
                break;
            }
            state = self
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting += bytes;
        let parts = &mut state.units.entry(unit).or_default().parts;
        parts.push_back((part, bytes));
        drop(state);
        self.ready.notify_one();
        Some(())
    }

    /// Says that all parts of a unit were given, or that it was given up.
    pub(super) fn end(&self, unit: u64, whole: bool) {
        let end = if whole { End::Whole } else { End::Broken };
        self.state().units.entry(unit).or_default().end = end;
        self.ready.notify_one();
    }

    /// Says that a thread gives nothing any more.
    pub(super) fn leave(&self) {
        let mut state = self.state();
        state.givers = state.givers.saturating_sub(1);
        drop(state);
        self.ready.notify_one();
    }

    /// Tells an error to whoever takes, behind all that is whole. The first one counts.
    pub(super) fn fail(&self, error: Error) {
        self.state().failure.get_or_insert(error);
    }

    /// The error that was told.
    pub(super) fn failure(&self) -> Option<Error> {
        self.state().failure.take()
    }

    /// Takes no more: who gives is told so.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.room.notify_all();
    }

    /// The next part, or `None` when there are no more.
    pub(super) async fn take(&self) -> Option<T> {
        loop {
            let taken = self.state().take();
            match taken {
                Taken::Part(part) => {
                    self.room.notify_all();
                    return Some(part);
                }
                Taken::End => return None,
                Taken::Wait => self.ready.notified().await,
            }
        }
    }
}

enum Taken<T> {
    Part(T),
    End,
    Wait,
}

impl<T> State<T> {
    fn may_pass(&self, unit: u64) -> bool {
        let waits = |unit: &Unit<T>| !unit.parts.is_empty();
        unit == self.next && !self.units.get(&unit).is_some_and(waits)
    }

    fn take(&mut self) -> Taken<T> {
        while let Some(unit) = self.units.get_mut(&self.next) {
            if let Some((part, bytes)) = unit.parts.pop_front() {
                self.waiting -= bytes;
                return Taken::Part(part);
            }
            match unit.end {
                End::Open => break,
                End::Broken => return Taken::End,
                End::Whole => {
                    self.units.remove(&self.next);
                    self.next += 1;
                }
            }
        }
        match self.givers {
            0 => Taken::End,
            _ => Taken::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parts_come_in_the_order_of_their_units() {
        let order = Order::new(1);
        for (unit, part) in [(1, "b"), (0, "a"), (2, "d"), (1, "c")] {
            order.give(unit, part, 1);
        }
        for unit in [2, 0, 1] {
            order.end(unit, true);
        }
        order.leave();
        let mut taken = Vec::new();
        while let Some(part) = order.take().await {
            taken.push(part);
        }
        assert_eq!(taken, ["a", "b", "c", "d"]);
    }

    #[tokio::test]
    async fn nothing_comes_behind_a_unit_that_was_given_up() {
        let order = Order::new(1);
        for (unit, part) in [(0, "a"), (1, "b"), (2, "c")] {
            order.give(unit, part, 1);
            order.end(unit, unit != 1);
        }
        assert_eq!(order.take().await, Some("a"));
        assert_eq!(order.take().await, Some("b"));
        assert_eq!(order.take().await, None);
    }

    #[tokio::test]
    async fn whose_turn_it_is_gets_past_those_who_wait() {
        let order = std::sync::Arc::new(Order::new(2));
        order.give(1, "ahead", MAX_WAITING_BYTES);
        let waiting = std::sync::Arc::clone(&order);
        let thread = std::thread::spawn(move || waiting.give(1, "too far", 1));
        order.give(0, "now", MAX_WAITING_BYTES);
        order.end(0, true);
        for part in ["now", "ahead", "too far"] {
            assert_eq!(order.take().await, Some(part));
        }
        assert!(thread.join().is_ok_and(|given| given.is_some()));
        order.close();
        assert_eq!(order.give(1, "late", 1), None);
    }
}
