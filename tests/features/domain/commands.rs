//! Turning what a desk asks for into a command of the rules.

use anyhow::Context as _;
use lanyard_domain::command::{Assignee, Command, IfShort, Wanted, Who};
use lanyard_domain::event::Method;
use lanyard_domain::{AttendeeId, OrderId, Person, SeatTypeId};

use super::node::Node;
use crate::driver::Action;
use crate::fixture;

/// Somebody's words.
pub(crate) fn person(name: &str) -> Person {
    let (first_name, last_name) = fixture::names(name);
    Person { first_name, last_name, email: Some(fixture::email_of(name)), ..Person::default() }
}

/// Somebody by name.
pub(crate) fn attendee_named(node: &Node, name: &str) -> anyhow::Result<AttendeeId> {
    let mut known = node.view.attendees();
    let found =
        known.find(|(_, known)| known.person.as_ref().is_some_and(|person| person.full_name() == name));
    Ok(found.with_context(|| format!("{name} is not known at {}", node.name))?.0)
}

/// The id of a seat type.
pub(crate) fn seat_type(id: &str) -> anyhow::Result<SeatTypeId> {
    id.parse().context("a seat type has a sound id")
}

/// The id of an order.
pub(crate) fn order(id: &str) -> anyhow::Result<OrderId> {
    id.parse().context("an order has a sound id")
}

/// The command of an action; none for a lookup, which changes nothing.
pub(crate) fn command(node: &Node, action: &Action) -> anyhow::Result<Option<Command>> {
    Ok(Some(match action {
        Action::Scan { code, list, override_reason } => Command::CheckIn {
            who: Who::Code(code.clone()),
            list: list.parse().context("a list has a sound id")?,
            override_reason: override_reason.clone(),
        },
        Action::Annul { name, reason } => {
            let attendee = attendee_named(node, name)?;
            let known = lanyard_domain::View::attendee(&node.view, attendee).context("somebody known")?;
            let standing = known.check_ins.iter().find(|check_in| check_in.stands());
            let check_in = standing.context("no check-in stands")?.at.dot;
            Command::AnnulCheckIn { attendee, check_in, reason: reason.clone() }
        }
        Action::WalkUp { name, seat_type: id } => Command::RegisterWalkUp {
            person: person(name),
            seat_type: seat_type(id)?,
            method: Method::Cash,
            reason: String::new(),
            not_the_same_as: Vec::new(),
        },
        Action::Place { registrant, attendee, lines } => {
            let wanted = |(id, quantity): &(String, i64)| -> anyhow::Result<Wanted> {
                Ok(Wanted { seat_type: seat_type(id)?, quantity: *quantity })
            };
            Command::PlaceOrder {
                attendee: attendee.as_ref().map(|name| attendee_named(node, name)).transpose()?,
                registrant: registrant.as_ref().map(|name| person(name)),
                lines: lines.iter().map(wanted).collect::<anyhow::Result<_>>()?,
                if_short: IfShort::Offer,
            }
        }
        Action::Pay { order: id, amount_minor } => {
            Command::TakePayment { order: order(id)?, method: Method::Cash, amount_minor: *amount_minor }
        }
        Action::GiveAway { order: id } => {
            Command::TakePayment { order: order(id)?, method: Method::Complimentary, amount_minor: 0 }
        }
        Action::Confirm { order: id } => Command::ConfirmOrder { order: order(id)? },
        Action::NameSeat { order: id, n, name } => {
            Command::AssignSeat { order: order(id)?, n: *n, assignee: Assignee::New(person(name).into()) }
        }
        Action::Lookup { .. } => return Ok(None),
        Action::IssueBadge { name } => Command::IssueBadge { attendee: attendee_named(node, name)? },
        Action::Reprint { name } => {
            Command::ReprintBadge { attendee: attendee_named(node, name)?, reason: "lost".to_owned() }
        }
    }))
}
