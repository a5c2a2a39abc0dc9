//! HQ in memory: the organiser's key, the registry, and the conferences it serves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::Context as _;
use lanyard_domain::SeatTypeId;
use lanyard_node::{Identity, Reader, Writer};
use lanyard_sync::{Role as NodeRole, ScopeId, SigningKey};
use tokio::sync::watch;

use crate::allotments::{RefusedAllotment, Settled, promised};
use crate::conference_file::ConferenceFile;
use crate::conference_folder;
use crate::registry::Registry;

/// Days that certificates outlive the conference.
const CERTIFICATE_EXTRA_DAYS: i64 = 60;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The central store, running.
#[derive(Debug)]
pub struct Hq {
    data: PathBuf,
    organiser: SigningKey,
    token: String,
    registry: Mutex<Registry>,
    /// Held by whoever begins or changes a conference, or lets a node join.
    changing: tokio::sync::Mutex<()>,
    conferences: RwLock<BTreeMap<String, Arc<Running>>>,
}

/// One conference, open.
#[derive(Debug)]
pub struct Running {
    /// HQ's identity in this conference.
    pub identity: Identity,
    /// The one way to change anything.
    pub writer: Writer,
    /// The way to look.
    pub reader: Reader,
    file: watch::Sender<ConferenceFile>,
    refused_allotments: Mutex<Vec<RefusedAllotment>>,
    promised: watch::Sender<BTreeMap<SeatTypeId, u32>>,
    folder: PathBuf,
}

impl Hq {
    /// Opens a data folder and every conference in it; makes keys and token on the first start.
    ///
    /// # Errors
    /// When the folder cannot be used or a database does not open.
    pub fn open(data: &Path) -> anyhow::Result<Arc<Self>> {
        std::fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
        let hq = Self {
            data: data.to_owned(),
            organiser: crate::organiser::read_or_make(data)?,
            token: crate::token::read_or_make(data)?,
            registry: Mutex::new(Registry::open(data)?),
            changing: tokio::sync::Mutex::default(),
            conferences: RwLock::default(),
        };
        let folder = data.join("conferences");
        std::fs::create_dir_all(&folder)?;
        for conference in conference_folder::all(&folder)? {
            let running = Running::open(&conference)?;
            hq.adopt(running);
        }
        Ok(Arc::new(hq))
    }

    /// The organiser's key.
    pub fn organiser(&self) -> &SigningKey {
        &self.organiser
    }

    /// The administrator's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A conference by slug.
    pub fn conference(&self, slug: &str) -> Option<Arc<Running>> {
        self.conferences.read().unwrap_or_else(PoisonError::into_inner).get(slug).cloned()
    }

    /// A conference by scope.
    pub fn scope(&self, scope: ScopeId) -> Option<Arc<Running>> {
        let conferences = self.conferences.read().unwrap_or_else(PoisonError::into_inner);
        conferences.values().find(|running| running.identity.scope == scope).cloned()
    }

