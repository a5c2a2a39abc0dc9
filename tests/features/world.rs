//! What a scenario remembers between its steps.

use std::collections::BTreeMap;
use std::fmt::Debug;

use anyhow::Context as _;
use cucumber::World;
use lanyard_tests::deadline::last_seen;

use crate::driver::{Action, Answer, By, Driver, OrderSeen, Plan, StateSeen, Terms};
use crate::running;

/// One scenario: the plan until the first action, then the venue and what it answered.
#[derive(Debug, Default, World)]
pub(crate) struct Summit {
    /// What the venue is opened with.
    pub(crate) plan: Plan,
    venue: Option<Box<dyn Driver>>,
    /// The last answer.
    pub(crate) answer: Answer,
    /// Answers of everybody who asked at the same moment.
    pub(crate) answers: Vec<Answer>,
    /// The last order, by id.
    pub(crate) order: String,
    /// The last order as it was placed.
    pub(crate) placed: OrderSeen,
    /// Codes of badges by what they are called.
    pub(crate) codes: BTreeMap<String, String>,
    /// States that are compared with later ones.
    pub(crate) before: BTreeMap<String, StateSeen>,
    /// The last command with its id, for repeats.
    pub(crate) last: Option<(By, Action, Terms)>,
    /// A version somebody decided on.
    pub(crate) version: u64,
    /// Print jobs there were before.
    pub(crate) jobs_before: usize,
    /// The command before the last.
    pub(crate) before_last: Option<(By, Action, Terms)>,
    /// The answer before the last.
    pub(crate) earlier: Answer,
    /// Orders placed at the same moment, each with whether it holds everything.
    pub(crate) crowd: Vec<(String, bool)>,
    checks: usize,
    commands: u64,
}

impl Summit {
    /// The venue, opened at the first need.
    pub(crate) async fn venue(&mut self) -> anyhow::Result<&mut dyn Driver> {
        if self.venue.is_none() {
            // A step's report holds one line, so the causes have to be in it.
            let opened = running::open(&self.plan).await;
            self.venue = Some(opened.map_err(|error| anyhow::anyhow!("the venue does not open: {error:#}"))?);
        }
        Ok(self.venue.as_mut().context("the venue was opened")?.as_mut())
    }

    /// A desk asks for something; the answer becomes the last one.
    pub(crate) async fn ask(&mut self, by: By, action: Action) -> anyhow::Result<()> {
        self.commands += 1;
        // An id of its own for each command, as a page would draw one, so that a step can send it again.
        let key = format!("{:032x}", u128::from(self.commands) << 64);
        self.ask_on(by, action, Terms { key: Some(key), if_match: None }).await
    }

    /// The same on terms.
    pub(crate) async fn ask_on(&mut self, by: By, action: Action, terms: Terms) -> anyhow::Result<()> {
        let answer = self.venue().await?.act(&by, &action, &terms).await?;
        self.earlier = std::mem::replace(&mut self.answer, answer);
        if let Some(order) = &self.answer.order {
            self.order.clone_from(order);
        }
        self.before_last = self.last.replace((by, action, terms));
        Ok(())
    }

    /// Sends a command once more under its id.
    pub(crate) async fn repeat(&mut self, command: (By, Action, Terms)) -> anyhow::Result<()> {
        let (by, action, terms) = &command;
        let answer = self.venue().await?.act(by, action, terms).await?;
        self.earlier = std::mem::replace(&mut self.answer, answer);
        Ok(())
    }

    /// Asserts that something is as expected, and counts that it was asserted.
    pub(crate) fn check<T: PartialEq + Debug>(
        &mut self,
        what: &str,
        seen: &T,
        expected: &T,
    ) -> anyhow::Result<()> {
        self.checks += 1;
        anyhow::ensure!(seen == expected, "{what}: expected {expected:?}, saw {seen:?}");
        Ok(())
    }

    /// How many assertions were made.
    pub(crate) fn checks(&self) -> usize {
        self.checks
    }

    /// Waits until a sight is as expected, as long as the driver has patience; then asserts.
    pub(crate) async fn check_sight<T: PartialEq + Debug>(
        &mut self,
        what: &str,
        mut look: impl AsyncFnMut(&mut dyn Driver) -> anyhow::Result<T>,
        expected: &T,
    ) -> anyhow::Result<()> {
        let venue = self.venue().await?;
        let seen = last_seen(venue.patience(), what, expected, async || look(venue).await).await?;
        self.check(what, &seen, expected)
    }

    /// The last answer must be a yes.
    pub(crate) fn accepted(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.answer.code == "ok", "refused: {} {}", self.answer.code, self.answer.data);
        Ok(())
    }

    /// Every place that keeps the log, HQ first.
    pub(crate) fn places(&self) -> Vec<String> {
        std::iter::once("hq".to_owned()).chain(self.plan.nodes.iter().cloned()).collect()
    }
}

/// A desk of a node named alone is its first.
pub(crate) fn desk(place: &str) -> String {
    if place.contains('-') { place.to_owned() } else { format!("{place}-1") }
}
