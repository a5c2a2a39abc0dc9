//! An attendee's check-ins: which ones their writers had not seen, which stand, which were taken back.

use lanyard_sync::Dot;
use serde::{Deserialize, Serialize};

use super::{Attendee, Moment};
use crate::event::{AttendeeCheckedIn, Override, Via};
use crate::fold::Placed;
use crate::id::{ListId, SeatId, SeatTypeId};

/// One entry scan.
// Stored: inside `Attendee`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckIn {
    /// When and where.
    pub at: Moment,
    /// List entered.
    pub list: ListId,
    /// Admission window.
    pub window: String,
    /// Whether somebody inside may enter again.
    pub re_entry: bool,
    /// Seat types that opened the list when it was decided.
    pub opens: Vec<SeatTypeId>,
    /// How the attendee was named.
    pub via: Via,
    /// What a supervisor set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Override>,
    /// Earlier check-ins on the same list and window that its writer had not seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen_check_ins: Vec<Dot>,
    /// Cancelled seats it relied on where neither writer had seen the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen_cancellations: Vec<SeatId>,
    /// Who took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annulled: Option<Annulment>,
}

/// Somebody took a check-in back.
// Stored: inside `CheckIn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annulment {
    /// When and by whom.
    pub at: Moment,
    /// Why, in their words.
    pub reason: Option<String>,
}

impl CheckIn {
    /// Whether it was not taken back.
    pub fn stands(&self) -> bool {
        self.annulled.is_none()
    }

    /// Whether it is on the list and window of another one.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        self.list == other.list && self.window == other.window
    }

    /// Whether cancelling a seat of this type takes its ground away. A supervisor who admitted
    /// somebody with a cancelled ticket did not rely on any.
    pub(super) fn relies_on(&self, seat_type: &SeatTypeId) -> bool {
        self.opens.contains(seat_type) && self.overridden != Some(Override::Canceled)
    }
}

impl Attendee {
    /// The check-in that stands on a list and window: the first in canonical order not taken back.
    pub fn effective_check_in(&self, list: &ListId, window: &str) -> Option<&CheckIn> {
        self.check_ins
            .iter()
            .find(|check_in| check_in.list == *list && check_in.window == window && check_in.stands())
    }

    /// Whether a check-in counts as an admission: it stands, and is the first to or the list lets people in again.
    pub fn is_effective(&self, check_in: &CheckIn) -> bool {
        let first = || self.effective_check_in(&check_in.list, &check_in.window);
        check_in.stands()
            && (check_in.re_entry || first().is_some_and(|first| first.at.dot == check_in.at.dot))
    }

    pub(super) fn check_in(&mut self, checked_in: &AttendeeCheckedIn, at: &Placed<'_>) {
        let mut check_in = CheckIn {
            at: Moment::of(at),
            list: checked_in.list.clone(),
            window: checked_in.window.clone(),
            re_entry: checked_in.re_entry,
            opens: checked_in.opens.clone(),
            via: checked_in.via,
            overridden: checked_in.overridden,
            unseen_check_ins: Vec::new(),
            unseen_cancellations: Vec::new(),
            annulled: None,
        };
        let rivals = self
            .check_ins
            .iter()
            .filter(|earlier| earlier.is_beside(&check_in) && !earlier.re_entry && !check_in.re_entry);
        check_in.unseen_check_ins =
            rivals.map(|earlier| earlier.at.dot).filter(|dot| !(at.sees)(*dot)).collect();
        let cancelled = self.seats.iter().filter_map(|(id, seat)| Some((id, seat, seat.cancelled.as_ref()?)));
        check_in.unseen_cancellations = cancelled
            .filter(|(_, seat, moment)| check_in.relies_on(&seat.seat_type) && !(at.sees)(moment.dot))
            .map(|(id, _, _)| id.clone())
            .collect();
        self.check_ins.push(check_in);
    }

    pub(crate) fn annul(&mut self, dot: Dot, reason: Option<String>, at: &Placed<'_>) {
        let standing = self.check_ins.iter_mut().find(|check_in| check_in.at.dot == dot && check_in.stands());
        if let Some(check_in) = standing {
            check_in.annulled = Some(Annulment { at: Moment::of(at), reason });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::test_world::{check_in, guest, meet, venue};

    #[test]
    fn of_two_unseen_check_ins_the_first_in_canonical_order_is_effective_everywhere() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        nodes[2].give(&check_in(id, "main")).unwrap();
        nodes[1].give(&check_in(id, "main")).unwrap();
        meet(&mut nodes);
        for node in &nodes {
            let attendee = node.attendee(id);
            let effective: Vec<_> =
                attendee.check_ins.iter().map(|check_in| attendee.is_effective(check_in)).collect();
            assert_eq!(effective, [true, false]);
            assert_eq!(attendee.check_ins[0].at.account, nodes[1].account());
        }
    }

    #[test]
    fn a_list_with_re_entry_counts_every_check_in_and_contests_none() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        nodes[1].give(&check_in(id, "lounge")).unwrap();
        nodes[2].give(&check_in(id, "lounge")).unwrap();
        meet(&mut nodes);
        nodes[1].give(&check_in(id, "lounge")).unwrap();
        let attendee = nodes[1].attendee(id);
        assert!(attendee.check_ins.iter().all(|check_in| attendee.is_effective(check_in)));
        assert_eq!(attendee.conflicts(id), []);
    }
}
