//! How worlds begin: HQ has configured the conference, every node knows of it and has seats to sell.
//!
//! Made a few times with other keys, so that ids sort otherwise, and then put onto the disks of every world: what is
//! the same in all worlds is not played again for each.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use anyhow::anyhow;
use lanyard_node::{Identity, Submitted};
use lanyard_sync::{Hash, LogId};
use lanyard_test_vfs::Image;

use crate::machines::Machines;
use crate::oracle::Oracle;
use crate::world::World;

/// How many there are.
const MADE: usize = 8;

/// A world before anything goes wrong.
pub(crate) struct Beginning {
    pub(crate) nodes: Vec<Born>,
    pub(crate) now_ms: u64,
    pub(crate) oracle: Oracle,
    pub(crate) given: Vec<(usize, Submitted)>,
    pub(crate) states: BTreeMap<(bool, Hash), Hash>,
    pub(crate) spent: BTreeMap<(usize, &'static str), i64>,
}

/// A node as it begins.
#[derive(Clone)]
pub(crate) struct Born {
    pub(crate) identity: Identity,
    pub(crate) log: LogId,
    pub(crate) image: Image,
}

impl Beginning {
    /// The one of a seed.
    pub(crate) fn of(seed: u64, machines: &Machines) -> anyhow::Result<&'static Self> {
        static BEGINNINGS: [OnceLock<Result<Beginning, String>>; MADE] = [const { OnceLock::new() }; MADE];
        let number = seed % MADE as u64;
        let made = BEGINNINGS[usize::try_from(number)?]
            // Far from every seed, or a world would draw what its beginning drew.
            .get_or_init(|| World::begin(u64::MAX - number, machines).map_err(|error| format!("{error:?}")));
        made.as_ref().map_err(|error| anyhow!("no world can begin: {error}"))
    }
}
