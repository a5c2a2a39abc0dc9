//! Seat rights on their way: given back to HQ by whoever has too many, and asked for in order by whoever runs low.

use std::collections::BTreeMap;
use std::iter;

use lanyard_tests::deadline::last_seen;
use lanyard_tests::desk::{Answer, Desk, fresh_key};
use serde_json::{Value, json};

use crate::siblings::are_online;
use crate::stage::{SOON, Stage, converge};

const RIGHTS: &str = "/seat-types/workshop/rights";

/// Whose the seats are that are left in logs nobody writes to any more.
pub(crate) const STRANDED: &str = "stranded";

/// Who may still sell how many workshop seats.
pub(crate) type Seats = BTreeMap<String, i64>;

pub(crate) fn seats<const N: usize>(of: [(&str, i64); N]) -> Seats {
    of.map(|(node, seats)| (node.to_owned(), seats)).into()
}

/// What is said of the workshop.
fn workshop(seat_types: &Value) -> Value {
    let mut rows = seat_types.as_array().unwrap().iter();
    rows.find(|row| row["seat_type"] == "workshop").unwrap().clone()
}

/// Who has seats, as a node sees it; those who have none left are not named.
async fn seats_at(desk: &Desk, own: &str) -> anyhow::Result<Seats> {
    let card = workshop(&desk.get("/seat-types").await?.expect(200)?);
    let others = card["elsewhere"].as_array().unwrap().iter();
    let others = others.map(|other| (other["node"].as_str().unwrap(), &other["remaining"]));
    let all = iter::once((own, &card["remaining_here"])).chain(others);
    Ok(all.map(|(node, seats)| (node.to_owned(), seats.as_i64().unwrap())).collect())
}

/// Waits until a node sees the seats where they should be.
pub(crate) async fn are(desk: &Desk, own: &str, wanted: Seats, what: &str) {
    let seen = last_seen(SOON, what, &wanted, async || seats_at(desk, own).await);
    assert_eq!(seen.await.unwrap(), wanted, "{what}");
}

/// What HQ says of the workshop: who has seats, how many are held and sold. Those that are stranded are nobody's.
async fn at_hq(stage: &Stage) -> anyhow::Result<(Seats, i64, i64)> {
    let sales = stage.venue.hq.run(&["sales", &stage.venue.conference]).await?;
    let row = workshop(&sales["seat_types"]);
    let mut seats = Seats::new();
    for account in row["nodes"].as_array().unwrap() {
        let [remaining, stranded] = ["remaining", "stranded"].map(|of| account[of].as_i64().unwrap());
        *seats.entry(account["node"].as_str().unwrap().to_owned()).or_default() += remaining;
        if stranded > 0 {
            *seats.entry(STRANDED.to_owned()).or_default() += stranded;
        }
    }
    let (held, sold) = (row["held"].as_i64().unwrap(), row["sold"].as_i64().unwrap());
    assert_eq!(Some(seats.values().sum::<i64>() + held + sold), row["quota"].as_i64(), "{row}");
    Ok((seats, held, sold))
}

/// Waits until HQ sees the seats where they should be; whatever it sees until then adds up to the quota.
pub(crate) async fn hq_has(stage: &Stage, wanted: (Seats, i64, i64), what: &str) {
    let seen = last_seen(SOON, what, &wanted, async || at_hq(stage).await);
    assert_eq!(seen.await.unwrap(), wanted, "{what}");
}

/// Has HQ give a node some, or says why it does not.
pub(crate) async fn give(stage: &Stage, node: &str, count: u32) -> Result<(), String> {
    let given = ["give", &stage.venue.conference, "workshop", node, &count.to_string()];
    stage.venue.hq.run(&given).await.map(|_| ()).map_err(|error| error.to_string())
}

/// Asks for seats of the workshop for somebody who is not on the list.
pub(crate) async fn order(desk: &Desk, quantity: i64) -> Answer {
    let lines = json!([{ "seat_type": "workshop", "quantity": quantity }]);
    let registrant = json!({ "name": "Ada Guest", "email": "ada@example.org" });
    let order = json!({ "registrant": registrant, "lines": lines, "if_short": "refuse" });
    desk.post("/orders", &order).await.unwrap()
}

