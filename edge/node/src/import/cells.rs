//! Single cells: cleaned words, e-mail addresses, language tags and the words for how a seat stands.

use lanyard_domain::import::SourceState;
use unicode_normalization::UnicodeNormalization;

use crate::search::fold;

/// Longest cell that is read, in characters; as long as the rules allow a name to be.
pub(super) const CELL_MAX_CHARS: usize = 200;
const SHOWN_MAX_CHARS: usize = 40;

/// Joins blanks and line breaks to single blanks and composes marks; empty stays empty.
pub(super) fn clean(cell: &str, column: &str) -> Result<String, String> {
    let mut words = String::with_capacity(cell.len());
    for word in cell.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.extend(word.nfc());
    }
    if words.chars().any(char::is_control) {
        return Err(format!("column “{column}” has a control character"));
    }
    if words.chars().count() > CELL_MAX_CHARS {
        return Err(format!("column “{column}” is longer than {CELL_MAX_CHARS} characters"));
    }
    Ok(words)
}

/// Refuses what cannot be an e-mail address; a mail server is the only full judge.
pub(super) fn check_email(email: &str) -> Result<(), String> {
    let sound = email.split_once('@').is_some_and(|(local, domain)| {
        let labels = domain.split('.').all(|label| !label.is_empty());
        !local.is_empty()
            && labels
            && !domain.contains('@')
            && !email.contains([' ', ',', ';', '<', '>', '"'])
    });
    // Reports lie in a folder for long, and say no more of a person than where to look.
    if sound { Ok(()) } else { Err("the e-mail address is none".to_owned()) }
}

/// Refuses what cannot be a BCP 47 tag.
pub(super) fn check_language(tag: &str) -> Result<(), String> {
    let mut parts = tag.split('-');
    let first = parts.next().is_some_and(|part| {
        (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let rest = parts
        .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if first && rest {
        Ok(())
    } else {
        Err(format!("“{}” is no language tag such as de or pt-BR", shown(tag)))
    }
}

/// Reads the word for how a ticket or its order stands.
pub(super) fn state(word: &str) -> Result<SourceState, String> {
    match bare(word).as_str() {
        "paid" | "attending" | "checkedin" | "confirmed" | "complete" | "completed" | "free"
        | "complimentary" | "invoice" | "active" | "valid" | "p" | "bezahlt" | "teilnehmend"
        | "eingecheckt" | "rechnung" => Ok(SourceState::Paid),
        "unpaid" | "pending" | "open" | "reserved" | "expired" | "n" | "e" | "ausstehend" | "offen"
        | "abgelaufen" => Ok(SourceState::Unpaid),
        "cancelled" | "canceled" | "refunded" | "notattending" | "deleted" | "c" | "storniert"
        | "erstattet" => Ok(SourceState::Cancelled),
        _ => Err(format!("the state “{}” is not known", shown(word))),
    }
}

/// Reads yes or no; an empty cell is no, as in lists that mark with a cross.
pub(super) fn yes(word: &str) -> Result<bool, String> {
    match bare(word).as_str() {
        "yes" | "y" | "true" | "1" | "x" | "paid" | "free" | "ja" | "j" | "wahr" | "bezahlt" | "oui"
        | "si" => Ok(true),
        "" | "no" | "n" | "false" | "0" | "unpaid" | "open" | "nein" | "falsch" | "offen" | "non" => {
            Ok(false)
        }
        _ => Err(format!("“{}” is neither yes nor no", shown(word))),
    }
}

/// A cell as a report shows it: cut where it is long.
pub(super) fn shown(cell: &str) -> String {
    let mut short: String = cell.chars().take(SHOWN_MAX_CHARS).collect();
    if cell.chars().count() > SHOWN_MAX_CHARS {
        short.push('…');
    }
    short
}

fn bare(word: &str) -> String {
    fold(word).chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_trimmed_joined_and_composed() {
        assert_eq!(
            clean("  Mu\u{308}ller \n-\u{a0}Lüdenscheidt ", "name"),
            Ok("Müller - Lüdenscheidt".to_owned())
        );
        assert_eq!(clean("a\u{7}b", "name"), Err("column “name” has a control character".to_owned()));
        let fault = clean(&"x".repeat(201), "name").expect_err("too long");
        assert_eq!(fault, "column “name” is longer than 200 characters");
    }

    #[test]
    fn addresses_and_tags_are_checked_loosely() {
        for sound in ["a@b", "o'brien+x@mail.example.org", "用户@例子.公司"] {
            assert_eq!(check_email(sound), Ok(()), "{sound}");
        }
        for broken in ["a", "@b", "a@", "a@@b", "a b@c", "a@b..c", "a@b,c@d"] {
            assert_eq!(check_email(broken), Err("the e-mail address is none".to_owned()));
        }
        assert_eq!(check_language("pt-BR"), Ok(()));
        assert_eq!(
            check_language("German please"),
            Err("“German please” is no language tag such as de or pt-BR".into())
        );
    }

    #[test]
    fn states_are_read_in_the_words_of_their_sources() {
        assert_eq!(state("Attending"), Ok(SourceState::Paid));
        assert_eq!(state("Checked In"), Ok(SourceState::Paid));
        assert_eq!(state("Not Attending"), Ok(SourceState::Cancelled));
        assert_eq!(state("Storniert"), Ok(SourceState::Cancelled));
        assert_eq!(state("pending"), Ok(SourceState::Unpaid));
        assert_eq!(state("whatever"), Err("the state “whatever” is not known".to_owned()));
        assert_eq!((yes("JA"), yes(""), yes("x")), (Ok(true), Ok(false), Ok(true)));
    }
}
