//! The story of one conference day, told against real processes over HTTP.
//!
//! Responsible for the order of the steps, for a transcript a person can read, and for stopping at the
//! first step that does not hold. `scripts/demo --once` tells it; the system suite tells it to builds with
//! planted faults and expects each to stop at the step that should notice.

mod conflicts;
mod crash;
mod door;
mod sale;
mod scene;
mod sync;

use std::fmt;
use std::time::Instant;

pub use scene::Scene;

/// A step that did not hold.
#[derive(Debug)]
pub struct Failed {
    /// Name of the step.
    pub step: &'static str,
    /// What was seen instead.
    pub why: anyhow::Error,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step \"{}\" did not hold: {:#}", self.step, self.why)
    }
}

impl std::error::Error for Failed {}

/// Prints steps as they are told.
#[derive(Debug)]
pub struct Transcript {
    number: u32,
    begun: Instant,
}

impl Transcript {
    fn new() -> Self {
        Self { number: 0, begun: Instant::now() }
    }

    #[expect(clippy::print_stdout, reason = "the transcript is what the demo prints")]
    fn told(&mut self, step: &'static str, result: anyhow::Result<String>) -> Result<(), Failed> {
        self.number += 1;
        let at_s = self.begun.elapsed().as_secs_f32();
        match result {
            Ok(said) => {
                println!("{:>2}  ok    {at_s:>5.1} s  {step}: {said}", self.number);
                Ok(())
            }
            Err(why) => {
                println!("{:>2}  FAIL  {at_s:>5.1} s  {step}: {why:#}", self.number);
                Err(Failed { step, why })
            }
        }
    }
}

/// Tells the whole story.
///
/// # Errors
/// At the first step that does not hold.
pub async fn tell(scene: &mut Scene) -> Result<(), Failed> {
    let mut transcript = Transcript::new();
    transcript.told("import", door::list_is_everywhere(scene).await)?;
    transcript.told("check-in at north", door::check_in(scene).await)?;
    transcript.told("a second scan is refused", door::second_scan(scene).await)?;
    transcript.told("badge printed", door::badge(scene).await)?;
    transcript.told("seat sale at north", sale::sell_workshop(scene).await)?;
    transcript.told("quota changed at HQ", sale::quota_reaches_nodes(scene).await)?;
    transcript.told("line cut", sync::cut(scene).await)?;
    transcript.told("same person at both nodes", door::both_admit(scene).await)?;
    transcript.told("cancelled at HQ, admitted at north", door::admitted_before_notice(scene).await)?;
    transcript.told("each node sells until its own limit", sale::sell_out(scene).await)?;
    transcript.told("line restored", sync::restore(scene).await)?;
    transcript.told("one verdict everywhere", conflicts::same_everywhere(scene).await)?;
    transcript.told("sold is the quota exactly", sale::sold_is_quota(scene).await)?;
    transcript.told("equal state", sync::equal_state(scene).await)?;
    transcript.told("the state hash follows the state", sync::hash_follows_state(scene).await)?;
    transcript.told("resolved at south, seen everywhere", conflicts::resolve(scene).await)?;
    transcript.told("north killed in the middle of check-ins", crash::kill_north(scene).await)?;
    transcript.told("equal state after the kill", sync::equal_state(scene).await)?;
    transcript.told("every invariant holds", sync::verified(scene).await)
}
