//! Folding: lower case, without accents, with letters that have no accent to lose spelled plainly.
//!
//! Marks are dropped only where a script is readable without them (Latin, Greek, Cyrillic, Hebrew, Arabic);
//! the vowel signs of Devanagari or Thai are part of the word and stay.

use unicode_normalization::UnicodeNormalization;

/// Folds a text for comparison: `Łukasz` becomes `lukasz`, `Straße` becomes `strasse`.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkd().filter(|character| !is_dropped(*character)).flat_map(char::to_lowercase) {
        match plain(character) {
            Some(letters) => folded.push_str(letters),
            None if is_dropped(character) => {}
            None => folded.push(character),
        }
    }
    folded.nfc().collect()
}

/// Folds with the two-letter spellings of German, Danish and Serbian: `Müller` becomes `mueller`.
pub(super) fn fold_to_digraphs(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut spelled = String::with_capacity(text.len() + 8);
    for character in text.nfc().flat_map(char::to_lowercase) {
        match character {
            'ä' => spelled.push_str("ae"),
            'ö' | 'ø' => spelled.push_str("oe"),
            'ü' => spelled.push_str("ue"),
            'å' => spelled.push_str("aa"),
            'đ' => spelled.push_str("dj"),
            other => spelled.push(other),
        }
    }
    fold(&spelled)
}

/// Letters that decomposition leaves alone.
fn plain(letter: char) -> Option<&'static str> {
    let letters = match letter {
        'ß' => "ss",
        'æ' | 'ǽ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' | 'ɖ' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ĸ' => "k",
        'ŋ' => "n",
        'ŧ' => "t",
        'ƒ' => "f",
        'ə' => "e",
        'ς' => "σ",
        'ى' | 'ی' => "ي",
        'ک' => "ك",
        _ => return None,
    };
    Some(letters)
}

/// Marks a reader can do without, and characters that are not seen at all.
fn is_dropped(character: char) -> bool {
    matches!(character,
        '\u{0300}'..='\u{036f}' | '\u{0483}'..='\u{0487}' | '\u{0591}'..='\u{05bd}' | '\u{05bf}'
        | '\u{05c1}'..='\u{05c2}' | '\u{05c4}'..='\u{05c5}' | '\u{05c7}' | '\u{0610}'..='\u{061a}' | '\u{0640}'
        | '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{06d6}'..='\u{06dc}' | '\u{06df}'..='\u{06e4}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
        | '\u{00ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_case_and_special_letters_fold_away() {
        let pairs = [
            ("Łukasz", "lukasz"),
            ("SØREN", "soren"),
            ("Đorđe", "dorde"),
            ("Straße", "strasse"),
            ("STRAẞE", "strasse"),
            ("Müller", "muller"),
            ("Mu\u{308}ller", "muller"),
            ("Þóra", "thora"),
            ("Ægir Œuvre", "aegir oeuvre"),
            ("İstanbul ISIK ışık", "istanbul isik isik"),
            ("Nguyễn", "nguyen"),
            ("Ｔｏｋｙｏ", "tokyo"),
            ("مُحَمَّد", "محمد"),
            ("שָׁלוֹם", "שלום"),
            ("Ёлка", "елка"),
        ];
        for (text, folded) in pairs {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn vowel_signs_and_syllables_stay_whole() {
        assert_eq!(fold("किरण"), "किरण");
        assert_eq!(fold("สมชาย"), "สมชาย");
        assert_eq!(fold("김민수"), "김민수");
        assert_eq!(fold("ｶﾞｷﾞ"), "ガギ");
    }

    #[test]
    fn two_letter_spellings_are_another_fold() {
        assert_eq!(fold_to_digraphs("Müller"), "mueller");
        assert_eq!(fold_to_digraphs("Søren Åse"), "soeren aase");
        assert_eq!(fold_to_digraphs("Đorđe"), "djordje");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text: String) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
