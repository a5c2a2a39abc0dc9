//! Branches: where two copies of one log part, found with a handful of questions, and which of them stands.
//!
//! Chain hashes agree up to a place and differ from there on, so the place is found by halving. The question
//! and its answer travel beside the log. Of two branches the one that was begun earlier stands, wherever they meet: so
//! everybody ends with the same one, however many there are and whoever meets whom first.

use lanyard_sync::{Head, LogId, VersionVector, hex};
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The last of the entries that is the same here, 0 when none is.
    pub agrees_to: u64,
    /// The first of the entries after it, as it is here.
    #[serde(default)]
    pub other: Option<Start>,
    /// The last entry of the log here.
    #[serde(default)]
    pub head: Option<Claim>,
    /// Where the log is known to have two branches.
    pub fork: Option<u64>,
}

/// The entry a branch begins with. Of two branches the one with the lesser start stands: that of the earlier moment by
/// its writer's clock, and of two of one moment that with the lesser hash.
// Stored: on the wire, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Start {
    /// When it was written, Unix milliseconds.
    pub at_ms: i64,
    /// The first 8 bytes of its chain hash, as hexadecimal digits.
    pub prefix: String,
}

impl Start {
    pub(crate) fn new(at_ms: i64, prefix: [u8; 8]) -> Self {
        Self { at_ms, prefix: hex::encode(&prefix) }
    }
}

/// The search for the first entry that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    log: LogId,
    /// Whether the other side said anything: it may know of a fork.
    has_heard: bool,
    /// The last entry known to be the same.
    agrees: u64,
    /// An entry known to differ, or to be missing at the other side.
    differs: u64,
    /// That entry, at the other side.
    other: Option<Start>,
    /// The last entry at the other side.
    head: Option<Claim>,
}

impl Search {
    /// Begins with how many entries of the log are here.
    pub const fn new(log: LogId, seq: u64) -> Self {
        Self { log, has_heard: false, agrees: 0, differs: seq + 1, other: None, head: None }
    }

    /// The next question; none once the place is found.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn question(&self, db: &Read<'_>) -> Result<Option<Compare>, ReadError> {
        if self.has_heard && self.agrees + 1 == self.differs {
            return Ok(None);
        }
        let mut claims = Vec::new();
        for seq in self.places() {
            let prefix = db.entry_prefix(self.log.dot(seq))?;
            claims.extend(prefix.map(|prefix| Claim { seq, prefix: hex::encode(&prefix) }));
        }
        Ok(Some(Compare { log: self.log, claims, fork: None }))
    }

    /// The places between what agrees and what differs that are asked about next.
    fn places(&self) -> impl Iterator<Item = u64> {
        let step = (self.differs - self.agrees).div_ceil(CLAIMS_MAX);
        std::iter::successors(Some(self.agrees + step), move |seq| Some(seq + step))
            .take_while(|seq| *seq < self.differs)
    }

    /// Takes the answer to a question.
    pub fn learn(&mut self, question: &Compare, answer: Compared) {
        let next = question.claims.iter().map(|claim| claim.seq).find(|seq| *seq > answer.agrees_to);
        self.has_heard = true;
        self.agrees = self.agrees.max(answer.agrees_to.min(self.differs - 1));
        self.head = answer.head;
        match next {
            Some(differs) if differs < self.differs => {
                self.differs = differs.max(self.agrees + 1);
                self.other = answer.other;
            }
            None if question.claims.is_empty() => self.agrees = self.differs - 1,
            _ => {}
        }
    }

    /// How the two copies part, once the place is found; none when one of them only goes further. The first entry says
    /// whose a log is: two of them are two logs.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn parting(&self, db: &Read<'_>) -> Result<Option<Parting>, ReadError> {
        let (Some(theirs), Some(head)) = (&self.other, &self.head) else { return Ok(None) };
        let (log, from) = (self.log, self.differs);
        let (Some(ours), Some(here), 2..) = (db.branch_start(log.dot(from))?, db.head_of(log)?, from) else {
            return Ok(None);
        };
        let (Some(prefix), Some(before)) =
            (hex::decode_array(&head.prefix), db.entry_prefix(log.dot(from - 1))?)
        else {
            return Ok(None);
        };
        let theirs_stands = *theirs < ours;
        let (before, there) = (Head { seq: from - 1, prefix: before }, Head { seq: head.seq, prefix });
        Ok((*theirs != ours).then_some(Parting { log, from, theirs_stands, before, here, there }))
    }
}

/// Two copies of a log that part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parting {
    /// Which log.
    pub log: LogId,
    /// The first entry that differs.
    pub from: u64,
    /// Whether the branch of the other side stands.
    pub theirs_stands: bool,
    /// The last entry that is the same.
    before: Head,
    /// The last entries of both.
    here: Head,
    there: Head,
}

