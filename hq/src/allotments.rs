//! Allotments: what the conference file grants a node is given once its first log is known.
//!
//! The command's id is derived from conference, seat type and node name, so each allotment is given once, whatever
//! happens to HQ in between; a node that begins a new epoch gets nothing by itself. What could not be tried is tried
//! again. What the rules refuse stays refused, and is shown until HQ stops. Rights that a node has cannot be taken
//! back, so a conference file that changes what was given is not taken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lanyard_domain::{Account, Command, Role, SeatTypeId};
use lanyard_node::SubmitError;
use lanyard_sync::LogId;
use serde::Serialize;

use crate::commands::{self, CommandError, derived_id};
use crate::conference_file::ConferenceFile;
use crate::hq::Running;

/// When what failed is tried again, at the latest.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// An allotment that was not given and will not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedAllotment {
    /// Of what.
    pub seat_type: SeatTypeId,
    /// To whom.
    pub node: String,
    /// How many seats.
    pub count: u32,
    /// Why not, and what to do instead.
    pub why: String,
}

/// An allotment that was given and is another one in a newer conference file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the allotment of {seat_type} for {node} was {was} when the node joined and cannot become {becomes}: leave it at \
     {was} in the conference file, and give more seats with `lanyard-hq give {slug} {seat_type} {node} COUNT`"
)]
pub struct ChangedAllotment {
    slug: String,
    seat_type: SeatTypeId,
    node: String,
    was: u32,
    becomes: u32,
}

/// Checks that a newer conference file leaves what was given as it was.
///
/// # Errors
/// The first allotment that differs of a node that has joined.
pub fn check_unchanged(running: &Running, newer: &ConferenceFile) -> Result<(), ChangedAllotment> {
    let (older, joined) = (running.file(), crate::nodes::first_logs(running));
    for (seat_type, node, was) in older.allotments().filter(|(_, node, _)| joined.contains_key(*node)) {
        let becomes = newer.quotas.get(seat_type).and_then(|quota| quota.allotments.get(node)).copied();
        let becomes = becomes.unwrap_or_default();
        if becomes != was {
            let (slug, node) = (older.slug.clone(), node.to_owned());
            return Err(ChangedAllotment { slug, seat_type: seat_type.clone(), node, was, becomes });
        }
    }
    Ok(())
}

/// Gives what is due to nodes whose logs are known, now and after every change, until HQ stops.
pub async fn keep_giving(running: Arc<Running>) {
    let (mut published, mut file) = (running.writer.published(), running.watch_file());
    let mut settled = Settled::default();
    loop {
        let given = give_due(&running, &mut settled).await;
        running.promise(promised(&running.file(), &settled));
        if let Err(source) = &given {
            tracing::warn!(
                error = source as &dyn std::error::Error,
                "allotments could not be given and are tried again"
            );
        }
        let changed = tokio::select! {
            changed = published.changed() => changed.is_ok(),
            changed = file.changed() => changed.is_ok(),
            () = tokio::time::sleep(RETRY_AFTER), if given.is_err() => true,
        };
        if !changed {
            return;
        }
    }
}

/// Seats by type that are not settled.
pub fn promised(file: &ConferenceFile, settled: &Settled) -> BTreeMap<SeatTypeId, u32> {
    let mut promised = BTreeMap::new();
    for (seat_type, node, count) in file.allotments() {
        if settled.get(&(seat_type.clone(), node.to_owned())) != Some(&count) {
            *promised.entry(seat_type.clone()).or_default() += count;
        }
    }
    promised
}

/// Seats that were given or refused since HQ started; spares looking again after every commit.
pub type Settled = BTreeMap<(SeatTypeId, String), u32>;

