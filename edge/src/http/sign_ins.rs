//! Sign-in and sign-out of staff, and who is signed in.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lanyard_domain::{DeskId, Role, StaffId};
use lanyard_node::auth::{BackOff, Known, Pin, SignInRefused, Token};
use lanyard_node::clock::system_entropy;
use lanyard_node::engine::LocalChange;
use lanyard_node::http::{Json, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::now_ms;
use crate::http::failure::Failure;
use crate::http::permissions::commands_of;
use crate::http::signed::Signed;
use crate::node::Node;

/// Who wants to work where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// Id of the member of staff.
    #[schema(value_type = String)]
    staff: StaffId,
    /// Six to twelve digits.
    pin: String,
    /// Desk of this node.
    #[schema(value_type = String)]
    desk: DeskId,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// Id of the member of staff.
    staff: String,
    /// Their name.
    name: String,
    /// `event_planner`, `volunteer`, `cashier`, `supervisor` or `administrator`.
    role: &'static str,
    /// Desk.
    desk: String,
    /// Names of the commands the role may give.
    may: Vec<&'static str>,
}

/// A session that has begun.
#[derive(Serialize, ToSchema)]
pub struct SignedIn {
    /// For clients without cookies.
    token: String,
    #[serde(flatten)]
    me: Me,
}

/// Signs somebody in at a desk.
#[utoipa::path(post, path = "/sign-ins", tag = "staff", request_body = SignInRequest,
    responses((status = 201, body = SignedIn), (status = 401, description = "Wrong name or PIN"),
        (status = 429, description = "Too many wrong PINs")))]
pub async fn sign_in(State(node): State<Node>, request: Json<SignInRequest>) -> Result<Response, Failure> {
    let SignInRequest { staff, pin, desk } = request.value;
    if !node.serves(&desk) {
        let detail = "No such desk is served by this node. Choose one of its desks.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_desk", detail).into());
    }
    let asked = staff.clone();
    let member = node.reader.read(move |db| db.staff(&asked)).await?;
    let member = member.filter(|member| member.active && member.role.is_some());
    let verifier = member.as_ref().and_then(|member| member.words.pin_verifier.clone());
    let attempt = attempt(&node, &staff, Pin::parse(&pin).ok(), Known { verifier });
    attempt.await.map_err(refused)?;
    let Some((role, name)) = member.and_then(|member| Some((member.role?, member.words.full_name()))) else {
        return Err(Problem::internal().into());
    };
    let mut secret = [0; 32];
    system_entropy(&mut secret);
    let (token, session) = node.sessions.start(&secret, staff, name, role, desk, now_ms());
    tracing::info!(staff.id = %session.staff, desk.id = %session.desk, "signed in");
    let signed = Signed { staff: session.staff, name: session.name, role, desk: session.desk };
    let cookie = token.cookie(node.is_secure);
    let body = SignedIn { token: token.expose().to_owned(), me: Me::of(signed) };
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], axum::Json(body)).into_response())
}

/// Ends the session of the request.
#[utoipa::path(delete, path = "/sign-ins/current", tag = "staff", responses((status = 204)))]
pub async fn sign_out(State(node): State<Node>, headers: HeaderMap) -> Response {
    if let Some(token) = Token::of_request(&headers) {
        node.sessions.end(&token);
    }
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, Token::cookie_of_nobody())]).into_response()
}

/// Tells who is signed in.
#[utoipa::path(get, path = "/me", tag = "staff", responses((status = 200, body = Me), (status = 401, description = "Nobody")))]
pub async fn me(signed: Signed) -> axum::Json<Me> {
    axum::Json(Me::of(signed))
}

impl Me {
    fn of(signed: Signed) -> Self {
        let Signed { staff, name, role, desk } = signed;
        Self {
            staff: staff.to_string(),
            name,
            role: Role::as_str(role),
            desk: desk.to_string(),
            may: commands_of(role),
        }
    }
}

/// One attempt; failures are remembered in the local tables, so they outlive a restart.
async fn attempt(
    node: &Node,
    staff: &StaffId,
    typed: Option<Pin>,
    known: Known,
) -> Result<(), SignInRefused> {
    let load = |subject: String| async move {
        let read = node.reader.read(move |db| db.back_off(&subject)).await;
        let read = read.unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "failed sign-ins cannot be read");
            None
        });
        read.map_or_else(BackOff::default, |row| BackOff { failures: row.failures, until_ms: row.until_ms })
    };
    let store = |subject: String, BackOff { failures, until_ms }: BackOff| async move {
        node.writer.change(LocalChange::SignInBackOff { subject, failures, until_ms }).await.is_ok()
    };
    node.sign_ins.attempt(staff.as_str(), typed, known, now_ms(), load, store).await
}

fn refused(refused: SignInRefused) -> Problem {
    match refused {
        SignInRefused::WrongPin { retry_after_ms } => {
            let detail = "The name or the PIN is wrong.";
            Problem::new(StatusCode::UNAUTHORIZED, "wrong_pin", detail).with("retry_after_ms", retry_after_ms)
        }
        SignInRefused::LockedOut { retry_after_ms } => {
            let detail = "Too many wrong PINs. Wait before the next attempt.";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "locked_out", detail).retry_after_ms(retry_after_ms)
        }
        SignInRefused::Busy | SignInRefused::NotStored => Problem::busy(1_000),
    }
}
