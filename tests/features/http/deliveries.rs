//! What was written while lines were cut, collected batch by batch, and delivered often and in any order.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use lanyard_sync::VersionVector;
use rand::seq::SliceRandom as _;

use super::peer::Peer;

/// Where a place listens and under which node's identity it is spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// Address.
    pub(crate) url: String,
    /// Folder of the node that speaks.
    pub(crate) speaker: PathBuf,
}

/// Batches by the place that wrote them.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    heard: BTreeMap<String, VersionVector>,
    batches: Vec<(String, Vec<u8>)>,
}

impl Deliveries {
    /// Whether anything is collected.
    pub(crate) fn is_on(&self) -> bool {
        !self.heard.is_empty()
    }

    /// Begins to collect: what is there counts as known.
    pub(crate) async fn begin(&mut self, places: &BTreeMap<String, Address>) -> anyhow::Result<()> {
        for (place, address) in places {
            let peer = Peer::open(&address.url, &address.speaker).await?;
            let (mut batch, mut vector) = peer.pull(&VersionVector::default()).await?;
            while let Some(bytes) = batch {
                ensure!(bytes.len() < 1024 * 1024, "a specification writes little");
                let (next, ahead) = peer.pull(&vector).await?;
                (batch, vector) = (next, ahead);
            }
            self.heard.insert(place.clone(), vector);
        }
        Ok(())
    }

    /// Collects what a place wrote since, as one batch.
    pub(crate) async fn collect(&mut self, place: &str, address: &Address) -> anyhow::Result<()> {
        let heard = self.heard.get_mut(place).with_context(|| format!("nothing is collected of {place}"))?;
        let peer = Peer::open(&address.url, &address.speaker).await?;
        let (batch, vector) = peer.pull(heard).await?;
        *heard = vector;
        self.batches.extend(batch.map(|batch| (place.to_owned(), batch)));
        Ok(())
    }

    /// Delivers every batch so many times to every other place, in any order; what comes too early comes again.
    pub(crate) async fn deliver(&self, times: u32, places: &BTreeMap<String, Address>) -> anyhow::Result<()> {
        for (place, address) in places {
            let peer = Peer::open(&address.url, &address.speaker).await?;
            let foreign = self.batches.iter().filter(|(from, _)| from != place).map(|(_, batch)| batch);
            let mut parcels: Vec<_> =
                foreign.flat_map(|batch| std::iter::repeat_n(batch, times as usize)).collect();
            while !parcels.is_empty() {
                parcels.shuffle(&mut rand::rng());
                let mut early = Vec::new();
                for batch in &parcels {
                    if !peer.push(batch).await? {
                        early.push(*batch);
                    }
                }
                ensure!(early.len() < parcels.len(), "{place} takes none of {} batches", early.len());
                parcels = early;
            }
        }
        Ok(())
    }
}
