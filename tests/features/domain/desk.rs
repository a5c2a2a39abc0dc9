//! A desk of a node in memory: gives commands, runs what follows, and keeps the first outcome of each.

use anyhow::Context as _;
use lanyard_domain::command::Command;
use lanyard_domain::event::Facts;
use lanyard_domain::outcome::Refused;
use lanyard_domain::policy::{DeskProfile, follow_ups};
use lanyard_domain::{AttendeeId, Draft, Person, Refusal, Role, Stream, View as _, find_order};
use lanyard_sync::CommandId;
use serde_json::json;

use super::commands::{attendee_named, command};
use super::node::{Node, Origin};
use crate::driver::{Action, Answer, By, Terms};

/// The role of this word.
fn role(word: &str) -> anyhow::Result<Role> {
    Ok(match word {
        "volunteer" => Role::Volunteer,
        "cashier" => Role::Cashier,
        "supervisor" => Role::Supervisor,
        _ => anyhow::bail!("specifications know no role {word}"),
    })
}

impl Node {
    /// What a desk asks for, once per command id.
    pub(crate) fn ask(
        &mut self,
        by: &By,
        action: &Action,
        terms: &Terms,
        id: CommandId,
        now_ms: i64,
    ) -> anyhow::Result<Answer> {
        let Some(asked) = command(self, action)? else { return Ok(self.look_up(action, now_ms)) };
        if let Some(first) = self.outcomes.get(&id) {
            return Ok(Answer { replayed: true, ..first.clone() });
        }
        if let Some(stale) = self.stale(action, terms)? {
            return Ok(stale);
        }
        let least = asked.least_role();
        let answer = if role(by.role)?.may(&asked) {
            let origin = Origin { actor: by.role, desk: &by.desk, now_ms };
            self.give_and_follow(id, &asked, &origin)?
        } else {
            self.refused(&Refused { refusal: Refusal::NotPermitted { needs: least }, attendee: None })
        };
        self.outcomes.insert(id, answer.clone());
        Ok(answer)
    }

    fn give_and_follow(
        &mut self,
        id: CommandId,
        asked: &Command,
        origin: &Origin<'_>,
    ) -> anyhow::Result<Answer> {
        let drafts = match self.give(id, asked, origin)? {
            Ok(drafts) => drafts,
            Err(refused) => return Ok(self.refused(&refused)),
        };
        self.queue_badges(&drafts, origin.desk);
        let follow = follow_ups(&self.view, id, &drafts, DeskProfile { prints_badges: true });
        for next in follow {
            let written = self.give(next.id, &next.command, origin)?;
            let written =
                written.map_err(|refused| anyhow::anyhow!("a policy was refused: {}", refused.refusal))?;
            self.queue_badges(&written, origin.desk);
        }
        let attendee = drafts.iter().find_map(|draft| match draft.stream {
            Stream::Attendee(id) => Some(id),
            _ => None,
        });
        let order = drafts.iter().find_map(|draft| match draft.stream {
            Stream::Order(id) => Some(id.to_string()),
            _ => None,
        });
        let attendee = attendee.map(|id| self.name_of(id));
        Ok(Answer { code: "ok".to_owned(), order, attendee, ..Answer::default() })
    }

    fn queue_badges(&mut self, drafts: &[Draft], desk: &str) {
        for draft in drafts {
            if let (Stream::Attendee(id), Facts::BadgeIssued(issued)) = (&draft.stream, &draft.event.facts) {
                let name = self.name_of(*id);
                self.printing.queue(desk, &name, *id, issued.badge_code.clone());
            }
        }
    }

    /// The 412 of a command that was decided on an older version.
    fn stale(&self, action: &Action, terms: &Terms) -> anyhow::Result<Option<Answer>> {
        let (
            Some(version),
            Action::Reprint { name } | Action::IssueBadge { name } | Action::Annul { name, .. },
        ) = (terms.if_match, action)
        else {
            return Ok(None);
        };
        let id = attendee_named(self, name)?;
        let known = self.view.attendee(id).context("somebody known")?;
        if known.entries == version {
            return Ok(None);
        }
        let stream = Stream::Attendee(id);
        let mut entries: Vec<_> = self
            .stored()
            .iter()
            .filter(|stored| stored.known.as_ref().is_some_and(|(of, _)| *of == stream))
            .collect();
        entries.sort_by_key(|stored| stored.entry.canonical_key());
        let seen = usize::try_from(version)?;
        let between: Vec<_> =
            entries.iter().skip(seen).map(|stored| json!({ "what": stored.entry.header.kind })).collect();
        let data = json!({ "events_between": between });
        Ok(Some(Answer { code: "stale_version".to_owned(), data, ..Answer::default() }))
    }

    fn look_up(&mut self, action: &Action, now_ms: i64) -> Answer {
        let Action::Lookup { email, code } = action else { return Answer::default() };
        if let Some(retry_after_ms) = self.tries.wait_ms(now_ms) {
            let data = json!({ "retry_after_ms": retry_after_ms });
            return Answer { code: "locked_out".to_owned(), data, ..Answer::default() };
        }
        match find_order(&self.view, email, code) {
            Ok(order) => {
                Answer { code: "ok".to_owned(), order: Some(order.to_string()), ..Answer::default() }
            }
            Err(Refusal::UnknownCode { .. }) => {
                Answer { code: "mistyped_access_code".to_owned(), ..Answer::default() }
            }
            Err(_) => {
                self.tries.count_unknown(now_ms);
                let data = json!({ "last_synced_ms": self.last_synced_ms });
                Answer { code: "unknown_order".to_owned(), data, ..Answer::default() }
            }
        }
    }

    fn refused(&self, refused: &Refused) -> Answer {
        let data = serde_json::to_value(&refused.refusal).expect("a refusal is JSON");
        let attendee = refused.attendee.map(|id| self.name_of(id));
        Answer { code: refused.refusal.code().to_owned(), data, attendee, ..Answer::default() }
    }

    /// Name of somebody.
    pub(crate) fn name_of(&self, id: AttendeeId) -> String {
        let known = self.view.attendee(id).unwrap_or_default();
        known.person.as_ref().map(Person::full_name).unwrap_or_default()
    }
}
