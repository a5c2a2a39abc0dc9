//! Damage that shows when an entry is to be sent: noted once, so that the status and the doctor tell it, and the peer
//! gets nothing of it.

use crate::engine::LocalChange;
use crate::read::{ReadError, Reader};
use crate::store::StoreError;
use crate::writer::Writer;

/// Tells that something cannot be read for a peer; damage is told the first time and kept.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the method is bound to one lifetime")]
pub(crate) async fn tell(reader: &Reader, writer: &Writer, error: &ReadError) {
    let ReadError::Store(StoreError::Damaged { what }) = error else {
        tracing::error!(error = error as &dyn std::error::Error, "the store cannot be read for a peer");
        return;
    };
    let known = reader.read(|db| db.damage()).await.ok().flatten();
    if known.as_ref() == Some(what) {
        return;
    }
    tracing::error!(what, "the store is damaged; run `lanyard verify`, then `lanyard repair`");
    if let Err(error) = writer.change(LocalChange::Damaged(what.clone())).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the damage is not noted");
    }
}
