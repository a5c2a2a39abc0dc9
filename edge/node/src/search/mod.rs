//! Search over attendees: what people type finds who they mean, whatever the case, accents or script.
//!
//! Responsible for the folding of text, the words an attendee is found by, the full-text table and the
//! queries over it. Every query is bounded: the index is read only until enough candidates are found, and
//! ranking looks at those alone. What is still to be indexed after a snapshot is looked through beside it.

mod candidates;
mod document;
mod folding;
mod query;
pub(crate) mod unindexed;
mod words;

pub use candidates::{CANDIDATES_MAX, TABLE_SQL, candidates};
pub use document::{Findable, document};
pub use folding::fold;
pub use query::Query;
