//! Who comes to the desk in a scenario: people of the sample list, picked for what they hold.

use lanyard_domain::codes::qr_text;
use lanyard_tests::sample::SampleAttendee;
use serde::Serialize;

/// Somebody who comes to the desk.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Guest {
    /// Whole name as the page shows it.
    pub(super) name: String,
    /// Address nobody else has.
    pub(super) email: String,
    /// Ticket code.
    pub(super) code: String,
    /// What the QR code of the ticket says.
    pub(super) ticket_text: String,
}

/// Everybody who comes to the desk.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Cast {
    /// Paid, with general admission and nothing else.
    pub(super) guests: Vec<Guest>,
    /// Not paid.
    pub(super) unpaid: Guest,
    /// To be admitted by both nodes.
    pub(super) twice: Guest,
    /// To be cancelled at HQ and admitted at north.
    pub(super) cancelled: Guest,
    /// A ticket code with one character changed.
    pub(super) mistyped: String,
}

/// Picks the cast; every role is somebody else.
///
/// # Panics
/// When the list is too short.
pub(super) fn pick(conference: &str, list: &[SampleAttendee]) -> Cast {
    let guest = |row: &SampleAttendee| Guest {
        name: format!("{} {}", row.first_name, row.last_name),
        email: row.email.clone(),
        code: row.code.clone(),
        ticket_text: qr_text(conference, &row.code),
    };
    let mut paid = list
        .iter()
        .filter(|row| row.paid && row.seat_types == ["ga"] && !row.last_name.is_empty())
        .map(guest);
    let unpaid = list.iter().find(|row| !row.paid).map(guest).expect("the list has somebody unpaid");
    let twice = paid.next().expect("the list is long enough");
    let cancelled = paid.next().expect("the list is long enough");
    let guests: Vec<Guest> = paid.collect();
    let mistyped = with_one_character_changed(&twice.code);
    Cast { guests, unpaid, twice, cancelled, mistyped }
}

fn with_one_character_changed(code: &str) -> String {
    let other = if code.starts_with('A') { "B" } else { "A" };
    format!("{other}{}", &code[1..])
}
