//! Machines: the disks of a world's nodes, in memory, for one world after the other.

use std::env;
use std::path::Path;

use lanyard_test_vfs::{Memory, PowerCutDisk};
use tempfile::TempDir;

use crate::node::{NAMES, TWIN};

/// Kept beside the database by the engine.
pub(crate) const INCARNATION_FILE: &str = "lanyard.incarnation";
/// Memory, where there is such a place, for the little that is not SQLite's.
const MEMORY: &str = "/dev/shm";

/// The machines of one thread.
#[derive(Debug)]
pub(crate) struct Machines {
    /// By number of the node.
    pub(crate) disks: Vec<PowerCutDisk>,
    /// To look at what would have been left of one of them.
    pub(crate) lab: PowerCutDisk,
    /// For a copy of one of them.
    pub(crate) spare: PowerCutDisk,
    _folder: TempDir,
}

impl Machines {
    /// Makes them.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let memory = Path::new(MEMORY);
        let below = if memory.is_dir() { memory.to_owned() } else { env::temp_dir() };
        let folder = tempfile::Builder::new().prefix("lanyard-simulation-").tempdir_in(below)?;
        let disk = |name: &&str| PowerCutDisk::in_folder(&folder.path().join(name), &[INCARNATION_FILE]);
        let disks = NAMES.iter().map(disk).collect::<Result<_, _>>()?;
        let lab = disk(&"lab")?;
        lab.remember(Memory::Marked);
        Ok(Self { disks, spare: disk(&TWIN)?, lab, _folder: folder })
    }

    /// Says what the disks of the next world remember.
    pub(crate) fn remember(&self, memory: Memory) {
        self.disks.iter().chain([&self.spare]).for_each(|disk| disk.remember(memory));
    }
}
