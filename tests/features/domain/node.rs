//! A node in memory: its log, written and verified as on the wire, and the states folded from it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use lanyard_domain::command::Command;
use lanyard_domain::fold::Placed;
use lanyard_domain::lookup::Tries;
use lanyard_domain::memory::MemoryView;
use lanyard_domain::{Account, Deciding, Draft, Event, Folded, Stream};
use lanyard_sync as sync;
use lanyard_sync::{CommandId, Dot, LogContext, LogHead, LogId, LogWriter, VersionVector};

use super::printing::PrintRoom;
use crate::driver::Answer;

/// The scope of the conference.
pub(crate) const SCOPE: sync::ScopeId = sync::ScopeId([7; 16]);

/// An entry as this node keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// The entry.
    pub(crate) entry: sync::Entry,
    /// The writer's signature, where there is one.
    signature: Option<sync::Signature>,
    context: LogContext,
    /// Its stream and what happened, where this build knows the kind.
    pub(crate) known: Option<(Stream, Event)>,
}

/// Where and by whom a command is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// Role word, as the actor too.
    pub(crate) actor: &'a str,
    /// Desk.
    pub(crate) desk: &'a str,
    /// The node's clock, Unix milliseconds.
    pub(crate) now_ms: i64,
}

/// A node in memory.
#[derive(Debug)]
pub(crate) struct Node {
    /// Name.
    pub(crate) name: String,
    authority: bool,
    key: sync::SigningKey,
    scope: sync::KnownScope,
    writer: LogWriter,
    stored: Vec<Stored>,
    positions: BTreeMap<Dot, usize>,
    contexts: BTreeMap<LogId, LogContext>,
    hq: LogId,
    /// Folded states.
    pub(crate) view: MemoryView,
    /// First outcome of every command.
    pub(crate) outcomes: BTreeMap<CommandId, Answer>,
    draws: u64,
    /// How far its clock is ahead, milliseconds.
    pub(crate) clock_ahead_ms: i64,
    /// Whether its line to HQ works.
    pub(crate) online: bool,
    /// When HQ was last heard of, by the node's clock.
    pub(crate) last_synced_ms: Option<i64>,
    /// Tries to look orders up.
    pub(crate) tries: Tries,
    /// Its printers and their jobs.
    pub(crate) printing: PrintRoom,
}

fn seed(name: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    seed
}

/// The log a node of this name writes.
pub(crate) fn log_of(name: &str) -> LogId {
    let node = sync::NodeId::of(&sync::SigningKey::from_seed(&seed(name)).public_key());
    LogId { node, epoch: sync::Epoch(1) }
}

impl Node {
    /// A node with its certificate, whose log is opened.
    pub(crate) fn new(name: &str, now_ms: i64) -> anyhow::Result<Self> {
        let (key, organiser) =
            (sync::SigningKey::from_seed(&seed(name)), sync::SigningKey::from_seed(&[200; 32]));
        let (log, authority) = (log_of(name), name == "hq");
        let role = if authority { sync::Role::Hq } else { sync::Role::Venue };
        let claims = sync::Claims {
            node: log.node,
            public_key: key.public_key(),
            name: name.to_owned(),
            scopes: [SCOPE].into(),
            roles: [role].into(),
            not_after_ms: now_ms + 90 * 86_400_000,
            serial: 1,
            ext: Vec::new(),
        };
        let certificate = claims.sign(&organiser)?;
        let head = LogHead::empty(SCOPE, log);
        let mut scope = sync::KnownScope::new(SCOPE, organiser.public_key());
        scope.logs.insert(log, sync::KnownLog { head: head.clone(), certificate: certificate.clone() });
        let mut node = Self {
            name: name.to_owned(),
            authority,
            key,
            scope,
            writer: LogWriter::new(SCOPE, head),
            stored: Vec::new(),
            positions: BTreeMap::new(),
            contexts: BTreeMap::new(),
            hq: log_of("hq"),
            view: MemoryView::default(),
            outcomes: BTreeMap::new(),
            draws: 0,
            clock_ahead_ms: 0,
            online: true,
            last_synced_ms: None,
            tries: Tries::default(),
            printing: PrintRoom::new(name),
        };
        let opened = sync::EpochOpened { certificate, previous: None, reason: "enrolled".to_owned() };
        let origin = Origin { actor: "system", desk: "", now_ms };
        let entry = sync::Draft {
            stream: sync::EpochOpened::stream(log.node),
            kind: sync::EPOCH_OPENED_KIND.to_owned(),
            facts: node.salted(opened.to_facts()),
            personal: None,
            ..node.blank(&origin, CommandId([0; 16]), 0)
        };
        node.append([entry])?;
        Ok(node)
    }

