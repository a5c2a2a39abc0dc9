//! Reading the columns of a batch back into entries.

use crate::batch::columns::{
    COLUMNS, COLUMNS_WITH_ERASURES, FORMAT, FORMAT_WITH_ERASURES, KEY_ID, KEY_NONE, KEY_TEXT,
};
use crate::batch::{Batch, BatchLog};
use crate::cbor::{DecodeError, Next, Reader};
use crate::certificate::Certificate;
use crate::chain::SignedHead;
use crate::context::ContextDelta;
use crate::entry::EntryFrame;
use crate::erasure::Erasure;
use crate::header::{Header, read_stream};
use crate::id::{CommandId, Dot, Epoch, Hash, LogId, NodeId, ScopeId};
use crate::key::Signature;
use crate::limits::{
    ACTOR_MAX_BYTES, BATCH_MAX_ENTRIES, CATEGORY_MAX_BYTES, COUNTER_MAX, DESK_MAX_BYTES, EXT_MAX_BYTES,
    FACTS_MAX_BYTES, KIND_MAX_BYTES, PERSONAL_MAX_BYTES, STREAM_KEY_MAX_BYTES,
};
use crate::payload::{Part, Payload};
use crate::stream::{StreamKey, StreamName};

pub(super) fn read(bytes: &[u8]) -> Result<Batch, DecodeError> {
    let mut reader = Reader::new(bytes);
    let r = &mut reader;
    let columns = r.array(COLUMNS_WITH_ERASURES)?;
    let has_erasures = match (columns, r.uint(u64::MAX)?) {
        (COLUMNS, FORMAT) => false,
        (COLUMNS_WITH_ERASURES, FORMAT_WITH_ERASURES) => true,
        _ => return Err(r.invalid("format of the batch")),
    };
    let scope = ScopeId(r.fixed()?);
    let logs = read_logs(r)?;
    let dots = read_segments(r, &logs)?;
    let shapes = read_shapes(r)?;
    let streams = read_streams(r, &shapes, dots.len())?;
    let lamports = read_differences(r, dots.len())?;
    let times = read_differences(r, dots.len())?;
    r.array_of(dots.len())?;
    let mut skews = Vec::with_capacity(dots.len());
    for _ in 0..dots.len() {
        skews.push(r.option(crate::header::read_skew)?);
    }
    let commands = read_fixed_column::<16>(r, dots.len())?;
    r.array_of(dots.len())?;
    let mut indexes = Vec::with_capacity(dots.len());
    for _ in 0..dots.len() {
        indexes.push(r.u16()?);
    }
    let mut contexts = read_sparse(r, dots.len(), ContextDelta::read)?;
    let mut payloads = read_payloads(r, dots.len())?;
    let mut exts = read_sparse(r, dots.len(), |r| Ok(r.bytes(EXT_MAX_BYTES)?.to_vec()))?;

    let mut frames = Vec::with_capacity(dots.len());
    for (row, dot) in dots.into_iter().enumerate() {
        let (shape, key) = streams[row].clone();
        let payload = payloads[row].take().ok_or_else(|| r.invalid("payload"))?;
        let header = Header {
            stream: StreamName::new(shape.category.to_owned(), key),
            kind: shape.kind.to_owned(),
            version: shape.version,
            min_reader: shape.min_reader,
            lamport: u64::try_from(lamports[row]).map_err(|_| r.over_limit())?,
            at_ms: times[row],
            skew_ms: skews[row],
            actor: shape.actor.to_owned(),
            desk: shape.desk.to_owned(),
            command: CommandId(commands[row]),
            index: indexes[row],
            context: contexts[row].take(),
            facts: payload.facts.commitment(),
            personal: payload.personal.as_ref().map(Part::commitment),
            ext: exts[row].take().unwrap_or_default(),
        };
        header.check().map_err(|_| r.invalid("header"))?;
        frames.push(EntryFrame { dot, header_bytes: header.encode(), header, payload });
    }
    let erasures = if has_erasures { read_erasures(r)? } else { Vec::new() };
    r.end()?;
    Ok(Batch { scope, logs, frames, erasures })
}

