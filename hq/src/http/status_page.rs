//! `GET /`: one plain page that says how every conference and node is. No script, no names of attendees.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Html;
use lanyard_domain::{Ledger, SeatTypeId};
use lanyard_node::Published;
use lanyard_node::clock::system_now_ms;
use lanyard_node::http::Problem;
use lanyard_node::store::closed::ClosedLogs;
use lanyard_sync::LogId;

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
    let read = running.reader.read(move |db| {
        let over = (db.past_logs()?, db.closed_logs()?);
        Ok((db.enrolled()?, db.vector()?, db.ledgers(&ids)?, over, db.open_conflicts()?))
    });
    let (enrolled, here, ledgers, (past, closed), open) = read.await.map_err(|error| broken(&error))?;
    let (arrivals, peers, waits_for) = (published.arrivals, &published.peers, &published.waits_for);
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
    text += &stranded(&running.file().slug, &published, &ledgers, &past, &closed);
    for RefusedAllotment { seat_type, node, count, why } in running.refused_allotments() {
        let (seat_type, node, why) = (escaped(seat_type.as_str()), escaped(&node), escaped(&why));
        add(
            &mut text,
            format_args!("<p>Node {node} did not get its allotment of {count} {seat_type}. {why}"),
        );
    }
    Ok(text)
}

/// Says which seats nobody can sell, and what gives them back.
fn stranded(
    slug: &str,
    published: &Published,
    ledgers: &BTreeMap<SeatTypeId, Ledger>,
    past: &BTreeSet<LogId>,
    closed: &ClosedLogs,
) -> String {
    let mut text = String::new();
    for (seat_type, ledger) in ledgers {
        let mut by_node = BTreeMap::new();
        for (log, seats) in ledger.stranded(past) {
            *by_node.entry(log.node).or_default() += seats;
        }
        for (node, seats) in by_node {
            let seats: i64 = seats;
            let command = if closed.is_retired(&node) { "retire" } else { "reclaim" };
            let (seat_type, name) = (escaped(seat_type.as_str()), escaped(&published.node_name(&node)));
            add(
                &mut text,
                format_args!(
                    "<p>{seats} seats of {seat_type} are stranded at {name}: they belong to a part of its log that \
                     is over, and nobody can sell them. <code>lanyard-hq {command} {slug} {name}</code> takes \
                     them back, once no other machine runs with this node's data."
                ),
            );
        }
    }
    text
}

fn add(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line).expect("writing to a string cannot fail");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use lanyard_domain::{Account, Command, Role};

    use super::*;
    use crate::commands;
    use crate::http::reports::sales;
    use crate::test_hq::TestHq;

    #[tokio::test]
    async fn seats_of_an_earlier_log_are_reported_as_stranded_until_they_are_reclaimed() {
        let test = TestHq::with_conference();
        let running = test.running();
        let identity = test.enrol("north").await;
        let ga: SeatTypeId = "ga".parse().unwrap();
        let give = |command| commands::give(&running, "hq", Role::Administrator, command);
        give(Command::ConfigureConference { conference: Box::new(running.file().conference()) })
            .await
            .unwrap();
        give(Command::SetQuota { seat_type: ga.clone(), quota: 5 }).await.unwrap();
        for count in [2, 1] {
            let to = Account::Venue(test.begin_log(identity.clone()).await);
            give(Command::GiveRights { seat_type: ga.clone(), to, count }).await.unwrap();
        }
        let slug = || axum::extract::Path("summit".to_owned());
        let of_north = |report: &serde_json::Value| {
            let accounts = report["seat_types"][0]["nodes"].as_array().unwrap().iter();
            let of_north = accounts.filter(|account| account["node"] == "north");
            let mut seats: Vec<_> = of_north
                .map(|account| {
                    (account["remaining"].as_i64().unwrap(), account["stranded"].as_i64().unwrap())
                })
                .collect();
            seats.sort_unstable();
            seats
        };
        let report = sales(State(Arc::clone(&test.hq)), slug()).await.unwrap().0;
        assert_eq!(of_north(&report), [(0, 2), (1, 0)]);
        let shown = page(State(Arc::clone(&test.hq))).await.unwrap().0;
        assert!(shown.contains("2 seats of ga are stranded at north:"), "{shown}");
        assert!(shown.contains("<code>lanyard-hq reclaim summit north</code> takes them back"), "{shown}");
        let keep = crate::nodes::latest_log_of(&running, identity.certificate.claims.node);
        give(Command::CloseLogs { node: identity.certificate.claims.node, keep }).await.unwrap();
        let report = sales(State(Arc::clone(&test.hq)), slug()).await.unwrap().0;
        assert_eq!(of_north(&report), [(0, 0), (1, 0)]);
        let shown = page(State(test.hq)).await.unwrap().0;
        assert!(!shown.contains("stranded"), "{shown}");
    }

    #[test]
    fn names_cannot_bring_markup() {
        assert_eq!(escaped("<b>\"R&D\"</b>"), "&lt;b&gt;&quot;R&amp;D&quot;&lt;/b&gt;");
    }
}
