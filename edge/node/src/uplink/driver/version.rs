//! Which version of the protocol the peer speaks, kept for people: on the page, and for `lanyard doctor`.

use lanyard_sync::{Problem, ProblemReport};

use super::Driver;
use crate::engine::LocalChange;
use crate::release;

/// What was noted of the versions that the peer speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NotedVersion {
    Nothing,
    /// There is one in common.
    Common,
    /// There is none: the problem's code.
    Missing(&'static str),
}

impl Driver {
    /// The peer chose a version.
    pub(super) async fn note_version(&mut self, chosen: u16) {
        let protocol = release::protocol().accept(chosen).ok();
        self.status.send_modify(|status| status.protocol = protocol);
        if protocol.is_some() {
            self.note(None).await;
        }
    }

    /// The peer refused: perhaps because there is no version that both speak.
    pub(super) async fn note_missing_version(&mut self, report: &ProblemReport) {
        if let Some(problem @ (Problem::VersionTooOld | Problem::VersionTooNew)) = report.problem() {
            self.status.send_modify(|status| status.protocol = None);
            self.note(Some(problem.code())).await;
        }
    }

    async fn note(&mut self, code: Option<&'static str>) {
        let noted = code.map_or(NotedVersion::Common, NotedVersion::Missing);
        let peer = self.uplink.peer.to_string();
        if self.noted_version != noted && self.change(LocalChange::VersionRefused { peer, code }).await {
            self.noted_version = noted;
        }
    }
}
