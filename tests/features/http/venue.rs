//! The venue of processes: opens it, leads what a specification does to the right process, and waits for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use lanyard_tests::venue::{READY_WITHIN, Venue, VenuePlan};
use serde_json::json;

use super::clocks::{Clocks, machine_ms};
use super::deliveries::{Address, Deliveries};
use super::hq::HqDesk;
use super::printer::NetworkPrinter;
use super::requests::{self, Named};
use super::seen;
use super::sessions::{Sessions, read, staff_with, yes};
use crate::driver::{
    Action, Answer, AttendeeSeen, By, ConflictSeen, Doing, Driver, Happening, JobSeen, OrderSeen, Plan,
    StateSeen, StockSeen, TakenSeen, Terms,
};
use crate::fixture;

/// How long a sight may take to become what is expected, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// HQ, nodes, lines and printers.
#[derive(Debug)]
pub(crate) struct SpawnedVenue {
    venue: Venue,
    pub(super) clocks: Clocks,
    printers: BTreeMap<String, NetworkPrinter>,
    sessions: Sessions,
    offline: BTreeSet<String>,
    deliveries: Deliveries,
    /// Names by attendee id, of everybody who was looked at.
    pub(super) names: BTreeMap<String, String>,
    /// Kept until everything else is gone.
    _folder: tempfile::TempDir,
}

