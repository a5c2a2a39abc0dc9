//! Lowercase hexadecimal text, the one spelling of bytes that people and JSON see.

use std::fmt;

/// Bytes that display as lowercase hexadecimal.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0u8; 128];
        for chunk in self.0.chunks(64) {
            for (at, byte) in chunk.iter().enumerate() {
                text[at * 2] = DIGITS[usize::from(byte >> 4)];
                text[at * 2 + 1] = DIGITS[usize::from(byte & 15)];
            }
            let text = std::str::from_utf8(&text[..chunk.len() * 2]).expect("digits are ASCII");
            f.write_str(text)?;
        }
        Ok(())
    }
}

/// Returns the bytes as lowercase hexadecimal text.
pub fn encode(bytes: &[u8]) -> String {
    Hex(bytes).to_string()
}

/// Reads lowercase hexadecimal text; `None` for anything else, capitals included.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Reads exactly `N` bytes of lowercase hexadecimal text.
pub fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_go_both_ways() {
        assert_eq!(encode(&[0, 0x1f, 0xff]), "001fff");
        assert_eq!(decode("001fff"), Some(vec![0, 0x1f, 0xff]));
        assert_eq!(decode_array("001f"), Some([0, 0x1f]));
    }

    #[test]
    fn capitals_odd_lengths_and_other_letters_are_refused() {
        assert_eq!(decode("FF"), None);
        assert_eq!(decode("abc"), None);
        assert_eq!(decode("zz"), None);
        assert_eq!(decode_array::<2>("00"), None);
    }
}