/// Reads at least one erasure; certificates are listed in the order in which they are first named.
fn read_erasures(r: &mut Reader<'_>) -> Result<Vec<Erasure>, DecodeError> {
    r.array_of(2)?;
    let certificates = r.list(BATCH_MAX_ENTRIES, Certificate::read)?;
    if certificates.iter().zip(0..).any(|(one, at)| certificates[..at].contains(one)) {
        return Err(r.invalid("repeated certificate"));
    }
    let count = r.array(BATCH_MAX_ENTRIES)?;
    let mut erasures: Vec<Erasure> = Vec::new();
    let mut named = 0;
    for _ in 0..count {
        r.array_of(4)?;
        let stream = read_stream(r)?;
        let index = usize::from(r.u16()?);
        let certificate = certificates.get(index).filter(|_| index <= named);
        let certificate = certificate.ok_or_else(|| r.invalid("index of a certificate"))?.clone();
        named = named.max(index + 1);
        if stream.check().is_err() || erasures.last().is_some_and(|before| before.stream >= stream) {
            return Err(r.invalid("order of erasures"));
        }
        erasures.push(Erasure { stream, certificate, signature: Signature(r.fixed()?) });
    }
    if erasures.is_empty() || named != certificates.len() {
        return Err(r.invalid("erasures"));
    }
    Ok(erasures)
}

fn read_logs(r: &mut Reader<'_>) -> Result<Vec<BatchLog>, DecodeError> {
    let count = r.array(BATCH_MAX_ENTRIES)?;
    let mut logs: Vec<BatchLog> = Vec::new();
    for _ in 0..count {
        r.array_of(7)?;
        let log = LogId { node: NodeId(r.fixed()?), epoch: Epoch(r.uint(u64::MAX)?) };
        let first_seq = r.uint(COUNTER_MAX)?;
        let after = r.fixed()?;
        let dot = log.dot(r.uint(COUNTER_MAX)?);
        let head = SignedHead { dot, hash: Hash(r.fixed()?), signature: Signature(r.fixed()?) };
        if first_seq == 0 || first_seq > dot.seq {
            return Err(r.invalid("range of a log"));
        }
        if logs.last().is_some_and(|before| before.log() >= log) {
            return Err(r.invalid("order of logs"));
        }
        logs.push(BatchLog { first_seq, after, head });
    }
    Ok(logs)
}

/// Reads the runs and returns the id of each entry. Each log must reach exactly its signed head.
fn read_segments(r: &mut Reader<'_>, logs: &[BatchLog]) -> Result<Vec<Dot>, DecodeError> {
    let count = r.array(BATCH_MAX_ENTRIES)?;
    let mut next: Vec<u64> = logs.iter().map(|log| log.first_seq).collect();
    let mut dots = Vec::new();
    for _ in 0..count {
        r.array_of(2)?;
        let index = usize::try_from(r.uint(COUNTER_MAX)?).map_err(|_| r.over_limit())?;
        let length = r.uint(BATCH_MAX_ENTRIES as u64)?;
        let (Some(log), Some(seq)) = (logs.get(index), next.get_mut(index)) else {
            return Err(r.invalid("index of a log"));
        };
        if length == 0 || length > log.head.dot.seq + 1 - *seq {
            return Err(r.invalid("length of a segment"));
        }
        dots.extend((*seq..*seq + length).map(|seq| log.log().dot(seq)));
        *seq += length;
        if dots.len() > BATCH_MAX_ENTRIES {
            return Err(r.over_limit());
        }
    }
    if dots.is_empty() || logs.iter().zip(&next).any(|(log, next)| log.head.dot.seq + 1 != *next) {
        return Err(r.invalid("signed head"));
    }
    Ok(dots)
}

#[derive(Debug)]
struct Shape<'a> {
    category: &'a str,
    key: u64,
    kind: &'a str,
    version: u16,
    min_reader: u16,
    actor: &'a str,
    desk: &'a str,
}

fn read_shapes<'a>(r: &mut Reader<'a>) -> Result<Vec<Shape<'a>>, DecodeError> {
    let count = r.array(BATCH_MAX_ENTRIES)?;
    let mut shapes = Vec::new();
    for _ in 0..count {
        r.array_of(7)?;
        shapes.push(Shape {
            category: r.text(CATEGORY_MAX_BYTES)?,
            key: r.uint(KEY_ID)?,
            kind: r.text(KIND_MAX_BYTES)?,
            version: r.u16()?,
            min_reader: r.u16()?,
            actor: r.text(ACTOR_MAX_BYTES)?,
            desk: r.text(DESK_MAX_BYTES)?,
        });
    }
    Ok(shapes)
}

