//! The folder of a conference: there with everything in it, or not at all.
//!
//! Responsible for making it under another name and giving it its own at the end, for the conference file kept in it,
//! and for taking away what a stop in the middle left behind.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lanyard_node::Identity;

use crate::conference_file::ConferenceFile;

const FILE_NAME: &str = "conference.json";
/// Begins the name of a folder that is not whole yet; no slug begins like that.
const DRAFT_PREFIX: char = '.';

/// The folders of all conferences, without drafts, which are removed.
///
/// # Errors
/// When the folder above cannot be read or a draft cannot be removed.
pub fn all(above: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(above).with_context(|| format!("{} cannot be read", above.display()))? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(DRAFT_PREFIX) {
            folders.push(entry.path());
        } else if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())
                .with_context(|| format!("{} cannot be removed", entry.path().display()))?;
        }
    }
    folders.sort();
    Ok(folders)
}

/// Makes the folder of a conference with HQ's identity in it.
///
/// # Errors
/// When it cannot be written; then nothing is there under its name.
pub fn make(above: &Path, file: &ConferenceFile, identity: &Identity) -> anyhow::Result<PathBuf> {
    let folder = above.join(&file.slug);
    let draft = above.join(format!("{DRAFT_PREFIX}{}", file.slug));
    if draft.exists() {
        fs::remove_dir_all(&draft).with_context(|| format!("{} cannot be removed", draft.display()))?;
    }
    fs::create_dir(&draft).with_context(|| format!("{} cannot be made", draft.display()))?;
    identity.save(&draft)?;
    keep(&draft, file)?;
    fs::rename(&draft, &folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    File::open(above)?.sync_all()?;
    Ok(folder)
}

/// Keeps a conference file in the folder, whole or not at all.
///
/// # Errors
/// When the folder cannot be written.
pub fn keep(folder: &Path, file: &ConferenceFile) -> anyhow::Result<()> {
    let beside = folder.join("conference.json.new");
    fs::write(&beside, serde_json::to_vec_pretty(file)?)?;
    File::open(&beside)?.sync_all()?;
    fs::rename(&beside, folder.join(FILE_NAME))?;
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// The conference file kept in a folder.
///
/// # Errors
/// When there is none or it cannot be read.
pub fn kept(folder: &Path) -> anyhow::Result<ConferenceFile> {
    let text = fs::read(folder.join(FILE_NAME)).with_context(|| {
        format!("{} holds no conference; move it out of the data folder", folder.display())
    })?;
    serde_json::from_slice(&text)
        .with_context(|| format!("the conference file kept in {} is damaged", folder.display()))
}
