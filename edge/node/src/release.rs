//! What tells one release from another where they meet: the protocol it speaks, the reader it is, and the forms of
//! events it knows.
//!
//! A build with the feature `next-version` can be told to behave like the release after this one, by the environment
//! variable `LANYARD_NEXT_VERSION=1` or thread by thread: it speaks one more version of the protocol, is a newer reader,
//! and writes some kinds of events in a new form. With `=2` it is the release after that, which has given up what this
//! one speaks. Without the feature there is nothing to tell.

use std::collections::BTreeSet;

use lanyard_domain::Facts;
use lanyard_sync::Protocol;

/// The reader that this release is. A form of an event that older builds must not pass over asks for a newer one.
const READER: u16 = 1;

/// How an event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) version: u16,
    pub(crate) min_reader: u16,
}

/// Kinds of which the pretended release writes the next version, with the reader it asks for.
const NEXT_FORMS: [(&str, u16); 4] =
    [("badge-voided", 2), ("check-in-annulled", 1), ("conference-configured", 2), ("quota-set", 2)];

/// The newest reader this build is: a stream that asks for a newer one is read-only here.
pub(crate) fn reader() -> u16 {
    READER + steps().min(1)
}

/// The protocol versions this build speaks.
pub fn protocol() -> Protocol {
    let Protocol { min, max } = Protocol::CURRENT;
    Protocol { min: min + u16::from(steps() > 1), max: max + steps() }
}

/// How this build writes a kind.
pub(crate) fn form(kind: &str, version: u16) -> Form {
    match next_form(kind) {
        Some(min_reader) => Form { version: version + 1, min_reader },
        None => Form { version, min_reader: 1 },
    }
}

/// The version of a kind whose parser reads a version that was written.
pub(crate) fn parsed_as(kind: &str, version: u16) -> u16 {
    if steps() == 0 {
        return version;
    }
    let is_new = Facts::KINDS.iter().any(|(known, latest)| *known == kind && latest + 1 == version);
    if is_new && next_form(kind).is_some() { version - 1 } else { version }
}

/// Every form of event this build knows, as `kind/version`.
pub(crate) fn known_forms() -> BTreeSet<String> {
    let next = Facts::KINDS.iter().filter(|(kind, _)| next_form(kind).is_some());
    let next = next.map(|(kind, version)| format!("{kind}/{}", version + 1));
    Facts::KINDS.iter().map(|(kind, version)| format!("{kind}/{version}")).chain(next).collect()
}

fn next_form(kind: &str) -> Option<u16> {
    if steps() == 0 {
        return None;
    }
    NEXT_FORMS.iter().find(|(changed, _)| *changed == kind).map(|(_, min_reader)| *min_reader)
}

#[cfg(not(any(test, feature = "next-version")))]
const fn steps() -> u16 {
    0
}

#[cfg(any(test, feature = "next-version"))]
pub use pretended::pretend_next;
#[cfg(any(test, feature = "next-version"))]
use pretended::steps;

#[cfg(any(test, feature = "next-version"))]
mod pretended {
    use std::cell::Cell;
    use std::sync::OnceLock;

    thread_local! {
        static ON_THIS_THREAD: Cell<bool> = const { Cell::new(false) };
    }

    /// Lets this thread behave like the release after this one, or like this one again.
    pub fn pretend_next(next: bool) {
        ON_THIS_THREAD.set(next);
    }

    /// Releases between this one and the one that is pretended.
    pub(super) fn steps() -> u16 {
        static IN_THIS_PROCESS: OnceLock<u16> = OnceLock::new();
        let asked = || std::env::var("LANYARD_NEXT_VERSION").ok().and_then(|value| value.parse().ok());
        u16::from(ON_THIS_THREAD.get()).max(*IN_THIS_PROCESS.get_or_init(|| asked().unwrap_or(0).min(2)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_reads_what_it_writes_and_what_the_one_before_wrote() {
        assert_eq!(form("badge-voided", 1), Form { version: 1, min_reader: 1 });
        assert_eq!(parsed_as("badge-voided", 2), 2, "not known");
        pretend_next(true);
        assert_eq!(form("badge-voided", 1), Form { version: 2, min_reader: 2 });
        assert_eq!((parsed_as("badge-voided", 2), parsed_as("badge-voided", 1)), (1, 1));
        assert_eq!(parsed_as("badge-voided", 3), 3, "not known");
        let next = known_forms();
        pretend_next(false);
        assert!(next.is_superset(&known_forms()) && next.contains("badge-voided/2"));
    }
}
