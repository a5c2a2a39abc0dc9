//! Sessions: who is signed in at which desk. Kept in memory under a hash of the token; a restart ends them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, header};
use lanyard_domain::{DeskId, Role, StaffId};
use lanyard_sync::hex;

/// How long a session lasts, in milliseconds: the longest day at a venue.
const LIFETIME_MS: i64 = 16 * 60 * 60 * 1_000;
/// Most sessions at once; the ones that end first make room.
const SESSIONS_MAX: usize = 4_096;
const COOKIE: &str = "lanyard_session";

/// Somebody at a desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub staff: StaffId,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Where.
    pub desk: DeskId,
    /// When it ends, Unix milliseconds.
    pub ends_ms: i64,
}

/// The secret that stands for a session; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// All sessions of a node.
#[derive(Debug, Default)]
pub struct Sessions {
    by_token: Mutex<HashMap<[u8; 32], Session>>,
}

impl Token {
    /// Finds the token of a request: the bearer, else the cookie.
    pub fn of_request(headers: &HeaderMap) -> Option<Self> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(token) = bearer.and_then(|value| value.strip_prefix("Bearer ")) {
            return Some(Self(token.trim().to_owned()));
        }
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == COOKIE).map(|(_, token)| Self(token.to_owned()))
    }

    /// The token as the sign-in answer carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The cookie that carries the token; `secure` where the page is served over TLS.
    pub fn cookie(&self, secure: bool) -> String {
        let secure = if secure { "; Secure" } else { "" };
        format!(
            "{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
            self.0,
            LIFETIME_MS / 1_000
        )
    }

    /// The cookie that ends the one before.
    pub fn cookie_of_nobody() -> String {
        format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
    }

    /// Tokens are found by their hash, so how long that takes tells nothing about them.
    fn key(&self) -> [u8; 32] {
        *blake3::hash(self.0.as_bytes()).as_bytes()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Sessions {
    /// Starts a session; `secret` is 32 bytes of a CSPRNG.
    pub fn start(
        &self,
        secret: &[u8; 32],
        staff: StaffId,
        name: String,
        role: Role,
        desk: DeskId,
        now_ms: i64,
    ) -> (Token, Session) {
        let token = Token(hex::encode(secret));
        let session = Session { staff, name, role, desk, ends_ms: now_ms + LIFETIME_MS };
        let mut by_token = self.locked();
        if by_token.len() >= SESSIONS_MAX {
            make_room(&mut by_token, now_ms);
        }
        by_token.insert(token.key(), session.clone());
        (token, session)
    }

    /// The session a token stands for, while it lasts.
    pub fn find(&self, token: &Token, now_ms: i64) -> Option<Session> {
        self.locked().get(&token.key()).filter(|session| session.ends_ms > now_ms).cloned()
    }

    /// Ends a session.
    pub fn end(&self, token: &Token) {
        self.locked().remove(&token.key());
    }

    /// Brings the sessions of somebody in line with what HQ says; none where they may not sign in.
    pub fn set_role(&self, staff: &StaffId, role: Option<Role>) {
        self.locked().retain(|_, session| match role {
            _ if session.staff != *staff => true,
            Some(role) => {
                session.role = role;
                true
            }
            None => false,
        });
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        // Every change is one insertion or removal, so the map is whole even after a panic elsewhere.
        self.by_token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(by_token: &mut HashMap<[u8; 32], Session>, now_ms: i64) {
    by_token.retain(|_, session| session.ends_ms > now_ms);
    if by_token.len() >= SESSIONS_MAX {
        let first = by_token.iter().min_by_key(|(_, session)| session.ends_ms).map(|(key, _)| *key);
        if let Some(key) = first {
            by_token.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn started(sessions: &Sessions, secret: u8) -> Token {
        let (staff, desk) = ("ana".parse().unwrap(), "north-1".parse().unwrap());
        sessions.start(&[secret; 32], staff, "Ana".to_owned(), Role::Cashier, desk, 1_000).0
    }

    #[test]
    fn a_session_lasts_a_day_and_can_be_ended() {
        let sessions = Sessions::default();
        let token = started(&sessions, 7);
        let session = sessions.find(&token, 1_000).expect("it has started");
        assert_eq!((session.desk.as_str(), session.role), ("north-1", Role::Cashier));
        assert_eq!(sessions.find(&token, session.ends_ms), None);
        sessions.end(&token);
        assert_eq!(sessions.find(&token, 1_000), None);
        assert_eq!(sessions.find(&Token("07".to_owned()), 1_000), None);
    }

    #[test]
    fn a_change_of_role_reaches_open_sessions() {
        let sessions = Sessions::default();
        let token = started(&sessions, 7);
        sessions.set_role(&"bob".parse().unwrap(), None);
        sessions.set_role(&"ana".parse().unwrap(), Some(Role::Supervisor));
        assert_eq!(sessions.find(&token, 1_000).map(|session| session.role), Some(Role::Supervisor));
        sessions.set_role(&"ana".parse().unwrap(), None);
        assert_eq!(sessions.find(&token, 1_000), None);
    }

    #[test]
    fn tokens_come_as_bearer_or_cookie() {
        let token = started(&Sessions::default(), 7);
        let mut headers = HeaderMap::new();
        assert_eq!(Token::of_request(&headers), None);
        let cookie = format!("theme=dark; lanyard_session={}", token.expose());
        headers.insert("cookie", HeaderValue::try_from(cookie).unwrap());
        assert_eq!(Token::of_request(&headers), Some(token.clone()));
        headers.insert("authorization", HeaderValue::from_static("Bearer abc"));
        assert_eq!(Token::of_request(&headers), Some(Token("abc".to_owned())));
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert!(token.cookie(true).ends_with("; HttpOnly; SameSite=Strict; Max-Age=57600; Secure"));
    }

    #[test]
    fn sessions_are_bounded() {
        let sessions = Sessions::default();
        for n in 0..SESSIONS_MAX + 10 {
            let secret: [u8; 32] = *blake3::hash(&n.to_le_bytes()).as_bytes();
            let (staff, desk) = ("ana".parse().unwrap(), "north-1".parse().unwrap());
            sessions.start(&secret, staff, String::new(), Role::Cashier, desk, 1_000);
        }
        assert_eq!(sessions.locked().len(), SESSIONS_MAX);
    }
}
