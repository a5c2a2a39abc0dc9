//! Traffic: the production session at a node, the production answers at another, and parcels between them.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context as _, bail};
use lanyard_node::engine::{LocalChange, Submission};
use lanyard_node::read::{Read, ReadError};
use lanyard_node::release;
use lanyard_sync::{
    Answer, Batch, Certificate, Input, NodeId, Output, Problem, Reply, Request, ScopeAnswer, ScopeView,
    ServerView, VersionVector, answer,
};

use crate::events::Event;
use crate::faults::Fault;
use crate::line::{Cut, End, Line, Parcel};
use crate::node::{SCOPE, Waiting};
use crate::set_backs::HELD_MAX_MS;
use crate::world::{HQ, World};

/// How long a node asks to be left alone when it is busy, milliseconds.
const BUSY_FOR_MS: u32 = 2_000;

impl World {
    /// Gives an input to a session and does what follows.
    pub(crate) fn feed(&mut self, line: usize, input: Input) -> anyhow::Result<()> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let jitter = u32::from_le_bytes(self.dice.bytes());
            let Some(session) = self.lines[line].session.as_mut() else { return Ok(()) };
            for output in session.handle(input, self.now_ms, jitter) {
                inputs.extend(self.perform(line, output)?);
            }
        }
        let wakes_at_ms = self.lines[line].session.as_ref().and_then(lanyard_sync::Session::wakes_at_ms);
        if let Some(wake_ms) = wakes_at_ms
            && self.lines[line].wake_ms != Some(wake_ms)
        {
            self.lines[line].wake_ms = Some(wake_ms);
            self.schedule(wake_ms.saturating_sub(self.now_ms), Event::Wake(line));
        }
        Ok(())
    }

    fn perform(&mut self, line: usize, output: Output) -> anyhow::Result<Option<Input>> {
        let Line { asker: number, answerer, .. } = self.lines[line];
        let name = self.nodes[number].name;
        match output {
            Output::Send { call, request } => {
                self.trace.note(self.now_ms, &format!("{name} sends {}", word(&request)));
                self.send(
                    line,
                    self.nodes[number].starts,
                    &Parcel::Request { call, bytes: request.encode() },
                );
            }
            Output::Build { scope, have } => {
                let batch = self.nodes[number].read(|db| db.batch_after(&have))?;
                return Ok(Some(Input::Built { scope, batch: batch.map(|batch| batch.encode()) }));
            }
            Output::Store { batch, .. } => {
                let batch = Batch::decode(&batch).context("a batch was sent that cannot be read")?;
                let entries = batch.frames.len();
                self.submit(number, Waiting::Session { line, entries }, Submission::Import(batch));
            }
            Output::InStep { .. } => self.trace.note(self.now_ms, &format!("{name} is in step")),
            // The clock of HQ is the one that others are compared with.
            Output::PeerClock { .. } if answerer != HQ => {}
            Output::PeerClock { at_ms } => {
                let skew_ms = i32::try_from(self.nodes[number].wall_ms(self.now_ms) - at_ms).ok();
                self.submit(number, Waiting::Nobody, Submission::Local(LocalChange::Skew(skew_ms)));
            }
            Output::Rewound { head, .. } if self.anybody_was_set_back() => self.hold(line, head.seq),
            Output::Recovered { .. } if self.anybody_was_set_back() => self.lines[line].holds = false,
            Output::Forked { dot, .. } if self.anybody_was_set_back() => self.settle_fork(line, dot)?,
            Output::Refused { .. } | Output::Rejected { .. }
                if self.anybody_was_set_back()
                    || self.had(Fault::DiskFull)
                    || self.had(Fault::ClockYears) =>
            {
                self.count_mark("refused batches", matches!(output, Output::Rejected { .. }));
                self.trace.note(self.now_ms, &format!("the session of {name} says {output:?}"));
                let problem = match output {
                    Output::Rejected { problem, .. } => Some(problem),
                    Output::Refused { report, .. } => report.problem(),
                    _ => None,
                };
                if let Some(Problem::MissingContext(dot)) = problem {
                    self.settle_fork(line, dot)?;
                }
            }
            Output::Rewound { .. }
            | Output::Recovered { .. }
            | Output::Forked { .. }
            | Output::NeedsSnapshot { .. }
            | Output::Refused { .. }
            | Output::Rejected { .. } => bail!("the session of {name} says {output:?}"),
        }
        Ok(None)
    }

    /// Whether there was such a fault.
    fn had(&self, fault: Fault) -> bool {
        self.weather.counts().contains_key(&fault)
    }

    /// Puts a parcel on a line.
    pub(crate) fn send(&mut self, line: usize, start: u64, parcel: &Parcel) {
        let number = self.lines[line].number(parcel);
        match (self.lines[line].cut, parcel) {
            (Cut::Refusing, Parcel::Request { call, .. }) => {
                let parcel = Parcel::Refused { call: *call };
                return self.schedule(1, Event::Arrive { line, start, number: 0, parcel });
            }
            (Cut::Refusing | Cut::Silent, _) => return,
            (Cut::Open, _) => {}
        }
        if self.weather.strikes(Fault::Drop) {
            return;
        }
        let copies = 1 + usize::from(self.weather.strikes(Fault::Duplicate));
        for _ in 0..copies {
            let mut in_ms = self.dice.between(1, 80);
            if self.weather.strikes(Fault::Delay) {
                in_ms += self.weather.dice(Fault::Delay).between(500, 40_000);
            }
            self.schedule(in_ms, Event::Arrive { line, start, number, parcel: parcel.clone() });
        }
    }

    /// A parcel arrives, if the line still carries.
    pub(crate) fn arrive(
        &mut self,
        line: usize,
        start: u64,
        number: u64,
        parcel: Parcel,
    ) -> anyhow::Result<()> {
        let Line { asker, answerer, .. } = self.lines[line];
        let is_current = self.nodes[asker].is_up() && self.nodes[asker].starts == start;
        if let Parcel::Refused { call } = parcel {
            return if is_current {
                self.feed(line, Input::Failed { call, retry_after_ms: None })
            } else {
                Ok(())
            };
        }
        if self.lines[line].cut != Cut::Open {
            return Ok(());
        }
        if self.lines[line].arrives(&parcel, number) {
            self.weather.count(Fault::Reorder);
        }
        match parcel {
            Parcel::Request { call, bytes } if self.nodes[answerer].is_up() => {
                let request = Request::decode(&bytes).context("a request that cannot be read")?;
                let waiting = Waiting::Peer { line, start, call };
                if let Some(reply) = self.serve(line, request, waiting)? {
                    self.send(line, start, &Parcel::Reply { call, bytes: reply.encode() });
                }
                Ok(())
            }
            Parcel::Request { call, .. } => {
                self.send(line, start, &Parcel::Refused { call });
                Ok(())
            }
            Parcel::Reply { call, bytes } if is_current => {
                let reply = Box::new(Reply::decode(&bytes).context("a reply that cannot be read")?);
                self.feed(line, Input::Reply { call, reply })
            }
            Parcel::Told { to, fresh } if to == End::Answerer || is_current => {
                self.hear(line, to, fresh);
                Ok(())
            }
            Parcel::Hint if is_current => self.feed(line, Input::Hint { scope: SCOPE, digest: None }),
            Parcel::Reply { .. } | Parcel::Hint | Parcel::Told { .. } | Parcel::Refused { .. } => Ok(()),
        }
    }

    /// A node that has more of the log of the one that answers shows that this was set back. A venue node waits a
    /// while for its entries.
    fn hold_asked(&mut self, number: usize, theirs: &VersionVector) -> anyhow::Result<()> {
        let log = self.nodes[number].log();
        let seq = theirs.seq(&log);
        if seq > self.nodes[number].vector()?.seq(&log) {
            let start = self.nodes[number].starts;
            self.tell_owed(number, start, LocalChange::SetBack { log, seq });
            if number != HQ {
                self.schedule(HELD_MAX_MS, Event::WriteOn { node: number, start });
            }
        }
        Ok(())
    }

    /// A node in step with HQ has what HQ has.
    fn note_in_step(&mut self, peer: NodeId, decided: &Answer) -> anyhow::Result<()> {
        if let Answer::Reply(Reply::Hello(hello)) = decided
            && hello.scopes.iter().any(|(_, answer)| *answer == ScopeAnswer::InStep)
        {
            let (vector, at_ms) = (self.nodes[HQ].vector()?, self.nodes[HQ].wall_ms(self.now_ms));
            if self.nodes[HQ].engine()?.published().waits_for.contains(&peer) {
                let heard = LocalChange::PeerHeard { peer, vector, at_ms };
                self.submit(HQ, Waiting::Nobody, Submission::Local(heard));
            }
        }
        Ok(())
    }

    /// A node answers at once, or when what was pushed is committed.
    fn serve(&mut self, line: usize, request: Request, waiting: Waiting) -> anyhow::Result<Option<Reply>> {
        let Line { asker, answerer, .. } = self.lines[line];
        let peer = self.nodes[asker].identity.certificate.clone();
        let busy_for_ms = self.weather.strikes(Fault::Busy).then_some(BUSY_FOR_MS);
        if let Request::Pull { vector, .. } = &request {
            self.hold_asked(answerer, vector)?;
            // What a sibling has is only shown to people.
            if answerer == HQ {
                let at_ms = self.nodes[HQ].wall_ms(self.now_ms);
                let heard = LocalChange::PeerHeard { peer: peer.claims.node, vector: vector.clone(), at_ms };
                self.submit(HQ, Waiting::Nobody, Submission::Local(heard));
            }
        }
        let node = &self.nodes[answerer];
        let now_ms = node.wall_ms(self.now_ms);
        let refuses_expired = answerer == HQ;
        let decided = node.read(|db| decide(*db, request, &peer, now_ms, refuses_expired, busy_for_ms))?;
        if answerer == HQ {
            self.note_in_step(peer.claims.node, &decided)?;
        }
        match decided {
            Answer::Reply(reply) => Ok(Some(reply)),
            Answer::Store { batch, .. } => {
                let batch = Batch::decode(&batch).context("a node sent a batch that cannot be read")?;
                self.submit(answerer, waiting, Submission::Import(batch));
                Ok(None)
            }
            Answer::Send { .. } => bail!("a pull was not answered"),
        }
    }
}

