//! Attendee lists as files: CSV in, rows of the domain and a report out.
//!
//! Responsible for telling what a file is (encoding, delimiter, whose export), for naming a fault of the
//! file before anything is written, for refusing single rows with their line and reason, and for cutting
//! the rest into commands whose ids make a second import of the same file harmless. What a row changes is
//! for the rules of the domain.

mod cells;
mod chunk;
mod columns;
mod delimiter;
mod encoding;
mod fault;
mod importer;
mod lines;
mod list;
mod magic;
mod report;
mod row;
mod seat_types;

pub use chunk::Chunk;
pub use columns::{Field, Source};
pub use encoding::Encoding;
pub use fault::FileFault;
pub use importer::{ImportFailed, ImportReport, Importer};
pub use list::{AttendeeList, Reading};
pub use report::{ColumnReport, RefusedRow, Report};
pub use seat_types::{SeatTypeNames, UnknownAlias};

/// Largest file, in bytes.
pub const FILE_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Most rows of one file.
pub const ROWS_MAX: u64 = 200_000;
/// Largest single row, in bytes; what is longer has lost a quotation mark.
pub const ROW_MAX_BYTES: u64 = 64 * 1024;
/// Most columns of one file.
pub const COLUMNS_MAX: usize = 512;
