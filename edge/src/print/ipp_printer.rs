//! Prints over IPP, as CUPS and driverless printers speak it.
//!
//! A badge is a job of its own: made under a unique name, its id kept, the document sent, and the job asked after until
//! the printer says it is completed. IPP has no way to send a thing twice safely, so after a broken connection the
//! printer is asked for the job first.

use std::io::Cursor;
use std::time::Duration;

use ipp::prelude::{
    AsyncIppClient, DelimiterTag, IppAttributes, IppError, IppOperationBuilder, IppPayload,
    IppRequestResponse, Uri,
};
use lanyard_badge::Badge;
use tokio::time::{Instant, sleep};

use crate::print::condition::Condition;
use crate::print::driver::{Attempt, Trace};
use crate::print::ipp_words::{condition, number, resolutions_dpi, texts};
use crate::print::jpeg;
use crate::print::pwg_raster::{self, Dots};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
const ASK_EVERY: Duration = Duration::from_millis(500);

/// How long a printer may stay silent about a job it has.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// Where a printer offers a choice: fine enough for small letters, coarse enough to be quick.
const PREFERRED_DPI: [u32; 4] = [300, 203, 360, 600];
const USUAL_DPI: u32 = 300;

const STATE_PENDING: i32 = 3;
const STATE_HELD: i32 = 4;
const STATE_COMPLETED: i32 = 9;
const STATE_ABORTED: i32 = 8;
const STATE_CANCELED: i32 = 7;

/// What a document is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Raster(Dots),
    Pdf,
    Jpeg,
}

/// A printer at an address such as `ipp://printer.local/ipp/print`.
#[derive(Debug)]
pub struct IppPrinter {
    uri: Uri,
    /// From the configuration, before what the printer offers.
    wanted_dpi: Option<u32>,
    offers: Option<Offers>,
}

#[derive(Debug, Clone)]
struct Offers {
    format: Format,
    dpi: u32,
}

/// What a printer says of a job.
enum JobState {
    Open,
    /// It was made and its document never came.
    WithoutDocument,
    Completed,
    Ended {
        reason: String,
    },
}

impl IppPrinter {
    /// A printer that was not spoken to yet.
    pub fn new(uri: Uri, wanted_dpi: Option<u32>) -> Self {
        Self { uri, wanted_dpi, offers: None }
    }

    /// Dots per inch: as configured, else as the printer offers.
    pub fn dpi(&self) -> u32 {
        self.wanted_dpi.or(self.offers.as_ref().map(|offers| offers.dpi)).unwrap_or(USUAL_DPI)
    }

    /// Asks the printer how it is and what it takes.
    pub async fn condition(&mut self) -> Condition {
        match self.ask_printer().await {
            Ok(answer) => {
                self.offers = offers(&answer);
                match &self.offers {
                    Some(_) => condition(&answer),
                    None => {
                        Condition::Attention { reason: "takes neither PWG raster, PDF nor JPEG".to_owned() }
                    }
                }
            }
            Err(error) => {
                tracing::debug!(printer.uri = %self.uri, error = %error, "printer does not answer");
                Condition::Off { reason: "does not answer".to_owned() }
            }
        }
    }

    /// Prints a badge and waits for the printer's word.
    pub async fn print(&mut self, name: &str, badge: &Badge, tell: &(dyn Fn(Condition) + Sync)) -> Attempt {
        let before = self.condition().await;
        let Some(offers) = self.offers.clone().filter(|_| before.takes_badges()) else {
            return Attempt::NotSent(before);
        };
        let document = match document(badge, offers.format) {
            Ok(document) => document,
            Err(error) => return Attempt::GivenUp { reason: error.to_string() },
        };
        let job = match self.create_job(name).await {
            Ok(job) => job,
            // A job without a document prints nothing, so another one may be made later.
            Err(error) => return Attempt::NotSent(Condition::Off { reason: refusal_of(&error) }),
        };
        tell(Condition::Printing);
        if let Err(error) = self.send_document(job, offers.format, document).await {
            tracing::info!(printer.uri = %self.uri, printer.job = job, error = %error, "the line to the printer broke");
            return self.after_broken_line(job, &refusal_of(&error)).await;
        }
        self.wait_for(job, tell).await
    }

    /// Looks for a job by its name among those the printer remembers.
    pub async fn trace(&mut self, name: &str) -> Trace {
        for which in ["completed", "not-completed"] {
            let Ok(answer) = self.ask_jobs(which).await else { return Trace::Unknown };
            let group = |tag| answer.groups_of(tag);
            let named = group(DelimiterTag::JobAttributes)
                .find(|job| job.get("job-name").is_some_and(|value| value.value().to_string() == name));
            let Some(job) = named else { continue };
            let mut found = IppAttributes::new();
            for attribute in job {
                found.add(DelimiterTag::JobAttributes, attribute.clone());
            }
            return self.trace_found(&found).await;
        }
        Trace::Unknown
    }

