//! History: what was done to the files of a disk, in order, and what a cut at some moment leaves of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::chance::Chance;
use crate::image::Image;

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;
/// Of what was not synced, so much of each hundred is there, of writes that survive in part.
const SECTOR_PERCENT: u64 = 60;

/// A file, whatever it is called.
pub(crate) type FileId = u64;

/// One thing that was done.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// A file got a name.
    Linked { name: String, file: FileId },
    /// A name was taken away.
    Unlinked { name: String },
    /// All names are on the disk.
    FolderSynced,
    /// Bytes were written.
    Written { file: FileId, at: usize, bytes: Vec<u8> },
    /// A file was cut to size.
    Truncated { file: FileId, to: usize },
    /// All that was written to a file is on the disk.
    Synced { file: FileId },
    /// A sync failed: nothing after it brings what was written before to the disk.
    SyncFailed { file: FileId },
    /// A watched file beside those of SQLite was replaced, and synced by whoever did that.
    Beside { name: String, bytes: Option<Arc<Vec<u8>>> },
}

/// Where a history begins, and what followed.
#[derive(Debug, Default)]
pub(crate) struct History {
    names: BTreeMap<String, FileId>,
    files: BTreeMap<FileId, Arc<Vec<u8>>>,
    beside: BTreeMap<String, Arc<Vec<u8>>>,
    changes: Vec<Change>,
}

/// A file while its history is followed.
#[derive(Debug, Default)]
struct Followed<'a> {
    bytes: Vec<u8>,
    /// What was written and not synced.
    pending: Vec<&'a Change>,
}

impl History {
    /// Begins anew with all of this on the disk.
    pub(crate) fn begin(
        names: BTreeMap<String, FileId>,
        files: BTreeMap<FileId, Arc<Vec<u8>>>,
        beside: BTreeMap<String, Arc<Vec<u8>>>,
    ) -> Self {
        Self { names, files, beside, changes: Vec::new() }
    }

    pub(crate) fn push(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub(crate) const fn len(&self) -> usize {
        self.changes.len()
    }

    /// What is there when the process dies after so many changes and the system goes on: all of them.
    pub(crate) fn after_death(&self, changes: usize) -> Image {
        self.follow(changes, None)
    }

    /// What is there when the power fails after so many changes.
    pub(crate) fn after_power_cut(&self, changes: usize, chance: &mut Chance) -> Image {
        self.follow(changes, Some(chance))
    }

    fn follow(&self, changes: usize, mut chance: Option<&mut Chance>) -> Image {
        let mut names = self.names.clone();
        let mut unsynced_names: Vec<&Change> = Vec::new();
        let mut beside = self.beside.clone();
        let mut files: BTreeMap<FileId, Followed<'_>> = BTreeMap::new();
        let followed = |file: &FileId| Followed {
            bytes: self.files.get(file).map(|bytes| bytes.to_vec()).unwrap_or_default(),
            pending: Vec::new(),
        };
        for change in &self.changes[..changes.min(self.changes.len())] {
            match change {
                Change::Linked { .. } | Change::Unlinked { .. } => unsynced_names.push(change),
                Change::FolderSynced => {
                    unsynced_names.drain(..).for_each(|change| rename(&mut names, change));
                }
                Change::Written { file, .. } | Change::Truncated { file, .. } => {
                    files.entry(*file).or_insert_with(|| followed(file)).pending.push(change);
                }
                Change::Synced { file } => {
                    files.entry(*file).or_insert_with(|| followed(file)).keep_all();
                }
                Change::SyncFailed { file } => {
                    if let Some(chance) = chance.as_deref_mut() {
                        files.entry(*file).or_insert_with(|| followed(file)).keep_some(chance);
                    }
                }
                Change::Beside { name, bytes: Some(bytes) } => {
                    beside.insert(name.clone(), Arc::clone(bytes));
                }
                Change::Beside { name, bytes: None } => {
                    beside.remove(name);
                }
            }
        }
        for change in unsynced_names {
            if chance.as_deref_mut().is_none_or(|chance| chance.percent(50)) {
                rename(&mut names, change);
            }
        }
        for file in files.values_mut() {
            match chance.as_deref_mut() {
                Some(chance) => file.keep_some(chance),
                None => file.keep_all(),
            }
        }
        let mut bytes_of = |file: FileId| match files.get_mut(&file) {
            Some(followed) => Arc::new(std::mem::take(&mut followed.bytes)),
            None => self.files.get(&file).cloned().unwrap_or_default(),
        };
        let files = names.into_iter().map(|(name, file)| (name, bytes_of(file))).collect();
        Image { files, beside }
    }
}

fn rename(names: &mut BTreeMap<String, FileId>, change: &Change) {
    match change {
        Change::Linked { name, file } => {
            names.insert(name.clone(), *file);
        }
        Change::Unlinked { name } => {
            names.remove(name);
        }
        _ => {}
    }
}

impl Followed<'_> {
    fn keep_all(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Written { at, bytes, .. } => write(&mut self.bytes, *at, bytes),
                Change::Truncated { to, .. } => self.bytes.resize(*to, 0),
                _ => {}
            }
        }
    }

    /// Keeps each write whole, in part or not at all. Some cuts spare nearly everything, others nearly nothing.
    fn keep_some(&mut self, chance: &mut Chance) {
        let whole_percent = chance.below(101);
        let grows_alone = chance.percent(20);
        let mut size = self.bytes.len();
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Written { at, bytes, .. } => {
                    size = size.max(at + bytes.len());
                    if chance.percent(whole_percent) {
                        write(&mut self.bytes, *at, bytes);
                    } else if chance.percent(50) {
                        write_torn(&mut self.bytes, *at, bytes, chance);
                    }
                }
                Change::Truncated { to, .. } if chance.percent(50) => {
                    size = *to;
                    self.bytes.resize(*to, 0);
                }
                _ => {}
            }
        }
        if grows_alone && self.bytes.len() < size {
            self.bytes.resize(size, 0);
        }
    }
}

