//! The upper bound of everything that has a length in a stored or sent format.
//!
//! A value over its limit is refused when it is written and when it is read, so no node can
//! write what another one will not take.

/// Longest stream category, in bytes.
pub const CATEGORY_MAX_BYTES: usize = 32;
/// Longest textual stream key, in bytes.
pub const STREAM_KEY_MAX_BYTES: usize = 128;
/// Longest event kind, in bytes.
pub const KIND_MAX_BYTES: usize = 64;
/// Longest actor, in bytes.
pub const ACTOR_MAX_BYTES: usize = 64;
/// Longest desk, in bytes.
pub const DESK_MAX_BYTES: usize = 64;
/// Longest opaque header extension, in bytes.
pub const EXT_MAX_BYTES: usize = 4 * 1024;
/// Largest facts part of a payload, in bytes.
pub const FACTS_MAX_BYTES: usize = 64 * 1024;
/// Largest personal part of a payload, in bytes.
pub const PERSONAL_MAX_BYTES: usize = 64 * 1024;
/// Most logs a vector or a context delta names.
pub const LOGS_MAX: usize = 1024;
/// Largest sequence number, lamport time and index of a format; databases hold them as signed integers.
pub const COUNTER_MAX: u64 = i64::MAX as u64;
/// Largest distance of a wall time from 1970, in milliseconds; exact in every JSON reader.
pub const WALL_TIME_MAX_MS: i64 = (1 << 53) - 1;
/// Longest node name in a certificate, in bytes.
pub const NODE_NAME_MAX_BYTES: usize = 64;
/// Most scopes one certificate opens.
pub const CERTIFICATE_SCOPES_MAX: usize = 256;

/// Longest certificate of an authority in an introduction, in bytes.
pub const AUTHORITY_MAX_BYTES: usize = 4 * 1024;

/// Most entries one batch holds.
pub const BATCH_MAX_ENTRIES: usize = 1_000;
/// Size at which a batch is cut, in bytes: header bytes, salts and part bytes of its entries.
pub const BATCH_CUT_BYTES: usize = 1024 * 1024;
/// Largest decompressed batch that is read, in bytes. Over the cut size, because an erased part
/// travels as a commitment that can be longer than what was erased.
pub const BATCH_MAX_BYTES: usize = 2 * 1024 * 1024;
/// Entries of one log after which its head is signed, also inside a commit.
pub const SIGN_EVERY_ENTRIES: u64 = 256;
/// Bytes of one log after which its head is signed, counted like [`BATCH_CUT_BYTES`].
pub const SIGN_EVERY_BYTES: u32 = 256 * 1024;

/// Largest batch as it travels, in bytes: compression makes nothing much longer.
pub const BATCH_TRAVEL_MAX_BYTES: usize = BATCH_MAX_BYTES + 64 * 1024;
/// Most scopes one session speaks about.
pub const SCOPES_MAX: usize = 64;
/// Most capabilities a node names.
pub const CAPABILITIES_MAX: usize = 16;
/// Longest capability, in bytes.
pub const CAPABILITY_MAX_BYTES: usize = 32;

/// Largest manifest of a snapshot, in bytes.
pub const MANIFEST_MAX_BYTES: usize = 1024 * 1024;
/// Longest name of a build, in bytes.
pub const BUILD_MAX_BYTES: usize = 64;
/// Most chunks of a snapshot.
pub const CHUNKS_MAX: usize = 4_096;
/// Size from which on a chunk may end, in bytes.
pub const CHUNK_MIN_BYTES: usize = 256 * 1024;
/// Size at which a chunk ends, in bytes.
pub const CHUNK_CUT_BYTES: usize = 1024 * 1024;
/// Largest decompressed chunk, in bytes: one state can be larger than the size at which it ends.
pub const CHUNK_MAX_BYTES: usize = 8 * 1024 * 1024;
/// Largest chunk as it travels, in bytes.
pub const CHUNK_TRAVEL_MAX_BYTES: usize = CHUNK_MAX_BYTES + 64 * 1024;
/// Most records of a chunk.
pub const CHUNK_MAX_RECORDS: usize = 32_768;
