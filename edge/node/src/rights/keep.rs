//! The asking side: looks after commits whether seats run low, and asks the richest sibling, then HQ.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lanyard_domain::{Account, Conference, Ledger, SeatTypeId};
use lanyard_sync::{CommandId, Dot, LogId, NodeId};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::Wanted;
use crate::clock::system_entropy;
use crate::engine::Published;
use crate::read::{ReadError, Reader};
use crate::uplink::{Asker, LinkState, LinkStatus};
use crate::writer::Writer;

/// How long to rest when nobody had any, or nobody answered.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what was given may take to arrive before somebody is asked again.
const UNDER_WAY: Duration = Duration::from_mins(1);
/// How often a line that came back is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long commits may go by between two looks: looking costs a read, and there are thousands of them.
const REST: Duration = Duration::from_millis(200);

/// A line to somebody who may have rights to give.
#[derive(Clone, Debug)]
pub struct Line {
    /// Asks them.
    pub asker: Asker,
    /// How the line is, and who is at its end.
    pub status: watch::Receiver<LinkStatus>,
}

impl Line {
    fn leads_to(&self, node: NodeId) -> bool {
        let status = self.status.borrow();
        status.state == LinkState::Online && status.peer == Some(node)
    }
}

/// What became of this node's questions.
#[derive(Debug, Default)]
struct Questions {
    /// Seat types nobody is asked about until the rest is over.
    resting: BTreeMap<SeatTypeId, Rest>,
    /// Questions whose answer was lost, by whom they went to: asked again word for word, so that nothing is given
    /// twice.
    unanswered: BTreeMap<(SeatTypeId, NodeId), Wanted>,
}

/// Why nobody is asked about a seat type.
#[derive(Debug)]
struct Rest {
    until: Instant,
    /// What was given comes with this entry, and ends the rest.
    given: Option<Dot>,
}

/// Keeps seats of each type above its low-water mark, as far as others have some. Ends with the writer.
pub async fn keep(writer: Writer, reader: Reader, lines: impl Fn() -> Vec<Line> + Send) {
    let mut published = writer.published();
    let mut questions = Questions::default();
    loop {
        let now = published.borrow_and_update().clone();
        if let Err(error) = top_up(&now, &reader, &lines(), &mut questions).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "seat rights cannot be read");
        }
        if let Ok(Err(_)) = timeout(LOOK_EVERY, published.changed()).await {
            return;
        }
        sleep(REST).await;
    }
}

#[expect(clippy::redundant_closure_for_method_calls, reason = "the method is bound to one lifetime")]
async fn top_up(
    now: &Published,
    reader: &Reader,
    lines: &[Line],
    questions: &mut Questions,
) -> Result<(), ReadError> {
    // What is given to a log that nobody can sell from is nobody's.
    if !now.decides() {
        return Ok(());
    }
    let awake = |rest: &Rest| rest.given.is_some_and(|dot| now.vector.covers(&dot));
    questions.resting.retain(|_, rest| rest.until > Instant::now() && !awake(rest));
    questions.unanswered.retain(|_, wanted| wanted.to == now.own_log);
    let watched: Vec<_> =
        marks(&now.conference).filter(|(id, _)| !questions.resting.contains_key(id)).collect();
    if watched.is_empty() || lines.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = watched.iter().map(|(id, _)| id.clone()).collect();
    let ledgers = reader.read(move |db| db.ledgers(&ids)).await?;
    let own = now.own_account();
    for (seat_type, mark) in watched {
        let ledger = &ledgers[&seat_type];
        let missing = 2 * i64::from(mark) - ledger.available(own);
        if missing <= i64::from(mark) || ledger.quota == 0 {
            continue;
        }
        let count = u32::try_from(missing).unwrap_or(u32::MAX);
        let past = reader.read(|db| db.past_logs()).await?;
        let given = ask(now, in_order(now, lines, ledger, &past), &seat_type, count, questions).await;
        let until = Instant::now() + if given.is_some() { UNDER_WAY } else { PATIENCE };
        questions.resting.insert(seat_type, Rest { until, given });
    }
    Ok(())
}

