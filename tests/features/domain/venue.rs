//! The venue in memory: HQ, nodes, the lines between them, and time.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::FutureExt as _;
use lanyard_domain::command::Command;
use lanyard_domain::import::{ImportRow, SourceSeat, SourceState};
use lanyard_domain::order::OrderState;
use lanyard_domain::{Conference, OrderId};
use lanyard_sync::CommandId;

use super::commands::{attendee_named, order, person, seat_type};
use super::node::{Node, Origin, log_of};
use super::seen;
use crate::driver::{
    Action, Answer, AttendeeSeen, By, ConflictSeen, Doing, Driver, Guest, Happening, JobSeen, OrderSeen,
    Plan, StateSeen, StockSeen, TakenSeen, Terms,
};
use crate::fixture;

/// When every specification begins, Unix milliseconds.
const BEGIN_MS: i64 = 1_800_000_000_000;

/// HQ and nodes in memory.
#[derive(Debug)]
pub(crate) struct MemoryVenue {
    nodes: BTreeMap<String, Node>,
    now_ms: i64,
    commands: u64,
    shuffle: u64,
}

impl MemoryVenue {
    /// Opens a venue: the conference, the list and the seats are HQ's, and every node has heard of them.
    pub(crate) fn open(plan: &Plan) -> anyhow::Result<Self> {
        let names = std::iter::once("hq").chain(plan.nodes.iter().map(String::as_str));
        let nodes = names.map(|name| Ok((name.to_owned(), Node::new(name, BEGIN_MS)?)));
        let nodes = nodes.collect::<anyhow::Result<_>>()?;
        let mut venue = Self { nodes, now_ms: BEGIN_MS, commands: 0, shuffle: 1 };
        let conference: Conference = toml::from_str(&fixture::conference_toml(BEGIN_MS))?;
        venue.at_hq(&Command::ConfigureConference { conference: Box::new(conference) })?;
        let rows = plan.guests.iter().map(row).collect::<anyhow::Result<Vec<_>>>()?;
        venue.at_hq(&Command::ImportAttendees { source: "plain".to_owned(), rows })?;
        for (id, stock) in &plan.stock {
            venue.at_hq(&Command::SetQuota { seat_type: seat_type(id)?, quota: stock.quota })?;
            for (node, count) in stock.allotments.iter().filter(|(_, count)| **count > 0) {
                let to = lanyard_domain::Account::Venue(log_of(node));
                venue.at_hq(&Command::GiveRights { seat_type: seat_type(id)?, to, count: *count })?;
            }
        }
        venue.exchange()?;
        Ok(venue)
    }

    pub(super) fn node(&self, name: &str) -> anyhow::Result<&Node> {
        self.nodes.get(name).with_context(|| format!("there is no node {name}"))
    }

