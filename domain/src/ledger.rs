//! The rights ledger of one seat type: who may sell how many seats.
//!
//! A tally: sums that commute, so entries may be applied in any order, each exactly once. HQ's logs
//! share one account, because only HQ creates rights; every epoch of a venue node has its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use lanyard_sync::{Dot, InvalidId, LogId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::Facts;
use crate::fold::Placed;
use crate::id::OrderId;

/// Whose rights.
// Stored: as text, `hq` or `<node>-<epoch>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// HQ, over all its epochs.
    Hq,
    /// One epoch of a venue node.
    Venue(LogId),
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hq => f.write_str("hq"),
            Self::Venue(log) => write!(f, "{log}"),
        }
    }
}

impl FromStr for Account {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text == "hq" {
            return Ok(Self::Hq);
        }
        text.parse().map(Self::Venue).map_err(|_: InvalidId| InvalidId { what: "account" })
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What one account has, in seats. Single sums may pass through odd values while entries of other logs
/// are under way; `received - given - held - sold` is what the account may still sell.
// Stored: inside `Ledger`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Given to it by others.
    pub received: i64,
    /// Given by it to others.
    pub given: i64,
    /// Held for orders.
    pub held: i64,
    /// Sold.
    pub sold: i64,
}

/// Seats held for one order.
// Stored: inside `Ledger`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Whose rights are held.
    pub account: Account,
    /// Seats.
    pub count: u32,
    /// End of the hold, Unix milliseconds.
    pub until_ms: i64,
}

/// Rights, holds and sales of one seat type.
// Stored: JSON, state of stream `seats/{seat_type}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Entries applied.
    pub entries: u64,
    /// Seats there are.
    pub quota: u32,
    /// Place in canonical order of the entry that set the quota.
    quota_set_at: Option<(u64, Dot)>,
    /// What each account has.
    pub balances: BTreeMap<Account, Balance>,
    /// Holds that were neither sold nor released.
    pub holds: BTreeMap<OrderId, Hold>,
}

impl Ledger {
    /// Seats an account may still sell or give.
    pub fn available(&self, account: Account) -> i64 {
        let balance = self.balances.get(&account).copied().unwrap_or_default();
        let created = if account == Account::Hq { i64::from(self.quota) } else { 0 };
        created + balance.received - balance.given - balance.held - balance.sold
    }

    /// What others than the writer of one account may still sell, largest first, empty ones left out. What logs have
    /// that are past, and other logs of that writer, is for nobody to sell.
    pub fn elsewhere(&self, own: Account, past: &BTreeSet<LogId>) -> Vec<(Account, i64)> {
        let is_own_node = |log: LogId| matches!(own, Account::Venue(own) if own.node == log.node);
        let is_elsewhere = |account: &Account| match *account {
            Account::Hq => own != Account::Hq,
            Account::Venue(log) => !is_own_node(log) && !past.contains(&log),
        };
        let mut others: Vec<_> = std::iter::once(Account::Hq)
            .chain(self.balances.keys().copied().filter(|account| *account != Account::Hq))
            .filter(is_elsewhere)
            .map(|account| (account, self.available(account)))
            .filter(|(_, remaining)| *remaining > 0)
            .collect();
        others.sort_by_key(|(account, remaining)| (-remaining, *account));
        others
    }

    /// Seats that are left in logs that are past: nobody can sell them until HQ takes them back.
    pub fn stranded(&self, past: &BTreeSet<LogId>) -> BTreeMap<LogId, i64> {
        let left = past.iter().map(|log| (*log, self.available(Account::Venue(*log))));
        left.filter(|(_, seats)| *seats > 0).collect()
    }

    /// Seats sold over all accounts.
    pub fn sold(&self) -> i64 {
        self.balances.values().map(|balance| balance.sold).sum()
    }

    /// Seats held over all accounts.
    pub fn held(&self) -> i64 {
        self.balances.values().map(|balance| balance.held).sum()
    }

    /// Seats still to be sold over all accounts.
    pub fn free(&self) -> i64 {
        i64::from(self.quota) - self.held() - self.sold()
    }

    /// Applies one entry; entries of other kinds only count.
    pub fn apply(&mut self, facts: &Facts, at: &Placed<'_>) {
        self.entries += 1;
        let own = at.account;
        match facts {
            Facts::QuotaSet(set) if at.authority => {
                let place = Some((at.lamport, at.dot));
                if place > self.quota_set_at {
                    (self.quota, self.quota_set_at) = (set.quota, place);
                }
            }
            Facts::RightsGiven(given) => {
                self.balance(own).given += i64::from(given.count);
                self.balance(given.to).received += i64::from(given.count);
            }
            Facts::RightsReturned(returned) if at.authority => {
                self.balance(returned.from).given += i64::from(returned.count);
                self.balance(Account::Hq).received += i64::from(returned.count);
            }
            Facts::SeatsHeld(hold) => {
                self.balance(own).held += i64::from(hold.count);
                self.holds
                    .insert(hold.order, Hold { account: own, count: hold.count, until_ms: hold.until_ms });
            }
            Facts::SeatsSold(sold) => {
                let balance = self.balance(own);
                balance.held -= i64::from(sold.count);
                balance.sold += i64::from(sold.count);
                self.holds.remove(&sold.order);
            }
            Facts::SeatsReleased(released) => {
                let balance = self.balance(own);
                if released.were_sold {
                    balance.sold -= i64::from(released.count);
                } else {
                    balance.held -= i64::from(released.count);
                    self.holds.remove(&released.order);
                }
            }
            Facts::QuotaSet(_)
            | Facts::RightsReturned(_)
            | Facts::AttendeeErased(_)
            | Facts::ErasuresCompleted(_)
            | Facts::ReaderChanged(_)
            | Facts::ConferenceConfigured(_)
            | Facts::StaffSet(_)
            | Facts::NodeEnrolled(_)
            | Facts::ForkFound(_)
            | Facts::LogsClosed(_)
            | Facts::AttendeeImported(_)
            | Facts::AttendeeRegistered(_)
            | Facts::AttendeeCheckedIn(_)
            | Facts::CheckInAnnulled(_)
            | Facts::BadgeIssued(_)
            | Facts::BadgeVoided(_)
            | Facts::BadgePrinted(_)
            | Facts::SeatAssigned(_)
            | Facts::SeatCancelled(_)
            | Facts::ConflictResolved(_)
            | Facts::OrderImported(_)
            | Facts::OrderPlaced(_)
            | Facts::PaymentTaken(_)
            | Facts::OrderConfirmed(_)
            | Facts::OrderCancelled(_)
            | Facts::OrderReleased(_)
            | Facts::OrderSeatAssigned(_)
            | Facts::DocumentChanged(_)
            | Facts::ScanRefused(_) => {}
        }
    }

