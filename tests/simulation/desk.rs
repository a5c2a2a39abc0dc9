//! Desks: what staff ask for, drawn over what their node shows them.

use lanyard_domain::command::{Assignee, Command, IfShort, Wanted, Who};
use lanyard_domain::document::Field;
use lanyard_domain::event::{Decision, Method};
use lanyard_domain::{Account, Attendee, AttendeeId, DocumentId, Order, OrderId, Role};
use lanyard_node::Submitted;
use lanyard_sync::{CommandId, Hash};

use crate::dice::Dice;
use crate::fixture::{GUESTS, LIST_VERSIONS, LISTS, SEAT_TYPES, guests, id, import, person};
use crate::node::Node;

/// What is known of the world outside its nodes: whom and what commands may name.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) guests: Vec<AttendeeId>,
    pub(crate) orders: Vec<(usize, OrderId)>,
    walk_ups: u64,
}

impl Default for Directory {
    fn default() -> Self {
        Self { guests: guests(), orders: Vec::new(), walk_ups: 0 }
    }
}

/// Puts a command into an envelope of its own.
pub(crate) fn submitted(id: CommandId, node: &Node, dice: &mut Dice, command: Command) -> Submitted {
    let json = serde_json::to_vec(&command).expect("a command holds nothing that JSON cannot say");
    let desk = if node.identity.is_hq() {
        String::new()
    } else {
        format!("{}-{}", node.identity.name, 1 + dice.index(2))
    };
    let role = if dice.chance(30) { Role::Volunteer } else { Role::Administrator };
    Submitted {
        id,
        body: Hash(*blake3::hash(&json).as_bytes()),
        actor: "ana".to_owned(),
        desk,
        role,
        command,
        if_match: None,
    }
}

/// The id every node gives to a version of the attendee list.
pub(crate) fn import_id(version: u8) -> CommandId {
    CommandId([version; 16])
}

impl Directory {
    /// Draws what a desk of this node asks for next.
    pub(crate) fn draw(
        &mut self,
        number: usize,
        node: &Node,
        accounts: &[Account],
        dice: &mut Dice,
    ) -> anyhow::Result<Submitted> {
        // Those of later versions of the list are mostly not known yet.
        let guest = if dice.chance(700) { &self.guests[..GUESTS] } else { &self.guests };
        let guest = *dice.pick(guest).expect("there are guests");
        let known = node.read(|db| db.attendee(guest))?;
        let drawn = dice.between(0, 100);
        if drawn < 4 {
            let version = u8::try_from(dice.between(1, u64::from(LIST_VERSIONS))).expect("few versions");
            return Ok(submitted(import_id(version), node, dice, import(version)));
        }
        let command = match drawn {
            4..34 => check_in(guest, known.as_ref(), dice),
            34..40 => self.walk_up(dice),
            40..72 => self.sale(number, guest, node, dice)?,
            72..80 => rights(accounts, dice),
            80..82 if node.identity.is_hq() => quota(dice),
            80..85 => resolution(node, dice)?.unwrap_or(Command::IssueBadge { attendee: guest }),
            // Rarely, because every node writes its database anew for it.
            85 if dice.chance(150) => Command::EraseAttendee { attendee: guest },
            86..92 => annulment(guest, known.as_ref(), dice),
            92..98 => badge(guest, known.as_ref(), dice),
            _ => words(guest, known.as_ref(), dice),
        };
        let mut submitted = submitted(CommandId(dice.bytes()), node, dice, command);
        if let (Some(known), true, Command::CheckIn { who: Who::Attendee(_), .. }) =
            (known, dice.chance(100), &submitted.command)
        {
            submitted.if_match = Some(known.entries - u64::from(dice.chance(300) && known.entries > 0));
        }
        Ok(submitted)
    }

    fn walk_up(&mut self, dice: &mut Dice) -> Command {
        self.walk_ups += 1;
        let method = if dice.chance(300) { Method::Complimentary } else { Method::Cash };
        Command::RegisterWalkUp {
            person: person(1_000 + self.walk_ups),
            seat_type: id("ga"),
            method,
            reason: "press".to_owned(),
            not_the_same_as: Vec::new(),
        }
    }

    /// A step of a sale: mostly the one that an order of this node waits for.
    fn sale(
        &self,
        number: usize,
        guest: AttendeeId,
        node: &Node,
        dice: &mut Dice,
    ) -> anyhow::Result<Command> {
        let own: Vec<_> = self.orders.iter().filter(|(at, _)| *at == number || dice.chance(150)).collect();
        let last = own.len().saturating_sub(3);
        let chosen = dice.pick(&own[last..]).map(|(_, order)| *order);
        let order = match chosen {
            Some(order) if dice.chance(700) => order,
            _ => return Ok(place(guest, dice)),
        };
        let known: Order = node.read(|db| db.order(order))?.unwrap_or_default();
        let open_minor = known.open_minor();
        Ok(match dice.between(0, 20) {
            0..2 => Command::CancelOrder { order, reason: "asked by phone".to_owned() },
            2..4 => {
                let assignee = if dice.chance(500) {
                    Assignee::Attendee(guest)
                } else {
                    Assignee::New(person(dice.between(0, 99)).into())
                };
                Command::AssignSeat { order, n: u32::from(dice.chance(500)), assignee }
            }
            4..11 if open_minor > 0 => {
                Command::TakePayment { order, method: Method::Cash, amount_minor: open_minor }
            }
            _ => Command::ConfirmOrder { order },
        })
    }
}

