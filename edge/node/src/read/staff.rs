//! Staff: roles, names and PIN verifiers.

use std::collections::BTreeMap;
use std::sync::Arc;

use lanyard_domain::staff::Staff;
use lanyard_domain::{Folded, StaffId, Stream};

use super::state::load;
use super::{Read, ReadError};
use crate::store::streams;

impl Read<'_> {
    /// Reads a member of staff; none when HQ never wrote about them.
    pub fn staff(&self, id: &StaffId) -> Result<Option<Staff>, ReadError> {
        let state = load(self.db, &Stream::Staff(id.clone()))?;
        Ok(state.and_then(|state| match state.folded {
            Folded::Staff(staff) if staff.role.is_some() => Some(Arc::unwrap_or_clone(staff)),
            _ => None,
        }))
    }

    /// Reads all staff.
    pub fn all_staff(&self) -> Result<BTreeMap<StaffId, Staff>, ReadError> {
        let mut statement =
            self.db.prepare_cached("SELECT category, key FROM streams WHERE category = 'staff'")?;
        let mut rows = statement.query([])?;
        let mut all = BTreeMap::new();
        while let Some(row) = rows.next()? {
            if let Some(Stream::Staff(id)) = Stream::parse(&streams::name(row, 0, 1)?)
                && let Some(staff) = self.staff(&id)?
            {
                all.insert(id, staff);
            }
        }
        Ok(all)
    }
}
