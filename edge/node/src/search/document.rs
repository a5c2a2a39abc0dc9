//! The words an attendee is found by, as one text for the full-text table.
//!
//! Three kinds of words share the table, told apart by a first character that folding never leaves in a
//! word: those of the name bare, those of e-mail and company behind [`OTHER`], codes behind [`CODE`]. So a
//! query over names alone reads nothing of a company that half of all guests work for.

use std::collections::BTreeSet;

use lanyard_domain::access_code;

use super::words;

/// Before words of e-mail and company.
pub(super) const OTHER: char = '¢';
/// Before codes.
pub(super) const CODE: char = '£';
/// Most words of one attendee; far more than anyone has.
const WORDS_MAX: usize = 128;

/// What somebody may be found by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Findable<'a> {
    /// Given names.
    pub first_name: &'a str,
    /// Family names.
    pub last_name: &'a str,
    /// E-mail.
    pub email: Option<&'a str>,
    /// Company.
    pub company: Option<&'a str>,
    /// Ticket, access and order codes.
    pub codes: &'a [&'a str],
}

/// Builds the row of the full-text table for one attendee.
pub fn document(findable: &Findable<'_>) -> String {
    let mut all = BTreeSet::new();
    for name in [findable.first_name, findable.last_name] {
        all.extend(words::spellings(name));
    }
    for other in [findable.email, findable.company].into_iter().flatten() {
        all.extend(words::spellings(other).iter().map(|word| format!("{OTHER}{word}")));
    }
    let codes = findable.codes.iter().map(|code| folded_code(code)).filter(|code| !code.is_empty());
    all.extend(codes.map(|code| format!("{CODE}{code}")));
    let words: Vec<String> = all.into_iter().take(WORDS_MAX).collect();
    words.join(" ")
}

/// A code as it is indexed and looked for: folded as scanners fold it, letters and digits only.
pub(super) fn folded_code(code: &str) -> String {
    access_code::fold(code).to_lowercase().chars().filter(|c| c.is_alphanumeric()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_each_kind_are_kept_apart() {
        let findable = Findable {
            first_name: "Jürgen",
            last_name: "O'Neill",
            email: Some("jo@acme.test"),
            company: Some("Acme"),
            codes: &["ab-O1"],
        };
        assert_eq!(document(&findable), "juergen jurgen neill o oneill ¢acme ¢jo ¢test £ab01");
    }

    #[test]
    fn words_are_bounded() {
        let many = (0..1_000).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        let findable = Findable { first_name: &many, ..Findable::default() };
        assert_eq!(document(&findable).split(' ').count(), WORDS_MAX);
    }
}
