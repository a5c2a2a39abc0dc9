//! How this node is: its lines, its queues, its printers, and how many are in.

use std::collections::BTreeSet;

use axum::extract::State;
use lanyard_domain::{Account, Ledger};
use lanyard_node::engine::{Arrivals, History};
use lanyard_node::uplink::{LinkState, LinkStatus};
use lanyard_sync::LogId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::now_ms;
use crate::http::failure::Failure;
use crate::http::printers::{self, PrinterCard};
use crate::http::signed::Signed;
use crate::node::Node;

/// How a node is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StatusCard {
    node: NodeCard,
    conference: ConferenceName,
    /// The node's clock, Unix milliseconds.
    now_ms: i64,
    /// Position of the last entry.
    position: u64,
    hq: LineCard,
    siblings: Vec<SiblingCard>,
    /// Own entries HQ does not have.
    unsent_entries: u64,
    /// Writing time of the oldest of them, Unix milliseconds.
    oldest_unsent_ms: Option<i64>,
    arrivals: ArrivalsCard,
    open_conflicts: u64,
    seat_types: Vec<RemainingCard>,
    printers: Vec<PrinterCard>,
    store: StoreCard,
    /// What of the older log is still to come after a snapshot; null once all of it is here.
    history: Option<HistoryCard>,
    /// Attendees and orders of a snapshot that are still to be indexed; a search finds them and takes longer.
    unindexed: u64,
}

/// How far the older log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistoryCard {
    /// Entries that are here.
    fetched: u64,
    /// Entries that there are.
    of: u64,
    /// Attendees, orders and others that wait for them and cannot be decided on.
    pending: u64,
    /// Whether nothing can be decided before they are here.
    all_pending: bool,
}

/// A node's name and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NodeCard {
    name: String,
    id: String,
}

/// A conference's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConferenceName {
    slug: String,
    name: String,
}

/// The line to HQ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineCard {
    /// `online`, `connecting`, `offline` or `denied`.
    state: &'static str,
    /// Unix milliseconds.
    last_contact_ms: Option<i64>,
    /// How long ago this node had everything HQ had, milliseconds.
    knowledge_age_ms: Option<i64>,
    /// What is wrong, for staff.
    problem: Option<String>,
    /// The version of the protocol that both speak, once HQ said so.
    protocol: Option<u16>,
}

/// The line to another node at the venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SiblingCard {
    name: String,
    state: &'static str,
    last_contact_ms: Option<i64>,
    /// What is wrong, for staff.
    problem: Option<String>,
}

/// How many of how many are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArrivalsCard {
    /// People inside.
    #[serde(rename = "in")]
    inside: u64,
    /// People inside or still to come.
    expected: u64,
}

/// Seats that remain of a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RemainingCard {
    /// Id of the seat type.
    pub seat_type: String,
    /// Seats this node may still sell.
    pub remaining_here: i64,
    /// Seats others may still sell, as last heard.
    pub remaining_elsewhere: i64,
}

/// Whether the store takes what is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StoreCard {
    /// `ok`, `low` (the disk is nearly full and desks go on), `full` or `stopped`.
    state: &'static str,
    /// What the disk has damaged, where that was noticed; `lanyard repair` mends it.
    damage: Option<String>,
}

impl ArrivalsCard {
    /// The card of sums.
    pub fn of(arrivals: Arrivals) -> Self {
        Self { inside: arrivals.inside, expected: arrivals.expected }
    }
}

/// Shows how this node is.
#[utoipa::path(get, path = "/status", tag = "node", responses((status = 200, body = StatusCard)))]
pub async fn show(State(node): State<Node>, _signed: Signed) -> Result<axum::Json<StatusCard>, Failure> {
    Ok(axum::Json(card(&node).await?))
}

