//! The engine every node runs: log store, writer, folded state, projections, session driver.

pub mod import;
pub mod search;
