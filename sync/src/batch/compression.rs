//! Compression of batches. Most are small, and zstd's tables take longer to make than to use, so each thread keeps its own.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

use super::BatchError;
use crate::limits::BATCH_MAX_BYTES;

const LEVEL: i32 = 3;

thread_local! {
    static COMPRESSOR: RefCell<Compressor<'static>> =
        RefCell::new(Compressor::new(LEVEL).expect("the level is one of zstd's"));
    static DECOMPRESSOR: RefCell<Decompressor<'static>> = RefCell::default();
}

/// Returns the compressed bytes.
pub(super) fn compress(plain: &[u8]) -> Vec<u8> {
    COMPRESSOR
        .with_borrow_mut(|compressor| compressor.compress(plain))
        .expect("compressing from memory to memory cannot fail")
}

/// Returns the bytes before compression, unless there are too many.
pub(super) fn decompress(bytes: &[u8]) -> Result<Vec<u8>, BatchError> {
    DECOMPRESSOR
        .with_borrow_mut(|decompressor| decompressor.decompress(bytes, BATCH_MAX_BYTES))
        .map_err(|_| BatchError::Compression)
}
