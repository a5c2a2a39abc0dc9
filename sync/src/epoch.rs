//! The first entry of every log: who opens it, under which certificate, and what came before.

use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::id::{Epoch, Hash, NodeId};
use crate::stream::{StreamKey, StreamName};

/// Kind of the first entry of every log.
pub const EPOCH_OPENED_KIND: &str = "epoch-opened";
/// Version of that kind which this build reads.
pub const EPOCH_OPENED_VERSION: u16 = 1;

/// The facts of a log's first entry.
// Stored: as JSON in the facts of entry 1, kind `epoch-opened/1`, stream `node/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochOpened {
    /// Under which the log is written.
    pub certificate: Certificate,
    /// The node's log before this one, if it knows of any.
    pub previous: Option<PreviousEpoch>,
    /// Why a new log was begun: `enrolled`, `restored`, …
    pub reason: String,
}

/// Where the node's previous log ended, as far as the node knows.
// Stored: as a part of the facts of `epoch-opened/1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousEpoch {
    /// The epoch that is over.
    pub epoch: Epoch,
    /// Its last sequence number.
    pub seq: u64,
    /// The chain hash there.
    pub head: Hash,
}

impl EpochOpened {
    /// Returns the stream of the entry.
    pub fn stream(node: NodeId) -> StreamName {
        StreamName::new("node", StreamKey::Id(node.0))
    }

    /// Returns the facts as JSON.
    pub fn to_facts(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("ids, numbers and text always make JSON")
    }

    /// Reads the facts.
    pub fn from_facts(facts: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::tests::{claims, organiser};
    use crate::id::ScopeId;

    #[test]
    fn the_facts_are_json_that_reads_back() {
        let certificate = claims(1, ScopeId([5; 16])).sign(&organiser()).unwrap();
        let previous = PreviousEpoch { epoch: Epoch(7), seq: 12, head: Hash([3; 32]) };
        let opened = EpochOpened { certificate, previous: Some(previous), reason: "restored".into() };
        assert_eq!(EpochOpened::from_facts(&opened.to_facts()).unwrap(), opened);
    }
}
