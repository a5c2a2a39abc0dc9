//! Documents: two desks write one field while the line is cut, both values are shown at both nodes, and one is chosen.

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::{Answer, Desk};
use serde_json::{Value, json};

use crate::stage::{SOON, Stage};

async fn edit(desk: &Desk, attendee: &str, seen: &str, fields: Value) -> Answer {
    let body = json!({ "seen": seen, "fields": fields });
    desk.post(&format!("/attendees/{attendee}/document"), &body).await.unwrap()
}

async fn document(desk: &Desk, attendee: &str) -> Value {
    let card = desk.get(&format!("/attendees/{attendee}")).await.unwrap().expect(200).unwrap();
    card["document"].clone()
}

/// What a field says, in the order of the alphabet.
fn values(document: &Value, field: &str) -> Vec<String> {
    let values = document["fields"][field].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut texts: Vec<_> = values.iter().map(|value| value["text"].as_str().unwrap().to_owned()).collect();
    texts.sort();
    texts
}

async fn says(desk: &Desk, attendee: &str, field: &str, wanted: &[&str]) -> Value {
    let what = format!("{field} says {wanted:?}");
    let seen = eventually(SOON, &what, async || {
        let document = document(desk, attendee).await;
        (values(&document, field) == wanted).then_some(document)
    });
    seen.await.unwrap()
}

fn version(document: &Value) -> String {
    document["version"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn two_desks_at_one_field_see_both_values_until_one_is_chosen() {
    let mut stage = Stage::set(&["north", "south"], 10).await.unwrap();
    let code = stage.paid().next().unwrap().code.clone();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
    let found = north.get(&format!("/attendees?q={code}")).await.unwrap().expect(200).unwrap();
    let attendee = found["rows"][0]["attendee_id"].as_str().unwrap().to_owned();
    let fields = json!({ "company": "Analytical Engines", "text": "Came by train." });
    edit(&north, &attendee, "", fields).await.expect(201).unwrap();
    let seen = version(&says(&south, &attendee, "company", &["Analytical Engines"]).await);

    for node in ["north", "south"] {
        stage.venue.node(node).line("cut").await.unwrap();
    }
    let written = json!({ "company": "Difference Engines", "text": "Came by train. Needs a taxi." });
    edit(&north, &attendee, &seen, written).await.expect(201).unwrap();
    let written = json!({ "company": "Engines, Ltd", "text": "Luggage is here. Came by train." });
    edit(&south, &attendee, &seen, written).await.expect(201).unwrap();
    assert_eq!(values(&document(&north, &attendee).await, "company"), ["Difference Engines"]);
    let strange = edit(&south, &attendee, &"ab".repeat(32), json!({ "company": "x" })).await;
    assert_eq!((strange.status, strange.code()), (409, Some("unknown_version")));
    for node in ["north", "south"] {
        stage.venue.node(node).line("restore").await.unwrap();
    }
    let both = ["Difference Engines", "Engines, Ltd"];
    let shown = says(&north, &attendee, "company", &both).await;
    says(&south, &attendee, "company", &both).await;
    let nodes: Vec<_> =
        shown["fields"]["company"].as_array().unwrap().iter().map(|value| &value["node"]).collect();
    assert!(nodes.contains(&&json!("north")) && nodes.contains(&&json!("south")), "{shown}");
    assert_eq!(values(&shown, "text"), ["Luggage is here. Came by train. Needs a taxi."], "no word is lost");

    let chosen = json!({ "company": "Engines, Ltd" });
    edit(&north, &attendee, &version(&shown), chosen).await.expect(201).unwrap();
    for desk in [&north, &south] {
        says(desk, &attendee, "company", &["Engines, Ltd"]).await;
    }
    let states = [&north, &south].map(|desk| desk.get("/state"));
    let [here, there] = states;
    let (here, there) = (here.await.unwrap().expect(200).unwrap(), there.await.unwrap().expect(200).unwrap());
    assert_eq!(here["state_hash"], there["state_hash"]);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn the_handover_is_for_every_desk_and_the_run_book_is_a_supervisors() {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    let volunteer = stage.sign_in("north", "vera", "north-1").await.unwrap();
    let empty = volunteer.get("/documents/handover").await.unwrap().expect(200).unwrap();
    assert_eq!(empty, json!({ "version": "", "fields": {}, "waiting": 0 }));
    let body = json!({ "seen": "", "fields": { "text": "Printer two is slow." } });
    let after = volunteer.post("/documents/handover", &body).await.unwrap().expect(201).unwrap();
    assert_eq!(values(&after, "text"), ["Printer two is slow."]);
    let refused = volunteer.post("/documents/run_book", &body).await.unwrap();
    assert_eq!((refused.status, refused.code()), (403, Some("not_permitted")));
    let wrong = json!({ "seen": "", "fields": { "company": "x" } });
    let refused = volunteer.post("/documents/handover", &wrong).await.unwrap();
    assert_eq!((refused.status, refused.code()), (422, Some("invalid_field")));
    assert_eq!(volunteer.get("/documents/else").await.unwrap().status, 404);
    stage.clear().await.unwrap();
}
