//! Repair: a database that the disk has damaged is made again from what is whole in it and from what others have.
//!
//! The new one is made aside, through the admission of everything that comes from a peer: first what the damaged one
//! still proves, then what peers and bundles have, then the damaged one again, because what follows an entry that came
//! back is proven again. Outcomes and local tables are taken over row by row. It takes the old one's place only when
//! nothing is missing, or when that is accepted; the old one is kept.
//!
//! That nothing was lost at the end of its own log cannot be shown by a damaged database, so the node goes on in a new
//! epoch.

mod local;
mod salvage;
mod swap;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lanyard_sync::{Batch, Problem, VersionVector};
use rusqlite::Connection;
use serde::Serialize;

use crate::bundle::{BundleFault, BundlePart, BundleReader, Missing};
use crate::clock::Surroundings;
use crate::engine::{Engine, ImportError, OpenError, Options, Reply, Submission};
use crate::identity::Identity;
use crate::start::DATABASE_FILE;
use crate::store::StoreError;
use crate::store::downgrade::refuse_taken_over;
use crate::verify::verify;
pub use swap::kept_damaged;

/// Entries of a step of folding long streams anew.
const FOLDED_AT_ONCE: usize = 1_000;
const FOLDER: &str = "repair";
/// A copy of the damaged database with its write-ahead log.
const COPY_FILE: &str = "damaged.db";

/// Why a repair did not come to its end; the damaged database is where it was.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// There is no database.
    #[error("there is no database in {0}")]
    Nothing(PathBuf),
    /// A file cannot be made, moved or removed.
    #[error("{path} cannot be written")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The new database cannot be made.
    #[error("the new database cannot be made")]
    Open(#[from] OpenError),
    /// The new database failed.
    #[error("the new database cannot be written")]
    Store(#[from] StoreError),
    /// A newer build is to repair it.
    #[error(transparent)]
    Newer(StoreError),
    /// A bundle is none.
    #[error(transparent)]
    Bundle(#[from] BundleFault),
    /// What came from elsewhere does not stand up to what every batch is checked for.
    #[error("what came from elsewhere was refused: {0}")]
    Refused(Problem),
    /// Entries of the damaged database are nowhere else.
    #[error(
        "not everything can be put back; let HQ or another node be in reach, or name a bundle of one with --bundle; what is nowhere is given up with --accept-loss"
    )]
    Missing(Vec<Missing>),
    /// The new database does not hold together.
    #[error("the new database does not hold together: {0}")]
    Unsound(String),
}

/// What came of a repair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// Entries of the new database.
    pub entries: u64,
    /// Entries that came from peers and bundles.
    pub from_others: u64,
    /// Entries that are lost for ever.
    pub lost: Vec<Missing>,
    /// Outcomes that were taken over.
    pub outcomes: u64,
    /// Rows of outcomes and local tables that were damaged, or of entries that are lost.
    pub rows_lost: u64,
    /// What its entries say that cannot be so: another database of the same entries would say it too.
    pub findings: Vec<String>,
    /// Where the damaged database is kept.
    pub kept_in: PathBuf,
}

/// A repair on its way; dropped before its end it changes nothing.
pub struct Repair {
    folder: PathBuf,
    /// None where it cannot even be opened.
    old: Option<Connection>,
    engine: Engine,
    from_others: u64,
    /// After what is open in it.
    aside: Aside,
}

/// The folder of a repair: names of people are in it, so it goes whatever comes of the repair.
struct Aside(PathBuf);

impl Aside {
    /// Makes it, empty.
    fn make(folder: &Path) -> Result<Self, RepairError> {
        let path = folder.join(FOLDER);
        let made = remove_unfinished(folder).and_then(|()| fs::create_dir(&path));
        match made {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(RepairError::File { path, source }),
        }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Err(error) = remove_folder(&self.0) {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "what a repair began cannot be removed; the next start removes it");
        }
    }
}

/// Removes what a repair left that was killed.
///
/// # Errors
/// When it cannot be removed.
pub fn remove_unfinished(folder: &Path) -> io::Result<()> {
    remove_folder(&folder.join(FOLDER))
}

fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

