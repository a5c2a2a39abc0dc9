//! Folded states in memory: those changed by the command at hand, and a bounded cache of others.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use lanyard_domain::{Folded, Stream};
use lanyard_sync::StreamName;
use lru::LruCache;
use rusqlite::Connection;

use super::folding::Refolded;
use crate::project::{Changed, Standing};
use crate::store::states::{Last, StateRow};
use crate::store::{StoreError, states, streams};

/// A stream with its state.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    /// The stream's number.
    pub(crate) row: i64,
    /// What it is; none for a category of a newer build.
    pub(crate) stream: Option<Stream>,
    pub(crate) last: Option<Last>,
    pub(crate) readable: bool,
    pub(crate) unknown: u32,
    pub(crate) standing: Option<Standing>,
    /// None for streams that are not folded.
    pub(crate) folded: Option<Folded>,
    /// Whether nothing was ever saved for it.
    pub(crate) is_new: bool,
    pub(crate) changed: Changed,
}

impl Loaded {
    /// Takes up what its entries were folded to anew.
    pub(crate) fn take(&mut self, refolded: Refolded) {
        self.folded = refolded.folded;
        (self.readable, self.unknown) = (refolded.readable, refolded.unknown);
        self.changed = Changed { all: true, ..self.changed };
    }
}

/// States by name.
#[derive(Debug)]
pub(crate) struct States {
    touched: BTreeMap<StreamName, Loaded>,
    cache: LruCache<StreamName, Loaded>,
}

impl States {
    pub(crate) fn new(capacity: NonZeroUsize) -> Self {
        Self { touched: BTreeMap::new(), cache: LruCache::new(capacity) }
    }

    /// Forgets everything, because a transaction was rolled back.
    pub(crate) fn clear(&mut self) {
        self.touched.clear();
        self.cache.clear();
    }

    /// Forgets a stream, because its row was changed beside.
    pub(crate) fn forget(&mut self, name: &StreamName) {
        self.cache.pop(name);
    }

    /// Reads a stream; none when nothing was ever written to it.
    pub(crate) fn get(&mut self, db: &Connection, name: &StreamName) -> Result<Option<&Loaded>, StoreError> {
        if self.touched.contains_key(name) {
            return Ok(self.touched.get(name));
        }
        if !self.cache.contains(name) {
            let Some(loaded) = load(db, name)? else { return Ok(None) };
            self.cache.put(name.clone(), loaded);
        }
        Ok(self.cache.get(name))
    }

    /// Reads a stream whose number is known, so that it is there when it is asked for by name.
    pub(crate) fn look_ahead(
        &mut self,
        db: &Connection,
        name: &StreamName,
        row: i64,
    ) -> Result<(), StoreError> {
        if !self.touched.contains_key(name) && !self.cache.contains(name) {
            self.cache.put(name.clone(), loaded(states::at(db, row)?, name)?);
        }
        Ok(())
    }

    /// Reads a state.
    pub(crate) fn folded(&mut self, db: &Connection, stream: &Stream) -> Result<Option<Folded>, StoreError> {
        let loaded = self.get(db, &stream.name())?;
        Ok(loaded.filter(|loaded| loaded.last.is_some()).and_then(|loaded| loaded.folded.clone()))
    }

    /// Takes a stream to be changed, making it when it is new; it stays with the command's changes
    /// until [`Self::take_touched`].
    pub(crate) fn touch(&mut self, db: &Connection, name: &StreamName) -> Result<&mut Loaded, StoreError> {
        if !self.touched.contains_key(name) {
            let loaded = match self.cache.pop(name) {
                Some(loaded) => loaded,
                None => match load(db, name)? {
                    Some(loaded) => loaded,
                    None => fresh(streams::insert(db, name)?, name),
                },
            };
            self.touched.insert(name.clone(), loaded);
        }
        Ok(self.touched.get_mut(name).expect("it was put there"))
    }

    /// Where the last arrival of a stream stands, if the stream is changed by the command at hand.
    pub(crate) fn last_pos(&self, row: i64) -> Option<i64> {
        self.touched.values().find(|loaded| loaded.row == row)?.last.map(|last| last.pos)
    }

    /// Takes what the command changed.
    pub(crate) fn take_touched(&mut self) -> BTreeMap<StreamName, Loaded> {
        std::mem::take(&mut self.touched)
    }

    /// Keeps a saved state in memory.
    pub(crate) fn keep(&mut self, name: StreamName, loaded: Loaded) {
        self.cache.put(name, loaded);
    }
}

fn fresh(row: i64, name: &StreamName) -> Loaded {
    let stream = Stream::parse(name);
    let folded = stream.as_ref().and_then(Folded::empty);
    Loaded {
        row,
        stream,
        last: None,
        readable: true,
        unknown: 0,
        standing: None,
        folded,
        is_new: true,
        changed: Changed::default(),
    }
}

fn load(db: &Connection, name: &StreamName) -> Result<Option<Loaded>, StoreError> {
    states::get(db, name)?.map(|row| loaded(row, name)).transpose()
}

fn loaded(row: StateRow, name: &StreamName) -> Result<Loaded, StoreError> {
    let StateRow { stream: row, last, readable, unknown, standing, state } = row;
    let mut loaded = fresh(row, name);
    loaded.is_new = last.is_none();
    (loaded.last, loaded.readable, loaded.unknown) = (last, readable, unknown);
    loaded.standing = standing.and_then(Standing::from_number);
    if let (Some(stream), Some(bytes)) = (&loaded.stream, state) {
        let folded = Folded::from_bytes(stream, &bytes)
            .map_err(|error| StoreError::damaged(format!("the state of {name} cannot be read: {error}")))?;
        loaded.folded = folded;
    }
    Ok(loaded)
}