async fn give_due(running: &Running, settled: &mut Settled) -> Result<(), CommandError> {
    let file = running.file();
    let key = |seat_type: &SeatTypeId, node: &str| (seat_type.clone(), node.to_owned());
    let due: Vec<_> = file
        .allotments()
        .filter(|(seat_type, node, count)| settled.get(&key(seat_type, node)) != Some(count))
        .collect();
    if due.is_empty() {
        return Ok(());
    }
    let joined = crate::nodes::first_logs(running);
    for (seat_type, node, count) in due {
        let Some(log) = joined.get(node) else { continue };
        if let Some(why) = refused(running, &file.slug, seat_type, node, count, *log).await? {
            tracing::warn!(node.name = node, seat_type = %seat_type, count, why, "an allotment was refused");
            let (seat_type, node) = key(seat_type, node);
            running.note_refused(RefusedAllotment { seat_type, node, count, why });
        }
        // Only what came to a decision is settled: an error above is tried again.
        settled.insert(key(seat_type, node), count);
    }
    Ok(())
}

/// Gives one allotment; the answer is why it was refused.
async fn refused(
    running: &Running,
    slug: &str,
    seat_type: &SeatTypeId,
    node: &str,
    count: u32,
    log: LogId,
) -> Result<Option<String>, CommandError> {
    let id = derived_id("lanyard/allotment/1", &[slug, seat_type.as_str(), node]);
    let command = Command::GiveRights { seat_type: seat_type.clone(), to: Account::Venue(log), count };
    let instead = format!("give seats with `lanyard-hq give {slug} {seat_type} {node} COUNT`");
    match commands::give_as(running, id, "hq", Role::Administrator, command).await {
        Ok(_) => Ok(None),
        Err(CommandError::Refused(refused)) => Ok(Some(format!("{} Then {instead}.", refused.refusal))),
        Err(CommandError::Submit(SubmitError::KeyReused)) => {
            Ok(Some(format!("Another allotment was given to this node before; {instead}.")))
        }
        Err(other @ CommandError::Submit(_)) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_hq::TestHq;

    async fn configure(running: &Running, quota: u32) {
        let conference = Box::new(running.file().conference());
        let set = Command::SetQuota { seat_type: seat_type(), quota };
        for command in [Command::ConfigureConference { conference }, set] {
            commands::give(running, "hq", Role::Administrator, command).await.unwrap();
        }
    }

    fn seat_type() -> SeatTypeId {
        "ga".parse().unwrap()
    }

    fn remaining(running: &Running, log: LogId) -> i64 {
        running.reader.read_here(|db| db.ledger(&seat_type())).unwrap().available(Account::Venue(log))
    }

    #[tokio::test]
    async fn an_allotment_is_given_once() {
        let test = TestHq::with_conference();
        let running = test.running();
        configure(&running, 3).await;
        let mut settled = Settled::default();
        give_due(&running, &mut settled).await.unwrap();
        assert!(settled.is_empty(), "nobody is there");
        let log = test.join("north").await;
        for mut settled in [settled.clone(), settled] {
            give_due(&running, &mut settled).await.unwrap();
            assert_eq!((remaining(&running, log), settled.len()), (2, 1));
        }
        assert_eq!(running.refused_allotments(), []);
    }

    #[tokio::test]
    async fn a_refused_allotment_is_shown_once_with_what_to_do() {
        let test = TestHq::with_conference();
        let running = test.running();
        configure(&running, 1).await;
        let log = test.join("north").await;
        let mut settled = Settled::default();
        for _ in 0..2 {
            give_due(&running, &mut settled).await.unwrap();
        }
        let refused = running.refused_allotments();
        assert_eq!((refused.len(), refused[0].node.as_str(), refused[0].count), (1, "north", 2));
        assert!(
            refused[0].why.ends_with("give seats with `lanyard-hq give summit ga north COUNT`."),
            "{refused:?}"
        );
        assert_eq!(remaining(&running, log), 0);
    }

    #[tokio::test]
    async fn a_changed_allotment_says_what_to_do() {
        let test = TestHq::with_conference();
        let running = test.running();
        let mut newer = running.file();
        newer.quotas.clear();
        check_unchanged(&running, &newer).unwrap();
        test.join("north").await;
        let changed = check_unchanged(&running, &newer).unwrap_err().to_string();
        assert!(
            changed.contains("was 2 when the node joined and cannot become 0")
                && changed.contains("`lanyard-hq give summit ga north COUNT`"),
            "{changed}"
        );
        check_unchanged(&running, &running.file()).unwrap();
    }
}
