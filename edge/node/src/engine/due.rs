//! What the node has to do by itself as time goes on: giving lapsed and cancelled seats back.

use lanyard_domain::{Command, Folded, Role, Stream};
use lanyard_sync::Hash;

use super::decide::release_command;
use super::{Engine, Submitted};
use crate::store::{StoreError, streams};

/// Most commands of one tick.
const DUE_MAX: u32 = 64;

impl Engine {
    /// The commands that are due. Their ids are derived, so a tick that comes twice acts once.
    pub fn due(&self, now_ms: i64) -> Result<Vec<Submitted>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT s.category, s.key FROM holds h JOIN streams s ON s.id = h.stream \
             WHERE h.until_ms <= ?1 AND h.owner = ?2 ORDER BY h.until_ms LIMIT ?3",
        )?;
        let mut rows = statement.query((now_ms, self.account().to_string(), DUE_MAX))?;
        let mut due = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(Stream::Order(order)) = Stream::parse(&streams::name(row, 0, 1)?) else { continue };
            let folded = self.states.borrow_mut().folded(&self.db, &Stream::Order(order))?;
            let entries = folded.as_deref().map_or(0, Folded::entries);
            let id = release_command(order, entries);
            due.push(Submitted {
                id,
                body: Hash([0; 32]),
                actor: "node".to_owned(),
                desk: String::new(),
                role: Role::Administrator,
                command: Command::ReleaseOrder { order },
                if_match: None,
            });
        }
        Ok(due)
    }
}
