//! Where an attendee stands, in one word: what lists show and arrivals count.

use lanyard_domain::Attendee;

/// Where an attendee stands.
// Stored: as its number in the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Still to come.
    Expected,
    /// Inside.
    In,
    /// Still to come, and something is to be paid first.
    Unpaid,
    /// Everything they held was called off.
    Canceled,
    /// Was inside; their check-in was taken back.
    Out,
}

impl Standing {
    /// Tells where an attendee stands.
    pub fn of(attendee: &Attendee) -> Self {
        if attendee.is_in() {
            return Self::In;
        }
        let mut good = attendee.good_seats().peekable();
        if good.peek().is_none() && !attendee.seats.is_empty() {
            return Self::Canceled;
        }
        if !attendee.check_ins.is_empty() {
            return Self::Out;
        }
        let admitting: Vec<_> = good.filter(|(_, seat)| seat.admits).collect();
        if !admitting.is_empty() && admitting.iter().all(|(_, seat)| !seat.paid) {
            return Self::Unpaid;
        }
        Self::Expected
    }

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::In => "in",
            Self::Unpaid => "unpaid",
            Self::Canceled => "canceled",
            Self::Out => "out",
        }
    }

    /// Whether they are inside or still to come.
    pub const fn counts_as_expected(self) -> bool {
        !matches!(self, Self::Canceled)
    }

    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Expected => 0,
            Self::In => 1,
            Self::Unpaid => 2,
            Self::Canceled => 3,
            Self::Out => 4,
        }
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        [Self::Expected, Self::In, Self::Unpaid, Self::Canceled, Self::Out]
            .into_iter()
            .find(|standing| standing.number() == number)
    }
}
