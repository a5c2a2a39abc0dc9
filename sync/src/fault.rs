//! A planted fault: what links entries is not checked, to show that the tests notice it. Compiled only with the feature
//! `planted-faults`, and chosen as the faults of a node are.

/// The word that chooses it.
pub const CHAIN_UNCHECKED: &str = "chain-unchecked";

/// Tells whether it is planted in this process.
#[cfg(feature = "planted-faults")]
pub(crate) fn is_chain_unchecked() -> bool {
    static IS_PLANTED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *IS_PLANTED
        .get_or_init(|| std::env::var("LANYARD_PLANTED_FAULT").is_ok_and(|word| word == CHAIN_UNCHECKED))
}

/// Tells whether it is planted in this process: never, in this build.
#[cfg(not(feature = "planted-faults"))]
pub(crate) const fn is_chain_unchecked() -> bool {
    false
}
