//! The stream of live updates (server-sent events).

use std::convert::Infallible;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use futures_util::stream::{self, Stream};
use lanyard_node::http::Problem;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use crate::http::failure::Failure;
use crate::http::signed::Signed;
use crate::http::status;
use crate::live::{self, CHANGES_MAX, Update};
use crate::node::Node;

/// Most pages that listen at once.
const LISTENERS_MAX: usize = 512;

/// A page that listens.
struct Listener {
    node: Node,
    updates: broadcast::Receiver<Update>,
    status: watch::Receiver<Option<Update>>,
    /// What is told before anything new, last first.
    missed: Vec<Update>,
}

/// Streams what changes. With `Last-Event-ID` it goes on where the page was.
#[utoipa::path(get, path = "/updates", tag = "node",
    params(("Last-Event-ID" = Option<u64>, Header, description = "Position the page has heard of")),
    responses((status = 200, content_type = "text/event-stream",
        description = "Events status, attendee, order, document, conflicts, seats, print_job and reset; each has the position as its id")))]
pub async fn follow(
    State(node): State<Node>,
    _signed: Signed,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    if node.live.listeners() >= LISTENERS_MAX {
        let detail = "Too many pages listen to this node already.";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
            .retry_after_ms(5_000)
            .into());
    }
    let (updates, mut told) = node.live.listen();
    told.mark_unchanged();
    let position = node.published().position;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let mut missed = match last {
        Some(last) => missed_since(&node, last).await?,
        None => Vec::new(),
    };
    // After what was missed, for its id says that all before it was told.
    missed.push(Update::new(position, "status", status::card(&node).await?));
    missed.reverse();
    let listener = Listener { node, updates, status: told, missed };
    let events = stream::unfold(listener, |mut listener| async move {
        let update = listener.next().await?;
        let event = Event::default().id(update.position.to_string()).event(update.name).data(&*update.data);
        Some((Ok(event), listener))
    });
    Ok(Sse::new(events))
}

/// What a page missed since a position; a position this node never had, or one too long ago, is told as a reset.
async fn missed_since(node: &Node, last: u64) -> Result<Vec<Update>, Failure> {
    let position = node.published().position;
    if last > position || position - last > u64::try_from(CHANGES_MAX).unwrap_or(u64::MAX) {
        return Ok(vec![Update::reset(position)]);
    }
    Ok(node.reader.read(move |db| live::changes(db, last, position)).await?)
}

impl Listener {
    async fn next(&mut self) -> Option<Update> {
        if let Some(update) = self.missed.pop() {
            return Some(update);
        }
        loop {
            tokio::select! {
                // A status is told after the changes up to its position.
                biased;
                () = self.node.stop.wait() => return None,
                update = self.updates.recv() => match update {
                    Ok(update) => return Some(update),
                    Err(RecvError::Lagged(_)) => return Some(Update::reset(self.node.published().position)),
                    Err(RecvError::Closed) => return None,
                },
                changed = self.status.changed() => {
                    changed.ok()?;
                    if let Some(status) = self.status.borrow_and_update().clone() {
                        return Some(status);
                    }
                }
            }
        }
    }
}
