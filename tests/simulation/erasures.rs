//! Erasures: what is erased is removed in steps between two commits, as a node does by itself.

use lanyard_node::engine::{Erasing, LocalChange, Submission};
use lanyard_node::store::StoreError;

use crate::faults::Fault;
use crate::node::Waiting;
use crate::world::World;

impl World {
    /// Takes the next step of a removal, if there is one; the node may die of it. Tells whether that led
    /// anywhere: of a node that is retired nothing is taken up, a report neither.
    pub(crate) fn erase(&mut self, number: usize) -> anyhow::Result<bool> {
        let Some(stage) = self.nodes[number].engine()?.erasing() else { return Ok(false) };
        let mut goes_on = false;
        if stage == Erasing::Badges {
            for job in self.nodes[number].print_jobs_of_the_erased()? {
                let change = LocalChange::ForgetPrintJob { job: job.id };
                self.submit(number, Waiting::Nobody, Submission::Local(change));
                goes_on = true;
            }
        }
        let (before, position) = (self.nodes[number].disk.now(), self.nodes[number].engine()?.position());
        let dies = self.weather.strikes(Fault::CrashInErasure);
        if dies {
            self.nodes[number].disk.mark();
        }
        match self.nodes[number].engine()?.erase_step() {
            Ok(()) | Err(StoreError::Full) => {}
            Err(error) => return Err(error.into()),
        }
        if dies {
            let after = self.nodes[number].disk.now();
            let at = self.within(Fault::CrashInErasure, before, after);
            self.die_at(number, at, Fault::CrashInErasure)?;
            return Ok(true);
        }
        self.nodes[number].note_commit();
        goes_on |= self.nodes[number].engine()?.erasing() != Some(stage);
        if self.nodes[number].engine()?.position() > position {
            self.tell_of_news(number)?;
        }
        Ok(goes_on)
    }
}
