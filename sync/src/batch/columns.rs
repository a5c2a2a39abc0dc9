//! Writing a batch as columns.
//!
//! One CBOR array of 19 items, or of 20 where parts are gone and the receiver has not seen why:
//!
//! ```text
//!  0 format        1; 2 with item 19
//!  1 scope         16 bytes
//!  2 logs          [[node, epoch, first seq, hash prefix before it, last seq, its hash, signature], …]
//!  3 segments      [[index into logs, number of entries], …]
//!  4 shapes        [[category, key type, kind, version, min_reader, actor, desk], …]
//!  5 shape         per entry: index into shapes
//!  6 text keys     [text, …] for entries of key type 1
//!  7 id keys       16 bytes for each entry of key type 2
//!  8 lamport       per entry: difference to the entry before, the first to 0
//!  9 at_ms         per entry: difference to the entry before, the first to 0
//! 10 skew_ms       per entry: integer or null
//! 11 commands      16 bytes for each entry
//! 12 indexes       per entry
//! 13 contexts      [[entry, delta], …] where there is one
//! 14 facts         per entry: bytes, or false when erased
//! 15 personal      per entry: bytes, false when erased, null when there never was one
//! 16 salts         16 bytes for each part that is there: facts, then personal, entry by entry
//! 17 commitments   32 bytes for each erased part, in the same order
//! 18 exts          [[entry, bytes], …] where not empty
//! 19 erasures      [[certificate, …], [[category, key, index into certificates, signature], …]] in order of
//!                  stream; certificates in the order in which they are first named
//! ```

use crate::batch::Batch;
use crate::cbor::Writer;
use crate::certificate::Certificate;
use crate::entry::EntryFrame;
use crate::erasure::Erasure;
use crate::header::{Header, write_stream};
use crate::id::LogId;
use crate::payload::Part;
use crate::stream::StreamKey;

pub(super) const FORMAT: u64 = 1;
pub(super) const COLUMNS: usize = 19;
pub(super) const FORMAT_WITH_ERASURES: u64 = 2;
pub(super) const COLUMNS_WITH_ERASURES: usize = 20;
pub(super) const KEY_NONE: u64 = 0;
pub(super) const KEY_TEXT: u64 = 1;
pub(super) const KEY_ID: u64 = 2;

pub(super) fn write(batch: &Batch) -> Vec<u8> {
    let frames = &batch.frames;
    let mut writer = Writer::with_capacity(frames.len() * 160 + 256);
    let has_erasures = !batch.erasures.is_empty();
    writer.array(if has_erasures { COLUMNS_WITH_ERASURES } else { COLUMNS });
    writer.uint(if has_erasures { FORMAT_WITH_ERASURES } else { FORMAT });
    writer.bytes(batch.scope.as_bytes());
    write_logs(&mut writer, batch);
    write_segments(&mut writer, batch);
    write_shapes(&mut writer, frames);
    write_keys(&mut writer, frames);
    write_differences(&mut writer, frames, |header| header.lamport.cast_signed());
    write_differences(&mut writer, frames, |header| header.at_ms);
    writer.array(frames.len());
    for frame in frames {
        writer.option(frame.header.skew_ms, |w, skew_ms| w.int(skew_ms.into()));
    }
    writer.bytes(&frames.iter().flat_map(|frame| frame.header.command.0).collect::<Vec<u8>>());
    writer.array(frames.len());
    for frame in frames {
        writer.uint(frame.header.index.into());
    }
    write_sparse(&mut writer, frames, |header| header.context.as_ref(), |w, context| context.write(w));
    write_parts(&mut writer, frames);
    let ext = |header: &'_ Header| (!header.ext.is_empty()).then(|| header.ext.clone());
    write_sparse(&mut writer, frames, ext, |w, ext| w.bytes(&ext));
    if has_erasures {
        write_erasures(&mut writer, &batch.erasures);
    }
    writer.into_bytes()
}

fn write_logs(writer: &mut Writer, batch: &Batch) {
    writer.array(batch.logs.len());
    for log in &batch.logs {
        writer.array(7);
        writer.bytes(log.log().node.as_bytes());
        writer.uint(log.log().epoch.0);
        writer.uint(log.first_seq);
        writer.bytes(&log.after);
        writer.uint(log.head.dot.seq);
        writer.bytes(log.head.hash.as_bytes());
        writer.bytes(log.head.signature.as_bytes());
    }
}

fn write_segments(writer: &mut Writer, batch: &Batch) {
    let mut segments: Vec<(LogId, u64)> = Vec::new();
    for frame in &batch.frames {
        match segments.last_mut() {
            Some((log, count)) if *log == frame.dot.log => *count += 1,
            _ => segments.push((frame.dot.log, 1)),
        }
    }
    writer.array(segments.len());
    for (log, count) in segments {
        let index = batch.logs.iter().position(|known| known.log() == log);
        writer.array(2);
        writer.uint(index.expect("a batch lists the logs of its entries") as u64);
        writer.uint(count);
    }
}

