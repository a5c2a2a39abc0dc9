//! What is the matter with a node, found by looking at its data: whether it was copied, set back or cut off,
//! what nobody else has yet, and what a person can do about it.
//!
//! Looks only, also while the node runs. Whether the log holds together is for [`crate::verify`] to say.

mod finding;

use std::path::Path;

use lanyard_domain::{Account, Folded, Fork, SeatTypeId, Stream};
use lanyard_sync::{LogId, ProblemReport};

pub use finding::Finding;

use crate::identity::Identity;
use crate::read::state::load;
use crate::read::{Read, ReadError, Reader};
use crate::store::base::Base;
use crate::store::incarnation::{self, Continuity};
use crate::store::{logs, meta, sql};

/// A certificate with fewer days left is worth a word.
const DAYS_LEFT: i64 = 14;
const DAY_MS: i64 = 86_400_000;
/// Category of the ledgers' streams.
const SEATS: &str = "seats";

/// Looks at a node's database. `machine` names the machine as [`crate::Options::machine`] does.
///
/// # Errors
/// When the database cannot be read.
pub fn examine(
    database: &Path,
    identity: &Identity,
    machine: &str,
    now_ms: i64,
) -> Result<Vec<Finding>, ReadError> {
    let reader = Reader::open(database)?;
    reader.read_here(|read| {
        let Some(own) = own_log(*read, identity)? else { return Ok(vec![Finding::NeverStarted]) };
        let mut findings = Vec::new();
        if incarnation::examine(read.db, database, machine)? == Continuity::Broken {
            findings.push(Finding::Copied);
        }
        findings.extend(read.damage()?.map(|what| Finding::Damaged { what }));
        findings.extend(set_back(*read, own)?);
        if read.closed_logs()?.is_over(&own) {
            findings.push(Finding::Retired);
        }
        findings.extend(forked(*read, own)?);
        findings.extend(stranded(*read, own)?);
        let in_days = (identity.certificate.claims.not_after_ms - now_ms).div_euclid(DAY_MS);
        if in_days < DAYS_LEFT {
            findings.push(Finding::CertificateEnds { in_days });
        }
        let streams = count(*read, "SELECT count(*) FROM states WHERE NOT readable")?;
        if streams > 0 {
            findings.push(Finding::NeedsUpgrade { streams });
        }
        findings.extend(version_refusals(*read)?);
        let older = Base::load(read.db)?.map(|base| base.entries - base.fetched);
        findings.extend(older.map(|missing| Finding::OlderLog { missing }));
        findings.extend(unsent(*read, own)?);
        let jobs = count(
            *read,
            "SELECT count(*) FROM print_jobs WHERE state IN ('queued', 'printing', 'waiting', 'failed')",
        )?;
        if jobs > 0 {
            findings.push(Finding::PrintJobs { jobs });
        }
        Ok(findings)
    })
}

fn own_log(read: Read<'_>, identity: &Identity) -> Result<Option<LogId>, ReadError> {
    let epoch = meta::get::<i64>(read.db, meta::OWN_EPOCH)?;
    Ok(epoch.map(|epoch| LogId { node: identity.node, epoch: lanyard_sync::Epoch(sql::counter(epoch)) }))
}

fn set_back(read: Read<'_>, own: LogId) -> Result<Option<Finding>, ReadError> {
    let until = meta::get::<i64>(read.db, meta::HELD_UNTIL_SEQ)?.map(sql::counter);
    let have = read.vector()?.seq(&own);
    Ok(until.filter(|seq| *seq > have).map(|seq| Finding::SetBack { missing: seq - have }))
}

/// Forks of this node's logs, as anybody found them.
fn forked(read: Read<'_>, own: LogId) -> Result<Vec<Finding>, ReadError> {
    let state = load(read.db, &Stream::Node(own.node))?.map(|state| state.folded);
    let Some(Folded::Node(node)) = state else { return Ok(Vec::new()) };
    let finding = |fork: &Fork| Finding::Forked { from: fork.from, set_aside: fork.set_aside };
    Ok(node.forks.iter().map(finding).collect())
}

