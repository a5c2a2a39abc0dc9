//! What answers hold: the states of the domain as a desk shows them.
//!
//! Responsible for: names in place of ids, what a role may see, and one shape for each thing wherever it appears.

pub mod attendee;
pub mod document;
pub mod history;
pub mod order;
pub mod print_job;
pub mod seat_type;

use lanyard_domain::{Account, Conference, DeskId, SeatTypeId};
use lanyard_node::engine::Published;

/// The desk that HQ's own entries name.
const HQ_DESK: &str = "hq";

/// Names of everything an answer may mention.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a>(pub &'a Published);

impl Names<'_> {
    /// The conference as configured.
    pub fn conference(&self) -> &Conference {
        &self.0.conference
    }

    /// The account whose seat rights this node spends.
    pub fn own_account(&self) -> Account {
        self.0.own_account()
    }

    /// The name of whoever writes to an account.
    pub fn account(&self, account: Account) -> String {
        self.0.account_name(&account)
    }

    /// The name of a seat type, else its id.
    pub fn seat_type(&self, id: &SeatTypeId) -> String {
        self.conference()
            .seat_types
            .get(id)
            .map_or_else(|| id.to_string(), |seat_type| seat_type.name.clone())
    }

    /// Where a desk stands, else its id.
    pub fn place(&self, desk: &str) -> String {
        if desk == HQ_DESK {
            return "HQ".to_owned();
        }
        let place = desk.parse::<DeskId>().ok().and_then(|desk| self.conference().desks.get(&desk));
        place.map_or_else(|| desk.to_owned(), |desk| desk.place.clone())
    }
}
