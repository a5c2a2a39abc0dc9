//! What a client sends: hello, pull, push.

use crate::cbor::{DecodeError, Reader, Writer};
use crate::certificate::Certificate;
use crate::id::{Epoch, Hash, LogId, NodeId, ScopeId};
use crate::limits::{
    BATCH_TRAVEL_MAX_BYTES, CAPABILITIES_MAX, CAPABILITY_MAX_BYTES, COUNTER_MAX, LOGS_MAX, SCOPES_MAX,
};
use crate::session::protocol::Protocol;
use crate::vector::{Head, VersionVector};

/// A request of a session.
// Stored: on the wire, as a CBOR array that begins with `hello`, `pull` or `push`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Asks how the peers stand to each other.
    Hello(Box<Hello>),
    /// Asks for the entries that a vector lacks.
    Pull {
        /// The scope.
        scope: ScopeId,
        /// What the asking node has.
        vector: VersionVector,
    },
    /// Brings entries.
    Push {
        /// The scope.
        scope: ScopeId,
        /// A batch as it travels.
        batch: Vec<u8>,
    },
}

/// Who speaks, and what it has.
// Stored: on the wire, as part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The protocol versions the node speaks.
    pub protocol: Protocol,
    /// What else it can do, as words; unknown ones mean nothing.
    pub capabilities: Vec<String>,
    /// Who it is.
    pub certificate: Certificate,
    /// What it has of each scope.
    pub scopes: Vec<HelloScope>,
}

/// What a node has of one scope, in short.
// Stored: on the wire, as [scope, digest, own, floors].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloScope {
    /// The scope.
    pub scope: ScopeId,
    /// Digest of the node's version vector.
    pub digest: Hash,
    /// Where its own log stands.
    pub own: OwnHead,
    /// Logs of which the node holds entries only from a sequence number on; others it holds whole.
    pub floors: Vec<(LogId, u64)>,
}

/// Where a node's own log stands.
// Stored: on the wire, as [node, epoch, seq, prefix] or [node, epoch].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnHead {
    /// The log it writes.
    pub log: LogId,
    /// Its last entry, if there is one.
    pub head: Option<Head>,
}

impl Request {
    /// Returns the bytes that travel.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(512);
        match self {
            Self::Hello(hello) => hello.write(&mut writer),
            Self::Pull { scope, vector } => {
                writer.array(3);
                writer.text("pull");
                writer.bytes(scope.as_bytes());
                vector.write(&mut writer);
            }
            Self::Push { scope, batch } => {
                writer.array(3);
                writer.text("push");
                writer.bytes(scope.as_bytes());
                writer.bytes(batch);
            }
        }
        writer.into_bytes()
    }

    /// Reads bytes that travelled.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let r = &mut reader;
        let length = r.array(6)?;
        let request = match (r.text(8)?, length) {
            ("hello", 6) => Self::Hello(Box::new(Hello::read(r)?)),
            ("pull", 3) => Self::Pull { scope: ScopeId(r.fixed()?), vector: VersionVector::read(r)? },
            ("push", 3) => {
                Self::Push { scope: ScopeId(r.fixed()?), batch: r.bytes(BATCH_TRAVEL_MAX_BYTES)?.to_vec() }
            }
            _ => return Err(r.invalid("request")),
        };
        reader.end()?;
        Ok(request)
    }
}

impl Hello {
    fn write(&self, writer: &mut Writer) {
        writer.array(6);
        writer.text("hello");
        writer.uint(self.protocol.min.into());
        writer.uint(self.protocol.max.into());
        write_capabilities(writer, &self.capabilities);
        self.certificate.write(writer);
        writer.array(self.scopes.len());
        for scope in &self.scopes {
            scope.write(writer);
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            protocol: Protocol { min: r.u16()?, max: r.u16()? },
            capabilities: read_capabilities(r)?,
            certificate: Certificate::read(r)?,
            scopes: r.list(SCOPES_MAX, HelloScope::read)?,
        })
    }
}

impl HelloScope {
    fn write(&self, writer: &mut Writer) {
        writer.array(4);
        writer.bytes(self.scope.as_bytes());
        writer.bytes(self.digest.as_bytes());
        self.own.write(writer);
        writer.array(self.floors.len());
        for (log, seq) in &self.floors {
            writer.array(3);
            writer.bytes(log.node.as_bytes());
            writer.uint(log.epoch.0);
            writer.uint(*seq);
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array_of(4)?;
        Ok(Self {
            scope: ScopeId(r.fixed()?),
            digest: Hash(r.fixed()?),
            own: OwnHead::read(r)?,
            floors: r.list(LOGS_MAX, |r| {
                r.array_of(3)?;
                let log = LogId { node: NodeId(r.fixed()?), epoch: Epoch(r.uint(u64::MAX)?) };
                Ok((log, r.uint(COUNTER_MAX)?))
            })?,
        })
    }
}

impl OwnHead {
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.array(if self.head.is_some() { 4 } else { 2 });
        writer.bytes(self.log.node.as_bytes());
        writer.uint(self.log.epoch.0);
        if let Some(head) = self.head {
            writer.uint(head.seq);
            writer.bytes(&head.prefix);
        }
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = r.array(4)?;
        let log = LogId { node: NodeId(r.fixed()?), epoch: Epoch(r.uint(u64::MAX)?) };
        let head = match length {
            2 => None,
            4 => Some(Head { seq: r.uint(COUNTER_MAX)?, prefix: r.fixed()? }),
            _ => return Err(r.invalid("own head")),
        };
        if head.is_some_and(|head| head.seq == 0) {
            return Err(r.invalid("sequence number 0"));
        }
        Ok(Self { log, head })
    }

    pub(super) fn seq(&self) -> u64 {
        self.head.map_or(0, |head| head.seq)
    }
}

pub(super) fn write_capabilities(writer: &mut Writer, capabilities: &[String]) {
    writer.array(capabilities.len());
    for capability in capabilities {
        writer.text(capability);
    }
}

pub(super) fn read_capabilities(r: &mut Reader<'_>) -> Result<Vec<String>, DecodeError> {
    r.list(CAPABILITIES_MAX, |r| Ok(r.text(CAPABILITY_MAX_BYTES)?.to_owned()))
}
