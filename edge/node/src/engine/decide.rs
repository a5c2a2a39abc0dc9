//! One command in a group commit: its outcome, stored for ever.

use lanyard_domain::command::Who;
use lanyard_domain::decide::{Deciding, Draft, decide};
use lanyard_domain::event::{Facts, ScanRefused};
use lanyard_domain::outcome::{Accepted, Outcome, Refused};
use lanyard_domain::policy::{DeskProfile, follow_ups};
use lanyard_domain::{
    AttendeeId, Command, DeskId, DocumentId, Event, Folded, FreshCheckIn, OrderId, Person, Refusal, Stream,
};
use lanyard_sync::Dot;

use super::append::{Origin, WriteError};
use super::view::NodeView;
use super::{Answer, Engine, EventLine, SubmitError, Submitted};
use crate::clock::Draws;
use crate::fault::{Fault, is_planted};
use crate::store::outcomes::StoredOutcome;
use crate::store::{StoreError, entries};

/// Most entries that are named to somebody who decided on an earlier version.
const BETWEEN_MAX: u64 = 50;

/// When to come again while a state is being folded anew, milliseconds.
const FOLD_RETRY_MS: u64 = 500;
/// When to come again while writes are held, milliseconds.
const HELD_RETRY_MS: u64 = 500;

/// What a command is about, as far as it says so itself.
#[derive(Clone, Copy, Debug, Default)]
struct Target {
    attendee: Option<AttendeeId>,
    order: Option<OrderId>,
}

impl Target {
    fn of(command: &Command) -> Self {
        let (attendee, order) = match command {
            Command::CheckIn { who: Who::Attendee(attendee), .. }
            | Command::AnnulCheckIn { attendee, .. }
            | Command::IssueBadge { attendee }
            | Command::ReprintBadge { attendee, .. }
            | Command::VoidBadge { attendee, .. }
            | Command::ReportPrinted { attendee, .. }
            | Command::EraseAttendee { attendee }
            | Command::EditDocument { document: DocumentId::Attendee(attendee), .. }
            | Command::ResolveConflict { attendee, .. } => (Some(*attendee), None),
            Command::TakePayment { order, .. }
            | Command::ConfirmOrder { order }
            | Command::CancelOrder { order, .. }
            | Command::ReleaseOrder { order }
            | Command::AssignSeat { order, .. } => (None, Some(*order)),
            Command::PlaceOrder { attendee, .. } => (*attendee, None),
            Command::CheckIn { who: Who::Code(_), .. }
            | Command::ConfigureConference { .. }
            | Command::SetStaff { .. }
            | Command::EnrolNode { .. }
            | Command::CloseLogs { .. }
            | Command::ImportAttendees { .. }
            | Command::RegisterWalkUp { .. }
            | Command::GiveRights { .. }
            | Command::EditDocument { document: DocumentId::Shared(_), .. }
            | Command::ReportErasures
            | Command::SetQuota { .. } => (None, None),
        };
        Self { attendee, order }
    }

    fn stream(self) -> Option<Stream> {
        self.order.map(Stream::Order).or(self.attendee.map(Stream::Attendee))
    }
}

impl WriteError {
    /// What is said where a state was to be decided on that waits.
    const fn waits(&self) -> Option<SubmitError> {
        match self {
            Self::HistoryPending => Some(SubmitError::HistoryPending),
            Self::FoldPending => Some(SubmitError::Busy { retry_after_ms: FOLD_RETRY_MS }),
            Self::Store(_)
            | Self::Append(_)
            | Self::Snapshot(_)
            | Self::NeedsUpgrade { .. }
            | Self::NodesTooOld { .. } => None,
        }
    }
}

impl Engine {
    /// Decides a command, or returns what was decided before. After an error other than the store's, what
    /// was written of it has to be undone.
    pub(super) fn take_command(
        &mut self,
        submitted: &Submitted,
        draws: &mut Draws,
    ) -> Result<Result<Answer, SubmitError>, WriteError> {
        if let Some(answer) = self.replay(submitted)? {
            return Ok(answer);
        }
        if self.held_until_seq.is_some() {
            return Ok(Err(SubmitError::Busy { retry_after_ms: HELD_RETRY_MS }));
        }
        if !self.waits_for.is_empty() {
            return Ok(Err(SubmitError::Healing));
        }
        if self.waiting.is_all() {
            return Ok(Err(SubmitError::HistoryPending));
        }
        if self.closed.is_over(&self.own_log()) {
            return Ok(Err(SubmitError::Retired));
        }
        if !submitted.role.may(&submitted.command) {
            return Ok(Err(SubmitError::NotPermitted { needs: submitted.command.least_role() }));
        }
        if let Some(stale) = self.stale(submitted)? {
            return Ok(Err(stale));
        }
        let position = self.position;
        let decided = self.decide_and_write(submitted, draws);
        let waits = decided.as_ref().err().and_then(WriteError::waits);
        if let Some(waits) = waits.filter(|_| self.position == position) {
            // Nothing was written that had to be undone.
            return Ok(Err(waits));
        }
        let stored = StoredOutcome { body: submitted.body, outcome: decided? };
        if !is_planted(Fault::OutcomeForgotten) {
            self.outcomes.insert(&self.db, &submitted.id, &stored)?;
        }
        Ok(self.answer(stored.outcome, false).map(Ok)?)
    }