/// More seats than the least there are.
fn quota(dice: &mut Dice) -> Command {
    let (seat_type, least) = SEAT_TYPES[dice.index(SEAT_TYPES.len())];
    let more = u32::from(dice.chance(500)) + u32::from(dice.chance(500));
    Command::SetQuota { seat_type: id(seat_type), quota: least + more }
}

fn check_in(guest: AttendeeId, known: Option<&Attendee>, dice: &mut Dice) -> Command {
    let code = known.and_then(|known| known.codes.iter().next().cloned());
    let badge = known.and_then(|known| known.badges.last().map(|badge| badge.badge_code.to_string()));
    let who = match (code, badge) {
        (Some(code), _) if dice.chance(300) => Who::Code(code),
        (_, Some(badge)) if dice.chance(300) => Who::Code(badge),
        _ => Who::Attendee(guest),
    };
    let list = if dice.chance(600) { LISTS[0] } else { LISTS[dice.index(LISTS.len())] };
    let override_reason = dice.chance(80).then(|| "speaker".to_owned());
    Command::CheckIn { who, list: id(list), override_reason }
}

fn place(guest: AttendeeId, dice: &mut Dice) -> Command {
    let attendee = dice.chance(600).then_some(guest);
    let lines = (0..=dice.index(2)).map(|_| Wanted {
        seat_type: id(SEAT_TYPES[dice.index(SEAT_TYPES.len())].0),
        quantity: if dice.chance(50) { 0 } else { 1 + dice.around_zero(1).abs() },
    });
    Command::PlaceOrder {
        attendee,
        lines: lines.collect(),
        registrant: attendee.is_none().then(|| person(500)),
        if_short: if dice.chance(500) { IfShort::Offer } else { IfShort::Refuse },
    }
}

fn rights(accounts: &[Account], dice: &mut Dice) -> Command {
    let (seat_type, quota) = SEAT_TYPES[dice.index(SEAT_TYPES.len())];
    let count = 1 + u32::try_from(dice.index(4)).expect("a small number");
    if dice.chance(300) {
        return Command::SetQuota { seat_type: id(seat_type), quota: quota + count - 2 };
    }
    let to = *dice.pick(accounts).expect("there are nodes");
    Command::GiveRights { seat_type: id(seat_type), to, count }
}

fn resolution(node: &Node, dice: &mut Dice) -> anyhow::Result<Option<Command>> {
    let contested = node.read(|db| db.attendees_in_conflict(true))?;
    let Some((attendee, known)) = dice.pick(&contested) else { return Ok(None) };
    let conflicts = known.conflicts(*attendee);
    let Some(conflict) = dice.pick(&conflicts) else { return Ok(None) };
    let decision = match dice.pick(&conflict.sides) {
        Some(side) if dice.chance(600) => Decision::Annul { check_in: side.at.dot },
        Some(_) | None => Decision::Accept,
    };
    let reason = "spoke to the guest".to_owned();
    Ok(Some(Command::ResolveConflict { attendee: *attendee, conflict: conflict.id, decision, reason }))
}

fn annulment(guest: AttendeeId, known: Option<&Attendee>, dice: &mut Dice) -> Command {
    match known.and_then(|known| dice.pick(&known.check_ins)) {
        Some(check_in) => Command::AnnulCheckIn {
            attendee: guest,
            check_in: check_in.at.dot,
            reason: "wrong person".to_owned(),
        },
        None => check_in(guest, known, dice),
    }
}

/// Badge text or notes, mostly on what is shown.
fn words(guest: AttendeeId, known: Option<&Attendee>, dice: &mut Dice) -> Command {
    let document = known.and_then(|known| known.document.as_deref()).filter(|_| dice.chance(800));
    let seen = document.map(|document| document.version.clone()).unwrap_or_default();
    let field = Field::ALL[dice.index(Field::ALL.len())];
    let text =
        format!("{} {}", document.and_then(|known| known.text(field)).unwrap_or_default(), dice.index(9));
    Command::EditDocument { document: DocumentId::Attendee(guest), seen, edits: [(field, text)].into() }
}

fn badge(guest: AttendeeId, known: Option<&Attendee>, dice: &mut Dice) -> Command {
    let last = known.and_then(|known| known.badges.last());
    match (dice.index(4), last) {
        (0, Some(badge)) => Command::VoidBadge {
            attendee: guest,
            badge_code: badge.badge_code.clone(),
            reason: "copied".to_owned(),
        },
        (1, Some(badge)) => Command::ReportPrinted { attendee: guest, badge_code: badge.badge_code.clone() },
        (_, Some(_)) => Command::ReprintBadge { attendee: guest, reason: "lost".to_owned() },
        (_, None) => Command::IssueBadge { attendee: guest },
    }
}
