//! Erasures: a node's signed word that the personal parts of a stream are gone for good.
//!
//! The word stands in the facts of the entry that erases, so it travels with the log. It can also travel
//! ahead of that entry: beside entries whose personal parts are gone, it shows to whoever has not seen the
//! erasure yet that they went by right. It is about a whole stream, whatever is written to it and whenever.

use serde::Deserialize;

use crate::certificate::Certificate;
use crate::entry::Entry;
use crate::id::{NodeId, ScopeId};
use crate::key::{PublicKey, Signature, SigningKey};
use crate::stream::StreamName;
use crate::tag::Tag;

/// Kind of the entry that erases the personal parts of its stream. Its facts hold the signature of an
/// [`Erasure`].
pub const ERASURE_KIND: &str = "attendee-erased";

/// A node's word that the personal parts of a stream are erased.
// Stored: in the facts as the signature; in a batch with stream and certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The stream.
    pub stream: StreamName,
    /// Who says so.
    pub certificate: Certificate,
    /// Their signature over scope, node and stream.
    pub signature: Signature,
}

/// What this crate looks at of the facts of an entry that erases.
// Stored: as JSON in the facts of kind `attendee-erased`, beside what the domain keeps there.
#[derive(Deserialize)]
struct Said {
    signature: Signature,
}

impl Erasure {
    /// Signs the word of a node.
    pub fn sign(scope: ScopeId, node: NodeId, stream: &StreamName, key: &SigningKey) -> Signature {
        key.sign(&Self::signature_input(scope, node, stream))
    }

    /// Returns the bytes that are signed: tag, scope, node, and the name of the stream as text.
    pub fn signature_input(scope: ScopeId, node: NodeId, stream: &StreamName) -> Vec<u8> {
        let mut input = Tag::Erasure.message();
        input.extend_from_slice(scope.as_bytes());
        input.extend_from_slice(node.as_bytes());
        input.extend_from_slice(stream.to_string().as_bytes());
        input
    }

    /// Reads the word out of an entry that erases; `certificate` is that of its log.
    pub fn of_entry(entry: &Entry, certificate: &Certificate) -> Option<Self> {
        if entry.header.kind != ERASURE_KIND {
            return None;
        }
        let said: Said = serde_json::from_slice(entry.payload.facts.bytes()?).ok()?;
        let (stream, certificate) = (entry.header.stream.clone(), certificate.clone());
        Some(Self { stream, certificate, signature: said.signature })
    }

    /// Tells whether the signature is that of whom the certificate names. Whether the certificate is one of
    /// the organiser is asked by [`Self::verify`].
    pub fn is_signed(&self, scope: ScopeId) -> bool {
        let claims = &self.certificate.claims;
        claims.public_key.verify(&Self::signature_input(scope, claims.node, &self.stream), &self.signature)
    }

    /// Tells whether a node of the scope says so.
    pub fn verify(&self, scope: ScopeId, organiser: &PublicKey) -> bool {
        self.certificate.opens(&scope) && self.certificate.verify(organiser).is_ok() && self.is_signed(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::tests::{claims, organiser};
    use crate::stream::StreamKey;

    const SCOPE: ScopeId = ScopeId([5; 16]);

    fn stream(number: u8) -> StreamName {
        StreamName::new("attendee", StreamKey::Id([number; 16]))
    }

    fn erasure(node: u8) -> Erasure {
        let claims = claims(node, SCOPE);
        let key = SigningKey::from_seed(&[node; 32]);
        let signature = Erasure::sign(SCOPE, claims.node, &stream(7), &key);
        Erasure { stream: stream(7), certificate: claims.sign(&organiser()).unwrap(), signature }
    }

    #[test]
    fn the_word_holds_for_its_stream_node_and_scope_only() {
        let word = erasure(1);
        let organiser = organiser().public_key();
        assert!(word.verify(SCOPE, &organiser));
        assert!(!word.verify(ScopeId([6; 16]), &organiser));
        assert!(!word.verify(SCOPE, &SigningKey::from_seed(&[9; 32]).public_key()));
        assert!(!Erasure { stream: stream(8), ..word.clone() }.verify(SCOPE, &organiser));
        assert!(!Erasure { certificate: erasure(2).certificate, ..word }.verify(SCOPE, &organiser));
    }
}
