//! Time and entropy as arguments: what the engine takes from outside itself.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

type Clock = Box<dyn FnMut() -> i64 + Send>;
type Entropy = Box<dyn FnMut(&mut [u8]) + Send>;

/// Where the engine's time and randomness come from; a simulation gives its own.
pub struct Surroundings {
    now_ms: Clock,
    entropy: Entropy,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Surroundings")
    }
}

impl Surroundings {
    /// Takes a clock (Unix milliseconds) and a source of random bytes.
    pub fn new(
        now_ms: impl FnMut() -> i64 + Send + 'static,
        entropy: impl FnMut(&mut [u8]) + Send + 'static,
    ) -> Self {
        Self { now_ms: Box::new(now_ms), entropy: Box::new(entropy) }
    }

    /// The machine's clock and the operating system's random bytes.
    pub fn system() -> Self {
        Self::new(system_now_ms, system_entropy)
    }

    /// Returns Unix milliseconds.
    pub fn now_ms(&mut self) -> i64 {
        (self.now_ms)()
    }

    /// Returns 32 random bytes.
    pub fn seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        (self.entropy)(&mut seed);
        seed
    }
}

/// The machine's clock, Unix milliseconds.
pub fn system_now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// Fills a buffer with the operating system's random bytes.
pub fn system_entropy(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system has random bytes");
}

/// Random bytes expanded from one seed, so that a group of commands costs one draw of entropy.
pub(crate) struct Draws(blake3::OutputReader);

impl Draws {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        Self(blake3::Hasher::new_keyed(seed).finalize_xof())
    }

    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }
}
