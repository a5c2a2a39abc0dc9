//! What can be wrong with a file that is given as a bundle, with what to do about it.

use std::io;

/// Why bytes are not a bundle that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleFault {
    /// It begins otherwise.
    #[error("this is not a bundle; name a file that `bundle export` wrote")]
    NotABundle,
    /// Its form is one that only a newer build knows.
    #[error("the bundle has form {version}, which this version cannot read; upgrade the side that reads it")]
    Newer {
        /// Number of the form.
        version: u16,
    },
    /// The end is missing.
    #[error("the bundle is cut short; copy or export it again")]
    Truncated,
    /// Something in it is not what was written.
    #[error("the bundle is damaged ({what}); copy or export it again")]
    Damaged {
        /// What does not hold.
        what: &'static str,
    },
    /// The file cannot be read.
    #[error("the bundle cannot be read")]
    Read(#[source] io::Error),
}

impl BundleFault {
    /// The fault's stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotABundle => "not_a_bundle",
            Self::Newer { .. } => "newer_bundle",
            Self::Truncated => "truncated_bundle",
            Self::Damaged { .. } => "damaged_bundle",
            Self::Read(_) => "unreadable_bundle",
        }
    }
}
