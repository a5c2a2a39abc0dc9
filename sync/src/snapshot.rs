//! Snapshots: what a node has folded, for one that begins with nothing.
//!
//! A manifest says up to where each log was folded, under the signature of whoever made it, and names the chunks that
//! hold the states by their hashes. So chunks may come from anywhere, in any order, and again after a cut. The heads
//! are signed by the writers of the logs; that the states follow from the entries is the maker's word until the
//! entries are here.

mod chunk;

use std::collections::BTreeMap;

use crate::cbor::{DecodeError, Reader, Writer};
use crate::certificate::Certificate;
use crate::chain::SignedHead;
use crate::id::{Epoch, Hash, LogId, NodeId, ScopeId};
use crate::key::{PublicKey, Signature, SigningKey};
use crate::limits::{
    BUILD_MAX_BYTES, CHUNK_TRAVEL_MAX_BYTES, CHUNKS_MAX, COUNTER_MAX, LOGS_MAX, MANIFEST_MAX_BYTES,
};
use crate::tag::Tag;
use crate::vector::{Head, VersionVector};

pub use chunk::{Chunk, ChunkError, Chunker, StreamRecord, chunk_hash};

const FORMAT: u64 = 1;
const FIELDS: usize = 9;

/// A log as far as it was folded.
// Stored: in a manifest, as [certificate, node, epoch, seq, hash, signature, lamport, context].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotLog {
    /// Of its writer.
    pub certificate: Certificate,
    /// Its last entry that was folded, signed by its writer.
    pub head: SignedHead,
    /// Lamport time of that entry.
    pub lamport: u64,
    /// What its writer had seen of other logs by then.
    pub context: VersionVector,
}

/// A chunk as a manifest names it.
// Stored: in a manifest, as [hash, bytes].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkName {
    /// The hash of the bytes that travel.
    pub hash: Hash,
    /// How many there are.
    pub bytes: u64,
}

/// What a snapshot is of and where it is.
// Stored: on the wire, as [[format, scope, maker, build, logs, forks, closed, retired, chunks] in bytes, signature].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The scope.
    pub scope: ScopeId,
    /// Who made it.
    pub maker: Certificate,
    /// The version of the maker's build: states are for the same one alone.
    pub build: String,
    /// Every log, in order.
    pub logs: Vec<SnapshotLog>,
    /// Logs with two branches, with the first sequence number that differs.
    pub forks: BTreeMap<LogId, u64>,
    /// Logs that are over, with their last entries that count.
    pub closed: BTreeMap<LogId, u64>,
    /// Nodes that are retired.
    pub retired: Vec<NodeId>,
    /// The chunks, in the order in which they are taken up.
    pub chunks: Vec<ChunkName>,
}

/// Why a manifest is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The bytes are no manifest.
    #[error("the manifest cannot be read")]
    Decode(#[from] DecodeError),
    /// It is of another conference.
    #[error("the snapshot is of another conference")]
    OtherScope,
    /// Who made it, or wrote a log, is not of the organiser, or a signature is not theirs.
    #[error("a signature of the manifest does not hold")]
    BadSignature,
    /// It contradicts itself.
    #[error("the manifest contradicts itself")]
    Inconsistent,
}

impl Manifest {
    /// What the snapshot was folded from.
    pub fn vector(&self) -> VersionVector {
        self.logs.iter().map(|log| (log.head.dot.log, Head::new(log.head.dot.seq, &log.head.hash))).collect()
    }

    /// The number of entries it was folded from.
    pub fn entries(&self) -> u64 {
        self.logs.iter().fold(0, |sum, log| sum.saturating_add(log.head.dot.seq))
    }

    /// Signs it and returns the bytes that travel; none when it is over its limits.
    pub fn sign(&self, key: &SigningKey) -> Option<Vec<u8>> {
        let body = self.body();
        let fits = body.len() <= MANIFEST_MAX_BYTES
            && self.logs.len() <= LOGS_MAX
            && self.chunks.len() <= CHUNKS_MAX
            && self.build.len() <= BUILD_MAX_BYTES;
        fits.then(|| {
            let mut writer = Writer::with_capacity(body.len() + 128);
            writer.array(2);
            writer.bytes(&body);
            writer.bytes(key.sign(&signature_input(&body)).as_bytes());
            writer.into_bytes()
        })
    }

    /// Reads bytes that travelled, and believes them if everything in them is signed by nodes of the scope.
    pub fn open(bytes: &[u8], scope: ScopeId, organiser: &PublicKey) -> Result<Self, ManifestError> {
        let mut reader = Reader::new(bytes);
        reader.array_of(2)?;
        let body = reader.bytes(MANIFEST_MAX_BYTES)?;
        let signature = Signature(reader.fixed()?);
        reader.end()?;
        let manifest = Self::read(body)?;
        if manifest.scope != scope {
            return Err(ManifestError::OtherScope);
        }
        let is_of_scope =
            |certificate: &Certificate| certificate.verify(organiser).is_ok() && certificate.opens(&scope);
        let maker = &manifest.maker;
        if !is_of_scope(maker) || !maker.claims.public_key.verify(&signature_input(body), &signature) {
            return Err(ManifestError::BadSignature);
        }
        for SnapshotLog { certificate, head, .. } in &manifest.logs {
            let is_theirs = certificate.claims.node == head.dot.log.node && is_of_scope(certificate);
            if !is_theirs || !head.verify(scope, &certificate.claims.public_key) {
                return Err(ManifestError::BadSignature);
            }
        }
        if manifest.is_consistent() { Ok(manifest) } else { Err(ManifestError::Inconsistent) }
    }

