//! Who this node is: its key, the organiser's certificate for it, and the scope it writes to.
//!
//! Kept in two files of the data directory: `identity.toml` for what anybody may read and
//! `node.key` for the secret, readable by its owner alone.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use lanyard_sync::{
    Certificate, CertificateError, Claims, NodeId, PublicKey, Role, ScopeId, SigningKey, hex,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const IDENTITY_FILE: &str = "identity.toml";
const KEY_FILE: &str = "node.key";

/// A node's identity in one scope.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The node.
    pub node: NodeId,
    /// What people call it.
    pub name: String,
    /// The scope it writes to.
    pub scope: ScopeId,
    /// Signs the heads of its logs.
    pub key: SigningKey,
    /// The organiser's word for it.
    pub certificate: Certificate,
    /// The key that signs certificates.
    pub organiser_key: PublicKey,
    seed: Zeroizing<[u8; 32]>,
}

/// Why an identity cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The certificate is not to be believed.
    #[error("the certificate does not hold")]
    Certificate(#[from] CertificateError),
    /// The certificate belongs to another key.
    #[error("the certificate belongs to another key than this node's; join again")]
    OtherKey,
    /// The certificate is for another conference.
    #[error("the certificate does not open this conference; join again with a code of this conference")]
    OtherScope,
}

// Stored: as TOML in `identity.toml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityFile {
    scope: String,
    organiser_key: String,
    certificate: String,
}

impl Identity {
    /// Puts together a key and the certificate that was issued for it.
    pub fn certified(
        seed: [u8; 32],
        certificate: Certificate,
        scope: ScopeId,
        organiser_key: PublicKey,
    ) -> Result<Self, IdentityError> {
        certificate.verify(&organiser_key)?;
        let key = SigningKey::from_seed(&seed);
        if certificate.claims.public_key != key.public_key() {
            return Err(IdentityError::OtherKey);
        }
        if !certificate.opens(&scope) {
            return Err(IdentityError::OtherScope);
        }
        let (node, name) = (certificate.claims.node, certificate.claims.name.clone());
        Ok(Self { node, name, scope, key, certificate, organiser_key, seed: Zeroizing::new(seed) })
    }

    /// Makes a node of a new key and certifies it as the organiser; `seed` is 32 secret random bytes.
    pub fn generate(
        organiser: &SigningKey,
        name: &str,
        roles: BTreeSet<Role>,
        scope: ScopeId,
        not_after_ms: i64,
        seed: [u8; 32],
    ) -> Result<Self, IdentityError> {
        let public_key = SigningKey::from_seed(&seed).public_key();
        let claims = Claims {
            node: NodeId::of(&public_key),
            public_key,
            name: name.to_owned(),
            scopes: [scope].into(),
            roles,
            not_after_ms,
            serial: 1,
            ext: Vec::new(),
        };
        Self::certified(seed, claims.sign(organiser)?, scope, organiser.public_key())
    }

    /// Whether entries of this node have HQ's authority.
    pub fn is_hq(&self) -> bool {
        self.certificate.has_role(Role::Hq)
    }

    /// Tells whether a data directory holds an identity.
    pub fn exists(dir: &Path) -> bool {
        dir.join(IDENTITY_FILE).exists() && dir.join(KEY_FILE).exists()
    }

    /// Reads the identity of a data directory.
    pub fn load(dir: &Path) -> Result<Self, IdentityError> {
        let path = dir.join(IDENTITY_FILE);
        let text =
            fs::read_to_string(&path).map_err(|source| IdentityError::File { path: path.clone(), source })?;
        let damaged = |why: &str| IdentityError::Damaged { path: path.clone(), why: why.to_owned() };
        let file: IdentityFile = toml::from_str(&text).map_err(|error| damaged(error.message()))?;
        let scope = file.scope.parse().map_err(|_| damaged("scope is no scope id"))?;
        let organiser_key = file.organiser_key.parse().map_err(|_| damaged("organiser_key is no key"))?;
        let certificate =
            hex::decode(&file.certificate).ok_or_else(|| damaged("certificate is not hexadecimal"))?;
        let certificate =
            Certificate::decode(&certificate).map_err(|_| damaged("certificate cannot be read"))?;
        Self::certified(load_seed(&dir.join(KEY_FILE))?, certificate, scope, organiser_key)
    }

    /// Writes the identity into a data directory; the key first, readable by its owner alone.
    pub fn save(&self, dir: &Path) -> Result<(), IdentityError> {
        let file = IdentityFile {
            scope: self.scope.to_string(),
            organiser_key: self.organiser_key.to_string(),
            certificate: hex::encode(&self.certificate.encode()),
        };
        let text = toml::to_string(&file).expect("three texts always make TOML");
        let secret = Zeroizing::new(hex::encode(&*self.seed));
        write_synced(&dir.join(KEY_FILE), secret.as_bytes(), 0o600)?;
        write_synced(&dir.join(IDENTITY_FILE), text.as_bytes(), 0o644)
    }
}

fn load_seed(path: &Path) -> Result<[u8; 32], IdentityError> {
    let text =
        fs::read_to_string(path).map_err(|source| IdentityError::File { path: path.to_owned(), source })?;
    let text = Zeroizing::new(text);
    hex::decode_array(text.trim()).ok_or_else(|| IdentityError::Damaged {
        path: path.to_owned(),
        why: "it is not 64 hexadecimal digits".into(),
    })
}

/// Replaces a file as a whole: written beside, synced, renamed.
pub(crate) fn write_synced(path: &Path, bytes: &[u8], mode: u32) -> Result<(), IdentityError> {
    let written = || -> io::Result<()> {
        let beside = path.with_extension("new");
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    written().map_err(|source| IdentityError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: ScopeId = ScopeId([5; 16]);

    fn north() -> Identity {
        let organiser = SigningKey::from_seed(&[200; 32]);
        Identity::generate(&organiser, "north", [Role::Venue].into(), SCOPE, 1_790_000_000_000, [1; 32])
            .unwrap()
    }

    #[test]
    fn an_identity_reads_back_from_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!Identity::exists(dir.path()));
        north().save(dir.path()).unwrap();
        let loaded = Identity::load(dir.path()).unwrap();
        assert_eq!((loaded.node, loaded.name.as_str()), (north().node, "north"));
        assert_eq!(loaded.certificate, north().certificate);
    }

    #[test]
    fn the_key_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        north().save(dir.path()).unwrap();
        let mode = fs::metadata(dir.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_certificate_for_another_conference_is_refused() {
        let north = north();
        let refused = Identity::certified([1; 32], north.certificate, ScopeId([6; 16]), north.organiser_key);
        assert!(matches!(refused, Err(IdentityError::OtherScope)));
    }
}
