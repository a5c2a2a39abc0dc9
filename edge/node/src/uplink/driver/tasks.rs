//! What the driver has done beside itself, so that it goes on listening: asking the peer, making and storing batches,
//! settling a fork.

use lanyard_sync::{Batch, CallId, Dot, Problem, Request, VersionVector};
use tokio::sync::mpsc;

use super::{Done, Driver};
use crate::ahead::{Ahead, Made};
use crate::damage;
use crate::engine::ImportError;
use crate::uplink::branches;

impl Driver {
    /// A log may have two branches: finds out, and brings what stands to where it is missing, once at a time.
    pub(super) fn settle(&mut self, dot: Dot) {
        let is_whole = self.uplink.writer.published().borrow().history.is_none();
        if self.settles || !is_whole {
            return;
        }
        tracing::info!(%dot, "a log may have two branches");
        self.settles = true;
        let (uplink, transport, done) = (self.uplink.clone(), self.transport.clone(), self.done.clone());
        tokio::spawn(async move {
            if let Err(error) = branches::settle(&uplink, &transport, dot.log).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a fork is not settled");
            }
            tell(&done, Done::Settled).await;
        });
    }

    /// Asks the peer.
    pub(super) fn send(&self, call: CallId, request: Request) {
        let (transport, done) = (self.transport.clone(), self.done.clone());
        tokio::spawn(async move {
            let result = transport.exchange(&request).await;
            tell(&done, Done::Replied { call, result }).await;
        });
    }

    /// Makes the next batch for a peer that has this much, unless it is there.
    pub(super) fn build(&mut self, have: VersionVector) {
        let (reader, writer) = (self.uplink.reader.clone(), self.uplink.writer.clone());
        let (done, ahead) = (self.done.clone(), self.ahead.take());
        tokio::spawn(async move {
            let made = match ahead {
                Some(ahead) => ahead.take(&have).await,
                None => None,
            };
            let made = match made {
                Some(made) => Some(made),
                None => match reader.read(move |db| Made::next(*db, have)).await {
                    Ok(made) => made,
                    Err(error) => {
                        damage::tell(&reader, &writer, &error).await;
                        None
                    }
                },
            };
            tell(&done, Done::Built(made)).await;
        });
    }

    /// Makes the batch after one that is sent while the peer stores that.
    pub(super) fn build_ahead(&mut self, after: VersionVector) {
        self.ahead = Some(Ahead::begin(self.uplink.reader.clone(), after));
    }

    /// Stores a batch of the peer.
    pub(super) fn store(&self, travelled: Vec<u8>) {
        let (writer, done) = (self.uplink.writer.clone(), self.done.clone());
        tokio::spawn(async move {
            let result = match Batch::decode(&travelled) {
                Err(_) => Err(Problem::Malformed),
                Ok(batch) => {
                    let entries = batch.frames.len();
                    match writer.import(batch).await {
                        Ok(_) => Ok(entries),
                        Err(ImportError::Problem(problem)) => Err(problem),
                        Err(ImportError::StoreFull | ImportError::Stopped) => {
                            Err(Problem::Busy { retry_after_ms: 5_000 })
                        }
                    }
                }
            };
            tell(&done, Done::Stored(result)).await;
        });
    }
}

/// The driver may be gone by the time a task ends; then nobody needs its result.
async fn tell(done: &mpsc::Sender<Done>, result: Done) {
    if done.send(result).await.is_err() {
        tracing::debug!("the uplink has ended");
    }
}