    fn balance(&mut self, account: Account) -> &mut Balance {
        self.balances.entry(account).or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lanyard_sync::{Epoch, LogId};

    use super::Account;
    use crate::View as _;
    use crate::command::Command;
    use crate::event::LogEnd;
    use crate::refusal::Refusal;
    use crate::test_world::{meet, order_of, place, text, venue};

    #[test]
    fn rights_move_once_and_never_below_zero() {
        let [_, mut north, mut south] = venue();
        let give = |count| Command::GiveRights { seat_type: text("ws"), to: south.account(), count };
        assert!(matches!(north.give(&give(5)).err(), Some(Refusal::NoSeatsLeft { local: 4, .. })));
        north.give(&give(3)).unwrap();
        south.pull(&north, false);
        south.pull(&north, true);
        assert_eq!(south.ledger("ws").available(south.account()), 7);
        assert_eq!(south.ledger("ws").available(north.account()), 1);
    }

    #[test]
    fn entries_of_several_logs_add_up_whichever_comes_first() {
        let [hq, mut north, mut south] = venue();
        north.give(&place(None, &[("ws", 2)])).unwrap();
        south.give(&place(None, &[("ws", 3)])).unwrap();
        let (mut one, mut other) = (hq.clone(), hq);
        one.pull(&north, false);
        one.pull(&south, false);
        other.pull(&south, true);
        other.pull(&north, true);
        assert_eq!(one.ledger("ws"), other.ledger("ws"));
        assert_eq!((one.ledger("ws").held(), one.ledger("ws").free()), (5, 5));
    }

    #[test]
    fn a_quota_shrinks_only_by_what_hq_has_left() {
        let mut nodes = venue();
        let set = |quota| Command::SetQuota { seat_type: text("ws"), quota };
        assert_eq!(nodes[0].give(&set(7)).err(), Some(Refusal::RightsOut { free: 2 }));
        nodes[0].give(&set(8)).unwrap();
        nodes[0].give(&set(20)).unwrap();
        assert_eq!(nodes[1].give(&set(50)).err(), Some(Refusal::HqOnly));
        meet(&mut nodes);
        assert_eq!(nodes[2].ledger("ws").quota, 20);
    }

    #[test]
    fn a_released_hold_can_be_sold_again() {
        let [_, mut north, _] = venue();
        let order = order_of(&north.give(&place(None, &[("cp", 4)])).unwrap());
        assert_eq!(north.ledger("cp").available(north.account()), 0);
        north.now_ms += crate::HOLD_MS;
        north.give(&Command::ReleaseOrder { order }).unwrap();
        assert_eq!(north.ledger("cp").available(north.account()), 4);
        assert!(north.ledger("cp").holds.is_empty());
    }

    #[test]
    fn seats_of_a_log_that_is_over_remain_nowhere() {
        let [mut hq, north, south] = venue();
        let Account::Venue(log) = north.account() else { panic!() };
        hq.view.set_end(LogEnd { log, seq: 1 });
        hq.give(&Command::CloseLogs { node: log.node, keep: None }).unwrap();
        // Somebody who had not heard of it.
        hq.give(&Command::GiveRights { seat_type: text("ws"), to: north.account(), count: 2 }).unwrap();
        let past = hq.view.past_logs();
        assert_eq!(hq.ledger("ws").stranded(&past), [(log, 2)].into());
        assert_eq!(hq.ledger("ws").elsewhere(hq.account(), &past), [(south.account(), 4)]);
        let short = Command::GiveRights { seat_type: text("ws"), to: south.account(), count: 9 };
        let Some(Refusal::NoSeatsLeft { elsewhere, .. }) = hq.give(&short).err() else { panic!("it has 4") };
        assert_eq!(elsewhere.iter().map(|other| other.account).collect::<Vec<_>>(), [south.account()]);
    }

    #[test]
    fn what_another_log_of_the_own_node_has_is_not_elsewhere() {
        let [hq, north, south] = venue();
        let Account::Venue(log) = north.account() else { panic!() };
        let anew = Account::Venue(LogId { epoch: Epoch(log.epoch.0 + 1), ..log });
        let elsewhere = hq.ledger("ws").elsewhere(anew, &BTreeSet::new());
        assert_eq!(elsewhere, [(south.account(), 4), (hq.account(), 2)]);
    }
}
