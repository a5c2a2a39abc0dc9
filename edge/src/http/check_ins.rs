//! Check-ins: admitting somebody to a list, and taking it back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use lanyard_domain::command::Who;
use lanyard_domain::{AttendeeId, Command, ListId, Stream};
use lanyard_node::http::{Json, Problem};
use lanyard_sync::Dot;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::cards::attendee::AttendeeCard;
use crate::http::cards::print_job::PrintJobCard;
use crate::http::command::Giving;
use crate::http::failure::Failure;
use crate::http::parts::Path;
use crate::http::reason::Reason;
use crate::http::status::ArrivalsCard;
use crate::node::Node;

/// Whom to admit where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInRequest {
    /// As scanned or typed; this or `attendee_id`.
    #[serde(default)]
    code: Option<String>,
    /// Found by search; this or `code`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    attendee_id: Option<AttendeeId>,
    /// List to be entered.
    #[schema(value_type = String)]
    list: ListId,
    /// Sets a refusal aside; for supervisors.
    #[serde(default, rename = "override")]
    set_aside: Option<Reason>,
}

/// Who was admitted.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckInVerdict {
    /// `admitted`; a refusal is a problem.
    verdict: &'static str,
    /// The entry.
    check_in: String,
    /// Who, without their history.
    attendee: AttendeeCard,
    /// Their badge's, where one is printed.
    print_job: Option<PrintJobCard>,
    /// How many of how many are in.
    arrivals: ArrivalsCard,
}

/// An attendee after a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttendeeAfter {
    /// Who.
    pub attendee: AttendeeCard,
}

/// Admits somebody to a list.
#[utoipa::path(post, path = "/check-ins", tag = "door", request_body = CheckInRequest,
    params(("Idempotency-Key" = String, Header, description = "32 lowercase hex digits")),
    responses((status = 201, body = CheckInVerdict), (status = 409, description = "Refused, with the reason and the attendee")))]
pub async fn check_in(giving: Giving, request: Json<CheckInRequest>) -> Result<Response, Failure> {
    let CheckInRequest { code, attendee_id, list, set_aside } = request.value;
    let who = match (code, attendee_id) {
        (Some(code), None) => Who::Code(code),
        (None, Some(attendee)) => Who::Attendee(attendee),
        (Some(_), Some(_)) | (None, None) => return Err(one_of_both().into()),
    };
    let override_reason = set_aside.map(|set_aside| set_aside.reason);
    let decided = giving.give(request.hash, Command::CheckIn { who, list, override_reason }).await?;
    let print_job = PrintJobCard::of_decided(&decided).await?;
    let (Some(attendee), Some(check_in)) = (decided.short_attendee_card(), decided.accepted.check_in) else {
        return Err(Problem::internal().into());
    };
    let version = attendee.version;
    let arrivals = ArrivalsCard::of(decided.answer.arrivals);
    let verdict =
        CheckInVerdict { verdict: "admitted", check_in: check_in.to_string(), attendee, print_job, arrivals };
    Ok(decided.respond(Some(version), verdict))
}

/// Takes a check-in back.
#[utoipa::path(post, path = "/check-ins/{dot}/annulment", tag = "door", request_body = Reason,
    params(("dot" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = AttendeeAfter), (status = 404, description = "No such check-in here")))]
pub async fn annul(
    State(node): State<Node>,
    Path(dot): Path<String>,
    giving: Giving,
    request: Json<Reason>,
) -> Result<Response, Failure> {
    let unknown = || Problem::not_found("No such check-in is on this node.");
    let check_in: Dot = dot.parse().map_err(|_| unknown())?;
    let stream = node.reader.read(move |db| db.stream_of(check_in)).await?;
    let Some(Stream::Attendee(attendee)) = stream else { return Err(unknown().into()) };
    let reason = request.value.reason;
    let decided = giving.give(request.hash, Command::AnnulCheckIn { attendee, check_in, reason }).await?;
    let attendee = decided.attendee_card().await?.ok_or_else(Problem::internal)?;
    Ok(decided.respond(Some(attendee.version), AttendeeAfter { attendee }))
}

fn one_of_both() -> Problem {
    let detail = "Give either code or attendee_id, one of both.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", detail)
}
