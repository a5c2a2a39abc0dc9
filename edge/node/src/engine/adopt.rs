//! Taking up a snapshot: a node that has nothing but the opening of its own log gets every state at once.
//!
//! The entries they were folded from come later, to the positions that are kept free for them (`history.rs`). Until
//! then a stream whose states would have to be folded anew waits.

use std::collections::BTreeMap;

use lanyard_domain::event::LogEnd;
use lanyard_sync::snapshot::SnapshotLog;
use lanyard_sync::{CanonicalKey, ContextDelta, ContextHead, EpochOpened, Erasure, LogId, StreamName};

use super::Engine;
use super::append::{WriteError, tally};
use crate::project::Row;
use crate::project::arrivals::Tally;
use crate::rebuild::Restored;
use crate::snapshot::{BUILD, Taken, TakenError, Unpacked};
use crate::store::base::BaseHead;
use crate::store::states::{self, Last};
use crate::store::{
    StoreError, base, contexts, entries, erasures, forks, logs, meta, set_cache, sql, streams,
};

/// Memory for pages meanwhile: indexes are written all over, and are to stay there until they are whole.
const CACHE_KIB: u32 = 48 * 1024;

/// What is taken up so far.
struct Adopting {
    /// The stream that the opening of the own log is in, and its place in canonical order.
    own_stream: StreamName,
    own_key: CanonicalKey,
    /// Where the opening stands: after the positions that are kept free.
    own_pos: i64,
    /// Up to where each log was folded.
    ends: BTreeMap<LogId, u64>,
    arrivals: Tally,
    last_stream: i64,
}

impl Engine {
    /// Whether nothing is here but the opening of the own log: a snapshot can be taken up.
    pub(crate) fn is_fresh(&self) -> bool {
        self.position == 1 && self.log.head().seq == 1 && self.base.is_none() && !self.identity.is_hq()
    }

    /// Takes up a snapshot. Tells whether it did: one of another build is of no use, and neither is one for a node
    /// that has entries.
    pub(super) fn adopt(&mut self, taken: &Taken) -> Result<bool, WriteError> {
        let manifest = taken.manifest();
        let own = self.own_log();
        let own_there = manifest.logs.iter().find(|log| log.head.dot.log == own);
        let is_known_there = own_there.is_none_or(|log| log.head.hash == self.log.head().hash);
        if !self.is_fresh() || manifest.build != BUILD || !is_known_there {
            return Ok(false);
        }
        let mut logs: Vec<_> = manifest.logs.iter().filter(|log| log.head.dot.log != own).collect();
        // As they would have arrived: a later log of a node has seen more of its earlier ones.
        logs.sort_by_key(|log| (logs_seen_of_its_node(log), log.lamport));
        self.adopt_logs(&logs)?;
        let ends = manifest.vector().iter().map(|(log, head)| (log, head.seq)).collect();
        for (log, from) in &manifest.forks {
            forks::put(&self.db, *log, *from)?;
        }
        for (log, seq) in &manifest.closed {
            self.closed.close(&self.db, LogEnd { log: *log, seq: *seq })?;
        }
        for node in &manifest.retired {
            self.closed.retire(&self.db, *node)?;
        }
        let kept_free: u64 = logs.iter().map(|log| log.head.dot.seq).sum();
        let mut adopting = Adopting {
            own_stream: EpochOpened::stream(own.node),
            own_key: CanonicalKey::new(self.log.head().lamport, own.dot(1)),
            own_pos: sql::column(kept_free) + 1,
            ends,
            arrivals: Tally::default(),
            last_stream: 1,
        };
        self.move_own_entry(&adopting)?;
        set_cache(&self.db, CACHE_KIB)?;
        let adopted = taken.unpack(self.account(), |chunk| self.adopt_chunk(chunk, &mut adopting));
        set_cache(&self.db, self.options.cache_kib)?;
        adopted?;
        adopting.arrivals.save(&self.db)?;
        meta::set(&self.db, meta::BASE_STREAMS, adopting.last_stream)?;
        // What came of the commands of an earlier epoch of this node is known once its entries are here.
        meta::set(&self.db, meta::ALL_PENDING, logs.iter().any(|log| log.head.dot.log.node == own.node))?;
        self.reload()?;
        tracing::info!(entries = manifest.entries(), "a snapshot was taken up; the older log follows");
        Ok(true)
    }

