//! Live updates: what changed, told to every page that listens.
//!
//! One task looks at each commit once and tells all; a page that falls behind is told to read everything again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use lanyard_domain::Stream;
use lanyard_node::engine::PrintState;
use lanyard_node::read::{PrintJob, Read, ReadError};
use serde::Serialize;
use serde_json::json;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::http::cards::print_job::PrintJobCard;
use crate::http::status::{self, StatusCard};
use crate::node::Node;

/// Updates that wait for a slow page; beyond that it reads everything again.
const WAITING_MAX: usize = 1024;
/// Most streams told of one by one; more of them at once, and pages read everything again.
pub const CHANGES_MAX: usize = 500;
/// How often changes are told at most.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// How often the status is told at most.
const STATUS_EVERY: Duration = Duration::from_millis(500);
/// How often the status is told at least.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Print jobs looked at for changes.
const JOBS_WATCHED: u32 = 100;

/// Something a page is told.
#[derive(Debug, Clone)]
pub struct Update {
    /// Position it is true of.
    pub position: u64,
    /// What kind of news.
    pub name: &'static str,
    /// JSON.
    pub data: Arc<str>,
}

/// Where pages listen. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Live {
    updates: broadcast::Sender<Update>,
    status: watch::Sender<Option<Update>>,
}

/// State of each print job when it was last looked at, and since when, Unix milliseconds.
type JobsSeen = BTreeMap<i64, (PrintState, i64)>;

/// What was told last, to tell only news.
struct Told {
    position: u64,
    folded: u64,
    local_changes: u64,
    status: Option<StatusCard>,
    status_at: Instant,
    looked_at: Instant,
    jobs: JobsSeen,
}

impl Update {
    /// News with its data.
    pub fn new(position: u64, name: &'static str, data: impl Serialize) -> Self {
        let data = serde_json::to_string(&data).expect("updates are plain data").into();
        Self { position, name, data }
    }

    /// Tells a page to read everything again.
    pub fn reset(position: u64) -> Self {
        Self::new(position, "reset", json!({}))
    }
}

impl Default for Live {
    fn default() -> Self {
        Self { updates: broadcast::Sender::new(WAITING_MAX), status: watch::Sender::new(None) }
    }
}

impl Live {
    /// Listens from here on.
    pub fn listen(&self) -> (broadcast::Receiver<Update>, watch::Receiver<Option<Update>>) {
        (self.updates.subscribe(), self.status.subscribe())
    }

    /// How many pages listen.
    pub fn listeners(&self) -> usize {
        self.updates.receiver_count()
    }

    /// Looks at every commit until the node stops.
    pub async fn run(self, node: Node) {
        let published = node.published();
        let mut told = Told {
            position: published.position,
            folded: published.folded,
            local_changes: published.local_changes,
            status: None,
            status_at: Instant::now(),
            looked_at: Instant::now(),
            jobs: BTreeMap::new(),
        };
        let mut ticks = interval(TELL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = node.stop.wait() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.tell(&node, &mut told).await {
                tracing::error!(error = error.problem.code(), "live updates cannot be read");
            }
        }
    }

    async fn tell(&self, node: &Node, told: &mut Told) -> Result<(), crate::http::failure::Failure> {
        let published = node.published();
        let (position, before) = (published.position, told.position);
        let is_heard = self.listeners() > 0;
        if position != before {
            told.position = position;
            if is_heard {
                for update in node.reader.read(move |db| changes(db, before, position)).await? {
                    self.send(update);
                }
            }
        }
        if published.folded != told.folded {
            told.folded = published.folded;
            // A state changed without an entry that would tell which one.
            self.send(Update::reset(position));
        }
        let is_local = published.local_changes != told.local_changes;
        if is_heard && (is_local || position != before) {
            told.local_changes = published.local_changes;
            let known = std::mem::take(&mut told.jobs);
            let (updates, jobs) = node.reader.read(move |db| job_changes(*db, &known, position)).await?;
            told.jobs = jobs;
            for update in updates {
                self.send(update);
            }
        }
        if is_heard && (told.looked_at.elapsed() >= STATUS_EVERY || told.status.is_none()) {
            told.looked_at = Instant::now();
            self.tell_status(node, told).await?;
        }
        Ok(())
    }

    async fn tell_status(&self, node: &Node, told: &mut Told) -> Result<(), crate::http::failure::Failure> {
        let card = status::card(node).await?;
        let position = told.position;
        let is_news = told.status.as_ref().is_none_or(|last| !card.says_the_same_as(last));
        if !is_news && told.status_at.elapsed() < HEARTBEAT {
            return Ok(());
        }
        if let Some(last) = &told.status {
            for seats in card.seat_types().iter().filter(|seats| !last.seat_types().contains(seats)) {
                self.send(Update::new(position, "seats", seats));
            }
            if card.open_conflicts() != last.open_conflicts() {
                self.send(Update::new(position, "conflicts", json!({"open": card.open_conflicts()})));
            }
        }
        self.status.send_replace(Some(Update::new(position, "status", &card)));
        told.status = Some(card);
        told.status_at = Instant::now();
        Ok(())
    }

    fn send(&self, update: Update) {
        if self.updates.send(update).is_err() {
            tracing::trace!("no page listens");
        }
    }
}

/// The updates of the entries after one position up to another; a reset where they are too many.
pub fn changes(db: &Read<'_>, after: u64, position: u64) -> Result<Vec<Update>, ReadError> {
    let changes = db.changes(after, CHANGES_MAX + 1)?;
    if changes.len() > CHANGES_MAX {
        return Ok(vec![Update::reset(position)]);
    }
    let streams: BTreeSet<Stream> = changes.into_iter().filter_map(|change| change.stream).collect();
    let mut updates = Vec::new();
    for stream in streams {
        let version = || db.state(&stream).map(|state| state.map_or(0, |state| state.version));
        match &stream {
            Stream::Attendee(id) => {
                updates.push(Update::new(
                    position,
                    "attendee",
                    json!({"attendee_id": id, "version": version()?}),
                ));
            }
            Stream::Order(id) => {
                updates.push(Update::new(position, "order", json!({"order_id": id, "version": version()?})));
            }
            Stream::Document(document) => {
                updates.push(Update::new(position, "document", json!({"document": document.as_str()})));
            }
            // What pages read before sign-in has changed.
            Stream::Conference => updates.push(Update::reset(position)),
            Stream::Seats(_) | Stream::Scans(_) | Stream::Staff(_) | Stream::Node(_) => {}
        }
    }
    Ok(updates)
}

/// The print jobs that changed since they were last looked at, and how they are.
fn job_changes(db: Read<'_>, known: &JobsSeen, position: u64) -> Result<(Vec<Update>, JobsSeen), ReadError> {
    let mut updates = Vec::new();
    let mut jobs = BTreeMap::new();
    for job in db.recent_print_jobs(JOBS_WATCHED)? {
        let seen = (job.state, job.changed_at_ms);
        jobs.insert(job.id, seen);
        if known.get(&job.id) != Some(&seen) && (!known.is_empty() || !is_settled(&job)) {
            let card = PrintJobCard::read(&db, job)?;
            updates.push(Update::new(position, "print_job", json!({"job": card})));
        }
    }
    Ok((updates, jobs))
}

fn is_settled(job: &PrintJob) -> bool {
    matches!(job.state, PrintState::Done | PrintState::Discarded)
}
