//! What must hold: after some commits what is cheap to see, at the end all of it.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use lanyard_domain::attendee::CheckIn;
use lanyard_domain::order::OrderState;
use lanyard_domain::{Account, Attendee, AttendeeId, Ledger, Order};
use lanyard_node::Standing;
use lanyard_node::read::{EntryLine, Read, ReadError};
use lanyard_node::verify::verify;
use lanyard_sync::{Dot, ERASURE_KIND, Hash, KnownScope, StoredHead, admit};

use crate::fixture::{SEAT_TYPES, id};
use crate::node::{Node, SCOPE};
use crate::shape::Shape;
use crate::world::{HQ, World};

/// One of so many worlds ends with everything being read and folded again, as `lanyard verify` does.
const VERIFIED_EVERY: u64 = 10;
/// Of a thousand commits, so many are looked at.
const LOOKED_AT: u32 = 200;
/// More entries than a world has.
pub(crate) const ALL: usize = 100_000;

/// What somebody may have gone by that does not count in the end.
#[derive(Clone, Copy, Debug)]
struct CutOff {
    /// A log has two branches.
    forks: bool,
    /// HQ ended a log. A sibling may have heard what comes after before it heard of the end: seats that were given,
    /// a badge that was voided, a check-in that was taken back.
    ends: bool,
}

impl CutOff {
    fn at(world: &World, node: &Node) -> anyhow::Result<Self> {
        let ends = world.shape != Shape::HqAlone && !node.closed_logs()?.is_empty();
        Ok(Self { forks: !node.forks()?.is_empty(), ends })
    }
}

/// What a node that has just written must be. Looking takes longer than writing, so it is done after some commits:
/// what went wrong stays wrong, and the end of every world is looked at.
pub(crate) fn after_commit(world: &mut World, number: usize) -> anyhow::Result<()> {
    if !world.dice.chance(LOOKED_AT) {
        return Ok(());
    }
    let node = &world.nodes[number];
    let (vector, state, ledgers) = node.read(|db| Ok((db.vector()?, db.state_hash()?, ledgers(*db)?)))?;
    let cut_off = CutOff::at(world, node)?;
    ensure!(vector == node.vector()?, "the tables of {} and what it goes by differ", node.name);
    let (digest, is_folded) = (vector.digest(), node.folding() == 0);
    if is_folded {
        let same = *world.states.entry((node.is_next, digest)).or_insert(state);
        ensure!(
            same == state,
            "I8: vectors {digest} are equal and states are not: {same} and {state} at {}",
            node.name
        );
    }
    for (seat_type, ledger) in &ledgers {
        seats_are_conserved(seat_type, ledger, cut_off).with_context(|| format!("at {}", node.name))?;
    }
    let account = node.account();
    for (seat_type, ledger) in ledgers {
        let own = ledger.balances.get(&account).copied().unwrap_or_default();
        if !world.nodes[number].is_retired {
            world.spent.insert((number, seat_type), own.held + own.sold);
        }
        if number == HQ {
            let others: i64 = (0..world.nodes.len()).filter_map(|at| world.spent.get(&(at, seat_type))).sum();
            ensure!(
                others <= i64::from(ledger.quota) || world.anybody_was_set_back(),
                "I1: {others} {seat_type} of {} are gone",
                ledger.quota
            );
        }
    }
    if world.dice.chance(50) && is_folded {
        folds_agree(&world.nodes[number])?;
    }
    Ok(())
}

/// What every node must be once all have the same.
pub(crate) fn at_the_end(world: &World) -> anyhow::Result<()> {
    let (at_hq, state_at_hq) = world.nodes[HQ].read(|db| Ok((db.vector()?, db.state_hash()?)))?;
    // Down to the last row takes as long as all the rest, so each world does that for one of its nodes.
    let looked_into = usize::try_from(world.seed / 8)? % world.nodes.len();
    let is_verified = world.seed.is_multiple_of(VERIFIED_EVERY);
    for (number, node) in world.nodes.iter().enumerate() {
        let whole = || -> anyhow::Result<()> {
            let (vector, state) = (node.vector()?, node.state_hash()?);
            ensure!(vector == at_hq, "the vectors differ");
            ensure!(state == state_at_hq, "I8: the vectors are equal and the states are not");
            if number != looked_into {
                return Ok(());
            }
            world.oracle.log_agrees(&node.read(|db| db.entries_after(0, ALL))?)?;
            people_are_right(world, node)?;
            money_adds_up(world, node)?;
            if !is_verified {
                return Ok(());
            }
            folds_agree(node)?;
            log_is_whole(node)?;
            node.act_as_its_release();
            let report = verify(&node.database())?;
            ensure!(report.findings.is_empty(), "verify finds: {:#?}", report.findings);
            Ok(())
        };
        whole().with_context(|| format!("at the end, at {}", node.name))?;
    }
    Ok(())
}

