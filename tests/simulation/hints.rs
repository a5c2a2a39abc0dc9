//! Hints: check-ins that nodes tell each other ahead of their entries.

use lanyard_domain::FreshCheckIn;
use lanyard_node::engine::{LocalChange, Submission};

use crate::line::{End, Parcel};
use crate::node::Waiting;
use crate::world::World;

impl World {
    /// Tells of what was just committed, over all lines.
    pub(crate) fn tell_fresh(&mut self, number: usize) -> anyhow::Result<()> {
        let fresh = self.nodes[number].engine()?.take_fresh();
        if fresh.is_empty() {
            return Ok(());
        }
        for line in 0..self.lines.len() {
            if let Some((to, _)) = self.lines[line].other_end(number) {
                let start = self.nodes[self.lines[line].asker].starts;
                self.send(line, start, &Parcel::Told { to, fresh: fresh.clone() });
            }
        }
        Ok(())
    }

    /// The node at an end of a line hears of check-ins.
    pub(crate) fn hear(&mut self, line: usize, to: End, fresh: Vec<FreshCheckIn>) {
        let number = self.lines[line].at(to);
        if self.nodes[number].is_up() {
            let by_sibling = self.lines[line].is_of_siblings();
            self.submit(
                number,
                Waiting::Told { by_sibling },
                Submission::Local(LocalChange::FreshCheckIns(fresh)),
            );
        }
    }
}