impl SpawnedVenue {
    /// Starts everything and waits until every node has what HQ has.
    pub(crate) async fn open(plan: &Plan) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let clocks = Clocks::new(folder.path(), &plan.nodes)?;
        let printers = printers(folder.path(), &plan.nodes).await?;
        let config = folder.path().join("{node}.toml").to_string_lossy().into_owned();
        let venue_plan = VenuePlan {
            folder: folder.path().to_owned(),
            conference_toml: fixture::conference_toml(machine_ms()) + &fixture::quotas_toml(plan),
            attendees_csv: fixture::attendees_csv(&plan.guests),
            nodes: ["north", "south"]
                .into_iter()
                .filter(|name| plan.nodes.iter().any(|node| node == name))
                .collect(),
            first_port: None,
            environment: vec![
                ("LANYARD_TEST_CLOCK_FILE".to_owned(), Clocks::file_pattern(folder.path())),
                ("LANYARD_CONFIG".to_owned(), config),
            ],
            faulty: false,
        };
        let mut venue = Self {
            venue: Venue::start(&venue_plan).await?,
            clocks,
            printers,
            sessions: Sessions::default(),
            offline: BTreeSet::new(),
            deliveries: Deliveries::default(),
            names: BTreeMap::new(),
            _folder: folder,
        };
        venue.wait_until_met().await?;
        venue.clocks.mark();
        Ok(venue)
    }

    fn nodes(&self) -> Vec<String> {
        self.venue.nodes.iter().map(|node| node.name.to_owned()).collect()
    }

    pub(super) fn hq(&self) -> HqDesk<'_> {
        HqDesk { hq: &self.venue.hq, names: &self.names }
    }

    fn addresses(&self) -> BTreeMap<String, Address> {
        let speaker = |place: &str| {
            let other = self.venue.nodes.iter().find(|node| node.name != place);
            other.or(self.venue.nodes.first()).expect("a venue has a node").data.clone()
        };
        let hq = ("hq".to_owned(), Address { url: self.venue.hq.url.clone(), speaker: speaker("hq") });
        let nodes = self.venue.nodes.iter();
        let nodes = nodes.map(|node| {
            (node.name.to_owned(), Address { url: node.url.clone(), speaker: speaker(node.name) })
        });
        std::iter::once(hq).chain(nodes).collect()
    }

    async fn desk(&mut self, by: &By) -> anyhow::Result<Desk> {
        let pin = self.venue.pin(staff_with(by.role)?).to_owned();
        let node = self.venue.node(by.node()).desk()?;
        self.sessions.desk(&node, by, &pin).await
    }

    pub(super) async fn supervisor(&mut self, node: &str) -> anyhow::Result<Desk> {
        self.desk(&By::supervisor(&format!("{node}-1"))).await
    }

    async fn named(&mut self, node: &str, action: &Action) -> anyhow::Result<Named> {
        let name = match action {
            Action::Annul { name, .. }
            | Action::IssueBadge { name }
            | Action::Reprint { name }
            | Action::Place { attendee: Some(name), .. } => name,
            Action::Scan { .. }
            | Action::WalkUp { .. }
            | Action::Place { attendee: None, .. }
            | Action::Pay { .. }
            | Action::GiveAway { .. }
            | Action::Confirm { .. }
            | Action::NameSeat { .. }
            | Action::Lookup { .. } => return Ok(Named::default()),
        };
        let card = self.card(node, name).await?.with_context(|| format!("{name} is not known at {node}"))?;
        let check_in = seen::standing_check_in(&card);
        Ok(Named { attendee: card["attendee_id"].as_str().map(str::to_owned), check_in })
    }

    async fn ask(&mut self, by: &By, action: &Action, terms: &Terms) -> anyhow::Result<Answer> {
        let named = self.named(by.node(), action).await?;
        let desk = self.desk(by).await?;
        let answer = desk.send(requests::request(action, &named, terms)).await?;
        self.clocks.mark();
        self.lose_power_where_due(by.node()).await?;
        self.collect(by.node()).await?;
        Ok(requests::answer(&answer))
    }

    async fn ask_together(&mut self, actions: &[(By, Action)]) -> anyhow::Result<Vec<Answer>> {
        let mut asked = Vec::new();
        for (by, action) in actions {
            let named = self.named(by.node(), action).await?;
            asked.push((self.desk(by).await?, requests::request(action, &named, &Terms::default())));
        }
        let answers = asked.into_iter().map(|(desk, request)| async move { desk.send(request).await });
        let answers = try_join_all(answers).await?;
        self.clocks.mark();
        if let Some((by, _)) = actions.first() {
            self.collect(by.node()).await?;
        }
        Ok(answers.iter().map(requests::answer).collect())
    }

    async fn collect(&mut self, place: &str) -> anyhow::Result<()> {
        if !self.deliveries.is_on() {
            return Ok(());
        }
        let addresses = self.addresses();
        self.deliveries.collect(place, &addresses[place]).await
    }

    /// A printer that keeps a badge inside loses its power together with the node.
    async fn lose_power_where_due(&mut self, node: &str) -> anyhow::Result<()> {
        let lane = |printer: &String| printer.starts_with(node);
        let Some(name) = self
            .printers
            .iter()
            .find(|(name, printer)| lane(name) && printer.keeps())
            .map(|(name, _)| name.clone())
        else {
            return Ok(());
        };
        let what = format!("a badge comes to the printer {name}");
        eventually(PATIENCE, &what, async || self.printers[&name].has_badge_inside().then_some(())).await?;
        self.venue.node(node).process.kill_9()?;
        self.printers[&name].lose_power();
        self.start_again(node).await
    }

    async fn start_again(&mut self, node: &str) -> anyhow::Result<()> {
        self.venue.node(node).start_again().await?;
        self.sessions.clear();
        Ok(())
    }

    async fn befall(&mut self, name: &str, what: &Happening) -> anyhow::Result<()> {
        match what {
            Happening::LineCut => {
                self.venue.node(name).line("cut").await?;
                self.offline.insert(name.to_owned());
                if !self.deliveries.is_on() {
                    let addresses = self.addresses();
                    self.deliveries.begin(&addresses).await?;
                }
            }
            Happening::LineRestored => {
                self.venue.node(name).line("restore").await?;
                self.offline.remove(name);
                self.wait_until_met().await?;
            }
            Happening::ClockMoved { by_ms } => self.clocks.shift(name, *by_ms)?,
            Happening::Restarted => {
                self.venue.node(name).process.terminate(READY_WITHIN).await?;
                self.start_again(name).await?;
            }
            Happening::Rebuilt => {
                self.venue.node(name).process.terminate(READY_WITHIN).await?;
                self.venue.node(name).run(&["rebuild"]).await?;
                self.start_again(name).await?;
            }
            Happening::PaperOut { printer } => self.printer(printer)?.take_paper(),
            Happening::PowerFailsAtNextBadge { printer } => self.printer(printer)?.keep_next(),
        }
        Ok(())
    }

    fn printer(&self, name: &str) -> anyhow::Result<&NetworkPrinter> {
        self.printers.get(name).with_context(|| format!("there is no printer {name}"))
    }

    /// Digest of what a node has; before it has heard of its staff nobody can sign in to ask.
    async fn digest_at(&mut self, node: &str) -> anyhow::Result<String> {
        let Ok(desk) = self.supervisor(node).await else { return Ok(format!("{node} is not ready")) };
        let state = read(&desk, "/state").await?;
        Ok(state["digest"].as_str().context("a state has a digest")?.to_owned())
    }

    /// Waits until HQ and every node whose line works have the same entries.
    async fn wait_until_met(&mut self) -> anyhow::Result<()> {
        let mut digests = BTreeSet::new();
        let met = eventually(PATIENCE, "HQ and the nodes have the same entries", async || {
            match self.digests().await {
                Ok(seen) => {
                    digests = seen;
                    (digests.len() == 1).then_some(Ok(()))
                }
                Err(error) => Some(Err(error)),
            }
        });
        met.await.with_context(|| format!("they have not met: {digests:?}"))?
    }

    /// Digests of what HQ and every node whose line works have.
    async fn digests(&mut self) -> anyhow::Result<BTreeSet<String>> {
        let mut digests = BTreeSet::from([self.hq().state().await?.1]);
        for node in self.nodes() {
            if !self.offline.contains(&node) {
                digests.insert(self.digest_at(&node).await?);
            }
        }
        Ok(digests)
    }

    async fn answer_job(
        &mut self,
        node: &str,
        job: &str,
        decision: &str,
        printer: Option<&str>,
    ) -> anyhow::Result<()> {
        let mut body = json!({ "decision": decision });
        if let Some(printer) = printer {
            body["printer"] = json!(printer);
        }
        let desk = self.supervisor(node).await?;
        yes(desk.post(&format!("/print-jobs/{job}/decision"), &body).await?).map(drop)
    }
}

