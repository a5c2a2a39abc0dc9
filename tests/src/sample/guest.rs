//! A guest by number, as a list has them: for worlds in which it does not matter what people are called.

use lanyard_domain::Person;
use lanyard_domain::import::{ImportRow, SourceSeat, SourceState};

/// The row of a guest with a paid general admission, `ga`.
///
/// # Panics
/// Never: `ga` is a seat type.
pub fn guest_row(number: u16) -> ImportRow {
    ImportRow {
        external_key: number.to_string(),
        person: Person {
            first_name: format!("First{number}"),
            last_name: format!("Last{number}"),
            email: Some(format!("p{number}@example.org")),
            ..Person::default()
        },
        codes: vec![format!("T{number}")],
        order_code: Some(format!("ORD{number}")),
        seats: vec![SourceSeat {
            seat_type: "ga".parse().expect("two letters are a text id"),
            state: SourceState::Paid,
        }],
    }
}
