//! Forgetting badges of attendees who were erased: the files they were printed to, and the jobs.

use lanyard_node::engine::{LocalChange, PrintState, SubmitError};
use lanyard_node::read::{PrintJob, ReadError};
use lanyard_node::{Identity, Reader, Writer};
use tokio::task::spawn_blocking;

use crate::print::files::FilesPrinter;

/// Why badges were not forgotten; it is tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForgetError {
    /// The jobs cannot be read.
    #[error("the print jobs of who was erased cannot be read")]
    Read(#[from] ReadError),
    /// A job cannot be forgotten.
    #[error("a print job of who was erased cannot be forgotten")]
    Change(#[from] SubmitError),
    /// A file cannot be deleted.
    #[error("a badge that was printed to a file cannot be deleted")]
    Delete(#[from] std::io::Error),
}

/// The name under which a badge is printed; no other job has it, of this node before or after a restored backup,
/// or of any other.
pub(crate) fn name_of(identity: &Identity, job: &PrintJob) -> String {
    let node = identity.node.to_string();
    format!("badge-{}-{}-{}", &node[..8], job.queued_at_ms, job.id)
}

/// Deletes the files of every badge of who was erased, and forgets its job. What is with a printer is left for
/// the next time.
pub(crate) async fn forget_erased(
    identity: &Identity,
    folders: &[FilesPrinter],
    writer: &Writer,
    reader: &Reader,
) -> Result<(), ForgetError> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "a path is not general enough over the lifetime of a read"
    )]
    let jobs = reader.read(|db| db.print_jobs_of_the_erased()).await?;
    for job in jobs.into_iter().filter(|job| job.state != PrintState::Printing) {
        let (folders, name) = (folders.to_vec(), name_of(identity, &job));
        let deleted = spawn_blocking(move || folders.iter().try_for_each(|folder| folder.delete(&name)));
        deleted.await.map_err(std::io::Error::other)??;
        writer.change(LocalChange::ForgetPrintJob { job: job.id }).await?;
    }
    Ok(())
}
