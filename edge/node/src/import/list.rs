//! A list as a whole: opened and checked first, then read in chunks while the report grows.

use std::collections::HashMap;

use csv::{ByteRecord, StringRecord};
use lanyard_domain::import::ImportRow;
use lanyard_sync::Hash;

use super::chunk::Chunk;
use super::columns::Columns;
use super::encoding::{self, Encoding};
use super::fault::FileFault;
use super::lines::Lines;
use super::report::{ColumnReport, RefusedRow, Report};
use super::seat_types::SeatTypeNames;
use super::{COLUMNS_MAX, FILE_MAX_BYTES, ROW_MAX_BYTES, ROWS_MAX, delimiter, magic, row};
use crate::engine::LastImport;

/// Rows of one command, as many as the rules take.
const CHUNK_ROWS: usize = 200;

/// A file that is a readable attendee list.
#[derive(Debug)]
pub struct AttendeeList {
    text: String,
    delimiter: u8,
    file: Hash,
    columns: Columns,
    column_report: ColumnReport,
}

/// An attendee list being read, one chunk at a time.
pub struct Reading<'a> {
    list: &'a AttendeeList,
    import: LastImport,
    names: &'a SeatTypeNames,
    records: csv::Reader<&'a [u8]>,
    headers: StringRecord,
    lines: Lines<'a>,
    /// First line of each key, by its hash: lists are long and keys are not needed again.
    first_lines: HashMap<[u8; 16], u64>,
    chunks: u64,
    report: Report,
}

impl AttendeeList {
    /// Checks a file from beginning to end and reads its header.
    ///
    /// # Errors
    /// The first fault of the file; nothing of it may be imported then.
    pub fn open(bytes: Vec<u8>, declared: Encoding) -> Result<Self, FileFault> {
        if bytes.len() > FILE_MAX_BYTES {
            return Err(FileFault::TooLarge { bytes: bytes.len() });
        }
        magic::refuse_other_kinds(&bytes)?;
        let file = Hash(*blake3::hash(&bytes).as_bytes());
        let text = encoding::decode(bytes, declared)?;
        if text.trim().is_empty() {
            return Err(FileFault::Empty);
        }
        let delimiter = delimiter::sniff(&text);
        let mut records = reader(&text, delimiter);
        let headers = next(&mut records).unwrap_or_default();
        if headers.len() > COLUMNS_MAX {
            return Err(FileFault::TooManyColumns);
        }
        let (columns, column_report) = Columns::read(&headers.iter().collect::<Vec<_>>())?;
        check_rows(&text, delimiter)?;
        Ok(Self { text, delimiter, file, columns, column_report })
    }

    /// Hash of the file.
    pub fn file(&self) -> Hash {
        self.file
    }

    /// Starts reading the rows, for an import that begins where the log stands at `began_at`.
    pub fn read<'a>(&'a self, names: &'a SeatTypeNames, began_at: u64) -> Reading<'a> {
        let mut records = reader(&self.text, self.delimiter);
        let headers = next(&mut records).unwrap_or_default();
        let report = Report {
            source: self.columns.source,
            rows: 0,
            accepted: 0,
            refused: Vec::new(),
            columns: self.column_report.clone(),
        };
        let lines = Lines::of(&self.text);
        let import = LastImport { file: self.file, began_at };
        let first_lines = HashMap::new();
        Reading { list: self, import, names, records, headers, lines, first_lines, chunks: 0, report }
    }
}

