//! The conference as configured at HQ: seat types, check-in lists, desks.
//!
//! The configuration travels as one absolute value; the last one in canonical order stands.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::{DeskId, ListId, SeatTypeId};

/// Highest price of a seat in minor units: the dearest order stays far inside 64 bits.
pub const PRICE_MAX_MINOR: i64 = 1_000_000_000_000;

/// A conference and everything sold or entered there.
// Stored: facts of `conference-configured/1` and state of stream `conference`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conference {
    /// Short name used in addresses and codes.
    pub slug: String,
    /// Name shown to people.
    pub name: String,
    /// Organiser's name.
    pub organiser: String,
    /// First moment, Unix milliseconds.
    pub starts_ms: i64,
    /// Last moment, Unix milliseconds.
    pub ends_ms: i64,
    /// IANA time zone of the venue.
    pub time_zone: String,
    /// ISO 4217 code; every price is in its minor units.
    pub currency: String,
    /// BCP 47 tags, preferred first.
    #[serde(default)]
    pub locales: Vec<String>,
    /// What is sold.
    pub seat_types: BTreeMap<SeatTypeId, SeatType>,
    /// What may be entered where.
    pub lists: BTreeMap<ListId, CheckInList>,
    /// Places with a browser.
    pub desks: BTreeMap<DeskId, Desk>,
}

/// Something sold in limited number.
// Stored: inside `Conference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeatType {
    /// Name shown to people and printed on badges.
    pub name: String,
    /// Price of one seat in minor units; 0 is free.
    pub price_minor: i64,
    /// Tax included in the price, in hundredths of a percent.
    #[serde(default)]
    pub tax_basis_points: u32,
    /// Whether its holder may enter the conference.
    #[serde(default)]
    pub grants_admission: bool,
    /// Whether it is sold to existing attendees on top of admission.
    #[serde(default)]
    pub extra: bool,
    /// When it is sold.
    #[serde(default)]
    pub sale_window: Option<Window>,
    /// With fewer seats left to sell than this, a node asks others for some; 0 leaves it to people.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub low_water: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over by reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What may enter where.
// Stored: inside `Conference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckInList {
    /// Name shown to people.
    pub name: String,
    /// Seat types that open this list.
    pub seat_types: Vec<SeatTypeId>,
    /// Whether somebody inside may enter again.
    #[serde(default)]
    pub re_entry: bool,
    /// Admission windows; empty means one that is always open.
    #[serde(default)]
    pub windows: Vec<Window>,
}

/// A span of time, `opens_ms` included and `closes_ms` not.
// Stored: inside `Conference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Name of the window, such as `day-1`.
    pub window: String,
    /// First moment, Unix milliseconds.
    pub opens_ms: i64,
    /// First moment after it, Unix milliseconds.
    pub closes_ms: i64,
}

/// A place with a browser.
// Stored: inside `Conference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// Where it stands, as staff say it.
    pub place: String,
    /// Name of the node that serves it.
    pub node: String,
    /// Lists it checks in on, the usual one first.
    pub lists: Vec<ListId>,
    /// Whether a check-in prints a badge at once.
    #[serde(default)]
    pub prints_badges: bool,
}

impl Window {
    /// Tells whether a moment lies in the window.
    pub fn holds(&self, at_ms: i64) -> bool {
        self.opens_ms <= at_ms && at_ms < self.closes_ms
    }
}

impl CheckInList {
    /// The window open at a moment: its name, empty where the list has no windows.
    ///
    /// # Errors
    /// The next window, else the last one, when none is open.
    pub fn window_at(&self, at_ms: i64) -> Result<&str, &Window> {
        let Some(last) = self.windows.last() else { return Ok("") };
        if let Some(open) = self.windows.iter().find(|window| window.holds(at_ms)) {
            return Ok(&open.window);
        }
        Err(self.windows.iter().find(|window| window.opens_ms > at_ms).unwrap_or(last))
    }
}

impl Conference {
    /// Checks that every reference resolves and every window opens before it closes.
    ///
    /// # Errors
    /// A sentence naming the entry at fault.
    pub fn check(&self) -> Result<(), String> {
        for (id, list) in &self.lists {
            for seat_type in &list.seat_types {
                if !self.seat_types.contains_key(seat_type) {
                    return Err(format!("list {id} names seat type {seat_type}, which is not configured"));
                }
            }
            let names: BTreeSet<_> = list.windows.iter().map(|window| window.window.as_str()).collect();
            if names.len() < list.windows.len() || names.contains("") {
                return Err(format!("the windows of list {id} need a name each"));
            }
            if let Some(window) = list.windows.iter().find(|window| window.opens_ms >= window.closes_ms) {
                return Err(format!("window {} of list {id} closes before it opens", window.window));
            }
        }
        for (id, desk) in &self.desks {
            if let Some(list) = desk.lists.iter().find(|list| !self.lists.contains_key(*list)) {
                return Err(format!("desk {id} names list {list}, which is not configured"));
            }
        }
        for (id, seat_type) in &self.seat_types {
            if !(0..=PRICE_MAX_MINOR).contains(&seat_type.price_minor) {
                return Err(format!(
                    "the price of seat type {id} is not between 0 and {PRICE_MAX_MINOR} minor units"
                ));
            }
            if seat_type.sale_window.as_ref().is_some_and(|window| window.opens_ms >= window.closes_ms) {
                return Err(format!("the sale window of seat type {id} closes before it opens"));
            }
        }
        if self.starts_ms >= self.ends_ms {
            return Err("the conference ends before it starts".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_world::{conference, text};

    type Spoil = fn(&mut Conference);

    #[test]
    fn a_sound_conference_passes_and_each_fault_is_named() {
        assert_eq!(conference().check(), Ok(()));
        let faults: [(Spoil, &str); 6] = [
            (|c| c.ends_ms = c.starts_ms, "ends before it starts"),
            (|c| c.seat_types.get_mut(&text("ga")).unwrap().price_minor = -1, "price of seat type ga"),
            (|c| c.seat_types.get_mut(&text("ga")).unwrap().price_minor = i64::MAX, "price of seat type ga"),
            (|c| c.lists.get_mut(&text("main")).unwrap().seat_types.push(text("boat")), "boat"),
            (|c| c.desks.get_mut(&text("north-1")).unwrap().lists.push(text("roof")), "roof"),
            (|c| c.lists.get_mut(&text("days")).unwrap().windows[1].window = "day-1".into(), "a name each"),
        ];
        for (spoil, word) in faults {
            let mut spoiled = conference();
            spoil(&mut spoiled);
            let why = spoiled.check().unwrap_err();
            assert!(why.contains(word), "{why}");
        }
    }

    #[test]
    fn a_window_holds_its_first_moment_and_not_its_last() {
        let window = Window { window: "w".into(), opens_ms: 10, closes_ms: 20 };
        assert_eq!([9, 10, 19, 20].map(|at_ms| window.holds(at_ms)), [false, true, true, false]);
    }
}
