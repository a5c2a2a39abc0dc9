//! Starting a node's engine in its data directory: the usual names, machine and number of threads.

use std::path::Path;

use crate::clock::Surroundings;
use crate::engine::{Engine, OpenError, Options};
use crate::identity::Identity;
use crate::read::Reader;
use crate::repair;
use crate::snapshot::Taken;
use crate::writer::{Writer, WriterThread};

/// Name of the database in a data directory.
pub const DATABASE_FILE: &str = "lanyard.db";
const MACHINE_FILE: &str = "/etc/machine-id";

/// A running engine.
#[derive(Debug)]
pub struct Started {
    /// The one way to change anything.
    pub writer: Writer,
    /// The way to look.
    pub reader: Reader,
    /// To be waited for at the end.
    pub thread: WriterThread,
}

/// Options with the identity of this machine.
pub fn options_here() -> Options {
    // A machine without the file cannot be told from another one; the incarnation still can.
    let machine = std::fs::read_to_string(MACHINE_FILE).unwrap_or_default();
    Options { machine: machine.trim().to_owned(), ..Options::default() }
}

/// Opens the database of a data directory and starts its writing thread.
///
/// # Errors
/// When the database cannot be opened.
pub fn start(
    directory: &Path,
    identity: Identity,
    options: Options,
    surroundings: Surroundings,
) -> Result<Started, OpenError> {
    let path = directory.join(DATABASE_FILE);
    let engine = Engine::open(&path, identity, options, surroundings)?;
    remove_leftovers(directory, &engine);
    let reader = engine.reader()?;
    let (writer, thread) = Writer::spawn(engine)?;
    Ok(Started { writer, reader, thread })
}

/// Removes what was killed on its way: names are in it, and nobody goes on with it. A node that has nothing goes on
/// with the chunks of its snapshot.
fn remove_leftovers(directory: &Path, engine: &Engine) {
    let chunks = if engine.is_fresh() { Ok(()) } else { Taken::forget(directory) };
    for removed in [repair::remove_unfinished(directory), chunks] {
        if let Err(error) = removed {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a folder that nobody needs cannot be removed");
        }
    }
}

/// As [`start`] with options, clock and entropy of this machine, for whoever does not wait for the thread.
///
/// # Errors
/// When the database cannot be opened.
pub fn open(directory: &Path, identity: Identity) -> Result<(Writer, Reader), OpenError> {
    let Started { writer, reader, thread } =
        start(directory, identity, options_here(), Surroundings::system())?;
    // Nobody else would say why nothing is written any more.
    std::thread::spawn(move || {
        if let Err(error) = thread.join() {
            tracing::error!(error = &error as &dyn std::error::Error, "the store has stopped");
        }
    });
    Ok((writer, reader))
}
