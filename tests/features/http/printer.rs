//! A printer on the network that a specification can take the paper from: IPP over HTTP, in this process.

use std::io::Cursor;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use ipp::parser::IppParser;
use ipp::prelude::{
    DelimiterTag, IppAttribute, IppAttributeGroup, IppRequestResponse, IppValue, IppVersion, Operation,
    StatusCode,
};
use ipp::reader::IppReader;

const IDLE: i32 = 3;
const STOPPED: i32 = 5;
const JOB_PENDING: i32 = 3;
const JOB_PROCESSING: i32 = 5;
const JOB_CANCELED: i32 = 7;
const JOB_COMPLETED: i32 = 9;

#[derive(Debug)]
struct Inside {
    paper: bool,
    keeps_next: bool,
    jobs: Vec<Job>,
}

#[derive(Debug)]
struct Job {
    name: String,
    state: i32,
}

/// A printer that is served until it is dropped.
#[derive(Debug)]
pub(crate) struct NetworkPrinter {
    inside: Arc<Mutex<Inside>>,
    server: tokio::task::JoinHandle<()>,
    /// Its address, such as `ipp://127.0.0.1:1234/ipp/print`.
    pub(crate) uri: String,
}

impl NetworkPrinter {
    /// Starts a printer with paper.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let inside = Arc::new(Mutex::new(Inside { paper: true, keeps_next: false, jobs: Vec::new() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let uri = format!("ipp://{}/ipp/print", listener.local_addr()?);
        let router = Router::new().route("/ipp/print", post(answer)).with_state(Arc::clone(&inside));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("a listener that is bound is served");
        });
        Ok(Self { inside, server, uri })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        locked(&self.inside)
    }

    /// Takes its paper away.
    pub(crate) fn take_paper(&self) {
        self.inside().paper = false;
    }

    /// Makes it keep the next badge inside, neither out nor given up.
    pub(crate) fn keep_next(&self) {
        self.inside().keeps_next = true;
    }

    /// Whether it will keep, or keeps, a badge.
    pub(crate) fn keeps(&self) -> bool {
        self.inside().keeps_next || self.has_badge_inside()
    }

    /// Whether a badge is inside.
    pub(crate) fn has_badge_inside(&self) -> bool {
        self.inside().jobs.iter().any(|job| job.state == JOB_PROCESSING)
    }

    /// The power goes and comes back: it knows of no job.
    pub(crate) fn lose_power(&self) {
        self.inside().jobs.clear();
    }
}

impl Drop for NetworkPrinter {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn locked(inside: &Mutex<Inside>) -> MutexGuard<'_, Inside> {
    inside.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(inside): State<Arc<Mutex<Inside>>>, body: Bytes) -> impl IntoResponse {
    let asked = IppParser::new(IppReader::new(Cursor::new(body))).parse();
    let answered = match asked {
        Ok(asked) => answered(&mut locked(&inside), &asked),
        Err(_) => response(StatusCode::ClientErrorBadRequest, 1),
    };
    ([(CONTENT_TYPE, "application/ipp")], answered.to_bytes())
}

fn response(status: StatusCode, id: i32) -> IppRequestResponse {
    IppRequestResponse::new_response(IppVersion::v1_1(), status, id)
        .expect("a response without attributes is sound")
}

fn answered(inside: &mut Inside, asked: &IppRequestResponse) -> IppRequestResponse {
    let id = asked.header().request_id;
    let job = number(asked, "job-id").and_then(|id| usize::try_from(id - 1).ok());
    let operation = asked.header().operation_or_status;
    let mut answer = response(StatusCode::SuccessfulOk, id);
    if operation == Operation::GetPrinterAttributes as i16 {
        printer_attributes(&mut answer, inside.paper);
    } else if operation == Operation::CreateJob as i16 {
        let name = text(asked, "job-name").unwrap_or_default();
        inside.jobs.push(Job { name, state: JOB_PENDING });
        job_attributes(&mut answer, inside.jobs.len(), &inside.jobs[inside.jobs.len() - 1]);
    } else if operation == Operation::GetJobs as i16 {
        let completed = text(asked, "which-jobs").as_deref() == Some("completed");
        for (n, job) in inside.jobs.iter().enumerate() {
            if (job.state >= JOB_CANCELED) == completed {
                job_attributes(&mut answer, n + 1, job);
            }
        }
    } else if let Some((n, job)) = job.and_then(|n| Some((n, inside.jobs.get_mut(n)?))) {
        if operation == Operation::SendDocument as i16 {
            job.state = if inside.keeps_next { JOB_PROCESSING } else { JOB_COMPLETED };
            inside.keeps_next = false;
        } else if operation == Operation::CancelJob as i16 {
            job.state = JOB_CANCELED;
        }
        job_attributes(&mut answer, n + 1, job);
    } else {
        return response(StatusCode::ClientErrorNotFound, id);
    }
    answer
}

fn printer_attributes(answer: &mut IppRequestResponse, paper: bool) {
    let (state, reason) = if paper { (IDLE, "none") } else { (STOPPED, "media-empty-error") };
    let mut group = IppAttributeGroup::new(DelimiterTag::PrinterAttributes);
    add(&mut group, "printer-state", IppValue::Enum(state));
    add(&mut group, "printer-state-reasons", keyword(reason));
    let format = IppValue::new_mime_media_type("application/pdf").expect("a short media type");
    add(&mut group, "document-format-supported", format);
    answer.attributes_mut().groups_mut().push(group);
}

fn job_attributes(answer: &mut IppRequestResponse, id: usize, job: &Job) {
    let id = i32::try_from(id).expect("a specification prints little");
    let mut group = IppAttributeGroup::new(DelimiterTag::JobAttributes);
    add(&mut group, "job-id", IppValue::Integer(id));
    add(&mut group, "job-state", IppValue::Enum(job.state));
    add(&mut group, "job-state-reasons", keyword("none"));
    let name = IppValue::new_name_without_language(job.name.as_str());
    add(&mut group, "job-name", name.expect("a name that came over IPP is short enough for it"));
    answer.attributes_mut().groups_mut().push(group);
}

fn keyword(word: &str) -> IppValue {
    IppValue::new_keyword(word).expect("a short word")
}

fn add(group: &mut IppAttributeGroup, name: &str, value: IppValue) {
    group.attributes_mut().push(IppAttribute::with_name(name, value).expect("a short name"));
}

fn value<'a>(asked: &'a IppRequestResponse, name: &str) -> Option<&'a IppValue> {
    asked.attributes().first_of(DelimiterTag::OperationAttributes)?.get(name).map(IppAttribute::value)
}

fn number(asked: &IppRequestResponse, name: &str) -> Option<i32> {
    match value(asked, name)? {
        IppValue::Integer(number) => Some(*number),
        _ => None,
    }
}

fn text(asked: &IppRequestResponse, name: &str) -> Option<String> {
    value(asked, name).map(ToString::to_string)
}
