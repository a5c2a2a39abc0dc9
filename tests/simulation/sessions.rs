//! Sessions: over each line one of the asking node, which begins with the node and is told what is new on both sides.

use std::collections::BTreeSet;

use lanyard_sync::Input;

use crate::events::Event;
use crate::line::{Line, Parcel};
use crate::node::SCOPE;
use crate::world::World;

/// How long a node waits for more news before it tells of any, milliseconds.
const HINT_AFTER_MS: u64 = 100;

impl World {
    /// The lines over which a node asks.
    pub(crate) fn lines_of(&self, number: usize) -> Vec<usize> {
        (0..self.lines.len()).filter(|line| self.lines[*line].asker == number).collect()
    }

    /// A node that runs begins to ask.
    pub(crate) fn begin_session(&mut self, line: usize) -> anyhow::Result<()> {
        let node = &self.nodes[self.lines[line].asker];
        self.lines[line].begin(node.protocol(), node.identity.certificate.clone());
        self.tell_here(line)
    }

    /// Islands meet, if they did not yet.
    pub(crate) fn meet(&mut self) -> anyhow::Result<()> {
        let Some((asker, answerer)) = self.to_meet.take() else { return Ok(()) };
        let (name, other) = (self.nodes[asker].name, self.nodes[answerer].name);
        self.trace.note(self.now_ms, &format!("{name} has a line to {other} from here on"));
        self.lines.push(Line::between(asker, answerer));
        if self.nodes[asker].is_up() {
            self.begin_session(self.lines.len() - 1)?;
        }
        Ok(())
    }

    /// The copy of a machine asks whomever the machine has lines to.
    pub(crate) fn copy_lines(&mut self, number: usize, copy: usize) {
        let others = self.lines.iter().filter_map(|line| line.other_end(number));
        let others: BTreeSet<usize> = others.map(|(_, other)| other).collect();
        self.lines.extend(others.into_iter().map(|other| Line::between(copy, other)));
    }

    /// A session whose time has come goes on.
    pub(crate) fn wake(&mut self, line: usize) -> anyhow::Result<()> {
        if self.lines[line].wake_ms.is_none_or(|wake_ms| wake_ms > self.now_ms) {
            return Ok(());
        }
        self.lines[line].wake_ms = None;
        self.feed(line, Input::Tick)
    }

    /// Tells a session what is here.
    pub(crate) fn tell_here(&mut self, line: usize) -> anyhow::Result<()> {
        let (vector, own) = self.nodes[self.lines[line].asker].here()?;
        self.feed(line, Input::Here { scope: SCOPE, vector, own })
    }

    /// A node is going to tell whoever asks it that it has news, once for all of a moment.
    pub(crate) fn schedule_hint(&mut self, number: usize) {
        let is_asked = self.lines.iter().any(|line| line.answerer == number);
        if is_asked && self.hints_due.insert(number) {
            self.schedule(HINT_AFTER_MS, Event::Hint(number));
        }
    }

    /// A node tells whoever asks it that it has news.
    pub(crate) fn hint(&mut self, number: usize) {
        self.hints_due.remove(&number);
        for line in 0..self.lines.len() {
            if self.lines[line].answerer == number {
                let start = self.nodes[self.lines[line].asker].starts;
                self.send(line, start, &Parcel::Hint);
            }
        }
    }
}