    /// Finds the stored outcome of a command.
    fn replay(&self, submitted: &Submitted) -> Result<Option<Result<Answer, SubmitError>>, StoreError> {
        let Some(stored) = self.outcomes.get(&self.db, &submitted.id)? else { return Ok(None) };
        if !stored.answers(&submitted.body) {
            return Ok(Some(Err(SubmitError::KeyReused)));
        }
        self.stored_answer(stored.outcome).map(|answer| Some(Ok(answer)))
    }

    /// An answer made of an outcome that was stored before.
    pub(super) fn stored_answer(&self, outcome: Outcome) -> Result<Answer, StoreError> {
        self.answer(outcome, true)
    }

    fn answer(&self, outcome: Outcome, replayed: bool) -> Result<Answer, StoreError> {
        let (attendee, order) = match &outcome {
            Outcome::Accepted(accepted) => (accepted.attendee, accepted.order),
            Outcome::Refused(refused) => (refused.attendee, None),
        };
        let mut states = Vec::new();
        for stream in attendee.map(Stream::Attendee).into_iter().chain(order.map(Stream::Order)) {
            if let Some(folded) = self.states.borrow_mut().folded(&self.db, &stream)? {
                states.push((stream, folded));
            }
        }
        let (position, arrivals) = (self.position(), self.arrivals.arrivals());
        Ok(Answer { outcome, replayed, position, arrivals, states })
    }

    /// The reply to a command that cannot be written: an outcome for words that no entry can hold, none
    /// where a newer build is needed, here or elsewhere.
    pub(super) fn refuse_unwritable(
        &mut self,
        submitted: &Submitted,
        error: &WriteError,
    ) -> Result<Result<Answer, SubmitError>, StoreError> {
        match error {
            WriteError::NeedsUpgrade { stream } => {
                return Ok(Err(SubmitError::NeedsUpgrade { stream: stream.clone() }));
            }
            WriteError::NodesTooOld { nodes } => {
                return Ok(Err(SubmitError::NodesTooOld { nodes: nodes.clone() }));
            }
            WriteError::HistoryPending
            | WriteError::FoldPending
            | WriteError::Store(_)
            | WriteError::Append(_)
            | WriteError::Snapshot(_) => {}
        }
        if let Some(waits) = error.waits() {
            return Ok(Err(waits));
        }
        let why = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        let refusal = Refusal::InvalidField { field: submitted.command.name().to_owned(), why };
        let outcome = Outcome::Refused(Box::new(Refused { refusal, attendee: None }));
        let stored = StoredOutcome { body: submitted.body, outcome };
        self.outcomes.insert(&self.db, &submitted.id, &stored)?;
        self.answer(stored.outcome, false).map(Ok)
    }

    /// Compares the version the caller decided on with the present one.
    fn stale(&self, submitted: &Submitted) -> Result<Option<SubmitError>, StoreError> {
        let (Some(decided_on), Some(stream)) = (submitted.if_match, Target::of(&submitted.command).stream())
        else {
            return Ok(None);
        };
        let mut states = self.states.borrow_mut();
        let Some(loaded) = states.get(&self.db, &stream.name())? else { return Ok(None) };
        let version = loaded.folded.as_ref().map_or(0, Folded::entries);
        if version == decided_on {
            return Ok(None);
        }
        let mut between = Vec::new();
        let mut next = loaded.last.map(|last| last.pos);
        let wanted = version.saturating_sub(decided_on).min(BETWEEN_MAX);
        while let (Some(pos), true) = (next, (between.len() as u64) < wanted) {
            let Some(row) = entries::at(&self.db, pos)? else { break };
            next = row.previous;
            between.push(EventLine {
                dot: row.dot,
                kind: row.header.kind,
                at_ms: row.header.at_ms,
                desk: row.header.desk,
                actor: row.header.actor,
            });
        }
        between.reverse();
        Ok(Some(SubmitError::StaleVersion { version, between }))
    }

    fn decide_and_write(&mut self, submitted: &Submitted, draws: &mut Draws) -> Result<Outcome, WriteError> {
        let at_ms = self.surroundings.now_ms();
        let origin = Origin { command: submitted.id, actor: &submitted.actor, desk: &submitted.desk, at_ms };
        let target = Target::of(&submitted.command);
        let outcome = match self.decide(&submitted.command, &origin, draws)? {
            Ok(drafts) => {
                let is_import = matches!(submitted.command, Command::ImportAttendees { .. });
                let mut accepted =
                    Accepted { attendee: target.attendee, order: target.order, ..Accepted::default() };
                self.write(&origin, &drafts, is_import, &mut accepted, draws)?;
                self.follow(&origin, &drafts, &mut accepted, draws)?;
                self.close_what_was_decided(&drafts)?;
                Outcome::Accepted(accepted)
            }
            Err(mut refused) => {
                refused.attendee = refused.attendee.or(target.attendee);
                self.record_refused_scan(&submitted.command, &refused, &origin, draws)?;
                Outcome::Refused(Box::new(refused))
            }
        };
        self.save_touched()?;
        Ok(outcome)
    }

