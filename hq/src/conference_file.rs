//! The conference file an organiser writes: the conference, and how many seats there are for whom.

use std::collections::BTreeMap;

use lanyard_domain::conference::{CheckInList, Desk, SeatType};
use lanyard_domain::{Conference, DeskId, ListId, SeatTypeId};
use serde::{Deserialize, Serialize};

/// A conference with its quotas, as read from TOML. Unknown keys are refused.
///
/// The keys of [`Conference`] are spelt out: flattened into one value they would be read without their place in the
/// text, and a fault could not name its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConferenceFile {
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
    /// ISO 4217 code.
    pub currency: String,
    /// BCP 47 tags, preferred first.
    #[serde(default)]
    pub locales: Vec<String>,
    /// What is sold.
    pub seat_types: BTreeMap<SeatTypeId, SeatType>,
    /// What may be entered where.
    pub lists: BTreeMap<ListId, CheckInList>,
    /// Places with a browser.
    #[serde(default)]
    pub desks: BTreeMap<DeskId, Desk>,
    /// Seats to sell on site by seat type; a type without one cannot be sold.
    #[serde(default)]
    pub quotas: BTreeMap<SeatTypeId, Quota>,
}

/// How many seats of a type are sold on site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Seats over all nodes.
    pub quota: u32,
    /// Seats each node may sell on its own, given once, when the node joins.
    #[serde(default)]
    pub allotments: BTreeMap<String, u32>,
}

/// Why a text is no conference file.
#[derive(Debug, thiserror::Error)]
pub enum ConferenceFileError {
    /// It is not TOML, or a key is missing, unknown or of the wrong shape.
    #[error("the conference file cannot be read")]
    Unreadable(#[source] toml::de::Error),
    /// What it says does not fit together.
    #[error("the conference file does not fit together: {why}")]
    Unsound {
        /// The entry at fault.
        why: String,
    },
}

impl ConferenceFile {
    /// Reads and checks a file's text.
    ///
    /// # Errors
    /// As [`ConferenceFileError`].
    pub fn parse(text: &str) -> Result<Self, ConferenceFileError> {
        let file: Self = toml::from_str(text).map_err(ConferenceFileError::Unreadable)?;
        file.check().map_err(|why| ConferenceFileError::Unsound { why })?;
        Ok(file)
    }

    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// A sentence naming the entry at fault.
    pub fn check(&self) -> Result<(), String> {
        let sound = !self.slug.is_empty()
            && self.slug.len() <= 32
            && self.slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !sound {
            return Err("slug must be 1 to 32 characters of a-z 0-9 -".to_owned());
        }
        for (seat_type, quota) in &self.quotas {
            if !self.seat_types.contains_key(seat_type) {
                return Err(format!("quota for seat type {seat_type}, which is not configured"));
            }
            let given: u64 = quota.allotments.values().map(|count| u64::from(*count)).sum();
            if given > u64::from(quota.quota) {
                return Err(format!(
                    "allotments of {seat_type} add up to {given}, the quota is {}",
                    quota.quota
                ));
            }
        }
        self.conference().check()
    }

    /// Every allotment of at least one seat: of what, to whom, how many.
    pub fn allotments(&self) -> impl Iterator<Item = (&SeatTypeId, &str, u32)> {
        let each = self.quotas.iter().flat_map(|(seat_type, quota)| {
            quota.allotments.iter().map(move |(node, count)| (seat_type, node.as_str(), *count))
        });
        each.filter(|(_, _, count)| *count > 0)
    }

    /// The part that every node gets.
    pub fn conference(&self) -> Conference {
        Conference {
            slug: self.slug.clone(),
            name: self.name.clone(),
            organiser: self.organiser.clone(),
            starts_ms: self.starts_ms,
            ends_ms: self.ends_ms,
            time_zone: self.time_zone.clone(),
            currency: self.currency.clone(),
            locales: self.locales.clone(),
            seat_types: self.seat_types.clone(),
            lists: self.lists.clone(),
            desks: self.desks.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_hq::FILE;

    #[test]
    fn a_sound_file_is_read() {
        let file = ConferenceFile::parse(FILE).unwrap();
        assert_eq!(file.quotas.values().next().unwrap().quota, 3);
        assert_eq!(file.conference().slug, "summit");
    }

    #[test]
    fn allotments_above_the_quota_are_refused_by_name() {
        let text = FILE.replace("{ north = 2 }", "{ north = 2, south = 2 }");
        let error = ConferenceFile::parse(&text).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the conference file does not fit together: allotments of ga add up to 4, the quota is 3"
        );
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let text = FILE.replace("name = \"Summit\"", "name = \"Summit\"\nnmae = \"x\"");
        assert!(matches!(ConferenceFile::parse(&text), Err(ConferenceFileError::Unreadable(_))));
    }

    #[test]
    fn a_list_that_names_an_unknown_seat_type_is_refused_by_name() {
        let text = FILE.replace("seat_types = [\"ga\"]", "seat_types = [\"gb\"]");
        let error = ConferenceFile::parse(&text).unwrap_err().to_string();
        assert!(error.contains("list main names seat type gb"), "{error}");
    }
}
