//! The house rules, checked.
//!
//! Responsible for the rules of CONTRIBUTING that a machine can check; each says what to do when it is broken, and
//! each has a test beside it that plants a breach and sees the rule fire. Formatting, clippy and shellcheck belong to
//! the same suite and are run by `scripts/test tidy`.

mod tidy {
    mod code;
    mod configs;
    mod layout;
    mod links;
    mod manifests;
    mod names;
    mod protocol;
    mod stored;
    mod tree;
    mod words;
}