type Shape<'a> = (&'a str, u64, &'a str, u16, u16, &'a str, &'a str);

fn shape(header: &Header) -> Shape<'_> {
    let key = match header.stream.key() {
        StreamKey::None => KEY_NONE,
        StreamKey::Text(_) => KEY_TEXT,
        StreamKey::Id(_) => KEY_ID,
    };
    let Header { stream, kind, version, min_reader, actor, desk, .. } = header;
    (stream.category(), key, kind, *version, *min_reader, actor, desk)
}

fn write_shapes(writer: &mut Writer, frames: &[EntryFrame]) {
    let mut numbers: std::collections::BTreeMap<Shape<'_>, u64> = std::collections::BTreeMap::new();
    let mut shapes = Vec::new();
    let mut column = Vec::with_capacity(frames.len());
    for frame in frames {
        let shape = shape(&frame.header);
        let number = *numbers.entry(shape).or_insert_with(|| {
            shapes.push(shape);
            shapes.len() as u64 - 1
        });
        column.push(number);
    }
    writer.array(shapes.len());
    for (category, key, kind, version, min_reader, actor, desk) in shapes {
        writer.array(7);
        writer.text(category);
        writer.uint(key);
        writer.text(kind);
        writer.uint(version.into());
        writer.uint(min_reader.into());
        writer.text(actor);
        writer.text(desk);
    }
    writer.array(column.len());
    for number in column {
        writer.uint(number);
    }
}

fn write_keys(writer: &mut Writer, frames: &[EntryFrame]) {
    let mut texts = Vec::new();
    let mut ids = Vec::new();
    for frame in frames {
        match frame.header.stream.key() {
            StreamKey::None => {}
            StreamKey::Text(key) => texts.push(key),
            StreamKey::Id(id) => ids.extend_from_slice(id),
        }
    }
    writer.array(texts.len());
    for text in texts {
        writer.text(text);
    }
    writer.bytes(&ids);
}

fn write_differences(writer: &mut Writer, frames: &[EntryFrame], value: impl Fn(&Header) -> i64) {
    writer.array(frames.len());
    let mut before = 0;
    for frame in frames {
        let value = value(&frame.header);
        writer.int(value.wrapping_sub(before));
        before = value;
    }
}

fn write_sparse<'a, T>(
    writer: &mut Writer,
    frames: &'a [EntryFrame],
    value: impl Fn(&'a Header) -> Option<T>,
    write: impl Fn(&mut Writer, T),
) {
    let values: Vec<(u64, T)> =
        (0..).zip(frames).filter_map(|(row, frame)| Some((row, value(&frame.header)?))).collect();
    writer.array(values.len());
    for (row, value) in values {
        writer.array(2);
        writer.uint(row);
        write(writer, value);
    }
}

fn write_parts(writer: &mut Writer, frames: &[EntryFrame]) {
    writer.array(frames.len());
    for frame in frames {
        write_content(writer, &frame.payload.facts);
    }
    writer.array(frames.len());
    for frame in frames {
        writer.option(frame.payload.personal.as_ref(), write_content);
    }
    let (mut salts, mut commitments) = (Vec::new(), Vec::new());
    for frame in frames {
        for part in std::iter::once(&frame.payload.facts).chain(&frame.payload.personal) {
            match part {
                Part::Present { salt, .. } => salts.extend_from_slice(salt),
                Part::Absent { commitment } => commitments.extend_from_slice(commitment.as_bytes()),
            }
        }
    }
    writer.bytes(&salts);
    writer.bytes(&commitments);
}

fn write_erasures(writer: &mut Writer, erasures: &[Erasure]) {
    let mut certificates: Vec<&Certificate> = Vec::new();
    let mut indexes = Vec::with_capacity(erasures.len());
    for erasure in erasures {
        let known = certificates.iter().position(|known| **known == erasure.certificate);
        indexes.push(known.unwrap_or_else(|| {
            certificates.push(&erasure.certificate);
            certificates.len() - 1
        }));
    }
    writer.array(2);
    writer.array(certificates.len());
    for certificate in certificates {
        certificate.write(writer);
    }
    writer.array(erasures.len());
    for (erasure, index) in erasures.iter().zip(indexes) {
        writer.array(4);
        write_stream(writer, &erasure.stream);
        writer.uint(index as u64);
        writer.bytes(erasure.signature.as_bytes());
    }
}

fn write_content(writer: &mut Writer, part: &Part) {
    match part {
        Part::Present { bytes, .. } => writer.bytes(bytes),
        Part::Absent { .. } => writer.bool(false),
    }
}