/// What the world reached: the things its invariants are about.
pub(crate) fn marks(world: &World) -> anyhow::Result<BTreeMap<String, u64>> {
    let hq = &world.nodes[HQ];
    let mut marks = BTreeMap::new();
    let mut mark = |name: &str, count: usize| {
        *marks.entry(name.to_owned()).or_default() += count as u64;
    };
    for (name, count) in &world.reached {
        mark(name, usize::try_from(*count)?);
    }
    mark("accepted", world.oracle.accepted());
    world.oracle.refusals().for_each(|word| mark(&format!("refused {word}"), 1));
    mark("machines set back", world.oracle.machines_set_back());
    mark("replays", usize::try_from(world.oracle.replays)?);
    let lines = hq.read(|db| db.entries_after(0, ALL))?;
    mark("entries written again", lines.iter().filter(|line| line.stands_for.is_some()).count());
    mark("nodes retired", lines.iter().filter(|line| line.kind == "logs-closed").count());
    mark("attendees erased", lines.iter().filter(|line| line.kind == ERASURE_KIND).count());
    mark("removals reported", lines.iter().filter(|line| line.kind == "erasures-completed").count());
    let closed = hq.closed_logs()?;
    mark("entries that do not count", lines.iter().filter(|line| closed.is_beyond(line.dot)).count());
    mark("forks", lines.iter().filter(|line| line.kind == "fork-found").count());
    let opened =
        |line: &&EntryLine| line.facts.as_deref().is_some_and(|facts| facts.contains("\"set_back\""));
    mark("epochs after a set-back", lines.iter().filter(opened).count());
    mark("entries", usize::try_from(hq.vector()?.iter().map(|(_, head)| head.seq).sum::<u64>())?);
    for (id, attendee) in hq.read(|db| db.attendees_after(None, ALL))? {
        attendee.conflicts(id).iter().for_each(|conflict| mark(conflict.kind.as_str(), 1));
        mark("check-ins", attendee.check_ins.len());
        mark("badges unseen by each other", attendee.badges.iter().filter(|badge| badge.flagged).count());
        mark("resolutions", attendee.resolutions.len());
        mark("resolutions overruled", attendee.resolutions.iter().filter(|made| made.overruled).count());
    }
    for (_, ledger) in hq.read(|db| ledgers(*db))? {
        mark("seats sold", usize::try_from(ledger.sold())?);
        let has_some = |account: &&Account| ledger.available(**account) > 0;
        let left = |account: &&Account| **account != Account::Hq && !world.accounts().contains(account);
        mark("rights stranded", ledger.balances.keys().filter(left).filter(has_some).count());
    }
    Ok(marks)
}

fn ledgers(db: Read<'_>) -> Result<Vec<(&'static str, Ledger)>, ReadError> {
    SEAT_TYPES.iter().map(|(seat_type, _)| Ok((*seat_type, db.ledger(&id(seat_type))?))).collect()
}

/// I1, at any cut: what a node has heard of follows from what it has heard of before.
fn seats_are_conserved(seat_type: &str, ledger: &Ledger, cut_off: CutOff) -> anyhow::Result<()> {
    let venues = ledger.balances.keys().copied().filter(|account| *account != Account::Hq);
    let mut rights = 0;
    for account in std::iter::once(Account::Hq).chain(venues) {
        let available = ledger.available(account);
        // Two branches of a log may spend the same right before either copy meets a peer, and what somebody was
        // given beyond a fork may come after what they sold of it.
        let spent_twice = account != Account::Hq && (cut_off.forks || cut_off.ends);
        ensure!(
            available >= 0 || spent_twice,
            "I1: {account} spent {} {seat_type} that it did not have",
            -available
        );
        rights += available;
    }
    let (held, sold, quota) = (ledger.held(), ledger.sold(), i64::from(ledger.quota));
    // One branch may release what the other one sold.
    ensure!((held >= 0 || cut_off.forks) && sold >= 0, "I1: {held} {seat_type} are held and {sold} sold");
    ensure!(rights + held + sold == quota, "I1: {rights} + {held} + {sold} {seat_type} make no {quota}");
    Ok(())
}

