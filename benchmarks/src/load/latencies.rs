//! How are latencies spread?

use std::time::Duration;

/// Latencies, and how they are spread.
#[derive(Debug, Clone, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub(super) fn add(&mut self, latencies: Vec<Duration>) {
        self.0.extend(latencies);
        self.0.sort_unstable();
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The latency that `share` of 1,000 do not exceed.
    pub fn at(&self, share: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        let place = (last * share).div_ceil(1000);
        self.0.get(place).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_counted_from_the_quickest() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.at(500), Duration::ZERO);
        latencies.add((0..=1000).rev().map(Duration::from_millis).collect());
        let at = [0, 500, 990, 1000].map(|share| latencies.at(share).as_millis());
        assert_eq!(at, [0, 500, 990, 1000]);
    }
}
