//! Names of seat types in a list: the id, the configured name, or an alias of the organiser.

use std::collections::BTreeMap;

use lanyard_domain::{Conference, SeatTypeId};

use crate::search::fold;

/// What a list may call the seat types of a conference; compared without case, marks and punctuation.
#[derive(Debug, Clone)]
pub struct SeatTypeNames {
    by_name: BTreeMap<String, SeatTypeId>,
    known: String,
}

/// An alias that points at nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("alias “{alias}” stands for seat type “{target}”, which is not configured")]
pub struct UnknownAlias {
    /// The alias.
    pub alias: String,
    /// What it should stand for.
    pub target: String,
}

impl SeatTypeNames {
    /// Collects the names of a conference and the aliases given besides.
    pub fn new(conference: &Conference, aliases: &BTreeMap<String, String>) -> Result<Self, UnknownAlias> {
        let mut by_name = BTreeMap::new();
        for (id, seat_type) in &conference.seat_types {
            by_name.entry(key(&seat_type.name)).or_insert_with(|| id.clone());
        }
        for id in conference.seat_types.keys() {
            by_name.insert(key(id.as_str()), id.clone());
        }
        let target_of = |text: &str| by_name.get(&key(text)).cloned();
        let resolved: Result<Vec<_>, _> = aliases
            .iter()
            .map(|(alias, target)| match target_of(target) {
                Some(id) => Ok((key(alias), id)),
                None => Err(UnknownAlias { alias: alias.clone(), target: target.clone() }),
            })
            .collect();
        by_name.extend(resolved?);
        let names: Vec<&str> =
            conference.seat_types.values().map(|seat_type| seat_type.name.as_str()).collect();
        Ok(Self { by_name, known: names.join(", ") })
    }

    /// The seat type that goes by a name.
    pub fn find(&self, name: &str) -> Option<&SeatTypeId> {
        self.by_name.get(&key(name))
    }

    /// The configured names, for a report.
    pub(super) fn known(&self) -> &str {
        &self.known
    }
}

fn key(name: &str) -> String {
    let folded = fold(name);
    let words: Vec<&str> =
        folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
pub(super) mod tests {
    use lanyard_domain::conference::SeatType;

    use super::*;

    /// General admission and a workshop, `Early bird` being the former.
    pub(crate) fn names() -> SeatTypeNames {
        let seat_type = |name: &str| SeatType {
            name: name.to_owned(),
            price_minor: 0,
            tax_basis_points: 0,
            grants_admission: true,
            extra: false,
            sale_window: None,
            low_water: 0,
        };
        let seat_types = [("ga", "General admission"), ("ws", "CQRS Workshop – day 1")];
        let seat_types = seat_types.map(|(id, name)| (id.parse().expect("a sound id"), seat_type(name)));
        let conference = Conference { seat_types: seat_types.into(), ..Conference::default() };
        let aliases = [("Early bird".to_owned(), "ga".to_owned())].into();
        SeatTypeNames::new(&conference, &aliases).expect("the alias points at a seat type")
    }

    #[test]
    fn ids_names_and_aliases_are_found_in_any_spelling() {
        let names = names();
        let find = |name: &str| names.find(name).map(SeatTypeId::as_str);
        assert_eq!(find("GA"), Some("ga"));
        assert_eq!(find("  general ADMISSION "), Some("ga"));
        assert_eq!(find("cqrs workshop - day 1"), Some("ws"));
        assert_eq!(find("early-bird"), Some("ga"));
        assert_eq!(find("dinner"), None);
    }

    #[test]
    fn an_alias_of_nothing_is_refused() {
        let aliases = [("Gold".to_owned(), "vip".to_owned())].into();
        let fault = SeatTypeNames::new(&Conference::default(), &aliases).expect_err("vip is not configured");
        assert_eq!(fault.to_string(), "alias “Gold” stands for seat type “vip”, which is not configured");
    }
}
