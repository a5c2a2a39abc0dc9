//! `POST /conferences/{slug}/join-codes`: an administrator invites one node.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lanyard_domain::access_code;
use lanyard_node::clock::{system_entropy, system_now_ms};
use lanyard_node::http::{Json, Problem};
use serde::Deserialize;
use serde_json::json;

use super::{broken, running};
use crate::hq::Hq;
use crate::registry::{Invitation, JOIN_CODE_LIFE_MS};

/// Longest name of a node in bytes.
const NODE_NAME_MAX_BYTES: usize = 32;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Invite {
    node: String,
}

/// Makes a code of 18 characters: 79 bits, and useless after an hour or the first use.
pub(super) async fn invite(
    State(hq): State<Arc<Hq>>,
    Path(slug): Path<String>,
    Json { value: invite, .. }: Json<Invite>,
) -> Result<Response, Problem> {
    running(&hq, &slug)?;
    let name_is_sound = !invite.node.is_empty()
        && invite.node.len() <= NODE_NAME_MAX_BYTES
        && invite.node.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !name_is_sound {
        let detail = "The name of a node is 1 to 32 characters of a-z 0-9 -.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_node_name", detail));
    }
    let code = draw();
    let now_ms = system_now_ms();
    let invitation = Invitation { conference: slug, node_name: invite.node };
    hq.with_registry(|registry| registry.invite(&code, &invitation, now_ms))
        .map_err(|error| broken(&error))?;
    let answer = json!({
        "code": code, "node": invitation.node_name, "expires_ms": now_ms.saturating_add(JOIN_CODE_LIFE_MS)
    });
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}

fn draw() -> String {
    let half = || {
        let mut entropy = [0_u8; 16];
        system_entropy(&mut entropy);
        access_code::draw(&entropy)
    };
    format!("{}{}", half(), half())
}
