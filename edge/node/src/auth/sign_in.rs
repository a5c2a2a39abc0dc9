//! One attempt to sign in: wait, count, verify, forget the count.
//!
//! The failure is counted and stored before the PIN is looked at, so a crash or a burst of parallel guesses
//! buys no free tries. Attempts on one name wait for each other; over all names only a few verifications run
//! at once, each of which takes 19 MiB.

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};

use super::back_off::{BackOff, subject};
use super::pin::Pin;

/// Verifications at once.
const AT_ONCE: usize = 2;
/// Attempts that may wait for their turn.
const WAITING_MAX: usize = 64;
const STRIPES: usize = 64;

/// What is stored about a name somebody signs in with.
#[derive(Debug, Clone)]
pub struct Known {
    /// Verifier of the PIN (PHC string); none for a name nobody has or who may not sign in.
    pub verifier: Option<String>,
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefused {
    /// The name or the PIN is wrong; which one is not said.
    #[error("the name or the PIN is wrong")]
    WrongPin {
        /// Wait before the next attempt, milliseconds.
        retry_after_ms: u64,
    },
    /// There were too many failures.
    #[error("too many failures; wait")]
    LockedOut {
        /// Wait before the next attempt, milliseconds.
        retry_after_ms: u64,
    },
    /// Too many attempts wait.
    #[error("too many sign-ins at once")]
    Busy,
    /// The failure could not be stored, so no attempt is allowed.
    #[error("the attempt could not be stored")]
    NotStored,
}

/// Takes attempts to sign in.
#[derive(Debug)]
pub struct SignIns {
    stripes: [Mutex<()>; STRIPES],
    at_once: Semaphore,
    waiting: Semaphore,
    /// Verified in place of a verifier nobody has; of a PIN drawn at the start and forgotten.
    nobody: Arc<str>,
}

impl SignIns {
    /// Makes the verifier of nobody; `secret` is drawn from a CSPRNG.
    pub fn new(secret: [u8; 8]) -> Self {
        let digits = format!("{:012}", u64::from_le_bytes(secret) % 1_000_000_000_000);
        let pin = Pin::parse(&digits).expect("twelve digits are a PIN");
        Self {
            stripes: std::array::from_fn(|_| Mutex::new(())),
            at_once: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(WAITING_MAX),
            nobody: pin.verifier().into(),
        }
    }

    /// Takes one attempt. `load` reads what is stored under a subject, `store` writes it durably; both are
    /// called for one attempt on a name at a time. A typed PIN that is none counts as a wrong one.
    pub async fn attempt<L, S>(
        &self,
        staff: &str,
        typed: Option<Pin>,
        known: Known,
        now_ms: i64,
        load: impl FnOnce(String) -> L,
        store: impl Fn(String, BackOff) -> S,
    ) -> Result<(), SignInRefused>
    where
        L: Future<Output = BackOff>,
        S: Future<Output = bool>,
    {
        let _place = self.waiting.try_acquire().map_err(|_| SignInRefused::Busy)?;
        let subject = subject(staff, known.verifier.is_some());
        let stripe = usize::from(blake3::hash(subject.as_bytes()).as_bytes()[0]) % STRIPES;
        let _turn = self.stripes[stripe].lock().await;
        let before = load(subject.clone()).await;
        if let Some(retry_after_ms) = before.wait_ms(now_ms) {
            return Err(SignInRefused::LockedOut { retry_after_ms });
        }
        let failed = before.after_failure(now_ms);
        if !store(subject.clone(), failed).await {
            return Err(SignInRefused::NotStored);
        }
        if !self.verify(typed, known.verifier).await {
            return Err(SignInRefused::WrongPin { retry_after_ms: failed.wait_ms(now_ms).unwrap_or(0) });
        }
        // A count that cannot be taken back costs a wait later; it is no reason to keep anybody out.
        if !store(subject, BackOff::default()).await {
            tracing::warn!("a count of failed sign-ins could not be taken back");
        }
        Ok(())
    }

    async fn verify(&self, typed: Option<Pin>, verifier: Option<String>) -> bool {
        let _one_of_few = self.at_once.acquire().await.expect("the semaphore is never closed");
        let nobody = Arc::clone(&self.nobody);
        let task = tokio::task::spawn_blocking(move || {
            let pin = typed.unwrap_or_else(|| Pin::parse("000000").expect("six digits are a PIN"));
            let matches = pin.matches(verifier.as_deref().unwrap_or(&nobody));
            matches && verifier.is_some()
        });
        task.await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Node {
        sign_ins: SignIns,
        stored: std::sync::Mutex<BTreeMap<String, BackOff>>,
        verifier: String,
    }

    impl Node {
        fn new() -> Self {
            let verifier = Pin::parse("472913").unwrap().verifier();
            Self { sign_ins: SignIns::new([7; 8]), stored: std::sync::Mutex::default(), verifier }
        }

        async fn attempt(&self, staff: &str, pin: &str, now_ms: i64) -> Result<(), SignInRefused> {
            let known = Known { verifier: (staff == "ana").then(|| self.verifier.clone()) };
            let load = |subject: String| {
                std::future::ready(self.stored.lock().unwrap().get(&subject).copied().unwrap_or_default())
            };
            let store = |subject: String, back_off: BackOff| {
                self.stored.lock().unwrap().insert(subject, back_off);
                std::future::ready(true)
            };
            self.sign_ins.attempt(staff, Pin::parse(pin).ok(), known, now_ms, load, store).await
        }
    }

    #[tokio::test]
    async fn the_right_pin_opens_and_forgets_earlier_slips() {
        let node = Node::new();
        assert_eq!(
            node.attempt("ana", "000000", 0).await,
            Err(SignInRefused::WrongPin { retry_after_ms: 0 })
        );
        assert_eq!(node.attempt("ana", "472913", 0).await, Ok(()));
        assert_eq!(node.stored.lock().unwrap()["staff:ana"], BackOff::default());
    }

    #[tokio::test]
    async fn after_some_wrong_pins_even_the_right_one_waits() {
        let node = Node::new();
        for retry_after_ms in [0, 0, 5_000] {
            assert_eq!(node.attempt("ana", "1", 0).await, Err(SignInRefused::WrongPin { retry_after_ms }));
        }
        let locked_out = Err(SignInRefused::LockedOut { retry_after_ms: 4_000 });
        assert_eq!(node.attempt("ana", "472913", 1_000).await, locked_out);
        assert_eq!(node.attempt("ana", "472913", 5_000).await, Ok(()));
    }

    #[tokio::test]
    async fn a_name_nobody_has_is_answered_like_a_wrong_pin() {
        let node = Node::new();
        for retry_after_ms in [0, 0, 5_000] {
            assert_eq!(
                node.attempt("eve", "472913", 0).await,
                Err(SignInRefused::WrongPin { retry_after_ms })
            );
        }
        assert_eq!(
            node.attempt("eve", "472913", 0).await,
            Err(SignInRefused::LockedOut { retry_after_ms: 5_000 })
        );
    }

    #[tokio::test]
    async fn parallel_guesses_buy_no_tries() {
        let node = Node::new();
        let guesses = (0..20).map(|_| node.attempt("ana", "111111", 0));
        let answers = futures_util::future::join_all(guesses).await;
        let looked_at = answers.iter().filter(|answer| matches!(answer, Err(SignInRefused::WrongPin { .. })));
        assert_eq!(looked_at.count(), 3);
    }
}
