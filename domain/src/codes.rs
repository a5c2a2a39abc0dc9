//! What a scanned or typed text says: which conference it is for, and the code in it.

use crate::access_code;

/// Longest text a scanner may send, in bytes.
pub const SCANNED_MAX_BYTES: usize = 512;

const PREFIX: &str = "LY1:";

/// A scanned text taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// Slug of the conference it names, where it names one.
    pub conference: Option<String>,
    /// The folded code.
    pub code: String,
}

impl Scanned {
    /// Reads `LY1:<conference>:<code>`, or a bare code.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if let Some((conference, code)) = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once(':')) {
            return Self { conference: Some(conference.to_owned()), code: access_code::fold(code) };
        }
        Self { conference: None, code: access_code::fold(text) }
    }
}

/// The text of a QR code for a conference.
pub fn qr_text(conference: &str, code: &str) -> String {
    format!("{PREFIX}{conference}:{code}")
}
