//! The weather of a world: which faults strike when, and how.
//!
//! Each kind draws from dice of its own, so that a world without one of them goes as it went up to the first time
//! that one would have struck: that is how a seed that fails is made smaller.

use std::collections::{BTreeMap, BTreeSet};

use crate::dice::Dice;
use crate::faults::{Fault, FaultCounts};

/// A kind is not in the weather of so many of a thousand worlds.
const ABSENT: u32 = 250;

/// What a world is kept to; a seed alone says everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Kinds that never strike.
    pub(crate) without: BTreeSet<Fault>,
    /// So many faults and no more.
    pub(crate) faults: Option<u64>,
    /// So many commands and no more.
    pub(crate) commands: Option<u64>,
}

/// What may go wrong, and what did.
#[derive(Debug)]
pub(crate) struct Weather {
    /// In thousandths of the occasions.
    rates: BTreeMap<Fault, u32>,
    dice: BTreeMap<Fault, Dice>,
    counts: FaultCounts,
    struck: u64,
    most: u64,
    is_fair: bool,
}

impl Weather {
    /// Of a seed, in which nothing goes wrong until it [breaks](Self::breaks).
    pub(crate) fn of(seed: u64, limits: &Limits) -> Self {
        let mut dice: BTreeMap<_, _> =
            Fault::ALL.iter().map(|fault| (*fault, Dice::new(seed, fault.as_str()))).collect();
        let rate = |fault: &Fault| {
            let dice = dice.get_mut(fault).expect("each kind has its dice");
            let (low, high) = fault.rates();
            let drawn = u32::try_from(dice.between(low, high)).expect("a small number");
            let is_absent = dice.chance(ABSENT) || limits.without.contains(fault);
            (*fault, if is_absent { 0 } else { drawn })
        };
        let rates = Fault::ALL.iter().map(rate).collect();
        let most = limits.faults.unwrap_or(u64::MAX);
        Self { rates, dice, counts: FaultCounts::new(), struck: 0, most, is_fair: true }
    }

    /// From here on things go wrong.
    pub(crate) const fn breaks(&mut self) {
        self.is_fair = false;
    }

    /// Nothing goes wrong any more.
    pub(crate) const fn clears(&mut self) {
        self.is_fair = true;
    }

    /// Whether nothing goes wrong.
    pub(crate) const fn is_fair(&self) -> bool {
        self.is_fair
    }

    /// Whether a fault would strike on an occasion for it.
    pub(crate) fn draws(&mut self, fault: Fault) -> bool {
        if self.is_fair || self.struck >= self.most {
            return false;
        }
        let rate = self.rates.get(&fault).copied().unwrap_or_default();
        rate > 0 && self.dice(fault).chance(rate)
    }

    /// Whether a fault strikes on an occasion for it.
    pub(crate) fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = self.draws(fault);
        if strikes {
            self.count(fault);
        }
        strikes
    }

    /// Counts a fault that struck.
    pub(crate) fn count(&mut self, fault: Fault) {
        *self.counts.entry(fault).or_default() += 1;
        self.struck += 1;
    }

    /// What decides how a fault goes.
    pub(crate) fn dice(&mut self, fault: Fault) -> &mut Dice {
        self.dice.get_mut(&fault).expect("each kind has its dice")
    }

    /// How many of each kind there were.
    pub(crate) const fn counts(&self) -> &FaultCounts {
        &self.counts
    }
}
