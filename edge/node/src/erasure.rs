//! Erasing attendees who are named by a code or an id, on behalf of somebody.

use std::time::Duration;

use lanyard_domain::outcome::Outcome;
use lanyard_domain::view::CodeMatch;
use lanyard_domain::{AttendeeId, Command, Refusal, Role, access_code};
use lanyard_sync::CommandId;
use serde::Serialize;
use tokio::time::timeout;

use crate::clock::system_entropy;
use crate::engine::{Erasing, SubmitError, Submitted};
use crate::http::request_hash;
use crate::read::{ReadError, Reader};
use crate::writer::Writer;

/// Most people of one request.
pub const PEOPLE_MAX: usize = 1_000;
/// How often something is submitted again while the queue is full.
const ATTEMPTS_MAX: u32 = 40;

/// Erases on behalf of somebody.
#[derive(Debug, Clone, Copy)]
pub struct Eraser<'a> {
    /// Takes the commands.
    pub writer: &'a Writer,
    /// Tells who is meant.
    pub reader: &'a Reader,
    /// Who erases, as an id.
    pub actor: &'a str,
    /// Where; empty when at no desk.
    pub desk: &'a str,
}

/// What came of one of those who were named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Code or id, as it was given.
    pub who: String,
    /// Who it is.
    pub attendee_id: Option<AttendeeId>,
    /// What came of it.
    pub result: ErasedResult,
}

/// What came of somebody who was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasedResult {
    /// Their words are erased from here on.
    Erased,
    /// They were before.
    ErasedBefore,
    /// Nobody is known by it here.
    Unknown,
    /// It stands for several people, or for an order.
    Ambiguous,
}

/// Why it went no further; who was erased before stays so, and may be named again.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Who is meant could not be read.
    #[error("who is meant could not be read")]
    Read(#[from] ReadError),
    /// The command was not taken.
    #[error("the erasure was not taken")]
    Submit(#[from] SubmitError),
    /// The rules refused.
    #[error("the erasure was refused: {0}")]
    Refused(Box<Refusal>),
}

impl Eraser<'_> {
    /// Erases everybody who is named, one after the other.
    ///
    /// # Errors
    /// Why it went no further.
    pub async fn erase(&self, people: &[String]) -> Result<Vec<Erased>, EraseError> {
        let mut all = Vec::with_capacity(people.len());
        for who in people {
            let (attendee_id, result) = match self.find(who).await? {
                Ok(id) => (Some(id), self.erase_one(id).await?),
                Err(result) => (None, result),
            };
            all.push(Erased { who: who.clone(), attendee_id, result });
        }
        Ok(all)
    }

    async fn find(&self, who: &str) -> Result<Result<AttendeeId, ErasedResult>, ReadError> {
        if let Ok(id) = who.parse::<AttendeeId>() {
            let known = self.reader.read(move |db| db.attendee(id)).await?;
            return Ok(known.map(|_| id).ok_or(ErasedResult::Unknown));
        }
        let folded = access_code::fold(who);
        let found = self.reader.read(move |db| db.code(&folded)).await?;
        Ok(match found {
            CodeMatch::Ticket(id) | CodeMatch::Badge(id, _) => Ok(id),
            CodeMatch::Order(_) | CodeMatch::Several(_) => Err(ErasedResult::Ambiguous),
            CodeMatch::Unknown => Err(ErasedResult::Unknown),
        })
    }

    async fn erase_one(&self, attendee: AttendeeId) -> Result<ErasedResult, EraseError> {
        let mut id = [0; 16];
        system_entropy(&mut id);
        let submitted = Submitted {
            id: CommandId(id),
            body: request_hash("ERASE", &attendee.to_string(), &[]),
            actor: self.actor.to_owned(),
            desk: self.desk.to_owned(),
            role: Role::Administrator,
            command: Command::EraseAttendee { attendee },
            if_match: None,
        };
        match self.submit(submitted).await?.outcome {
            Outcome::Accepted(_) => Ok(ErasedResult::Erased),
            Outcome::Refused(refused) => match refused.refusal {
                Refusal::Erased { .. } => Ok(ErasedResult::ErasedBefore),
                other => Err(EraseError::Refused(Box::new(other))),
            },
        }
    }

    /// Submits again while the queue is full.
    async fn submit(&self, submitted: Submitted) -> Result<crate::engine::Answer, SubmitError> {
        let mut attempts = 1;
        loop {
            match self.writer.submit(submitted.clone()).await {
                Err(SubmitError::Busy { retry_after_ms }) if attempts < ATTEMPTS_MAX => {
                    attempts += 1;
                    tokio::time::sleep(Duration::from_millis(retry_after_ms)).await;
                }
                answer => return answer,
            }
        }
    }
}

/// Waits until what is erased is removed here, at least up to where printed files are waited for; returns how
/// far it is when the time is over.
pub async fn removed_up_to(writer: &Writer, within: Duration, stage: Option<Erasing>) -> Option<Erasing> {
    let mut published = writer.published();
    let is_there = |erasing: Option<Erasing>| erasing.is_none() || (stage.is_some() && erasing >= stage);
    let wait = published.wait_for(|published| is_there(published.erasing));
    // What is not removed in time is removed later, by whoever starts on the folder.
    drop(timeout(within, wait).await);
    writer.now().erasing
}
