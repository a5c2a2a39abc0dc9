//! Hints: check-ins that nodes tell each other ahead of their entries.

use lanyard_domain::FreshCheckIn;
use lanyard_node::engine::{LocalChange, Submission};

use crate::line::Parcel;
use crate::node::Waiting;
use crate::world::{HQ, World};

impl World {
    /// Tells of what was just committed: HQ all its nodes, a node HQ.
    pub(crate) fn tell_fresh(&mut self, number: usize) -> anyhow::Result<()> {
        let fresh = self.nodes[number].engine()?.take_fresh();
        if fresh.is_empty() {
            return Ok(());
        }
        let lines = number.checked_sub(1).map_or(0..self.lines.len(), |line| line..number);
        for line in lines {
            let start = self.nodes[line + 1].starts;
            self.send(line, start, &Parcel::Told { to_hq: number != HQ, fresh: fresh.clone() });
        }
        Ok(())
    }

    /// A node hears of check-ins.
    pub(crate) fn hear(&mut self, number: usize, fresh: Vec<FreshCheckIn>) {
        if self.nodes[number].is_up() {
            self.submit(number, Waiting::Told, Submission::Local(LocalChange::FreshCheckIns(fresh)));
        }
    }
}