impl Parting {
    /// With what vector to ask for what is missing here, given what is here: branches that stand, and none that do not.
    pub fn pull(partings: &[Self], mut here: VersionVector) -> VersionVector {
        for parting in partings {
            here.set(parting.log, if parting.theirs_stands { parting.before } else { parting.there });
        }
        here
    }

    /// By what vector to make a batch of what is missing there, given what is there: likewise.
    pub fn push(partings: &[Self], mut there: VersionVector) -> VersionVector {
        for parting in partings {
            there.set(parting.log, if parting.theirs_stands { parting.here } else { parting.before });
        }
        there
    }
}

/// Compares what somebody has with what is here.
///
/// # Errors
/// When the store cannot be read.
pub fn compare(db: &Read<'_>, question: &Compare) -> Result<Compared, ReadError> {
    let log = question.log;
    let most = usize::try_from(2 * CLAIMS_MAX).expect("a small number");
    let (mut agrees_to, mut differs) = (0, None);
    for claim in question.claims.iter().take(most).rev() {
        let here = db.entry_prefix(log.dot(claim.seq))?;
        if here.is_some_and(|prefix| hex::encode(&prefix) == claim.prefix) {
            agrees_to = claim.seq;
            break;
        }
        differs = Some(claim.seq);
    }
    let other = differs.map(|seq| db.branch_start(log.dot(seq))).transpose()?.flatten();
    let head = db.head_of(log)?.map(|head| Claim { seq: head.seq, prefix: hex::encode(&head.prefix) });
    Ok(Compared { agrees_to, other, head, fork: db.fork_of(log)? })
}

#[cfg(test)]
mod tests {
    use lanyard_sync::{Epoch, NodeId};

    use super::*;

    fn start(seq: u64) -> Start {
        Start { at_ms: i64::try_from(seq).unwrap(), prefix: String::new() }
    }

    /// Searches a log of so many entries of which those from `fork` on differ; in how many questions it was found.
    fn search(seq: u64, fork: u64) -> (Search, u32) {
        let log = LogId { node: NodeId([1; 16]), epoch: Epoch(1) };
        let mut search = Search::new(log, seq);
        let mut rounds = 0;
        while search.agrees + 1 < search.differs && rounds < 20 {
            let claims: Vec<_> = search.places().map(|seq| Claim { seq, prefix: String::new() }).collect();
            assert!(claims.len() as u64 <= CLAIMS_MAX, "{} claims", claims.len());
            let same = claims.iter().map(|claim| claim.seq).filter(|seq| *seq < fork);
            let agrees_to = same.max().unwrap_or(0);
            let other = claims.iter().find(|claim| claim.seq > agrees_to).map(|claim| start(claim.seq));
            search.learn(
                &Compare { log, claims, fork: None },
                Compared { agrees_to, other, head: None, fork: None },
            );
            rounds += 1;
        }
        (search, rounds)
    }

    #[test]
    fn the_place_is_found_in_a_few_questions() {
        for (seq, fork) in [(1, 1), (2, 2), (10, 3), (100, 99), (100, 2), (1_000_000, 777_777)] {
            let (found, rounds) = search(seq, fork);
            assert_eq!((found.differs, found.other), (fork, Some(start(fork))), "{seq} {fork}");
            assert!(rounds <= 6, "{seq} {fork}: {rounds}");
        }
    }

    #[test]
    fn a_log_that_is_the_same_differs_after_its_end() {
        let (found, _) = search(50, 51);
        assert_eq!((found.differs, found.other), (51, None));
    }

    #[test]
    fn the_branch_that_was_begun_earlier_stands() {
        let [earlier, later] = [1, 2].map(|at_ms| Start { at_ms, prefix: "ff".into() });
        assert!(earlier < later);
        assert!(
            Start { prefix: "00".into(), ..later.clone() } < later
                && earlier < Start { prefix: "00".into(), ..later }
        );
    }

    #[test]
    fn what_a_node_says_that_does_not_tell_which_branch_stands_is_read() {
        let earlier: Compared = serde_json::from_str(r#"{"agrees_to":7,"fork":8}"#).unwrap();
        assert_eq!(earlier, Compared { agrees_to: 7, other: None, head: None, fork: Some(8) });
        let head = Claim { seq: 9, prefix: "0102030405060708".into() };
        let compared = Compared { other: Some(start(8)), head: Some(head), ..earlier };
        let json = r#"{"agrees_to":7,"other":{"at_ms":8,"prefix":""},"head":{"seq":9,"prefix":"0102030405060708"},"fork":8}"#;
        assert_eq!(serde_json::to_string(&compared).unwrap(), json);
    }
}
