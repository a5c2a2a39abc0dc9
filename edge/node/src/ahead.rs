//! Batches that are made before they are asked for: while a peer stores one, the next one is read.
//!
//! Responsible for making one, and for telling whether its entries are what a peer lacks next. It may hold fewer than one
//! that is made then, or words that were erased a moment ago. Where it does not fit, or there is none, another one is made.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lanyard_sync::{Batch, Head, LogId, NodeId, ScopeId, VersionVector};
use tokio::task::JoinHandle;

use crate::read::{Read, ReadError, Reader};

/// How long a batch is good for: what is erased meanwhile is not to be sent much later.
const GOOD_FOR: Duration = Duration::from_secs(10);
/// Peers for which a batch is kept at once; each is as large as it travels.
const PEERS_MAX: usize = 16;

/// A batch as it travels, and for whom it is.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    /// What whoever gets it has before.
    before: VersionVector,
    /// Where the entries of each of its logs begin.
    firsts: Vec<(LogId, u64)>,
    /// What whoever stored it has.
    pub(crate) after: VersionVector,
}

/// A batch that is being made, or is there.
#[derive(Debug)]
pub(crate) struct Ahead {
    begun: Instant,
    making: JoinHandle<Option<Made>>,
}

/// What is made ahead for those who pull.
#[derive(Debug, Default)]
pub(crate) struct AheadOfPeers(Mutex<BTreeMap<(ScopeId, NodeId), Ahead>>);

impl Made {
    /// Makes the next batch for whoever has this much; none when they lack nothing.
    pub(crate) fn next(db: Read<'_>, have: VersionVector) -> Result<Option<Self>, ReadError> {
        Ok(db.batch_after(&have)?.map(|batch| Self::of(&batch, have)))
    }

    fn of(batch: &Batch, before: VersionVector) -> Self {
        let mut after = before.clone();
        for log in &batch.logs {
            after.set(log.log(), Head::new(log.head.dot.seq, &log.head.hash));
        }
        let firsts = batch.logs.iter().map(|log| (log.log(), log.first_seq)).collect();
        Self { bytes: batch.encode(), before, firsts, after }
    }

    /// Whether it is what somebody with this vector lacks next.
    pub(crate) fn suits(&self, have: &VersionVector) -> bool {
        have.dominates(&self.before) && self.firsts.iter().all(|(log, first)| have.seq(log) + 1 == *first)
    }

    /// Whether something is left for another batch.
    pub(crate) fn leaves(&self, here: &VersionVector) -> bool {
        here.iter().any(|(log, head)| self.after.seq(&log) < head.seq)
    }
}

impl Ahead {
    /// Begins to make the batch that comes after another one.
    pub(crate) fn begin(reader: Reader, have: VersionVector) -> Self {
        let making = async move {
            reader.read(move |db| Made::next(*db, have)).await.unwrap_or_else(|error| {
                // Whoever asks for it tells what is the matter.
                tracing::debug!(error = &error as &dyn std::error::Error, "no batch was made ahead");
                None
            })
        };
        Self { begun: Instant::now(), making: tokio::spawn(making) }
    }

    /// The batch, if it is what somebody with this vector lacks next.
    pub(crate) async fn take(self, have: &VersionVector) -> Option<Made> {
        if self.begun.elapsed() > GOOD_FOR {
            return None;
        }
        self.making.await.ok().flatten().filter(|made| made.suits(have))
    }
}

impl AheadOfPeers {
    /// Keeps what is made for a peer, instead of what was before.
    pub(crate) fn keep(&self, scope: ScopeId, peer: NodeId, ahead: Ahead) {
        let mut kept = self.0.lock().expect("nothing panics while it holds this lock");
        if kept.len() >= PEERS_MAX && !kept.contains_key(&(scope, peer)) {
            // It is made when it is asked for.
            kept.pop_first();
        }
        kept.insert((scope, peer), ahead);
    }

    /// Takes what was made for a peer.
    pub(crate) async fn take(&self, scope: ScopeId, peer: NodeId, have: &VersionVector) -> Option<Made> {
        let ahead = self.0.lock().expect("nothing panics while it holds this lock").remove(&(scope, peer));
        ahead?.take(have).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::test_node::{TestNode, check_in};

    fn everything_of(node: &TestNode) -> Made {
        let reader = node.reader();
        reader.read_here(|db| Made::next(*db, VersionVector::default())).unwrap().unwrap()
    }

    #[test]
    fn a_batch_suits_whoever_lacks_just_its_entries_of_their_logs() {
        let mut node = TestNode::hq_with_people(3);
        let first = everything_of(&node);
        let here = VersionVector::clone(&node.engine.published().vector);
        assert!(first.suits(&VersionVector::default()));
        assert!(!first.suits(&here));
        assert!(!first.leaves(&here));
        assert_eq!(first.after, here);
        node.accept(check_in(0));
        let after = VersionVector::clone(&node.engine.published().vector);
        assert!(first.leaves(&after));
        let reader = node.reader();
        let second = reader.read_here(|db| Made::next(*db, first.after.clone())).unwrap().unwrap();
        assert!(second.suits(&here));
        // Whoever has none of it cannot follow, and whoever has all of it needs none of it.
        assert!(!second.suits(&VersionVector::default()));
        assert!(!second.suits(&after));
    }

    #[tokio::test]
    async fn what_is_kept_for_a_peer_is_given_once_and_to_nobody_else() {
        let node = TestNode::hq_with_people(3);
        let (scope, north, south) = (ScopeId([5; 16]), NodeId([1; 16]), NodeId([2; 16]));
        let (ahead, nothing) = (AheadOfPeers::default(), VersionVector::default());
        let reader = node.reader();
        ahead.keep(scope, north, Ahead::begin(reader, nothing.clone()));
        assert!(ahead.take(scope, south, &nothing).await.is_none());
        assert_eq!(ahead.take(scope, north, &nothing).await.unwrap().bytes, everything_of(&node).bytes);
        assert!(ahead.take(scope, north, &nothing).await.is_none());
    }

    #[tokio::test]
    async fn a_batch_that_was_made_long_ago_is_not_given() {
        let node = TestNode::hq_with_people(3);
        let nothing = VersionVector::default();
        let ahead = Ahead::begin(node.reader(), nothing.clone());
        let begun = ahead.begun.checked_sub(2 * GOOD_FOR).unwrap();
        assert!(Ahead { begun, ..ahead }.take(&nothing).await.is_none());
    }
}
