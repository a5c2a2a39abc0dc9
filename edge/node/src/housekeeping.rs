//! Housekeeping: what a node has to do by itself as time goes on, giving lapsed and cancelled seats back.

use lanyard_domain::{Account, Command, Folded, OrderId, Role, Stream};
use lanyard_sync::{CommandId, Hash};
use rusqlite::Connection;

use crate::engine::{SubmitError, Submitted};
use crate::read::state::load;
use crate::read::{ReadError, Reader};
use crate::store::{StoreError, streams};
use crate::writer::Writer;

/// Most commands of one tick.
const DUE_MAX: u32 = 64;

/// Why something that is due was not done; the next tick tries again.
#[derive(Debug, thiserror::Error)]
pub enum HousekeepingError {
    /// What is due could not be read.
    #[error("what is due cannot be read")]
    Read(#[from] ReadError),
    /// The writer did not take it.
    #[error("what is due cannot be written")]
    Submit(#[from] SubmitError),
}

/// Gives back what is due at a moment of the node's clock, Unix milliseconds.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn release_due(writer: &Writer, reader: &Reader, now_ms: i64) -> Result<(), HousekeepingError> {
    let now = writer.now();
    if !now.decides() {
        return Ok(());
    }
    let own = now.own_account();
    for submitted in reader.read(move |read| Ok(due(read.db, own, now_ms)?)).await? {
        match writer.submit(submitted).await {
            // What is not to be decided on for the moment keeps nothing else waiting.
            Ok(_) | Err(SubmitError::Busy { .. } | SubmitError::HistoryPending) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The commands that are due. Their ids are derived, so a tick that comes twice acts once.
pub(crate) fn due(db: &Connection, own: Account, now_ms: i64) -> Result<Vec<Submitted>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT s.category, s.key FROM holds h JOIN streams s ON s.id = h.stream \
         WHERE h.until_ms <= ?1 AND h.owner = ?2 ORDER BY h.until_ms LIMIT ?3",
    )?;
    let mut rows = statement.query((now_ms, own.to_string(), DUE_MAX))?;
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(Stream::Order(order)) = Stream::parse(&streams::name(row, 0, 1)?) else { continue };
        let entries = load(db, &Stream::Order(order))?.map_or(0, |state| Folded::entries(&state.folded));
        due.push(Submitted {
            id: release_command(order, entries),
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

/// The id under which an order's seats are given back once, however often it is asked for.
fn release_command(order: OrderId, entries: u64) -> CommandId {
    let mut hasher = blake3::Hasher::new_derive_key("lanyard/release/1");
    hasher.update(&order.0).update(&entries.to_le_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    CommandId(id)
}
