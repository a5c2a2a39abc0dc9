//! Reading values out of rows: ids and numbers in the shapes the columns hold them.

use lanyard_sync::{Epoch, Hash, Head, LogId, NodeId};
use rusqlite::{Row, types::ValueRef};

use super::StoreError;

/// A counter as a column holds it. Counters are bounded by the formats to what a column holds.
pub(crate) const fn column(counter: u64) -> i64 {
    counter.cast_signed()
}

/// A counter out of a column.
pub(crate) const fn counter(column: i64) -> u64 {
    column.cast_unsigned()
}

/// Exactly `N` bytes.
pub(crate) fn bytes<const N: usize>(row: &Row<'_>, at: usize) -> Result<[u8; N], StoreError> {
    let value = row.get_ref(at)?;
    let ValueRef::Blob(blob) = value else {
        return Err(StoreError::damaged(format!("column {at} holds no bytes")));
    };
    blob.try_into()
        .map_err(|_| StoreError::damaged(format!("column {at} holds {} bytes, not {N}", blob.len())))
}

/// A log out of two columns.
pub(crate) fn log_id(row: &Row<'_>, node: usize, epoch: usize) -> Result<LogId, StoreError> {
    let number: i64 = row.get(epoch)?;
    Ok(LogId { node: NodeId(bytes(row, node)?), epoch: Epoch(counter(number)) })
}

/// A hash out of a column.
pub(crate) fn hash(row: &Row<'_>, at: usize) -> Result<Hash, StoreError> {
    bytes(row, at).map(Hash)
}

/// A head as vectors name it, out of two columns.
pub(crate) fn head(row: &Row<'_>, seq: usize, prefix: usize) -> Result<Head, StoreError> {
    let number: i64 = row.get(seq)?;
    Ok(Head { seq: counter(number), prefix: bytes(row, prefix)? })
}
