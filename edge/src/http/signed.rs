//! Who sends a request.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lanyard_domain::{DeskId, Role, StaffId};
use lanyard_node::auth::Token;
use lanyard_node::http::Problem;

use crate::clock::now_ms;
use crate::node::Node;

/// Somebody signed in at a desk of this node.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Who.
    pub staff: StaffId,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Where.
    pub desk: DeskId,
}

impl FromRequestParts<Node> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, node: &Node) -> Result<Self, Problem> {
        let token = Token::of_request(&parts.headers).ok_or_else(Problem::not_signed_in)?;
        let session = node.sessions.find(&token, now_ms()).ok_or_else(Problem::not_signed_in)?;
        Ok(Self { staff: session.staff, name: session.name, role: session.role, desk: session.desk })
    }
}

impl Signed {
    /// Refuses a role below the one that is needed.
    ///
    /// # Errors
    /// The problem that names the role.
    pub fn needs(&self, least: Role) -> Result<(), Problem> {
        if self.role >= least {
            return Ok(());
        }
        Err(Problem::not_permitted(format!("This needs the role {}.", least.as_str().replace('_', " "))))
    }
}