/// Asks one after another until somebody gives some.
async fn ask(
    now: &Published,
    order: Vec<(NodeId, &Line)>,
    seat_type: &SeatTypeId,
    count: u32,
    questions: &mut Questions,
) -> Option<Dot> {
    for (peer, line) in order {
        let key = (seat_type.clone(), peer);
        let wanted = questions.unanswered.entry(key.clone()).or_insert_with(|| Wanted {
            seat_type: seat_type.clone(),
            count,
            to: now.own_log,
            request: new_request(),
        });
        if let Ok(answer) = line.asker.ask(wanted).await {
            questions.unanswered.remove(&key);
            if answer.given.is_some() {
                return answer.given;
            }
        }
    }
    None
}

fn new_request() -> CommandId {
    let mut request = [0; 16];
    system_entropy(&mut request);
    CommandId(request)
}

/// The seat types that are to be kept above a mark.
fn marks(conference: &Conference) -> impl Iterator<Item = (SeatTypeId, u32)> {
    let each = conference.seat_types.iter().map(|(id, seat_type)| (id.clone(), seat_type.low_water));
    each.filter(|(_, mark)| *mark > 0)
}

/// Which lines work and lead to whoever has seats, as far as is known here: the richest sibling first, HQ last.
fn in_order<'a>(
    now: &Published,
    lines: &'a [Line],
    ledger: &Ledger,
    past: &BTreeSet<LogId>,
) -> Vec<(NodeId, &'a Line)> {
    let mut rich = ledger.elsewhere(now.own_account(), past);
    rich.sort_by_key(|(account, _)| *account == Account::Hq);
    let nodes = rich.into_iter().filter_map(|(account, _)| match account {
        Account::Hq => now.authority_node(),
        Account::Venue(log) => Some(log.node),
    });
    let leading_to =
        |node| lines.iter().filter(move |line| line.leads_to(node)).map(move |line| (node, line));
    nodes.flat_map(leading_to).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::test_node::{TestNode, seat_type_id, venue};
    use crate::tls::peer_client;
    use crate::uplink::Uplink;

    /// A node that has no workshop seats left and wants to keep one.
    fn low_on_seats(node: &TestNode) -> Published {
        let mut now = node.engine.published();
        let mut conference = Conference::clone(&now.conference);
        conference.seat_types.get_mut(&seat_type_id("ws")).unwrap().low_water = 1;
        now.conference = Arc::new(conference);
        now
    }

    /// Which seat types somebody was asked about, over a line that leads nowhere.
    async fn asked_about(node: TestNode, now: &Published) -> Vec<SeatTypeId> {
        let (identity, reader) = (node.engine.identity().clone(), node.reader());
        let (writer, thread) = Writer::spawn(node.engine).unwrap();
        let (peer, http) = ("http://127.0.0.1:9".parse().unwrap(), peer_client(None).unwrap());
        let uplink = Uplink { peer, http, identity, writer, reader: reader.clone() }.start();
        let mut questions = Questions::default();
        top_up(now, &reader, &[uplink.line()], &mut questions).await.unwrap();
        drop(uplink);
        tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
        questions.resting.into_keys().collect()
    }

    #[tokio::test]
    async fn a_node_that_runs_low_asks() {
        let (_, north, _) = venue();
        let now = low_on_seats(&north);
        assert_eq!(asked_about(north, &now).await, [seat_type_id("ws")]);
    }

    #[tokio::test]
    async fn a_retired_node_asks_nobody() {
        let (mut hq, mut north, _) = venue();
        hq.pull(&north).unwrap();
        let node = north.engine.own_log().node;
        hq.accept(lanyard_domain::Command::CloseLogs { node, keep: None });
        north.pull(&hq).unwrap();
        let now = low_on_seats(&north);
        assert!(now.is_closed);
        assert_eq!(asked_about(north, &now).await, []);
    }
}
