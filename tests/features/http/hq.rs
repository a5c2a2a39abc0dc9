//! What HQ shows, by its command line.

use std::collections::BTreeMap;

use anyhow::Context as _;
use lanyard_tests::venue::HqProcess;
use serde_json::Value;

use super::seen;
use crate::driver::{AttendeeSeen, CheckInSeen, ConflictSeen, StateSeen, StockSeen, TakenSeen};
use crate::fixture::SLUG;

/// What HQ says, with names of attendees by id.
#[derive(Debug)]
pub(crate) struct HqDesk<'a> {
    /// The process.
    pub(crate) hq: &'a HqProcess,
    /// Names by attendee id.
    pub(crate) names: &'a BTreeMap<String, String>,
}

impl HqDesk<'_> {
    async fn report(&self, name: &str) -> anyhow::Result<Value> {
        self.hq.run(&[name, SLUG]).await
    }

    /// Cancels an order.
    pub(crate) async fn cancel(&self, order: &str) -> anyhow::Result<()> {
        self.hq.run(&["cancel", SLUG, order, "--reason", "asked by phone"]).await.map(drop)
    }

    /// Conflicts, sorted.
    pub(crate) async fn conflicts(&self) -> anyhow::Result<Vec<ConflictSeen>> {
        let cards = self.report("conflicts").await?;
        let cards = cards.as_array().context("HQ lists conflicts")?;
        let named = |card: &Value| {
            let id = card["attendee_id"].as_str().unwrap_or_default();
            seen::conflict(card, self.names.get(id).map_or("", String::as_str))
        };
        let mut conflicts: Vec<_> = cards.iter().map(named).collect();
        conflicts.sort();
        Ok(conflicts)
    }

    /// Somebody, as far as HQ shows them: their check-ins in conflicts.
    pub(crate) async fn attendee(&self, name: &str) -> anyhow::Result<AttendeeSeen> {
        let of_name = self.conflicts().await?.into_iter().filter(|conflict| conflict.attendee == name);
        let check_ins =
            of_name.flat_map(|conflict| conflict.sides).filter(|(what, ..)| what == "attendee-checked-in");
        let check_ins = check_ins.map(|(_, node, effective)| CheckInSeen {
            node,
            desk: String::new(),
            effective,
            annulled_by: None,
        });
        Ok(AttendeeSeen { check_ins: check_ins.collect(), ..AttendeeSeen::default() })
    }

    async fn sales(&self, seat_type: &str) -> anyhow::Result<Value> {
        let sales = self.report("sales").await?;
        let rows = sales["seat_types"].as_array().context("HQ lists sales")?;
        let row = rows.iter().find(|row| row["seat_type"] == seat_type);
        Ok(row.with_context(|| format!("HQ sells no {seat_type}"))?.clone())
    }

    /// Seats sold and held.
    pub(crate) async fn taken(&self, seat_type: &str) -> anyhow::Result<TakenSeen> {
        let row = self.sales(seat_type).await?;
        let count = |name: &str| row[name].as_i64().unwrap_or_default();
        Ok(TakenSeen { sold: count("sold"), held: count("held") })
    }

    /// Seats left.
    pub(crate) async fn stock(&self, seat_type: &str) -> anyhow::Result<StockSeen> {
        let row = self.sales(seat_type).await?;
        let mut stock = StockSeen::default();
        for account in row["nodes"].as_array().context("HQ lists nodes")? {
            let remaining = account["remaining"].as_i64().unwrap_or_default();
            if account["node"] == "hq" {
                stock.here += remaining;
            } else {
                stock.elsewhere += remaining;
            }
        }
        Ok(stock)
    }

    /// Everything in short, and the digest of what is there.
    pub(crate) async fn state(&self) -> anyhow::Result<(StateSeen, String)> {
        let card = self.report("state").await?;
        Ok((seen::state(&card), card["digest"].as_str().unwrap_or_default().to_owned()))
    }
}
