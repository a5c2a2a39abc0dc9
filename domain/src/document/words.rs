//! What changed between two texts, word by word, so that what others write between stays whole.
//!
//! The time it takes is bounded by the limits of a field: what both ends share is left out, and where too many words
//! differ the rest is one piece.

/// Most pairs of words that are compared; beyond, the rest is replaced as a whole.
const PAIRS_MAX: usize = 250_000;

/// A piece of the old text and what stands in its place, counted in characters of the old text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it begins.
    pub(super) at: usize,
    /// How much goes.
    pub(super) removed: usize,
    /// What comes.
    pub(super) inserted: String,
}

/// The pieces that make the new text of the old one, the last one first.
pub(super) fn pieces(old: &str, new: &str) -> Vec<Piece> {
    let prefix: usize =
        old.chars().zip(new.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (at, old, new) = (old[..prefix].chars().count(), &old[prefix..], &new[prefix..]);
    let suffix: usize =
        old.chars().rev().zip(new.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (old, new) = (words(&old[..old.len() - suffix]), words(&new[..new.len() - suffix]));
    let mut pieces = if old.len() * new.len() > PAIRS_MAX {
        vec![Piece { at, removed: chars(&old), inserted: new.concat() }]
    } else {
        replaced(at, &old, &new)
    };
    pieces.retain(|piece| piece.removed > 0 || !piece.inserted.is_empty());
    pieces.reverse();
    pieces
}

/// Words with the blanks after them.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let end = rest[word..].find(|c: char| !c.is_whitespace()).map_or(rest.len(), |blanks| word + blanks);
        let (first, others) = rest.split_at(end);
        words.push(first);
        rest = others;
    }
    words
}

fn chars(words: &[&str]) -> usize {
    words.iter().map(|word| word.chars().count()).sum()
}

/// The pieces between the words of a longest common subsequence.
fn replaced(mut at: usize, old: &[&str], new: &[&str]) -> Vec<Piece> {
    let common = common_after(old, new);
    let width = new.len() + 1;
    let (mut a, mut b) = (0, 0);
    let mut pieces = Vec::new();
    let mut piece = Piece { at, removed: 0, inserted: String::new() };
    while a < old.len() || b < new.len() {
        if a < old.len() && b < new.len() && old[a] == new[b] {
            at += chars(&old[a..=a]);
            (a, b) = (a + 1, b + 1);
            pieces.push(std::mem::replace(&mut piece, Piece { at, removed: 0, inserted: String::new() }));
        } else if b == new.len()
            || (a < old.len() && common[(a + 1) * width + b] >= common[a * width + b + 1])
        {
            let length = chars(&old[a..=a]);
            (at, piece.removed, a) = (at + length, piece.removed + length, a + 1);
        } else {
            piece.inserted.push_str(new[b]);
            b += 1;
        }
    }
    pieces.push(piece);
    pieces
}

/// How many words the texts have in common from each pair of places on, row after row of the old text.
fn common_after(old: &[&str], new: &[&str]) -> Vec<u16> {
    let width = new.len() + 1;
    let mut common = vec![0_u16; (old.len() + 1) * width];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            common[a * width + b] = if old[a] == new[b] {
                common[(a + 1) * width + b + 1] + 1
            } else {
                common[(a + 1) * width + b].max(common[a * width + b + 1])
            };
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn put_together(old: &str, pieces: &[Piece]) -> String {
        let mut text: Vec<char> = old.chars().collect();
        for piece in pieces {
            text.splice(piece.at..piece.at + piece.removed, piece.inserted.chars());
        }
        text.into_iter().collect()
    }

    #[test]
    fn only_the_words_that_changed_are_touched() {
        let found = pieces("Came by train. Needs a taxi today.", "Came by bus. Needs no taxi today!");
        let piece = |at, removed, inserted: &str| Piece { at, removed, inserted: inserted.to_owned() };
        assert_eq!(found, [piece(28, 6, "today!"), piece(21, 2, "no "), piece(8, 7, "bus. ")]);
        assert_eq!(pieces("same", "same"), []);
        assert_eq!(pieces("", "new words"), [piece(0, 0, "new words")]);
    }

    #[test]
    fn where_too_many_words_differ_the_rest_is_one_piece() {
        let many = |word: &str| word.repeat(1_000);
        let found = pieces(&many("a "), &many("b "));
        assert_eq!(found.len(), 1);
        assert_eq!(put_together(&many("a "), &found), many("b "));
    }

    proptest! {
        #[test]
        fn the_pieces_make_the_new_text(old in "[ab ü\n]{0,40}", new in "[ab ü\n]{0,40}") {
            prop_assert_eq!(put_together(&old, &pieces(&old, &new)), new);
        }
    }
}