    /// The account whose rights the node spends.
    pub(crate) fn account(&self) -> Account {
        if self.authority { Account::Hq } else { Account::Venue(self.writer.head().log) }
    }

    /// Everything it keeps, in order of arrival.
    pub(crate) fn stored(&self) -> &[Stored] {
        &self.stored
    }

    fn entropy(&mut self) -> [u8; 32] {
        self.draws += 1;
        let mut entropy = seed(&self.name);
        entropy[24..].copy_from_slice(&self.draws.to_be_bytes());
        entropy
    }

    fn salted(&mut self, bytes: Vec<u8>) -> sync::Salted {
        let entropy = self.entropy();
        let mut salt = [0; 16];
        salt.copy_from_slice(&entropy[16..]);
        sync::Salted { salt, bytes }
    }

    fn blank(&self, origin: &Origin<'_>, command: CommandId, index: u16) -> sync::Draft {
        sync::Draft {
            stream: sync::StreamName::new("none", sync::StreamKey::None),
            kind: String::new(),
            version: 1,
            min_reader: 1,
            at_ms: origin.now_ms,
            skew_ms: (self.clock_ahead_ms != 0 && self.last_synced_ms.is_some())
                .then(|| i32::try_from(self.clock_ahead_ms).unwrap_or(0)),
            actor: origin.actor.to_owned(),
            desk: origin.desk.to_owned(),
            command,
            index,
            facts: sync::Salted { salt: [0; 16], bytes: Vec::new() },
            personal: None,
            ext: Vec::new(),
        }
    }

    /// Decides a command and writes what follows from it; the inner error is the refusal.
    pub(crate) fn give(
        &mut self,
        id: CommandId,
        command: &Command,
        origin: &Origin<'_>,
    ) -> anyhow::Result<Result<Vec<Draft>, lanyard_domain::outcome::Refused>> {
        let deciding = Deciding {
            command: id,
            log: self.writer.head().log,
            authority: self.authority,
            now_ms: origin.now_ms,
            entropy: self.entropy(),
        };
        let drafts = match lanyard_domain::decide(&self.view, command, &deciding) {
            Ok(drafts) => drafts,
            Err(refused) => return Ok(Err(refused)),
        };
        self.write(id, &drafts, origin)?;
        Ok(Ok(drafts))
    }

    fn write(&mut self, id: CommandId, drafts: &[Draft], origin: &Origin<'_>) -> anyhow::Result<()> {
        let mut entries = Vec::new();
        for (draft, index) in drafts.iter().zip(0..) {
            let facts = self.salted(draft.event.facts.to_bytes());
            let personal = draft.event.personal_bytes().map(|bytes| self.salted(bytes));
            entries.push(sync::Draft {
                stream: draft.stream.name(),
                kind: draft.event.facts.kind().to_owned(),
                version: draft.event.facts.version(),
                facts,
                personal,
                ..self.blank(origin, id, index)
            });
        }
        self.append(entries)
    }

    /// Appends one commit, signed at its end.
    fn append(&mut self, drafts: impl IntoIterator<Item = sync::Draft>) -> anyhow::Result<()> {
        let mut touched = BTreeSet::new();
        for draft in drafts {
            let entry = self.writer.append(draft)?;
            touched.extend(self.keep(entry, None)?);
        }
        let log = self.writer.head().log;
        let signed = self.writer.sign(&self.key);
        if let Some(position) = self.positions.get(&signed.dot) {
            self.stored[*position].signature = Some(signed.signature);
        }
        self.scope.logs.get_mut(&log).context("a node knows its own log")?.head = self.writer.head().clone();
        self.fold(&touched);
        Ok(())
    }

    fn keep(
        &mut self,
        entry: sync::Entry,
        signature: Option<sync::Signature>,
    ) -> anyhow::Result<Option<Stream>> {
        let context = self.contexts.entry(entry.dot.log).or_default();
        if let Some(delta) = &entry.header.context {
            context.apply_delta(entry.dot.log, delta)?;
        }
        let facts = entry.payload.facts.bytes().context("facts are never erased")?;
        let personal = entry.payload.personal.as_ref().and_then(sync::Part::bytes);
        let event = Event::parse(&entry.header.kind, entry.header.version, facts, personal).ok();
        let known = Stream::parse(&entry.header.stream).zip(event);
        let stream = known.as_ref().map(|(stream, _)| stream.clone());
        self.positions.insert(entry.dot, self.stored.len());
        self.stored.push(Stored { entry, signature, context: context.clone(), known });
        Ok(stream)
    }

