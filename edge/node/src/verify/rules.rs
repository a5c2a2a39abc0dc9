//! I1, I2, I3: what the states themselves must say about seats, badges and check-ins.
//!
//! Some of what somebody went by may not count in the end: HQ ended the log it is in, or the log has two branches.
//! Seats that were given, a badge that was voided and a check-in that was taken back are then missing under what
//! rightly followed from them, at any account and any attendee. Where that may be, only sums are looked at.

use std::collections::BTreeMap;

use lanyard_domain::{Account, Attendee, Folded, Ledger, Stream};
use lanyard_sync::StreamName;
use rusqlite::Connection;

use super::{Invariant, Report};
use crate::store::closed::ClosedLogs;
use crate::store::{StoreError, forks, streams};

/// Looks at every stored state of an attendee and of a ledger.
pub(super) fn check(db: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let mut statement = db.prepare(
        "SELECT s.category, s.key, t.state FROM states t JOIN streams s ON s.id = t.stream \
         WHERE s.category IN ('attendee', 'seats') AND t.state IS NOT NULL",
    )?;
    let all_counts = ClosedLogs::load(db)?.is_empty() && forks::all(db)?.is_empty();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name = streams::name(row, 0, 1)?;
        let Some(stream) = Stream::parse(&name) else { continue };
        let bytes: Vec<u8> = row.get(2)?;
        match (&stream, Folded::from_bytes(&stream, &bytes)) {
            (Stream::Attendee(id), Ok(Some(Folded::Attendee(attendee)))) if all_counts => {
                let is_contested = attendee.conflicts(*id).iter().any(lanyard_domain::Conflict::is_open);
                check_badges(&name, &attendee, is_contested, report);
                check_check_ins(&name, &attendee, is_contested, report);
            }
            (_, Ok(Some(Folded::Seats(ledger)))) => check_seats(&name, &ledger, all_counts, report),
            (_, Ok(_)) => {}
            (_, Err(error)) => {
                report.find(Invariant::I6, format!("the state of {name} cannot be read: {error}"));
            }
        }
    }
    Ok(())
}

fn check_seats(name: &StreamName, ledger: &Ledger, all_counts: bool, report: &mut Report) {
    let mut available = ledger.available(Account::Hq);
    for account in ledger.balances.keys().filter(|account| **account != Account::Hq) {
        let own = ledger.available(*account);
        available += own;
        if own < 0 && all_counts {
            report.find(Invariant::I1, format!("{account} spent {} rights of {name} more than it had", -own));
        }
    }
    let total = available + ledger.held() + ledger.sold();
    if total != i64::from(ledger.quota) {
        let what = format!("{name}: rights, holds and sales make {total} and the quota is {}", ledger.quota);
        report.find(Invariant::I1, what);
    }
}

fn check_badges(name: &StreamName, attendee: &Attendee, is_contested: bool, report: &mut Report) {
    let good = attendee.active_badges().count();
    let flagged = attendee.active_badges().filter(|badge| badge.flagged).count();
    if good > 1 && flagged < good && !is_contested {
        report.find(Invariant::I2, format!("{name} has {good} good badges"));
    }
}

fn check_check_ins(name: &StreamName, attendee: &Attendee, is_contested: bool, report: &mut Report) {
    let mut standing: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for check_in in attendee.check_ins.iter().filter(|check_in| check_in.annulled.is_none()) {
        standing.entry((&check_in.list, &check_in.window)).or_default().push(check_in);
    }
    for ((list, _), check_ins) in standing {
        // Concurrent ones are a conflict; a list with re-entry has several by right, each knowing the others.
        let unseen =
            check_ins.iter().skip(1).filter(|check_in| !check_in.unseen_check_ins.is_empty()).count();
        let decided = !attendee.resolutions.is_empty();
        if unseen > 0 && !is_contested && !decided {
            report.find(
                Invariant::I3,
                format!("{name} has {} check-ins on {list} and no conflict says so", unseen + 1),
            );
        }
    }
}