/// What earlier epochs of this node have left.
fn stranded(read: Read<'_>, own: LogId) -> Result<Vec<Finding>, ReadError> {
    let over: Vec<_> =
        logs::all(read.db)?.into_keys().filter(|log| log.node == own.node && *log != own).collect();
    let mut found = Vec::new();
    if over.is_empty() {
        return Ok(found);
    }
    for seat_type in seat_types(read)? {
        let ledger = read.ledger(&seat_type)?;
        let seats = over.iter().map(|log| ledger.available(Account::Venue(*log)).max(0)).sum();
        if seats > 0 {
            found.push(Finding::Stranded { seat_type, seats });
        }
    }
    Ok(found)
}

fn seat_types(read: Read<'_>) -> Result<Vec<SeatTypeId>, ReadError> {
    let mut statement = read.db.prepare_cached("SELECT key FROM streams WHERE category = ?1 ORDER BY key")?;
    let keys = statement.query_map([SEATS], |row| row.get::<_, String>(0))?;
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    Ok(keys.iter().filter_map(|key| key.parse().ok()).collect())
}

/// Peers with which the last hello found no common version.
fn version_refusals(read: Read<'_>) -> Result<Vec<Finding>, ReadError> {
    let mut statement = read.db.prepare_cached("SELECT peer, code FROM version_refusals ORDER BY peer")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let problem = |code| ProblemReport { code, dot: None, retry_after_ms: None }.problem();
    let known = rows.into_iter().filter_map(|(peer, code)| Some((peer, problem(code)?)));
    Ok(known.map(|(peer, problem)| Finding::VersionRefused { peer, problem }).collect())
}

/// What HQ, as it last said, does not have of this node.
fn unsent(read: Read<'_>, own: LogId) -> Result<Option<Finding>, ReadError> {
    let hq = logs::all(read.db)?.into_values().find(|row| row.authority).map(|row| row.log.node);
    let theirs = hq.map(|hq| read.heard_from(hq)).transpose()?.flatten().unwrap_or_default();
    let unsent = read.unsent(&own, &theirs)?;
    Ok((unsent.entries > 0).then_some(Finding::Unsent(unsent)))
}

