//! From text to the words of the index.
//!
//! A word is a run of letters, digits and their marks. Characters of scripts without blanks between words
//! (Chinese, Japanese, Korean) are words of their own, so that a given name finds its bearer.

use super::folding::{fold, fold_to_digraphs};

/// Characters of a word that are told apart. The table has a prefix index for every length up to this one,
/// so no search has to gather a range of words.
pub(super) const WORD_MAX_CHARS: usize = 10;

/// The words of a text in its plain spelling.
pub(super) fn plain(text: &str) -> Vec<String> {
    split(&fold(text))
}

/// The words of a text with two-letter spellings.
pub(super) fn digraphs(text: &str) -> Vec<String> {
    split(&fold_to_digraphs(text))
}

/// Every word that a text is found by: in both spellings, and joined.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words = split(&folded);
    if !text.is_ascii() {
        words.extend(digraphs(text));
    }
    words.extend(joined(&folded));
    words
}

/// Words of a folded text joined over an apostrophe or a hyphen: `O'Brien` is also looked for as `obrien`.
fn joined(folded: &str) -> Vec<String> {
    let inner = |c: char| matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`' | '-' | '‐' | '‑' | '־');
    let has_inner = |word: &&str| word.trim_matches(inner).contains(inner);
    folded
        .split_whitespace()
        .filter(has_inner)
        .flat_map(|word| split(&word.chars().filter(|c| !inner(*c)).collect::<String>()))
        .collect()
}

fn split(folded: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut length_chars = 0;
    for character in folded.chars() {
        let alone = stands_alone(character);
        if (alone || !belongs(character)) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
            length_chars = 0;
        }
        if alone {
            words.push(character.to_string());
        } else if belongs(character) && length_chars < WORD_MAX_CHARS {
            word.push(character);
            length_chars += 1;
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn belongs(character: char) -> bool {
    character.is_alphanumeric() || unicode_normalization::char::is_combining_mark(character)
}

fn stands_alone(character: char) -> bool {
    matches!(character,
        '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30ff}' | '\u{3105}'..='\u{312f}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_where_letters_do() {
        assert_eq!(plain("Ana-Lucía d'Ávila"), ["ana", "lucia", "d", "avila"]);
        assert_eq!(plain("zoe.lueth+x@mail.example.org"), ["zoe", "lueth", "x", "mail", "example", "org"]);
        assert_eq!(joined(&fold("Ana-Lucía d'Ávila Smith -")), ["analucia", "davila"]);
    }

    #[test]
    fn characters_without_blanks_stand_alone() {
        assert_eq!(plain("王小明"), ["王", "小", "明"]);
        assert_eq!(plain("김민수 Lee"), ["김", "민", "수", "lee"]);
        assert_eq!(plain("कुमार สมชาย"), ["कुमार", "สมชาย"]);
    }

    #[test]
    fn a_word_without_end_is_cut() {
        assert_eq!(plain(&"x".repeat(100)), ["x".repeat(10)]);
    }
}
