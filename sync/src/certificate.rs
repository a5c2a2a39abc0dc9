//! Certificates: the organiser's word for who a node is and what it may write.
//!
//! A certificate travels in the first entry of every log, so a log relayed by a sibling verifies
//! without HQ. What is signed are the canonical bytes of the claims; in JSON they are a plain object.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::cbor::{DecodeError, Reader, Writer};
use crate::hex;
use crate::id::{NodeId, ScopeId};
use crate::key::{PublicKey, Signature, SigningKey};
use crate::limits::{
    CERTIFICATE_SCOPES_MAX, COUNTER_MAX, EXT_MAX_BYTES, NODE_NAME_MAX_BYTES, WALL_TIME_MAX_MS,
};
use crate::tag::Tag;

const CLAIMS: usize = 8;

/// What a node may act as.
// Stored: as its lowercase word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The central store: its entries have authority.
    Hq,
    /// A node at the venue.
    Venue,
}

impl Role {
    const fn word(self) -> &'static str {
        match self {
            Self::Hq => "hq",
            Self::Venue => "venue",
        }
    }
}

/// What a certificate says.
// Stored: as a CBOR array of 8 items, in order of the fields; in JSON as an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The node.
    pub node: NodeId,
    /// Its key, from which the node id is derived.
    pub public_key: PublicKey,
    /// What people call the node.
    pub name: String,
    /// The scopes it may write to and read.
    pub scopes: BTreeSet<ScopeId>,
    /// What it may act as.
    pub roles: BTreeSet<Role>,
    /// Until when HQ takes sessions, in milliseconds since 1970. Entries never expire.
    pub not_after_ms: i64,
    /// Number of the certificate, growing per node.
    pub serial: u64,
    /// What later versions add.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "hex_bytes")]
    pub ext: Vec<u8>,
}

/// Claims with the organiser's signature.
// Stored: as a CBOR array of claims and signature; in JSON as the claims with `signature`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// What it says.
    #[serde(flatten)]
    pub claims: Claims,
    /// The organiser's signature over the tag and the canonical claims.
    pub signature: Signature,
}

/// Why a certificate is not to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A field is outside its limits.
    #[error("{field} of the certificate is outside its limits")]
    OutsideLimits {
        /// Name of the field.
        field: &'static str,
    },
    /// The node id does not belong to the key.
    #[error("the certificate names a node that its key does not belong to")]
    WrongNode,
    /// The signature is not the organiser's.
    #[error("the certificate is not signed by this organiser")]
    BadSignature,
}

impl Claims {
    /// Tells whether the fields are within their limits and the node belongs to the key.
    pub fn check(&self) -> Result<(), CertificateError> {
        let outside = |field| Err(CertificateError::OutsideLimits { field });
        if self.name.is_empty() || self.name.len() > NODE_NAME_MAX_BYTES {
            return outside("name");
        }
        if self.scopes.len() > CERTIFICATE_SCOPES_MAX {
            return outside("scopes");
        }
        if self.not_after_ms.unsigned_abs() > WALL_TIME_MAX_MS.unsigned_abs() {
            return outside("not_after_ms");
        }
        if self.serial > COUNTER_MAX {
            return outside("serial");
        }
        if self.ext.len() > EXT_MAX_BYTES {
            return outside("ext");
        }
        if self.node != NodeId::of(&self.public_key) {
            return Err(CertificateError::WrongNode);
        }
        Ok(())
    }

    /// Signs the claims as the organiser.
    pub fn sign(self, organiser: &SigningKey) -> Result<Certificate, CertificateError> {
        self.check()?;
        let signature = organiser.sign(&self.signature_input());
        Ok(Certificate { claims: self, signature })
    }

    /// Returns the bytes that are signed: the tag and the canonical claims.
    pub fn signature_input(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(256);
        self.write(&mut writer);
        let mut input = Tag::Certificate.message();
        input.extend_from_slice(&writer.into_bytes());
        input
    }

    fn write(&self, writer: &mut Writer) {
        writer.array(CLAIMS);
        writer.bytes(self.node.as_bytes());
        writer.bytes(self.public_key.as_bytes());
        writer.text(&self.name);
        writer.array(self.scopes.len());
        for scope in &self.scopes {
            writer.bytes(scope.as_bytes());
        }
        writer.array(self.roles.len());
        for role in &self.roles {
            writer.text(role.word());
        }
        writer.int(self.not_after_ms);
        writer.uint(self.serial);
        writer.bytes(&self.ext);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array_of(CLAIMS)?;
        let claims = Self {
            node: NodeId(reader.fixed()?),
            public_key: PublicKey(reader.fixed()?),
            name: reader.text(NODE_NAME_MAX_BYTES)?.to_owned(),
            scopes: read_set(reader, CERTIFICATE_SCOPES_MAX, |r| r.fixed().map(ScopeId))?,
            roles: read_set(reader, 2, read_role)?,
            not_after_ms: reader.int()?,
            serial: reader.uint(COUNTER_MAX)?,
            ext: reader.bytes(EXT_MAX_BYTES)?.to_vec(),
        };
        claims.check().map_err(|_| reader.invalid("certificate"))?;
        Ok(claims)
    }
}