    /// Whether logs are in order, and nobody has seen what is not there.
    fn is_consistent(&self) -> bool {
        let in_order = self.logs.is_sorted_by(|one, other| one.head.dot.log < other.head.dot.log);
        let vector = self.vector();
        let is_there = |log: LogId, head: Head| {
            let is_forked = self.forks.get(&log).is_some_and(|from| *from <= head.seq);
            vector.head(&log).is_some_and(|known| head.seq <= known.seq || is_forked)
        };
        in_order
            && self.logs.iter().all(|log| {
                let own = log.head.dot.log;
                log.head.dot.seq > 0
                    && log.context.iter().all(|(seen, head)| seen != own && is_there(seen, head))
            })
    }

    fn body(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(1024 + self.chunks.len() * 48);
        writer.array(FIELDS);
        writer.uint(FORMAT);
        writer.bytes(self.scope.as_bytes());
        self.maker.write(&mut writer);
        writer.text(&self.build);
        writer.array(self.logs.len());
        for log in &self.logs {
            log.write(&mut writer);
        }
        write_places(&mut writer, &self.forks);
        write_places(&mut writer, &self.closed);
        writer.array(self.retired.len());
        for node in &self.retired {
            writer.bytes(node.as_bytes());
        }
        writer.array(self.chunks.len());
        for chunk in &self.chunks {
            writer.array(2);
            writer.bytes(chunk.hash.as_bytes());
            writer.uint(chunk.bytes);
        }
        writer.into_bytes()
    }

    fn read(body: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let r = &mut reader;
        r.array_of(FIELDS)?;
        if r.uint(u64::MAX)? != FORMAT {
            return Err(r.invalid("format of the manifest"));
        }
        let manifest = Self {
            scope: ScopeId(r.fixed()?),
            maker: Certificate::read(r)?,
            build: r.text(BUILD_MAX_BYTES)?.to_owned(),
            logs: r.list(LOGS_MAX, SnapshotLog::read)?,
            forks: read_places(r)?,
            closed: read_places(r)?,
            retired: r.list(LOGS_MAX, |r| r.fixed().map(NodeId))?,
            chunks: r.list(CHUNKS_MAX, |r| {
                r.array_of(2)?;
                Ok(ChunkName { hash: Hash(r.fixed()?), bytes: r.uint(CHUNK_TRAVEL_MAX_BYTES as u64)? })
            })?,
        };
        r.end()?;
        Ok(manifest)
    }
}

impl SnapshotLog {
    fn write(&self, writer: &mut Writer) {
        writer.array(8);
        self.certificate.write(writer);
        writer.bytes(self.head.dot.log.node.as_bytes());
        writer.uint(self.head.dot.log.epoch.0);
        writer.uint(self.head.dot.seq);
        writer.bytes(self.head.hash.as_bytes());
        writer.bytes(self.head.signature.as_bytes());
        writer.uint(self.lamport);
        self.context.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array_of(8)?;
        let certificate = Certificate::read(reader)?;
        let log = LogId { node: NodeId(reader.fixed()?), epoch: Epoch(reader.uint(u64::MAX)?) };
        let dot = log.dot(reader.uint(COUNTER_MAX)?);
        let head = SignedHead { dot, hash: Hash(reader.fixed()?), signature: Signature(reader.fixed()?) };
        let lamport = reader.uint(COUNTER_MAX)?;
        Ok(Self { certificate, head, lamport, context: VersionVector::read(reader)? })
    }
}

fn write_places(writer: &mut Writer, places: &BTreeMap<LogId, u64>) {
    writer.array(places.len());
    for (log, seq) in places {
        writer.array(3);
        writer.bytes(log.node.as_bytes());
        writer.uint(log.epoch.0);
        writer.uint(*seq);
    }
}

fn read_places(reader: &mut Reader<'_>) -> Result<BTreeMap<LogId, u64>, DecodeError> {
    let places = reader.list(LOGS_MAX, |r| {
        r.array_of(3)?;
        let log = LogId { node: NodeId(r.fixed()?), epoch: Epoch(r.uint(u64::MAX)?) };
        Ok((log, r.uint(COUNTER_MAX)?))
    })?;
    if !places.is_sorted_by(|(one, _), (other, _)| one < other) {
        return Err(reader.invalid("order of logs"));
    }
    Ok(places.into_iter().collect())
}

/// Returns the bytes that are signed: tag, manifest.
fn signature_input(body: &[u8]) -> Vec<u8> {
    let mut input = Tag::Snapshot.message();
    input.extend_from_slice(body);
    input
}

#[cfg(test)]
mod tests;
