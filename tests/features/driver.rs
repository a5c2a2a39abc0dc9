//! What a specification does to a venue and sees of it, whatever the venue is made of.
//!
//! Two drivers stand behind this: nodes in memory on the crates of rules and log, and spawned binaries over HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use serde_json::Value;

/// Something that takes its time and may fail in a way that fails the step.
pub(crate) type Doing<'a, T> = LocalBoxFuture<'a, anyhow::Result<T>>;

/// What a venue is opened with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// Names of the nodes.
    pub(crate) nodes: Vec<String>,
    /// Everybody on the attendee list.
    pub(crate) guests: Vec<Guest>,
    /// Seats to sell by seat type.
    pub(crate) stock: BTreeMap<String, Stock>,
}

/// Somebody on the attendee list.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    /// Full name; the list's key as well.
    pub(crate) name: String,
    /// Seat types with `paid` or `unpaid`.
    pub(crate) seats: Vec<(String, String)>,
    /// Code of the order in the source.
    pub(crate) order_code: String,
}

/// Seats of a type.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stock {
    /// Over all nodes.
    pub(crate) quota: u32,
    /// What each node may sell alone.
    pub(crate) allotments: BTreeMap<String, u32>,
}

/// Who does something where.
#[derive(Debug, Clone)]
pub(crate) struct By {
    /// Desk, such as `north-1`.
    pub(crate) desk: String,
    /// Role word.
    pub(crate) role: &'static str,
}

impl By {
    /// A supervisor at a desk.
    pub(crate) fn supervisor(desk: &str) -> Self {
        Self { desk: desk.to_owned(), role: "supervisor" }
    }

    /// The node that serves the desk.
    pub(crate) fn node(&self) -> &str {
        self.desk.split_once('-').map_or(self.desk.as_str(), |(node, _)| node)
    }
}

/// Something a desk asks for.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// Presents a code at a list.
    Scan { code: String, list: String, override_reason: Option<String> },
    /// Takes the standing check-in of somebody back.
    Annul { name: String, reason: String },
    /// Registers somebody who pays cash.
    WalkUp { name: String, seat_type: String },
    /// Wants seats, for a registrant or for somebody on the list.
    Place { registrant: Option<String>, attendee: Option<String>, lines: Vec<(String, i64)> },
    /// Pays in cash.
    Pay { order: String, amount_minor: i64 },
    /// Gives away what an order holds.
    GiveAway { order: String },
    /// Turns held seats into sold ones.
    Confirm { order: String },
    /// Names somebody new on a seat.
    NameSeat { order: String, n: u32, name: String },
    /// Looks an order up.
    Lookup { email: String, code: String },
    /// Prints a first badge.
    IssueBadge { name: String },
    /// Prints a new badge.
    Reprint { name: String },
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// `ok`, or the code of the refusal or problem.
    pub(crate) code: String,
    /// Data of the refusal or problem.
    pub(crate) data: Value,
    /// Id of the order it was about.
    pub(crate) order: Option<String>,
    /// Name of the attendee it was about.
    pub(crate) attendee: Option<String>,
    /// Whether it is the stored outcome of an earlier request.
    pub(crate) replayed: bool,
}

/// Somebody as a node has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AttendeeSeen {
    /// Number of entries about them.
    pub(crate) version: u64,
    /// Code that names them.
    pub(crate) code: String,
    /// Whether they are in.
    pub(crate) is_in: bool,
    /// Check-ins in canonical order.
    pub(crate) check_ins: Vec<CheckInSeen>,
    /// Badges, void ones too.
    pub(crate) badges: Vec<BadgeSeen>,
}

/// A check-in as a node has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CheckInSeen {
    /// Node that wrote it.
    pub(crate) node: String,
    /// Desk.
    pub(crate) desk: String,
    /// Whether it counts.
    pub(crate) effective: bool,
    /// Who took it back.
    pub(crate) annulled_by: Option<String>,
}

/// A badge as a node has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BadgeSeen {
    /// Code on it.
    pub(crate) code: String,
    /// Whether it is good.
    pub(crate) active: bool,
    /// Names of the seat types on it.
    pub(crate) entitlements: Vec<String>,
}

/// An order as a node has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OrderSeen {
    /// State word.
    pub(crate) state: String,
    /// Code that finds it.
    pub(crate) access_code: String,
    /// Seat type, wanted, held.
    pub(crate) lines: Vec<(String, u32, u32)>,
    /// Total, minor units.
    pub(crate) total_minor: i64,
    /// Paid, minor units.
    pub(crate) paid_minor: i64,
    /// From placing to the end of the hold by the node's clock, milliseconds; what is left of it.
    pub(crate) hold_left_ms: i64,
}

