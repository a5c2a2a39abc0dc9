//! HQ in memory: the organiser's key, the registry, and the conferences it serves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::Context as _;
use lanyard_node::{Identity, Reader, Writer};
use lanyard_sync::{Role as NodeRole, ScopeId, SigningKey};

use crate::conference_file::ConferenceFile;
use crate::registry::Registry;

/// Days that certificates outlive the conference.
const CERTIFICATE_EXTRA_DAYS: i64 = 60;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const FILE_NAME: &str = "conference.json";

/// The central store, running.
#[derive(Debug)]
pub struct Hq {
    data: PathBuf,
    organiser: SigningKey,
    token: String,
    registry: Mutex<Registry>,
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
    file: RwLock<ConferenceFile>,
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
            conferences: RwLock::default(),
        };
        let folder = data.join("conferences");
        std::fs::create_dir_all(&folder)?;
        for entry in std::fs::read_dir(&folder)? {
            let running = Running::open(&entry?.path())?;
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
    pub fn with_registry<T, E>(&self, look: impl FnOnce(&mut Registry) -> Result<T, E>) -> Result<T, E> {
        look(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the folder, identity and database of a new conference and opens it.
    ///
    /// # Errors
    /// When the folder cannot be written or the database does not open.
    pub fn begin(&self, file: &ConferenceFile) -> anyhow::Result<Arc<Running>> {
        let folder = self.data.join("conferences").join(&file.slug);
        std::fs::create_dir_all(&folder)?;
        if !Identity::exists(&folder) {
            let scope = scope_of(&self.organiser, &file.slug);
            let mut seed = [0_u8; 32];
            lanyard_node::clock::system_entropy(&mut seed);
            let not_after_ms = not_after_ms(file);
            let roles = [NodeRole::Hq].into();
            Identity::generate(&self.organiser, "hq", roles, scope, not_after_ms, seed)?.save(&folder)?;
        }
        Running::keep_file(&folder, file)?;
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
        let text = std::fs::read(folder.join(FILE_NAME))
            .with_context(|| format!("{} holds no conference", folder.display()))?;
        let file = serde_json::from_slice(&text).context("the kept conference file is damaged")?;
        let identity = Identity::load(folder)?;
        let (writer, reader) = lanyard_node::open(folder, identity.clone())?;
        Ok(Self { identity, writer, reader, file: RwLock::new(file), folder: folder.to_owned() })
    }

    /// Where the database is.
    pub fn database(&self) -> PathBuf {
        self.folder.join(lanyard_node::start::DATABASE_FILE)
    }

    /// The conference file as last given.
    pub fn file(&self) -> ConferenceFile {
        self.file.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a newer conference file.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn replace_file(&self, file: ConferenceFile) -> anyhow::Result<()> {
        Self::keep_file(&self.folder, &file)?;
        *self.file.write().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(())
    }

    fn keep_file(folder: &Path, file: &ConferenceFile) -> anyhow::Result<()> {
        let beside = folder.join("conference.json.new");
        std::fs::write(&beside, serde_json::to_vec_pretty(file)?)?;
        std::fs::File::open(&beside)?.sync_all()?;
        std::fs::rename(&beside, folder.join(FILE_NAME))?;
        std::fs::File::open(folder)?.sync_all()?;
        Ok(())
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