async fn hold(desk: &Desk, quantity: i64) -> Value {
    order(desk, quantity).await.expect(201).unwrap()
}

pub(crate) async fn sell(desk: &Desk, quantity: i64) {
    let order = hold(desk, quantity).await;
    let id = order["order_id"].as_str().unwrap();
    let payment = json!({ "method": "cash", "amount_minor": order["total_minor"] });
    desk.post(&format!("/orders/{id}/payments"), &payment).await.unwrap().expect(201).unwrap();
    desk.post(&format!("/orders/{id}/confirmation"), &json!({})).await.unwrap().expect(201).unwrap();
}

/// North and south with the allotments of the sample: 5 and 4 of 12. North has sold one and holds one.
pub(crate) async fn allotted() -> (Stage, Desk, Desk) {
    let mut stage = Stage::set(&["north", "south"], 10).await.unwrap();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
    let given = seats([("hq", 3), ("north", 5), ("south", 4)]);
    are(&north, "north", given, "everybody has what the conference file grants").await;
    sell(&north, 1).await;
    hold(&north, 1).await;
    let sold = seats([("hq", 3), ("north", 3), ("south", 4)]);
    hq_has(&stage, (sold, 1, 1), "HQ knows of both orders").await;
    (stage, north, south)
}

#[tokio::test]
async fn seats_that_a_node_gives_back_are_hqs_to_give_and_the_quota_stays() {
    let (mut stage, north, south) = allotted().await;
    stage.venue.node("north").line("cut").await.unwrap();
    let (key, back) = (fresh_key(), json!({ "to_node": "hq", "count": 2 }));
    for is_replay in [false, true] {
        let answer = north.post_as(&key, RIGHTS, &back).await.unwrap();
        assert_eq!(answer.is_replay(), is_replay);
        let card = answer.expect(201).unwrap();
        assert_eq!(card["remaining_here"], 1, "two are given, once: {card}");
    }
    let refused = give(&stage, "south", 5).await.unwrap_err();
    let without_them = "No seats left for workshop on this node (3 here)";
    assert!(refused.contains(without_them), "HQ has not heard of it: {refused}");

    stage.venue.node("north").line("restore").await.unwrap();
    let returned = seats([("hq", 5), ("north", 1), ("south", 4)]);
    hq_has(&stage, (returned, 1, 1), "HQ has what north gave back").await;
    give(&stage, "south", 5).await.unwrap();
    let south_has = seats([("north", 1), ("south", 9)]);
    are(&south, "south", south_has, "south has what north gave back").await;
    sell(&south, 9).await;
    hq_has(&stage, (seats([("hq", 0), ("north", 1), ("south", 0)]), 1, 10), "south sold all of it").await;
    converge(&stage, &[north, south]).await;
    for node in ["north", "south"] {
        stage.is_whole(node).await;
    }
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn a_node_cannot_give_what_is_not_its_own_or_to_nobody() {
    let (mut stage, north, south) = allotted().await;
    let vera = stage.sign_in("north", "vera", "north-2").await.unwrap();
    let desks = [north, south];
    converge(&stage, &desks).await;
    let [north, _] = &desks;
    let before = north.get("/state").await.unwrap().expect(200).unwrap();
    let to = |node: &str, count: i64| json!({ "to_node": node, "count": count });
    // It has five, of which one is sold and one held.
    for (desk, request, status, code) in [
        (north, to("hq", 4), 409, "no_seats_left"),
        (north, to("south", 4), 409, "no_seats_left"),
        (north, to("hq", i64::from(u32::MAX)), 409, "no_seats_left"),
        (north, to("hq", 0), 422, "invalid_quantity"),
        (north, to("north", 1), 422, "invalid_quantity"),
        (north, to("west", 1), 422, "unknown_node"),
        (north, to("hq", i64::from(u32::MAX) + 1), 422, "invalid_field"),
        (north, to("hq", -1), 422, "invalid_field"),
        (&vera, to("hq", 1), 403, "not_permitted"),
    ] {
        let answer = desk.post(RIGHTS, &request).await.unwrap();
        assert_eq!((answer.status, answer.code()), (status, Some(code)), "{request}: {}", answer.body);
    }
    let unknown = north.post("/seat-types/balloon/rights", &to("hq", 1)).await.unwrap();
    assert_eq!((unknown.status, unknown.code()), (422, Some("unknown_seat_type")), "{}", unknown.body);
    let after = north.get("/state").await.unwrap().expect(200).unwrap();
    assert_eq!(after, before, "nothing was written");
    hq_has(&stage, (seats([("hq", 3), ("north", 3), ("south", 4)]), 1, 1), "all is where it was").await;
    // What is refused so often is no reason to refuse what can be given.
    north.post(RIGHTS, &to("hq", 3)).await.unwrap().expect(201).unwrap();
    hq_has(&stage, (seats([("hq", 6), ("north", 0), ("south", 4)]), 1, 1), "HQ has all that was idle").await;
    stage.clear().await.unwrap();
}

/// The sample conference with three nodes that ask for workshop seats when they have less than two left.
fn three_that_ask(conference: &str) -> String {
    let marked =
        conference.replace("name = \"CQRS workshop\"\n", "name = \"CQRS workshop\"\nlow_water = 2\n");
    let given = marked.replace(
        "quota = 12\nallotments = { north = 5, south = 4 }",
        "quota = 12\nallotments = { north = 2, south = 6, west = 4 }",
    );
    assert!(given.len() > marked.len() && marked.len() > conference.len(), "the sample has a workshop");
    format!("{given}\n[desks.west-1]\nplace = \"West hall\"\nnode = \"west\"\nlists = [\"main\"]\n")
}

#[tokio::test]
async fn a_node_that_runs_low_asks_its_richest_sibling_first_and_hq_last() {
    let mut stage = Stage::set_with(&["north", "south", "west"], 10, three_that_ask).await.unwrap();
    let toml = ["south", "west"].map(|sibling| {
        let url = &stage.venue.node(sibling).url;
        format!("[[siblings]]\nname = \"{sibling}\"\nurl = \"{url}\"\n")
    });
    stage.configure("north", &toml.concat()).await.unwrap();
    let north = stage.sign_in("north", "susi", "north-1").await.unwrap();
    // HQ granted all there was; now it is richer than anybody.
    let allotted = seats([("north", 2), ("south", 6), ("west", 4)]);
    are(&north, "north", allotted, "all is granted").await;
    stage.venue.hq.run(&["quota", &stage.venue.conference, "workshop", "22"]).await.unwrap();
    are(&north, "north", seats([("hq", 10), ("north", 2), ("south", 6), ("west", 4)]), "HQ has some").await;
    are_online(&north, 2).await;

    // With one left it asks for three. A sibling spares half of what it has, and keeps two.
    let rounds = [
        (1, [("hq", 10), ("north", 4), ("south", 3), ("west", 4)], "south has most"),
        (3, [("hq", 10), ("north", 3), ("south", 3), ("west", 2)], "west has most"),
        (2, [("hq", 10), ("north", 2), ("south", 2), ("west", 2)], "south has most again"),
        (1, [("hq", 7), ("north", 4), ("south", 2), ("west", 2)], "HQ alone has any to spare"),
    ];
    let mut held = 0;
    for (sold, wanted, what) in rounds {
        hold(&north, sold).await;
        held += sold;
        are(&north, "north", seats(wanted), what).await;
        hq_has(&stage, (seats(wanted), held, 0), what).await;
    }
    let south = stage.sign_in("south", "susi", "south-1").await.unwrap();
    let west = stage.sign_in("west", "susi", "west-1").await.unwrap();
    converge(&stage, &[north, south, west]).await;
    stage.clear().await.unwrap();
}
