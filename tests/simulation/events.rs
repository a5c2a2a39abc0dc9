//! Events: what happens in a world, one after the other.

use anyhow::{Context as _, ensure};
use lanyard_node::engine::LocalChange;
use lanyard_sync::CommandId;

use crate::line::{Cut, Parcel};
use crate::world::World;

/// How long all nodes may take to end with the same once all healed, milliseconds.
const HEALING_MS: u64 = 600_000;

/// What happens at a moment.
#[derive(Debug)]
pub(crate) enum Event {
    /// A desk asks for something.
    Act,
    /// A desk that has no answer asks again.
    Retry(usize, CommandId),
    /// A parcel arrives; `start` is the start of the asking node in which it was sent.
    Arrive { line: usize, start: u64, number: u64, parcel: Parcel },
    /// A session is to be woken.
    Wake(usize),
    /// A node commits what waits.
    Commit(usize),
    /// A node folds some entries of a long stream.
    Fold(usize),
    /// A node tells of its news.
    Hint(usize),
    /// Every node looks for what is due.
    Housekeeping,
    /// Something may go wrong.
    Trouble,
    /// Islands have a line from here on.
    Meet,
    /// Somebody lets HQ go on that waits for nodes.
    Resume,
    /// A line carries again.
    Heal(usize),
    /// There is room on a node's disk again.
    Room(usize),
    /// What a node has to be told, and what its disk had no room for.
    Owe { node: usize, start: u64, change: LocalChange },
    /// A node starts again.
    Start(usize),
    /// A node is upgraded.
    Upgrade(usize),
    /// A node that asked has waited long enough for its own entries.
    StopHolding { line: usize, start: u64 },
    /// So has one that was asked.
    WriteOn { node: usize, start: u64 },
}

impl World {
    /// Lets things happen until a state is reached.
    pub(crate) fn run_until(
        &mut self,
        what: &str,
        done: impl Fn(&Self) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let deadline_ms = self.now_ms + HEALING_MS;
        while !done(self)? {
            ensure!(self.now_ms < deadline_ms, "not within {HEALING_MS} ms: {what}");
            self.step()?;
        }
        Ok(())
    }

    /// What happens next, happens.
    pub(crate) fn step(&mut self) -> anyhow::Result<()> {
        let ((at_ms, _), event) = self.queue.pop_first().context("nothing is left to happen")?;
        self.now_ms = self.now_ms.max(at_ms);
        self.nodes.iter().for_each(|node| node.set_clock(self.now_ms));
        match event {
            Event::Act => self.act(),
            Event::Retry(node, id) => {
                self.retry(node, id);
                Ok(())
            }
            Event::Arrive { line, start, number, parcel } => self.arrive(line, start, number, parcel),
            Event::Wake(line) => self.wake(line),
            Event::Commit(node) => self.commit(node),
            Event::Fold(node) => self.fold(node),
            Event::Hint(node) => {
                self.hint(node);
                Ok(())
            }
            Event::Housekeeping => {
                self.schedule(20_000, Event::Housekeeping);
                self.look_for_due().map(|_| ())
            }
            Event::Trouble => self.trouble(),
            Event::Heal(line) => {
                self.lines[line].cut = Cut::Open;
                self.trace.note(self.now_ms, &format!("line {line} carries again"));
                Ok(())
            }
            Event::Meet => self.meet(),
            Event::Resume => {
                self.resume_hq();
                Ok(())
            }
            Event::Room(node) => {
                self.nodes[node].disk.limit_bytes(None);
                Ok(())
            }
            Event::Owe { node, start, change } => {
                self.tell_owed(node, start, change);
                Ok(())
            }
            Event::Start(node) => self.start_again(node),
            Event::Upgrade(node) => self.upgrade(node),
            Event::StopHolding { line, start } => {
                self.stop_holding(line, start);
                Ok(())
            }
            Event::WriteOn { node, start } => {
                self.tell_owed(node, start, LocalChange::WriteOn);
                Ok(())
            }
        }
    }

    /// Lets something happen after a while.
    pub(crate) fn schedule(&mut self, in_ms: u64, event: Event) {
        self.scheduled += 1;
        self.queue.insert((self.now_ms + in_ms, self.scheduled), event);
    }
}