    fn adopt_logs(&mut self, adopted: &[&SnapshotLog]) -> Result<(), StoreError> {
        for log in adopted {
            let row = logs::insert(&self.db, log.head.dot.log, &log.certificate)?;
            let head = BaseHead {
                log: row.id,
                seq: log.head.dot.seq,
                lamport: log.lamport,
                hash: log.head.hash,
                signature: log.head.signature,
            };
            base::insert(&self.db, &head)?;
            self.insert_log(row);
        }
        for log in adopted {
            let seen = ContextDelta::new(log.context.iter().map(|(log, head)| ContextHead { log, head }));
            let number = |log: &LogId| Some(self.logs.get(log)?.id);
            let dot = log.head.dot;
            if let Some(row) = number(&dot.log) {
                contexts::insert(&self.db, row, dot.seq, &seen, number)?;
            }
        }
        Ok(())
    }

    fn move_own_entry(&self, adopting: &Adopting) -> Result<(), StoreError> {
        self.db.prepare_cached("UPDATE entries SET pos = ?1 WHERE pos = 1")?.execute([adopting.own_pos])?;
        self.db.prepare_cached("UPDATE states SET last_pos = ?1")?.execute([adopting.own_pos])?;
        Ok(())
    }

    fn adopt_chunk(&self, chunk: Unpacked, adopting: &mut Adopting) -> Result<(), WriteError> {
        match chunk {
            Unpacked::Streams(streams) => {
                for (name, restored) in streams {
                    self.adopt_state(&name, restored, adopting)?;
                }
            }
            Unpacked::Tallied(records) => {
                for (command, index) in records {
                    tally(&self.db, &command, index)?;
                }
            }
            Unpacked::Erasures(erasures) => {
                for erasure in erasures {
                    self.adopt_erasure(&erasure)?;
                }
            }
        }
        Ok(())
    }

    fn adopt_state(
        &self,
        name: &StreamName,
        mut restored: Restored,
        adopting: &mut Adopting,
    ) -> Result<(), WriteError> {
        let dot = restored.last.key.dot();
        if adopting.ends.get(&dot.log).is_none_or(|end| *end < dot.seq) {
            return Err(TakenError::Inconsistent("a state names an entry that it was not folded from").into());
        }
        let row = if *name == adopting.own_stream {
            entries::follow(&self.db, adopting.own_pos, Some(states::UNFETCHED))?;
            let key = restored.last.key.max(adopting.own_key);
            restored.last = Last { pos: adopting.own_pos, key };
            streams::find(&self.db, name)?
        } else {
            streams::insert_new(&self.db, name)?
        };
        let id = row.ok_or(TakenError::Inconsistent("a stream comes twice"))?;
        adopting.arrivals.move_one(None, restored.standing);
        adopting.last_stream = adopting.last_stream.max(id);
        restored.write(&self.db, &self.logs, Row { id, is_new: true, is_of_many: true })?;
        Ok(())
    }

    fn adopt_erasure(&self, erasure: &Erasure) -> Result<(), WriteError> {
        if !erasure.verify(self.scope(), &self.identity.organiser_key) {
            return Err(TakenError::Inconsistent("a word of an erasure does not hold").into());
        }
        if let Some(stream) = streams::find(&self.db, &erasure.stream)? {
            erasures::hold(&self.db, stream, None, erasure, states::UNFETCHED)?;
        }
        Ok(())
    }
}

fn logs_seen_of_its_node(log: &SnapshotLog) -> usize {
    log.context.iter().filter(|(seen, _)| seen.node == log.head.dot.log.node).count()
}
