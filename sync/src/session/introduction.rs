//! Introducing oneself: a node says, under its certified key, whose TLS certificates are its own.
//!
//! Whoever finds a node on a network asks it for this over a line that nothing is known of yet, and believes nothing
//! else that comes over it. Somebody in between may pass an introduction on; it leads past them, for the certificate
//! authority in it is the node's.

use crate::cbor::{DecodeError, Reader, Writer};
use crate::certificate::Certificate;
use crate::id::ScopeId;
use crate::key::{PublicKey, Signature, SigningKey};
use crate::limits::AUTHORITY_MAX_BYTES;
use crate::session::handshake::HandshakeError;
use crate::tag::{Tag, finish};

/// What a node says of itself to whoever finds it.
// Stored: on the wire, as [certificate, authority, signature].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// Who it is.
    pub certificate: Certificate,
    /// The certificate of the authority that signs its TLS certificates, in DER.
    pub authority: Vec<u8>,
    /// Over tag and authority, by the key in the certificate.
    pub signature: Signature,
}

impl Introduction {
    /// Introduces the holder of a certificate and its key.
    pub fn sign(certificate: Certificate, authority: Vec<u8>, key: &SigningKey) -> Self {
        let signature = key.sign(&signature_input(&authority));
        Self { certificate, authority, signature }
    }

    /// Tells whether it is of a node of this scope. Expiry counts for nothing between nodes of a venue.
    pub fn verify(&self, scope: &ScopeId, organiser: &PublicKey) -> Result<(), HandshakeError> {
        self.certificate.verify(organiser).map_err(HandshakeError::Certificate)?;
        if !self.certificate.opens(scope) {
            return Err(HandshakeError::DeniedScope);
        }
        let key = &self.certificate.claims.public_key;
        if key.verify(&signature_input(&self.authority), &self.signature) {
            Ok(())
        } else {
            Err(HandshakeError::BadSignature)
        }
    }

    /// Returns the bytes that travel.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(1024);
        writer.array(3);
        self.certificate.write(&mut writer);
        writer.bytes(&self.authority);
        writer.bytes(self.signature.as_bytes());
        writer.into_bytes()
    }

    /// Reads bytes that travelled.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.array_of(3)?;
        let introduction = Self {
            certificate: Certificate::read(&mut reader)?,
            authority: reader.bytes(AUTHORITY_MAX_BYTES)?.to_vec(),
            signature: Signature(reader.fixed()?),
        };
        reader.end()?;
        Ok(introduction)
    }
}

/// What nodes of a scope are recognised by in announcements, by whoever knows the scope.
pub fn announced_scope(scope: &ScopeId) -> [u8; 8] {
    let mut hasher = Tag::AnnouncedScope.hasher();
    hasher.update(scope.as_bytes());
    finish(&hasher).prefix()
}

/// Returns the bytes that are signed: tag, authority.
fn signature_input(authority: &[u8]) -> Vec<u8> {
    let mut input = Tag::Introduction.message();
    input.extend_from_slice(authority);
    input
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::tests::{claims, organiser};

    const SCOPE: ScopeId = ScopeId([5; 16]);

    fn introduction(key: u8) -> Introduction {
        let certificate = claims(1, SCOPE).sign(&organiser()).unwrap();
        Introduction::sign(certificate, vec![7; 300], &SigningKey::from_seed(&[key; 32]))
    }

    #[test]
    fn a_node_of_the_scope_introduces_itself() {
        let organiser = organiser().public_key();
        assert_eq!(introduction(1).verify(&SCOPE, &organiser), Ok(()));
        let elsewhere = introduction(1).verify(&ScopeId([6; 16]), &organiser);
        assert_eq!(elsewhere, Err(HandshakeError::DeniedScope));
    }

    #[test]
    fn nobody_introduces_themselves_as_another_or_another_authority_as_their_own() {
        let organiser = organiser().public_key();
        let borrowed = introduction(2).verify(&SCOPE, &organiser);
        assert_eq!(borrowed, Err(HandshakeError::BadSignature));
        let replaced = Introduction { authority: vec![8; 300], ..introduction(1) };
        assert_eq!(replaced.verify(&SCOPE, &organiser), Err(HandshakeError::BadSignature));
        let stranger = introduction(1).verify(&SCOPE, &SigningKey::from_seed(&[9; 32]).public_key());
        assert!(matches!(stranger, Err(HandshakeError::Certificate(_))), "{stranger:?}");
    }

    #[test]
    fn it_reads_back_within_its_limit() {
        assert_eq!(Introduction::decode(&introduction(1).encode()), Ok(introduction(1)));
        let long = Introduction { authority: vec![7; AUTHORITY_MAX_BYTES + 1], ..introduction(1) };
        assert!(Introduction::decode(&long.encode()).is_err());
    }
}
