//! PINs of staff and their argon2id verifiers.

use std::fmt;
use std::ops::RangeInclusive;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use zeroize::Zeroizing;

/// How many digits a PIN has.
pub const PIN_DIGITS: RangeInclusive<usize> = 6..=12;

/// A PIN as somebody typed it; wiped from memory when dropped and never shown.
#[derive(Clone)]
pub struct Pin(Zeroizing<String>);

/// A text that is no PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PIN is {} to {} digits", PIN_DIGITS.start(), PIN_DIGITS.end())]
pub struct InvalidPin;

impl Pin {
    /// Takes a PIN as typed.
    pub fn parse(typed: &str) -> Result<Self, InvalidPin> {
        let sound = PIN_DIGITS.contains(&typed.len()) && typed.bytes().all(|byte| byte.is_ascii_digit());
        if sound { Ok(Self(Zeroizing::new(typed.to_owned()))) } else { Err(InvalidPin) }
    }

    /// Makes a verifier (PHC string) with a salt of its own. Takes tens of milliseconds and 19 MiB.
    pub fn verifier(&self) -> String {
        let hash = Argon2::default().hash_password(self.0.as_bytes());
        hash.expect("a PIN is within the limits of argon2 and the system has random bytes").to_string()
    }

    /// Tells whether a verifier is of this PIN; a broken verifier is of none. Takes as long as making one.
    pub fn matches(&self, verifier: &str) -> bool {
        let parsed = PasswordHash::new(verifier);
        parsed.is_ok_and(|hash| Argon2::default().verify_password(self.0.as_bytes(), &hash).is_ok())
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_is_of_its_pin_only() {
        let pin = Pin::parse("472913").expect("six digits");
        let verifier = pin.verifier();
        assert!(verifier.starts_with("$argon2id$"), "{verifier}");
        assert!(pin.matches(&verifier));
        assert!(!Pin::parse("472914").expect("six digits").matches(&verifier));
        assert!(!pin.matches("not a verifier"));
        assert_ne!(verifier, pin.verifier(), "each has its own salt");
    }

    #[test]
    fn short_long_and_lettered_pins_are_refused() {
        for typed in ["", "12345", "1234567890123", "12345a", "１２３４５６"] {
            assert_eq!(Pin::parse(typed).err(), Some(InvalidPin), "{typed}");
        }
        assert_eq!(InvalidPin.to_string(), "a PIN is 6 to 12 digits");
        assert_eq!(format!("{:?}", Pin::parse("472913")), "Ok(Pin(…))");
    }
}
