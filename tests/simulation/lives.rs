//! Lives: nodes start, die and start again; lines are cut; clocks jump.

use anyhow::ensure;
use lanyard_test_vfs::{Cut as PowerCut, Image, Point};

use crate::events::Event;
use crate::faults::Fault;
use crate::line::Cut;
use crate::world::World;

/// How far a clock jumps at most when it jumps far, milliseconds: three years.
const YEARS_MS: i64 = 3 * 365 * 86_400_000;
/// How far a clock is wrong without anybody seeing it, milliseconds.
const OVERLOOKED_MS: i64 = 6 * 3_600_000;
/// A picture of a machine is taken in so many of a thousand moments.
const PICTURES: u32 = 200;

impl World {
    /// Starts a node and its sessions.
    pub(crate) fn start(&mut self, number: usize) -> anyhow::Result<()> {
        self.nodes[number].set_clock(self.now_ms);
        self.nodes[number].start()?;
        for line in self.lines_of(number) {
            self.begin_session(line)?;
        }
        self.schedule_fold(number);
        Ok(())
    }

    /// Starts a node that died: what it acknowledged and what others have of it is there.
    pub(crate) fn start_again(&mut self, number: usize) -> anyhow::Result<()> {
        if self.nodes[number].is_up() {
            return Ok(());
        }
        if self.weather.strikes(Fault::CrashWhileOpening) {
            let before = self.nodes[number].disk.now();
            self.nodes[number].disk.mark();
            self.nodes[number].start()?;
            let after = self.nodes[number].disk.now();
            let at = self.within(Fault::CrashWhileOpening, before, after);
            let left = self.cut(number, at, Fault::CrashWhileOpening);
            self.nodes[number].die(&left)?;
            self.crash_points += 1;
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
    pub(crate) fn within(&mut self, fault: Fault, from: Point, to: Point) -> Point {
        from + self.weather.dice(fault).index(to - from + 1)
    }

    /// What is on a node's disk when its life ends at a moment: mostly the power fails, sometimes somebody kills the
    /// process.
    fn cut(&mut self, number: usize, at: Point, fault: Fault) -> Image {
        let dice = self.weather.dice(fault);
        let power = PowerCut::Power(u64::from_le_bytes(dice.bytes()));
        let how = if dice.chance(150) { PowerCut::Process } else { power };
        self.nodes[number].disk.after_cut(at, how)
    }

    /// A node dies at a moment that others have heard nothing after.
    pub(crate) fn die_at(&mut self, number: usize, at: Point, fault: Fault) -> anyhow::Result<()> {
        self.look_back(number, at)?;
        self.crash_points += 1;
        let left = self.cut(number, at, fault);
        self.die(number, &left, fault)
    }

    /// A node dies and leaves this on its disk; it comes back after a while.
    pub(crate) fn die(&mut self, number: usize, left: &Image, fault: Fault) -> anyhow::Result<()> {
        self.trace.note(self.now_ms, &format!("{} dies: {}", self.nodes[number].name, fault.as_str()));
        self.nodes[number].die(left)?;
        for line in self.lines_of(number) {
            self.lines[line].session = None;
        }
        let away_ms = self.weather.dice(fault).between(500, 90_000);
        self.schedule(away_ms, Event::Start(number));
        Ok(())
    }

    /// Something may go wrong that nobody's message or commit is needed for.
    pub(crate) fn trouble(&mut self) -> anyhow::Result<()> {
        let pause_ms = self.dice.between(1_500, 12_000);
        self.schedule(pause_ms, Event::Trouble);
        if self.weather.is_fair() {
            return Ok(());
        }
        if self.weather.draws(Fault::Partition) {
            self.partition();
        }
        if self.weather.strikes(Fault::ClockJump) {
            self.jump();
        }
        if self.weather.strikes(Fault::ClockYears) {
            self.jump_far();
        }
        if self.weather.draws(Fault::DiskFull) {
            self.fill_disk();
        }
        if self.weather.draws(Fault::CrashIdle) {
            self.die_idle()?;
        }
        if self.weather.draws(Fault::Retirement) {
            self.retire();
        }
        if self.weather.draws(Fault::RollOut) {
            self.roll_out();
        }
        if self.weather.draws(Fault::LiveClone) {
            self.copy_machine()?;
        }
        if self.dice.chance(PICTURES) {
            self.take_picture();
        }
        for fault in [Fault::SetBack, Fault::Restored, Fault::HqRestored] {
            if self.weather.draws(fault) {
                self.set_back(fault)?;
            }
        }
        Ok(())
    }

    fn partition(&mut self) {
        let dice = self.weather.dice(Fault::Partition);
        let line = dice.index(self.lines.len());
        if self.lines[line].cut != Cut::Open {
            return;
        }
        self.lines[line].cut = if dice.chance(500) { Cut::Refusing } else { Cut::Silent };
        let away_ms = dice.between(3_000, 120_000);
        self.weather.count(Fault::Partition);
        self.trace.note(self.now_ms, &format!("line {line} is cut, {:?}", self.lines[line].cut));
        self.schedule(away_ms, Event::Heal(line));
    }

    fn jump(&mut self) {
        let dice = self.weather.dice(Fault::ClockJump);
        let number = dice.index(self.nodes.len());
        let reach_ms = if dice.chance(700) { 5 * 60_000 } else { 2 * 3_600_000 };
        let by_ms = dice.around_zero(reach_ms);
        self.jump_by(number, by_ms);
    }

    /// As when a battery is empty or somebody types the wrong year.
    fn jump_far(&mut self) {
        let dice = self.weather.dice(Fault::ClockYears);
        let number = dice.index(self.nodes.len());
        let by_ms = dice.around_zero(YEARS_MS);
        self.jump_by(number, by_ms);
    }

    fn jump_by(&mut self, number: usize, by_ms: i64) {
        self.nodes[number].clock_off_ms += by_ms;
        self.trace
            .note(self.now_ms, &format!("the clock of {} jumps by {by_ms} ms", self.nodes[number].name));
    }

    /// Clocks that are wrong by more than anybody could overlook are set right.
    pub(crate) fn set_clocks_right(&mut self) {
        for node in &mut self.nodes {
            if node.clock_off_ms.abs() > OVERLOOKED_MS {
                node.clock_off_ms = 0;
            }
        }
    }

    /// Something else takes the room on a disk, all of it or but for a little.
    fn fill_disk(&mut self) {
        let dice = self.weather.dice(Fault::DiskFull);
        let number = dice.index(self.nodes.len());
        if !self.nodes[number].is_up() {
            return;
        }
        let (left_bytes, for_ms) = (dice.between(0, 60_000), dice.between(2_000, 60_000));
        self.weather.count(Fault::DiskFull);
        self.trace.note(self.now_ms, &format!("{} has {left_bytes} bytes left", self.nodes[number].name));
        self.nodes[number].leave_bytes(left_bytes);
        self.schedule(for_ms, Event::Room(number));
    }

    fn die_idle(&mut self) -> anyhow::Result<()> {
        let number = self.weather.dice(Fault::CrashIdle).index(self.nodes.len());
        if !self.nodes[number].is_up() {
            return Ok(());
        }
        self.weather.count(Fault::CrashIdle);
        let now = self.nodes[number].disk.now();
        self.die_at(number, now, Fault::CrashIdle)
    }
}
