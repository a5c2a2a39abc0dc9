//! What may happen at a conference, as pure values.
//!
//! Responsible for the language of events, commands and refusals, for the rules that turn a command
//! into events ([`decide`]), for the fold that turns a stream's events into its state, for the
//! policies that follow an event, and for the conflicts that concurrent facts leave behind.
//! Nothing here reads a clock, a random source, a disk or a network: time, entropy and the states a
//! rule may look at are arguments.

pub mod access_code;
pub mod attendee;
mod badge;
mod check_in;
pub mod codes;
pub mod command;
pub mod conference;
pub mod conflict;
pub mod decide;
pub mod document;
mod erasure;
pub mod event;
pub mod fold;
mod fresh;
pub mod id;
pub mod import;
mod import_rows;
#[cfg(test)]
mod laws;
pub mod ledger;
pub mod lookup;
pub mod memory;
pub mod order;
pub mod outcome;
pub mod person;
pub mod policy;
pub mod refusal;
pub mod resolution;
pub mod role;
mod sale;
pub mod staff;
pub mod stream;
#[cfg(test)]
mod test_world;
pub mod view;
mod walk_up;

pub use attendee::Attendee;
pub use command::Command;
pub use conference::Conference;
pub use conflict::Conflict;
pub use decide::{Deciding, Draft, decide};
pub use document::{Document, DocumentId, SharedDocument};
pub use event::{Event, Facts};
pub use fold::{Folded, Fork, Placed};
pub use fresh::FreshCheckIn;
pub use id::{AttendeeId, BadgeCode, ConflictId, DeskId, ListId, OrderId, SeatId, SeatTypeId, StaffId};
pub use import_rows::ROWS_MAX;
pub use ledger::{Account, Ledger};
pub use lookup::find_order;
pub use order::Order;
pub use person::Person;
pub use refusal::Refusal;
pub use role::Role;
pub use sale::{HOLD_MS, LINES_MAX, QUANTITY_MAX};
pub use stream::Stream;
pub use view::View;
