//! From a file to commands: reads a list, submits its chunks one after the other, and counts what changed.

use std::collections::{BTreeMap, HashMap};

use lanyard_domain::outcome::Outcome;
use lanyard_domain::{AttendeeId, Refusal, Role};
use lanyard_sync::Hash;
use serde::Serialize;

use super::chunk::Chunk;
use super::columns::Source;
use super::encoding::Encoding;
use super::fault::FileFault;
use super::list::AttendeeList;
use super::report::{ColumnReport, RefusedRow};
use super::seat_types::{SeatTypeNames, UnknownAlias};
use crate::engine::{LastImport, LocalChange, SubmitError, Submitted};
use crate::http::request_hash;
use crate::read::{ReadError, Reader};
use crate::writer::Writer;

/// How often something is submitted again while the queue is full.
const ATTEMPTS_MAX: u32 = 40;

/// Imports lists on behalf of somebody.
#[derive(Debug, Clone, Copy)]
pub struct Importer<'a> {
    /// Takes the commands.
    pub writer: &'a Writer,
    /// Tells what was there before.
    pub reader: &'a Reader,
    /// Who imports, as an id.
    pub actor: &'a str,
    /// Where; empty when at no desk.
    pub desk: &'a str,
    /// What they may do.
    pub role: Role,
    /// Other names for seat types.
    pub aliases: &'a BTreeMap<String, String>,
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Name of the file, empty where it has none.
    pub file: String,
    /// Whose export it is.
    pub source: Source,
    /// Rows with anything in them, the header aside.
    pub rows: u64,
    /// Rows that made an attendee.
    pub imported: u64,
    /// Rows that changed one.
    pub updated: u64,
    /// Rows that said nothing new.
    pub unchanged: u64,
    /// Rows that were left out, in the order of their lines.
    pub refused: Vec<RefusedRow>,
    /// What was made of the header.
    pub columns: ColumnReport,
}

/// Why an import ended early. What was submitted before stands; the same file may be imported again.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailed {
    /// The file is at fault; nothing was written.
    #[error(transparent)]
    File(#[from] FileFault),
    /// An alias is at fault; nothing was written.
    #[error(transparent)]
    Alias(#[from] UnknownAlias),
    /// A chunk was not taken.
    #[error("the import stopped after {taken_rows} rows; import the same file again, nothing is doubled")]
    Submit {
        /// Rows that were taken before.
        taken_rows: u64,
        /// Why.
        #[source]
        source: SubmitError,
    },
    /// The rules refused a chunk.
    #[error("the import was refused after {taken_rows} rows: {refusal}")]
    Refused {
        /// Rows that were taken before.
        taken_rows: u64,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// The store could not be read.
    #[error("the import could not read what was there before")]
    Read(#[from] ReadError),
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
}

#[derive(Debug, Default)]
struct Counts {
    imported: u64,
    updated: u64,
    unchanged: u64,
}

impl Counts {
    fn taken_rows(&self) -> u64 {
        self.imported + self.updated + self.unchanged
    }
}

impl Importer<'_> {
    /// Imports one file.
    ///
    /// # Errors
    /// A fault of the file, before anything is written; else why it ended early.
    pub async fn import(&self, bytes: Vec<u8>, encoding: Encoding) -> Result<ImportReport, ImportFailed> {
        let conference = self.writer.published().borrow().conference.clone();
        let names = SeatTypeNames::new(&conference, self.aliases)?;
        let opened = tokio::task::spawn_blocking(move || AttendeeList::open(bytes, encoding)).await;
        let list = opened.map_err(|_| ImportFailed::Stopping)??;
        let mut reading = list.read(&names, self.begin(list.file()).await?);
        let mut counts = Counts::default();
        while let Some(chunk) = reading.next_chunk() {
            self.take(chunk, &conference.slug, &mut counts).await?;
        }
        let report = reading.into_report();
        Ok(ImportReport {
            file: String::new(),
            source: report.source,
            rows: report.rows,
            imported: counts.imported,
            updated: counts.updated,
            unchanged: counts.unchanged,
            refused: report.refused,
            columns: report.columns,
        })
    }

    async fn take(&self, chunk: Chunk, conference: &str, counts: &mut Counts) -> Result<(), ImportFailed> {
        let source = chunk.source.as_str();
        let ids: Vec<AttendeeId> = chunk.rows.iter().map(|row| row.attendee(conference, source)).collect();
        let before = self.versions(ids.clone()).await?;
        let replayed = self.submit(chunk, counts.taken_rows()).await?;
        let after =
            if before.is_empty() || replayed { before.clone() } else { self.versions(ids.clone()).await? };
        for id in ids {
            match before.get(&id) {
                None if replayed => counts.unchanged += 1,
                None => counts.imported += 1,
                Some(version) if after.get(&id) == Some(version) => counts.unchanged += 1,
                Some(_) => counts.updated += 1,
            }
        }
        Ok(())
    }

    /// Where the log stood when the import of this file began: at its first try, unless another list came since.
    async fn begin(&self, file: Hash) -> Result<u64, ImportFailed> {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "a path is not general enough over the lifetime of a read"
        )]
        let last = self.reader.read(|db| db.last_import()).await?;
        if let Some(last) = last.filter(|last| last.file == file) {
            return Ok(last.began_at);
        }
        let began_at = self.writer.published().borrow().position;
        let begins = LocalChange::ImportBegan(LastImport { file, began_at });
        let begun = while_busy(|| self.writer.change(begins.clone())).await;
        begun.map_err(|source| ImportFailed::Submit { taken_rows: 0, source })?;
        Ok(began_at)
    }

    /// Submits a chunk and tells whether it was taken before.
    async fn submit(&self, chunk: Chunk, taken_rows: u64) -> Result<bool, ImportFailed> {
        let submitted = Submitted {
            id: chunk.id,
            // The id is a hash of all there is in the command, so it stands for the body too.
            body: request_hash("IMPORT", &chunk.id.to_string(), &[]),
            actor: self.actor.to_owned(),
            desk: self.desk.to_owned(),
            role: self.role,
            command: chunk.into_command(),
            if_match: None,
        };
        let answer = while_busy(|| self.writer.submit(submitted.clone())).await;
        let answer = answer.map_err(|source| ImportFailed::Submit { taken_rows, source })?;
        match answer.outcome {
            Outcome::Accepted(_) => Ok(answer.replayed),
            Outcome::Refused(refused) => {
                Err(ImportFailed::Refused { taken_rows, refusal: Box::new(refused.refusal) })
            }
        }
    }

    /// The attendees that are known, and how many entries each has.
    async fn versions(&self, ids: Vec<AttendeeId>) -> Result<HashMap<AttendeeId, u64>, ReadError> {
        let read = self.reader.read(move |db| db.attendees(&ids)).await?;
        Ok(read.into_iter().map(|(id, attendee)| (id, attendee.entries)).collect())
    }
}

