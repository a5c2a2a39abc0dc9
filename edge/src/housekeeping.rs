//! The node's clock: gives back what lapsed or was cancelled.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::clock::now_ms;
use crate::node::Node;

const TICK: Duration = Duration::from_secs(1);

/// Keeps house until the node stops.
pub(crate) async fn keep_house(node: Node) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = node.stop.wait() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = lanyard_node::housekeeping::release_due(&node.writer, &node.reader, now_ms()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "what is due was not released");
        }
    }
}
