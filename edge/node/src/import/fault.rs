//! Faults of a whole file: nothing of it is imported, and the text says what to do.

use super::{COLUMNS_MAX, FILE_MAX_BYTES, ROW_MAX_BYTES, ROWS_MAX};

/// Why a file cannot be read as an attendee list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// There is nothing in it.
    #[error("The file is empty. Export the attendee list again.")]
    Empty,
    /// It is larger than the limit.
    #[error(
        "The file has {bytes} bytes; at most {FILE_MAX_BYTES} are read. Split it, each part with the header."
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It has more rows than the limit.
    #[error("The file has more than {ROWS_MAX} rows. Split it, each part with the header.")]
    TooManyRows,
    /// It has more columns than the limit.
    #[error("The file has more than {COLUMNS_MAX} columns. Export only what is needed.")]
    TooManyColumns,
    /// Its first bytes are those of another kind of file.
    #[error("The file is {what}, whatever its name says. {remedy}")]
    NotCsv {
        /// What it is, with its article.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A byte does not belong to the encoding.
    #[error(
        "The byte 0x{byte:02X} at offset {offset} (line {line}) is not {encoding}. Save the file as “CSV UTF-8”, \
         or name its encoding if it is Windows-1252."
    )]
    Encoding {
        /// The encoding it was read as.
        encoding: &'static str,
        /// Offset of the byte in the file.
        offset: usize,
        /// Its line.
        line: u64,
        /// The byte.
        byte: u8,
    },
    /// It contains a NUL.
    #[error(
        "There is a NUL at line {line}: the file is not text, or UTF-16 without its mark. Save it as “CSV UTF-8”."
    )]
    Nul {
        /// Its line.
        line: u64,
    },
    /// What every row needs has no column.
    #[error("The file reads as “{format}” and has no column {column}. Its columns are: {columns}.")]
    MissingColumn {
        /// The format it was taken for.
        format: &'static str,
        /// Names the column may have.
        column: String,
        /// The columns it has.
        columns: String,
    },
    /// Two columns have the same recognised name.
    #[error("Two columns are called “{column}”. Rename or remove one of them.")]
    RepeatedColumn {
        /// The name.
        column: String,
    },
    /// A quotation mark is never closed, so the rows after it cannot be told apart.
    #[error(
        "The row that starts at line {line} opens a quotation mark that is never closed. Close it and try again."
    )]
    OpenQuote {
        /// Where the row starts.
        line: u64,
    },
    /// A row is larger than the limit.
    #[error(
        "The row that starts at line {line} is longer than {ROW_MAX_BYTES} bytes: a quotation mark is missing."
    )]
    RowTooLong {
        /// Where the row starts.
        line: u64,
    },
}

impl FileFault {
    /// The stable word of the fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "file_empty",
            Self::TooLarge { .. } => "file_too_large",
            Self::TooManyRows => "too_many_rows",
            Self::TooManyColumns => "too_many_columns",
            Self::NotCsv { .. } => "not_csv",
            Self::Encoding { .. } => "broken_encoding",
            Self::Nul { .. } => "not_text",
            Self::MissingColumn { .. } => "missing_column",
            Self::RepeatedColumn { .. } => "repeated_column",
            Self::OpenQuote { .. } => "open_quote",
            Self::RowTooLong { .. } => "row_too_long",
        }
    }
}
