//! Staff: roles, names and PIN verifiers.

use std::collections::BTreeMap;

use lanyard_domain::staff::Staff;
use lanyard_domain::{Folded, StaffId, Stream};

use super::Db;
use super::state::load;
use crate::store::{StoreError, streams};

/// Reads a member of staff; none when HQ never wrote about them.
pub fn member(db: &Db, staff: &StaffId) -> Result<Option<Staff>, StoreError> {
    let state = load(&db.connection, &Stream::Staff(staff.clone()))?;
    Ok(state.and_then(|state| match state.folded {
        Folded::Staff(staff) if staff.role.is_some() => Some(*staff),
        _ => None,
    }))
}

/// Reads all staff.
pub fn all(db: &Db) -> Result<BTreeMap<StaffId, Staff>, StoreError> {
    let mut statement = db.connection.prepare_cached("SELECT category, key FROM streams WHERE category = 'staff'")?;
    let mut rows = statement.query([])?;
    let mut all = BTreeMap::new();
    while let Some(row) = rows.next()? {
        if let Some(Stream::Staff(id)) = Stream::parse(&streams::name(row, 0, 1)?)
            && let Some(staff) = member(db, &id)?
        {
            all.insert(id, staff);
        }
    }
    Ok(all)
}
