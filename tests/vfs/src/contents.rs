//! The contents of one disk as the process sees them, and what is done to them.
//!
//! Responsible for noting every change in the history before SQLite hears that it was made, and for the faults that
//! are planned.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ffi;

use crate::chance::Chance;
use crate::fault::{Failure, Fault, Operation, code};
use crate::history::{Change, FileId, History, write};
use crate::image::Image;
use crate::locks::Locks;
use crate::memory::{Marked, Memory};
use crate::shared_memory::SharedMemory;

/// Files whose room is kept.
const ROOMS_MAX: usize = 4;

/// A file that is there or still open.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) locks: Locks,
    pub(crate) memory: SharedMemory,
    /// Connections that have it open.
    pub(crate) open: u32,
}

/// A file of the system in the same folder, of which the history is kept too.
#[derive(Debug)]
struct Watched {
    name: String,
    /// Inode, time and size when it was looked at.
    seen: Option<(u64, i64, i64, u64)>,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Contents {
    folder: PathBuf,
    names: BTreeMap<String, FileId>,
    files: BTreeMap<FileId, Content>,
    next: FileId,
    /// Room of files that are gone, for others: asking the system for it takes longer than writing there.
    rooms: Vec<Vec<u8>>,
    watched: Vec<Watched>,
    /// Whether the next change looks what happened beside.
    looks_beside: bool,
    memory: Memory,
    /// While every change is remembered.
    history: History,
    /// While they are not.
    marked: Marked,
    fault: Option<Fault>,
    limit_bytes: Option<u64>,
    asked: BTreeMap<Operation, u64>,
}

/// What came of an operation: a code of SQLite where it failed.
pub(crate) type Done<T> = Result<T, c_int>;

impl Contents {
    pub(crate) fn new(folder: PathBuf, watched: &[&str]) -> Self {
        let watch = |name: &&str| Watched { name: (*name).to_owned(), seen: None };
        Self {
            folder,
            names: BTreeMap::new(),
            files: BTreeMap::new(),
            next: 1,
            rooms: Vec::new(),
            watched: watched.iter().map(watch).collect(),
            looks_beside: true,
            memory: Memory::default(),
            history: History::default(),
            marked: Marked::default(),
            fault: None,
            limit_bytes: None,
            asked: BTreeMap::new(),
        }
    }

    /// Opens a file, making it when there is none and that is wanted; tells whether it is new.
    pub(crate) fn open(&mut self, name: &str, flags: c_int) -> Done<(FileId, bool)> {
        let known = self.names.get(name).copied();
        if known.is_some() && flags & ffi::SQLITE_OPEN_EXCLUSIVE != 0 {
            return Err(ffi::SQLITE_CANTOPEN);
        }
        let file = match known {
            Some(file) => file,
            None if flags & ffi::SQLITE_OPEN_CREATE != 0 => self.make(name),
            None => return Err(ffi::SQLITE_CANTOPEN),
        };
        self.content(file).open += 1;
        Ok((file, known.is_none()))
    }

    fn make(&mut self, name: &str) -> FileId {
        let file = self.next;
        self.next += 1;
        self.names.insert(name.to_owned(), file);
        let bytes = self.room();
        self.files.insert(file, Content { bytes, ..Content::default() });
        self.note(|| Change::Linked { name: name.to_owned(), file });
        file
    }

    fn room(&mut self) -> Vec<u8> {
        let mut room = self.rooms.pop().unwrap_or_default();
        room.clear();
        room
    }

    fn forget(&mut self, file: FileId) {
        let gone = self.files.remove(&file).map(|content| content.bytes);
        self.rooms.extend(gone.filter(|bytes| bytes.capacity() > 0 && self.rooms.len() < ROOMS_MAX));
    }

    pub(crate) fn close(&mut self, file: FileId) {
        self.content(file).open -= 1;
        self.forget_unused(file);
    }

    /// A file without a name is gone once nobody has it open.
    fn forget_unused(&mut self, file: FileId) {
        if self.content(file).open == 0 && !self.names.values().any(|named| *named == file) {
            self.forget(file);
        }
    }