/// Writes to a file, which grows where it has to.
pub(crate) fn write(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if file.len() < at {
        file.resize(at, 0);
    }
    let (over, beyond) = bytes.split_at(bytes.len().min(file.len() - at));
    file[at..at + over.len()].copy_from_slice(over);
    file.extend_from_slice(beyond);
}

/// Writes some of the sectors that are touched.
fn write_torn(file: &mut Vec<u8>, at: usize, bytes: &[u8], chance: &mut Chance) {
    let mut done = 0;
    while done < bytes.len() {
        let in_sector = SECTOR_BYTES - (at + done) % SECTOR_BYTES;
        let next = (done + in_sector).min(bytes.len());
        if chance.percent(SECTOR_PERCENT) {
            write(file, at + done, &bytes[done..next]);
        }
        done = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = 7;

    fn history(changes: Vec<Change>) -> History {
        History { changes, ..History::default() }
    }

    fn linked(name: &str) -> Change {
        Change::Linked { name: name.to_owned(), file: FILE }
    }

    fn written(at: usize, byte: u8, count: usize) -> Change {
        Change::Written { file: FILE, at, bytes: vec![byte; count] }
    }

    /// What is there after many cuts at the end.
    fn cuts(history: &History) -> Vec<Option<Vec<u8>>> {
        let cut = |seed| history.after_power_cut(history.len(), &mut Chance::new(seed));
        (0..400).map(|seed| cut(seed).file("a").map(<[u8]>::to_vec)).collect()
    }

    #[test]
    fn what_was_synced_is_there_after_every_cut() {
        let synced = [linked("a"), written(0, 1, 2000), Change::FolderSynced, Change::Synced { file: FILE }];
        let mut changes = synced.to_vec();
        changes.push(written(4096, 2, 100));
        for left in cuts(&history(changes)) {
            assert_eq!(&left.unwrap()[..2000], &[1; 2000]);
        }
    }

    #[test]
    fn what_was_not_synced_is_there_lost_torn_and_overtaken() {
        let folder = vec![linked("a"), Change::FolderSynced];
        let left = cuts(&history([folder, vec![written(0, 1, 1024), written(1024, 2, 512)]].concat()));
        let is = |wanted: &dyn Fn(&[u8]) -> bool| left.iter().flatten().any(|bytes| wanted(bytes));
        assert!(is(&|bytes| bytes.is_empty()), "lost");
        assert!(is(&|bytes| bytes.len() == 1536 && bytes[0] == 1 && bytes[1535] == 2), "there");
        assert!(is(&|bytes| bytes.first() == Some(&0) && bytes.get(512) == Some(&1)), "torn");
        assert!(is(&|bytes| bytes.first() == Some(&0) && bytes.get(1024) == Some(&2)), "overtaken");
        assert!(is(&|bytes| bytes.len() == 1536 && bytes[1535] == 0), "grown alone");
    }

    #[test]
    fn names_are_there_for_sure_once_the_folder_is_synced() {
        let unsynced = cuts(&history(vec![linked("a")]));
        assert!(unsynced.iter().any(Option::is_none) && unsynced.iter().any(Option::is_some));
        let synced = vec![linked("a"), Change::FolderSynced];
        assert!(cuts(&history(synced.clone())).iter().all(Option::is_some));
        let removed = [synced, vec![Change::Unlinked { name: "a".to_owned() }]].concat();
        let removed = cuts(&history(removed));
        assert!(removed.iter().any(Option::is_none) && removed.iter().any(Option::is_some));
    }

    #[test]
    fn a_sync_after_one_that_failed_brings_nothing_back() {
        let failed = vec![
            linked("a"),
            Change::FolderSynced,
            written(0, 1, 512),
            Change::SyncFailed { file: FILE },
            Change::Synced { file: FILE },
        ];
        let left = cuts(&history(failed.clone()));
        assert!(
            left.iter().flatten().any(Vec::is_empty) && left.iter().flatten().any(|bytes| bytes.len() == 512)
        );
        let alive = history(failed).after_death(5);
        assert_eq!(alive.file("a").unwrap(), [1; 512], "the process and its system still see it");
    }

    #[test]
    fn the_same_seed_is_the_same_cut() {
        let changes = vec![linked("a"), written(0, 1, 4096), written(2048, 2, 4096)];
        assert_eq!(cuts(&history(changes.clone())), cuts(&history(changes)));
    }
}