/// How the node is at this moment.
///
/// # Errors
/// When the store cannot be read.
pub async fn card(node: &Node) -> Result<StatusCard, Failure> {
    let published = node.published();
    let (own_log, own) = (published.own_log, node.account());
    let hq_node = published.logs.iter().find(|(_, info)| info.authority).map(|(log, _)| log.node);
    // Before HQ ever said what it has, it has nothing.
    let theirs =
        hq_node.and_then(|hq| published.peers.get(&hq)).map(|peer| peer.vector.clone()).unwrap_or_default();
    let seat_types: Vec<_> = published.conference.seat_types.keys().cloned().collect();
    let read = node.reader.read(move |db| {
        let (ledgers, past) = (db.ledgers(&seat_types)?, db.past_logs()?);
        let remaining = seat_types.into_iter().map(|id| {
            let ledger = ledgers.get(&id).cloned().unwrap_or_default();
            RemainingCard::of(id.to_string(), &ledger, own, &past)
        });
        let remaining = remaining.collect::<Vec<_>>();
        let unsent = db.unsent(&own_log, &theirs)?;
        Ok((remaining, unsent, db.open_conflicts()?, db.open_print_jobs()?, db.damage()?))
    });
    let (seat_types, unsent, open_conflicts, jobs, damage) = read.await?;
    let now_ms = now_ms();
    let hq = node.hq.as_ref().map(|hq| hq.borrow().clone());
    let siblings = node.siblings.statuses();
    Ok(StatusCard {
        node: NodeCard { name: node.identity.name.clone(), id: node.identity.node.to_string() },
        conference: ConferenceName {
            slug: published.conference.slug.clone(),
            name: published.conference.name.clone(),
        },
        now_ms,
        position: published.position,
        hq: LineCard::of(hq, now_ms),
        siblings: siblings.into_iter().map(|(name, status)| SiblingCard::of(name, &status)).collect(),
        unsent_entries: unsent.entries,
        oldest_unsent_ms: unsent.oldest_ms,
        arrivals: ArrivalsCard::of(published.arrivals),
        open_conflicts,
        seat_types,
        printers: printers::cards(node, &jobs),
        store: StoreCard { state: node.writer.health().borrow().as_str(), damage },
        history: published.history.map(HistoryCard::of),
        unindexed: published.unindexed,
    })
}

impl HistoryCard {
    const fn of(history: History) -> Self {
        let History { fetched, of, pending, all_pending } = history;
        Self { fetched, of, pending, all_pending }
    }
}

impl StatusCard {
    /// Whether nothing but time has passed between two looks.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let mut then = other.clone();
        then.now_ms = self.now_ms;
        then.position = self.position;
        then.hq.last_contact_ms = self.hq.last_contact_ms;
        then.hq.knowledge_age_ms = self.hq.knowledge_age_ms;
        for (sibling, now) in then.siblings.iter_mut().zip(&self.siblings) {
            sibling.last_contact_ms = now.last_contact_ms;
        }
        *self == then
    }

    /// Seats that remain of each type.
    pub fn seat_types(&self) -> &[RemainingCard] {
        &self.seat_types
    }

    /// Conflicts that wait for a decision.
    pub fn open_conflicts(&self) -> u64 {
        self.open_conflicts
    }
}

impl RemainingCard {
    fn of(seat_type: String, ledger: &Ledger, own: Account, past: &BTreeSet<LogId>) -> Self {
        let elsewhere = ledger.elsewhere(own, past).iter().map(|(_, remaining)| remaining).sum();
        Self { seat_type, remaining_here: ledger.available(own).max(0), remaining_elsewhere: elsewhere }
    }
}

impl LineCard {
    fn of(status: Option<LinkStatus>, now_ms: i64) -> Self {
        let Some(status) = status else {
            let problem = Some("No HQ is configured.".to_owned());
            return Self {
                state: "offline",
                last_contact_ms: None,
                knowledge_age_ms: None,
                problem,
                protocol: None,
            };
        };
        Self {
            state: link_word(status.state),
            last_contact_ms: status.last_contact_ms,
            knowledge_age_ms: status.in_step_ms.map(|in_step_ms| (now_ms - in_step_ms).max(0)),
            problem: status.problem,
            protocol: status.protocol,
        }
    }
}

impl SiblingCard {
    fn of(name: String, status: &LinkStatus) -> Self {
        let problem = status.problem.clone();
        Self { name, state: link_word(status.state), last_contact_ms: status.last_contact_ms, problem }
    }
}

fn link_word(state: LinkState) -> &'static str {
    match state {
        LinkState::Connecting => "connecting",
        LinkState::Online => "online",
        LinkState::Offline => "offline",
        LinkState::Denied => "denied",
    }
}
