//! Folding: long streams are folded anew a few entries at a time between commits, as a node does by itself.

use lanyard_node::store::StoreError;

use crate::events::Event;
use crate::faults::Fault;
use crate::invariants;
use crate::world::World;

/// Most entries of a step.
const STEP_MAX: u64 = 6;
/// When the next step comes at the latest, milliseconds.
const WITHIN_MS: u64 = 400;

impl World {
    /// A node that has to fold a long stream anew goes on with it soon.
    pub(crate) fn schedule_fold(&mut self, number: usize) {
        if self.nodes[number].folding() > 0 {
            let in_ms = self.dice.between(1, WITHIN_MS);
            self.schedule(in_ms, Event::Fold(number));
        }
    }

    /// Takes the next step, if there is one; the node may die of it.
    pub(crate) fn fold(&mut self, number: usize) -> anyhow::Result<()> {
        let left = self.nodes[number].folding();
        if left == 0 {
            return Ok(());
        }
        let before = self.nodes[number].disk.now();
        let dies = self.weather.strikes(Fault::CrashInCommit);
        if dies {
            self.nodes[number].disk.mark();
        }
        let most = usize::try_from(self.dice.between(1, STEP_MAX))?;
        match self.nodes[number].engine()?.fold_step(most) {
            Ok(_) | Err(StoreError::Full) => {}
            Err(error) => return Err(error.into()),
        }
        let after = self.nodes[number].disk.now();
        if dies && after > before {
            let at = self.within(Fault::CrashInCommit, before, after);
            return self.die_at(number, at, Fault::CrashInCommit);
        }
        if self.nodes[number].folding() < left {
            self.count_mark("long streams folded", true);
            self.nodes[number].note_commit();
            invariants::after_commit(self, number)?;
        }
        self.schedule_fold(number);
        Ok(())
    }
}
