//! Printing of badges.
//!
//! Responsible for: one worker for each printer with one connection at a time, the drivers (files and IPP), what is
//! known of each printer, and never printing a badge twice unasked. The queue itself is a table of the engine.

pub mod badge_maker;
pub mod condition;
pub mod driver;
pub mod files;
pub(crate) mod forget;
pub mod ipp_printer;
mod ipp_words;
mod jpeg;
pub(crate) mod layout;
pub mod pwg_raster;
pub mod wording;
pub mod worker;
