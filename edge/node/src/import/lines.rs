//! Line numbers of rows, as an editor shows them.
//!
//! The CSV reader counts a row's line before it has passed the line end and blank lines ahead of it, which is
//! off for files of Windows; the offset it gives is right.

/// Counts lines of a text while offsets grow.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line of the first character at or after `offset` that ends no line; offsets must not shrink.
    pub(super) fn line_of(&mut self, offset: u64) -> u64 {
        let offset = usize::try_from(offset).unwrap_or(self.text.len());
        while let Some(byte) = self.text.get(self.at) {
            let ends_line = matches!(byte, b'\n' | b'\r');
            if self.at >= offset && !ends_line {
                break;
            }
            let pair = *byte == b'\r' && self.text.get(self.at + 1) == Some(&b'\n');
            self.line += u64::from(ends_line && !pair);
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_of_every_system_are_counted() {
        for text in ["a\n\nb\nc", "a\r\n\r\nb\r\nc", "a\r\rb\rc"] {
            let mut lines = Lines::of(text);
            let found: Vec<u64> = ['a', 'b', 'c']
                .iter()
                .map(|c| lines.line_of(text.find(*c).map_or(0, |at| at.saturating_sub(1) as u64)))
                .collect();
            assert_eq!(found, [1, 3, 4], "{text:?}");
        }
    }
}
