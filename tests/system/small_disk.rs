//! A disk of a few MiB under the data folder of a node, and a file that fills it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use lanyard_tests::venue::NodeProcess;

use crate::stage::SOON;

/// Name of the ballast in a data folder.
pub(crate) const BALLAST_FILE: &str = "lanyard.ballast";

const MIB: u32 = 24;
const CHUNK_BYTES: usize = 16 * 1024;

/// The disk; dropped, it is taken away.
pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Moves a node with everything in its folder onto such a disk and starts it again there.
    pub(crate) async fn under(node: &mut NodeProcess, toml: &str) -> anyhow::Result<Self> {
        node.process.terminate(SOON).await?;
        let aside = node.data.with_extension("aside");
        fs::rename(&node.data, &aside)?;
        fs::create_dir(&node.data)?;
        let disk = Self::mount(&node.data)?;
        for entry in fs::read_dir(&aside)? {
            let path = entry?.path();
            // Made on a large disk, it is larger than this one.
            if !path.ends_with(BALLAST_FILE) {
                run(Command::new("cp").arg("-a").arg(path).arg(&node.data))?;
            }
        }
        fs::write(node.data.join("lanyard.toml"), toml)?;
        node.start_again().await?;
        Ok(disk)
    }

    fn mount(at: &Path) -> anyhow::Result<Self> {
        let options = format!("size={MIB}m,mode=700");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at)).context(
            "missing: the right to mount a small disk (tmpfs), which root has; run this test as root",
        )?;
        Ok(Self { at: at.to_owned() })
    }

    /// Fills the disk to the last byte with a file, then takes `left_bytes` of it back.
    pub(crate) fn fill(&self, left_bytes: u64) -> anyhow::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.filler())?;
        let chunk = [1; CHUNK_BYTES];
        let full = loop {
            if let Err(error) = file.write_all(&chunk) {
                break error;
            }
        };
        ensure!(full.kind() == ErrorKind::StorageFull, "the disk is broken: {full}");
        let bytes = file.seek(SeekFrom::End(0))?;
        Ok(file.set_len(bytes.checked_sub(left_bytes).context("the disk was full before")?)?)
    }

    /// Removes the file that fills it.
    pub(crate) fn clear(&self) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.at.join("somebody-elses-file")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A node that still runs keeps its files; nobody else sees the disk from here on.
        if let Err(error) = run(Command::new("umount").arg("--lazy").arg(&self.at)) {
            assert!(std::thread::panicking(), "the disk stays: {error}");
        }
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("{command:?} cannot be run"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

/// Size of a file; none while it is not there.
pub(crate) fn size(path: &Path) -> Option<u64> {
    File::open(path).ok()?.metadata().ok().map(|metadata| metadata.len())
}
