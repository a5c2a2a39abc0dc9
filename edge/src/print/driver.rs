//! The drivers of printers, and what may come of sending a badge.

use std::path::Path;

use lanyard_badge::Badge;
use tokio::task::spawn_blocking;

use crate::config::{ConfigFault, Printer, PrinterDriver};
use crate::print::condition::Condition;
use crate::print::files::FilesPrinter;
use crate::print::ipp_printer::IppPrinter;

/// How a printer is reached.
#[derive(Debug)]
pub enum Driver {
    /// A folder for PDF and PNG files.
    Files {
        /// The folder.
        printer: FilesPrinter,
        /// Resolution of the PNG in dots per inch.
        dpi: u32,
    },
    /// A network printer.
    Ipp(Box<IppPrinter>),
}

/// What came of sending a badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The printer confirmed it.
    Printed,
    /// Nothing was sent and nothing comes out; the badge may be sent again.
    NotSent(Condition),
    /// The printer took it and gave it up, or the badge cannot be made.
    GivenUp {
        /// Why, for staff.
        reason: String,
    },
    /// It was sent and nobody can tell whether it came out.
    Unknown {
        /// Why, for staff.
        reason: String,
    },
}

/// What a printer knows of a badge that was with it when the node stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    /// It came out.
    Printed,
    /// It did not and will not.
    NotPrinted,
    /// The printer does not know it, or does not answer.
    Unknown,
}

/// Resolution of files where none is configured, dots per inch.
const FILES_DPI: u32 = 300;

/// The printers that are folders; relative ones start in `base`.
pub(crate) fn files_printers(printers: &[Printer], base: &Path) -> Vec<FilesPrinter> {
    let folders = printers.iter().filter(|printer| printer.driver == PrinterDriver::Files);
    folders.filter_map(|printer| Some(FilesPrinter::new(base.join(printer.folder.as_ref()?)))).collect()
}

impl Driver {
    /// The driver of a configured printer; relative folders start in `base`.
    ///
    /// # Errors
    /// A value that was not checked before.
    pub fn of(printer: &Printer, base: &Path) -> Result<Self, ConfigFault> {
        let id = || printer.printer.clone();
        match printer.driver {
            PrinterDriver::Files => {
                let folder =
                    printer.folder.as_ref().ok_or_else(|| ConfigFault::PrinterFolder { printer: id() })?;
                let files = FilesPrinter::new(base.join(folder));
                Ok(Self::Files { printer: files, dpi: printer.dpi.unwrap_or(FILES_DPI) })
            }
            PrinterDriver::Ipp => {
                let uri = printer.uri.as_deref().and_then(|uri| uri.parse().ok());
                let uri = uri.ok_or_else(|| ConfigFault::PrinterAddress { printer: id() })?;
                Ok(Self::Ipp(Box::new(IppPrinter::new(uri, printer.dpi))))
            }
        }
    }

    /// Asks the printer how it is.
    pub async fn condition(&mut self) -> Condition {
        match self {
            Self::Files { printer, .. } => folder_condition(printer),
            Self::Ipp(printer) => printer.condition().await,
        }
    }

    /// Dots per inch badges are drawn with.
    pub fn dpi(&self) -> u32 {
        match self {
            Self::Files { dpi, .. } => *dpi,
            Self::Ipp(printer) => printer.dpi(),
        }
    }

    /// Prints a badge under a name that no other job of this node has, and tells of every change meanwhile.
    pub async fn print(&mut self, name: &str, badge: &Badge, tell: &(dyn Fn(Condition) + Sync)) -> Attempt {
        match self {
            Self::Files { printer, .. } => {
                let (printer, name, badge) = (printer.clone(), name.to_owned(), badge.clone());
                let written = spawn_blocking(move || write_files(&printer, &name, &badge)).await;
                written
                    .unwrap_or_else(|_| Attempt::GivenUp { reason: "the badge cannot be drawn".to_owned() })
            }
            Self::Ipp(printer) => printer.print(name, badge, tell).await,
        }
    }

    /// Finds out what became of a badge sent before the node last stopped.
    pub async fn trace(&mut self, name: &str) -> Trace {
        match self {
            // Names are unique and a file appears whole, so writing it again can do no harm.
            Self::Files { printer, .. } if printer.has(name) => Trace::Printed,
            Self::Files { .. } => Trace::NotPrinted,
            Self::Ipp(printer) => printer.trace(name).await,
        }
    }
}

fn folder_condition(printer: &FilesPrinter) -> Condition {
    match printer.check() {
        Ok(()) => Condition::Ready,
        Err(error) => Condition::Off { reason: format!("the folder takes no files: {error}") },
    }
}

fn write_files(printer: &FilesPrinter, name: &str, badge: &Badge) -> Attempt {
    let drawn = badge.to_png().and_then(|png| Ok((png, badge.to_pdf()?)));
    let (png, pdf) = match drawn {
        Ok(files) => files,
        Err(error) => return Attempt::GivenUp { reason: error.to_string() },
    };
    match printer.print(name, &png, &pdf) {
        Ok(()) => Attempt::Printed,
        Err(error) => {
            Attempt::NotSent(Condition::Off { reason: format!("the folder takes no files: {error}") })
        }
    }
}