    /// What HQ closes is closed here too.
    fn close_what_was_decided(&mut self, drafts: &[Draft]) -> Result<(), StoreError> {
        for draft in drafts {
            if let (Stream::Node(node), Facts::LogsClosed(closed)) = (&draft.stream, &draft.event.facts) {
                for name in self.close_logs(*node, closed)? {
                    self.refold(&name)?;
                }
            }
        }
        Ok(())
    }

    fn decide(
        &self,
        command: &Command,
        origin: &Origin<'_>,
        draws: &mut Draws,
    ) -> Result<Result<Vec<Draft>, Refused>, WriteError> {
        let deciding = Deciding {
            command: origin.command,
            log: self.own_log(),
            authority: self.identity.is_hq(),
            now_ms: origin.at_ms,
            entropy: draws.take(),
        };
        let view = NodeView::new(&self.db, &self.states, &self.conference, self.account())
            .minding(&self.fresh, origin.at_ms)
            .beside(&self.waiting);
        let decided = decide(&view, command, &deciding);
        let waits = view.waits();
        view.finish()?;
        match waits {
            None => Ok(decided),
            Some(stream) if self.lacks(stream) => Err(WriteError::HistoryPending),
            Some(_) => Err(WriteError::FoldPending),
        }
    }

    /// Appends what was decided and notes references to it.
    fn write(
        &mut self,
        origin: &Origin<'_>,
        drafts: &[Draft],
        is_import: bool,
        accepted: &mut Accepted,
        draws: &mut Draws,
    ) -> Result<(), WriteError> {
        for (index, draft) in (0_u16..).zip(drafts) {
            let dot = self.append_event(origin, index, &draft.stream, draft.event.clone(), draws)?;
            accepted.entries.push(dot);
            match draft.stream {
                Stream::Attendee(id) if !is_import => accepted.attendee = accepted.attendee.or(Some(id)),
                Stream::Order(id) if !is_import => accepted.order = accepted.order.or(Some(id)),
                _ => {}
            }
            self.note(draft, dot, origin, accepted)?;
        }
        Ok(())
    }

    fn note(
        &mut self,
        draft: &Draft,
        dot: Dot,
        origin: &Origin<'_>,
        accepted: &mut Accepted,
    ) -> Result<(), StoreError> {
        match &draft.event.facts {
            Facts::AttendeeCheckedIn(facts) => {
                accepted.check_in = Some(dot);
                if let (Stream::Attendee(attendee), Ok(desk)) = (&draft.stream, origin.desk.parse())
                    && !facts.re_entry
                {
                    let (list, window) = (facts.list.clone(), facts.window.clone());
                    let (attendee, at_ms) = (*attendee, origin.at_ms);
                    self.fresh.tell(FreshCheckIn { attendee, list, window, at_ms, desk, dot });
                }
            }
            Facts::BadgeIssued(issued) => {
                accepted.badge_code = Some(issued.badge_code.clone());
                if let Stream::Attendee(attendee) = draft.stream {
                    accepted.print_job = self.queue_print_job(attendee, &issued.badge_code, origin)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Gives the commands that follow from what was written. A refusal means that nothing follows.
    fn follow(
        &mut self,
        cause: &Origin<'_>,
        written: &[Draft],
        accepted: &mut Accepted,
        draws: &mut Draws,
    ) -> Result<(), WriteError> {
        let desk = cause.desk.parse::<DeskId>().ok().and_then(|desk| self.conference.desks.get(&desk));
        let profile = DeskProfile { prints_badges: desk.is_some_and(|desk| desk.prints_badges) };
        let view = NodeView::new(&self.db, &self.states, &self.conference, self.account());
        let followers = follow_ups(&view, cause.command, written, profile);
        view.finish()?;
        for follower in followers {
            let origin = Origin { command: follower.id, ..*cause };
            if let Ok(drafts) = self.decide(&follower.command, &origin, draws)? {
                self.write(&origin, &drafts, false, accepted, draws)?;
            }
        }
        Ok(())
    }

    fn record_refused_scan(
        &mut self,
        command: &Command,
        refused: &Refused,
        origin: &Origin<'_>,
        draws: &mut Draws,
    ) -> Result<(), WriteError> {
        let Command::CheckIn { who, list, .. } = command else { return Ok(()) };
        let Ok(desk) = origin.desk.parse::<DeskId>() else { return Ok(()) };
        let facts = ScanRefused {
            list: list.clone(),
            refusal: refused.refusal.code().to_owned(),
            attendee: refused.attendee,
        };
        let scanned = match (who, refused.attendee) {
            (Who::Code(code), None) => {
                let code = code.chars().take(lanyard_domain::codes::SCANNED_MAX_BYTES).collect();
                Some(Person { scanned: Some(code), ..Person::default() })
            }
            _ => None,
        };
        self.append_event(origin, 0, &Stream::Scans(desk), Event::with(facts, scanned), draws)?;
        Ok(())
    }
}
