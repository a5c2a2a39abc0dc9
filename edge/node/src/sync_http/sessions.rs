//! Open challenges and sessions, in memory: a restart only makes peers show themselves again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use lanyard_sync::{Certificate, ScopeId, hex};

use crate::clock::system_entropy;

/// How long a challenge may be answered, in milliseconds.
const CHALLENGE_LIFE_MS: i64 = 30_000;
/// How long a session lasts, in milliseconds.
const SESSION_LIFE_MS: i64 = 12 * 60 * 60 * 1000;
/// Most open challenges, and most sessions; beyond that another one makes room.
const OPEN_MAX: usize = 1_024;

/// A peer that has shown who it is.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Who it is.
    pub(super) certificate: Certificate,
    /// The conference it asked for.
    pub(super) scope: ScopeId,
}

#[derive(Debug, Default)]
struct Open {
    challenges: BTreeMap<[u8; 32], i64>,
    sessions: BTreeMap<String, (Peer, i64)>,
}

/// What is open.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: Mutex<Open>,
}

impl Sessions {
    /// Draws a challenge's random bytes.
    pub(super) fn challenge(&self, now_ms: i64) -> [u8; 32] {
        let mut nonce = [0; 32];
        system_entropy(&mut nonce);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.challenges.retain(|_, until_ms| now_ms < *until_ms);
        if open.challenges.len() >= OPEN_MAX {
            open.challenges.pop_first();
        }
        open.challenges.insert(nonce, now_ms.saturating_add(CHALLENGE_LIFE_MS));
        nonce
    }

    /// Uses a challenge up; false when it is unknown or too old.
    pub(super) fn redeem(&self, nonce: &[u8; 32], now_ms: i64) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.challenges.remove(nonce).is_some_and(|until_ms| now_ms < until_ms)
    }

    /// Opens a session and returns its token.
    pub(super) fn begin(&self, peer: Peer, now_ms: i64) -> String {
        let mut bytes = [0; 16];
        system_entropy(&mut bytes);
        let token = hex::encode(&bytes);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.sessions.retain(|_, (_, until_ms)| now_ms < *until_ms);
        if open.sessions.len() >= OPEN_MAX {
            open.sessions.pop_first();
        }
        open.sessions.insert(token.clone(), (peer, now_ms.saturating_add(SESSION_LIFE_MS)));
        token
    }

    /// The peer behind a token.
    pub(super) fn peer(&self, token: &str, now_ms: i64) -> Option<Peer> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.sessions.get(token).filter(|(_, until_ms)| now_ms < *until_ms).map(|(peer, _)| peer.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_good_once_and_for_a_short_time() {
        let sessions = Sessions::default();
        let nonce = sessions.challenge(0);
        assert!(sessions.redeem(&nonce, 1));
        assert!(!sessions.redeem(&nonce, 2));
        let late = sessions.challenge(0);
        assert!(!sessions.redeem(&late, CHALLENGE_LIFE_MS));
    }

    #[test]
    fn the_number_of_open_challenges_is_bounded() {
        let sessions = Sessions::default();
        for _ in 0..OPEN_MAX + 5 {
            sessions.challenge(0);
        }
        assert_eq!(sessions.open.lock().unwrap().challenges.len(), OPEN_MAX);
    }
}
