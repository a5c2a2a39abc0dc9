//! I5: the write-ahead log is whole up to its last commit, which a power cut may have torn.

use std::io;
use std::path::Path;

use super::{Invariant, Report};
use crate::store::wal::{HEADER_BYTES, damage, path_beside};

/// How often it is read again when it began anew meanwhile.
const ATTEMPTS: usize = 3;

/// Reads the log of a database, if there is one.
pub(super) fn check(database: &Path, report: &mut Report) -> io::Result<()> {
    let path = path_beside(database);
    for _ in 0..ATTEMPTS {
        let log = match std::fs::read(&path) {
            Ok(log) => log,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let Some(what) = damage(&log) else { return Ok(()) };
        let head = |log: &[u8]| log.get(..HEADER_BYTES).map(<[u8]>::to_vec);
        if std::fs::read(&path).is_ok_and(|again| head(&again) == head(&log)) {
            report
                .find(Invariant::I5, format!("{what}; commits after it are not seen. Run `lanyard repair`."));
            return Ok(());
        }
    }
    Ok(())
}
