//! What a place shows: HQ by its command line, a node by its API.

use anyhow::Context as _;
use serde_json::Value;

use super::seen;
use super::sessions::read;
use super::venue::SpawnedVenue;
use crate::driver::{AttendeeSeen, ConflictSeen, JobSeen, OrderSeen, StateSeen, StockSeen};

impl SpawnedVenue {
    /// The card of somebody at a node.
    pub(super) async fn card(&mut self, node: &str, name: &str) -> anyhow::Result<Option<Value>> {
        let desk = self.supervisor(node).await?;
        let words = name.replace(' ', "%20");
        let found = read(&desk, &format!("/attendees?q={words}")).await?;
        let rows = found["rows"].as_array().context("a search has rows")?;
        let Some(row) = rows.iter().find(|row| row["name"] == name) else { return Ok(None) };
        let id = row["attendee_id"].as_str().context("a row has an id")?.to_owned();
        let card = read(&desk, &format!("/attendees/{id}")).await?;
        self.names.insert(id, name.to_owned());
        Ok(Some(card))
    }

    pub(super) async fn see_attendee(
        &mut self,
        place: &str,
        name: &str,
    ) -> anyhow::Result<Option<AttendeeSeen>> {
        if place == "hq" {
            return Ok(Some(self.hq().attendee(name).await?));
        }
        Ok(self.card(place, name).await?.as_ref().map(seen::attendee))
    }

    pub(super) async fn see_order_of(&mut self, node: &str, name: &str) -> anyhow::Result<String> {
        let card = self.card(node, name).await?.with_context(|| format!("{name} is not known at {node}"))?;
        Ok(card["seats"][0]["order_id"].as_str().context("they hold no seat of an order")?.to_owned())
    }

    pub(super) async fn see_order(&mut self, node: &str, id: &str) -> anyhow::Result<OrderSeen> {
        let desk = self.supervisor(node).await?;
        let card = read(&desk, &format!("/orders/{id}")).await?;
        Ok(seen::order(&card, self.clocks.now_ms(node)))
    }

    pub(super) async fn see_conflicts(&mut self, place: &str) -> anyhow::Result<Vec<ConflictSeen>> {
        if place == "hq" {
            return self.hq().conflicts().await;
        }
        let desk = self.supervisor(place).await?;
        let cards = read(&desk, "/conflicts?state=all").await?;
        let cards = cards.as_array().context("a node lists conflicts")?;
        let named = |card: &Value| seen::conflict(card, card["attendee_name"].as_str().unwrap_or_default());
        let mut conflicts: Vec<_> = cards.iter().map(named).collect();
        conflicts.sort();
        Ok(conflicts)
    }

    pub(super) async fn see_stock(&mut self, place: &str, id: &str) -> anyhow::Result<StockSeen> {
        if place == "hq" {
            return self.hq().stock(id).await;
        }
        let desk = self.supervisor(place).await?;
        Ok(seen::stock(&read(&desk, "/seat-types").await?, id))
    }

    pub(super) async fn see_jobs(&mut self, node: &str) -> anyhow::Result<Vec<JobSeen>> {
        let desk = self.supervisor(node).await?;
        let (jobs, printers) =
            (read(&desk, "/print-jobs?state=recent").await?, read(&desk, "/printers").await?);
        let jobs = jobs.as_array().context("a node lists print jobs")?;
        let mut jobs: Vec<_> = jobs.iter().map(|job| seen::job(job, &printers)).collect();
        jobs.sort_by_key(|job| job.id.parse::<i64>().unwrap_or_default());
        Ok(jobs)
    }

    pub(super) async fn see_state(&mut self, place: &str) -> anyhow::Result<StateSeen> {
        if place == "hq" {
            return Ok(self.hq().state().await?.0);
        }
        let desk = self.supervisor(place).await?;
        Ok(seen::state(&read(&desk, "/state").await?))
    }
}
