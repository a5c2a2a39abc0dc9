//! Search over attendees: what people type finds who they mean, whatever the case, accents or script.
//!
//! Responsible for the folding of text, the words an attendee is found by, the full-text table and the
//! queries over it. Every query is bounded: the index is read only until enough candidates are found, and
//! ranking looks at those alone.

mod bulk;
mod candidates;
mod document;
mod folding;
mod query;
mod words;

pub(crate) use bulk::in_bulk;
pub use candidates::{CANDIDATES_MAX, TABLE_SQL, candidates};
pub use document::{Findable, document};
pub use folding::fold;
pub use query::Query;
