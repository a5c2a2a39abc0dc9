//! Showing who one is: a challenge is answered with a signature by the certified key.
//!
//! What the transport hands out afterwards, such as a token, is its own concern.

use crate::cbor::{DecodeError, Reader, Writer};
use crate::certificate::{Certificate, CertificateError};
use crate::id::{NodeId, ScopeId};
use crate::key::{PublicKey, Signature, SigningKey};
use crate::tag::Tag;

/// What a server asks of a node that wants a session.
// Stored: on the wire, as [server, nonce].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The node that asks; an answer to one server is worth nothing to another.
    pub server: NodeId,
    /// Random bytes, used once and for a short time.
    pub nonce: [u8; 32],
}

/// The answer to a challenge.
// Stored: on the wire, as [scope, certificate, signature].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeAnswer {
    /// The scope the session is wanted for.
    pub scope: ScopeId,
    /// Who answers.
    pub certificate: Certificate,
    /// Over tag, scope, server and nonce, by the key in the certificate.
    pub signature: Signature,
}

/// Why an answer does not open a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The certificate is not to be believed.
    #[error("the certificate is not valid")]
    Certificate(#[source] CertificateError),
    /// The certificate does not open the scope.
    #[error("the certificate does not open this scope")]
    DeniedScope,
    /// The answer is not signed by the key in the certificate.
    #[error("the answer is not signed by the node's key")]
    BadSignature,
}

impl Challenge {
    /// Answers for a scope as the holder of a certificate and its key.
    pub fn answer(&self, scope: ScopeId, certificate: Certificate, key: &SigningKey) -> ChallengeAnswer {
        let signature = key.sign(&self.signature_input(scope));
        ChallengeAnswer { scope, certificate, signature }
    }

    /// Returns the bytes that are signed: tag, scope, server, nonce.
    pub fn signature_input(&self, scope: ScopeId) -> Vec<u8> {
        let mut input = Tag::Challenge.message();
        input.extend_from_slice(scope.as_bytes());
        input.extend_from_slice(self.server.as_bytes());
        input.extend_from_slice(&self.nonce);
        input
    }

    /// Returns the bytes that travel.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(64);
        writer.array(2);
        writer.bytes(self.server.as_bytes());
        writer.bytes(&self.nonce);
        writer.into_bytes()
    }

    /// Reads bytes that travelled.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.array_of(2)?;
        let challenge = Self { server: NodeId(reader.fixed()?), nonce: reader.fixed()? };
        reader.end()?;
        Ok(challenge)
    }
}

impl ChallengeAnswer {
    /// Tells whether the answer shows who it comes from. Expiry is left to the caller.
    pub fn verify(&self, challenge: &Challenge, organiser: &PublicKey) -> Result<(), HandshakeError> {
        self.certificate.verify(organiser).map_err(HandshakeError::Certificate)?;
        if !self.certificate.opens(&self.scope) {
            return Err(HandshakeError::DeniedScope);
        }
        let key = &self.certificate.claims.public_key;
        if key.verify(&challenge.signature_input(self.scope), &self.signature) {
            Ok(())
        } else {
            Err(HandshakeError::BadSignature)
        }
    }

    /// Returns the bytes that travel.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(384);
        writer.array(3);
        writer.bytes(self.scope.as_bytes());
        self.certificate.write(&mut writer);
        writer.bytes(self.signature.as_bytes());
        writer.into_bytes()
    }

    /// Reads bytes that travelled.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.array_of(3)?;
        let answer = Self {
            scope: ScopeId(reader.fixed()?),
            certificate: Certificate::read(&mut reader)?,
            signature: Signature(reader.fixed()?),
        };
        reader.end()?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::tests::{claims, organiser};

    const SCOPE: ScopeId = ScopeId([5; 16]);

    fn challenge(server: u8) -> Challenge {
        Challenge { server: NodeId([server; 16]), nonce: [7; 32] }
    }

    fn answer() -> ChallengeAnswer {
        let certificate = claims(1, SCOPE).sign(&organiser()).unwrap();
        challenge(1).answer(SCOPE, certificate, &SigningKey::from_seed(&[1; 32]))
    }

    #[test]
    fn an_answer_opens_a_session_with_the_server_that_asked() {
        let organiser = organiser().public_key();
        assert_eq!(answer().verify(&challenge(1), &organiser), Ok(()));
        assert_eq!(answer().verify(&challenge(2), &organiser), Err(HandshakeError::BadSignature));
        let other = Challenge { nonce: [8; 32], ..challenge(1) };
        assert_eq!(answer().verify(&other, &organiser), Err(HandshakeError::BadSignature));
    }

    #[test]
    fn a_borrowed_certificate_opens_nothing() {
        let certificate = claims(1, SCOPE).sign(&organiser()).unwrap();
        let borrowed = challenge(1).answer(SCOPE, certificate, &SigningKey::from_seed(&[2; 32]));
        let verdict = borrowed.verify(&challenge(1), &organiser().public_key());
        assert_eq!(verdict, Err(HandshakeError::BadSignature));
        let elsewhere = ChallengeAnswer { scope: ScopeId([6; 16]), ..answer() };
        let verdict = elsewhere.verify(&challenge(1), &organiser().public_key());
        assert_eq!(verdict, Err(HandshakeError::DeniedScope));
    }

    #[test]
    fn both_messages_read_back() {
        assert_eq!(Challenge::decode(&challenge(1).encode()), Ok(challenge(1)));
        assert_eq!(ChallengeAnswer::decode(&answer().encode()), Ok(answer()));
    }
}
