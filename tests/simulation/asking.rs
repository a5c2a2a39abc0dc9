//! Asking: desks give commands to their nodes, ask again without an answer, and nodes do what is due.

use lanyard_node::Submitted;
use lanyard_node::engine::Submission;
use lanyard_sync::{CommandId, Hash};

use crate::events::Event;
use crate::faults::Fault;
use crate::node::Waiting;
use crate::world::World;

impl World {
    /// A desk asks for something, or for something it asked before.
    pub(crate) fn act(&mut self) -> anyhow::Result<()> {
        if self.commands >= self.commands_wanted {
            return Ok(());
        }
        // Desks come in bursts: what is asked at once is decided in one commit, and at several nodes at a time.
        let pause_ms = if self.dice.chance(720) { 40 } else { 12_000 };
        let pause_ms = self.dice.between(0, pause_ms);
        self.schedule(pause_ms, Event::Act);
        let number = self.dice.index(self.nodes.len());
        if !self.nodes[number].is_up() {
            return Ok(());
        }
        self.commands += 1;
        if self.weather.draws(Fault::CommandRepeated)
            && let Some((at, earlier)) = self.dice.pick(&self.given).cloned()
            && self.nodes[at].is_up()
        {
            self.weather.count(Fault::CommandRepeated);
            self.repeat(at, earlier);
            return Ok(());
        }
        let accounts = self.accounts();
        let node = &self.nodes[number];
        let submitted = self.directory.draw(number, node, &accounts, &mut self.dice)?;
        self.given.push((number, submitted.clone()));
        self.give(number, submitted);
        Ok(())
    }

    /// Hands a command to a node; without an answer in time it is handed over again.
    pub(crate) fn give(&mut self, node: usize, submitted: Submitted) {
        let id = submitted.id;
        self.trace.note(
            self.now_ms,
            &format!("{} is given {} {id}", self.nodes[node].name, submitted.command.name()),
        );
        self.pending.insert((node, id), submitted.clone());
        self.submit(node, Waiting::Desk(id), Submission::Command(submitted));
        let patience_ms = self.dice.between(5_000, 20_000);
        self.schedule(patience_ms, Event::Retry(node, id));
    }

    /// Hands an earlier command to a node again, or another command under its id.
    fn repeat(&mut self, node: usize, earlier: Submitted) {
        if self.dice.chance(150) && self.oracle.knows(node, earlier.id) {
            let other = Submitted { body: Hash(self.dice.bytes()), ..earlier };
            self.submit(node, Waiting::Refusal(other.id), Submission::Command(other));
        } else {
            self.give(node, earlier);
        }
    }

    /// A desk that waited for long asks again.
    pub(crate) fn retry(&mut self, node: usize, id: CommandId) {
        let Some(submitted) = self.pending.get(&(node, id)).cloned() else { return };
        if self.nodes[node].is_up() {
            self.give(node, submitted);
        } else {
            self.schedule(5_000, Event::Retry(node, id));
        }
    }

    /// Every node does what is due; tells how much that was.
    pub(crate) fn look_for_due(&mut self) -> anyhow::Result<usize> {
        let mut found = 0;
        for number in 0..self.nodes.len() {
            self.nodes[number].set_clock(self.now_ms);
            if !self.nodes[number].is_up() {
                continue;
            }
            found += usize::from(self.erase(number)?);
            if !self.nodes[number].is_up() {
                continue;
            }
            let wall_ms = self.nodes[number].wall_ms(self.now_ms);
            for submitted in self.nodes[number].engine()?.due(wall_ms)? {
                found += 1;
                self.submit(number, Waiting::Itself(submitted.id), Submission::Command(submitted));
            }
        }
        Ok(found)
    }
}