/// A network printer beside each lane, and the configuration of each node that names its own.
async fn printers(folder: &Path, nodes: &[String]) -> anyhow::Result<BTreeMap<String, NetworkPrinter>> {
    let mut printers = BTreeMap::new();
    for node in nodes {
        let mut config = String::new();
        for lane in [1, 2] {
            let name = format!("{node}-{lane}");
            let printer = NetworkPrinter::start().await?;
            writeln!(
                config,
                "[[printers]]\nprinter = \"{name}\"\nname = \"Lane {lane}\"\ndriver = \"ipp\"\nuri = \"{}\"\ndpi = 150",
                printer.uri
            )?;
            printers.insert(name, printer);
        }
        std::fs::write(folder.join(format!("{node}.toml")), config)?;
    }
    Ok(printers)
}

impl Driver for SpawnedVenue {
    fn act<'a>(&'a mut self, by: &'a By, action: &'a Action, terms: &'a Terms) -> Doing<'a, Answer> {
        self.ask(by, action, terms).boxed_local()
    }

    fn act_together<'a>(&'a mut self, actions: &'a [(By, Action)]) -> Doing<'a, Vec<Answer>> {
        self.ask_together(actions).boxed_local()
    }

    fn cancel_at_hq<'a>(&'a mut self, order: &'a str) -> Doing<'a, ()> {
        async move {
            self.hq().cancel(order).await?;
            self.clocks.mark();
            self.collect("hq").await
        }
        .boxed_local()
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn clock_ms(&self, node: &str) -> i64 {
        self.clocks.now_ms(node)
    }

    fn happen<'a>(&'a mut self, node: &'a str, what: &'a Happening) -> Doing<'a, ()> {
        self.befall(node, what).boxed_local()
    }

    fn pass(&mut self, ms: u64) -> Doing<'_, ()> {
        std::future::ready(self.clocks.pass(ms)).boxed_local()
    }

    fn meet(&mut self) -> Doing<'_, ()> {
        self.wait_until_met().boxed_local()
    }

    fn redeliver(&mut self, times: u32) -> Doing<'_, ()> {
        async move { self.deliveries.deliver(times, &self.addresses()).await }.boxed_local()
    }

    fn decide_job<'a>(
        &'a mut self,
        node: &'a str,
        job: &'a str,
        decision: &'a str,
        printer: Option<&'a str>,
    ) -> Doing<'a, ()> {
        self.answer_job(node, job, decision, printer).boxed_local()
    }

    fn attendee<'a>(&'a mut self, node: &'a str, name: &'a str) -> Doing<'a, Option<AttendeeSeen>> {
        self.see_attendee(node, name).boxed_local()
    }

    fn order_of<'a>(&'a mut self, node: &'a str, name: &'a str) -> Doing<'a, String> {
        self.see_order_of(node, name).boxed_local()
    }

    fn order<'a>(&'a mut self, node: &'a str, order: &'a str) -> Doing<'a, OrderSeen> {
        self.see_order(node, order).boxed_local()
    }

    fn conflicts<'a>(&'a mut self, node: &'a str) -> Doing<'a, Vec<ConflictSeen>> {
        self.see_conflicts(node).boxed_local()
    }

    fn stock<'a>(&'a mut self, node: &'a str, seat_type: &'a str) -> Doing<'a, StockSeen> {
        self.see_stock(node, seat_type).boxed_local()
    }

    fn taken<'a>(&'a mut self, seat_type: &'a str) -> Doing<'a, TakenSeen> {
        async move { self.hq().taken(seat_type).await }.boxed_local()
    }

    fn jobs<'a>(&'a mut self, node: &'a str) -> Doing<'a, Vec<JobSeen>> {
        self.see_jobs(node).boxed_local()
    }

    fn state<'a>(&'a mut self, node: &'a str) -> Doing<'a, StateSeen> {
        self.see_state(node).boxed_local()
    }

    fn overrides<'a>(&'a mut self, node: &'a str) -> Doing<'a, Vec<String>> {
        async move {
            let lines = self.venue.node(node).run(&["events", "--json"]).await?;
            Ok(seen::overrides(&lines))
        }
        .boxed_local()
    }
}
