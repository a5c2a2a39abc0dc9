//! Problems: the closed set of reasons for which a peer's message is not accepted.
//!
//! Each has a code word that travels, and words for what a person can do about it.

use crate::cbor::{DecodeError, Reader, Writer};
use crate::id::{Dot, Epoch, LogId, NodeId};
use crate::limits::COUNTER_MAX;

const CODE_MAX_BYTES: usize = 32;

/// Why something was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Every protocol version that the asking side speaks is older than those of the answering one.
    #[error("the peer speaks only newer versions of the protocol than this node")]
    VersionTooOld,
    /// Every protocol version that the asking side speaks is newer than those of the answering one.
    #[error("the peer speaks only older versions of the protocol than this node")]
    VersionTooNew,
    /// HQ takes no sessions under this certificate any more.
    #[error("the certificate has expired")]
    ExpiredCertificate,
    /// The certificate does not open this scope.
    #[error("the certificate does not open this scope")]
    DeniedScope,
    /// Entries before this one are missing.
    #[error("entries before {0} are missing")]
    Gap(Dot),
    /// Another entry is known under this id.
    #[error("another entry is known as {0}")]
    Fork(Dot),
    /// The entries do not lead to the signed head.
    #[error("the chain does not lead to the signed head {0}")]
    BadChain(Dot),
    /// The signature over the head, or over the certificate of its log, is not valid.
    #[error("the signature at {0} is not valid")]
    BadSignature(Dot),
    /// The lamport time does not follow from what the entry has seen.
    #[error("the lamport time of {0} does not follow from its context")]
    BadLamport(Dot),
    /// The entry has seen something that is not here.
    #[error("an entry has seen {0}, which is not here")]
    MissingContext(Dot),
    /// The message is over a limit.
    #[error("the message is too large")]
    TooLarge,
    /// The peer has too much to do.
    #[error("the peer is busy for {retry_after_ms} ms")]
    Busy {
        /// When to come again, in milliseconds.
        retry_after_ms: u32,
    },
    /// The log needs a newer build.
    #[error("{0} needs a newer build")]
    NeedsUpgrade(Dot),
    /// A part of the entry is missing, and nothing that is known here or came with it erased it.
    #[error("a part of {0} is missing and was not erased")]
    NotErased(Dot),
    /// The message is not of this protocol.
    #[error("the message cannot be read")]
    Malformed,
}

impl Problem {
    /// Returns the word that travels.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::VersionTooOld => "version_too_old",
            Self::VersionTooNew => "version_too_new",
            Self::ExpiredCertificate => "expired_certificate",
            Self::DeniedScope => "denied_scope",
            Self::Gap(_) => "gap",
            Self::Fork(_) => "fork",
            Self::BadChain(_) => "bad_chain",
            Self::BadSignature(_) => "bad_signature",
            Self::BadLamport(_) => "bad_lamport",
            Self::MissingContext(_) => "missing_context",
            Self::TooLarge => "too_large",
            Self::Busy { .. } => "busy",
            Self::NeedsUpgrade(_) => "needs_upgrade",
            Self::NotErased(_) => "not_erased",
            Self::Malformed => "malformed",
        }
    }

    /// Returns what recovers from it: what a person can do, or that there is nothing to do.
    pub const fn recovery(&self) -> &'static str {
        match self {
            Self::VersionTooOld => "Upgrade this node; work goes on, and nothing it wrote is lost.",
            Self::VersionTooNew => "Upgrade the peer; work goes on, and what waits for it is sent then.",
            Self::ExpiredCertificate => {
                "HQ takes nothing more of this conference; work at the venue goes on. Keep a copy of the data folder."
            }
            Self::DeniedScope => {
                "Check the address of HQ; if it is right, let the node join with a code of this conference, into another data folder."
            }
            Self::Gap(_) => "Nothing: the next exchange begins where the peer ends.",
            Self::Fork(_) => {
                "Nothing: what one side has is set aside and written again. If two machines run with one node's data, stop one and let it join anew into another folder."
            }
            Self::BadChain(_) | Self::NotErased(_) => {
                "Run `lanyard verify` on the sending node; if it finds something, run `lanyard repair` there."
            }
            Self::BadSignature(_) => {
                "Check that both nodes are of one organiser; if so, let the sending one join anew into another data folder."
            }
            Self::BadLamport(_) => {
                "Stop the node that wrote it, and let it join anew, with this version, into another data folder."
            }
            Self::MissingContext(_) => "Nothing: the next exchange sends what is missing first.",
            Self::TooLarge => "Upgrade the older of the two nodes: they differ in what one message may hold.",
            Self::Busy { .. } => "Nothing: the node comes again by itself.",
            Self::NeedsUpgrade(_) => "Upgrade the node that does not take it; everything else goes on.",
            Self::Malformed => "Report the fault: one of the two nodes has a defect.",
        }
    }
}

