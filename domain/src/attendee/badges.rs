//! An attendee's badges: the later voids the earlier, unseen ones stay good until somebody decides.

use lanyard_sync::Dot;
use serde::{Deserialize, Serialize};

use super::{Attendee, Moment};
use crate::event::BadgeIssued;
use crate::fold::Placed;
use crate::id::{BadgeCode, SeatTypeId};

/// One badge.
// Stored: inside `Attendee`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    /// The code on it.
    pub badge_code: BadgeCode,
    /// When and where it was made.
    pub at: Moment,
    /// Seat types printed on it.
    pub entitlements: Vec<SeatTypeId>,
    /// When a printer confirmed it.
    pub printed_at_ms: Option<i64>,
    /// When it became void.
    pub voided_at_ms: Option<i64>,
    /// Made while another desk made one unseen; both stay good until staff decide.
    pub flagged: bool,
}

impl Badge {
    /// Whether the badge is good.
    pub fn is_active(&self) -> bool {
        self.voided_at_ms.is_none()
    }
}

impl Attendee {
    /// Badges that are good.
    pub fn active_badges(&self) -> impl Iterator<Item = &Badge> {
        self.badges.iter().filter(|badge| badge.is_active())
    }

    pub(super) fn issue_badge(&mut self, issued: &BadgeIssued, at: &Placed<'_>) {
        let mut flagged = false;
        for badge in self.badges.iter_mut().filter(|badge| badge.is_active()) {
            if (at.sees)(badge.at.dot) {
                badge.voided_at_ms = Some(at.at_ms);
            } else {
                badge.flagged = true;
                flagged = true;
            }
        }
        self.badges.push(Badge {
            badge_code: issued.badge_code.clone(),
            at: Moment::of(at),
            entitlements: issued.entitlements.clone(),
            printed_at_ms: None,
            voided_at_ms: None,
            flagged,
        });
    }

    pub(super) fn void_badge(&mut self, code: &BadgeCode, at_ms: i64) {
        if let Some(badge) = self.badges.iter_mut().find(|badge| badge.badge_code == *code) {
            badge.voided_at_ms.get_or_insert(at_ms);
        }
        self.unflag_a_single_badge();
    }

    pub(super) fn print_badge(&mut self, code: &BadgeCode, at_ms: i64) {
        if let Some(badge) = self.badges.iter_mut().find(|badge| badge.badge_code == *code) {
            badge.printed_at_ms.get_or_insert(at_ms);
        }
    }

    /// Leaves one good badge of those the decision has seen: the first whose desk's check-in stands.
    pub(crate) fn settle_badges(&mut self, annulled: Option<Dot>, at: &Placed<'_>) {
        if !self.active_badges().any(|badge| badge.flagged) {
            return;
        }
        let seen: Vec<_> =
            self.active_badges().map(|badge| badge.at.dot).filter(|dot| (at.sees)(*dot)).collect();
        let kept =
            seen.iter().find(|dot| annulled.is_none_or(|check_in| check_in.log != dot.log)).or(seen.first());
        let Some(kept) = kept.copied() else { return };
        for badge in
            self.badges.iter_mut().filter(|badge| seen.contains(&badge.at.dot) && badge.at.dot != kept)
        {
            badge.voided_at_ms = Some(at.at_ms);
        }
        self.unflag_a_single_badge();
    }

    fn unflag_a_single_badge(&mut self) {
        let mut active = self.badges.iter_mut().filter(|badge| badge.is_active());
        if let (Some(only), None) = (active.next(), active.next()) {
            only.flagged = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::command::Command;
    use crate::event::Decision;
    use crate::test_world::{check_in, guest, meet, resolve, venue};

    #[test]
    fn a_later_badge_voids_the_earlier_one() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        nodes[1].give(&Command::IssueBadge { attendee: id }).unwrap();
        meet(&mut nodes);
        nodes[2].give(&Command::ReprintBadge { attendee: id, reason: "lost".into() }).unwrap();
        let badges = nodes[2].attendee(id).badges;
        assert_eq!(badges.iter().map(super::Badge::is_active).collect::<Vec<_>>(), [false, true]);
        assert!(!badges[1].flagged);
    }

    #[test]
    fn badges_made_unseen_stay_good_and_flagged_until_somebody_decides() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        for node in &mut nodes[1..] {
            node.give(&check_in(id, "main")).unwrap();
            node.give(&Command::IssueBadge { attendee: id }).unwrap();
        }
        meet(&mut nodes);
        assert!(nodes[0].attendee(id).badges.iter().all(|badge| badge.is_active() && badge.flagged));
        let annulled = nodes[0].attendee(id).check_ins[0].at.dot;
        let command = resolve(&nodes[0], id, Decision::Annul { check_in: annulled });
        nodes[0].give(&command).unwrap();
        meet(&mut nodes);
        for node in &nodes {
            let attendee = node.attendee(id);
            let active: Vec<_> = attendee.active_badges().collect();
            assert_eq!(active.len(), 1);
            assert_ne!(active[0].at.dot.log, annulled.log, "the badge of the check-in that stands is kept");
            assert!(!active[0].flagged);
        }
    }

    #[test]
    fn voiding_one_of_two_flagged_badges_settles_the_other() {
        let mut nodes = venue();
        let id = guest(&mut nodes, "Ada");
        for node in &mut nodes[1..] {
            node.give(&Command::IssueBadge { attendee: id }).unwrap();
        }
        meet(&mut nodes);
        let badge_code = nodes[0].attendee(id).badges[0].badge_code.clone();
        nodes[0].give(&Command::VoidBadge { attendee: id, badge_code, reason: "copied".into() }).unwrap();
        let attendee = nodes[0].attendee(id);
        assert!(attendee.active_badges().all(|badge| !badge.flagged));
        assert_eq!(attendee.active_badges().count(), 1);
    }
}