impl Certificate {
    /// Tells whether the organiser says so.
    pub fn verify(&self, organiser: &PublicKey) -> Result<(), CertificateError> {
        self.claims.check()?;
        if organiser.verify(&self.claims.signature_input(), &self.signature) {
            Ok(())
        } else {
            Err(CertificateError::BadSignature)
        }
    }

    /// Tells whether HQ takes no more sessions under this certificate.
    pub const fn is_expired(&self, now_ms: i64) -> bool {
        now_ms > self.claims.not_after_ms
    }

    /// Tells whether the node may write to and read this scope.
    pub fn opens(&self, scope: &ScopeId) -> bool {
        self.claims.scopes.contains(scope)
    }

    /// Tells whether the node may act as this.
    pub fn has_role(&self, role: Role) -> bool {
        self.claims.roles.contains(&role)
    }

    /// Returns the canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(320);
        self.write(&mut writer);
        writer.into_bytes()
    }

    /// Reads canonical bytes. Whether the organiser says so, [`Self::verify`] tells.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let certificate = Self::read(&mut reader)?;
        reader.end()?;
        Ok(certificate)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.array(2);
        self.claims.write(writer);
        writer.bytes(self.signature.as_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array_of(2)?;
        Ok(Self { claims: Claims::read(reader)?, signature: Signature(reader.fixed()?) })
    }
}

fn read_role(reader: &mut Reader<'_>) -> Result<Role, DecodeError> {
    match reader.text(8)? {
        "hq" => Ok(Role::Hq),
        "venue" => Ok(Role::Venue),
        _ => Err(reader.invalid("role")),
    }
}

/// Reads items in strictly ascending order.
fn read_set<T: Ord>(
    reader: &mut Reader<'_>,
    max: usize,
    read: impl Fn(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<BTreeSet<T>, DecodeError> {
    let count = reader.array(max)?;
    let mut items = BTreeSet::new();
    for _ in 0..count {
        let item = read(reader)?;
        if items.last().is_some_and(|last| *last >= item) {
            return Err(reader.invalid("order of a set"));
        }
        items.insert(item);
    }
    Ok(items)
}

mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::hex;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&hex::Hex(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(&text).ok_or_else(|| de::Error::custom("not hexadecimal"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn organiser() -> SigningKey {
        SigningKey::from_seed(&[200; 32])
    }

    pub(crate) fn claims(node: u8, scope: ScopeId) -> Claims {
        let public_key = SigningKey::from_seed(&[node; 32]).public_key();
        Claims {
            node: NodeId::of(&public_key),
            public_key,
            name: format!("node {node}"),
            scopes: [scope].into(),
            roles: [Role::Venue].into(),
            not_after_ms: 1_790_000_000_000,
            serial: 1,
            ext: Vec::new(),
        }
    }

    fn sample() -> Certificate {
        claims(1, ScopeId([5; 16])).sign(&organiser()).unwrap()
    }

    #[test]
    fn only_the_organisers_signature_counts() {
        let certificate = sample();
        assert_eq!(certificate.verify(&organiser().public_key()), Ok(()));
        let other = SigningKey::from_seed(&[201; 32]).public_key();
        assert_eq!(certificate.verify(&other), Err(CertificateError::BadSignature));
    }

    #[test]
    fn any_changed_claim_breaks_the_signature() {
        let mut longer = sample();
        longer.claims.not_after_ms += 1;
        assert_eq!(longer.verify(&organiser().public_key()), Err(CertificateError::BadSignature));
        let mut other = sample();
        other.claims.node = NodeId([0; 16]);
        assert_eq!(other.verify(&organiser().public_key()), Err(CertificateError::WrongNode));
    }

    #[test]
    fn a_certificate_reads_back_from_bytes_and_from_json() {
        let certificate = sample();
        assert_eq!(Certificate::decode(&certificate.encode()), Ok(certificate.clone()));
        let json = serde_json::to_string(&certificate).unwrap();
        assert_eq!(serde_json::from_str::<Certificate>(&json).unwrap(), certificate);
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_canonical(at: prop::sample::Index, byte: u8, noise: Vec<u8>) {
            let mut damaged = sample().encode();
            let at = at.index(damaged.len());
            damaged[at] = byte;
            for bytes in [damaged, noise] {
                if let Ok(certificate) = Certificate::decode(&bytes) {
                    prop_assert_eq!(certificate.encode(), bytes);
                }
            }
        }
    }
}
