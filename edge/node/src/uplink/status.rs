//! How the line to a peer is, for the strip on the page.

use lanyard_sync::{NodeId, Problem, ProblemReport};
use serde::Serialize;

/// Whether the peer can be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// No answer yet since the node started.
    #[default]
    Connecting,
    /// The last exchange went well.
    Online,
    /// The peer does not answer.
    Offline,
    /// The peer answers, and wants nothing to do with this node.
    Denied,
}

/// The state of a line. Times are Unix milliseconds of this node's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkStatus {
    /// Whether the peer can be reached.
    pub state: LinkState,
    /// Who is at the end of the line, as it last said.
    pub peer: Option<NodeId>,
    /// When the peer last answered.
    pub last_contact_ms: Option<i64>,
    /// When this node last had everything the peer had.
    pub in_step_ms: Option<i64>,
    /// What is wrong, in words for staff.
    pub problem: Option<String>,
    /// The version of the protocol that both speak, once the peer said so.
    pub protocol: Option<u16>,
    /// How far this node's clock is ahead of the peer's, milliseconds.
    pub skew_ms: Option<i32>,
}

impl LinkStatus {
    pub(super) fn heard(&mut self, now_ms: i64) {
        self.state = LinkState::Online;
        self.last_contact_ms = Some(now_ms);
        self.problem = None;
    }

    pub(super) fn in_step(&mut self, now_ms: i64) {
        self.heard(now_ms);
        self.in_step_ms = Some(now_ms);
    }

    pub(super) fn lost(&mut self, why: String) {
        self.state = LinkState::Offline;
        self.problem = Some(why);
    }

    pub(super) fn refused(&mut self, report: &ProblemReport) {
        let problem = report.problem();
        self.state = match problem {
            Some(
                Problem::DeniedScope
                | Problem::ExpiredCertificate
                | Problem::VersionTooOld
                | Problem::VersionTooNew,
            ) => LinkState::Denied,
            _ => LinkState::Offline,
        };
        self.problem = Some(problem.map_or_else(
            || format!("The peer refused: {}.", report.code),
            |problem| format!("{problem}. {}", problem.recovery()),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_node_is_told_what_to_do() {
        let mut status = LinkStatus::default();
        status.refused(&Problem::DeniedScope.into());
        assert_eq!(status.state, LinkState::Denied);
        assert!(status.problem.unwrap().contains("let the node join with a code of this conference"));
    }

    #[test]
    fn an_answer_ends_every_problem() {
        let mut status = LinkStatus::default();
        status.lost("no route".to_owned());
        assert_eq!(status.state, LinkState::Offline);
        status.heard(7);
        assert_eq!(
            (status.state, status.problem, status.last_contact_ms),
            (LinkState::Online, None, Some(7))
        );
    }
}
