//! Damage that shows when an entry is to be sent: noted once, so that the status and the doctor tell it, and the peer
//! gets nothing of it.

use crate::engine::LocalChange;
use crate::read::{ReadError, Reader};
use crate::store::StoreError;
use crate::writer::Writer;

/// Tells that something cannot be read for a peer; damage is told the first time and kept.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the method is bound to one lifetime")]
pub(crate) async fn tell(reader: &Reader, writer: &Writer, error: &ReadError) {
    let ReadError::Store(StoreError::Damaged { what }) = error else {
        tracing::error!(error = error as &dyn std::error::Error, "the store cannot be read for a peer");
        return;
    };
    let known = reader.read(|db| db.damage()).await.ok().flatten();
    if known.as_ref() == Some(what) {
        return;
    }
    tracing::error!(what, "the store is damaged; run `lanyard verify`, then `lanyard repair`");
    if let Err(error) = writer.change(LocalChange::Damaged(what.clone())).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the damage is not noted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Finding, examine};
    use crate::engine::test_node::{NOW_MS, TestNode, check_in, venue};

    #[tokio::test]
    async fn a_damaged_entry_is_not_sent_and_the_doctor_tells_it() {
        let (_, mut north, _) = venue();
        let have = north.engine.vector();
        north.accept(check_in(1));
        let damage = "UPDATE entries SET facts = zeroblob(3) WHERE pos = (SELECT max(pos) FROM entries)";
        assert_eq!(north.engine.connection().execute(damage, []).unwrap(), 1);
        let (path, identity) = (north.path(), north.engine.identity().clone());
        let TestNode { engine, directory: _directory, .. } = north;
        let reader = Reader::open(&path).unwrap();
        let (writer, thread) = Writer::spawn(engine).unwrap();
        let error = reader.read(move |db| db.batch_after(&have)).await.unwrap_err();
        tell(&reader, &writer, &error).await;
        let found = examine(&path, &identity, "m1", NOW_MS).unwrap();
        let told = found.iter().find(|finding| matches!(finding, Finding::Damaged { .. })).unwrap();
        assert!(told.needs_action() && told.remedy().is_some_and(|remedy| remedy.contains("lanyard repair")));
        let noted = writer.now().local_changes;
        tell(&reader, &writer, &error).await;
        assert_eq!(writer.now().local_changes, noted, "it is noted once");
        drop(writer);
        thread.join().unwrap();
    }
}