    fn node_mut(&mut self, name: &str) -> anyhow::Result<&mut Node> {
        self.nodes.get_mut(name).with_context(|| format!("there is no node {name}"))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    fn next_id(&mut self) -> CommandId {
        self.commands += 1;
        CommandId(u128::from(self.commands).to_be_bytes())
    }

    fn clock_of_ms(&self, node: &str) -> i64 {
        self.now_ms + self.nodes.get(node).map_or(0, |node| node.clock_ahead_ms)
    }

    fn at_hq(&mut self, command: &Command) -> anyhow::Result<()> {
        let (id, now_ms) = (self.next_id(), self.now_ms);
        let origin = Origin { actor: "organiser", desk: "hq", now_ms };
        let given = self.node_mut("hq")?.give(id, command, &origin)?;
        given.map_err(|refused| anyhow::anyhow!("HQ was refused: {}", refused.refusal))?;
        Ok(())
    }

    fn ask(&mut self, by: &By, action: &Action, terms: &Terms) -> anyhow::Result<Answer> {
        let id = match &terms.key {
            Some(key) => key.parse().context("a command id is 32 hexadecimal digits")?,
            None => self.next_id(),
        };
        let now_ms = self.clock_of_ms(by.node());
        let answer = self.node_mut(by.node())?.ask(by, action, terms, id, now_ms)?;
        self.print(by.node())?;
        Ok(answer)
    }

    /// Lets the printers of a node work and reports what came out.
    fn print(&mut self, name: &str) -> anyhow::Result<()> {
        let now_ms = self.clock_of_ms(name);
        let printed = self.node_mut(name)?.printing.work();
        for (attendee, badge_code) in printed {
            let id = self.next_id();
            let origin = Origin { actor: "printer", desk: "", now_ms };
            let command = Command::ReportPrinted { attendee, badge_code };
            let given = self.node_mut(name)?.give(id, &command, &origin)?;
            given.map_err(|refused| anyhow::anyhow!("a print was not taken: {}", refused.refusal))?;
        }
        Ok(())
    }

    /// What each node does by itself when time passes or news arrive: it releases what it owns.
    fn keep_house(&mut self) -> anyhow::Result<()> {
        let names: Vec<_> = self.names().map(str::to_owned).collect();
        for name in names {
            let now_ms = self.clock_of_ms(&name);
            let due = self.node(&name)?.due(now_ms);
            for order in due {
                let id = self.next_id();
                let origin = Origin { actor: "clock", desk: "", now_ms };
                let given = self.node_mut(&name)?.give(id, &Command::ReleaseOrder { order }, &origin)?;
                given.map_err(|refused| anyhow::anyhow!("a release was refused: {}", refused.refusal))?;
            }
        }
        Ok(())
    }

    /// Every node whose line works tells HQ what it lacks and hears what it lacks itself, until nothing is left.
    fn exchange(&mut self) -> anyhow::Result<()> {
        for _ in 0..3 {
            let online: Vec<_> =
                self.nodes.values().filter(|node| node.online && node.name != "hq").collect();
            let names: Vec<_> = online.iter().map(|node| node.name.clone()).collect();
            for name in &names {
                self.deliver(name, "hq")?;
            }
            for name in &names {
                self.deliver("hq", name)?;
                let now_ms = self.clock_of_ms(name);
                self.node_mut(name)?.last_synced_ms = Some(now_ms);
            }
            self.keep_house()?;
        }
        Ok(())
    }

    fn deliver(&mut self, from: &str, to: &str) -> anyhow::Result<()> {
        let vector = self.node(to)?.vector();
        for batch in self.node(from)?.batches_for(&vector, 500)? {
            let taken = self.node_mut(to)?.import(&batch.encode())?;
            taken.map_err(|problem| anyhow::anyhow!("{to} refused a batch of {from}: {problem}"))?;
        }
        Ok(())
    }

    /// Delivers every commit as a batch of its own, so many times and in any order, to whoever lacks it.
    fn scatter(&mut self, times: u32) -> anyhow::Result<()> {
        let mut parcels = Vec::new();
        let before: BTreeMap<_, _> =
            self.nodes.iter().map(|(name, node)| (name.clone(), node.vector())).collect();
        for (to, vector) in &before {
            for from in self.nodes.values().filter(|node| node.name != *to) {
                for batch in from.batches_for(vector, 1)? {
                    parcels.extend(std::iter::repeat_n((to.clone(), batch.encode()), times as usize));
                }
            }
        }
        // What comes before its time is refused and comes again, as a peer would send it again.
        while !parcels.is_empty() {
            let left = parcels.len();
            let mut again = Vec::new();
            for (to, bytes) in self.shuffled(parcels) {
                if self.node_mut(&to)?.import(&bytes)?.is_err() {
                    again.push((to, bytes));
                }
            }
            ensure!(again.len() < left, "batches are refused for good");
            parcels = again;
        }
        self.keep_house()
    }

    fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        for last in (1..items.len()).rev() {
            // A step of a linear congruential generator: any order will do, the same in every run.
            self.shuffle =
                self.shuffle.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(self.shuffle >> 33).unwrap_or(0) % (last + 1);
            items.swap(last, other);
        }
        items
    }

    fn befall(&mut self, name: &str, what: &Happening) -> anyhow::Result<()> {
        let node = self.node_mut(name)?;
        match what {
            Happening::LineCut => node.online = false,
            Happening::LineRestored => {
                node.online = true;
                self.exchange()?;
            }
            Happening::ClockMoved { by_ms } => {
                node.clock_ahead_ms += by_ms;
                self.keep_house()?;
            }
            Happening::Restarted | Happening::Rebuilt => node.rebuild(),
            Happening::PaperOut { printer } => node.printing.take_paper(printer),
            Happening::PowerFailsAtNextBadge { printer } => node.printing.doom(printer),
        }
        Ok(())
    }
}

impl Node {
    /// Own orders whose hold ran out or that were called off elsewhere.
    fn due(&self, now_ms: i64) -> Vec<OrderId> {
        let own =
            self.view.orders().filter(|(_, order)| order.owner == Some(self.account()) && !order.released);
        let due = own.filter(|(_, order)| match order.state {
            OrderState::Cancelled => true,
            OrderState::Placed => order.has_lapsed(now_ms),
            OrderState::Unknown | OrderState::Imported | OrderState::Confirmed | OrderState::Expired => false,
        });
        due.map(|(id, _)| id).collect()
    }
}