/// The decision of the answering side over one commit, a batch included.
fn decide(
    db: Read<'_>,
    request: Request,
    peer: &Certificate,
    now_ms: i64,
    refuses_expired: bool,
    busy_for_ms: Option<u32>,
) -> Result<Answer, ReadError> {
    let prefix_of = |dot| db.entry_prefix(dot).ok().flatten();
    let scope = ScopeView { vector: db.vector()?, prefix_of: &prefix_of, floors: BTreeMap::new() };
    let view = ServerView {
        peer,
        certificate: None,
        protocol: release::protocol(),
        capabilities: &[],
        now_ms,
        refuses_expired,
        busy_for_ms,
        scopes: [(SCOPE, scope)].into(),
    };
    Ok(match answer(request, &view) {
        Answer::Send { vector, .. } => Answer::Reply(pulled(db, &vector)?),
        decided => decided,
    })
}

fn pulled(db: Read<'_>, have: &VersionVector) -> Result<Reply, ReadError> {
    let batch = db.batch_after(have)?;
    Ok(Reply::Pull { vector: db.vector()?, batch: batch.map(|batch| batch.encode()) })
}

const fn word(request: &Request) -> &'static str {
    match request {
        Request::Hello(_) => "a hello",
        Request::Pull { .. } => "a pull",
        Request::Push { .. } => "a push",
    }
}
