//! Which numbers fall?
//!
//! Everything random comes from a seed, through generators whose numbers are fixed for good, so
//! that a corpus is the same on every machine.

use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};

/// Mixes two numbers into one that looks random, and always the same.
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let seed = a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
    SplitMix64::seed_from_u64(seed).next_u64()
}

/// Mixes text into a number.
pub(super) fn mix_text(a: u64, text: &str) -> u64 {
    text.bytes().fold(a, |seed, byte| mix(seed, byte.into()))
}

/// A source of random numbers and of the texts that CloudTrail makes of them.
pub(super) struct Dice(Xoshiro256PlusPlus);

const HEX: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const ALPHANUMERIC: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789Zz";

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `limit`, which is small.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        ((self.next() >> 32).wrapping_mul(u64::from(limit)) >> 32) as u32
    }

    /// True once in a while: `share` of a million times.
    pub(super) fn happens(&mut self, share: u32) -> bool {
        share > 0 && self.below(1_000_000) < share
    }

    fn letters(&mut self, out: &mut Vec<u8>, count: usize, bits: u32, alphabet: &[u8]) {
        let per_draw = (60 / bits) as usize;
        let mut left = count;
        while left > 0 {
            let mut number = self.next();
            for _ in 0..per_draw.min(left) {
                let place = (number & ((1 << bits) - 1)) as usize;
                out.push(alphabet.get(place).copied().unwrap_or(b'x'));
                number >>= bits;
            }
            left = left.saturating_sub(per_draw);
        }
    }

    pub(super) fn hex(&mut self, out: &mut Vec<u8>, count: usize) {
        self.letters(out, count, 4, HEX);
    }

    pub(super) fn upper(&mut self, out: &mut Vec<u8>, count: usize) {
        self.letters(out, count, 5, UPPER);
    }

    pub(super) fn base64(&mut self, out: &mut Vec<u8>, count: usize) {
        self.letters(out, count, 6, BASE64);
    }

    pub(super) fn alphanumeric(&mut self, out: &mut Vec<u8>, count: usize) {
        self.letters(out, count, 6, ALPHANUMERIC);
    }

    pub(super) fn uuid(&mut self, out: &mut Vec<u8>) {
        for (i, count) in [8, 4, 3, 4, 12].into_iter().enumerate() {
            if i > 0 {
                out.push(b'-');
            }
            if i == 2 {
                out.push(b'4');
            }
            self.hex(out, count);
        }
    }

    /// What `write` makes, as text.
    pub(super) fn text(&mut self, write: impl FnOnce(&mut Self, &mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(self, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}

/// Chances of some things, of which few are likely: draws a place in a list.
#[derive(Debug, Clone, Default)]
pub(super) struct Chances(Vec<u32>);

impl Chances {
    /// From weights of any size.
    pub(super) fn of(weights: &[f64]) -> Self {
        let sum: f64 = weights.iter().sum();
        let mut before = 0.0;
        let ends = weights.iter().map(|weight| {
            before += weight;
            ((before / sum) * f64::from(u32::MAX)) as u32
        });
        Self(ends.collect())
    }

    /// Of `count` things, each less likely than the one before it.
    pub(super) fn falling(count: usize, how: impl Fn(usize) -> f64) -> Self {
        let weights: Vec<f64> = (1..=count).map(how).collect();
        Self::of(&weights)
    }

    pub(super) fn draw(&self, dice: &mut Dice) -> usize {
        let number = (dice.next() >> 32) as u32;
        let place = self.0.partition_point(|end| *end <= number);
        place.min(self.0.len().saturating_sub(1))
    }
}

/// Zipf's weight of the thing with this rank, from 1: the second is half as likely.
pub(super) fn zipf(rank: usize) -> f64 {
    1.0 / rank as f64
}

/// A steeper fall. Made of operations that every machine rounds alike, as a power is not.
pub(super) fn steep(rank: usize) -> f64 {
    let rank = rank as f64;
    1.0 / (rank * rank.sqrt())
}