/// A conflict as a node has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConflictSeen {
    /// Kind word.
    pub(crate) kind: String,
    /// Name of the attendee.
    pub(crate) attendee: String,
    /// What and where each side did it, in order.
    pub(crate) sides: Vec<(String, String, bool)>,
    /// From cancellation to check-in, milliseconds.
    pub(crate) delay_ms: Option<i64>,
    /// Whether it waits for a decision.
    pub(crate) open: bool,
}

/// Seats of a type as a node has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StockSeen {
    /// What this node may still sell.
    pub(crate) here: i64,
    /// What others may still sell.
    pub(crate) elsewhere: i64,
}

/// Seats of a type that are not to be had any more, as HQ has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TakenSeen {
    /// Sold.
    pub(crate) sold: i64,
    /// Held.
    pub(crate) held: i64,
}

/// A print job as a node has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct JobSeen {
    /// Id.
    pub(crate) id: String,
    /// For whom.
    pub(crate) name: String,
    /// Printer it goes to.
    pub(crate) printer: String,
    /// State word.
    pub(crate) state: String,
    /// What staff are asked.
    pub(crate) question: Option<String>,
    /// What staff are told.
    pub(crate) reason: Option<String>,
}

/// Everything a node has, in short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StateSeen {
    /// Entries in the log.
    pub(crate) entries: u64,
    /// Hash of every folded state.
    pub(crate) hash: String,
}

/// Extras of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms {
    /// Id of the command, where a step repeats one.
    pub(crate) key: Option<String>,
    /// Version it was decided on.
    pub(crate) if_match: Option<u64>,
}

/// What happens to a node or its surroundings.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// The line to HQ is cut.
    LineCut,
    /// The line to HQ works again.
    LineRestored,
    /// The node's clock moves ahead, or back.
    ClockMoved { by_ms: i64 },
    /// The process ends and starts again.
    Restarted,
    /// Every read model is made anew from the log.
    Rebuilt,
    /// A printer has no paper.
    PaperOut { printer: String },
    /// Power fails while the next badge is on its way through the printer, and comes back.
    PowerFailsAtNextBadge { printer: String },
}

/// Something that runs a venue.
pub(crate) trait Driver: std::fmt::Debug {
    /// A desk asks for something.
    fn act<'a>(&'a mut self, by: &'a By, action: &'a Action, terms: &'a Terms) -> Doing<'a, Answer>;
    /// Several desks ask at the same moment.
    fn act_together<'a>(&'a mut self, actions: &'a [(By, Action)]) -> Doing<'a, Vec<Answer>>;
    /// HQ cancels the order of somebody, or one by its id.
    fn cancel_at_hq<'a>(&'a mut self, order: &'a str) -> Doing<'a, ()>;
    /// How long a sight may take to become what is expected.
    fn patience(&self) -> Duration;
    /// The clock of a node, Unix milliseconds.
    fn clock_ms(&self, node: &str) -> i64;
    /// Something happens to a node.
    fn happen<'a>(&'a mut self, node: &'a str, what: &'a Happening) -> Doing<'a, ()>;
    /// Time passes everywhere.
    fn pass(&mut self, ms: u64) -> Doing<'_, ()>;
    /// Waits until all that can hear each other have the same entries.
    fn meet(&mut self) -> Doing<'_, ()>;
    /// Every batch is delivered so many times more, in any order.
    fn redeliver(&mut self, times: u32) -> Doing<'_, ()>;
    /// Staff answer the question about a print job, perhaps naming another printer.
    fn decide_job<'a>(
        &'a mut self,
        node: &'a str,
        job: &'a str,
        decision: &'a str,
        printer: Option<&'a str>,
    ) -> Doing<'a, ()>;
    /// Somebody as a node has them; none when unknown there.
    fn attendee<'a>(&'a mut self, node: &'a str, name: &'a str) -> Doing<'a, Option<AttendeeSeen>>;
    /// Id of the order somebody came with.
    fn order_of<'a>(&'a mut self, node: &'a str, name: &'a str) -> Doing<'a, String>;
    /// An order.
    fn order<'a>(&'a mut self, node: &'a str, order: &'a str) -> Doing<'a, OrderSeen>;
    /// Conflicts, decided ones too, sorted.
    fn conflicts<'a>(&'a mut self, node: &'a str) -> Doing<'a, Vec<ConflictSeen>>;
    /// Seats of a type.
    fn stock<'a>(&'a mut self, node: &'a str, seat_type: &'a str) -> Doing<'a, StockSeen>;
    /// Seats sold and held of a type, as HQ has it.
    fn taken<'a>(&'a mut self, seat_type: &'a str) -> Doing<'a, TakenSeen>;
    /// Print jobs, oldest first.
    fn jobs<'a>(&'a mut self, node: &'a str) -> Doing<'a, Vec<JobSeen>>;
    /// Everything in short.
    fn state<'a>(&'a mut self, node: &'a str) -> Doing<'a, StateSeen>;
    /// What supervisors set aside at check-ins, as the log has it.
    fn overrides<'a>(&'a mut self, node: &'a str) -> Doing<'a, Vec<String>>;
}
