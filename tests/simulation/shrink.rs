//! Shrinking: what of a seed's world is not needed for it to fail.

use crate::faults::Fault;
use crate::weather::Limits;

/// More than the worlds that fail have by then.
const FAULTS_MAX: u64 = 512;
const COMMANDS_MAX: u64 = 64;

/// Limits under which a world still fails: the fewest faults, then the fewest commands, then without every kind
/// that is not needed, and the fewest faults once more.
pub(crate) fn shrink(given: &Limits, fails: &dyn Fn(&Limits) -> bool) -> Limits {
    let faults = |limits: &Limits| {
        let most = limits.faults.unwrap_or(FAULTS_MAX);
        let with = |faults| Limits { faults: Some(faults), ..limits.clone() };
        least(most, |faults| fails(&with(faults))).map_or_else(|| limits.clone(), with)
    };
    let commands = |limits: &Limits| {
        let most = limits.commands.unwrap_or(COMMANDS_MAX);
        let with = |commands| Limits { commands: Some(commands), ..limits.clone() };
        least(most, |commands| fails(&with(commands))).map_or_else(|| limits.clone(), with)
    };
    let mut limits = commands(&faults(given));
    for fault in Fault::ALL {
        let mut fewer = limits.clone();
        if fewer.without.insert(*fault) && fails(&fewer) {
            limits = fewer;
        }
    }
    faults(&limits)
}

/// A number up to `most` with which it fails, and with one less it does not; none when it does not fail with `most`.
fn least(most: u64, fails: impl Fn(u64) -> bool) -> Option<u64> {
    if !fails(most) {
        return None;
    }
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low.midpoint(high);
        if fails(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(high)
}
