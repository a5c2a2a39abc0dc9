//! Which character separates the cells: the one the header line has most of, outside quotation marks.

const CANDIDATES: [u8; 3] = [b',', b';', b'\t'];

/// Reads the delimiter off the header line; a line with none has one column, and a comma does for it.
pub(super) fn sniff(text: &str) -> u8 {
    let mut counts = [0_usize; CANDIDATES.len()];
    let mut quoted = false;
    for byte in text.trim_start().bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            _ => {
                if let Some(at) = CANDIDATES.iter().position(|candidate| *candidate == byte) {
                    counts[at] += 1;
                }
            }
        }
    }
    let mut best = 0;
    for at in 1..CANDIDATES.len() {
        if counts[at] > counts[best] {
            best = at;
        }
    }
    CANDIDATES[best]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_line_decides() {
        assert_eq!(sniff("first_name,last_name\na;b;c;d;e"), b',');
        assert_eq!(sniff("Vorname;\"Name, ganz\";E-Mail\n"), b';');
        assert_eq!(sniff("Vorname\tName\r\n"), b'\t');
        assert_eq!(sniff("name\n"), b',');
    }
}
