//! What somebody typed, as full-text expressions and as a measure of how well a name fits.

use super::document::{CODE, OTHER, folded_code};
use super::folding::{fold, fold_to_digraphs};
use super::words;

/// Longest text that is looked at, in characters.
const TYPED_MAX_CHARS: usize = 128;
/// Most words that are looked for.
const WORDS_MAX: usize = 8;

/// A search, made safe: whatever was typed, the expressions consist of quoted words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Each word with its other spelling, where it has one.
    words: Vec<Vec<String>>,
    /// The whole text read as a code.
    code: String,
    /// The whole text in both spellings, for ranking.
    phrases: [String; 2],
}

/// Beginnings that words have to have: of each group one, or else the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sought {
    each: Vec<Vec<String>>,
    or_code: Option<String>,
}

impl Query {
    /// Reads what was typed; none when there is no letter or digit in it.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed: String = typed.chars().take(TYPED_MAX_CHARS).collect();
        let (plain, digraphs) = (words::plain(&typed), words::digraphs(&typed));
        if plain.is_empty() {
            return None;
        }
        let same_count = plain.len() == digraphs.len();
        let spellings = |(at, word): (usize, String)| match digraphs.get(at) {
            Some(other) if same_count && *other != word => vec![word, other.clone()],
            _ => vec![word],
        };
        let words = plain.into_iter().take(WORDS_MAX).enumerate().map(spellings).collect();
        Some(Self {
            words,
            code: folded_code(&typed),
            phrases: [phrase(&fold(&typed)), phrase(&fold_to_digraphs(&typed))],
        })
    }

    /// Finds those of whose names every word is a beginning.
    pub(super) fn over_names(&self) -> Sought {
        Sought { each: self.words.clone(), or_code: None }
    }

    /// Looks in everything: names, e-mail, company and codes.
    pub(super) fn over_everything(&self) -> Sought {
        let kinds =
            |word: &String| [word.clone(), format!("{OTHER}{word}"), format!("{CODE}{}", folded_code(word))];
        let each = self.words.iter().map(|spellings| spellings.iter().flat_map(kinds).collect());
        let or_code = (!self.code.is_empty()).then(|| format!("{CODE}{}", self.code));
        Sought { each: each.collect(), or_code }
    }

    /// How well a name fits, 0 being best: the same, begins with it, a part begins with it, the rest.
    pub fn rank(&self, full_name: &str) -> u8 {
        let names = [phrase(&fold(full_name)), phrase(&fold_to_digraphs(full_name))];
        let pairs = names.iter().flat_map(|name| self.phrases.iter().map(move |typed| (name, typed)));
        pairs.map(|(name, typed)| rank(name, typed)).min().unwrap_or(u8::MAX)
    }
}

impl Sought {
    /// As an expression for the full-text table.
    pub(super) fn expression(&self) -> String {
        let any = |beginnings: &Vec<String>| {
            let quoted: Vec<String> = beginnings.iter().map(|beginning| prefix_term(beginning)).collect();
            format!("({})", quoted.join(" OR "))
        };
        let words = self.each.iter().map(any).collect::<Vec<_>>().join(" AND ");
        match &self.or_code {
            Some(code) => format!("({words}) OR {}", prefix_term(code)),
            None => words,
        }
    }

    /// Whether somebody with these words, as [`super::document`] builds them, is one of them.
    pub(super) fn fits(&self, words: &str) -> bool {
        let is_there = |beginning: &String| words.split(' ').any(|word| word.starts_with(beginning.as_str()));
        self.each.iter().all(|any| any.iter().any(is_there)) || self.or_code.as_ref().is_some_and(is_there)
    }
}

fn rank(name: &str, typed: &str) -> u8 {
    match name.find(typed) {
        Some(_) if name == typed => 0,
        Some(0) => 1,
        Some(_) if typed.is_ascii() && !name.contains(&format!(" {typed}")) => 3,
        Some(_) => 2,
        None => 3,
    }
}

/// Words of a folded text with one blank between.
fn phrase(folded: &str) -> String {
    let separate = |c: char| c.is_whitespace() || (c.is_ascii_punctuation() && c != '\'');
    folded.split(separate).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A quoted prefix term. Words hold letters, digits and marks, never a quotation mark.
fn prefix_term(beginning: &str) -> String {
    format!("\"{beginning}\"*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_looks_for_beginnings_in_both_spellings() {
        let query = Query::parse(" Mü ana ").expect("there are letters");
        assert_eq!(query.over_names().expression(), r#"("mu"* OR "mue"*) AND ("ana"*)"#);
        let query = Query::parse("ab-o1").expect("there are letters");
        assert_eq!(
            query.over_everything().expression(),
            r#"(("ab"* OR "¢ab"* OR "£ab"*) AND ("o1"* OR "¢o1"* OR "£01"*)) OR "£ab01"*"#
        );
    }

    #[test]
    fn nothing_to_look_for_is_no_query() {
        for typed in ["", "  ", "\"", "* - ()", "\u{0}", "🎫"] {
            assert_eq!(Query::parse(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn names_that_begin_with_the_text_rank_first() {
        let rank = |typed: &str, name: &str| Query::parse(typed).expect("there are letters").rank(name);
        assert_eq!(rank("anna berg", "Anna Berg"), 0);
        assert_eq!(rank("ann", "Anna Berg"), 1);
        assert_eq!(rank("be", "Anna Berg"), 2);
        assert_eq!(rank("erg", "Anna Berg"), 3);
        assert_eq!(rank("mueller", "Müller"), 0);
        assert_eq!(rank("小明", "王小明"), 2);
        assert_eq!(rank("明小", "王小明"), 3);
    }
}
