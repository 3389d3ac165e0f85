//! Which answers are remembered? Those that were asked for last; each is worked out once, also if
//! several ask at the same time.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Answers by what they depend on.
pub(super) struct Kept<K, V> {
    most: usize,
    /// The one that was asked for last is the first.
    entries: Mutex<VecDeque<(K, Cell<V>)>>,
}

/// An answer that is there or being worked out.
type Cell<V> = Arc<OnceCell<Arc<V>>>;

impl<K: PartialEq, V> Kept<K, V> {
    /// Remembers so many answers at most.
    pub(super) fn most(most: usize) -> Self {
        Self {
            most,
            entries: Mutex::default(),
        }
    }

    /// The answer for `key`; `work` is done only if it is not known, and again if it failed.
    pub(super) async fn get_or<E>(
        &self,
        key: K,
        work: impl Future<Output = Result<V, E>>,
    ) -> Result<Arc<V>, E> {
        let cell = self.cell(key);
        // What pages are made of is large until it is there: too large to be moved about on a stack.
        let work = Box::pin(work);
        let found = cell.get_or_try_init(|| async { work.await.map(Arc::new) });
        found.await.cloned()
    }

    fn cell(&self, key: K) -> Cell<V> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let known = entries.iter().position(|(own, _)| *own == key);
        let entry = known.and_then(|at| entries.remove(at));
        let entry = entry.unwrap_or_else(|| (key, Cell::default()));
        let cell = Arc::clone(&entry.1);
        entries.push_front(entry);
        entries.truncate(self.most);
        cell
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn an_answer_is_worked_out_once_until_others_take_its_place() {
        let kept: Kept<&str, usize> = Kept::most(2);
        let worked = Cell::new(0);
        let get = async |key: &'static str| {
            let work = async {
                worked.set(worked.get() + 1);
                Ok::<_, ()>(key.len())
            };
            kept.get_or(key, work).await.map(|it| *it)
        };
        assert_eq!(get("one").await, Ok(3));
        assert_eq!(get("three").await, Ok(5));
        assert_eq!(get("one").await, Ok(3));
        assert_eq!(worked.get(), 2);
        assert_eq!(get("four").await, Ok(4));
        assert_eq!(get("three").await, Ok(5));
        assert_eq!(worked.get(), 4);
    }

    #[tokio::test]
    async fn what_failed_is_tried_again() {
        let kept: Kept<u8, u8> = Kept::most(2);
        assert_eq!(kept.get_or(1, ready(Err("no"))).await, Err("no"));
        assert_eq!(
            kept.get_or(1, ready(Ok::<_, &str>(7))).await,
            Ok(Arc::new(7))
        );
    }
}