    async fn trace_found(&mut self, found: &IppAttributes) -> Trace {
        let id = number(found, DelimiterTag::JobAttributes, "job-id");
        let (Some(state), Some(id)) = (job_state(found), id) else { return Trace::Unknown };
        let attempt = match state {
            JobState::Completed => Attempt::Printed,
            JobState::Ended { reason } => Attempt::GivenUp { reason },
            JobState::WithoutDocument => self.take_back(id, "the node stopped").await,
            // It comes out sooner or later, or the printer gives it up.
            JobState::Open => self.wait_for(id, &|_| {}).await,
        };
        match attempt {
            Attempt::Printed => Trace::Printed,
            Attempt::NotSent(_) => Trace::NotPrinted,
            Attempt::GivenUp { .. } | Attempt::Unknown { .. } => Trace::Unknown,
        }
    }

    /// The document may or may not have arrived whole. Only a job that surely has none may be sent again unasked.
    async fn after_broken_line(&mut self, job: i32, reason: &str) -> Attempt {
        match self.ask_job(job).await {
            Ok(JobState::Completed) => Attempt::Printed,
            Ok(JobState::Ended { reason }) => Attempt::GivenUp { reason },
            // It comes out sooner or later, or the printer gives it up.
            Ok(JobState::Open) => self.wait_for(job, &|_| {}).await,
            Ok(JobState::WithoutDocument) => self.take_back(job, reason).await,
            Err(_) => unknown(reason),
        }
    }

    async fn take_back(&self, job: i32, reason: &str) -> Attempt {
        if self.cancel_job(job).await.is_err() {
            return unknown(reason);
        }
        match self.ask_job(job).await {
            Ok(JobState::Ended { .. }) => Attempt::NotSent(Condition::Off { reason: reason.to_owned() }),
            Ok(JobState::Completed) => Attempt::Printed,
            Ok(JobState::Open | JobState::WithoutDocument) | Err(_) => unknown(reason),
        }
    }

    async fn wait_for(&mut self, job: i32, tell: &(dyn Fn(Condition) + Sync)) -> Attempt {
        let mut heard = Instant::now();
        loop {
            match self.ask_job(job).await {
                Ok(JobState::Completed) => return Attempt::Printed,
                Ok(JobState::Ended { reason }) => return Attempt::GivenUp { reason },
                Ok(JobState::Open | JobState::WithoutDocument) => heard = Instant::now(),
                Err(error) if heard.elapsed() >= SILENCE_MAX => {
                    tracing::info!(printer.uri = %self.uri, printer.job = job, error = %error, "the printer fell silent");
                    return Attempt::Unknown {
                        reason: "the printer fell silent while it had the badge".to_owned(),
                    };
                }
                Err(_) => {}
            }
            match self.ask_printer().await {
                Ok(answer) => tell(match condition(&answer) {
                    Condition::Ready => Condition::Printing,
                    other => other,
                }),
                Err(_) => tell(Condition::Off { reason: "does not answer".to_owned() }),
            }
            sleep(ASK_EVERY).await;
        }
    }

    async fn ask_printer(&self) -> Result<IppAttributes, IppError> {
        let wanted = [
            "printer-state",
            "printer-state-reasons",
            "document-format-supported",
            "pwg-raster-document-type-supported",
            "pwg-raster-document-resolution-supported",
            "printer-resolution-default",
        ];
        let operation =
            IppOperationBuilder::get_printer_attributes(self.uri.clone()).attributes(wanted).build()?;
        self.send(operation).await
    }

    async fn create_job(&self, name: &str) -> Result<i32, IppError> {
        let operation = IppOperationBuilder::create_job(self.uri.clone()).job_name(name).build()?;
        let answer = self.send(operation).await?;
        number(&answer, DelimiterTag::JobAttributes, "job-id").ok_or(IppError::MissingAttribute)
    }

    async fn send_document(&self, job: i32, format: Format, document: Vec<u8>) -> Result<(), IppError> {
        let kind = match format {
            Format::Raster(_) => "image/pwg-raster",
            Format::Pdf => "application/pdf",
            Format::Jpeg => "image/jpeg",
        };
        let payload = IppPayload::new(Cursor::new(document));
        let operation = IppOperationBuilder::send_document(self.uri.clone(), job, payload)
            .document_format(kind)
            .last(true)
            .build()?;
        self.send(operation).await.map(drop)
    }