/// Submits again while the queue is full.
async fn while_busy<T, S>(submit: impl Fn() -> S) -> Result<T, SubmitError>
where
    S: Future<Output = Result<T, SubmitError>>,
{
    let mut attempts = 1;
    loop {
        match submit().await {
            Err(SubmitError::Busy { retry_after_ms }) if attempts < ATTEMPTS_MAX => {
                attempts += 1;
                tokio::time::sleep(std::time::Duration::from_millis(retry_after_ms)).await;
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use lanyard_domain::conference::SeatType;
    use lanyard_domain::{Command, Conference};
    use lanyard_sync::{CommandId, ScopeId, SigningKey};

    use super::*;
    use crate::identity::Identity;

    struct Hq {
        _folder: tempfile::TempDir,
        writer: Writer,
        reader: Reader,
    }

    fn conference() -> Conference {
        let ga = SeatType {
            name: "General admission".to_owned(),
            price_minor: 0,
            tax_basis_points: 0,
            grants_admission: true,
            extra: false,
            sale_window: None,
            low_water: 0,
        };
        Conference {
            slug: "demo".to_owned(),
            ends_ms: 1,
            seat_types: [("ga".parse().expect("an id"), ga)].into(),
            ..Conference::default()
        }
    }

    impl Hq {
        async fn start() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let organiser = SigningKey::from_seed(&[9; 32]);
            let roles = [lanyard_sync::Role::Hq].into();
            let identity =
                Identity::generate(&organiser, "hq", roles, ScopeId([1; 16]), i64::from(i32::MAX), [7; 32])
                    .expect("an identity");
            let (writer, reader) = crate::open(folder.path(), identity).expect("the store opens");
            let configure = Submitted {
                id: CommandId([1; 16]),
                body: request_hash("", "", &[]),
                actor: "hq".to_owned(),
                desk: String::new(),
                role: Role::Administrator,
                command: Command::ConfigureConference { conference: Box::new(conference()) },
                if_match: None,
            };
            writer.submit(configure).await.expect("it is configured");
            Self { _folder: folder, writer, reader }
        }

        fn importer(&self) -> Importer<'_> {
            static NO_ALIASES: BTreeMap<String, String> = BTreeMap::new();
            let (writer, reader, aliases) = (&self.writer, &self.reader, &NO_ALIASES);
            Importer { writer, reader, actor: "hq", desk: "", role: Role::Administrator, aliases }
        }

        async fn import(&self, text: &str) -> Result<ImportReport, ImportFailed> {
            self.importer().import(text.as_bytes().to_vec(), Encoding::Utf8).await
        }

        async fn names(&self) -> Vec<String> {
            let found = self.reader.read(|db| db.search("ana", 10)).await.expect("readable");
            found.iter().filter_map(|(_, known)| Some(known.person.as_ref()?.full_name())).collect()
        }
    }

    fn counts(report: &ImportReport) -> (u64, u64, u64, usize) {
        (report.imported, report.updated, report.unchanged, report.refused.len())
    }

    const LIST: &str =
        "first_name,last_name,email,seat_type,code\nAna,Lima,a@b.c,ga,C1\nBo,,,vip,C2\nCy,,,ga,C3\n";

    #[tokio::test]
    async fn a_list_is_imported_once_and_an_edited_one_updates() {
        let hq = Hq::start().await;
        assert_eq!(counts(&hq.import(LIST).await.expect("sound")), (2, 0, 0, 1));
        assert_eq!(counts(&hq.import(LIST).await.expect("sound")), (0, 0, 2, 1), "the same file");
        let edited = LIST.replace("Lima", "Silva").replace("vip", "ga");
        assert_eq!(counts(&hq.import(&edited).await.expect("sound")), (1, 1, 1, 0));
        let found = hq.reader.read(|db| db.search("silv", 5)).await.expect("readable");
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].1.person.as_ref().map(lanyard_domain::Person::full_name),
            Some("Ana Silva".to_owned())
        );
    }

    #[tokio::test]
    async fn a_list_that_comes_back_after_another_one_sets_its_values_again() {
        let hq = Hq::start().await;
        let (first, second) = (LIST.to_owned(), LIST.replace("Ana,Lima", "Ana,Silva"));
        hq.import(&first).await.expect("sound");
        hq.import(&second).await.expect("sound");
        assert_eq!(hq.names().await, ["Ana Silva"]);
        assert_eq!(counts(&hq.import(&first).await.expect("sound")), (0, 1, 1, 1));
        assert_eq!(hq.names().await, ["Ana Lima"]);
        assert_eq!(counts(&hq.import(&first).await.expect("sound")), (0, 0, 2, 1), "twice in a row");
    }

    #[tokio::test]
    async fn an_import_that_broke_off_goes_on_with_the_same_commands() {
        let hq = Hq::start().await;
        let lines = (0..250).fold(String::new(), |lines, n| lines + &format!("A{n},B,,ga,C{n}\n"));
        let text = format!("first_name,last_name,email,seat_type,code\n{lines}");
        let list = AttendeeList::open(text.clone().into_bytes(), Encoding::Utf8).expect("sound");
        let names = SeatTypeNames::new(&conference(), &BTreeMap::new()).expect("no alias is at fault");
        let began_at = hq.importer().begin(list.file()).await.expect("it begins");
        let first = list.read(&names, began_at).next_chunk().expect("there are rows");
        assert!(!hq.importer().submit(first, 0).await.expect("taken"), "it is new");
        assert_eq!(counts(&hq.import(&text).await.expect("sound")), (50, 0, 200, 0));
        assert_eq!(hq.importer().begin(list.file()).await.expect("known"), began_at);
        let mut reading = list.read(&names, began_at);
        while let Some(chunk) = reading.next_chunk() {
            assert!(hq.importer().submit(chunk, 0).await.expect("taken"), "each was taken under this id");
        }
    }

    #[tokio::test]
    async fn a_fault_of_the_file_writes_nothing() {
        let hq = Hq::start().await;
        let before = hq.writer.published().borrow().position;
        let failed = hq.import(&format!("{LIST}\"D,,,ga,C4\n")).await.expect_err("a quotation mark is open");
        assert!(matches!(failed, ImportFailed::File(FileFault::OpenQuote { line: 5 })), "{failed}");
        assert_eq!(hq.writer.published().borrow().position, before);
    }
}
