//! Paper: a real IPP printer, off at first, and the badge it receives read back by a scanner.

use lanyard_domain::codes::qr_text;
use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use lanyard_tests::ports::free_port;
use serde_json::{Value, json};

use crate::ipp_printer::Printer;
use crate::stage::{SOON, Stage, status};

async fn jobs(desk: &Desk, which: &str) -> Vec<Value> {
    let jobs = desk.get(&format!("/print-jobs?state={which}")).await.unwrap().expect(200).unwrap();
    jobs.as_array().unwrap().clone()
}

/// Gives the node one printer at a port.
async fn with_printer(stage: &mut Stage, port: u16) -> Desk {
    let config = format!(
        "[[printers]]\nprinter = \"door\"\nname = \"At the door\"\ndriver = \"ipp\"\nuri = \"ipp://localhost:{port}/ipp/print\"\n"
    );
    stage.configure("north", &config).await.unwrap();
    stage.sign_in("north", "vera", "north-1").await.unwrap()
}

/// Checks the first guest in; answers with who it is.
async fn check_in(stage: &Stage, desk: &Desk) -> String {
    let guest = stage.paid().next().unwrap().code.clone();
    let answer = desk.post("/check-ins", &json!({ "code": guest, "list": "main" })).await.unwrap();
    answer.expect(201).unwrap()["attendee"]["attendee_id"].as_str().unwrap().to_owned()
}

/// Waits until the one job is done; answers with its id.
async fn done(desk: &Desk) -> Value {
    let job = eventually(3 * SOON, "the badge is printed", async || {
        jobs(desk, "recent").await.into_iter().find(|job| job["state"] == "done")
    });
    job.await.unwrap()["job_id"].clone()
}

/// What must be in the QR code of an attendee's badge, which is marked as printed.
async fn code_of(stage: &Stage, desk: &Desk, attendee: &str) -> String {
    let card = desk.get(&format!("/attendees/{attendee}")).await.unwrap().expect(200).unwrap();
    let badge = &card["badges"][0];
    assert!(badge["printed_at_ms"].is_i64(), "{badge}");
    qr_text(&stage.venue.conference, badge["badge_code"].as_str().unwrap())
}

#[tokio::test]
async fn a_printer_that_is_off_holds_up_its_job_alone_and_prints_the_badge_once_it_is_on() {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    let port = free_port().unwrap();
    let desk = with_printer(&mut stage, port).await;
    let attendee = check_in(&stage, &desk).await;
    let off = eventually(SOON, "the page is told that the printer is off", async || {
        let printer = status(&desk).await.ok()?["printers"][0].clone();
        (printer["reason"] == "does not answer").then_some(printer)
    });
    let off = off.await.unwrap();
    assert_eq!((&off["printer"], &off["state"], &off["queued"]), (&json!("door"), &json!("off"), &json!(1)));
    let open = jobs(&desk, "open").await;
    let waiting: Vec<_> = open.iter().map(|job| (&job["state"], &job["attendee_id"])).collect();
    assert_eq!(waiting, [(&json!("queued"), &json!(attendee))]);

    let printer = Printer::start(&stage.folder.path().join("printer"), port, "application/pdf").await;
    assert_eq!(done(&desk).await, open[0]["job_id"]);
    assert_eq!(jobs(&desk, "open").await, Vec::<Value>::new());
    assert_eq!(printer.scanned().await, code_of(&stage, &desk, &attendee).await);
    let on = status(&desk).await.unwrap()["printers"][0].clone();
    assert_eq!((&on["queued"], &on["reason"]), (&json!(0), &Value::Null), "{on}");
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn a_printer_that_takes_dots_receives_a_badge_that_a_scanner_reads() {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    let port = free_port().unwrap();
    let printer = Printer::start(&stage.folder.path().join("printer"), port, "image/pwg-raster").await;
    let desk = with_printer(&mut stage, port).await;
    let attendee = check_in(&stage, &desk).await;
    done(&desk).await;
    assert_eq!(printer.scanned().await, code_of(&stage, &desk, &attendee).await);
    stage.clear().await.unwrap();
}
