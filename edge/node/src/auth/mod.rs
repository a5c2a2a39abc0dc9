//! Who is at the desk: PINs, sessions, and patience with wrong PINs.
//!
//! Responsible for hashing and checking PINs (argon2id) without letting a rush of sign-ins eat the machine's
//! memory, for sessions bound to a desk, and for the wait after wrong PINs, which outlives a restart. An
//! unknown name costs the same time and meets the same wait as a wrong PIN.

mod back_off;
mod pin;
mod session;
mod sign_in;

pub use back_off::BackOff;
pub use pin::{InvalidPin, PIN_DIGITS, Pin};
pub use session::{Session, Sessions, Token};
pub use sign_in::{Known, SignInRefused, SignIns};
