//! From bytes to text: UTF-8, UTF-16 with its mark, or Windows-1252 where somebody says so.
//!
//! Nothing is guessed: a wrong guess turns names into rubbish that looks like names.

use super::fault::FileFault;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// How the bytes of a file are meant, unless a byte order mark says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// The Western European one of old Windows programs; only when declared.
    Windows1252,
}

impl std::str::FromStr for Encoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "windows-1252" | "cp1252" => Ok(Self::Windows1252),
            _ => Err(format!("encoding {text} is not known; use utf-8 or windows-1252")),
        }
    }
}

/// Decodes a file as a whole; its mark is taken off.
pub(super) fn decode(bytes: Vec<u8>, declared: Encoding) -> Result<String, FileFault> {
    let text = if bytes.starts_with(UTF8_MARK) {
        utf8(bytes)?.split_off(UTF8_MARK.len())
    } else if bytes.starts_with(b"\xff\xfe") {
        utf16(&bytes, u16::from_le_bytes)?
    } else if bytes.starts_with(b"\xfe\xff") {
        utf16(&bytes, u16::from_be_bytes)?
    } else {
        match declared {
            Encoding::Utf8 => utf8(bytes)?,
            Encoding::Windows1252 => {
                encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned()
            }
        }
    };
    match text.find('\0') {
        Some(at) => Err(FileFault::Nul { line: line_of(&text.as_bytes()[..at]) }),
        None => Ok(text),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, FileFault> {
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let (before, byte) = (&error.as_bytes()[..offset], error.as_bytes()[offset]);
        FileFault::Encoding { encoding: "UTF-8", offset, line: line_of(before), byte }
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, FileFault> {
    let mut text = String::with_capacity(bytes.len() / 2);
    let (pairs, rest) = bytes[2..].as_chunks::<2>();
    let mut offset = 2;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let Ok(character) = decoded else { return Err(broken_utf16(&text, bytes, offset)) };
        text.push(character);
        offset += character.len_utf16() * 2;
    }
    if rest.is_empty() { Ok(text) } else { Err(broken_utf16(&text, bytes, offset)) }
}

fn broken_utf16(before: &str, bytes: &[u8], offset: usize) -> FileFault {
    FileFault::Encoding { encoding: "UTF-16", offset, line: line_of(before.as_bytes()), byte: bytes[offset] }
}

fn line_of(before: &[u8]) -> u64 {
    before.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_obeyed_and_taken_off() {
        assert_eq!(decode(b"\xef\xbb\xbfName\n".to_vec(), Encoding::Utf8).as_deref(), Ok("Name\n"));
        assert_eq!(decode(b"\xff\xfeN\0\xfc\0\n\0".to_vec(), Encoding::Utf8).as_deref(), Ok("Nü\n"));
        assert_eq!(decode(b"\xfe\xff\0N\xd8\x3d\xde\x00".to_vec(), Encoding::Utf8).as_deref(), Ok("N😀"));
    }

    #[test]
    fn a_broken_byte_is_named_with_offset_and_line() {
        let fault = decode(b"name\nM\xfcller\n".to_vec(), Encoding::Utf8);
        assert_eq!(fault, Err(FileFault::Encoding { encoding: "UTF-8", offset: 6, line: 2, byte: 0xfc }));
        let half = decode(b"\xff\xfeN\0\x3d\xd8".to_vec(), Encoding::Utf8);
        assert_eq!(half, Err(FileFault::Encoding { encoding: "UTF-16", offset: 4, line: 1, byte: 0x3d }));
        let odd = decode(b"\xff\xfeN\0x".to_vec(), Encoding::Utf8);
        assert_eq!(odd, Err(FileFault::Encoding { encoding: "UTF-16", offset: 4, line: 1, byte: b'x' }));
    }

    #[test]
    fn windows_1252_is_read_only_when_declared() {
        let bytes = b"M\xfcller \x80".to_vec();
        assert_eq!(decode(bytes, Encoding::Windows1252).as_deref(), Ok("Müller €"));
        assert_eq!("cp1252".parse(), Ok(Encoding::Windows1252));
    }

    #[test]
    fn utf_16_without_its_mark_is_named() {
        assert_eq!(decode(b"N\0a\0".to_vec(), Encoding::Utf8), Err(FileFault::Nul { line: 1 }));
    }
}
