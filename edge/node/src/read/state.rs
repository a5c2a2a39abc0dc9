//! Folded states as they are stored.

use lanyard_domain::{Folded, Stream};
use rusqlite::Connection;

use super::{Read, ReadError};
use crate::project::Standing;
use crate::store::{StoreError, states};

/// A state with what goes with it.
#[derive(Clone, Debug)]
pub struct VersionedState {
    /// The state.
    pub folded: Folded,
    /// Entries folded: what a client may decide on.
    pub version: u64,
    /// False once an entry asks for a newer build; the stream is then read-only here.
    pub readable: bool,
    /// Entries this build cannot read.
    pub unknown: u32,
    /// Where an attendee stands.
    pub standing: Option<Standing>,
}

impl Read<'_> {
    /// Reads the state of a stream; none when nothing was written to it.
    pub fn state(&self, stream: &Stream) -> Result<Option<VersionedState>, ReadError> {
        Ok(load(self.db, stream)?)
    }
}

pub(crate) fn load(db: &Connection, stream: &Stream) -> Result<Option<VersionedState>, StoreError> {
    let name = stream.name();
    let Some(row) = states::get(db, &name)? else { return Ok(None) };
    let Some(bytes) = row.state else { return Ok(None) };
    let parsed = Folded::from_bytes(stream, &bytes)
        .map_err(|error| StoreError::damaged(format!("the state of {name} cannot be read: {error}")))?;
    Ok(parsed.map(|folded| VersionedState {
        version: folded.entries(),
        folded,
        readable: row.readable,
        unknown: row.unknown,
        standing: row.standing.and_then(Standing::from_number),
    }))
}
