//! Nodes that were found: each is asked who it is, and gets a line once it has shown that.
//!
//! What is announced on a network may come from anybody, so it changes nothing by itself: a line is opened, and led to
//! another address, only after whoever is there introduced themselves as that node.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use lanyard_node::clock::system_entropy;
use lanyard_node::uplink::{Introduced, IntroductionError, LinkState, LinkStatus, UplinkHandle, introduce};
use lanyard_sync::NodeId;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::SiblingLine;
use super::discovery::{Discovery, Sighting};
use crate::peer::Connector;

/// Most nodes that are minded; of more, those are left out that show up last.
const NODES_MAX: usize = 64;
/// Most nodes that are asked at once who they are.
const ASKED_MAX: usize = 8;
/// How often it is looked at who is to be asked and whose line is one too many.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Shortest wait before somebody is asked again who did not introduce themselves.
const PAUSE_MS: u64 = 2_000;
/// Doublings of that wait.
const DOUBLINGS_MAX: u32 = 5;

/// Somebody who was seen.
#[derive(Debug)]
struct Seen {
    addresses: Vec<SocketAddr>,
    is_asked: bool,
    due: Instant,
    failures: u32,
    line: Option<FoundLine>,
}

/// A line, and where it leads.
#[derive(Debug)]
struct FoundLine {
    name: String,
    addresses: Vec<SocketAddr>,
    handle: UplinkHandle,
}

/// What became of asking somebody.
struct Asked {
    sighting: Sighting,
    result: Result<Introduced, IntroductionError>,
}

/// Everybody who was seen.
pub(super) struct Found {
    connector: Connector,
    configured: Vec<watch::Receiver<LinkStatus>>,
    publish: watch::Sender<Vec<SiblingLine>>,
    seen: BTreeMap<NodeId, Seen>,
    asking: JoinSet<Asked>,
}

impl Found {
    pub(super) fn new(
        connector: Connector,
        configured: Vec<watch::Receiver<LinkStatus>>,
        publish: watch::Sender<Vec<SiblingLine>>,
    ) -> Self {
        Self { connector, configured, publish, seen: BTreeMap::new(), asking: JoinSet::new() }
    }

    /// Follows what is seen for ever.
    pub(super) async fn follow(mut self, mut discovery: Discovery) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sees = true;
        loop {
            tokio::select! {
                sighting = discovery.next(), if sees => if let Some(sighting) = sighting {
                    self.note(sighting);
                } else {
                    sees = false;
                    tracing::warn!("nodes on the network cannot be looked for any more");
                },
                Some(asked) = self.asking.join_next() => match asked {
                    Ok(asked) => self.take(asked),
                    Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "an introduction broke"),
                },
                _ = looks.tick() => self.look(),
            }
        }
    }

    fn note(&mut self, Sighting { node, addresses }: Sighting) {
        if self.seen.len() >= NODES_MAX && !self.seen.contains_key(&node) {
            let useless = self.seen.iter().find(|(_, seen)| seen.line.is_none() && seen.failures > 0);
            let Some(useless) = useless.map(|(node, _)| *node) else {
                tracing::warn!(%node, "more nodes are announced than are minded");
                return;
            };
            self.seen.remove(&useless);
        }
        let seen = self.seen.entry(node).or_insert_with(|| Seen {
            addresses: Vec::new(),
            is_asked: false,
            due: Instant::now(),
            failures: 0,
            line: None,
        });
        if seen.addresses != addresses {
            (seen.addresses, seen.failures, seen.due) = (addresses, 0, Instant::now());
        }
        self.look();
    }

    /// Hangs up where a configured line leads to the same node, and asks whoever has no line to where they are.
    fn look(&mut self) {
        let configured: Vec<NodeId> = self.configured.iter().filter_map(online_peer).collect();
        let mut has_changed = false;
        for (node, seen) in &mut self.seen {
            if configured.contains(node) {
                has_changed |= seen.line.take().is_some();
                continue;
            }
            let leads_there = seen.line.as_ref().is_some_and(|line| line.addresses == seen.addresses);
            let may_ask = !seen.is_asked && seen.due <= Instant::now() && self.asking.len() < ASKED_MAX;
            if !leads_there && may_ask {
                seen.is_asked = true;
                let sighting = Sighting { node: *node, addresses: seen.addresses.clone() };
                let identity = self.connector.identity.clone();
                self.asking.spawn(async move {
                    let result = introduce(&sighting.addresses, &identity).await;
                    Asked { sighting, result }
                });
            }
        }
        if has_changed {
            self.tell();
        }
    }

    fn take(&mut self, Asked { sighting: Sighting { node, addresses }, result }: Asked) {
        let Some(seen) = self.seen.get_mut(&node) else { return };
        seen.is_asked = false;
        match result {
            Ok(met) if met.node == node => {
                tracing::info!(%node, node.name = met.name, "another node was found");
                let handle = self.connector.open(met.url, met.http);
                seen.failures = 0;
                seen.line = Some(FoundLine { name: met.name, addresses, handle });
                self.tell();
            }
            Ok(_) => seen.try_later(),
            Err(error) => {
                tracing::debug!(%node, error = &error as &dyn std::error::Error, "an announced node is not met");
                seen.try_later();
            }
        }
    }

    fn tell(&self) {
        let lines = self.seen.values().filter_map(|seen| seen.line.as_ref());
        let lines = lines
            .map(|FoundLine { name, handle, .. }| SiblingLine { name: name.clone(), line: handle.line() });
        self.publish.send_replace(lines.collect());
    }
}

impl Seen {
    fn try_later(&mut self) {
        let pause_ms = PAUSE_MS << self.failures.min(DOUBLINGS_MAX);
        self.failures = self.failures.saturating_add(1);
        let mut byte = [0];
        system_entropy(&mut byte);
        let jittered_ms = pause_ms / 2 + pause_ms / 2 * u64::from(byte[0]) / 255;
        self.due = Instant::now() + Duration::from_millis(jittered_ms);
    }
}

/// Who is at the end of a line that works.
fn online_peer(line: &watch::Receiver<LinkStatus>) -> Option<NodeId> {
    let status = line.borrow();
    status.peer.filter(|_| status.state == LinkState::Online)
}
