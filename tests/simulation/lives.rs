//! Lives: nodes start, die and start again; lines are cut; clocks jump.

use anyhow::ensure;
use lanyard_test_vfs::{Cut as PowerCut, Image, Point};

use crate::faults::Fault;
use crate::line::Cut;
use crate::world::{Event, World};

impl World {
    /// Starts a node and its session.
    pub(crate) fn start(&mut self, number: usize) -> anyhow::Result<()> {
        self.nodes[number].set_clock(self.now_ms);
        self.nodes[number].start()?;
        if let Some(line) = number.checked_sub(1) {
            let certificate = self.nodes[number].identity.certificate.clone();
            self.lines[line].begin(certificate);
            self.tell_here(line)?;
        }
        Ok(())
    }

    /// Starts a node that died: what it acknowledged and what others have of it is there.
    pub(crate) fn start_again(&mut self, number: usize) -> anyhow::Result<()> {
        if self.nodes[number].is_up() {
            return Ok(());
        }
        if self.dice.chance(self.rates.crash_while_opening) {
            self.strike(Fault::CrashWhileOpening);
            let before = self.nodes[number].disk.now();
            self.nodes[number].start()?;
            let at = self.within(before, self.nodes[number].disk.now());
            let left = self.cut(number, at);
            self.nodes[number].die(&left)?;
        }
        self.start(number)?;
        let vector = self.nodes[number].vector()?;
        self.trace
            .note(self.now_ms, &format!("{} is back with {}", self.nodes[number].name, vector.digest()));
        if self.nodes[number].was_set_back {
            return Ok(());
        }
        self.oracle.nothing_is_lost(number, &vector)?;
        let own = self.nodes[number].log();
        for node in self.nodes.iter().filter(|node| node.is_up()) {
            let known = node.vector()?.seq(&own);
            ensure!(known <= vector.seq(&own), "{} has entries of {own} that its writer lost", node.name);
        }
        Ok(())
    }

    /// A moment between two, both among them.
    pub(crate) fn within(&mut self, from: Point, to: Point) -> Point {
        from + self.dice.index(to - from + 1)
    }

    /// What is on a node's disk when its life ends at a moment: mostly the power fails, sometimes somebody kills the
    /// process.
    fn cut(&mut self, number: usize, at: Point) -> Image {
        let power = PowerCut::Power(u64::from_le_bytes(self.dice.bytes()));
        let how = if self.dice.chance(150) { PowerCut::Process } else { power };
        self.nodes[number].disk.after_cut(at, how)
    }

    /// A node dies at a moment that others have heard nothing after.
    pub(crate) fn die_at(&mut self, number: usize, at: Point, fault: Fault) -> anyhow::Result<()> {
        let left = self.cut(number, at);
        self.die(number, &left, fault)
    }

    /// A node dies and leaves this on its disk; it comes back after a while.
    pub(crate) fn die(&mut self, number: usize, left: &Image, fault: Fault) -> anyhow::Result<()> {
        self.strike(fault);
        self.trace.note(self.now_ms, &format!("{} dies: {}", self.nodes[number].name, fault.as_str()));
        self.nodes[number].die(left)?;
        if let Some(line) = number.checked_sub(1) {
            self.lines[line].session = None;
        }
        let away_ms = self.dice.between(500, 90_000);
        self.schedule(away_ms, Event::Start(number));
        Ok(())
    }

    /// Something may go wrong that nobody's message or commit is needed for.
    pub(crate) fn trouble(&mut self) -> anyhow::Result<()> {
        let pause_ms = self.dice.between(2_000, 18_000);
        self.schedule(pause_ms, Event::Trouble);
        // Once all healed nothing goes wrong any more.
        if self.rates.crash == 0 {
            return Ok(());
        }
        match self.dice.index(14) {
            0..4 => self.partition(),
            4..6 => self.jump(),
            6 => {
                let number = self.dice.index(self.nodes.len());
                if self.nodes[number].is_up() {
                    let now = self.nodes[number].disk.now();
                    self.die_at(number, now, Fault::CrashBeforeCommit)?;
                }
            }
            7..9 => self.take_picture(),
            9..12 => self.set_back()?,
            12 => self.retire(),
            _ => {}
        }
        Ok(())
    }

    fn partition(&mut self) {
        let line = self.dice.index(self.lines.len());
        if self.lines[line].cut != Cut::Open {
            return;
        }
        self.strike(Fault::Partition);
        self.lines[line].cut = if self.dice.chance(500) { Cut::Refusing } else { Cut::Silent };
        self.trace.note(self.now_ms, &format!("line {line} is cut, {:?}", self.lines[line].cut));
        let away_ms = self.dice.between(3_000, 240_000);
        self.schedule(away_ms, Event::Heal(line));
    }

    fn jump(&mut self) {
        let number = self.dice.index(self.nodes.len());
        let reach_ms = if self.dice.chance(700) { 5 * 60_000 } else { 2 * 3_600_000 };
        let by_ms = self.dice.around_zero(reach_ms);
        self.nodes[number].clock_off_ms += by_ms;
        self.strike(Fault::ClockJump);
        self.trace
            .note(self.now_ms, &format!("the clock of {} jumps by {by_ms} ms", self.nodes[number].name));
    }
}
