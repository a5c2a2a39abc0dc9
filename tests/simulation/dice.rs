//! Draws: everything a world leaves to chance comes from its seed.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// A source of draws.
#[derive(Debug)]
pub(crate) struct Dice(StdRng);

impl Dice {
    /// The draws of a seed for one purpose; other purposes get others.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("lanyard/simulation/1");
        hasher.update(&seed.to_le_bytes()).update(purpose.as_bytes());
        Self(StdRng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// A number of `low..high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0.random_range(low..high)
    }

    /// A number of `-reach..=reach`.
    pub(crate) fn around_zero(&mut self, reach: i64) -> i64 {
        self.0.random_range(-reach..=reach)
    }

    /// An index below `len`, which is not zero.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.0.random_range(0..len)
    }

    /// Yes in `permille` cases of a thousand.
    pub(crate) fn chance(&mut self, permille: u32) -> bool {
        self.0.random_range(0..1_000) < permille
    }

    /// One of several; none of none.
    pub(crate) fn pick<'a, T>(&mut self, several: &'a [T]) -> Option<&'a T> {
        if several.is_empty() {
            return None;
        }
        several.get(self.index(several.len()))
    }

    /// Random bytes.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Fills a buffer.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}
