//! The group commit: one transaction for what is queued, one sync, replies afterwards.

use std::collections::BTreeMap;

use lanyard_sync::{Batch, CommandId, Hash};

use super::append::WriteError;
use super::{Committed, Engine, ImportError, LocalAnswer, Reply, Submission, SubmitError, Submitted};
use crate::clock::Draws;
use crate::store::StoreError;
use crate::store::ballast::Ballast;

/// Most submissions of one commit.
pub const GROUP_MAX: usize = 64;

/// How long a planted fault keeps a commit back.
const LATE: std::time::Duration = std::time::Duration::from_millis(200);

/// A group by kind, each submission with its place. Nobody was answered yet, so it has no order of its own;
/// batches come last, because they are consumed and nothing after them can make the group start over.
#[derive(Default)]
struct Group {
    size: usize,
    asked: Vec<(usize, Submission)>,
    imports: Vec<(usize, Batch)>,
    /// Of the log that is older than a snapshot.
    history: Vec<(usize, Batch)>,
}

impl Group {
    fn of(submissions: Vec<Submission>) -> Self {
        let mut group = Self { size: submissions.len(), ..Self::default() };
        for (index, submission) in submissions.into_iter().enumerate() {
            match submission {
                Submission::Import(batch) => group.imports.push((index, batch)),
                Submission::History(batch) => group.history.push((index, batch)),
                other => group.asked.push((index, other)),
            }
        }
        group
    }

    /// Leaves what may be written in the room of the ballast.
    fn keep_to_the_reserve(&mut self) {
        self.imports.clear();
        self.history.clear();
        self.asked.retain(|(_, submission)| submission.may_use_the_reserve());
    }

    fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.imports.is_empty() && self.history.is_empty()
    }
}

/// The reply to each submission of a group, by its place.
type Replies = Vec<Option<Reply>>;

/// What is needed of a submission to reply to it when the transaction failed.
enum Asked {
    Command(CommandId, Hash),
    Import,
    Local,
}

impl Engine {
    /// Performs a group in one transaction. The replies may go out when this returns: everything in
    /// them is on disk. When the disk is full nothing of the group was written and the engine goes on;
    /// after any other failure it must not be used again.
    pub fn commit(&mut self, group: Vec<Submission>) -> Committed {
        self.commit_beside(&mut Ballast::none(), group)
    }

    /// The same beside a ballast: when the disk is full it is given up, and what may use its room is
    /// performed once more. Until it is there again, everything else is refused.
    pub(crate) fn commit_beside(&mut self, ballast: &mut Ballast, group: Vec<Submission>) -> Committed {
        let asked: Vec<Asked> = group.iter().map(Asked::of).collect();
        let mut draws = Draws::new(&self.surroundings.seed());
        let mut group = Group::of(group);
        if ballast.is_given_up() {
            group.keep_to_the_reserve();
        }
        let mut written = self.perform_and_finish(&mut group, &mut draws);
        if matches!(written, Err(StoreError::Full)) && ballast.give_up() {
            group.keep_to_the_reserve();
            written = self.undo().and_then(|()| self.perform_and_finish(&mut group, &mut draws));
        }
        match written {
            Ok(mut replies) => {
                replies.resize_with(asked.len(), || None);
                let reply = |(reply, asked): (Option<Reply>, &Asked)| {
                    reply.unwrap_or_else(|| self.reply_to_failed(asked, false))
                };
                let replies = replies.into_iter().zip(&asked).map(reply).collect();
                Committed { replies, is_full: false, broken: None }
            }
            Err(error) => self.recover(&asked, error),
        }
    }

    fn perform_and_finish(&mut self, group: &mut Group, draws: &mut Draws) -> Result<Replies, StoreError> {
        if group.is_empty() {
            return Ok(Replies::new());
        }
        let replies = self.perform(group, draws)?;
        self.finish()?;
        Ok(replies)
    }

    /// A planted fault: answers first and commits a while later.
    pub(crate) fn commit_late(
        &mut self,
        group: Vec<Submission>,
        answer: impl FnOnce(Vec<Reply>),
    ) -> Committed {
        let asked: Vec<Asked> = group.iter().map(Asked::of).collect();
        let mut draws = Draws::new(&self.surroundings.seed());
        let late = self.perform(&mut Group::of(group), &mut draws).and_then(|replies| {
            answer(replies.into_iter().flatten().collect());
            std::thread::sleep(LATE);
            self.finish()
        });
        match late {
            Ok(()) => Committed { replies: Vec::new(), is_full: false, broken: None },
            Err(error) => self.recover(&asked, error),
        }
    }