/// A problem as it travels. The code may be one that only a newer build knows.
// Stored: as a CBOR array of code, entry or null, milliseconds or null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemReport {
    /// The code word.
    pub code: String,
    /// The entry it is about.
    pub dot: Option<Dot>,
    /// When to come again, in milliseconds.
    pub retry_after_ms: Option<u32>,
}

impl From<Problem> for ProblemReport {
    fn from(problem: Problem) -> Self {
        let (dot, retry_after_ms) = match problem {
            Problem::Gap(dot)
            | Problem::Fork(dot)
            | Problem::BadChain(dot)
            | Problem::BadSignature(dot)
            | Problem::BadLamport(dot)
            | Problem::MissingContext(dot)
            | Problem::NeedsUpgrade(dot)
            | Problem::NotErased(dot) => (Some(dot), None),
            Problem::Busy { retry_after_ms } => (None, Some(retry_after_ms)),
            Problem::VersionTooOld
            | Problem::VersionTooNew
            | Problem::ExpiredCertificate
            | Problem::DeniedScope
            | Problem::TooLarge
            | Problem::Malformed => (None, None),
        };
        Self { code: problem.code().to_owned(), dot, retry_after_ms }
    }
}

impl ProblemReport {
    /// Tells whether entries before those asked for are missing on the other side.
    pub(crate) fn is_gap(&self) -> bool {
        matches!(self.problem(), Some(Problem::Gap(_)))
    }

    /// Returns the problem, or `None` when this build does not know the code.
    pub fn problem(&self) -> Option<Problem> {
        let about = |make: fn(Dot) -> Problem| self.dot.map(make);
        match self.code.as_str() {
            "version_too_old" => Some(Problem::VersionTooOld),
            "version_too_new" => Some(Problem::VersionTooNew),
            "expired_certificate" => Some(Problem::ExpiredCertificate),
            "denied_scope" => Some(Problem::DeniedScope),
            "gap" => about(Problem::Gap),
            "fork" => about(Problem::Fork),
            "bad_chain" => about(Problem::BadChain),
            "bad_signature" => about(Problem::BadSignature),
            "bad_lamport" => about(Problem::BadLamport),
            "missing_context" => about(Problem::MissingContext),
            "too_large" => Some(Problem::TooLarge),
            "busy" => Some(Problem::Busy { retry_after_ms: self.retry_after_ms.unwrap_or(0) }),
            "needs_upgrade" => about(Problem::NeedsUpgrade),
            "not_erased" => about(Problem::NotErased),
            "malformed" => Some(Problem::Malformed),
            _ => None,
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.array(3);
        writer.text(&self.code);
        writer.option(self.dot, write_dot);
        writer.option(self.retry_after_ms, |w, retry_after_ms| w.uint(retry_after_ms.into()));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array_of(3)?;
        Ok(Self {
            code: reader.text(CODE_MAX_BYTES)?.to_owned(),
            dot: reader.option(read_dot)?,
            retry_after_ms: reader.option(read_retry)?,
        })
    }
}

fn read_retry(reader: &mut Reader<'_>) -> Result<u32, DecodeError> {
    let retry_after_ms = reader.uint(u32::MAX.into())?;
    u32::try_from(retry_after_ms).map_err(|_| reader.over_limit())
}

fn write_dot(writer: &mut Writer, dot: Dot) {
    writer.array(3);
    writer.bytes(dot.log.node.as_bytes());
    writer.uint(dot.log.epoch.0);
    writer.uint(dot.seq);
}

fn read_dot(reader: &mut Reader<'_>) -> Result<Dot, DecodeError> {
    reader.array_of(3)?;
    let log = LogId { node: NodeId(reader.fixed()?), epoch: Epoch(reader.uint(u64::MAX)?) };
    Ok(log.dot(reader.uint(COUNTER_MAX)?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn all(dot: Dot) -> [Problem; 15] {
        [
            Problem::VersionTooOld,
            Problem::VersionTooNew,
            Problem::ExpiredCertificate,
            Problem::DeniedScope,
            Problem::Gap(dot),
            Problem::Fork(dot),
            Problem::BadChain(dot),
            Problem::BadSignature(dot),
            Problem::BadLamport(dot),
            Problem::MissingContext(dot),
            Problem::TooLarge,
            Problem::Busy { retry_after_ms: 700 },
            Problem::NeedsUpgrade(dot),
            Problem::NotErased(dot),
            Problem::Malformed,
        ]
    }

    #[test]
    fn every_problem_survives_its_report() {
        let dot = LogId { node: NodeId([1; 16]), epoch: Epoch(2) }.dot(3);
        for problem in all(dot) {
            assert_eq!(ProblemReport::from(problem).problem(), Some(problem));
            assert!(problem.recovery().ends_with('.'));
        }
    }

    #[test]
    fn a_code_of_a_newer_build_is_no_known_problem() {
        let report = ProblemReport { code: "moon_phase".into(), dot: None, retry_after_ms: None };
        assert_eq!(report.problem(), None);
    }
}
