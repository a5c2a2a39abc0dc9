//! Check-ins that peers told of ahead of their entries, and what peers are to be told of.
//!
//! In memory alone, for a short time and for a bounded number: a hint that is lost or wrong must cost no more than a
//! conflict or a minute. Whatever has its entry here is forgotten, for then the log says it.

use std::collections::BTreeMap;

use lanyard_domain::{AttendeeId, FreshCheckIn, ListId};
use lanyard_sync::{Dot, KnownScope, LogWriter};

/// How long a check-in is believed without its entry, milliseconds.
const LIFE_MS: i64 = 60_000;
/// Most check-ins that are remembered; of more, nothing is taken in.
const HEARD_MAX: usize = 4_096;
/// Most check-ins that wait for somebody to tell them; of more, nothing is told.
const TO_TELL_MAX: usize = 256;
/// Longest name of a window that is remembered, in bytes.
const WINDOW_MAX_BYTES: usize = 256;

type Key = (AttendeeId, ListId, String);

#[derive(Debug)]
struct Heard {
    fresh: FreshCheckIn,
    at_ms: i64,
}

impl Heard {
    /// A clock that was set back ends it too.
    fn lives(&self, now_ms: i64) -> bool {
        (0..LIFE_MS).contains(&now_ms.saturating_sub(self.at_ms))
    }
}

/// Whether an entry is in the log of this node.
pub(super) fn is_here(own: &LogWriter, known: &KnownScope, dot: Dot) -> bool {
    let own = own.head();
    let seq =
        if own.log == dot.log { own.seq } else { known.logs.get(&dot.log).map_or(0, |log| log.head.seq) };
    dot.seq <= seq
}

/// What was heard, and what is to be told.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    heard: BTreeMap<Key, Heard>,
    to_tell: Vec<FreshCheckIn>,
}

impl Fresh {
    /// Remembers a check-in whose entry is not here; tells whether it was news, which are passed on.
    pub(super) fn hear(&mut self, fresh: FreshCheckIn, now_ms: i64) -> bool {
        if fresh.window.len() > WINDOW_MAX_BYTES {
            return false;
        }
        if self.heard.len() >= HEARD_MAX {
            self.heard.retain(|_, heard| heard.lives(now_ms));
        }
        let key = (fresh.attendee, fresh.list.clone(), fresh.window.clone());
        let is_known = self.heard.get(&key).is_some_and(|heard| heard.lives(now_ms));
        if is_known || self.heard.len() >= HEARD_MAX {
            return false;
        }
        self.heard.insert(key, Heard { fresh: fresh.clone(), at_ms: now_ms });
        self.tell(fresh);
        true
    }

    /// Notes what peers are to be told of.
    pub(super) fn tell(&mut self, fresh: FreshCheckIn) {
        if self.to_tell.len() < TO_TELL_MAX {
            self.to_tell.push(fresh);
        }
    }

    /// What peers are to be told of, once.
    pub(super) fn take_to_tell(&mut self) -> Vec<FreshCheckIn> {
        std::mem::take(&mut self.to_tell)
    }

    /// Forgets what is in the log.
    pub(super) fn forget(&mut self, is_here: impl Fn(Dot) -> bool) {
        self.heard.retain(|_, heard| !is_here(heard.fresh.dot));
    }

