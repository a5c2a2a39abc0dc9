//! What the node has to do by itself, asked of the engine, as a simulation does.

use super::{Engine, Submitted};
use crate::housekeeping;
use crate::store::StoreError;

impl Engine {
    /// The commands that are due. Their ids are derived, so a tick that comes twice acts once.
    pub fn due(&self, now_ms: i64) -> Result<Vec<Submitted>, StoreError> {
        if !self.published().decides() {
            return Ok(Vec::new());
        }
        housekeeping::due(&self.db, self.account(), now_ms)
    }
}
