//! Sums of arrivals: how many attendees stand where.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::Standing;
use crate::engine::Arrivals;
use crate::store::{StoreError, sql};

/// Attendees by standing, and the sums that are not yet written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    sums: BTreeMap<Standing, i64>,
    unsaved: BTreeSet<Standing>,
}

impl Tally {
    /// Reads the sums.
    pub(crate) fn load(db: &Connection) -> Result<Self, StoreError> {
        let mut statement = db.prepare_cached("SELECT standing, attendees FROM arrivals")?;
        let mut rows = statement.query([])?;
        let mut sums = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let standing = Standing::from_number(row.get(0)?)
                .ok_or_else(|| StoreError::damaged("a sum of arrivals is of an unknown standing"))?;
            sums.insert(standing, row.get(1)?);
        }
        Ok(Self { sums, unsaved: BTreeSet::new() })
    }

    /// Moves one attendee.
    pub(crate) fn move_one(&mut self, from: Option<Standing>, to: Option<Standing>) {
        if from == to {
            return;
        }
        for (standing, by) in [(from, -1), (to, 1)] {
            if let Some(standing) = standing {
                *self.sums.entry(standing).or_default() += by;
                self.unsaved.insert(standing);
            }
        }
    }

    /// Writes the sums, once a commit.
    pub(crate) fn save(&mut self, db: &Connection) -> Result<(), StoreError> {
        while let Some(standing) = self.unsaved.pop_first() {
            db.prepare_cached("INSERT OR REPLACE INTO arrivals (standing, attendees) VALUES (?1, ?2)")?
                .execute((standing.number(), self.sums.get(&standing)))?;
        }
        Ok(())
    }

    /// How many of how many are in.
    pub(crate) fn arrivals(&self) -> Arrivals {
        let sum = |counts: fn(Standing) -> bool| {
            let of =
                self.sums.iter().filter(|(standing, _)| counts(**standing)).map(|(_, attendees)| *attendees);
            sql::counter(of.sum::<i64>().max(0))
        };
        Arrivals {
            inside: sum(|standing| standing == Standing::In),
            expected: sum(Standing::counts_as_expected),
        }
    }
}
