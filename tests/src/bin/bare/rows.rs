//! Rows of a database as bytes: each value as SQLite has it, one after the other.

use anyhow::Context as _;
use rusqlite::Row;
use rusqlite::types::ValueRef;

/// Values of a row.
pub(crate) const COLUMNS: usize = 14;

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const TEXT: u8 = 2;
const BLOB: u8 = 3;

/// Adds a row to a batch.
pub(crate) fn pack(row: &Row<'_>, batch: &mut Vec<u8>) -> anyhow::Result<()> {
    for column in 0..COLUMNS {
        match row.get_ref(column)? {
            ValueRef::Null => batch.push(NULL),
            ValueRef::Integer(number) => {
                batch.push(INTEGER);
                batch.extend_from_slice(&number.to_le_bytes());
            }
            ValueRef::Text(bytes) => pack_bytes(TEXT, bytes, batch)?,
            ValueRef::Blob(bytes) => pack_bytes(BLOB, bytes, batch)?,
            ValueRef::Real(_) => anyhow::bail!("no row has a fraction"),
        }
    }
    Ok(())
}

fn pack_bytes(kind: u8, bytes: &[u8], batch: &mut Vec<u8>) -> anyhow::Result<()> {
    batch.push(kind);
    batch.extend_from_slice(&u32::try_from(bytes.len())?.to_le_bytes());
    batch.extend_from_slice(bytes);
    Ok(())
}

/// Takes the next row off a batch.
pub(crate) fn unpack<'a>(batch: &mut &'a [u8]) -> anyhow::Result<[ValueRef<'a>; COLUMNS]> {
    let mut row = [ValueRef::Null; COLUMNS];
    for value in &mut row {
        let [kind] = number(batch)?;
        *value = match kind {
            NULL => ValueRef::Null,
            INTEGER => ValueRef::Integer(i64::from_le_bytes(number(batch)?)),
            _ => {
                let length = usize::try_from(u32::from_le_bytes(number(batch)?))?;
                let (bytes, rest) = batch.split_at_checked(length).context("a batch ends in a row")?;
                *batch = rest;
                if kind == TEXT { ValueRef::Text(bytes) } else { ValueRef::Blob(bytes) }
            }
        };
    }
    Ok(row)
}

fn number<const BYTES: usize>(batch: &mut &[u8]) -> anyhow::Result<[u8; BYTES]> {
    let (number, rest) = batch.split_first_chunk().context("a batch ends in a row")?;
    *batch = rest;
    Ok(*number)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_row_is_unpacked_as_it_was() {
        let db = Connection::open_in_memory().unwrap();
        let mut batch = Vec::new();
        let row = "SELECT 1, -2, 'three', x'04', NULL, 6, 7, 8, 9, 10, 11, 12, x'', ''";
        db.query_row(row, [], |row| Ok(pack(row, &mut batch))).unwrap().unwrap();
        let mut rest = batch.as_slice();
        let row = unpack(&mut rest).unwrap();
        assert_eq!(
            row[..4],
            [ValueRef::Integer(1), ValueRef::Integer(-2), ValueRef::Text(b"three"), ValueRef::Blob(&[4]),]
        );
        assert_eq!((row[4], row[12], row[13]), (ValueRef::Null, ValueRef::Blob(b""), ValueRef::Text(b"")));
        assert!(rest.is_empty());
        assert!(unpack(&mut &batch[..batch.len() - 1]).is_err());
    }
}