    /// A file that is open.
    pub(crate) fn content(&mut self, file: FileId) -> &mut Content {
        self.files.entry(file).or_default()
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Reads what there is; returns how many bytes that were.
    pub(crate) fn read(&mut self, file: FileId, at: usize, into: &mut [u8]) -> Done<usize> {
        self.may(Operation::Read)?;
        let bytes = self.content(file).bytes.get(at..).unwrap_or_default();
        let count = bytes.len().min(into.len());
        into[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }

    pub(crate) fn write(&mut self, file: FileId, at: usize, bytes: &[u8]) -> Done<()> {
        let struck = self.strikes(Operation::Write);
        let is_over = self.is_over_limit(file, at + bytes.len());
        let struck = if is_over { Some(Failure::Full) } else { struck };
        let written = match struck {
            None => bytes,
            Some(Failure::Short | Failure::Full) if !is_over => &bytes[..bytes.len() / 2],
            Some(_) => &[],
        };
        if !written.is_empty() {
            write(&mut self.content(file).bytes, at, written);
            self.note(|| Change::Written { file, at, bytes: written.to_vec() });
        }
        struck.map_or(Ok(()), |how| Err(code(Operation::Write, how)))
    }

    pub(crate) fn truncate(&mut self, file: FileId, to: usize) -> Done<()> {
        self.may(Operation::Truncate)?;
        self.content(file).bytes.resize(to, 0);
        self.note(|| Change::Truncated { file, to });
        Ok(())
    }

    pub(crate) fn sync(&mut self, file: FileId, with_folder: bool) -> Done<()> {
        if let Some(how) = self.strikes(Operation::Sync) {
            self.note(|| Change::SyncFailed { file });
            return Err(code(Operation::Sync, how));
        }
        self.note(|| Change::Synced { file });
        if with_folder {
            self.note(|| Change::FolderSynced);
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str, with_folder: bool) -> Done<()> {
        let Some(file) = self.names.remove(name) else { return Err(ffi::SQLITE_IOERR_DELETE_NOENT) };
        self.note(|| Change::Unlinked { name: name.to_owned() });
        if with_folder {
            self.note(|| Change::FolderSynced);
        }
        self.forget_unused(file);
        Ok(())
    }

    /// Makes sure of a region of shared memory; tells whether it is there.
    pub(crate) fn share(&mut self, file: FileId, region: usize, bytes: usize, extends: bool) -> Done<bool> {
        if self.content(file).memory.has(region) || !extends {
            return Ok(self.content(file).memory.has(region));
        }
        self.may(Operation::ShareMemory)?;
        Ok(self.content(file).memory.extend_to(region, bytes))
    }

    fn may(&mut self, operation: Operation) -> Done<()> {
        self.strikes(operation).map_or(Ok(()), |how| Err(code(operation, how)))
    }

    fn strikes(&mut self, operation: Operation) -> Option<Failure> {
        *self.asked.entry(operation).or_default() += 1;
        self.fault.as_mut()?.strikes(operation)
    }

    fn is_over_limit(&self, file: FileId, end: usize) -> bool {
        let Some(limit) = self.limit_bytes else { return false };
        let grown = end.saturating_sub(self.size_of(file));
        grown > 0 && self.used_bytes() + grown as u64 > limit
    }

    fn size_of(&self, file: FileId) -> usize {
        self.files.get(&file).map_or(0, |content| content.bytes.len())
    }

    /// How many bytes all files that have a name take.
    pub(crate) fn used_bytes(&self) -> u64 {
        self.names.values().map(|file| self.size_of(*file) as u64).sum()
    }

    /// Notes a change, and before it what happened beside. Looking takes longer than most changes, and whoever keeps
    /// a file beside a database writes it between two commits: so the first change after a sync looks.
    fn note(&mut self, change: impl FnOnce() -> Change) {
        if self.memory == Memory::Marked {
            return self.marked.count();
        }
        if self.looks_beside {
            self.look_beside();
        }
        let change = change();
        self.looks_beside = !matches!(change, Change::Written { .. });
        self.history.push(change);
    }

    /// Notes watched files that were replaced.
    fn look_beside(&mut self) {
        for watched in &mut self.watched {
            let path = self.folder.join(&watched.name);
            let seen = fs::metadata(&path).ok().map(|it| (it.ino(), it.mtime(), it.mtime_nsec(), it.size()));
            if seen != watched.seen {
                watched.seen = seen;
                let bytes = fs::read(&path).ok().map(Arc::new);
                self.history.push(Change::Beside { name: watched.name.clone(), bytes });
            }
        }
    }

    /// How many changes there were.
    pub(crate) fn changes(&mut self) -> usize {
        if self.memory == Memory::Marked {
            return self.marked.changes();
        }
        self.look_beside();
        self.history.len()
    }

    /// What is there.
    pub(crate) fn present(&self) -> Image {
        let bytes =
            |file: &FileId| Arc::new(self.files.get(file).map_or_else(Vec::new, |it| it.bytes.clone()));
        let files = self.names.iter().map(|(name, file)| (name.clone(), bytes(file))).collect();
        let beside = |watched: &Watched| {
            Some((watched.name.clone(), Arc::new(fs::read(self.folder.join(&watched.name)).ok()?)))
        };
        Image { files, beside: self.watched.iter().filter_map(beside).collect() }
    }

    /// Remembers what is there, where that is not remembered anyway.
    pub(crate) fn mark(&mut self) {
        if self.memory == Memory::Marked {
            self.marked.mark(self.present());
        }
    }

    /// Takes effect with the next image.
    pub(crate) const fn remember(&mut self, memory: Memory) {
        self.memory = memory;
    }

    /// How often an operation was asked for.
    pub(crate) fn asked(&self, operation: Operation) -> u64 {
        self.asked.get(&operation).copied().unwrap_or(0)
    }

    pub(crate) fn plan(&mut self, fault: Option<Fault>) {
        self.fault = fault;
    }

    pub(crate) const fn limit(&mut self, bytes: Option<u64>) {
        self.limit_bytes = bytes;
    }

    pub(crate) fn after_death(&mut self, changes: usize) -> Image {
        if changes == self.changes() {
            return self.present();
        }
        match self.memory {
            Memory::Changes => self.history.after_death(changes),
            Memory::Marked => self.marked.image(changes),
        }
    }

    pub(crate) fn after_power_cut(&mut self, changes: usize, seed: u64) -> Image {
        if self.memory == Memory::Changes {
            return self.history.after_power_cut(changes, &mut Chance::new(seed));
        }
        // What was being written is there or not.
        let is_there = changes == self.changes() || Chance::new(seed).percent(50);
        if is_there { self.present() } else { self.marked.image(changes) }
    }

    /// Replaces everything; a history begins.
    pub(crate) fn put(&mut self, image: &Image) -> std::io::Result<()> {
        let open = self.files.values().filter(|content| content.open > 0).count();
        assert!(open == 0, "{open} files of {} are open: close the database first", self.folder.display());
        self.names.clear();
        self.files.keys().copied().collect::<Vec<_>>().into_iter().for_each(|file| self.forget(file));
        let mut durable = BTreeMap::new();
        for (name, bytes) in &image.files {
            let file = self.next;
            self.next += 1;
            self.names.insert(name.clone(), file);
            let mut room = self.room();
            room.extend_from_slice(bytes);
            self.files.insert(file, Content { bytes: room, ..Content::default() });
            durable.insert(file, Arc::clone(bytes));
        }
        for watched in &mut self.watched {
            let path = self.folder.join(&watched.name);
            match image.beside.get(&watched.name) {
                Some(bytes) => fs::write(&path, bytes.as_slice())?,
                None if path.exists() => fs::remove_file(&path)?,
                None => {}
            }
            watched.seen =
                fs::metadata(&path).ok().map(|it| (it.ino(), it.mtime(), it.mtime_nsec(), it.size()));
        }
        self.history = match self.memory {
            Memory::Changes => History::begin(self.names.clone(), durable, image.beside.clone()),
            Memory::Marked => History::default(),
        };
        self.marked = Marked::default();
        self.looks_beside = true;
        Ok(())
    }
}
