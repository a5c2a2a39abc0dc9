//! Files that are no good, uploaded and dropped: each is named with its fault, and nothing of it is taken by half.

use std::path::{Path, PathBuf};

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::{Answer, Ask, Desk};
use reqwest::Method;
use serde_json::Value;

use crate::stage::{SOON, Stage, status};

const HEADER: &str = "id,first_name,last_name,email,seat_types,code,paid\n";
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0";

async fn upload(desk: &Desk, content_type: &'static str, list: &[u8]) -> Answer {
    desk.send(Ask::raw(Method::POST, "/api/v1/imports", content_type, list.to_vec())).await.unwrap()
}

async fn state(desk: &Desk) -> Value {
    desk.get("/state").await.unwrap().expect(200).unwrap()
}

/// Waits for the report of a dropped file; answers with its text.
async fn report(folder: &Path, part: &str, name: &str) -> String {
    let path = folder.join(part).join(format!("{name}.report.txt"));
    let what = format!("a report at {}", path.display());
    // Written in one go, but not renamed into place: an empty one is still being written.
    eventually(SOON, &what, async || std::fs::read_to_string(&path).ok().filter(|text| !text.is_empty()))
        .await
        .unwrap()
}

/// A venue whose node watches a folder.
async fn watching() -> (Stage, PathBuf) {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    let folder = stage.folder.path().join("dropped");
    stage.configure("north", &format!("[drop]\nfolder = {:?}\n", folder.to_string_lossy())).await.unwrap();
    (stage, folder)
}

#[tokio::test]
async fn a_list_with_a_fault_of_the_whole_file_is_refused_and_changes_nothing() {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    let desk = stage.sign_in("north", "adam", "north-1").await.unwrap();
    let before = state(&desk).await;
    let sound = format!("{HEADER}X1,Ana,Lima,ana@example.org,ga,,yes\n");
    let with = |row: &[u8]| [sound.as_bytes(), row].concat();
    let csv = "text/csv";
    let cases: [(&'static str, Vec<u8>, u16, &str, &str); 7] = [
        (csv, with(b"X2,M\xfcller,,m@example.org,ga,,yes\n"), 422, "broken_encoding", "line 3"),
        (csv, sound.replace("first_name,last_name", "a,b").into_bytes(), 422, "missing_column", "no column"),
        (csv, sound.replace("email", "first_name").into_bytes(), 422, "repeated_column", "Rename or remove"),
        (csv, PICTURE.to_vec(), 415, "not_csv", "PNG picture"),
        (csv, with(b"\"X2,Bo,,,ga,,yes\n"), 422, "open_quote", "line 3"),
        (csv, Vec::new(), 422, "file_empty", ""),
        ("application/json", sound.clone().into_bytes(), 415, "wrong_content_type", "text/csv"),
    ];
    for (content_type, list, status, code, words) in cases {
        let answer = upload(&desk, content_type, &list).await;
        assert_eq!((answer.status, answer.code()), (status, Some(code)), "{}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert!(answer.body["detail"].as_str().unwrap().contains(words), "{}", answer.body);
    }
    assert_eq!(state(&desk).await, before);
    let refused = stage.sign_in("north", "susi", "north-1").await.unwrap();
    assert_eq!(upload(&refused, csv, sound.as_bytes()).await.status, 403, "only an administrator imports");
    assert_eq!(state(&desk).await, before);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn rows_that_cannot_be_taken_are_named_and_the_others_are_taken() {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    let desk = stage.sign_in("north", "adam", "north-1").await.unwrap();
    let rows = "X1,Ana,Lima,ana@example.org,ga,,yes\n\
                X1,Bo,Berg,bo@example.org,ga,,yes\n\
                X3,,,nobody@example.org,ga,,yes\n\
                X4,Cy,Chan,cy@example.org,moon,,yes\n";
    let report = upload(&desk, "text/csv", format!("{HEADER}{rows}").as_bytes()).await.expect(201).unwrap();
    assert_eq!((&report["rows"], &report["imported"]), (&Value::from(4), &Value::from(1)), "{report}");
    let refused: Vec<_> =
        report["refused"].as_array().unwrap().iter().map(|row| row["line"].as_u64().unwrap()).collect();
    assert_eq!(refused, [3, 4, 5]);
    let reasons = report["refused"].to_string();
    for reason in ["the same key as line 2", "no name", "moon"] {
        assert!(reasons.contains(reason), "{reasons}");
    }
    assert_eq!(status(&desk).await.unwrap()["arrivals"]["expected"], 6);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn a_dropped_list_is_imported_with_a_report_beside_it_that_names_every_refused_row() {
    let (mut stage, folder) = watching().await;
    let desk = stage.sign_in("north", "adam", "north-1").await.unwrap();
    let rows = "X1,Ana,Lima,ana@example.org,ga,,yes\nX2,,,,ga,,yes\nX3,Cy,Chan,cy@example.org,ga,,yes\n";
    std::fs::write(folder.join("late.csv"), format!("{HEADER}{rows}")).unwrap();
    let text = report(&folder, "done", "late.csv").await;
    assert!(text.contains("3 rows: 2 new, 0 updated, 0 unchanged, 1 refused"), "{text}");
    assert!(text.contains("line 3: no name"), "{text}");
    assert!(!folder.join("late.csv").exists(), "a file that was taken is put away");
    let found = desk.get("/attendees?q=chan").await.unwrap().expect(200).unwrap();
    assert_eq!(found["rows"][0]["name"], "Cy Chan");
    assert_eq!(status(&desk).await.unwrap()["arrivals"]["expected"], 7);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn dropped_files_that_are_no_good_are_put_aside_with_the_reason_and_change_nothing() {
    let (mut stage, folder) = watching().await;
    let desk = stage.sign_in("north", "adam", "north-1").await.unwrap();
    let before = state(&desk).await;
    std::fs::write(folder.join("holiday.csv"), PICTURE).unwrap();
    let text = report(&folder, "failed", "holiday.csv").await;
    assert!(text.contains("nothing was taken") && text.contains("PNG picture"), "{text}");
    let layout = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90mm\" height=\"60mm\" viewBox=\"0 0 90 60\">\n\
                  <rect data-text=\"{{ frist_name }}\" x=\"1\" y=\"1\" width=\"9\" height=\"9\"/>\n</svg>";
    std::fs::write(folder.join("badge.svg"), layout).unwrap();
    let text = report(&folder, "failed", "badge.svg").await;
    assert!(
        text.contains("line 2") && text.contains("`frist_name`") && text.contains("first_name"),
        "{text}"
    );
    assert!(
        !stage.venue.node("north").data.join("layout.svg").exists(),
        "a layout that is no good is not kept"
    );
    assert_eq!(state(&desk).await, before);
    let guest = stage.paid().next().unwrap().code.clone();
    let verdict =
        desk.post("/check-ins", &serde_json::json!({ "code": guest, "list": "main" })).await.unwrap();
    let verdict = verdict.expect(201).unwrap();
    let attendee = verdict["attendee"]["attendee_id"].as_str().unwrap();
    desk.get(&format!("/attendees/{attendee}/badge.png")).await.unwrap().expect(200).unwrap();
    stage.clear().await.unwrap();
}
