//! Planted faults: wrong behaviour on purpose, to show that the tests notice it.
//!
//! Compiled only with the feature `planted-faults` and chosen by the environment variable
//! `LANYARD_PLANTED_FAULT`; without the feature nothing is ever planted.

/// What is done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A decision does not see earlier check-ins.
    DoubleAdmission,
    /// The answer goes out before the commit.
    AnswerBeforeCommit,
    /// A sale spends rights that nobody gave.
    RightsIgnored,
    /// The state hash is that of the vector.
    VectorHash,
}

/// Tells whether a fault is planted in this process.
#[cfg(feature = "planted-faults")]
pub(crate) fn is_planted(fault: Fault) -> bool {
    static WORD: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let word = match fault {
        Fault::DoubleAdmission => "double-admission",
        Fault::AnswerBeforeCommit => "answer-before-commit",
        Fault::RightsIgnored => "rights-ignored",
        Fault::VectorHash => "vector-hash",
    };
    WORD.get_or_init(|| std::env::var("LANYARD_PLANTED_FAULT").ok()).as_deref() == Some(word)
}

/// Tells whether a fault is planted in this process: never, in this build.
#[cfg(not(feature = "planted-faults"))]
pub(crate) const fn is_planted(_fault: Fault) -> bool {
    false
}
