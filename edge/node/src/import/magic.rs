//! Files that are something else: told by their first bytes, so that the answer names what they are.

use super::fault::FileFault;

const WORKBOOK: &str = "Open it in the spreadsheet program and save it as “CSV UTF-8”.";
const PICTURE: &str = "Choose the attendee list instead.";
const PACKED: &str = "Unpack it first.";

/// First bytes, what they mean, what to do.
const KINDS: [(&[u8], &str, &str); 14] = [
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", PICTURE),
    (b"\xff\xd8\xff", "a JPEG picture", PICTURE),
    (b"GIF87a", "a GIF picture", PICTURE),
    (b"GIF89a", "a GIF picture", PICTURE),
    (b"II*\0", "a TIFF picture", PICTURE),
    (b"MM\0*", "a TIFF picture", PICTURE),
    (b"%PDF-", "a PDF document", "Export the attendee list as CSV."),
    (b"PK\x03\x04", "an Excel workbook or ZIP archive", WORKBOOK),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook", WORKBOOK),
    (b"\x1f\x8b", "gzip-compressed", PACKED),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", PACKED),
    (b"SQLite format 3\0", "an SQLite database", "Export the attendee list as CSV."),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed", PACKED),
    (b"\x7fELF", "a program", PICTURE),
];

/// Refuses a file whose first bytes belong to a kind that is no text.
pub(super) fn refuse_other_kinds(bytes: &[u8]) -> Result<(), FileFault> {
    if let Some((_, what, remedy)) = KINDS.iter().find(|(first, _, _)| bytes.starts_with(first)) {
        return Err(FileFault::NotCsv { what, remedy });
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Err(FileFault::NotCsv { what: "a WebP picture", remedy: PICTURE });
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return Err(FileFault::NotCsv { what: "a HEIC picture or a film", remedy: PICTURE });
    }
    let start: Vec<u8> = bytes.iter().take(64).map(u8::to_ascii_lowercase).collect();
    let start = start.trim_ascii_start();
    if start.starts_with(b"<!doctype html") || start.starts_with(b"<html") {
        let remedy = "Sign in where the list comes from and export it again.";
        return Err(FileFault::NotCsv { what: "a web page", remedy });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(bytes: &[u8]) -> String {
        refuse_other_kinds(bytes).expect_err("the file is no list").to_string()
    }

    #[test]
    fn a_renamed_picture_is_named_as_what_it_is() {
        assert_eq!(
            named(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
            "The file is a PNG picture, whatever its name says. Choose the attendee list instead."
        );
        assert!(named(b"RIFF\x10\0\0\0WEBPVP8 ").contains("WebP"));
        assert!(named(b"\0\0\0\x18ftypheic").contains("HEIC"));
    }

    #[test]
    fn a_workbook_or_a_sign_in_page_is_named_with_the_way_out() {
        assert!(named(b"PK\x03\x04\x14\0").contains("save it as “CSV UTF-8”"));
        assert!(named(b"\n <!DOCTYPE html><html>").contains("web page"));
        assert_eq!(refuse_other_kinds(b"first_name,last_name\n"), Ok(()));
    }
}
