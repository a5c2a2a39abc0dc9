//! Images: what is on a disk at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The files of a disk; cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Files of SQLite, by name.
    pub(crate) files: BTreeMap<String, Arc<Vec<u8>>>,
    /// Other files that are watched, by name.
    pub(crate) beside: BTreeMap<String, Arc<Vec<u8>>>,
}

impl Image {
    /// The bytes of a file; none while there is none of that name.
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).or_else(|| self.beside.get(name)).map(|bytes| bytes.as_slice())
    }

    /// The names of SQLite's files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Puts a file of SQLite there, in place of one of that name.
    pub fn set_file(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.insert(name.to_owned(), Arc::new(bytes));
    }

    /// Takes a file away.
    pub fn remove(&mut self, name: &str) {
        self.files.remove(name);
        self.beside.remove(name);
    }

    /// Turns one bit of a file of SQLite over; tells whether the file reaches that far.
    pub fn flip_bit(&mut self, name: &str, bit: u64) -> bool {
        let at = usize::try_from(bit / 8).unwrap_or(usize::MAX);
        let byte = self.files.get_mut(name).and_then(|bytes| Arc::make_mut(bytes).get_mut(at));
        byte.map(|byte| *byte ^= 1 << (bit % 8)).is_some()
    }
}
