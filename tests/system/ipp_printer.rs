//! A printer of CUPS that speaks IPP and keeps what it receives, and a scanner that reads it.

use std::fs;
use std::path::{Path, PathBuf};

use lanyard_tests::deadline::eventually;
use lanyard_tests::process::{Launch, Process};
use tokio::process::Command;

use crate::pwg_page::Page;
use crate::stage::SOON;

/// A message bus of the test's own: the printer refuses to start without one.
const BUS: &str = r#"<busconfig><type>custom</type><listen>unix:path=PATH</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"#;

/// Fine enough for the scanner, in dots per inch.
const DPI: &str = "300";

/// An IPP printer that keeps what it receives.
pub(crate) struct Printer {
    _process: Process,
    _bus: Process,
    spool: PathBuf,
}

impl Printer {
    /// Starts a printer at a port that takes documents of one format.
    pub(crate) async fn start(folder: &Path, port: u16, format: &str) -> Self {
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
            .args(["-r", "off", "-s", "60,60", "-k", "-d", &kept])
            .args(["-n", "localhost", "-p", &port, "-f", format, "Badge printer"])
            .start()
            .unwrap();
        Self { _process: printer, _bus: bus, spool }
    }

    /// What a scanner reads on the one document received.
    pub(crate) async fn scanned(&self) -> String {
        let kept: Vec<_> = fs::read_dir(&self.spool).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(kept.len(), 1, "one badge is one document: {kept:?}");
        let (document, picture) = (kept[0].to_string_lossy(), kept[0].with_extension("png"));
        match kept[0].extension().and_then(|ending| ending.to_str()) {
            Some("pdf") => {
                let page = picture.with_extension("");
                run("pdftoppm", &["-r", DPI, "-png", "-singlefile", &document, &page.to_string_lossy()])
                    .await;
            }
            Some("pwg") => Page::of(&fs::read(&kept[0]).unwrap()).save(&picture),
            other => panic!("a document of another kind: {other:?}"),
        }
        let read = run("zbarimg", &["--nodbus", "-q", "--raw", &picture.to_string_lossy()]).await;
        read.trim_end().to_owned()
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
