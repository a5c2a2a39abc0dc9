//! Enrolment: a good join code and a node's public key become a certificate.

use lanyard_domain::{Command, Role};
use lanyard_sync::{Certificate, Claims, NodeId, PublicKey, Role as NodeRole, ScopeId};
use serde::{Deserialize, Serialize};

use crate::commands::{self, CommandError};
use crate::hq::{Hq, not_after_ms};
use crate::registry::{Redeemed, RegistryError};

/// What a node sends to join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// The code an administrator gave out.
    pub code: String,
    /// The node's public key, made on the node.
    pub public_key: PublicKey,
}

/// What it gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Slug of the conference.
    pub conference: String,
    /// Its scope.
    pub scope: ScopeId,
    /// Name of the node.
    pub name: String,
    /// The organiser's word for the node.
    pub certificate: Certificate,
    /// The key that signs certificates.
    pub organiser_key: PublicKey,
    /// HQ's node in this conference.
    pub hq_node: NodeId,
}

/// Why a node did not get in.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Nobody issued the code.
    #[error("the join code is not known; ask for a new one with `lanyard-hq join-code`")]
    UnknownCode,
    /// Somebody joined with it.
    #[error("the join code was used; ask for a new one with `lanyard-hq join-code`")]
    UsedCode,
    /// It is too old.
    #[error("the join code has expired; ask for a new one with `lanyard-hq join-code`")]
    ExpiredCode,
    /// The registry failed.
    #[error("the join code cannot be looked up")]
    Registry(#[from] RegistryError),
    /// The certificate cannot be made.
    #[error("the certificate cannot be made")]
    Certificate(#[from] lanyard_sync::CertificateError),
    /// The enrolment cannot be recorded.
    #[error("the enrolment cannot be recorded")]
    Record(#[from] CommandError),
}

/// Uses a join code up and certifies the node.
///
/// # Errors
/// As [`JoinError`]; a code that was looked up and found good stays used.
pub async fn join(hq: &Hq, request: &JoinRequest, now_ms: i64) -> Result<Joined, JoinError> {
    let redeemed = hq.with_registry(|registry| registry.redeem(request.code.trim(), now_ms))?;
    let invitation = match redeemed {
        Redeemed::Good(invitation) => invitation,
        Redeemed::Unknown => return Err(JoinError::UnknownCode),
        Redeemed::Used => return Err(JoinError::UsedCode),
        Redeemed::Expired => return Err(JoinError::ExpiredCode),
    };
    let running = hq.conference(&invitation.conference).ok_or(JoinError::UnknownCode)?;
    let (scope, serial) = (running.identity.scope, hq.with_registry(|registry| registry.next_serial())?);
    let claims = Claims {
        node: NodeId::of(&request.public_key),
        public_key: request.public_key,
        name: invitation.node_name.clone(),
        scopes: [scope].into(),
        roles: [NodeRole::Venue].into(),
        not_after_ms: not_after_ms(&running.file()),
        serial,
        ext: Vec::new(),
    };
    let certificate = claims.sign(hq.organiser())?;
    let enrol =
        Command::EnrolNode { node: certificate.claims.node, name: invitation.node_name.clone(), serial };
    commands::give(&running, "hq", Role::Administrator, enrol).await?;
    Ok(Joined {
        conference: invitation.conference,
        scope,
        name: invitation.node_name,
        certificate,
        organiser_key: hq.organiser().public_key(),
        hq_node: running.identity.node,
    })
}
