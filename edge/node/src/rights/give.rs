//! The giving side: what a peer asks for, as far as it can be spared.

use lanyard_domain::outcome::Outcome;
use lanyard_domain::{Account, Command, Role};
use lanyard_sync::{Dot, Hash, NodeId};

use super::{Given, Wanted};
use crate::engine::{SubmitError, Submitted};
use crate::read::ReadError;
use crate::sync_http::ServedScope;

const ACTOR: &str = "node";

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GiveError {
    /// Rights go to whoever asks, and to nobody else.
    #[error("a node asks for rights for another one")]
    NotTheirs,
    /// The ledger cannot be read.
    #[error("the ledger cannot be read")]
    Read(#[from] ReadError),
    /// The writer did not take it.
    #[error("the rights cannot be written")]
    Submit(#[from] SubmitError),
}

/// Gives what can be spared of what is not promised to anybody: HQ all of it, a venue node half, and nothing below
/// its own low-water mark, so that two nodes that run low do not pass the last seats to and fro. A log that is over
/// gets nothing: nobody could sell it there.
pub(crate) async fn give(served: &ServedScope, peer: NodeId, wanted: &Wanted) -> Result<Given, GiveError> {
    if wanted.to.node != peer {
        return Err(GiveError::NotTheirs);
    }
    let (served, wanted) = (served.clone(), wanted.clone());
    // Apart from the request, which ends when whoever asked hangs up: the next one has to find in the ledger what
    // this one gets.
    let given = tokio::spawn(async move { give_alone(&served, &wanted).await });
    given.await.unwrap_or(Err(GiveError::Submit(SubmitError::Stopped)))
}

/// Gives while nobody else is given anything: what could be spared of the ledger is still there when it is given.
async fn give_alone(served: &ServedScope, wanted: &Wanted) -> Result<Given, GiveError> {
    let _turn = served.writer.turn_to_give().await;
    match to_spare(served, wanted).await? {
        0 => Ok(Given { given: None }),
        count => submit(served, wanted, count).await,
    }
}

/// How many of the seats that are asked for can be spared.
async fn to_spare(served: &ServedScope, wanted: &Wanted) -> Result<u32, ReadError> {
    let now = served.writer.now();
    let own = now.own_account();
    let mark = now.conference.seat_types.get(&wanted.seat_type).map_or(0, |seat_type| seat_type.low_water);
    let (seat_type, to) = (wanted.seat_type.clone(), wanted.to);
    let read = served.reader.read(move |db| {
        let is_over = db.closed_logs()?.is_over(&to) || db.past_logs()?.contains(&to);
        Ok((db.ledger(&seat_type)?, is_over))
    });
    let (ledger, is_over) = read.await?;
    if is_over {
        return Ok(0);
    }
    let promised = served.promised.borrow().get(&wanted.seat_type).copied().unwrap_or_default();
    let available = ledger.available(own) - i64::from(promised);
    let count = i64::from(wanted.count).min(spared(own, available, mark)).max(0);
    Ok(u32::try_from(count).unwrap_or(wanted.count))
}

async fn submit(served: &ServedScope, wanted: &Wanted, count: u32) -> Result<Given, GiveError> {
    let writer = &served.writer;
    let command =
        Command::GiveRights { seat_type: wanted.seat_type.clone(), to: Account::Venue(wanted.to), count };
    let submitted = Submitted {
        id: wanted.request,
        body: question(wanted),
        actor: ACTOR.to_owned(),
        desk: String::new(),
        role: Role::Administrator,
        command,
        if_match: None,
    };
    match writer.submit(submitted).await {
        Ok(answer) => {
            let accepted = matches!(answer.outcome, Outcome::Accepted(_));
            let now = writer.now();
            let head = Dot { log: now.own_log, seq: now.vector.seq(&now.own_log) };
            Ok(Given { given: accepted.then_some(head) })
        }
        // The id was drawn for another question: not one of ours to answer.
        Err(SubmitError::KeyReused) => Ok(Given { given: None }),
        Err(error) => Err(error.into()),
    }
}

fn spared(own: Account, available: i64, low_water: u32) -> i64 {
    match own {
        Account::Hq => available,
        Account::Venue(_) => (available / 2).min(available - i64::from(low_water)),
    }
}

/// What was asked, whatever could be spared at that moment.
fn question(wanted: &Wanted) -> Hash {
    let json = serde_json::to_vec(wanted).expect("a question holds nothing that JSON cannot say");
    Hash(*blake3::hash(&json).as_bytes())
}

#[cfg(test)]
mod tests {
    use lanyard_sync::{CommandId, LogId};
    use tokio::sync::watch;

    use super::*;
    use crate::engine::test_node::{TestNode, seat_type_id, venue};
    use crate::writer::{Writer, WriterThread};

    fn wanted(to: LogId, count: u32, request: u8) -> Wanted {
        Wanted { seat_type: seat_type_id("ws"), count, to, request: CommandId([request; 16]) }
    }

    fn serve(node: TestNode, promised: u32) -> (ServedScope, WriterThread) {
        let (identity, reader) = (node.engine.identity().clone(), node.reader());
        let (writer, thread) = Writer::spawn(node.engine).unwrap();
        let promised = watch::channel([(seat_type_id("ws"), promised)].into()).1;
        (ServedScope { identity, writer, reader, refuses_expired: false, promised }, thread)
    }

    /// Asks a node, which then stops; returns the answer and what the log has of the workshop here.
    async fn ask(node: TestNode, peer: NodeId, questions: &[Wanted]) -> (Vec<Given>, i64, i64) {
        ask_beside(0, node, peer, questions).await
    }

    /// The same where some are promised.
    async fn ask_beside(
        promised: u32,
        node: TestNode,
        peer: NodeId,
        questions: &[Wanted],
    ) -> (Vec<Given>, i64, i64) {
        let own = node.engine.account();
        let (served, thread) = serve(node, promised);
        let reader = served.reader.clone();
        let mut given = Vec::new();
        for question in questions {
            given.push(give(&served, peer, question).await.unwrap());
        }
        drop(served);
        thread.join().unwrap();
        let ledger = reader.read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap();
        (given, ledger.available(own), ledger.available(Account::Venue(questions[0].to)))
    }

    #[tokio::test]
    async fn hq_gives_what_is_asked_for_once() {
        let (hq, north, _) = venue();
        let to = north.engine.own_log();
        let questions = [wanted(to, 15, 1), wanted(to, 15, 1), wanted(to, 15, 2), wanted(to, 1, 3)];
        let (given, left, got) = ask(hq, to.node, &questions).await;
        assert_eq!(
            given.iter().map(|given| given.given.is_some()).collect::<Vec<_>>(),
            [true, true, true, false]
        );
        assert_eq!((left, got), (0, 20), "the second question was the first, the third got the rest");
    }

    #[tokio::test]
    async fn a_venue_node_keeps_half() {
        let (mut hq, mut north, south) = venue();
        hq.give_rights(&north, "ws", 5);
        north.pull(&hq).unwrap();
        let to = south.engine.own_log();
        let (_, left, got) = ask(north, to.node, &[wanted(to, 10, 1), wanted(to, 10, 2)]).await;
        assert_eq!((left, got), (2, 3));
    }

    #[test]
    fn nobody_gives_what_it_would_have_to_ask_for_again() {
        let north = Account::Venue(LogId { node: NodeId([1; 16]), epoch: lanyard_sync::Epoch(1) });
        assert_eq!([8, 10, 12, 30].map(|available| spared(north, available, 10)), [-2, 0, 2, 15]);
        assert_eq!(spared(Account::Hq, 8, 10), 8);
    }

    #[tokio::test]
    async fn nobody_asks_for_somebody_else() {
        let (hq, north, south) = venue();
        let (served, thread) = serve(hq, 0);
        let for_north = wanted(north.engine.own_log(), 1, 1);
        let refused = give(&served, south.engine.own_log().node, &for_north).await;
        assert!(matches!(refused, Err(GiveError::NotTheirs)));
        drop(served);
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn what_is_promised_is_nobody_elses() {
        let (hq, north, _) = venue();
        let to = north.engine.own_log();
        let (_, left, got) = ask_beside(15, hq, to.node, &[wanted(to, 10, 1)]).await;
        assert_eq!((left, got), (15, 5));
    }

    #[tokio::test]
    async fn of_two_who_ask_at_once_each_finds_what_the_other_one_left() {
        let (hq, north, south) = venue();
        let (served, thread) = serve(hq, 15);
        let [to_north, to_south] = [&north, &south].map(|node| node.engine.own_log());
        let [for_north, for_south] = [wanted(to_north, 5, 1), wanted(to_south, 5, 2)];
        let (north, south) =
            tokio::join!(give(&served, to_north.node, &for_north), give(&served, to_south.node, &for_south),);
        let given = [north, south].map(|given| given.unwrap().given.is_some());
        assert_eq!(given.iter().filter(|given| **given).count(), 1, "{given:?}");
        let ledger = served.reader.read_here(|db| db.ledger(&seat_type_id("ws"))).unwrap();
        assert_eq!(ledger.available(Account::Hq), 15, "what is promised is still there");
        drop(served);
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn a_retired_node_gets_nothing() {
        let (mut hq, north, _) = venue();
        let to = north.engine.own_log();
        hq.pull(&north).unwrap();
        hq.accept(Command::CloseLogs { node: to.node, keep: None });
        let other = LogId { epoch: lanyard_sync::Epoch(7), ..to };
        let (given, left, _) = ask(hq, to.node, &[wanted(to, 1, 1), wanted(other, 1, 2)]).await;
        assert_eq!((given, left), (vec![Given { given: None }; 2], 20));
    }

    #[tokio::test]
    async fn a_log_gets_nothing_once_its_node_writes_another_one() {
        let (mut hq, north, _) = venue();
        let earlier = north.engine.own_log();
        hq.pull(&north).unwrap();
        let north = north.restored(1);
        let later = north.engine.own_log();
        hq.pull(&north).unwrap();
        let (given, left, got) = ask(hq, later.node, &[wanted(earlier, 1, 1), wanted(later, 1, 2)]).await;
        let given: Vec<_> = given.iter().map(|given| given.given.is_some()).collect();
        assert_eq!((given, left, got), (vec![false, true], 19, 0));
    }
}