/// I6: stored states equal a new fold of the log, and sums and lists equal the states.
fn folds_agree(node: &Node) -> anyhow::Result<()> {
    let (stored, folded, arrivals, attendees, contested, open) = node.read(|db| {
        Ok((
            db.state_hash()?,
            db.state_hash_of_log()?,
            db.arrivals()?,
            db.attendees_after(None, ALL)?,
            db.attendees_in_conflict(false)?,
            db.open_conflicts()?,
        ))
    })?;
    ensure!(stored == folded, "I6: the stored states of {} are not what its log says", node.name);
    let standing = |counts: fn(Standing) -> bool| {
        attendees.iter().filter(|(_, attendee)| counts(Standing::of(attendee))).count() as u64
    };
    let inside = standing(|standing| standing == Standing::In);
    ensure!(arrivals.inside == inside, "I6: {} count as in and {inside} are", arrivals.inside);
    let expected = standing(Standing::counts_as_expected);
    ensure!(arrivals.expected == expected, "I6: {} count as expected and {expected} are", arrivals.expected);
    let conflicts = |(id, attendee): &(AttendeeId, Attendee)| attendee.conflicts(*id);
    let with_conflicts = attendees.iter().filter(|row| !conflicts(row).is_empty()).count();
    ensure!(
        contested.len() == with_conflicts,
        "I6: {} of {with_conflicts} conflicts are listed",
        contested.len()
    );
    let open_ones = attendees.iter().flat_map(conflicts).filter(lanyard_domain::Conflict::is_open).count();
    ensure!(open == open_ones as u64, "I6: {open} conflicts count as open and {open_ones} are");
    Ok(())
}

/// I5: all of the log is admitted by somebody who knows nothing, in the order in which it would be sent.
fn log_is_whole(node: &Node) -> anyhow::Result<()> {
    let mut known = KnownScope::new(SCOPE, node.identity.organiser_key);
    // What was seen of a branch that was set aside is not here; a node that begins asks for that first.
    known.forks = node.forks()?;
    let mut heads: BTreeMap<Dot, (Hash, u64)> = BTreeMap::new();
    while let Some(batch) = node.read(|db| db.batch_after(&known.vector()))? {
        let stored =
            |dot: Dot| heads.get(&dot).map(|(hash, lamport)| StoredHead { hash: *hash, lamport: *lamport });
        let admitted = admit(&known, batch, &stored).context("I5: the log is not whole")?;
        for row in &admitted.entries {
            heads.insert(row.entry.dot, (row.entry.hash, row.entry.header.lamport));
        }
        known.accept(admitted.logs);
    }
    ensure!(known.vector() == node.vector()?, "I5: the log does not lead to the vector");
    Ok(())
}

/// I2 and I3 for everybody.
fn people_are_right(world: &World, node: &Node) -> anyhow::Result<()> {
    let cut_off = CutOff::at(world, node)?;
    for (who, attendee) in node.read(|db| db.attendees_after(None, ALL))? {
        let active = attendee.active_badges().count();
        let flagged = attendee.active_badges().filter(|badge| badge.flagged).count();
        ensure!(
            active <= 1 || flagged > 0 || cut_off.ends,
            "I2: {who} has {active} good badges and none is flagged"
        );
        check_ins_are_right(&attendee, cut_off).with_context(|| format!("of {who}"))?;
    }
    Ok(())
}

/// I3: whoever is in has one effective check-in, and others only where nobody could know.
fn check_ins_are_right(attendee: &Attendee, cut_off: CutOff) -> anyhow::Result<()> {
    for check_in in attendee.check_ins.iter().filter(|check_in| check_in.stands()) {
        let beside: Vec<_> = attendee
            .check_ins
            .iter()
            .filter(|other| other.list == check_in.list && other.window == check_in.window)
            .collect();
        let effective = beside.iter().filter(|other| attendee.is_effective(other)).count();
        ensure!(
            check_in.re_entry || effective == 1,
            "I3: {effective} effective check-ins on {}",
            check_in.list
        );
        // A decision that was overruled may have let somebody in again before.
        if check_in.re_entry || !attendee.resolutions.is_empty() || !beside.iter().all(|other| other.stands())
        {
            continue;
        }
        let earlier = beside.iter().take_while(|other| other.at.dot != check_in.at.dot);
        let seen = earlier.map(|other| other.at.dot).find(|dot| !check_in.unseen_check_ins.contains(dot));
        ensure!(
            seen.is_none() || cut_off.ends,
            "I3: {} admitted again after {seen:?} was seen",
            dot_of(check_in)
        );
    }
    Ok(())
}

const fn dot_of(check_in: &CheckIn) -> Dot {
    check_in.at.dot
}

/// I4, per order.
fn money_adds_up(world: &World, node: &Node) -> anyhow::Result<()> {
    for (_, id) in &world.directory.orders {
        let Some(order) = node.read(|db| db.order(*id))? else { continue };
        let Order { paid_minor, refund_due_minor, .. } = order;
        let total_minor = order.total_minor();
        let holds = match order.state {
            OrderState::Cancelled => refund_due_minor == paid_minor,
            OrderState::Confirmed => {
                let covered = if order.is_complimentary() { 0 } else { total_minor };
                paid_minor - refund_due_minor == covered
            }
            OrderState::Placed | OrderState::Expired | OrderState::Imported | OrderState::Unknown => {
                let applied = paid_minor - refund_due_minor;
                refund_due_minor >= 0 && (applied == 0 || applied == total_minor)
            }
        };
        ensure!(
            holds,
            "I4: order {id} is {:?}: {paid_minor} of {total_minor} paid, {refund_due_minor} due",
            order.state
        );
    }
    Ok(())
}