impl Reading<'_> {
    /// Reads rows up to the next full chunk; none when the list is at its end.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        let mut rows = Vec::new();
        while rows.len() < CHUNK_ROWS {
            let Some(record) = next(&mut self.records) else { break };
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            self.report.rows += 1;
            let line = self.lines.line_of(start_of(record.position()));
            match self.row(&record, line) {
                Ok(row) => rows.push(row),
                Err(reason) => self.report.refused.push(RefusedRow { line, reason }),
            }
        }
        if rows.is_empty() {
            return None;
        }
        self.report.accepted += rows.len() as u64;
        let chunk = Chunk::new(&self.import, self.chunks, self.list.columns.source, rows);
        self.chunks += 1;
        Some(chunk)
    }

    /// The report on what was read so far.
    pub fn into_report(self) -> Report {
        self.report
    }

    fn row(&mut self, record: &StringRecord, line: u64) -> Result<ImportRow, String> {
        let row = row::read(record, &self.list.columns, &self.headers, self.names)?;
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::hash(row.external_key.as_bytes()).as_bytes()[..16]);
        let first = *self.first_lines.entry(key).or_insert(line);
        if first == line { Ok(row) } else { Err(format!("the same key as line {first}")) }
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

fn start_of(position: Option<&csv::Position>) -> u64 {
    position.map_or(0, csv::Position::byte)
}

fn next(records: &mut csv::Reader<&[u8]>) -> Option<StringRecord> {
    let mut record = StringRecord::new();
    let more =
        records.read_record(&mut record).expect("text in memory is UTF-8, and rows may differ in length");
    more.then_some(record)
}

/// Looks at every row without keeping any: faults that concern the whole file are found before the first write.
fn check_rows(text: &str, delimiter: u8) -> Result<(), FileFault> {
    let mut records = reader(text, delimiter);
    let (mut record, mut rows) = (ByteRecord::new(), 0_u64);
    let (mut lines, mut start, mut line) = (Lines::of(text), 0, 1);
    while records.read_byte_record(&mut record).expect("memory can be read, and rows may differ in length") {
        start = start_of(record.position());
        line = lines.line_of(start);
        if records.position().byte() - start > ROW_MAX_BYTES {
            return Err(FileFault::RowTooLong { line });
        }
        rows += 1;
        if rows > ROWS_MAX + 1 {
            return Err(FileFault::TooManyRows);
        }
    }
    // Only the last row can be open at the end: an open quotation mark swallows all rows after it.
    let last = &text.as_bytes()[usize::try_from(start).unwrap_or(text.len())..];
    if open_at_end(last, delimiter) { Err(FileFault::OpenQuote { line }) } else { Ok(()) }
}

/// Tells whether a quoted cell of the row is still open at its end. Only a mark that starts a cell opens one.
fn open_at_end(row: &[u8], delimiter: u8) -> bool {
    let (mut open, mut cell_starts) = (false, true);
    let mut bytes = row.iter().peekable();
    while let Some(byte) = bytes.next() {
        if open {
            if *byte == b'"' && bytes.next_if_eq(&&b'"').is_none() {
                open = false;
            }
            continue;
        }
        open = *byte == b'"' && cell_starts;
        cell_starts = *byte == delimiter || *byte == b'\n' || *byte == b'\r';
    }
    open
}

#[cfg(test)]
mod tests {
    use super::super::columns::Source;
    use super::super::seat_types::tests::names;
    use super::*;

    const HEADER: &str = "first_name,last_name,email,seat_type,code\n";

    fn open(text: &str) -> Result<AttendeeList, FileFault> {
        AttendeeList::open(text.as_bytes().to_vec(), Encoding::Utf8)
    }

    fn read(text: &str) -> (Vec<Chunk>, Report) {
        read_at(text, 0)
    }

    fn read_at(text: &str, began_at: u64) -> (Vec<Chunk>, Report) {
        let (list, names) = (open(text).expect("the file is sound"), names());
        let mut reading = list.read(&names, began_at);
        let chunks = std::iter::from_fn(|| reading.next_chunk()).collect();
        (chunks, reading.into_report())
    }

