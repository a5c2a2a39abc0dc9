//! An attendee's seats: imported, assigned, called off.

use serde::{Deserialize, Serialize};

use super::{Attendee, Moment};
use crate::event::{ImportedSeat, SeatAssigned};
use crate::fold::Placed;
use crate::id::{OrderId, SeatId, SeatTypeId};

/// One seat.
// Stored: inside `Attendee`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// What was bought.
    pub seat_type: SeatTypeId,
    /// Whether it opens the conference.
    pub admits: bool,
    /// Whether it is paid, free or on invoice.
    pub paid: bool,
    /// The order it belongs to.
    pub order: OrderId,
    /// Whether it came from a list.
    pub imported: bool,
    /// When it was called off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Moment>,
}

impl Seat {
    /// Whether it was not called off.
    pub fn is_good(&self) -> bool {
        self.cancelled.is_none()
    }
}

impl Attendee {
    pub(super) fn import_seats(&mut self, imported: &[ImportedSeat], at: &Placed<'_>) {
        for seat in imported {
            self.import_seat(seat);
            if seat.cancelled {
                self.cancel_seat(&seat.seat, at);
            }
        }
    }

    /// An import updates what the source knows and never takes a cancellation back.
    fn import_seat(&mut self, imported: &ImportedSeat) {
        let seat = self.seats.entry(imported.seat.clone()).or_insert_with(|| Seat {
            seat_type: imported.seat_type.clone(),
            admits: imported.admits,
            paid: imported.paid,
            order: imported.order,
            imported: true,
            cancelled: None,
        });
        seat.seat_type.clone_from(&imported.seat_type);
        seat.admits = imported.admits;
        seat.paid = imported.paid;
    }

    pub(super) fn assign_seat(&mut self, assigned: &SeatAssigned) {
        self.seats.entry(assigned.seat.clone()).or_insert_with(|| Seat {
            seat_type: assigned.seat_type.clone(),
            admits: assigned.admits,
            paid: true,
            order: assigned.order,
            imported: false,
            cancelled: None,
        });
    }

    /// Calls a seat off; check-ins it opened that the writer had not seen keep the seat as evidence.
    pub(super) fn cancel_seat(&mut self, id: &SeatId, at: &Placed<'_>) {
        let Some(seat) = self.seats.get_mut(id).filter(|seat| seat.is_good()) else { return };
        seat.cancelled = Some(Moment::of(at));
        for check_in in self.check_ins.iter_mut().filter(|check_in| check_in.relies_on(&seat.seat_type)) {
            if !(at.sees)(check_in.at.dot) {
                check_in.unseen_cancellations.push(id.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::import::SourceState::{Cancelled, Paid, Unpaid};
    use crate::test_world::{cancel, import, imported_order, row, venue};

    #[test]
    fn an_import_updates_and_never_takes_a_cancellation_back() {
        let [mut hq, ..] = venue();
        let id = import(&mut hq, vec![row("Ada", &[("ga", Unpaid)])])[0];
        assert!(hq.attendee(id).seats.values().all(|seat| !seat.paid));
        import(&mut hq, vec![row("Ada", &[("ga", Paid)])]);
        assert!(hq.attendee(id).seats.values().all(|seat| seat.paid && seat.is_good()));
        hq.give(&cancel(imported_order(&hq, id))).unwrap();
        import(&mut hq, vec![row("Ada", &[("ga", Paid)])]);
        assert_eq!(hq.attendee(id).good_seats().count(), 0);
    }

    #[test]
    fn a_seat_the_source_cancelled_is_cancelled() {
        let [mut hq, ..] = venue();
        let id = import(&mut hq, vec![row("Ada", &[("ga", Cancelled), ("ws", Paid)])])[0];
        let good: Vec<_> = hq.attendee(id).good_seats().map(|(_, seat)| seat.seat_type.to_string()).collect();
        assert_eq!(good, ["ws"]);
    }
}
