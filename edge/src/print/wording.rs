//! The words of an attendee's badge.

use lanyard_badge::BadgeText;
use lanyard_domain::attendee::Badge;
use lanyard_domain::codes::qr_text;
use lanyard_domain::{Attendee, Conference};

/// The words for a badge that was made, or for the one that would be.
pub fn badge_text(attendee: &Attendee, badge: Option<&Badge>, conference: &Conference) -> BadgeText {
    let person = attendee.badge_words();
    let held = badge.map_or_else(|| attendee.entitlements(), |badge| badge.entitlements.clone());
    let known = held.iter().filter_map(|id| conference.seat_types.get(id));
    let (admitting, extra): (Vec<_>, Vec<_>) = known.partition(|seat_type| seat_type.grants_admission);
    BadgeText {
        first_name: person.first_name,
        last_name: person.last_name,
        company: person.company.unwrap_or_default(),
        pronouns: person.pronouns.unwrap_or_default(),
        seat_type: admitting.first().map(|seat_type| seat_type.name.clone()).unwrap_or_default(),
        entitlements: extra.into_iter().map(|seat_type| seat_type.name.clone()).collect(),
        badge_code: badge
            .map(|badge| qr_text(&conference.slug, badge.badge_code.as_str()))
            .unwrap_or_default(),
        conference: conference.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use lanyard_domain::Person;

    use super::*;

    #[test]
    fn extras_are_entitlements_and_admission_is_the_seat_type() {
        let conference: Conference = serde_json::from_str(
            r#"{"slug":"conf","name":"Conf","organiser":"Org","starts_ms":0,"ends_ms":1,"time_zone":"UTC","currency":"EUR",
                "seat_types":{"ga":{"name":"General admission","price_minor":1,"grants_admission":true},
                              "ws":{"name":"Workshop","price_minor":1,"extra":true}},"lists":{},"desks":{}}"#,
        )
        .expect("a conference");
        let person = Person { pronouns: Some("she/her".to_owned()), ..Person::default() };
        let mut attendee = Attendee { person: Some(person), ..Attendee::default() };
        for (n, id) in ["ws", "ga"].into_iter().enumerate() {
            let seat = serde_json::json!({"seat_type": id, "admits": id == "ga", "paid": true,
                "order": "000102030405060708090a0b0c0d0e0f", "imported": true, "cancelled": null});
            let seat_id = format!("s:{n}").parse().expect("an id");
            attendee.seats.insert(seat_id, serde_json::from_value(seat).expect("a seat"));
        }
        let text = badge_text(&attendee, None, &conference);
        assert_eq!((text.seat_type.as_str(), text.badge_code.as_str()), ("General admission", ""));
        assert_eq!(
            (text.entitlements.as_slice(), text.pronouns.as_str()),
            (&["Workshop".to_owned()][..], "she/her")
        );
    }
}