    async fn ask_job(&self, job: i32) -> Result<JobState, IppError> {
        let operation = IppOperationBuilder::get_job_attributes(self.uri.clone(), job).build()?;
        let answer = self.send(operation).await?;
        job_state(&answer).ok_or(IppError::MissingAttribute)
    }

    async fn ask_jobs(&self, which: &str) -> Result<IppAttributes, IppError> {
        let operation = IppOperationBuilder::get_jobs(self.uri.clone()).build()?;
        let mut request: IppRequestResponse = operation.into();
        for (name, value) in [("which-jobs", which), ("requested-attributes", "all")] {
            let attribute =
                ipp::attribute::IppAttribute::with_name(name, ipp::value::IppValue::new_keyword(value)?)?;
            request.attributes_mut().add(DelimiterTag::OperationAttributes, attribute);
        }
        self.send(request).await
    }

    async fn cancel_job(&self, job: i32) -> Result<(), IppError> {
        let operation = IppOperationBuilder::cancel_job(self.uri.clone(), job).build()?;
        self.send(operation).await.map(drop)
    }

    /// One request over a connection of its own.
    async fn send(&self, operation: impl Into<IppRequestResponse>) -> Result<IppAttributes, IppError> {
        let client = AsyncIppClient::builder(self.uri.clone()).request_timeout(REQUEST_TIMEOUT).build();
        let answer = client.send(operation).await?;
        let status = answer.header().status_code();
        if !status.is_success() {
            return Err(IppError::StatusError(status));
        }
        Ok(answer.attributes().clone())
    }
}

fn offers(printer: &IppAttributes) -> Option<Offers> {
    let group = DelimiterTag::PrinterAttributes;
    let formats = texts(printer, group, "document-format-supported");
    let dots = texts(printer, group, "pwg-raster-document-type-supported");
    let takes = |kind: &str| formats.iter().any(|format| format == kind);
    let draws = |kind: &str| takes("image/pwg-raster") && dots.iter().any(|offered| offered == kind);
    // Grey first: some printers show one-bit dots inverted.
    let format = if draws("sgray_8") {
        Format::Raster(Dots::Gray8)
    } else if draws("black_1") {
        Format::Raster(Dots::Black1)
    } else if takes("application/pdf") {
        Format::Pdf
    } else if takes("image/jpeg") {
        Format::Jpeg
    } else {
        return None;
    };
    let raster_dpi = resolutions_dpi(printer, "pwg-raster-document-resolution-supported");
    let usual_dpi = resolutions_dpi(printer, "printer-resolution-default");
    let dpi = match format {
        Format::Raster(_) => chosen_dpi(&raster_dpi).or(usual_dpi.first().copied()),
        Format::Pdf | Format::Jpeg => usual_dpi.first().copied(),
    };
    Some(Offers { format, dpi: dpi.unwrap_or(USUAL_DPI) })
}

fn chosen_dpi(offered: &[u32]) -> Option<u32> {
    PREFERRED_DPI.into_iter().find(|dpi| offered.contains(dpi)).or(offered.first().copied())
}

fn document(badge: &Badge, format: Format) -> Result<Vec<u8>, lanyard_badge::RenderError> {
    Ok(match format {
        Format::Raster(dots) => pwg_raster::encode(&badge.to_gray()?, badge.dpi(), dots),
        Format::Pdf => badge.to_pdf()?,
        Format::Jpeg => jpeg::encode(&badge.to_gray()?, badge.dpi()),
    })
}

fn job_state(job: &IppAttributes) -> Option<JobState> {
    let group = DelimiterTag::JobAttributes;
    let reasons = || texts(job, group, "job-state-reasons").join(", ");
    Some(match number(job, group, "job-state")? {
        STATE_COMPLETED => JobState::Completed,
        STATE_ABORTED => JobState::Ended { reason: format!("the printer gave it up ({})", reasons()) },
        STATE_CANCELED => JobState::Ended { reason: format!("cancelled at the printer ({})", reasons()) },
        STATE_PENDING | STATE_HELD if lacks_document(&texts(job, group, "job-state-reasons")) => {
            JobState::WithoutDocument
        }
        _ => JobState::Open,
    })
}

fn unknown(reason: &str) -> Attempt {
    Attempt::Unknown { reason: format!("the line broke while it was sent: {reason}") }
}

/// RFC 8011, 5.3.8: what a job that was created waits for.
fn lacks_document(reasons: &[String]) -> bool {
    reasons.iter().any(|reason| matches!(reason.as_str(), "job-data-insufficient" | "job-incoming"))
}

fn refusal_of(error: &IppError) -> String {
    match error {
        IppError::StatusError(status) => format!("the printer refused: {status:?}"),
        IppError::RequestError(status) => format!("the printer answered with HTTP {status}"),
        _ => "does not answer".to_owned(),
    }
}
