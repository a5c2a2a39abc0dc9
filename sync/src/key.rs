//! Ed25519 keys and signatures, as plain values that are read and written in one way.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::Signer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::hex::{self, Hex};
use crate::id::{InvalidId, byte_id};

byte_id!(
    /// The public half of a node's or organiser's key.
    PublicKey, 32, "public key"
);
byte_id!(
    /// An Ed25519 signature.
    Signature, 64, "signature"
);

impl PublicKey {
    /// Tells whether `signature` is this key's over `message`. Strict: no weak keys, one signature
    /// per message and nonce, so every implementation gives the same verdict.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        ed25519_dalek::VerifyingKey::from_bytes(&self.0).is_ok_and(|key| {
            key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&signature.0)).is_ok()
        })
    }
}

/// The secret half of a key. It is wiped from memory when dropped and never shown.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Makes the key from 32 secret random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Returns the public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message that starts with the tag of its purpose.
    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public_key())
    }
}
