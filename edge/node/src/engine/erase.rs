//! Removing what is erased: in small steps between two groups, from where the last one ended.
//!
//! An erasure counts in the fold at once. What is left is to make the bytes go from the disk: out of the
//! entries, out of the search index, out of pages and the write-ahead log where SQLite leaves copies, and, by
//! whoever prints, out of printed files. Then the node says in its log that it has done so.

use std::time::Duration;

use lanyard_domain::outcome::Outcome;
use lanyard_domain::{Command, Role};
use lanyard_sync::{CommandId, Erasure, Hash, Signature, StreamName};

use super::{Engine, Reply, Submission, Submitted};
use crate::store::{StoreError, erasures, meta};

/// Most entries of one step.
const ENTRIES_AT_ONCE: u32 = 512;
/// Pages of the search index that one step merges, about.
const PAGES_AT_ONCE: i32 = 64;
/// How long the end of the write-ahead log may be waited for while somebody reads.
const READERS_WITHIN: Duration = Duration::from_millis(50);
/// As [`crate::store::database`] waits otherwise.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How far the removal is.
// Stored: as its number in the meta table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Erasing {
    /// Entries are to be stripped.
    Parts,
    /// The search index is to be merged, which leaves out what was deleted.
    Words,
    /// The file is to be written anew, without the unused parts of its pages.
    File,
    /// The write-ahead log is to be emptied.
    WriteAheadLog,
    /// Printed files are to be deleted by whoever prints; then it is done.
    Badges,
}

impl Erasing {
    /// Whether a step takes so long that it waits until nobody asks for anything.
    pub(crate) const fn waits_for_quiet(self) -> bool {
        match self {
            Self::Parts | Self::Words => false,
            Self::File | Self::WriteAheadLog | Self::Badges => true,
        }
    }

    const fn number(self) -> i64 {
        match self {
            Self::Parts => 0,
            Self::Words => 1,
            Self::File => 2,
            Self::WriteAheadLog => 3,
            Self::Badges => 4,
        }
    }

    fn from_number(number: i64) -> Option<Self> {
        [Self::Parts, Self::Words, Self::File, Self::WriteAheadLog, Self::Badges]
            .into_iter()
            .find(|stage| stage.number() == number)
    }
}

impl Engine {
    /// How far the removal of what is erased is; none when there is nothing to remove.
    pub const fn erasing(&self) -> Option<Erasing> {
        self.erasing
    }

    /// Reads what is kept in memory about erasures.
    pub(super) fn reload_erasures(&mut self) -> Result<(), StoreError> {
        self.has_erasures = erasures::any(&self.db)?;
        self.erased_ahead = erasures::ahead(&self.db)?.into_iter().collect();
        self.erasing = meta::get::<i64>(&self.db, meta::ERASING)?.and_then(Erasing::from_number);
        Ok(())
    }

    /// Takes up that a stream is erased, in the transaction of the entries it came with.
    pub(super) fn hold_erasure(
        &mut self,
        stream: i64,
        name: &StreamName,
        entry: Option<i64>,
        erasure: &Erasure,
    ) -> Result<(), StoreError> {
        erasures::hold(&self.db, stream, entry, erasure, self.last_of(stream)?)?;
        self.has_erasures = true;
        if entry.is_none() {
            self.erased_ahead.insert(name.clone());
        } else {
            self.erased_ahead.remove(name);
        }
        self.begin_erasing()
    }

    /// This node's word that a stream is erased.
    pub(super) fn word_of_erasure(&self, name: &StreamName) -> Signature {
        Erasure::sign(self.scope(), self.own_log().node, name, &self.identity.key)
    }

    /// Begins the removal anew, in a transaction of the caller.
    pub(super) fn begin_erasing(&mut self) -> Result<(), StoreError> {
        if self.erasing == Some(Erasing::Parts) { Ok(()) } else { self.set_erasing(Some(Erasing::Parts)) }
    }

    fn last_of(&self, stream: i64) -> Result<i64, StoreError> {
        let mut statement =
            self.db.prepare_cached("SELECT coalesce((SELECT last_pos FROM states WHERE stream = ?1), 0)")?;
        let saved: i64 = statement.query_row([stream], |row| row.get(0))?;
        Ok(self.states.borrow().last_pos(stream).unwrap_or(saved))
    }

