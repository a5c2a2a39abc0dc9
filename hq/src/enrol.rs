//! Enrolment: a good join code and a node's public key become a certificate.

use lanyard_domain::{Command, Role};
use lanyard_sync::{Certificate, Claims, NodeId, PublicKey, Role as NodeRole, ScopeId};
use serde::{Deserialize, Serialize};

use crate::commands::{self, CommandError};
use crate::hq::{Hq, not_after_ms};
use crate::registry::{JoinCode, Registry, RegistryError};

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

/// Certifies a node for a good join code, which is used up once the enrolment is on the disk.
///
/// # Errors
/// As [`JoinError`]; the code is as good as before, so that the node may come again.
pub async fn join(hq: &Hq, request: &JoinRequest, now_ms: i64) -> Result<Joined, JoinError> {
    let code = request.code.trim();
    let _alone = hq.alone().await;
    let invitation = match hq.with_registry(|registry| registry.look_up(code, now_ms))? {
        JoinCode::Good(invitation) => invitation,
        JoinCode::Unknown => return Err(JoinError::UnknownCode),
        JoinCode::Used => return Err(JoinError::UsedCode),
        JoinCode::Expired => return Err(JoinError::ExpiredCode),
    };
    let running = hq.conference(&invitation.conference).ok_or(JoinError::UnknownCode)?;
    let (scope, serial) = (running.identity.scope, hq.with_registry(Registry::next_serial)?);
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
    if !hq.with_registry(|registry| registry.use_up(code, now_ms))? {
        return Err(JoinError::UsedCode);
    }
    Ok(Joined {
        conference: invitation.conference,
        scope,
        name: invitation.node_name,
        certificate,
        organiser_key: hq.organiser().public_key(),
        hq_node: running.identity.node,
    })
}

#[cfg(test)]
mod tests {
    use lanyard_sync::SigningKey;

    use super::*;
    use crate::test_hq::TestHq;

    fn request(seed: u8) -> JoinRequest {
        let public_key = SigningKey::from_seed(&[seed; 32]).public_key();
        JoinRequest { code: "CODE".to_owned(), public_key }
    }

    #[tokio::test]
    async fn of_two_nodes_with_one_code_one_joins() {
        let test = TestHq::with_conference();
        test.invite("CODE", "north");
        let (north, south) = (request(1), request(2));
        let (one, other) = tokio::join!(join(&test.hq, &north, 1), join(&test.hq, &south, 1));
        assert_eq!(one.unwrap().name, "north");
        assert!(matches!(other, Err(JoinError::UsedCode)));
        let of_north = test
            .running()
            .reader
            .read_here(|db| Ok(db.enrolled()?.into_values().filter(|name| name == "north").count()));
        assert_eq!(of_north.unwrap(), 1);
    }

    #[tokio::test]
    async fn an_enrolment_that_fails_does_not_cost_the_code() {
        let test = TestHq::with_conference();
        test.invite("CODE", &"n".repeat(65));
        for _ in 0..2 {
            let failed = join(&test.hq, &request(1), 1).await;
            assert!(matches!(failed, Err(JoinError::Certificate(_))), "{failed:?}");
        }
    }
}