    /// A check-in that was told of and is still believed.
    pub(super) fn find(
        &self,
        attendee: AttendeeId,
        list: &ListId,
        window: &str,
        now_ms: i64,
    ) -> Option<FreshCheckIn> {
        if self.heard.is_empty() {
            return None;
        }
        let heard = self.heard.get(&(attendee, list.clone(), window.to_owned()))?;
        heard.lives(now_ms).then(|| heard.fresh.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use lanyard_domain::Refusal;
    use lanyard_domain::outcome::Outcome;
    use lanyard_sync::{Epoch, LogId, NodeId};

    use super::super::test_node::{TestNode, check_in, venue};
    use super::super::{LocalChange, Reply, Submission};
    use super::*;

    /// Tells a node of check-ins, as a peer does.
    fn tell(node: &mut TestNode, fresh: Vec<FreshCheckIn>) {
        let told = Submission::Local(LocalChange::FreshCheckIns(fresh));
        let committed = node.engine.commit(vec![told]);
        assert!(matches!(committed.replies[..], [Reply::Local(Ok(_))]), "{:?}", committed.replies);
    }

    fn refusal(node: &mut TestNode, guest: u16) -> Option<Refusal> {
        match node.give(check_in(guest)).outcome {
            Outcome::Accepted(_) => None,
            Outcome::Refused(refused) => Some(refused.refusal),
        }
    }

    #[test]
    fn somebody_admitted_elsewhere_is_refused_before_the_entry_arrives_and_after() {
        let (_, mut north, mut south) = venue();
        assert_eq!(refusal(&mut north, 1), None);
        let fresh = north.engine.take_fresh();
        assert_eq!(fresh.len(), 1);
        let vector = south.engine.vector();
        tell(&mut south, fresh.clone());
        assert_eq!(south.engine.vector(), vector, "nothing was written");
        assert_eq!(south.engine.take_fresh(), fresh, "it is passed on");
        let told = refusal(&mut south, 1).expect("north admitted them");
        south.pull(&north).unwrap();
        assert_eq!(refusal(&mut south, 1), Some(told), "the log says the same");
        assert!(south.engine.fresh.heard.is_empty());
        tell(&mut south, fresh);
        assert!(south.engine.take_fresh().is_empty(), "what is in the log is no news");
    }

    #[test]
    fn a_hint_that_comes_to_nothing_keeps_nobody_out_for_long() {
        let (_, mut north, mut south) = venue();
        north.give(check_in(1));
        tell(&mut south, north.engine.take_fresh());
        assert!(refusal(&mut south, 1).is_some());
        south.now_ms.fetch_add(LIFE_MS, Ordering::Relaxed);
        assert_eq!(refusal(&mut south, 1), None);
    }

    #[test]
    fn a_restart_forgets_and_a_refused_scan_tells_nothing() {
        let (_, mut north, mut south) = venue();
        north.give(check_in(1));
        tell(&mut south, north.engine.take_fresh());
        assert!(refusal(&mut south, 1).is_some());
        assert_eq!(south.engine.take_fresh().len(), 1, "the hint alone is passed on");
        let mut south = south.reboot(1);
        assert_eq!(refusal(&mut south, 1), None);
    }

    fn fresh(number: u32) -> FreshCheckIn {
        let log = LogId { node: NodeId([9; 16]), epoch: Epoch(1) };
        let mut attendee = [0; 16];
        attendee[..4].copy_from_slice(&number.to_le_bytes());
        FreshCheckIn {
            attendee: AttendeeId(attendee),
            list: "main".parse().unwrap(),
            window: String::new(),
            at_ms: 5,
            desk: "south-1".parse().unwrap(),
            dot: log.dot(u64::from(number) + 1),
        }
    }

    fn is_found(memory: &Fresh, number: u32, now_ms: i64) -> bool {
        let FreshCheckIn { attendee, list, window, .. } = fresh(number);
        memory.find(attendee, &list, &window, now_ms).is_some()
    }

    #[test]
    fn what_was_heard_lapses_after_a_minute_or_when_the_clock_was_set_back() {
        let mut memory = Fresh::default();
        assert!(memory.hear(fresh(1), 100_000));
        assert!(is_found(&memory, 1, 100_000 + LIFE_MS - 1));
        assert!(!is_found(&memory, 1, 100_000 + LIFE_MS));
        assert!(!is_found(&memory, 1, 99_999));
        assert!(!is_found(&memory, 2, 100_000));
    }

    #[test]
    fn news_are_passed_on_once_and_the_log_ends_them() {
        let mut memory = Fresh::default();
        assert!(memory.hear(fresh(1), 0));
        assert!(!memory.hear(fresh(1), 10), "it came back over another line");
        assert_eq!(memory.take_to_tell(), [fresh(1)]);
        assert_eq!(memory.take_to_tell(), []);
        memory.hear(fresh(2), 0);
        memory.forget(|dot| dot == fresh(1).dot);
        assert_eq!((is_found(&memory, 1, 20), is_found(&memory, 2, 20)), (false, true));
    }

    #[test]
    fn what_is_remembered_and_what_waits_to_be_told_is_bounded() {
        let mut memory = Fresh::default();
        let most = u32::try_from(HEARD_MAX).unwrap();
        for number in 0..most {
            assert!(memory.hear(fresh(number), 0));
        }
        assert!(!memory.hear(fresh(most), 1), "it is full");
        assert_eq!(memory.take_to_tell().len(), TO_TELL_MAX);
        assert!(memory.hear(fresh(most), LIFE_MS), "what lapsed made room");
        assert_eq!(memory.heard.len(), 1);
        let endless = FreshCheckIn { window: "w".repeat(WINDOW_MAX_BYTES + 1), ..fresh(1) };
        assert!(!memory.hear(endless, LIFE_MS));
    }
}