    /// Folds streams anew: tallies in order of arrival, all others in canonical order.
    fn fold(&mut self, streams: &BTreeSet<Stream>) {
        for stream in streams {
            let Some(mut state) = Folded::empty(stream) else { continue };
            let mut entries: Vec<_> = self
                .stored
                .iter()
                .filter_map(|stored| {
                    stored.known.as_ref().filter(|(of, _)| of == stream).map(|(_, event)| (stored, event))
                })
                .collect();
            if !state.is_tally() {
                entries.sort_by_key(|(stored, _)| stored.entry.canonical_key());
            }
            for (stored, event) in entries {
                self.apply(&mut state, stored, event);
            }
            self.view.set(stream.clone(), state);
        }
    }

    fn apply(&self, state: &mut Folded, stored: &Stored, event: &Event) {
        let header = &stored.entry.header;
        let sees = |dot: Dot| stored.context.sees(&stored.entry.dot, &dot);
        let placed = Placed {
            dot: stored.entry.dot,
            account: if stored.entry.dot.log == self.hq {
                Account::Hq
            } else {
                Account::Venue(stored.entry.dot.log)
            },
            lamport: header.lamport,
            at_ms: header.at_ms,
            skew_ms: header.skew_ms,
            actor: &header.actor,
            desk: &header.desk,
            command: header.command,
            authority: stored.entry.dot.log == self.hq,
            sees: &sees,
        };
        state.apply(event, &placed);
    }

    /// Makes every state anew from the log.
    pub(crate) fn rebuild(&mut self) {
        self.view = MemoryView::default();
        let streams =
            self.stored.iter().filter_map(|stored| stored.known.as_ref().map(|(stream, _)| stream.clone()));
        let streams: BTreeSet<_> = streams.collect();
        self.fold(&streams);
    }

    /// Which entries it has.
    pub(crate) fn vector(&self) -> VersionVector {
        self.scope.vector()
    }

    /// The batches another node lacks, each cut at the first signed head after `at_least` entries.
    pub(crate) fn batches_for(
        &self,
        vector: &VersionVector,
        at_least: usize,
    ) -> anyhow::Result<Vec<sync::Batch>> {
        let mut batches = Vec::new();
        let mut builder = sync::BatchBuilder::new(SCOPE);
        let mut pushed = 0;
        for stored in self.stored.iter().filter(|stored| !vector.covers(&stored.entry.dot)) {
            let entry = sync::StoredEntry {
                dot: stored.entry.dot,
                header_bytes: stored.entry.header_bytes.clone(),
                payload: stored.entry.payload.clone(),
                hash: stored.entry.hash,
                signature: stored.signature,
            };
            let hash_of = |dot: Dot| self.positions.get(&dot).map(|at| self.stored[*at].entry.hash);
            let taken = builder.push(entry, hash_of)?;
            ensure!(taken == sync::Pushed::Taken, "a specification writes less than a batch holds");
            pushed += 1;
            if pushed >= at_least && stored.signature.is_some() {
                batches.extend(std::mem::replace(&mut builder, sync::BatchBuilder::new(SCOPE)).finish()?);
                pushed = 0;
            }
        }
        batches.extend(builder.finish()?);
        Ok(batches)
    }

    /// Verifies and keeps a batch that travelled as bytes.
    pub(crate) fn import(&mut self, bytes: &[u8]) -> anyhow::Result<Result<(), sync::Problem>> {
        let batch = sync::Batch::decode(bytes)?;
        let head_of = |dot: Dot| {
            let entry = &self.stored[*self.positions.get(&dot)?].entry;
            Some(sync::StoredHead { hash: entry.hash, lamport: entry.header.lamport })
        };
        let admitted = match sync::admit(&self.scope, batch, &head_of) {
            Ok(admitted) => admitted,
            Err(problem) => return Ok(Err(problem)),
        };
        let mut touched = BTreeSet::new();
        for admitted in admitted.entries {
            touched.extend(self.keep(admitted.entry, admitted.signature)?);
        }
        self.scope.accept(admitted.logs);
        for known in self.scope.logs.values() {
            self.writer.observe(&known.head);
        }
        self.fold(&touched);
        Ok(Ok(()))
    }
}