impl Repair {
    /// Begins: takes what is whole. The data folder must be locked and the node stopped.
    ///
    /// # Errors
    /// When there is no database, or no new one can be made.
    pub fn begin(
        folder: &Path,
        identity: Identity,
        options: Options,
        surroundings: Surroundings,
    ) -> Result<Self, RepairError> {
        let damaged = folder.join(DATABASE_FILE);
        if !damaged.exists() {
            return Err(RepairError::Nothing(folder.to_owned()));
        }
        let aside = Aside::make(folder)?;
        let engine = Engine::open(&aside.0.join(DATABASE_FILE), identity, options, surroundings)?;
        let file = |source| RepairError::File { path: aside.0.clone(), source };
        let old = salvage::open_copy(&damaged, &aside.0.join(COPY_FILE)).map_err(file)?;
        if let Some(Err(newer @ StoreError::Newer { .. })) = old.as_ref().map(refuse_taken_over) {
            return Err(RepairError::Newer(newer));
        }
        let mut repair = Self { folder: folder.to_owned(), old, engine, from_others: 0, aside };
        repair.take_what_is_whole()?;
        Ok(repair)
    }

    /// What is put back so far.
    pub fn vector(&self) -> VersionVector {
        self.engine.vector()
    }

    /// Takes what a peer sends, and then what it proves of the damaged database.
    ///
    /// # Errors
    /// When it is refused, or cannot be written.
    pub fn take(&mut self, batch: Batch) -> Result<(), RepairError> {
        let before = self.engine.position();
        if let Some(problem) = self.import(batch)? {
            return Err(RepairError::Refused(problem));
        }
        self.from_others += self.engine.position() - before;
        self.take_what_is_whole()
    }

    /// Takes a bundle.
    ///
    /// # Errors
    /// When it is no bundle, or cannot be written.
    pub fn take_bundle(&mut self, path: &Path) -> Result<(), RepairError> {
        let opened = || fs::File::open(path).map_err(BundleFault::Read);
        crate::bundle::check(opened()?)?;
        let mut bundle = BundleReader::open(io::BufReader::new(opened()?))?;
        while let BundlePart::Batch(bytes) = bundle.next_part()? {
            let batch = Batch::decode(&bytes).map_err(|_| RepairError::Refused(Problem::Malformed))?;
            self.take(batch)?;
        }
        Ok(())
    }

    /// What the damaged database knows of and is not put back yet.
    ///
    /// # Errors
    /// When the new database cannot be read.
    pub fn missing(&self) -> Result<Vec<Missing>, RepairError> {
        let Some(old) = &self.old else { return Ok(Vec::new()) };
        let (have, published) = (self.engine.vector(), self.engine.published());
        let known = salvage::last_known(old);
        let ahead = known.into_iter().filter(|(log, seq)| have.seq(log) < *seq);
        Ok(ahead
            .map(|(log, last)| Missing { node: published.log_name(&log), first: have.seq(&log) + 1, last })
            .collect())
    }

    fn take_what_is_whole(&mut self) -> Result<(), RepairError> {
        while let Some(old) = &self.old {
            let Some(batch) = salvage::next_batch(old, &self.engine.vector()) else { break };
            let before = self.engine.position();
            if self.import(batch)?.is_some() || self.engine.position() == before {
                break;
            }
        }
        Ok(())
    }

    fn import(&mut self, batch: Batch) -> Result<Option<Problem>, RepairError> {
        let mut committed = self.engine.commit(vec![Submission::Import(batch)]);
        if let Some(error) = committed.broken {
            return Err(error.into());
        }
        match committed.replies.pop() {
            Some(Reply::Import(Err(ImportError::Problem(problem)))) => Ok(Some(problem)),
            Some(Reply::Import(Err(ImportError::StoreFull))) => Err(StoreError::Full.into()),
            Some(Reply::Import(Ok(_) | Err(ImportError::Stopped)) | Reply::Command(_) | Reply::Local(_))
            | None => Ok(None),
        }
    }

    /// Ends: takes outcomes and local tables over, checks all of it, and puts it in the old one's place.
    ///
    /// # Errors
    /// When something is missing and that is not accepted, or the new database does not hold together.
    pub fn finish(self, accepts_loss: bool) -> Result<Repaired, RepairError> {
        let lost = self.missing()?;
        if !lost.is_empty() && !accepts_loss {
            return Err(RepairError::Missing(lost));
        }
        let Self { aside, folder, old, mut engine, from_others } = self;
        let (entries, path) = (engine.position(), engine.path().to_owned());
        let (outcomes, rows_lost) = match &old {
            Some(old) => engine.take_over_local(old)?,
            None => (0, 0),
        };
        while engine.folding() > 0 {
            engine.fold_step(FOLDED_AT_ONCE)?;
        }
        drop((engine, old));
        let report = verify(&path)?;
        if let Some(finding) = report.findings.iter().find(|finding| finding.invariant.is_of_the_store()) {
            return Err(RepairError::Unsound(finding.to_string()));
        }
        let findings = report.findings.iter().map(ToString::to_string).collect();
        let kept_in = swap::put_in_place(&folder, &aside.0)?;
        Ok(Repaired { entries, from_others, lost, outcomes, rows_lost, findings, kept_in })
    }
}