fn count(read: Read<'_>, sql: &str) -> Result<u64, ReadError> {
    let count: i64 = read.db.query_row(sql, [], |row| row.get(0))?;
    Ok(sql::counter(count))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lanyard_sync::Problem;

    use super::*;
    use crate::engine::snapshot_tests::{adopt, complete};
    use crate::engine::test_node::{NOW_MS, TestNode, check_in, person, venue};
    use crate::engine::{LocalAnswer, LocalChange, Submission};
    use crate::store::migrate::migrate;
    use crate::store::open_for_writing;

    fn findings(node: &TestNode) -> Vec<Finding> {
        // Identities of tests end at their beginning.
        let mut identity = node.engine.identity().clone();
        identity.certificate.claims.not_after_ms = NOW_MS + 90 * DAY_MS;
        examine(&node.path(), &identity, "m1", NOW_MS).unwrap()
    }

    #[test]
    fn a_node_that_is_well_has_only_what_waits_to_be_sent() {
        let (_, mut north, _) = venue();
        north.accept(check_in(1));
        let entries = north.engine.vector().seq(&north.engine.own_log());
        assert!(
            matches!(findings(&north).as_slice(), [Finding::Unsent(unsent)] if unsent.entries == entries)
        );
    }

    #[test]
    fn a_copy_is_found_before_it_starts_and_its_lost_seats_after() {
        let (mut hq, mut north, _) = venue();
        hq.give_rights(&north, "ws", 5);
        north.pull(&hq).unwrap();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let copy = folder.path().join(crate::start::DATABASE_FILE);
        crate::backup::backup(&north.path(), &copy).unwrap();
        let identity = north.engine.identity().clone();
        let found = examine(&copy, &identity, "m1", NOW_MS).unwrap();
        assert!(found.contains(&Finding::Copied), "{found:?}");
        let copy = TestNode::boot(1, folder, 3);
        let found = findings(&copy);
        assert!(!found.contains(&Finding::Copied), "{found:?}");
        let stranded = Finding::Stranded { seat_type: "ws".parse().unwrap(), seats: 5 };
        assert!(found.contains(&stranded), "{found:?}");
        assert!(stranded.remedy().is_some());
    }

    #[test]
    fn a_node_that_waits_for_its_own_entries_says_how_many() {
        let (_, mut north, _) = venue();
        let log = north.engine.own_log();
        let seq = north.engine.vector().seq(&log) + 3;
        north.engine.commit(vec![Submission::Local(LocalChange::SetBack { log, seq })]);
        assert!(findings(&north).contains(&Finding::SetBack { missing: 3 }));
    }

    #[test]
    fn who_has_to_be_upgraded_is_said_until_a_common_version_is_found() {
        let (_, mut north, _) = venue();
        let peer = "http://hq:7700/".to_owned();
        let refused = |code| LocalChange::VersionRefused { peer: peer.clone(), code };
        north.change(refused(Some(Problem::VersionTooOld.code())));
        let finding = Finding::VersionRefused { peer: peer.clone(), problem: Problem::VersionTooOld };
        assert!(findings(&north).contains(&finding));
        assert!(finding.needs_action() && finding.remedy().is_some_and(|to_do| to_do.contains("this node")));
        north.change(refused(None));
        assert!(!findings(&north).contains(&finding));
    }

    #[test]
    fn a_fork_of_the_log_is_explained() {
        let (mut hq, mut north, _) = venue();
        north.accept(check_in(1));
        let log = north.engine.own_log();
        hq.engine.commit(vec![Submission::Local(LocalChange::ForkFound { log, from: 2 })]);
        north.pull(&hq).unwrap();
        assert!(findings(&north).contains(&Finding::Forked { from: 2, set_aside: 0 }));
    }

    #[test]
    fn a_retired_node_is_told_so() {
        let (mut hq, mut north, _) = venue();
        hq.pull(&north).unwrap();
        let node = north.engine.own_log().node;
        hq.accept(lanyard_domain::Command::CloseLogs { node, keep: None });
        north.pull(&hq).unwrap();
        assert!(findings(&north).contains(&Finding::Retired));
    }

    #[test]
    fn a_node_that_never_started_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join(crate::start::DATABASE_FILE);
        let mut db = open_for_writing(&database, 256).unwrap();
        migrate(&mut db).unwrap();
        let identity = TestNode::new(1).engine.identity().clone();
        let found = examine(&database, &identity, "m1", NOW_MS).unwrap();
        assert_eq!(found, [Finding::NeverStarted]);
        assert!(found[0].needs_action() && found[0].remedy().is_some());
    }

    #[test]
    fn what_a_newer_version_wrote_is_counted() {
        let (mut hq, mut north, _) = venue();
        let stream = Stream::Attendee(person(1));
        hq.engine.append_foreign(&stream, "attendee-praised", u16::MAX);
        north.pull(&hq).unwrap();
        let finding = Finding::NeedsUpgrade { streams: 1 };
        assert!(findings(&north).contains(&finding));
        assert!(finding.needs_action());
    }

    #[test]
    fn the_older_log_is_spoken_of_until_it_is_here() {
        let (hq, ..) = venue();
        let mut west = TestNode::new(3);
        assert_eq!(adopt(&mut west, &hq), LocalAnswer::Changed);
        let missing = hq.engine.vector().iter().map(|(_, head)| head.seq).sum();
        let finding = Finding::OlderLog { missing };
        assert!(findings(&west).contains(&finding), "{:?}", findings(&west));
        assert!(!finding.needs_action(), "it comes by itself");
        complete(&mut west, &hq);
        assert!(!findings(&west).iter().any(|found| matches!(found, Finding::OlderLog { .. })));
    }

    #[test]
    fn the_end_of_a_certificate_is_seen_coming() {
        let (_, north, _) = venue();
        let mut identity = north.engine.identity().clone();
        for (days, in_days) in [(13, 13), (-1, -1)] {
            identity.certificate.claims.not_after_ms = NOW_MS + days * DAY_MS;
            let found = examine(&north.path(), &identity, "m1", NOW_MS).unwrap();
            assert!(found.contains(&Finding::CertificateEnds { in_days }), "{found:?}");
        }
    }
}