fn row(guest: &Guest) -> anyhow::Result<ImportRow> {
    let seat = |(id, state): &(String, String)| -> anyhow::Result<SourceSeat> {
        let state = if state == "paid" { SourceState::Paid } else { SourceState::Unpaid };
        Ok(SourceSeat { seat_type: seat_type(id)?, state })
    };
    Ok(ImportRow {
        external_key: fixture::ticket_of(&guest.name),
        person: person(&guest.name),
        codes: vec![fixture::ticket_of(&guest.name)],
        order_code: Some(guest.order_code.clone()),
        seats: guest.seats.iter().map(seat).collect::<anyhow::Result<_>>()?,
    })
}

/// What is done at once, as something that takes time.
fn done<'a, T: 'a>(result: anyhow::Result<T>) -> Doing<'a, T> {
    async move { result }.boxed_local()
}

impl Driver for MemoryVenue {
    fn act<'a>(&'a mut self, by: &'a By, action: &'a Action, terms: &'a Terms) -> Doing<'a, Answer> {
        done(self.ask(by, action, terms))
    }

    fn act_together<'a>(&'a mut self, actions: &'a [(By, Action)]) -> Doing<'a, Vec<Answer>> {
        let terms = Terms::default();
        done(actions.iter().map(|(by, action)| self.ask(by, action, &terms)).collect())
    }

    fn cancel_at_hq<'a>(&'a mut self, id: &'a str) -> Doing<'a, ()> {
        done(order(id).and_then(|order| {
            self.at_hq(&Command::CancelOrder { order, reason: "asked by phone".to_owned() })
        }))
    }

    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    fn clock_ms(&self, node: &str) -> i64 {
        self.clock_of_ms(node)
    }

    fn happen<'a>(&'a mut self, node: &'a str, what: &'a Happening) -> Doing<'a, ()> {
        done(self.befall(node, what))
    }

    fn pass(&mut self, ms: u64) -> Doing<'_, ()> {
        self.now_ms += i64::try_from(ms).unwrap_or(i64::MAX);
        done(self.keep_house())
    }

    fn meet(&mut self) -> Doing<'_, ()> {
        done(self.exchange())
    }

    fn redeliver(&mut self, times: u32) -> Doing<'_, ()> {
        done(self.scatter(times))
    }

    fn decide_job<'a>(
        &'a mut self,
        node: &'a str,
        job: &'a str,
        decision: &'a str,
        printer: Option<&'a str>,
    ) -> Doing<'a, ()> {
        let decided = self.node_mut(node).and_then(|known| known.printing.decide(job, decision, printer));
        done(decided.and_then(|()| self.print(node)))
    }

    fn attendee<'a>(&'a mut self, node: &'a str, name: &'a str) -> Doing<'a, Option<AttendeeSeen>> {
        done(self.node(node).map(|known| seen::attendee(known, self, name)))
    }

    fn order_of<'a>(&'a mut self, node: &'a str, name: &'a str) -> Doing<'a, String> {
        done(self.node(node).and_then(|known| {
            let attendee = lanyard_domain::View::attendee(&known.view, attendee_named(known, name)?);
            let seats = attendee.map(|attendee| attendee.seats.clone()).unwrap_or_default();
            Ok(seats.values().next().context("they hold no seat")?.order.to_string())
        }))
    }

    fn order<'a>(&'a mut self, node: &'a str, id: &'a str) -> Doing<'a, OrderSeen> {
        let now_ms = self.clock_of_ms(node);
        done(self.node(node).and_then(|known| seen::order(known, &order(id)?, now_ms)))
    }

    fn conflicts<'a>(&'a mut self, node: &'a str) -> Doing<'a, Vec<ConflictSeen>> {
        done(self.node(node).map(|known| seen::conflicts(known, self)))
    }

    fn stock<'a>(&'a mut self, node: &'a str, id: &'a str) -> Doing<'a, StockSeen> {
        done(self.node(node).and_then(|known| Ok(seen::stock(known, &seat_type(id)?))))
    }

    fn taken<'a>(&'a mut self, id: &'a str) -> Doing<'a, TakenSeen> {
        done(self.node("hq").and_then(|hq| {
            let ledger = lanyard_domain::View::ledger(&hq.view, &seat_type(id)?);
            Ok(TakenSeen { sold: ledger.sold(), held: ledger.held() })
        }))
    }

    fn jobs<'a>(&'a mut self, node: &'a str) -> Doing<'a, Vec<JobSeen>> {
        done(self.node(node).map(|known| known.printing.jobs()))
    }

    fn state<'a>(&'a mut self, node: &'a str) -> Doing<'a, StateSeen> {
        done(self.node(node).map(seen::state))
    }

    fn overrides<'a>(&'a mut self, node: &'a str) -> Doing<'a, Vec<String>> {
        done(self.node(node).map(seen::overrides))
    }
}