    #[test]
    fn a_list_is_cut_into_chunks_whose_ids_depend_on_file_place_and_beginning() {
        let lines = (0..450).fold(String::new(), |lines, n| lines + &format!("A,B,,ga,C{n}\n"));
        let text = format!("{HEADER}{lines}");
        let (chunks, report) = read(&text);
        assert_eq!(chunks.iter().map(|chunk| chunk.rows.len()).collect::<Vec<_>>(), [200, 200, 50]);
        assert_eq!((report.source, report.rows, report.accepted), (Source::Plain, 450, 450));
        let ids = |chunks: &[Chunk]| chunks.iter().map(|chunk| chunk.id).collect::<Vec<_>>();
        assert_eq!(ids(&chunks), ids(&read(&text).0), "the same file makes the same commands");
        assert_ne!(ids(&chunks)[2], ids(&read(&format!("{text}\n")).0)[2]);
        assert_ne!(ids(&chunks)[2], ids(&read_at(&text, 1).0)[2], "a later import makes commands of its own");
    }

    #[test]
    fn faulty_rows_are_skipped_with_their_line_and_the_rest_goes_on() {
        let (chunks, report) = read(&format!(
            "{HEADER}\"Ana\nMaria\",B,,ga,C1\r\n\r\n,,,ga,C2\n , ,,,\nC,D,,ga,C1\nE,F,,gold,C4\nG,H,,ga\nI,J,,ga,C5\n"
        ));
        let lines: Vec<_> = report.refused.iter().map(|row| (row.line, row.reason.as_str())).collect();
        assert_eq!(
            lines,
            [
                (5, "no name"),
                (7, "the same key as line 2"),
                (
                    8,
                    "seat type “gold” is not configured; known are: General admission, CQRS Workshop – day 1"
                ),
                (9, "4 cells where the header has 5"),
            ]
        );
        assert_eq!((report.rows, report.accepted), (6, 2));
        let first_names: Vec<_> = chunks[0].rows.iter().map(|row| row.person.first_name.as_str()).collect();
        assert_eq!(first_names, ["Ana Maria", "I"]);
    }

    #[test]
    fn faults_of_the_file_stop_before_the_first_row() {
        let fault = |text: &str| open(text).expect_err("the file is at fault");
        assert_eq!(fault(""), FileFault::Empty);
        assert_eq!(fault(" \n\n"), FileFault::Empty);
        assert_eq!(
            fault(&format!("{HEADER}A,B,,ga,1\n\"C,D,,ga,2\nE,F,,ga,3\n")),
            FileFault::OpenQuote { line: 3 }
        );
        let endless = format!("{HEADER}\"{}", "A,B,,ga,1\n".repeat(10_000));
        assert_eq!(fault(&endless), FileFault::RowTooLong { line: 2 });
        assert_eq!(fault(&format!("{HEADER}{}", "A\n".repeat(200_001))), FileFault::TooManyRows);
        assert_eq!(fault(&",".repeat(600)), FileFault::TooManyColumns);
        let large =
            AttendeeList::open(vec![b'x'; FILE_MAX_BYTES + 1], Encoding::Utf8).expect_err("too large");
        assert_eq!(large, FileFault::TooLarge { bytes: FILE_MAX_BYTES + 1 });
    }

    #[test]
    fn marks_inside_a_cell_open_nothing() {
        let (chunks, report) = read(&format!("{HEADER}A,5\" nail,,ga,1\nB,\"say \"\"hi\"\"\",,ga,2\n"));
        assert_eq!((report.accepted, report.refused), (2, Vec::new()));
        assert_eq!(chunks[0].rows[1].person.last_name, "say \"hi\"");
    }

    #[test]
    fn semicolons_tabs_and_utf_16_are_read_alike() {
        let (semicolons, _) = read("Vorname;Nachname;E-Mail;Ticketart;Ticketcode\r\nJürgen;Groß;;GA;X1\r\n");
        let (tabs, _) = read("Vorname\tNachname\tE-Mail\tTicketart\tTicketcode\nJürgen\tGroß\t\tGA\tX1\n");
        assert_eq!(semicolons[0].rows, tabs[0].rows);
        assert_eq!(tabs[0].rows[0].person.full_name(), "Jürgen Groß");
    }
}
