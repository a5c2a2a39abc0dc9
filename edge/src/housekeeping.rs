//! What a node does by itself as time goes on: it gives back what lapsed or was cancelled, forgets badges of who was
//! erased, brings sessions in line with what HQ says of staff, and asks others for seats before there are none.

use std::time::Duration;

use lanyard_node::engine::Erasing;
use lanyard_node::read::ReadError;
use lanyard_node::rights::{self, Line};
use tokio::time::{MissedTickBehavior, interval};

use crate::clock::now_ms;
use crate::node::Node;
use crate::print::forget::forget_erased;

const TICK: Duration = Duration::from_secs(1);

/// Keeps house until the node stops.
pub(crate) async fn keep_house(node: Node) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = 0;
    loop {
        tokio::select! {
            () = node.stop.wait() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) =
            lanyard_node::housekeeping::release_due(&node.writer, &node.reader, now_ms()).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "what is due was not released");
        }
        if node.published().erasing == Some(Erasing::Badges)
            && let Err(error) =
                forget_erased(&node.identity, &node.badge_folders, &node.writer, &node.reader).await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "badges of who was erased are still there"
            );
        }
        let position = node.published().position;
        if position != seen {
            seen = position;
            if let Err(error) = follow_staff(&node).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "staff cannot be read");
            }
        }
    }
}

/// Whoever left is signed out, and a changed role counts at once.
async fn follow_staff(node: &Node) -> Result<(), ReadError> {
    let roles = node.reader.read(|db| {
        let staff = db.all_staff()?.into_iter();
        Ok(staff.map(|(id, member)| (id, member.role.filter(|_| member.active))).collect::<Vec<_>>())
    });
    for (id, role) in roles.await? {
        node.sessions.set_role(&id, role);
    }
    Ok(())
}

/// Keeps seats above their low-water marks until the node stops.
pub(crate) async fn keep_rights(node: Node, lines: impl Fn() -> Vec<Line> + Send) {
    tokio::select! {
        () = node.stop.wait() => {}
        () = rights::keep(node.writer.clone(), node.reader.clone(), lines) => {}
    }
}
