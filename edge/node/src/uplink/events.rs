//! Reading a stream of hints: server-sent events, piece by piece as they arrive.

use lanyard_domain::FreshCheckIn;

use crate::sync_http::FRESH_EVENT;

/// Longest line that is kept, in bytes; a longer one is let go by.
const LINE_MAX_BYTES: usize = 4 * 1024;

/// What a peer hints at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// It has something new.
    News,
    /// Somebody was admitted.
    CheckIn(FreshCheckIn),
}

/// What has arrived of the present event.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    /// Whether the present line was too long to be kept.
    overflowed: bool,
    /// Name of the present event; empty for one without.
    name: String,
}

impl Events {
    /// Takes what has arrived and returns the hints that it completes. An event of another name is news.
    pub(super) fn take(&mut self, chunk: &[u8]) -> Vec<Hint> {
        let mut hints = Vec::new();
        for byte in chunk {
            match byte {
                b'\n' => {
                    let overflowed = std::mem::take(&mut self.overflowed);
                    let line = std::mem::take(&mut self.line);
                    if !overflowed {
                        hints.extend(self.end_line(line.trim_ascii_end()));
                    }
                }
                _ if self.line.len() >= LINE_MAX_BYTES => self.overflowed = true,
                byte => self.line.push(*byte),
            }
        }
        hints
    }

    fn end_line(&mut self, line: &[u8]) -> Option<Hint> {
        if line.is_empty() {
            self.name.clear();
        } else if let Some(name) = line.strip_prefix(b"event:") {
            self.name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
        } else if let Some(data) = line.strip_prefix(b"data:") {
            if self.name != FRESH_EVENT {
                return Some(Hint::News);
            }
            return serde_json::from_slice(data).ok().map(Hint::CheckIn);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use lanyard_domain::AttendeeId;
    use lanyard_sync::{Epoch, LogId, NodeId};

    use super::*;

    fn fresh() -> FreshCheckIn {
        FreshCheckIn {
            attendee: AttendeeId([3; 16]),
            list: "main".parse().unwrap(),
            window: String::new(),
            at_ms: 1_790_000_000_000,
            desk: "north-1".parse().unwrap(),
            dot: LogId { node: NodeId([1; 16]), epoch: Epoch(2) }.dot(3),
        }
    }

    #[test]
    fn hints_are_read_however_they_are_cut() {
        let json = serde_json::to_string(&fresh()).unwrap();
        let stream = format!(
            "data: 17\n\n: alive\n\nevent: check-in\ndata: {json}\n\ndata:18\r\n\r\nevent: later\ndata: {{}}\n\n"
        );
        let expected = [Hint::News, Hint::CheckIn(fresh()), Hint::News, Hint::News];
        for pieces in [1, 7, stream.len()] {
            let mut events = Events::default();
            let hints: Vec<_> =
                stream.as_bytes().chunks(pieces).flat_map(|piece| events.take(piece)).collect();
            assert_eq!(hints, expected, "{pieces} bytes at once");
        }
    }

    #[test]
    fn what_cannot_be_read_or_is_endless_is_let_go_by() {
        let mut events = Events::default();
        assert_eq!(events.take(b"event: check-in\ndata: {\"attendee\":1}\n\n"), []);
        assert_eq!(events.take(&vec![b'x'; 10 * LINE_MAX_BYTES]), []);
        assert!(events.line.len() <= LINE_MAX_BYTES);
        assert_eq!(events.take(b"\n\ndata: 1\n\n"), [Hint::News]);
    }
}
