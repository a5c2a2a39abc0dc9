//! What a desk asks for as a request, and the answer in the words of the specifications.

use lanyard_tests::desk::{self, Ask};
use serde_json::{Value, json};

use crate::driver::{Action, Answer, Terms};
use crate::fixture;

/// Ids of the people and check-ins an action names.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// Id of the attendee.
    pub(crate) attendee: Option<String>,
    /// The check-in of theirs that stands.
    pub(crate) check_in: Option<String>,
}

/// The request of an action.
pub(crate) fn request(action: &Action, named: &Named, terms: &Terms) -> Ask {
    let (path, body) = path_and_body(action, named);
    let ask = Ask::post(&format!("/api/v1{path}"), &body);
    let ask = match &terms.key {
        Some(key) => ask.key(key),
        None => ask,
    };
    match terms.if_match {
        Some(version) => ask.if_match(version),
        None => ask,
    }
}

fn path_and_body(action: &Action, named: &Named) -> (String, Value) {
    let attendee = named.attendee.clone().unwrap_or_default();
    match action {
        Action::Scan { code, list, override_reason: None } => {
            ("/check-ins".to_owned(), json!({ "code": code, "list": list }))
        }
        Action::Scan { code, list, override_reason: Some(reason) } => {
            let body = json!({ "code": code, "list": list, "override": { "reason": reason } });
            ("/check-ins".to_owned(), body)
        }
        Action::Annul { reason, .. } => {
            let check_in = named.check_in.clone().unwrap_or_default();
            (format!("/check-ins/{check_in}/annulment"), json!({ "reason": reason }))
        }
        Action::WalkUp { name, seat_type } => {
            let (first_name, last_name) = fixture::names(name);
            let body = json!({
                "first_name": first_name, "last_name": last_name, "email": fixture::email_of(name),
                "seat_type": seat_type, "payment": "cash",
            });
            ("/walk-ups".to_owned(), body)
        }
        Action::Place { registrant, attendee: for_whom, lines } => {
            let lines: Vec<_> = lines
                .iter()
                .map(|(seat_type, quantity)| json!({ "seat_type": seat_type, "quantity": quantity }))
                .collect();
            let mut body = json!({ "lines": lines, "if_short": "offer" });
            if let Some(name) = registrant {
                body["registrant"] = json!({ "name": name, "email": fixture::email_of(name) });
            }
            if for_whom.is_some() {
                body["attendee_id"] = json!(attendee);
            }
            ("/orders".to_owned(), body)
        }
        Action::Pay { order, amount_minor } => {
            (format!("/orders/{order}/payments"), json!({ "method": "cash", "amount_minor": amount_minor }))
        }
        Action::GiveAway { order } => {
            (format!("/orders/{order}/payments"), json!({ "method": "complimentary", "amount_minor": 0 }))
        }
        Action::Confirm { order } => (format!("/orders/{order}/confirmation"), json!({})),
        Action::NameSeat { order, n, name } => {
            let (first_name, last_name) = fixture::names(name);
            let body =
                json!({ "first_name": first_name, "last_name": last_name, "email": fixture::email_of(name) });
            (format!("/orders/{order}/seats/{n}/assignment"), body)
        }
        Action::Lookup { email, code } => {
            ("/orders/lookup".to_owned(), json!({ "email": email, "access_code": code }))
        }
        Action::IssueBadge { .. } => (format!("/attendees/{attendee}/badges"), json!({})),
        Action::Reprint { .. } => {
            (format!("/attendees/{attendee}/badges/reprint"), json!({ "reason": "lost" }))
        }
    }
}

/// An answer in the words of the specifications.
pub(crate) fn answer(answer: &desk::Answer) -> Answer {
    let replayed = answer.is_replay();
    let body = &answer.body;
    if !(200..300).contains(&answer.status) {
        let data = if body["refusal"].is_object() { body["refusal"].clone() } else { body.clone() };
        let attendee = body["attendee"]["name"].as_str().map(str::to_owned);
        let code = answer.code().map_or_else(|| answer.status.to_string(), str::to_owned);
        return Answer { code, data, attendee, replayed, order: None };
    }
    let order = body["order_id"].as_str().or_else(|| body["order"]["order_id"].as_str());
    Answer {
        code: "ok".to_owned(),
        data: Value::Null,
        order: order.map(str::to_owned),
        attendee: body["attendee"]["name"].as_str().map(str::to_owned),
        replayed,
    }
}
