//! Branches: where two copies of one log part, found with a handful of questions.
//!
//! Chain hashes agree up to a place and differ from there on, so the place is found by halving. The question
//! and its answer travel beside the log.

use lanyard_sync::{Dot, LogId, hex};
use serde::{Deserialize, Serialize};

use crate::read::{Read, ReadError};

/// Most places of one question.
pub const CLAIMS_MAX: u64 = 32;

/// A node says what it has of a log.
// Stored: on the wire, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compare {
    /// Of which log.
    pub log: LogId,
    /// Some of its entries, in ascending order; none to ask nothing.
    pub claims: Vec<Claim>,
    /// Where the log is known to have two branches.
    pub fork: Option<u64>,
}

/// One entry somebody has.
// Stored: on the wire, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its sequence number.
    pub seq: u64,
    /// The first 8 bytes of its chain hash, as hexadecimal digits.
    pub prefix: String,
}

/// What the other side has.
// Stored: on the wire, as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The last of the entries that is the same here, 0 when none is.
    pub agrees_to: u64,
    /// Where the log is known to have two branches.
    pub fork: Option<u64>,
}

/// The search for the first entry that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    log: LogId,
    /// The last entry known to be the same.
    agrees: u64,
    /// An entry known to differ, or to be missing at the other side.
    differs: u64,
}

impl Search {
    /// Begins with an entry that both sides hold.
    pub const fn new(dot: Dot) -> Self {
        Self { log: dot.log, agrees: 0, differs: dot.seq + 1 }
    }

    /// The place, once it is found; none yet, or after the entry it began with when that is the same.
    pub fn found(&self) -> Option<u64> {
        (self.agrees + 1 == self.differs).then_some(self.differs)
    }

    /// The next question.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn question(&self, db: &Read<'_>) -> Result<Compare, ReadError> {
        let step = ((self.differs - self.agrees) / CLAIMS_MAX).max(1);
        let mut claims = Vec::new();
        let mut seq = self.agrees + step;
        while seq < self.differs {
            let prefix = db.entry_prefix(self.log.dot(seq))?;
            claims.extend(prefix.map(|prefix| Claim { seq, prefix: hex::encode(&prefix) }));
            seq += step;
        }
        Ok(Compare { log: self.log, claims, fork: None })
    }

    /// Takes the answer to a question.
    pub fn learn(&mut self, question: &Compare, answer: Compared) {
        let next = question.claims.iter().map(|claim| claim.seq).find(|seq| *seq > answer.agrees_to);
        self.agrees = self.agrees.max(answer.agrees_to.min(self.differs - 1));
        if let Some(differs) = next {
            self.differs = self.differs.min(differs).max(self.agrees + 1);
        } else if question.claims.is_empty() {
            self.agrees = self.differs - 1;
        }
    }
}

/// Compares what somebody has with what is here.
///
/// # Errors
/// When the store cannot be read.
pub fn compare(db: &Read<'_>, question: &Compare) -> Result<Compared, ReadError> {
    let fork = db.fork_of(question.log)?;
    let most = usize::try_from(2 * CLAIMS_MAX).expect("a small number");
    for claim in question.claims.iter().take(most).rev() {
        let here = db.entry_prefix(question.log.dot(claim.seq))?;
        if here.is_some_and(|prefix| hex::encode(&prefix) == claim.prefix) {
            return Ok(Compared { agrees_to: claim.seq, fork });
        }
    }
    Ok(Compared { agrees_to: 0, fork })
}

#[cfg(test)]
mod tests {
    use lanyard_sync::{Epoch, NodeId};

    use super::*;

    fn search(at: u64, fork: u64) -> (Option<u64>, u32) {
        let log = LogId { node: NodeId([1; 16]), epoch: Epoch(1) };
        let mut search = Search::new(log.dot(at));
        let mut rounds = 0;
        while search.found().is_none() && rounds < 20 {
            let step = ((search.differs - search.agrees) / CLAIMS_MAX).max(1);
            let mut claims = Vec::new();
            let mut seq = search.agrees + step;
            while seq < search.differs {
                claims.push(Claim { seq, prefix: String::new() });
                seq += step;
            }
            let same = claims.iter().map(|claim| claim.seq).filter(|seq| *seq < fork);
            let answer = Compared { agrees_to: same.max().unwrap_or(0), fork: None };
            search.learn(&Compare { log, claims, fork: None }, answer);
            rounds += 1;
        }
        (search.found(), rounds)
    }

    #[test]
    fn the_place_is_found_in_a_few_questions() {
        for (at, fork) in [(1, 1), (2, 2), (10, 3), (100, 99), (100, 2), (1_000_000, 777_777)] {
            let (found, rounds) = search(at, fork);
            assert_eq!(found, Some(fork), "{at} {fork}");
            assert!(rounds <= 6, "{at} {fork}: {rounds}");
        }
    }

    #[test]
    fn a_log_that_is_the_same_differs_after_its_end() {
        assert_eq!(search(50, 51).0, Some(51));
    }
}
