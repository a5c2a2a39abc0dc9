//! Laws that hold whatever happens: random commands on nodes that meet now and then.

use proptest::prelude::*;

use crate::command::{Assignee, Command, Who};
use crate::document::{DocumentId, Field, Version};
use crate::event::{Decision, Method};
use crate::id::{AttendeeId, OrderId};
use crate::order::OrderState;
use crate::test_world::{Node, cancel, check_in, import, meet, person, place, row, text, venue};
use crate::{Account, View};

/// What happens next, as four small numbers: what, where, to whom, how much.
type Step = (u8, usize, usize, u8);

const TYPES: [&str; 4] = ["ga", "ws", "cp", "free"];
const LISTS: [&str; 3] = ["main", "ws", "lounge"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0_u8..22, 0_usize..3, 0_usize..6, 0_u8..6), 1..60)
}

fn act(nodes: &mut [Node; 3], guests: &[AttendeeId], (what, at, whom, amount): Step) {
    let guest = guests[whom % guests.len()];
    let own_orders: Vec<OrderId> = nodes[at].view.orders().map(|(id, _)| id).collect();
    let order = own_orders.get(whom % own_orders.len().max(1)).copied().unwrap_or(OrderId([0; 16]));
    let known = nodes[at].attendee(guest);
    let seat_type = TYPES[whom % TYPES.len()];
    let command = match what {
        0..=3 => check_in(guest, LISTS[usize::from(amount) % LISTS.len()]),
        4 => Command::IssueBadge { attendee: guest },
        5 => Command::ReprintBadge { attendee: guest, reason: "lost".into() },
        6 | 7 => place((amount % 2 == 0).then_some(guest), &[(seat_type, i64::from(amount))]),
        8 if amount == 0 => Command::TakePayment { order, method: Method::Complimentary, amount_minor: 0 },
        8 | 9 => {
            let amount_minor = nodes[at].view.order(order).map_or(0, |order| order.open_minor());
            Command::TakePayment { order, method: Method::Cash, amount_minor }
        }
        10 | 11 => Command::ConfirmOrder { order },
        12 => cancel(order),
        13 => {
            nodes[at].now_ms += 20 * 60_000;
            Command::ReleaseOrder { order }
        }
        14 => {
            Command::AssignSeat { order, n: u32::from(amount), assignee: Assignee::New(person("New").into()) }
        }
        15 => {
            let to = nodes[usize::from(amount) % 3].account();
            Command::GiveRights { seat_type: text(seat_type), to, count: 1 + u32::from(amount) / 3 }
        }
        16 => match known.conflicts(guest).into_iter().next() {
            Some(conflict) => Command::ResolveConflict {
                attendee: guest,
                conflict: conflict.id,
                decision: match known.check_ins.get(usize::from(amount)) {
                    Some(check_in) => Decision::Annul { check_in: check_in.at.dot },
                    None => Decision::Accept,
                },
                reason: "looked".into(),
            },
            None => Command::SetQuota { seat_type: text(seat_type), quota: 8 + u32::from(amount) },
        },
        17 if amount == 0 => Command::EraseAttendee { attendee: guest },
        18..=20 => {
            let document = known.document.unwrap_or_default();
            let seen = if amount == 5 { Version::default() } else { document.version.clone() };
            let field = Field::ALL[whom % Field::ALL.len()];
            let text = format!("{}{amount}", document.text(field).unwrap_or_default());
            Command::EditDocument {
                document: DocumentId::Attendee(guest),
                seen,
                edits: [(field, text)].into(),
            }
        }
        _ => {
            let other = nodes[usize::from(amount) % 3].clone();
            nodes[at].pull(&other, amount % 2 == 0);
            return;
        }
    };
    // Most refusals are as right as most successes here; what counts is what was written.
    if let Ok(written) = nodes[at].give(&command) {
        assert!(written.iter().all(|entry| !entry.event.facts.kind().is_empty()));
    }
    own_rights_never_below_zero(&nodes[at]);
}

fn played(steps: &[Step]) -> ([Node; 3], Vec<AttendeeId>) {
    use crate::import::SourceState::{Paid, Unpaid};
    let mut nodes = venue();
    let rows = vec![
        row("Ada", &[("ga", Paid), ("ws", Paid)]),
        row("Bo", &[("ga", Paid)]),
        row("Cy", &[("ga", Unpaid)]),
    ];
    let guests = import(&mut nodes[0], rows);
    meet(&mut nodes);
    for step in steps {
        act(&mut nodes, &guests, *step);
    }
    (nodes, guests)
}

fn own_rights_never_below_zero(node: &Node) {
    for seat_type in TYPES {
        assert!(node.ledger(seat_type).available(node.account()) >= 0, "{seat_type} oversold");
    }
}

