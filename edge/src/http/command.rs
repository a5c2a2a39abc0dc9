//! Giving a command for a request: from its headers and body to the answer or the problem.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lanyard_domain::outcome::{Accepted, Outcome};
use lanyard_domain::{Attendee, AttendeeId, Command, Order, OrderId, Stream};
use lanyard_node::engine::{Answer, Published, Submitted};
use lanyard_node::http::{IDEMPOTENT_REPLAY, IdempotencyKey, IfMatch, Problem, entity_tag};
use lanyard_sync::Hash;
use serde::Serialize;

use crate::clock::now_ms;
use crate::http::cards::Names;
use crate::http::cards::attendee::AttendeeCard;
use crate::http::cards::history::HistoryLine;
use crate::http::cards::order::OrderCard;
use crate::http::failure::Failure;
use crate::http::refusals;
use crate::http::signed::Signed;
use crate::node::Node;

/// Room for most answers.
const ANSWER_BYTES: usize = 2 * 1024;

/// Who gives a command, under which key and on which version.
pub struct Giving {
    /// The node that decides.
    pub node: Node,
    /// Who.
    pub signed: Signed,
    key: IdempotencyKey,
    if_match: Option<IfMatch>,
}

impl FromRequestParts<Node> for Giving {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, node: &Node) -> Result<Self, Problem> {
        let signed = Signed::from_request_parts(parts, node).await?;
        let key = IdempotencyKey::from_request_parts(parts, node).await?;
        let if_match = <Option<IfMatch> as FromRequestParts<Node>>::from_request_parts(parts, node).await?;
        Ok(Self { node: node.clone(), signed, key, if_match })
    }
}

/// What a command led to, with everything an answer may show.
pub struct Decided {
    /// References to what was written.
    pub accepted: Accepted,
    /// The answer of the engine.
    pub answer: Answer,
    /// Names, as of the command.
    pub published: Published,
    giving: Giving,
}

impl Giving {
    /// Gives the command; a refusal is a problem.
    ///
    /// # Errors
    /// The refusal with its data, or why the command was not decided.
    pub async fn give(self, body: Hash, command: Command) -> Result<Decided, Failure> {
        let submitted = Submitted {
            id: self.key.0,
            body,
            actor: self.signed.staff.to_string(),
            desk: self.signed.desk.to_string(),
            role: self.signed.role,
            command,
            if_match: self.if_match.map(|IfMatch(version)| version),
        };
        let answer = self.node.writer.submit(submitted).await;
        let published = self.node.published();
        let answer = answer.map_err(|error| refusals::undecided(error, &published))?;
        match answer.outcome.clone() {
            Outcome::Accepted(accepted) => Ok(Decided { accepted, answer, published, giving: self }),
            Outcome::Refused(refused) => {
                let problem =
                    refusals::problem(&self.node, &self.signed, &refused, &answer, &published).await?;
                Err(Failure { problem, replayed: answer.replayed })
            }
        }
    }
}

impl Decided {
    /// Names of everything.
    pub fn names(&self) -> Names<'_> {
        Names(&self.published)
    }

    /// The node that decided.
    pub fn node(&self) -> &Node {
        &self.giving.node
    }

    /// Who gave the command.
    pub fn signed(&self) -> &Signed {
        &self.giving.signed
    }

    /// The attendee it was about.
    pub fn attendee(&self) -> Option<(AttendeeId, &Attendee)> {
        self.accepted.attendee.zip(self.answer.attendee())
    }

    /// The order it was about.
    pub fn order(&self) -> Option<(OrderId, &Order)> {
        self.accepted.order.zip(self.answer.order())
    }

    /// The attendee's card without its history, for answers that have to be quick.
    pub fn short_attendee_card(&self) -> Option<AttendeeCard> {
        self.attendee().map(|(id, attendee)| AttendeeCard::of(id, attendee, self.names(), self.signed().role))
    }

    /// The attendee's card.
    pub async fn attendee_card(&self) -> Result<Option<AttendeeCard>, Failure> {
        let Some(mut card) = self.short_attendee_card() else { return Ok(None) };
        if let Some(id) = self.accepted.attendee {
            card.history = history(self.node(), id, self.names()).await?;
        }
        Ok(Some(card))
    }

    /// The order's card.
    pub fn order_card(&self) -> Option<OrderCard> {
        self.order().map(|(id, order)| OrderCard::of(id, order, now_ms(), self.names()))
    }

    /// An answer with a body, the version it is about, and whether it is a repetition.
    pub fn respond(&self, version: Option<u64>, body: impl Serialize) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(version) = version {
            headers.insert(header::ETAG, entity_tag(version));
        }
        if self.answer.replayed {
            headers.insert(IDEMPOTENT_REPLAY, HeaderValue::from_static("true"));
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut json = Vec::with_capacity(ANSWER_BYTES);
        serde_json::to_writer(&mut json, &body).expect("answers are plain data");
        (StatusCode::CREATED, headers, json).into_response()
    }
}

/// What happened to an attendee, oldest first.
pub async fn history(node: &Node, id: AttendeeId, names: Names<'_>) -> Result<Vec<HistoryLine>, Failure> {
    let lines = node.reader.read(move |db| db.history(&Stream::Attendee(id))).await?;
    Ok(lines.iter().map(|line| HistoryLine::of(line, names)).collect())
}
