//! Local tables: print jobs, desk settings, sign-in back-off, what peers have, the last import. None of it leaves the node.

use lanyard_domain::{AttendeeId, BadgeCode, FreshCheckIn};
use rusqlite::OptionalExtension;

use super::append::{Origin, WriteError};
use super::fresh::is_here;
use super::{Engine, LocalAnswer, LocalChange, Peer, PrintState};
use crate::clock::Draws;
use crate::store::{StoreError, last_import, meta};

impl Engine {
    pub(super) fn change_locally(
        &mut self,
        change: LocalChange,
        draws: &mut Draws,
    ) -> Result<LocalAnswer, WriteError> {
        let changed = match change {
            LocalChange::PrintJob { job, from, to, reason, question, printer } => {
                let state = self.print_job_state(job)?;
                if !state.is_some_and(|state| from.is_empty() || from.contains(&state)) {
                    return Ok(LocalAnswer::NotApplicable);
                }
                let question = question.map(super::PrintQuestion::as_str);
                let now_ms = self.surroundings.now_ms();
                self.db
                    .prepare_cached(
                        "UPDATE print_jobs SET state = ?2, reason = ?3, question = ?4, \
                         printer = coalesce(?5, printer), changed_at_ms = ?6 WHERE id = ?1",
                    )?
                    .execute((job, to.as_str(), reason, question, printer, now_ms))?
            }
            LocalChange::ForgetPrintJob { job } => self
                .db
                .prepare_cached("DELETE FROM print_jobs WHERE id = ?1 AND state <> 'printing'")?
                .execute([job])?,
            LocalChange::DeskPrinter { desk, printer } => self
                .db
                .prepare_cached("INSERT OR REPLACE INTO desk_settings (desk, printer) VALUES (?1, ?2)")?
                .execute((desk, printer))?,
            LocalChange::SignInBackOff { subject, failures: 0, .. } => {
                self.db.prepare_cached("DELETE FROM sign_in_back_off WHERE subject = ?1")?.execute([subject])?
            }
            LocalChange::SignInBackOff { subject, failures, until_ms } => self
                .db
                .prepare_cached(
                    "INSERT OR REPLACE INTO sign_in_back_off (subject, failures, until_ms) VALUES (?1, ?2, ?3)",
                )?
                .execute((subject, failures, until_ms))?,
            LocalChange::PeerHeard { peer, vector, at_ms } => {
                self.heal_from(peer, &vector)?;
                self.peers.heard(peer, Peer { vector, heard_at_ms: at_ms });
                1
            }
            LocalChange::ImportBegan(import) => {
                last_import::set(&self.db, &import)?;
                1
            }
            LocalChange::SetBack { log, seq } => usize::from(self.hold_writes(log, seq)?),
            LocalChange::Resume => usize::from(self.write_on(draws)? | self.stop_healing()?),
            LocalChange::ForkFound { log, from } => usize::from(self.fork_found(log, from, draws)?),
            LocalChange::WriteOn => usize::from(self.write_on(draws)?),
            LocalChange::VersionRefused { peer, code: None } => {
                self.db.prepare_cached("DELETE FROM version_refusals WHERE peer = ?1")?.execute([peer])?
            }
            LocalChange::VersionRefused { peer, code: Some(code) } => self
                .db
                .prepare_cached("INSERT OR REPLACE INTO version_refusals (peer, code) VALUES (?1, ?2)")?
                .execute((peer, code))?,
            LocalChange::Damaged(what) => {
                meta::set(&self.db, meta::DAMAGED, what)?;
                1
            }
            LocalChange::Adopt(taken) => usize::from(self.adopt(&taken)?),
            LocalChange::Skew(skew_ms) => {
                self.skew_ms = skew_ms;
                1
            }
            // No table changes, and no page has anything to show.
            LocalChange::FreshCheckIns(told) => return Ok(self.hear(told)),
        };
        self.local_changes += 1;
        Ok(if changed > 0 { LocalAnswer::Changed } else { LocalAnswer::NotApplicable })
    }

    /// Remembers what a peer told of, as far as the log does not say it.
    fn hear(&mut self, told: Vec<FreshCheckIn>) -> LocalAnswer {
        let now_ms = self.surroundings.now_ms();
        let mut answer = LocalAnswer::NotApplicable;
        for fresh in told {
            if !is_here(&self.log, &self.known, fresh.dot) && self.fresh.hear(fresh, now_ms) {
                answer = LocalAnswer::Changed;
            }
        }
        answer
    }

    fn print_job_state(&self, job: i64) -> Result<Option<PrintState>, StoreError> {
        let mut statement = self.db.prepare_cached("SELECT state FROM print_jobs WHERE id = ?1")?;
        let word: Option<String> = statement.query_row([job], |row| row.get(0)).optional()?;
        Ok(word.and_then(|word| PrintState::parse(&word)))
    }

    /// Queues a badge for the desk's printer; none where nothing is printed.
    pub(super) fn queue_print_job(
        &mut self,
        attendee: AttendeeId,
        badge_code: &BadgeCode,
        origin: &Origin<'_>,
    ) -> Result<Option<i64>, StoreError> {
        let mut statement = self.db.prepare_cached("SELECT printer FROM desk_settings WHERE desk = ?1")?;
        let chosen: Option<String> = statement.query_row([origin.desk], |row| row.get(0)).optional()?;
        let Some(printer) = chosen.or_else(|| self.options.default_printer.clone()) else { return Ok(None) };
        let mut statement = self.db.prepare_cached(
            "INSERT INTO print_jobs (attendee, badge_code, desk, printer, state, queued_at_ms, changed_at_ms) \
             VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?5)",
        )?;
        let (attendee, at_ms) = (attendee.0.as_slice(), origin.at_ms);
        let job = statement.insert((attendee, badge_code.as_str(), origin.desk, printer, at_ms))?;
        self.local_changes += 1;
        Ok(Some(job))
    }
}