    /// Takes the next step of the removal.
    ///
    /// # Errors
    /// When the store fails. When the disk is full, nothing was done and it can be tried again.
    pub fn erase_step(&mut self) -> Result<(), StoreError> {
        if self.folding() > 0 {
            // A state that is being folded anew may still have the words.
            return Ok(());
        }
        match self.erasing {
            None => Ok(()),
            Some(Erasing::Parts) => {
                self.stepwise(Erasing::Words, |engine| erasures::strip(&engine.db, ENTRIES_AT_ONCE))
            }
            Some(Erasing::Words) => self.stepwise(Erasing::File, Self::merge_words),
            Some(Erasing::File) => {
                self.db.execute_batch("VACUUM")?;
                self.stepwise(Erasing::WriteAheadLog, |_| Ok(false))
            }
            Some(Erasing::WriteAheadLog) => {
                if self.empty_write_ahead_log()? {
                    self.stepwise(Erasing::Badges, |_| Ok(false))?;
                }
                Ok(())
            }
            Some(Erasing::Badges) => self.report_erasures(),
        }
    }

    /// Does a bounded piece of a stage in a transaction, and goes on to the next one when there is no more.
    fn stepwise(
        &mut self,
        next: Erasing,
        step: impl FnOnce(&mut Self) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        self.db.execute_batch("BEGIN IMMEDIATE")?;
        let done = step(self).and_then(|has_more| {
            if !has_more {
                self.set_erasing(Some(next))?;
            }
            Ok(self.db.execute_batch("COMMIT")?)
        });
        if done.is_err() {
            self.undo()?;
        }
        done
    }

    fn merge_words(&mut self) -> Result<bool, StoreError> {
        let changes = || self.db.query_row("SELECT total_changes()", [], |row| row.get::<_, i64>(0));
        let before = changes()?;
        self.db
            .prepare_cached("INSERT INTO search (search, rank) VALUES ('merge', ?1)")?
            .execute([-PAGES_AT_ONCE])?;
        // Without work to do the command counts as one change or none.
        Ok(changes()? - before >= 2)
    }

    fn empty_write_ahead_log(&self) -> Result<bool, StoreError> {
        self.db.busy_timeout(READERS_WITHIN)?;
        let is_busy = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.db.busy_timeout(BUSY_TIMEOUT)?;
        Ok(!is_busy?)
    }

    /// Says in the log that what is erased is gone here, once no badge of somebody erased is left.
    fn report_erasures(&mut self) -> Result<(), StoreError> {
        if self.has_badges_of_the_erased()? {
            return Ok(());
        }
        let report = Submitted {
            id: self.report_command(),
            body: Hash([0; 32]),
            actor: "node".to_owned(),
            desk: String::new(),
            role: Role::Administrator,
            command: Command::ReportErasures,
            if_match: None,
        };
        let mut committed = self.commit(vec![Submission::Command(report)]);
        if let Some(error) = committed.broken {
            return Err(error);
        }
        match committed.replies.pop() {
            Some(Reply::Command(Ok(answer))) if matches!(answer.outcome, Outcome::Accepted(_)) => {
                self.set_erasing(None)
            }
            _ => Ok(()),
        }
    }

    fn has_badges_of_the_erased(&self) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT 1 FROM print_jobs WHERE attendee IN (SELECT s.key FROM erasures r JOIN streams s ON s.id = r.stream \
             WHERE s.category = 'attendee') LIMIT 1",
        )?;
        Ok(statement.exists([])?)
    }

    /// The id under which the present state of things is reported once.
    fn report_command(&self) -> CommandId {
        let head = self.log.head();
        let mut hasher = blake3::Hasher::new_derive_key("lanyard/erasures-completed/1");
        hasher.update(head.log.node.as_bytes()).update(&head.log.epoch.0.to_le_bytes());
        hasher.update(&head.seq.to_le_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        CommandId(id)
    }

    fn set_erasing(&mut self, stage: Option<Erasing>) -> Result<(), StoreError> {
        match stage {
            Some(stage) => meta::set(&self.db, meta::ERASING, stage.number())?,
            None => meta::forget(&self.db, meta::ERASING)?,
        }
        self.erasing = stage;
        Ok(())
    }
}
