//! Unpacking a snapshot beside whoever writes it: one thread reads chunks and makes the rows of each stream while another
//! one writes those before.

use std::sync::mpsc::sync_channel;
use std::thread;

use lanyard_domain::{Account, Folded, Stream};
use lanyard_sync::snapshot::{Chunk, StreamRecord};
use lanyard_sync::{CommandId, Erasure, StreamName};

use super::{Taken, TakenError};
use crate::engine::folding::Refolded;
use crate::rebuild::Restored;
use crate::store::states::{Last, UNFETCHED};

/// Chunks that are unpacked before they are asked for; each is a few MiB of memory.
const AHEAD: usize = 2;

/// A chunk that has only to be written.
pub(crate) enum Unpacked {
    Streams(Vec<(StreamName, Restored)>),
    Tallied(Vec<(CommandId, u16)>),
    Erasures(Vec<Erasure>),
}

impl Taken {
    /// Unpacks every chunk and gives them out in their order, until one fails or cannot be taken.
    pub(crate) fn unpack<E: From<TakenError>>(
        &self,
        own: Account,
        mut take: impl FnMut(Unpacked) -> Result<(), E>,
    ) -> Result<(), E> {
        thread::scope(|scope| {
            let (send, unpacked) = sync_channel(AHEAD);
            let names = &self.manifest().chunks;
            let unpack = move || {
                for name in names {
                    let chunk = self.chunk(name).and_then(|chunk| unpack(chunk, own));
                    let failed = chunk.is_err();
                    // Whoever took them has gone, or is told by this one that there are no more.
                    if send.send(chunk).is_err() || failed {
                        return;
                    }
                }
            };
            let started = thread::Builder::new().name("lanyard-unpack".into()).spawn_scoped(scope, unpack);
            started.map_err(TakenError::File)?;
            unpacked.into_iter().try_for_each(|chunk| take(chunk?))
        })
    }
}

fn unpack(chunk: Chunk, own: Account) -> Result<Unpacked, TakenError> {
    Ok(match chunk {
        Chunk::Streams(records) => {
            let streams = records.into_iter().map(|record| restored(record, own));
            Unpacked::Streams(streams.collect::<Result<_, _>>()?)
        }
        Chunk::Tallied(records) => Unpacked::Tallied(records),
        Chunk::Erasures(erasures) => Unpacked::Erasures(erasures),
    })
}

fn restored(record: StreamRecord, own: Account) -> Result<(StreamName, Restored), TakenError> {
    let StreamRecord { name, last, readable, unknown, state } = record;
    let stream = Stream::parse(&name);
    let folded = match (&stream, state) {
        (Some(stream), Some(state)) => Folded::from_bytes(stream, &state)
            .map_err(|_| TakenError::Inconsistent("a state is none of its stream"))?,
        (_, None) => None,
        (None, Some(_)) => return Err(TakenError::Inconsistent("a stream has no states")),
    };
    let last = Last { pos: UNFETCHED, key: last };
    let refolded = Refolded { folded, readable, unknown, last: Some(last), applied: [].into() };
    let restored = Restored::of(stream.as_ref(), refolded, own);
    Ok((name, restored.ok_or(TakenError::Inconsistent("a stream has no entries"))?))
}
