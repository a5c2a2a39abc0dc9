//! Paper: a printer of CUPS that speaks IPP, off at first, and the badge it receives read back by a scanner.

use std::fs;
use std::path::{Path, PathBuf};

use lanyard_domain::codes::qr_text;
use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use lanyard_tests::ports::free_port;
use lanyard_tests::process::{Launch, Process};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::stage::{SOON, Stage, status};

/// A message bus of the test's own: the printer refuses to start without one.
const BUS: &str = r#"<busconfig><type>custom</type><listen>unix:path=PATH</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"#;

/// Fine enough for the scanner, in dots per inch.
const DPI: &str = "300";

/// An IPP printer that keeps what it receives.
struct Printer {
    _printer: Process,
    _bus: Process,
    spool: PathBuf,
}

impl Printer {
    /// Starts a printer at a port that takes documents of one format.
    async fn start(folder: &Path, port: u16, format: &str) -> Self {
        let (socket, spool) = (folder.join("bus"), folder.join("spool"));
        let config = folder.join("bus.conf");
        fs::create_dir_all(&spool).unwrap();
        fs::write(&config, BUS.replace("PATH", &socket.to_string_lossy())).unwrap();
        let named = format!("--config-file={}", config.display());
        let bus = Launch::new("bus", "dbus-daemon", folder).args([named.as_str(), "--nofork", "--nopidfile"]);
        let bus = bus.start().unwrap();
        eventually(SOON, "the bus is there", async || socket.exists().then_some(())).await.unwrap();
        let (port, kept) = (port.to_string(), spool.to_string_lossy().into_owned());
        let printer = Launch::new("printer", program(), folder)
            .env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", socket.display()))
            .args([
                "-r",
                "off",
                "-p",
                &port,
                "-n",
                "localhost",
                "-s",
                "60,60",
                "-k",
                "-d",
                &kept,
                "-f",
                format,
            ])
            .args(["Badge printer"])
            .start()
            .unwrap();
        Self { _printer: printer, _bus: bus, spool }
    }

    /// The one document received.
    fn document(&self) -> PathBuf {
        let kept: Vec<_> = fs::read_dir(&self.spool).unwrap().map(|entry| entry.unwrap().path()).collect();
        let documents: Vec<_> =
            kept.iter().filter(|path| path.extension().is_some_and(|end| end == "pdf")).collect();
        assert_eq!(documents.len(), 1, "one badge is one document: {kept:?}");
        documents[0].clone()
    }
}

/// Debian puts it where only root looks.
fn program() -> &'static str {
    let debian = "/usr/sbin/ippeveprinter";
    if Path::new(debian).exists() { debian } else { "ippeveprinter" }
}

/// Runs a program and returns what it printed.
async fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().await.unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What a scanner reads on a received document.
async fn scanned(document: &Path) -> String {
    let page = document.with_extension("page");
    let (document, page) = (document.to_string_lossy(), page.to_string_lossy());
    run("pdftoppm", &["-r", DPI, "-png", "-singlefile", &document, &page]).await;
    run("zbarimg", &["--nodbus", "-q", "--raw", &format!("{page}.png")]).await.trim_end().to_owned()
}

async fn jobs(desk: &Desk, which: &str) -> Vec<Value> {
    let jobs = desk.get(&format!("/print-jobs?state={which}")).await.unwrap().expect(200).unwrap();
    jobs.as_array().unwrap().clone()
}

#[tokio::test]
async fn a_printer_that_is_off_holds_up_its_job_alone_and_prints_the_badge_once_it_is_on() {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    let port = free_port().unwrap();
    let config = format!(
        "[[printers]]\nprinter = \"door\"\nname = \"At the door\"\ndriver = \"ipp\"\nuri = \"ipp://localhost:{port}/ipp/print\"\n"
    );
    stage.configure("north", &config).await.unwrap();
    let desk = stage.sign_in("north", "vera", "north-1").await.unwrap();
    let guest = stage.paid().next().unwrap().code.clone();
    let verdict = desk
        .post("/check-ins", &json!({ "code": guest, "list": "main" }))
        .await
        .unwrap()
        .expect(201)
        .unwrap();
    let attendee = verdict["attendee"]["attendee_id"].as_str().unwrap();
    let printer = eventually(SOON, "the page is told that the printer is off", async || {
        let printer = status(&desk).await.ok()?["printers"][0].clone();
        (printer["reason"] == "does not answer").then_some(printer)
    });
    let printer = printer.await.unwrap();
    assert_eq!(
        (&printer["printer"], &printer["state"], &printer["queued"]),
        (&json!("door"), &json!("off"), &json!(1))
    );
    let open = jobs(&desk, "open").await;
    assert_eq!(
        (open.len(), &open[0]["state"], &open[0]["attendee_id"]),
        (1, &json!("queued"), &json!(attendee))
    );

    let printer = Printer::start(&stage.folder.path().join("printer"), port, "application/pdf").await;
    let job = eventually(3 * SOON, "the badge is printed", async || {
        jobs(&desk, "recent").await.into_iter().find(|job| job["state"] == "done")
    });
    assert_eq!(job.await.unwrap()["job_id"], open[0]["job_id"]);
    assert_eq!(jobs(&desk, "open").await, Vec::<Value>::new());
    let card = desk.get(&format!("/attendees/{attendee}")).await.unwrap().expect(200).unwrap();
    let badge = &card["badges"][0];
    assert!(badge["printed_at_ms"].is_i64(), "{badge}");
    let conference = stage.venue.conference.clone();
    let printed = qr_text(&conference, badge["badge_code"].as_str().unwrap());
    assert_eq!(scanned(&printer.document()).await, printed);
    let ready = status(&desk).await.unwrap()["printers"][0].clone();
    assert_eq!((&ready["queued"], &ready["reason"]), (&json!(0), &Value::Null), "{ready}");
    stage.clear().await.unwrap();
}
