//! The page of a registration desk in a real browser, against HQ, two nodes and the lines between them as processes.
//!
//! Responsible for one test a scenario. What a person does and sees stands in `scenarios/*.mjs`; what happens around
//! the page (a line cut, a node killed) the scenario asks of its stage.

mod asks;
mod camera;
mod cast;
mod stage;

use serde_json::json;
use stage::Stage;

/// Widths a desk is used at: a telephone, a tablet, a screen.
const WIDTHS: [u32; 3] = [360, 820, 1366];

#[tokio::test]
async fn a_day_at_the_desk_with_the_line_to_hq_cut_and_restored() {
    let mut stage = Stage::set().await.unwrap();
    let guest = stage.cast.guests[0].clone();
    let video = stage.folder.path().join("ticket.y4m");
    camera::film(&guest.ticket_text, &video).unwrap();
    let picture = stage::wanted_picture();
    let seen = stage.play("day", json!({ "video": video, "picture": picture })).await.unwrap();
    assert_eq!(seen["scanned"], guest.name);
    assert_eq!(seen["sold"], 1);
    let check_ins = stage.check_ins_in_the_log(&guest.code).await.unwrap();
    assert_eq!(check_ins, 1, "a code held before the camera is one check-in");
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn a_node_that_dies_before_it_reads_the_request_checks_in_once() {
    let mut stage = Stage::set().await.unwrap();
    let guest = stage.cast.guests[0].clone();
    let seen = stage.play("node_lost", json!({ "dies": "before" })).await.unwrap();
    assert_eq!(seen["keys"], 1, "the command is sent again with its key");
    assert_eq!(seen["replayed"], false);
    assert_eq!(stage.check_ins_in_the_log(&guest.code).await.unwrap(), 1);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn a_node_that_dies_after_its_commit_and_before_its_answer_checks_in_once() {
    let mut stage = Stage::set().await.unwrap();
    let guest = stage.cast.guests[0].clone();
    let seen = stage.play("node_lost", json!({ "dies": "after" })).await.unwrap();
    assert_eq!(seen["keys"], 1, "the command is sent again with its key");
    assert_eq!(seen["replayed"], true, "the answer is that of the first time");
    assert_eq!(stage.check_ins_in_the_log(&guest.code).await.unwrap(), 1);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn the_whole_story_is_told_by_keyboard_alone() {
    let mut stage = Stage::set().await.unwrap();
    stage.make_conflicts().await.unwrap();
    let seen = stage.play("keyboard", json!({})).await.unwrap();
    assert_eq!(seen["pointer_events"], 0);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn nothing_the_page_shows_violates_wcag_2_2_aa() {
    for width in WIDTHS {
        let mut stage = Stage::set().await.unwrap();
        stage.make_conflicts().await.unwrap();
        let seen = stage.play("tour", json!({ "look": "accessibility", "width": width })).await.unwrap();
        assert_eq!(seen["findings"], json!([]), "at {width} px");
        assert!(
            seen["states"].as_u64().is_some_and(|states| states >= 40),
            "at {width} px: {}",
            seen["states"]
        );
        stage.clear().await.unwrap();
    }
}

#[tokio::test]
async fn every_word_of_the_page_comes_from_the_catalogue() {
    let mut stage = Stage::set().await.unwrap();
    stage.make_conflicts().await.unwrap();
    let seen = stage.play("tour", json!({ "look": "words", "width": 820 })).await.unwrap();
    assert_eq!(seen["findings"], json!([]));
    assert!(seen["states"].as_u64().is_some_and(|states| states >= 40), "{}", seen["states"]);
    stage.clear().await.unwrap();
}
