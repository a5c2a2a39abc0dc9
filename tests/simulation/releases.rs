//! Releases: in some worlds the next release is rolled out, one node after the other, and nodes of two releases meet.

use crate::events::Event;
use crate::faults::Fault;
use crate::world::World;

/// In how long a node may have its turn, milliseconds.
const TURNS_MS: u64 = 90_000;
/// Of a thousand nodes, so many have their turn while there is trouble; the others when all heals.
const IN_TROUBLE: u32 = 800;

impl World {
    /// Somebody begins to roll out the next release.
    pub(crate) fn roll_out(&mut self) {
        if self.is_rolling_out {
            return;
        }
        self.is_rolling_out = true;
        self.weather.count(Fault::RollOut);
        self.trace.note(self.now_ms, "the next release is rolled out");
        for number in 0..self.nodes.len() {
            let dice = self.weather.dice(Fault::RollOut);
            if dice.chance(IN_TROUBLE) {
                let in_ms = dice.between(0, TURNS_MS);
                self.schedule(in_ms, Event::Upgrade(number));
            }
        }
    }

    /// A node is stopped, to come back as the next release: all machines that are this node.
    pub(crate) fn upgrade(&mut self, number: usize) -> anyhow::Result<()> {
        let node = self.nodes[number].identity.node;
        for number in 0..self.nodes.len() {
            if self.nodes[number].identity.node != node || self.nodes[number].is_next {
                continue;
            }
            if self.nodes[number].is_up() {
                let now = self.nodes[number].disk.now();
                self.die_at(number, now, Fault::RollOut)?;
            }
            self.nodes[number].is_next = true;
        }
        Ok(())
    }

    /// Whatever began as a roll-out ends.
    pub(crate) fn end_roll_out(&mut self) -> anyhow::Result<()> {
        for number in 0..self.nodes.len() {
            if self.is_rolling_out {
                self.upgrade(number)?;
            }
        }
        Ok(())
    }
}
