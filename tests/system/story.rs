//! The story of a day: told whole to sound builds, and to builds with planted faults up to the step that notices.

use std::process::Output;
use std::time::{Duration, Instant};

use lanyard_tests::process::binary;
use tokio::process::Command;

use crate::stage::alone;

/// Draws that bring the nodes back in one order and in the other.
const SEEDS: [&str; 2] = ["1", "2"];

/// How long the whole story may take.
const AT_MOST: Duration = Duration::from_mins(1);

async fn told(seed: &str, fault: Option<&str>) -> Output {
    let mut demo = Command::new(binary("lanyard-demo").unwrap());
    demo.args(["--once", "--seed", seed]).kill_on_drop(true);
    if let Some(fault) = fault {
        demo.arg("--faulty").env("LANYARD_PLANTED_FAULT", fault);
    }
    demo.output().await.unwrap()
}

async fn fails_at(fault: &str, step: &str) {
    let _alone = alone().await;
    let output = told(SEEDS[0], Some(fault)).await;
    let transcript = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "the story went on with {fault}:\n{transcript}");
    let failed: Vec<_> = transcript.lines().filter(|line| line.contains("  FAIL  ")).collect();
    assert_eq!(failed.len(), 1, "with {fault}:\n{transcript}\n{said}");
    assert!(failed[0].contains(&format!(" s  {step}: ")), "with {fault} another step failed:\n{transcript}");
}

#[tokio::test]
async fn the_story_holds_in_sound_builds_in_whatever_order_the_nodes_come_back() {
    let _alone = alone().await;
    for seed in SEEDS {
        let begun = Instant::now();
        let output = told(seed, None).await;
        let took = begun.elapsed();
        let transcript = String::from_utf8_lossy(&output.stdout);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{transcript}\n{said}");
        assert!(transcript.starts_with(&format!("seed {seed}:")), "{transcript}");
        assert!(transcript.ends_with("every step held\n"), "{transcript}");
        assert!(took < AT_MOST, "the story took {took:?}:\n{transcript}");
    }
}

#[tokio::test]
async fn a_double_admission_fails_at_the_second_scan() {
    fails_at("double-admission", "a second scan is refused").await;
}

#[tokio::test]
async fn an_answer_before_the_commit_fails_at_the_kill() {
    fails_at("answer-before-commit", "north killed in the middle of check-ins").await;
}

#[tokio::test]
async fn rights_ignored_fail_at_the_sale() {
    fails_at("rights-ignored", "each node sells until its own limit").await;
}

#[tokio::test]
async fn a_hash_of_the_vector_fails_at_the_state_hash() {
    fails_at("vector-hash", "the state hash follows the state").await;
}
