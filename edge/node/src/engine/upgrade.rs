//! What a newer build does with the database of an older one: streams with entries that the older one did not
//! understand are folded again, and others are told which reader this node is.

use lanyard_domain::event::ReaderChanged;
use lanyard_domain::{Event, Folded, Stream};
use lanyard_sync::CommandId;

use super::Engine;
use super::append::{Origin, WriteError};
use crate::clock::Draws;
use crate::release;
use crate::store::{StoreError, downgrade, states};

/// Streams that are folded in one transaction.
const SLICE: usize = 256;

impl Engine {
    /// Applies what the build before did not understand. A start that is interrupted begins again.
    pub(super) fn take_over(&mut self) -> Result<(), StoreError> {
        if downgrade::is_of_this_build(&self.db)? {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let streams = states::not_understood(&self.db, after, SLICE)?;
            self.db.execute_batch("BEGIN IMMEDIATE")?;
            for (stream, name) in &streams {
                self.refold(name)?;
                after = *stream;
            }
            self.save_touched()?;
            self.arrivals.save(&self.db)?;
            if streams.is_empty() {
                downgrade::take_over(&self.db)?;
            }
            self.db.execute_batch("COMMIT")?;
            if streams.is_empty() {
                return self.reload();
            }
        }
    }

    /// Tells in the log which reader this node is, where the log says something else. HQ writes nothing to where all
    /// have to read before all can.
    pub(super) fn tell_reader(&mut self, draws: &mut Draws) -> Result<(), WriteError> {
        let (stream, reader) = (Stream::Node(self.identity.node), release::reader());
        let state = self.states.borrow_mut().folded(&self.db, &stream)?;
        let told = match &state {
            Some(Folded::Node(node)) => node.reader(),
            _ => 1,
        };
        let is_over = self.closed.is_over(&self.own_log());
        if told == reader || self.identity.is_hq() || is_over || self.held_until_seq.is_some() {
            return Ok(());
        }
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(StoreError::from)?;
        let origin = Origin {
            command: CommandId(draws.take()),
            actor: "node",
            desk: "",
            at_ms: self.surroundings.now_ms(),
        };
        self.append_event(&origin, 0, &stream, Event::of(ReaderChanged { reader }), draws)?;
        self.save_touched()?;
        self.sign_head()?;
        self.db.execute_batch("COMMIT").map_err(StoreError::from)?;
        self.know_own_head();
        Ok(())
    }

    /// Names of the nodes that cannot read what asks for this reader, as far as the log says.
    pub(super) fn nodes_older_than(&self, min_reader: u16) -> Result<Vec<String>, StoreError> {
        let mut older = Vec::new();
        for (id, node) in self.enrolled()? {
            if node.reader() < min_reader && !self.closed.is_retired(&id) && id != self.identity.node {
                older.push(node.name.clone());
            }
        }
        older.sort();
        Ok(older)
    }
}
