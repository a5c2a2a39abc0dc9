//! What the states say about seats, badges and check-ins, where some of what somebody went by does not count.

use lanyard_domain::{Account, Command};

use super::verify;
use crate::engine::test_node::{TestNode, sale, seat_type_id, venue};

fn assert_clean(nodes: &[&TestNode]) {
    for node in nodes {
        assert_eq!(verify(&node.path()).unwrap().findings, []);
    }
}

#[test]
fn whoever_sold_what_a_retired_node_gave_after_its_end_is_below_nothing_by_right() {
    let (mut hq, mut north, mut south) = venue();
    hq.pull(&north).unwrap();
    hq.pull(&south).unwrap();
    hq.give_rights(&north, "ws", 5);
    north.pull(&hq).unwrap();
    north.pull(&south).unwrap();
    north.give_rights(&south, "ws", 2);
    south.pull(&north).unwrap();
    south.accept(sale(1));
    south.accept(sale(2));
    hq.accept(Command::CloseLogs { node: north.engine.own_log().node, keep: None });
    hq.pull(&south).unwrap();
    south.pull(&hq).unwrap();
    let account = Account::Venue(south.engine.own_log());
    let ledger = south.reader().read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap();
    assert_eq!(ledger.available(account), -2);
    assert_clean(&[&hq, &south]);
}
