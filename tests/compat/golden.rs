//! Frozen bytes: one hexadecimal file for each form of each format.
//!
//! With `LANYARD_FREEZE=1` a file that is missing is written. One that is there never is: a new form of
//! a format gets a new name, and the old one stays readable.

use std::path::PathBuf;
use std::{env, fs};

use lanyard_sync::hex;

const BYTES_PER_LINE: usize = 48;

/// Asserts that `bytes` are those frozen under `name`.
pub(crate) fn assert_frozen(name: &str, bytes: &[u8]) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("compat").join(format!("{name}.hex"));
    if !file.exists() && env::var_os("LANYARD_FREEZE").is_some_and(|value| value == "1") {
        let lines: Vec<String> = bytes.chunks(BYTES_PER_LINE).map(hex::encode).collect();
        fs::write(&file, lines.join("\n") + "\n").unwrap();
    }
    let text = fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; LANYARD_FREEZE=1 writes it", file.display()));
    let frozen =
        hex::decode(&text.split_whitespace().collect::<String>()).expect("a frozen file is hexadecimal");
    assert_eq!(hex::encode(bytes), hex::encode(&frozen), "the form of {name} has changed");
}
