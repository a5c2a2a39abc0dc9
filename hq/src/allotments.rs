//! Allotments: what the conference file grants a node is given once a log of it is known, to the one it writes to.
//!
//! The command's id is derived from conference, seat type and node name, so each allotment is given once, whatever
//! happens to HQ in between; a node that begins a new epoch gets nothing by itself, nor does one that takes the name of
//! a retired one, unless that one got nothing. What could not be tried is tried
//! again. What the rules refuse stays refused, and is shown until HQ stops. Rights that a node has cannot be taken
//! back, so a conference file that changes what was given is not taken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use lanyard_domain::{Account, Command, Role, SeatTypeId};
use lanyard_node::SubmitError;
use lanyard_node::read::ReadError;
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

/// Seats by type that are not settled. Those of retired nodes are HQ's again.
pub fn promised(file: &ConferenceFile, settled: &Settled) -> BTreeMap<SeatTypeId, u32> {
    let mut promised = BTreeMap::new();
    for (seat_type, node, count) in file.allotments() {
        if !settled.is_settled(seat_type, node, count) && !settled.retired.contains(node) {
            *promised.entry(seat_type.clone()).or_default() += count;
        }
    }
    promised
}

/// What is known of allotments since HQ started; spares looking again after every commit.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// Seats that were given or refused.
    decided: BTreeMap<(SeatTypeId, String), u32>,
    /// Names whose nodes are all retired.
    retired: BTreeSet<String>,
}

impl Settled {
    fn is_settled(&self, seat_type: &SeatTypeId, node: &str, count: u32) -> bool {
        self.decided.get(&(seat_type.clone(), node.to_owned())) == Some(&count)
    }
}

/// Why it is not known what became of an allotment.
#[derive(Debug, thiserror::Error)]
enum NotDecided {
    #[error("the logs of nodes cannot be read")]
    Read(#[from] ReadError),
    #[error("the writer did not take it")]
    Command(#[from] CommandError),
}

async fn give_due(running: &Running, settled: &mut Settled) -> Result<(), NotDecided> {
    let (file, first) = (running.file(), crate::nodes::first_logs(running));
    let due: Vec<_> = file
        .allotments()
        .filter(|(seat_type, node, count)| !settled.is_settled(seat_type, node, *count))
        .filter_map(|(seat_type, node, count)| Some((seat_type, node, count, *first.get(node)?)))
        .collect();
    if due.is_empty() {
        return Ok(());
    }
    let present = crate::nodes::present_logs(running).await?;
    settled.retired = first.into_keys().filter(|node| !present.contains_key(node)).collect();
    for (seat_type, node, count, first) in due {
        let Some(log) = present.get(node) else { continue };
        if let Some(why) = refused(running, &file.slug, seat_type, node, count, [first, *log]).await? {
            tracing::warn!(node.name = node, seat_type = %seat_type, count, why, "an allotment was refused");
            let (seat_type, node) = (seat_type.clone(), node.to_owned());
            running.note_refused(RefusedAllotment { seat_type, node, count, why });
        }
        // Only what came to a decision is settled: an error above is tried again.
        settled.decided.insert((seat_type.clone(), node.to_owned()), count);
    }
    Ok(())
}

/// Gives one allotment to the second log; the answer is why it was refused. The first log known of the node says what
/// is asked for: that stays the same request when the node writes to another log, and was given if it was before.
async fn refused(
    running: &Running,
    slug: &str,
    seat_type: &SeatTypeId,
    node: &str,
    count: u32,
    [first, present]: [LogId; 2],
) -> Result<Option<String>, CommandError> {
    let id = derived_id("lanyard/allotment/1", &[slug, seat_type.as_str(), node]);
    let to = |log| Command::GiveRights { seat_type: seat_type.clone(), to: Account::Venue(log), count };
    let request = (id, commands::body_of(&to(first)));
    let instead = format!("give seats with `lanyard-hq give {slug} {seat_type} {node} COUNT`");
    match commands::give_as(running, request, "hq", Role::Administrator, to(present)).await {
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
    use lanyard_sync::NodeId;

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
        assert!(settled.decided.is_empty(), "nobody is there");
        let log = test.join("north").await;
        for mut settled in [settled.clone(), settled] {
            give_due(&running, &mut settled).await.unwrap();
            assert_eq!((remaining(&running, log), settled.decided.len()), (2, 1));
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

    async fn retire(running: &Running, node: NodeId) {
        let retire = Command::CloseLogs { node, keep: None };
        commands::give(running, "hq", Role::Administrator, retire).await.unwrap();
    }

    fn allots_to_north(running: &Running, settled: &Settled) -> u32 {
        promised(&running.file(), settled).get(&seat_type()).copied().unwrap_or_default()
    }

    #[tokio::test]
    async fn an_allotment_goes_to_the_log_that_a_node_writes_to() {
        let test = TestHq::with_conference();
        let running = test.running();
        configure(&running, 3).await;
        let identity = test.enrol("north").await;
        let first = test.begin_log(identity.clone()).await;
        let present = test.begin_log(identity).await;
        assert_ne!(first, present);
        give_due(&running, &mut Settled::default()).await.unwrap();
        assert_eq!((remaining(&running, first), remaining(&running, present)), (0, 2));
    }

    #[tokio::test]
    async fn what_was_given_stays_given_when_the_node_writes_to_another_log() {
        let test = TestHq::with_conference();
        let running = test.running();
        configure(&running, 3).await;
        let identity = test.enrol("north").await;
        let first = test.begin_log(identity.clone()).await;
        give_due(&running, &mut Settled::default()).await.unwrap();
        let present = test.begin_log(identity).await;
        let mut settled = Settled::default();
        give_due(&running, &mut settled).await.unwrap();
        assert_eq!((remaining(&running, first), remaining(&running, present)), (2, 0));
        assert_eq!((running.refused_allotments(), allots_to_north(&running, &settled)), (vec![], 0));
    }

    #[tokio::test]
    async fn a_retired_node_gets_nothing_and_one_of_its_name_what_it_did_not_get() {
        let test = TestHq::with_conference();
        let running = test.running();
        configure(&running, 3).await;
        let lost = test.join("north").await;
        retire(&running, lost.node).await;
        let mut settled = Settled::default();
        assert_eq!(allots_to_north(&running, &settled), 2);
        give_due(&running, &mut settled).await.unwrap();
        assert_eq!((remaining(&running, lost), allots_to_north(&running, &settled)), (0, 0));
        let next = test.begin_log(test.enrol_with("another", "north").await).await;
        give_due(&running, &mut settled).await.unwrap();
        assert_eq!((remaining(&running, lost), remaining(&running, next)), (0, 2));
    }
}
