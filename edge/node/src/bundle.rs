//! Bundles: the batches of the protocol in a file, for a venue without any network.
//!
//! Responsible for the form of the file, for writing what the other side lacks, and for taking a file in
//! through the same admission as everything that comes over a line. The form is checked to its last byte
//! before anything is taken, and one batch at a time is held in memory. What the head says is not signed
//! and decides nothing but what is sent and said; the entries are.

mod export;
mod fault;
mod form;
mod head;
mod import;
#[cfg(test)]
mod tests;

pub use export::{ExportError, Exported, export, export_to_file};
pub use fault::BundleFault;
pub use form::{BundlePart, BundleReader, BundleWriter, Checked, check, check_file};
pub use head::{BundleHead, HEAD_MAX_BYTES};
pub use import::{ImportFailed, Imported, Missing, Reason, import};

/// Largest bundle that HQ takes over HTTP, in bytes: millions of entries.
pub const UPLOAD_MAX_BYTES: u64 = 1024 * 1024 * 1024;
