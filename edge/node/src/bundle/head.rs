//! The head of a bundle: whose conference it is of, what its writer has, and where the bundle goes on from.

use std::io::Read;

use lanyard_sync::{ScopeId, VersionVector};

use super::BundleFault;

const MAGIC: [u8; 14] = *b"lanyard-bundle";
const VERSION: u16 = 1;
/// Longest vector, in bytes: one of as many logs as there may be takes less.
const VECTOR_MAX_BYTES: usize = 64 * 1024;

/// Longest head, in bytes.
pub const HEAD_MAX_BYTES: usize = MAGIC.len() + 2 + 16 + 2 * (4 + VECTOR_MAX_BYTES);

/// The head of a bundle.
// Stored: at the start of bundles, and in requests for one, as `docs/sync-protocol.md` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleHead {
    /// The scope of all entries.
    pub scope: ScopeId,
    /// What its writer had.
    pub vector: VersionVector,
    /// What is left out because the reader has it; empty when the bundle begins at the beginning.
    pub base: VersionVector,
}

impl BundleHead {
    /// Returns the bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(self.scope.as_bytes());
        for vector in [&self.vector, &self.base] {
            let vector = vector.encode();
            let length = u32::try_from(vector.len()).expect("a vector within its limits is short");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&vector);
        }
        bytes
    }

    /// Reads bytes that hold a head and nothing else.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, BundleFault> {
        let head = Self::read(&mut |part| read_exactly(&mut bytes, part))?;
        if bytes.is_empty() { Ok(head) } else { Err(BundleFault::Damaged { what: "bytes follow its head" }) }
    }

    /// Reads a head; `fill` fills a part with the bytes that come next.
    pub(super) fn read(
        fill: &mut impl FnMut(&mut [u8]) -> Result<(), BundleFault>,
    ) -> Result<Self, BundleFault> {
        let mut magic = [0; MAGIC.len()];
        let begun = fill(&mut magic);
        match begun {
            Ok(()) if magic == MAGIC => {}
            Ok(()) | Err(BundleFault::Truncated) => return Err(BundleFault::NotABundle),
            Err(fault) => return Err(fault),
        }
        let mut version = [0; 2];
        fill(&mut version)?;
        match u16::from_be_bytes(version) {
            VERSION => {}
            0 => return Err(BundleFault::Damaged { what: "its version" }),
            version => return Err(BundleFault::Newer { version }),
        }
        let mut scope = [0; 16];
        fill(&mut scope)?;
        Ok(Self { scope: ScopeId(scope), vector: read_vector(fill)?, base: read_vector(fill)? })
    }
}

fn read_vector(
    fill: &mut impl FnMut(&mut [u8]) -> Result<(), BundleFault>,
) -> Result<VersionVector, BundleFault> {
    let mut length = [0; 4];
    fill(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > VECTOR_MAX_BYTES {
        return Err(BundleFault::Damaged { what: "its head" });
    }
    let mut bytes = vec![0; length];
    fill(&mut bytes)?;
    VersionVector::decode(&bytes).map_err(|_| BundleFault::Damaged { what: "its head" })
}

/// Fills a part with what comes next, all of it.
pub(super) fn read_exactly(input: &mut impl Read, part: &mut [u8]) -> Result<(), BundleFault> {
    input.read_exact(part).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => BundleFault::Truncated,
        _ => BundleFault::Read(error),
    })
}
