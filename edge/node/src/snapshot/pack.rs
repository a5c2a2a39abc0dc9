//! Packing chunks beside whoever reads them from the store: a fresh node waits for the last one.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use lanyard_sync::Hash;
use lanyard_sync::snapshot::{Chunk, ChunkName, chunk_hash};

use crate::read::ReadError;
use crate::store::StoreError;

/// Chunks that are read before they are asked for.
const AHEAD: usize = 2;
/// Largest snapshot that is made, in bytes as it travels: it is kept in memory.
const BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Chunks as they travel.
#[derive(Default)]
pub(super) struct Packed {
    /// In the order in which they came.
    pub(super) names: Vec<ChunkName>,
    pub(super) chunks: BTreeMap<Hash, Vec<u8>>,
    bytes: u64,
}

/// Where chunks go that are to be packed.
pub(super) struct ToPack(SyncSender<Chunk>);

impl ToPack {
    pub(super) fn push(&self, chunk: Chunk) {
        // Whoever packs has gone when it came to a limit; then nothing comes of any of them.
        drop(self.0.send(chunk));
    }
}

/// Packs what is read; none when it is over the limits of the format.
pub(super) fn pack(read: impl FnOnce(&ToPack) -> Result<(), ReadError>) -> Result<Option<Packed>, ReadError> {
    thread::scope(|scope| {
        let (send, chunks) = sync_channel(AHEAD);
        let packing = thread::Builder::new().name("lanyard-pack".into());
        let packing = packing.spawn_scoped(scope, move || packed(&chunks));
        let packing =
            packing.map_err(|error| StoreError::damaged(format!("no thread to pack a snapshot: {error}")))?;
        let was_read = read(&ToPack(send));
        let packed = packing.join().map_err(|_| StoreError::damaged("the packing thread panicked"))?;
        was_read.map(|()| packed)
    })
}

fn packed(chunks: &Receiver<Chunk>) -> Option<Packed> {
    let mut packed = Packed::default();
    for chunk in chunks {
        let bytes = chunk.encode()?;
        let name = ChunkName { hash: chunk_hash(&bytes), bytes: bytes.len() as u64 };
        packed.bytes += name.bytes;
        if packed.bytes > BYTES_MAX {
            return None;
        }
        packed.names.push(name);
        packed.chunks.insert(name.hash, bytes);
    }
    Some(packed)
}
