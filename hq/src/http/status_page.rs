//! `GET /`: one plain page that says how every conference and node is. No script, no names of attendees.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Html;
use lanyard_node::clock::system_now_ms;
use lanyard_node::http::Problem;

use super::broken;
use crate::allotments::RefusedAllotment;
use crate::hq::{Hq, Running};

const HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"5\">\
<meta name=\"viewport\" content=\"width=device-width\"><title>Lanyard HQ</title><h1>Lanyard HQ</h1>";

/// Renders the page.
pub(super) async fn page(State(hq): State<Arc<Hq>>) -> Result<Html<String>, Problem> {
    let mut page = HEAD.to_owned();
    for running in hq.conferences() {
        page += &section(&running).await?;
    }
    if hq.conferences().is_empty() {
        page += "<p>No conference yet. Add one with <code>lanyard-hq conference FILE</code>.</p>";
    }
    Ok(Html(page))
}

async fn section(running: &Running) -> Result<String, Problem> {
    let published = running.writer.now();
    let ids: Vec<_> = published.conference.seat_types.keys().cloned().collect();
    let read = running
        .reader
        .read(move |db| Ok((db.enrolled()?, db.vector()?, db.ledgers(&ids)?, db.open_conflicts()?)));
    let (enrolled, here, ledgers, open) = read.await.map_err(|error| broken(&error))?;
    let (arrivals, peers, waits_for) = (published.arrivals, published.peers, published.waits_for);
    let mut text = format!(
        "<h2>{}</h2><p>{} of {} in. {open} open conflicts.</p>",
        escaped(&running.file().name),
        arrivals.inside,
        arrivals.expected
    );
    if !waits_for.is_empty() {
        text += "<p><strong>Restored from a backup: HQ decides nothing until the nodes it waits for gave back what they know. \
                 <code>lanyard-hq resume</code> goes on without them.</strong></p>";
    }
    text += "<table><caption>Nodes</caption><tr><th>node<th>entries of it here<th>last heard</tr>";
    let now_ms = system_now_ms();
    for (node, name) in enrolled.iter().filter(|(node, _)| **node != running.identity.node) {
        let entries: u64 = here.iter().filter(|(log, _)| log.node == *node).map(|(_, head)| head.seq).sum();
        let heard = peers.get(node).map_or_else(
            || "never".to_owned(),
            |peer| format!("{} s ago", now_ms.saturating_sub(peer.heard_at_ms) / 1_000),
        );
        add(&mut text, format_args!("<tr><td>{}<td>{entries}<td>{heard}</tr>", escaped(name)));
    }
    text += "</table><table><caption>Seats</caption><tr><th>seat type<th>quota<th>held<th>sold<th>free</tr>";
    for (seat_type, ledger) in &ledgers {
        let (held, sold, free) = (ledger.held(), ledger.sold(), ledger.free());
        let id = escaped(seat_type.as_str());
        add(&mut text, format_args!("<tr><td>{id}<td>{}<td>{held}<td>{sold}<td>{free}</tr>", ledger.quota));
    }
    text += "</table>";
    for RefusedAllotment { seat_type, node, count, why } in running.refused_allotments() {
        let (seat_type, node, why) = (escaped(seat_type.as_str()), escaped(&node), escaped(&why));
        add(
            &mut text,
            format_args!("<p>Node {node} did not get its allotment of {count} {seat_type}. {why}"),
        );
    }
    Ok(text)
}

fn add(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line).expect("writing to a string cannot fail");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_bring_markup() {
        assert_eq!(escaped("<b>\"R&D\"</b>"), "&lt;b&gt;&quot;R&amp;D&quot;&lt;/b&gt;");
    }
}
