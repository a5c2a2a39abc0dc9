//! The other nodes at the venue: a line to each that is configured, and to each that was found on the network.
//!
//! Responsible for there being one line to a node: a configured one that works counts before one to the same node where
//! it was found.

mod discovery;
mod found;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use lanyard_node::rights::Line;
use lanyard_node::uplink::{LinkState, LinkStatus};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::peer::Connector;
use discovery::Discovery;
use found::Found;

/// A line to another node at the venue.
#[derive(Debug, Clone)]
pub struct SiblingLine {
    /// What people call the node.
    pub name: String,
    /// The line.
    pub line: Line,
}

/// Lines to the other nodes at the venue.
#[derive(Debug, Clone)]
pub struct Siblings {
    configured: Vec<SiblingLine>,
    found: watch::Receiver<Vec<SiblingLine>>,
}

impl SiblingLine {
    fn state(&self) -> LinkState {
        self.line.status.borrow().state
    }
}

impl Siblings {
    /// Those that are configured; others come once they are looked for.
    pub(crate) fn configured(configured: Vec<SiblingLine>) -> (Self, watch::Sender<Vec<SiblingLine>>) {
        let (publish, found) = watch::channel(Vec::new());
        (Self { configured, found }, publish)
    }

    /// Every line.
    pub fn lines(&self) -> Vec<SiblingLine> {
        self.configured.iter().cloned().chain(self.found.borrow().iter().cloned()).collect()
    }

    /// How the lines are, by name: of two that bear the same one, that which works.
    pub fn statuses(&self) -> Vec<(String, LinkStatus)> {
        let mut lines = self.lines();
        lines.sort_by_key(|sibling| sibling.state() != LinkState::Online);
        let mut names = BTreeSet::new();
        lines.retain(|sibling| names.insert(sibling.name.clone()));
        lines.sort_by(|one, other| one.name.cmp(&other.name));
        lines.into_iter().map(|sibling| (sibling.name, sibling.line.status.borrow().clone())).collect()
    }
}

/// Lets this node be found at an address, and speaks to the others that are; ends when it is aborted.
///
/// # Errors
/// When nothing can be announced on the network.
pub(crate) fn discover(
    connector: Connector,
    configured: &[SiblingLine],
    listen: SocketAddr,
    publish: watch::Sender<Vec<SiblingLine>>,
) -> anyhow::Result<JoinHandle<()>> {
    let discovery = Discovery::start(connector.identity.node, &connector.identity.scope, listen)?;
    let configured = configured.iter().map(|sibling| sibling.line.status.clone()).collect();
    Ok(tokio::spawn(Found::new(connector, configured, publish).follow(discovery)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_known_without_configuration() {
        let (siblings, _publish) = Siblings::configured(Vec::new());
        assert!(siblings.statuses().is_empty());
    }
}