    /// Performs a group in a transaction that is still to be committed. When a command cannot be written
    /// after some of it was, the group is undone and performed again without it: that is rare, and a
    /// savepoint for each command would cost every commit a copy of every page it changes.
    fn perform(&mut self, group: &mut Group, draws: &mut Draws) -> Result<Replies, StoreError> {
        let mut unwritable = BTreeMap::new();
        let mut replies = loop {
            self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            match self
                .perform_asked(group, &unwritable, draws)
                .and_then(|replies| self.make_way_for_imports(group, &unwritable, replies, draws))
            {
                Ok(replies) => break replies,
                Err((_, WriteError::Store(error))) => return Err(error),
                Err((index, error)) => {
                    self.undo()?;
                    unwritable.insert(index, error);
                }
            }
        };
        for (index, batch) in group.imports.drain(..) {
            if replies[index].is_none() {
                replies[index] = Some(Reply::Import(self.import(batch)?));
            }
        }
        for (index, batch) in group.history.drain(..) {
            replies[index] = Some(Reply::Import(self.take_history(batch)?));
        }
        Ok(replies)
    }

    /// Sets aside what does not stand beside a batch of the group; replies to those that cannot be stored then.
    fn make_way_for_imports(
        &mut self,
        group: &Group,
        unwritable: &BTreeMap<usize, WriteError>,
        mut replies: Replies,
        draws: &mut Draws,
    ) -> Result<Replies, (usize, WriteError)> {
        for (index, batch) in &group.imports {
            if let Some(error) = unwritable.get(index) {
                tell_undone(error);
            } else if let Err(problem) = self.make_way(batch, draws).map_err(|error| (*index, error))? {
                replies[*index] = Some(Reply::Import(Err(ImportError::Problem(problem))));
            }
        }
        Ok(replies)
    }

    /// Performs what was asked for here; the index of what could not be written comes with the error.
    fn perform_asked(
        &mut self,
        group: &Group,
        unwritable: &BTreeMap<usize, WriteError>,
        draws: &mut Draws,
    ) -> Result<Replies, (usize, WriteError)> {
        let mut replies = Replies::new();
        replies.resize_with(group.size, || None);
        for (index, submission) in &group.asked {
            let failed = |error| (*index, error);
            let reply = match submission {
                Submission::Command(submitted) => Reply::Command(match unwritable.get(index) {
                    None => self.take_command(submitted, draws).map_err(failed)?,
                    Some(error) => self.refuse_unwritable(submitted, error).map_err(|e| failed(e.into()))?,
                }),
                Submission::Local(_) if unwritable.contains_key(index) => {
                    tell_undone(&unwritable[index]);
                    Reply::Local(Ok(LocalAnswer::NotApplicable))
                }
                Submission::Local(change) => {
                    Reply::Local(self.change_locally(change.clone(), draws).map(Ok).map_err(failed)?)
                }
                Submission::Import(_) | Submission::History(_) => continue,
            };
            replies[*index] = Some(reply);
        }
        Ok(replies)
    }

    /// Signs, commits and syncs.
    pub(super) fn finish(&mut self) -> Result<(), StoreError> {
        self.sign_head()?;
        self.arrivals.save(&self.db)?;
        if self.position > self.committed_position {
            self.peers.save(&self.db)?;
        }
        self.db.prepare_cached("COMMIT")?.execute([])?;
        self.committed_position = self.position;
        Ok(())
    }

    /// Undoes a failed transaction, in the tables and in memory.
    fn recover(&mut self, asked: &[Asked], error: StoreError) -> Committed {
        let undone = self.undo();
        let broken = match (error, undone) {
            (StoreError::Full, Ok(())) => None,
            (StoreError::Full, Err(error)) | (error, _) => Some(error),
        };
        let replies = asked.iter().map(|asked| self.reply_to_failed(asked, broken.is_some())).collect();
        Committed { replies, is_full: broken.is_none(), broken }
    }

    pub(super) fn undo(&mut self) -> Result<(), StoreError> {
        // SQLite may have rolled back by itself.
        if !self.db.is_autocommit() {
            self.db.execute_batch("ROLLBACK")?;
        }
        // Nobody is told of what was not written.
        drop(self.fresh.take_to_tell());
        self.reload()
    }

    /// What was decided before is still said; everything else was not done.
    fn reply_to_failed(&self, asked: &Asked, is_broken: bool) -> Reply {
        let refused = || if is_broken { SubmitError::Stopped } else { SubmitError::StoreFull };
        match asked {
            Asked::Command(id, body) => Reply::Command(match self.outcomes.get(&self.db, id) {
                Ok(Some(stored)) if stored.answers(body) => {
                    self.stored_answer(stored.outcome).map_err(|_| refused())
                }
                _ => Err(refused()),
            }),
            Asked::Import => {
                Reply::Import(Err(if is_broken { ImportError::Stopped } else { ImportError::StoreFull }))
            }
            Asked::Local => Reply::Local(Err(refused())),
        }
    }
}

fn tell_undone(error: &WriteError) {
    tracing::warn!(error = error as &dyn std::error::Error, "a change was undone");
}

impl Asked {
    fn of(submission: &Submission) -> Self {
        match submission {
            Submission::Command(Submitted { id, body, .. }) => Self::Command(*id, *body),
            Submission::Import(_) | Submission::History(_) => Self::Import,
            Submission::Local(_) => Self::Local,
        }
    }
}