/// Reads which shape and which key each entry has.
fn read_streams<'s, 'a>(
    r: &mut Reader<'a>,
    shapes: &'s [Shape<'a>],
    rows: usize,
) -> Result<Vec<(&'s Shape<'a>, StreamKey)>, DecodeError> {
    r.array_of(rows)?;
    let mut chosen = Vec::with_capacity(rows);
    for _ in 0..rows {
        let index = usize::from(r.u16()?);
        chosen.push(shapes.get(index).ok_or_else(|| r.invalid("index of a shape"))?);
    }
    let texts = chosen.iter().filter(|shape| shape.key == KEY_TEXT).count();
    let ids = chosen.iter().filter(|shape| shape.key == KEY_ID).count();
    r.array_of(texts)?;
    let mut text_keys = Vec::with_capacity(texts);
    for _ in 0..texts {
        text_keys.push(r.text(STREAM_KEY_MAX_BYTES)?.to_owned());
    }
    let id_keys = read_fixed_column::<16>(r, ids)?;
    let (mut text_keys, mut id_keys) = (text_keys.into_iter(), id_keys.into_iter());
    let mut streams = Vec::with_capacity(rows);
    for shape in chosen {
        let key = match shape.key {
            KEY_NONE => Some(StreamKey::None),
            KEY_TEXT => text_keys.next().map(StreamKey::Text),
            _ => id_keys.next().map(StreamKey::Id),
        };
        streams.push((shape, key.ok_or_else(|| r.invalid("stream key"))?));
    }
    Ok(streams)
}

fn read_differences(r: &mut Reader<'_>, rows: usize) -> Result<Vec<i64>, DecodeError> {
    r.array_of(rows)?;
    let mut values = Vec::with_capacity(rows);
    let mut value: i64 = 0;
    for _ in 0..rows {
        value = value.checked_add(r.int()?).ok_or_else(|| r.over_limit())?;
        values.push(value);
    }
    Ok(values)
}

fn read_fixed_column<const N: usize>(r: &mut Reader<'_>, rows: usize) -> Result<Vec<[u8; N]>, DecodeError> {
    let bytes = r.bytes(rows * N)?;
    let (values, rest) = bytes.as_chunks::<N>();
    if values.len() != rows || !rest.is_empty() {
        return Err(r.invalid("length of a column"));
    }
    Ok(values.to_vec())
}

fn read_sparse<T>(
    r: &mut Reader<'_>,
    rows: usize,
    read: impl Fn(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<Vec<Option<T>>, DecodeError> {
    let count = r.array(rows)?;
    let mut values: Vec<Option<T>> = std::iter::repeat_with(|| None).take(rows).collect();
    let mut least = 0;
    for _ in 0..count {
        r.array_of(2)?;
        let row = usize::from(r.u16()?);
        if row < least || row >= rows {
            return Err(r.invalid("order of a column"));
        }
        values[row] = Some(read(r)?);
        least = row + 1;
    }
    Ok(values)
}

/// What a column of parts says about one of them.
enum Content<'a> {
    Bytes(&'a [u8]),
    Erased,
    Never,
}

fn read_contents<'a>(
    r: &mut Reader<'a>,
    rows: usize,
    max_bytes: usize,
) -> Result<Vec<Content<'a>>, DecodeError> {
    r.array_of(rows)?;
    let mut contents = Vec::with_capacity(rows);
    for _ in 0..rows {
        contents.push(match r.next()? {
            Next::Null => {
                r.null()?;
                Content::Never
            }
            Next::Bool => {
                if r.bool()? {
                    return Err(r.invalid("part"));
                }
                Content::Erased
            }
            Next::Bytes | Next::Integer | Next::Text | Next::Array | Next::Other => {
                Content::Bytes(r.bytes(max_bytes)?)
            }
        });
    }
    Ok(contents)
}

fn read_payloads(r: &mut Reader<'_>, rows: usize) -> Result<Vec<Option<Payload>>, DecodeError> {
    let facts = read_contents(r, rows, FACTS_MAX_BYTES)?;
    let personal = read_contents(r, rows, PERSONAL_MAX_BYTES)?;
    let all = || facts.iter().chain(&personal);
    let present = all().filter(|content| matches!(content, Content::Bytes(_))).count();
    let erased = all().filter(|content| matches!(content, Content::Erased)).count();
    let mut salts = read_fixed_column::<16>(r, present)?.into_iter();
    let mut commitments = read_fixed_column::<32>(r, erased)?.into_iter();
    let mut part = |content: &Content<'_>| match content {
        Content::Bytes(bytes) => salts.next().map(|salt| Part::Present { salt, bytes: bytes.to_vec() }),
        Content::Erased => commitments.next().map(|bytes| Part::Absent { commitment: Hash(bytes) }),
        Content::Never => None,
    };
    let payloads = facts.iter().zip(&personal).map(|(facts, personal)| {
        let facts = part(facts)?;
        Some(Payload { facts, personal: part(personal) })
    });
    Ok(payloads.collect())
}
