//! Who plays in the story: the venue, a desk at each node, and the attendees picked for each step.

use std::time::Duration;

use anyhow::Context as _;
use rand::rngs::StdRng;
use serde_json::Value;

use crate::deadline::eventually;
use crate::desk::Desk;
use crate::sample::SampleAttendee;
use crate::venue::Venue;

/// How long something may take to get from one node to another over a working line.
pub(super) const SOON: Duration = Duration::from_secs(15);

/// The venue and everything the steps remember.
#[derive(Debug)]
pub struct Scene {
    /// The processes.
    pub venue: Venue,
    /// Supervisor at desk `north-1`.
    pub north: Desk,
    /// Supervisor at desk `south-1`.
    pub south: Desk,
    /// The imported list.
    pub list: Vec<SampleAttendee>,
    /// Draws the order in which nodes come back.
    pub rng: StdRng,
    /// Attendees of the list already used by a step.
    next: usize,
    /// The one both nodes admitted.
    pub twice: Option<String>,
    /// The one cancelled at HQ.
    pub cancelled: Option<String>,
}

impl Scene {
    /// Signs in at both nodes.
    ///
    /// # Errors
    /// When nobody can sign in.
    pub async fn enter(mut venue: Venue, list: Vec<SampleAttendee>, rng: StdRng) -> anyhow::Result<Self> {
        let (north, south) =
            (sign_in(&mut venue, "north", "north-1").await?, sign_in(&mut venue, "south", "south-1").await?);
        Ok(Self { venue, north, south, list, rng, next: 0, twice: None, cancelled: None })
    }

    /// The next attendee of the list who paid and was not used yet.
    ///
    /// # Panics
    /// When the list is too short for the story.
    pub fn somebody(&mut self) -> SampleAttendee {
        let offset = self.list[self.next..].iter().position(|row| row.paid).expect("the list is long enough");
        self.next += offset + 1;
        self.list[self.next - 1].clone()
    }

    /// Signs in at north again, after it was started again.
    ///
    /// # Errors
    /// When nobody can sign in.
    pub async fn back_at_north(&mut self) -> anyhow::Result<()> {
        self.north = sign_in(&mut self.venue, "north", "north-1").await?;
        Ok(())
    }

    /// The attendee a code belongs to, as a node has it.
    ///
    /// # Errors
    /// When the node finds nobody or several.
    pub async fn find(desk: &Desk, row: &SampleAttendee) -> anyhow::Result<String> {
        let found = desk.get(&format!("/attendees?q={}", row.code)).await?.expect(200)?;
        let rows = found["rows"].as_array().context("no rows")?;
        anyhow::ensure!(rows.len() == 1, "{} attendees have one code", rows.len());
        text(&rows[0], "attendee_id")
    }
}

async fn sign_in(venue: &mut Venue, node: &str, desk: &str) -> anyhow::Result<Desk> {
    let pin = venue.pin("susi").to_owned();
    let desk_client = venue.node(node).desk()?;
    eventually(SOON, &format!("staff of {node} can sign in"), async || {
        desk_client.sign_in("susi", &pin, desk).await.ok()
    })
    .await
}

/// A text field of an answer.
///
/// # Errors
/// When it is missing.
pub(super) fn text(value: &Value, field: &str) -> anyhow::Result<String> {
    value[field].as_str().map(str::to_owned).with_context(|| format!("no {field} in {value}"))
}

/// A number of an answer.
///
/// # Errors
/// When it is missing.
pub(super) fn number(value: &Value, field: &str) -> anyhow::Result<i64> {
    value[field].as_i64().with_context(|| format!("no {field} in {value}"))
}