    /// Every conference, by slug.
    pub fn conferences(&self) -> Vec<Arc<Running>> {
        self.conferences.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Looks something up in the registry, which is small and answers at once.
    ///
    /// # Errors
    /// When the registry's database fails.
    pub fn with_registry<T, E>(&self, look: impl FnOnce(&Registry) -> Result<T, E>) -> Result<T, E> {
        look(&self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until nobody else changes what HQ is made of, and keeps others from it until the guard is dropped.
    ///
    /// Without it, two requests could begin one conference with two engines, or two nodes join with one code.
    pub async fn alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// Makes the folder, identity and database of a new conference and opens it; the caller is [`Hq::alone`].
    ///
    /// # Errors
    /// When the folder cannot be written or the database does not open.
    pub fn begin(&self, file: &ConferenceFile) -> anyhow::Result<Arc<Running>> {
        let above = self.data.join("conferences");
        let mut folder = above.join(&file.slug);
        if !folder.exists() {
            let scope = scope_of(&self.organiser, &file.slug);
            let mut seed = [0_u8; 32];
            lanyard_node::clock::system_entropy(&mut seed);
            let (not_after_ms, roles) = (not_after_ms(file), [NodeRole::Hq].into());
            let identity = Identity::generate(&self.organiser, "hq", roles, scope, not_after_ms, seed)?;
            folder = conference_folder::make(&above, file, &identity)?;
        }
        Ok(self.adopt(Running::open(&folder)?))
    }

    fn adopt(&self, running: Running) -> Arc<Running> {
        let slug = running.file().slug;
        let running = Arc::new(running);
        self.conferences.write().unwrap_or_else(PoisonError::into_inner).insert(slug, running.clone());
        running
    }
}

impl Running {
    fn open(folder: &Path) -> anyhow::Result<Self> {
        let file = watch::Sender::new(conference_folder::kept(folder)?);
        let identity = Identity::load(folder)?;
        let (writer, reader) = lanyard_node::open(folder, identity.clone())?;
        let refused_allotments = Mutex::default();
        let promised = watch::Sender::new(promised(&file.borrow(), &Settled::default()));
        let folder = folder.to_owned();
        Ok(Self { identity, writer, reader, file, refused_allotments, promised, folder })
    }

    /// The conference's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the database is.
    pub fn database(&self) -> PathBuf {
        self.folder.join(lanyard_node::start::DATABASE_FILE)
    }

    /// The conference file as last given.
    pub fn file(&self) -> ConferenceFile {
        self.file.borrow().clone()
    }

    /// Follows the conference file.
    pub fn watch_file(&self) -> watch::Receiver<ConferenceFile> {
        self.file.subscribe()
    }

    /// Keeps a newer conference file.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn replace_file(&self, file: ConferenceFile) -> anyhow::Result<()> {
        conference_folder::keep(&self.folder, &file)?;
        self.file.send_replace(file);
        Ok(())
    }

    /// Allotments that were refused since HQ started.
    pub fn refused_allotments(&self) -> Vec<RefusedAllotment> {
        self.refused_allotments.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Seats of the conference file that are promised to nodes and not given yet.
    pub fn promised(&self) -> watch::Receiver<BTreeMap<SeatTypeId, u32>> {
        self.promised.subscribe()
    }

    pub(crate) fn promise(&self, promised: BTreeMap<SeatTypeId, u32>) {
        self.promised.send_replace(promised);
    }

    /// Remembers a refused allotment for whoever looks at HQ.
    pub(crate) fn note_refused(&self, refused: RefusedAllotment) {
        self.refused_allotments.lock().unwrap_or_else(PoisonError::into_inner).push(refused);
    }
}

/// Until when HQ takes sessions of a conference's nodes, Unix milliseconds.
pub fn not_after_ms(file: &ConferenceFile) -> i64 {
    file.ends_ms.saturating_add(CERTIFICATE_EXTRA_DAYS * DAY_MS)
}

/// The scope of a conference: the organiser and the slug name it.
fn scope_of(organiser: &SigningKey, slug: &str) -> ScopeId {
    let mut hasher = blake3::Hasher::new_derive_key("lanyard/scope/1");
    hasher.update(organiser.public_key().as_bytes()).update(slug.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    ScopeId(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_hq::{TestHq, file};

    #[tokio::test]
    async fn a_conference_that_was_half_made_does_not_keep_hq_from_starting() {
        let test = TestHq::with_conference();
        let above = test.folder.path().join("conferences");
        std::fs::create_dir(above.join(".meetup")).unwrap();
        std::fs::copy(above.join("summit/identity.toml"), above.join(".meetup/identity.toml")).unwrap();
        let test = test.again();
        assert_eq!(test.hq.conferences().len(), 1);
        assert!(!above.join(".meetup").exists(), "what was left behind is taken away");
        let meetup = ConferenceFile { slug: "meetup".to_owned(), ..file() };
        std::fs::create_dir(above.join(".meetup")).unwrap();
        test.hq.begin(&meetup).unwrap();
        assert_eq!(test.again().hq.conference("meetup").unwrap().file(), meetup);
    }
}
