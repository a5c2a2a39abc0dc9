//! The worker of one printer: takes its jobs one after the other and notes what came of each.

use std::time::Duration;

use lanyard_badge::Badge;
use lanyard_domain::{Command, Role};
use lanyard_node::clock::system_entropy;
use lanyard_node::engine::{LocalAnswer, LocalChange, PrintQuestion, PrintState, SubmitError, Submitted};
use lanyard_node::read::{PrintJob, ReadError};
use lanyard_sync::{CommandId, Hash};
use tokio::time::{Instant, sleep, timeout};

use crate::clock::now_ms;
use crate::node::Node;
use crate::print::condition::Condition;
use crate::print::driver::{Attempt, Driver, Trace};
use crate::print::forget::name_of;
use crate::print::wording::badge_text;

/// Jobs that waited longer are printed only when staff say so.
const OLD_MS: i64 = 2 * 60 * 1_000;
/// How long a worker rests when nothing new came.
const REST: Duration = Duration::from_secs(1);
/// How often a printer with nothing to do is asked how it is.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// Takes the jobs of one printer.
pub struct Worker {
    node: Node,
    printer: String,
    driver: Driver,
    asked: Option<Instant>,
}

/// Why a job could not be taken further; it is looked at again.
#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error("print jobs cannot be read")]
    Read(#[from] ReadError),
    #[error("a print job cannot be changed")]
    Change(#[from] SubmitError),
}

impl Worker {
    /// A worker that has not begun.
    pub fn new(node: Node, printer: String, driver: Driver) -> Self {
        Self { node, printer, driver, asked: None }
    }

    /// Works until the node stops.
    pub async fn run(mut self) {
        let stop = self.node.stop.clone();
        tokio::select! {
            // What is with the printer then stays in its state and is asked after at the next start.
            () = stop.wait() => {}
            () = self.work() => {}
        }
    }

    async fn work(&mut self) {
        let mut published = self.node.writer.published();
        let mut is_settled = false;
        loop {
            let seen = published.borrow().local_changes;
            let done = if is_settled { self.look().await } else { self.settle().await.map(|()| true) };
            match done {
                Ok(true) => {
                    is_settled = true;
                    continue;
                }
                Ok(false) => {}
                Err(WorkError::Change(error)) if is_for_now(&error) => sleep(REST).await,
                Err(error) => {
                    tracing::error!(
                        printer.id = self.printer,
                        error = &error as &dyn std::error::Error,
                        "printing is held up"
                    );
                    sleep(REST).await;
                }
            }
            let news = published.wait_for(|published| published.local_changes != seen);
            if let Ok(Err(_)) = timeout(REST, news).await {
                return;
            }
        }
    }

    /// Finds out what became of the jobs that were with the printer when the node last stopped.
    async fn settle(&mut self) -> Result<(), WorkError> {
        for job in self.jobs(PrintState::Printing).await? {
            match self.driver.trace(&self.name(&job)).await {
                Trace::Printed => self.printed(&job).await?,
                Trace::NotPrinted => self.put(&job, PrintState::Queued, None, None).await?,
                Trace::Unknown => {
                    let reason = "the node stopped while it was with the printer".to_owned();
                    self.put(&job, PrintState::Waiting, Some(reason), Some(PrintQuestion::DidItPrint))
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// Takes the next job; tells whether there was one to take.
    async fn look(&mut self) -> Result<bool, WorkError> {
        let mut queued = self.jobs(PrintState::Queued).await?;
        let (old, fresh): (Vec<_>, Vec<_>) =
            queued.drain(..).partition(|job| now_ms() - job.changed_at_ms > OLD_MS);
        for job in old {
            let reason = self
                .node
                .board
                .get(&self.printer)
                .and_then(|condition| condition.reason().map(str::to_owned));
            self.put(&job, PrintState::Waiting, reason, Some(PrintQuestion::PrintOrDiscard)).await?;
        }
        let is_due = self.asked.is_none_or(|asked| asked.elapsed() >= ASK_EVERY);
        if is_due {
            let condition = self.driver.condition().await;
            self.node.board.set(&self.printer, condition);
            self.asked = Some(Instant::now());
        }
        let takes_badges =
            self.node.board.get(&self.printer).is_some_and(|condition| condition.takes_badges());
        match fresh.into_iter().next() {
            Some(job) if takes_badges => self.print(job).await.map(|()| true),
            Some(_) | None => Ok(false),
        }
    }

    async fn print(&mut self, job: PrintJob) -> Result<(), WorkError> {
        let badge = match self.draw(&job).await? {
            Ok(badge) => badge,
            Err(Undrawn::Replaced) => {
                return self
                    .put(&job, PrintState::Discarded, Some("the badge was replaced".to_owned()), None)
                    .await;
            }
            Err(Undrawn::Erased) => {
                return self
                    .put(&job, PrintState::Discarded, Some("their data was erased".to_owned()), None)
                    .await;
            }
            Err(Undrawn::Broken(reason)) => {
                return self
                    .put(&job, PrintState::Failed, Some(reason), Some(PrintQuestion::PrintOrDiscard))
                    .await;
            }
        };
        if !self.claim(&job).await? {
            return Ok(());
        }
        let name = self.name(&job);
        let (board, printer) = (self.node.board.clone(), self.printer.clone());
        let tell = move |condition: Condition| board.set(&printer, condition);
        let attempt = self.driver.print(&name, &badge, &tell).await;
        tracing::info!(printer.id = self.printer, print_job.id = job.id, print_job.attempt = ?attempt, "badge sent");
        match attempt {
            Attempt::Printed => {
                self.node.board.set(&self.printer, Condition::Ready);
                self.printed(&job).await
            }
            Attempt::NotSent(condition) => {
                self.node.board.set(&self.printer, condition);
                self.put_back(&job).await
            }
            Attempt::GivenUp { reason } => {
                self.asked = None;
                self.put(&job, PrintState::Failed, Some(reason), Some(PrintQuestion::PrintOrDiscard)).await
            }
            Attempt::Unknown { reason } => {
                self.asked = None;
                self.put(&job, PrintState::Waiting, Some(reason), Some(PrintQuestion::DidItPrint)).await
            }
        }
    }

    /// The badge as it is to look; a badge that became void meanwhile is not printed.
    async fn draw(&self, job: &PrintJob) -> Result<Result<Badge, Undrawn>, WorkError> {
        let id = job.attendee;
        let attendee = self.node.reader.read(move |db| db.attendee(id)).await?;
        let attendee = attendee.unwrap_or_default();
        if attendee.erased.is_some() {
            return Ok(Err(Undrawn::Erased));
        }
        let badge =
            attendee.badges.iter().find(|badge| badge.badge_code == job.badge_code && badge.is_active());
        let Some(badge) = badge else { return Ok(Err(Undrawn::Replaced)) };
        let text = badge_text(&attendee, Some(badge), &self.node.published().conference);
        let made = self.node.badges.make(text, self.driver.dpi()).await;
        Ok(made.map_err(|error| Undrawn::Broken(error.to_string())))
    }

    /// Takes the job for this printer; false when staff were quicker.
    async fn claim(&self, job: &PrintJob) -> Result<bool, WorkError> {
        let change = change(job, vec![PrintState::Queued], PrintState::Printing, None, None);
        Ok(self.node.writer.change(change).await? == LocalAnswer::Changed)
    }

    async fn printed(&self, job: &PrintJob) -> Result<(), WorkError> {
        let mut id = [0; 16];
        system_entropy(&mut id);
        let submitted = Submitted {
            id: CommandId(id),
            body: Hash([0; 32]),
            actor: "printer".to_owned(),
            desk: job.desk.clone(),
            role: Role::Administrator,
            command: Command::ReportPrinted { attendee: job.attendee, badge_code: job.badge_code.clone() },
            if_match: None,
        };
        // First the badge, then the job: in between, a stop leads to the same report again, which writes nothing.
        loop {
            match self.node.writer.submit(submitted.clone()).await {
                // What a retired node says does not count; the badge lies in the printer all the same.
                Ok(_) | Err(SubmitError::Retired) => break,
                Err(error) if is_for_now(&error) => sleep(REST).await,
                Err(error) => return Err(error.into()),
            }
        }
        self.put(job, PrintState::Done, None, None).await
    }

    /// Nothing was sent: the job waits its turn as if it had never been taken.
    async fn put_back(&self, job: &PrintJob) -> Result<(), WorkError> {
        self.put(job, PrintState::Queued, None, None).await
    }

    async fn put(
        &self,
        job: &PrintJob,
        to: PrintState,
        reason: Option<String>,
        question: Option<PrintQuestion>,
    ) -> Result<(), WorkError> {
        let change = change(job, vec![PrintState::Queued, PrintState::Printing], to, reason, question);
        let changed = loop {
            match self.node.writer.change(change.clone()).await {
                Err(error) if is_for_now(&error) => sleep(REST).await,
                changed => break changed?,
            }
        };
        if changed == LocalAnswer::NotApplicable {
            tracing::info!(print_job.id = job.id, "staff decided on a print job meanwhile");
        }
        Ok(())
    }

    async fn jobs(&self, state: PrintState) -> Result<Vec<PrintJob>, WorkError> {
        let printer = self.printer.clone();
        let jobs = self.node.reader.read(move |db| {
            let open = db.open_print_jobs()?.into_iter();
            Ok(open.filter(|job| job.state == state && job.printer == printer).collect())
        });
        Ok(jobs.await?)
    }

    fn name(&self, job: &PrintJob) -> String {
        name_of(&self.node.identity, job)
    }
}

/// Whether it can be written down later: the disk is full, of which the writer tells once, or the node waits for entries of
/// its own. What the printer did is told when it can be.
const fn is_for_now(error: &SubmitError) -> bool {
    matches!(error, SubmitError::StoreFull | SubmitError::Busy { .. })
}

/// Why a badge was not drawn.
enum Undrawn {
    /// Another badge took its place.
    Replaced,
    /// There is no name left to print.
    Erased,
    /// The layout and the words do not go together.
    Broken(String),
}

fn change(
    job: &PrintJob,
    from: Vec<PrintState>,
    to: PrintState,
    reason: Option<String>,
    question: Option<PrintQuestion>,
) -> LocalChange {
    LocalChange::PrintJob { job: job.id, from, to, reason, question, printer: None }
}
