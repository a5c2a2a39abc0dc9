//! A node that was set back without noticing: decisions wait for its own entries, as long as they keep coming.

use std::time::Duration;

use lanyard_domain::Account;
use lanyard_sync::{Dot, LogId};
use tokio::time::sleep;

use crate::engine::{LocalChange, Published, SubmitError};
use crate::writer::Writer;

/// How long decisions wait while none of the entries come.
const HELD_MAX: Duration = Duration::from_secs(10);
/// When a writer that had too much to do is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// A peer has more of this node's log: nothing is decided until that is here. A venue node goes on in a new epoch if it
/// does not come, because a desk cannot wait for ever; HQ waits until it is resumed.
pub(crate) async fn hold(writer: &Writer, log: LogId, seq: u64) {
    let now = writer.now();
    let is_noted = note(writer, LocalChange::SetBack { log, seq }).await;
    if now.own_account() == Account::Hq || (now.is_held && is_noted) {
        return;
    }
    let writer = writer.clone();
    tokio::spawn(async move {
        let mut is_noted = is_noted;
        while !is_noted {
            sleep(AGAIN).await;
            is_noted = note(&writer, LocalChange::SetBack { log, seq }).await;
        }
        write_on_in_time(&writer).await;
    });
}

/// Ends the wait once no own entry has come for a while. A slow line is no lost one.
async fn write_on_in_time(writer: &Writer) {
    let mut had = None;
    loop {
        let now = writer.now();
        if !now.is_held {
            return;
        }
        let is_lost = none_came(&mut had, &now);
        if is_lost && note(writer, LocalChange::WriteOn).await {
            return;
        }
        sleep(if is_lost { AGAIN } else { HELD_MAX }).await;
    }
}

/// Whether none of the own entries came since it was asked before.
fn none_came(had: &mut Option<Dot>, now: &Published) -> bool {
    let has = now.own_log.dot(now.vector.seq(&now.own_log));
    had.replace(has) == Some(has)
}

/// Tells whether there is nothing left to try.
async fn note(writer: &Writer, change: LocalChange) -> bool {
    match writer.change(change).await {
        Ok(_) | Err(SubmitError::Stopped) => true,
        Err(error) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "the writer did not take a change yet");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::test_node::{TestNode, check_in, copied, venue};

    /// North as it was before its last check-ins, which HQ has.
    fn set_back() -> (TestNode, TestNode) {
        let (mut hq, mut north, _) = venue();
        north.accept(check_in(1));
        let TestNode { engine, directory, .. } = north;
        drop(engine);
        let earlier = copied(&directory);
        let mut north = TestNode::boot(1, directory, 8);
        for number in 2..5 {
            north.accept(check_in(number));
        }
        hq.pull(&north).unwrap();
        drop(north);
        (hq, TestNode::boot(1, earlier, 9))
    }

    #[test]
    fn a_wait_goes_on_while_entries_come() {
        let (hq, mut north) = set_back();
        let mut had = None;
        assert!(!none_came(&mut had, &north.engine.published()), "it has just begun");
        assert!(none_came(&mut had, &north.engine.published()));
        north.pull(&hq).unwrap();
        assert!(!none_came(&mut had, &north.engine.published()));
        assert!(none_came(&mut had, &north.engine.published()));
    }

    #[tokio::test]
    async fn a_node_is_held_until_its_entries_are_back() {
        let (hq, north) = set_back();
        let log = north.engine.own_log();
        let seq = hq.engine.vector().seq(&log);
        let have = north.engine.vector();
        let batch = hq.reader().read_here(|db| db.batch_after(&have)).unwrap().unwrap();
        let (writer, thread) = Writer::spawn(north.engine).unwrap();
        hold(&writer, log, seq).await;
        assert!(writer.now().is_held);
        writer.import(batch).await.unwrap();
        let now = writer.now();
        assert_eq!((now.is_held, now.own_log, now.vector.seq(&log)), (false, log, seq));
        drop(writer);
        drop(thread);
    }
}