fn seats_are_conserved(node: &Node) {
    for seat_type in TYPES {
        let ledger = node.ledger(seat_type);
        let accounts = ledger.balances.keys().copied().filter(|account| *account != Account::Hq);
        let available: i64 =
            std::iter::once(Account::Hq).chain(accounts).map(|account| ledger.available(account)).sum();
        assert_eq!(available + ledger.held() + ledger.sold(), i64::from(ledger.quota), "{seat_type}");
        let in_holds: i64 = ledger.holds.values().map(|hold| i64::from(hold.count)).sum();
        assert_eq!(in_holds, ledger.held(), "{seat_type}");
    }
}

fn admissions_hold(node: &Node, guests: &[AttendeeId]) {
    for id in guests {
        let attendee = node.attendee(*id);
        for check_in in attendee.check_ins.iter().filter(|check_in| check_in.stands()) {
            let effective = attendee.effective_check_in(&check_in.list, &check_in.window);
            assert!(effective.is_some(), "somebody inside has an effective check-in");
            let beside = |other: &&crate::attendee::CheckIn| {
                other.list == check_in.list && other.window == check_in.window && attendee.is_effective(other)
            };
            assert!(check_in.re_entry || attendee.check_ins.iter().filter(beside).count() == 1);
        }
        let active = attendee.active_badges().count();
        assert!(active <= 1 || attendee.active_badges().filter(|badge| badge.flagged).count() >= 1);
    }
}

fn money_adds_up(node: &Node) {
    for (_, order) in node.view.orders() {
        match order.state {
            OrderState::Cancelled => assert_eq!(order.refund_due_minor, order.paid_minor),
            OrderState::Confirmed if order.is_complimentary() => assert_eq!(order.paid_minor, 0),
            OrderState::Confirmed => assert_eq!(order.paid_minor, order.total_minor()),
            OrderState::Placed | OrderState::Expired | OrderState::Imported | OrderState::Unknown => {
                assert_eq!(order.refund_due_minor, 0);
                assert!(order.paid_minor == 0 || order.paid_minor == order.total_minor());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn what_happened_gives_one_state_whatever_the_order_of_arrival(steps in steps()) {
        let (mut nodes, guests) = played(&steps);
        meet(&mut nodes);
        let [hq, north, south] = &nodes;
        prop_assert_eq!(hq.state_bytes(), north.state_bytes());
        prop_assert_eq!(hq.state_bytes(), south.state_bytes());
        for id in guests {
            let conflicts = hq.attendee(id).conflicts(id);
            prop_assert_eq!(&conflicts, &north.attendee(id).conflicts(id));
            prop_assert_eq!(&conflicts, &south.attendee(id).conflicts(id));
        }
    }

    #[test]
    fn seats_money_and_admissions_add_up_before_and_after_nodes_meet(steps in steps()) {
        let (mut nodes, guests) = played(&steps);
        for node in &nodes {
            seats_are_conserved(node);
            money_adds_up(node);
            admissions_hold(node, &guests);
        }
        meet(&mut nodes);
        seats_are_conserved(&nodes[0]);
        money_adds_up(&nodes[0]);
        admissions_hold(&nodes[0], &guests);
        for node in &nodes {
            own_rights_never_below_zero(node);
        }
    }

    #[test]
    fn a_stored_state_reads_back(steps in steps()) {
        let (nodes, _) = played(&steps);
        for (stream, state) in nodes[1].view.states() {
            let read = crate::Folded::from_bytes(stream, &state.to_bytes()).unwrap();
            prop_assert_eq!(read.as_ref(), Some(state));
        }
    }

    #[test]
    fn a_scanned_text_never_confuses_the_door(text in "\\PC{0,40}") {
        let mut nodes = venue();
        let command = Command::CheckIn { who: Who::Code(text), list: crate::test_world::text("main"), override_reason: None };
        prop_assert!(nodes[1].give(&command).is_err());
    }
}

#[test]
fn the_steps_reach_what_the_laws_are_about() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut conflicts, mut refunds, mut sold, mut twice, mut contested) = (0, 0, 0, 0, 0);
    for _ in 0..64 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let (mut nodes, guests) = played(&steps);
        meet(&mut nodes);
        conflicts += guests.iter().map(|id| nodes[0].attendee(*id).conflicts(*id).len()).sum::<usize>();
        refunds += nodes[0].view.orders().filter(|(_, order)| order.refund_due_minor > 0).count();
        sold += TYPES.iter().map(|seat_type| nodes[0].ledger(seat_type).sold()).sum::<i64>();
        let documents = guests.iter().filter_map(|id| nodes[0].attendee(*id).document);
        contested += documents.filter(|known| known.fields.values().any(|values| values.len() > 1)).count();
        twice += guests.iter().filter(|id| nodes[0].attendee(**id).active_badges().count() > 1).count();
    }
    assert!(conflicts > 20 && refunds > 0 && sold > 5 && twice > 5, "{conflicts} {refunds} {sold} {twice}");
    assert!(contested > 2, "{contested} documents with two values of a field");
}
