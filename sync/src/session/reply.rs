//! What a server answers: how the peers stand, entries, an acknowledgement, or a problem.

use crate::cbor::{DecodeError, Reader, Writer};
use crate::certificate::Certificate;
use crate::id::ScopeId;
use crate::limits::{BATCH_TRAVEL_MAX_BYTES, COUNTER_MAX, SCOPES_MAX};
use crate::problem::{Problem, ProblemReport};
use crate::session::request::{read_capabilities, write_capabilities};
use crate::vector::{Head, VersionVector};

/// A reply of a session.
// Stored: on the wire, as a CBOR array that begins with `hello`, `pull`, `push` or `problem`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To a hello.
    Hello(Box<HelloReply>),
    /// To a pull.
    Pull {
        /// What the answering node has.
        vector: VersionVector,
        /// Entries that the asking node lacks, as a batch; `None` when there are none for it.
        batch: Option<Vec<u8>>,
    },
    /// To a push: all of it is stored.
    Push {
        /// What the answering node has after it.
        vector: VersionVector,
    },
    /// To anything that is not accepted.
    Problem(ProblemReport),
}

/// How the peers stand to each other.
// Stored: on the wire, as part of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloReply {
    /// The protocol version to speak.
    pub protocol: u16,
    /// What the answering node can do, as words; unknown ones mean nothing.
    pub capabilities: Vec<String>,
    /// Who answers; left out where the transport has shown it.
    pub certificate: Option<Certificate>,
    /// Wall clock of the answering node, in milliseconds since 1970.
    pub at_ms: i64,
    /// An answer for each scope that was named.
    pub scopes: Vec<(ScopeId, ScopeAnswer)>,
}

/// How the peers stand in one scope.
// Stored: on the wire, as an array that begins with its word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeAnswer {
    /// Both have the same entries.
    InStep,
    /// They differ.
    Exchange {
        /// What the answering node has.
        vector: VersionVector,
    },
    /// The answering node has more of the asking node's own log than that node itself: it was
    /// set back, and has to pull its own entries before it writes.
    Rewound {
        /// Where the log stands.
        head: Head,
    },
    /// The asking node's own log differs from the one known under its name.
    ForkedAt {
        /// A sequence number at which it differs.
        seq: u64,
    },
    /// The asking node has no business in this scope.
    Denied,
    /// The answering node does not hold entries old enough; start from a snapshot.
    SnapshotOnly,
}

impl Reply {
    /// Makes the reply that reports a problem.
    pub fn problem(problem: Problem) -> Self {
        Self::Problem(problem.into())
    }

    /// Returns the bytes that travel.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(512);
        match self {
            Self::Hello(hello) => hello.write(&mut writer),
            Self::Pull { vector, batch } => {
                writer.array(3);
                writer.text("pull");
                vector.write(&mut writer);
                writer.option(batch.as_ref(), |w, batch| w.bytes(batch));
            }
            Self::Push { vector } => {
                writer.array(2);
                writer.text("push");
                vector.write(&mut writer);
            }
            Self::Problem(report) => {
                writer.array(2);
                writer.text("problem");
                report.write(&mut writer);
            }
        }
        writer.into_bytes()
    }

    /// Reads bytes that travelled.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let r = &mut reader;
        let length = r.array(6)?;
        let reply = match (r.text(8)?, length) {
            ("hello", 6) => Self::Hello(Box::new(HelloReply::read(r)?)),
            ("pull", 3) => Self::Pull {
                vector: VersionVector::read(r)?,
                batch: r.option(|r| Ok(r.bytes(BATCH_TRAVEL_MAX_BYTES)?.to_vec()))?,
            },
            ("push", 2) => Self::Push { vector: VersionVector::read(r)? },
            ("problem", 2) => Self::Problem(ProblemReport::read(r)?),
            _ => return Err(r.invalid("reply")),
        };
        reader.end()?;
        Ok(reply)
    }
}

impl HelloReply {
    fn write(&self, writer: &mut Writer) {
        writer.array(6);
        writer.text("hello");
        writer.uint(self.protocol.into());
        write_capabilities(writer, &self.capabilities);
        writer.option(self.certificate.as_ref(), |w, certificate| certificate.write(w));
        writer.int(self.at_ms);
        writer.array(self.scopes.len());
        for (scope, answer) in &self.scopes {
            writer.array(2);
            writer.bytes(scope.as_bytes());
            answer.write(writer);
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            protocol: r.u16()?,
            capabilities: read_capabilities(r)?,
            certificate: r.option(Certificate::read)?,
            at_ms: r.int()?,
            scopes: r.list(SCOPES_MAX, |r| {
                r.array_of(2)?;
                Ok((ScopeId(r.fixed()?), ScopeAnswer::read(r)?))
            })?,
        })
    }
}

impl ScopeAnswer {
    fn write(&self, writer: &mut Writer) {
        let (word, items) = match self {
            Self::InStep => ("in-step", 1),
            Self::Exchange { .. } => ("exchange", 2),
            Self::Rewound { .. } => ("rewound", 3),
            Self::ForkedAt { .. } => ("forked-at", 2),
            Self::Denied => ("denied", 1),
            Self::SnapshotOnly => ("snapshot-only", 1),
        };
        writer.array(items);
        writer.text(word);
        match self {
            Self::InStep | Self::Denied | Self::SnapshotOnly => {}
            Self::Exchange { vector } => vector.write(writer),
            Self::Rewound { head } => {
                writer.uint(head.seq);
                writer.bytes(&head.prefix);
            }
            Self::ForkedAt { seq } => writer.uint(*seq),
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = r.array(3)?;
        Ok(match (r.text(16)?, length) {
            ("in-step", 1) => Self::InStep,
            ("exchange", 2) => Self::Exchange { vector: VersionVector::read(r)? },
            ("rewound", 3) => Self::Rewound { head: Head { seq: r.uint(COUNTER_MAX)?, prefix: r.fixed()? } },
            ("forked-at", 2) => Self::ForkedAt { seq: r.uint(COUNTER_MAX)? },
            ("denied", 1) => Self::Denied,
            ("snapshot-only", 1) => Self::SnapshotOnly,
            _ => return Err(r.invalid("answer")),
        })
    }
}
