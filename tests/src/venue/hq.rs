//! HQ as a process, and its command line.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail, ensure};
use rand::RngExt as _;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::{READY_WITHIN, StaffMember, VenuePlan};
use crate::process::{Launch, Process};

/// Short name, name shown to people and role of the sample staff.
const STAFF: [(&str, &str, &str); 4] = [
    ("vera", "Volunteer Vera", "volunteer"),
    ("carl", "Cashier Carl", "cashier"),
    ("susi", "Supervisor Susi", "supervisor"),
    ("adam", "Administrator Adam", "administrator"),
];

/// The central store as a process.
#[derive(Debug)]
pub struct HqProcess {
    /// The process.
    pub process: Process,
    /// Where it listens, such as `http://127.0.0.1:7700`.
    pub url: String,
    /// Its data folder.
    pub data: PathBuf,
    binary: PathBuf,
    environment: Vec<(String, String)>,
    logs: PathBuf,
}

impl HqProcess {
    pub(super) async fn start(plan: &VenuePlan) -> anyhow::Result<Self> {
        let (binary, data) = (plan.binary("lanyard-hq")?, plan.folder.join("hq"));
        // What names a node by `{node}` is for nodes alone.
        let environment = plan.environment.iter().filter(|(_, value)| !value.contains("{node}"));
        let environment: Vec<_> = environment.cloned().collect();
        let logs = plan.folder.join("logs");
        let listen = format!("127.0.0.1:{}", plan.port(0));
        let process = launch(&binary, &data, &listen, &environment, &logs)?;
        let mut hq = Self { process, url: String::new(), data, binary, environment, logs };
        hq.wait_until_ready().await?;
        Ok(hq)
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let ready = self.process.ready_json(READY_WITHIN).await?;
        ready["listen"].as_str().context("HQ announced no address")?.clone_into(&mut self.url);
        Ok(())
    }

    /// Sets a variable of its environment from its next start on.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Starts HQ again, where it listened, after it ended or was killed.
    ///
    /// # Errors
    /// With the end of its log.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        ensure!(!self.process.is_running(), "HQ is still running");
        let listen = self.url.trim_start_matches("http://");
        self.process = launch(&self.binary, &self.data, listen, &self.environment, &self.logs)?;
        self.wait_until_ready().await
    }

    /// Runs a command of `lanyard-hq` against this HQ.
    ///
    /// # Errors
    /// With what the command said when it failed.
    pub async fn run(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        self.run_with_input(arguments, "").await
    }

    /// The same with something on standard input.
    ///
    /// # Errors
    /// With what the command said when it failed.
    pub async fn run_with_input(&self, arguments: &[&str], input: &str) -> anyhow::Result<Value> {
        let mut child = Command::new(&self.binary)
            .args(["--data", &self.data.to_string_lossy(), "--json"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().context("standard input was piped")?;
        stdin.write_all(input.as_bytes()).await?;
        drop(stdin);
        let output = child.wait_with_output().await?;
        if !output.status.success() {
            bail!("lanyard-hq {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        serde_json::from_slice(&output.stdout).context("lanyard-hq printed no JSON")
    }

    /// Adds conference, list and staff; PINs are drawn once and kept beside the data for a later start.
    pub(super) async fn set_up(
        &self,
        plan: &VenuePlan,
        conference: &str,
    ) -> anyhow::Result<Vec<StaffMember>> {
        let pins = plan.folder.join("pins.json");
        if pins.exists() {
            return staff_with(&serde_json::from_slice::<Vec<String>>(&std::fs::read(pins)?)?);
        }
        let file = plan.folder.join("conference.toml");
        std::fs::write(&file, &plan.conference_toml)?;
        self.run(&["conference", &file.to_string_lossy()]).await?;
        let list = plan.folder.join(crate::sample::LIST_FILE);
        std::fs::write(&list, &plan.attendees_csv)?;
        self.run(&["import", conference, &list.to_string_lossy()]).await?;
        let drawn: Vec<_> = STAFF.iter().map(|_| draw_pin()).collect();
        let staff = staff_with(&drawn)?;
        for member in &staff {
            let arguments = ["staff", conference, member.staff, "--role", member.role, "--name", member.name];
            self.run_with_input(&arguments, &member.pin).await?;
        }
        write_private(&pins, &serde_json::to_vec(&drawn)?)?;
        Ok(staff)
    }
}

fn staff_with(pins: &[String]) -> anyhow::Result<Vec<StaffMember>> {
    if pins.len() != STAFF.len() {
        bail!("the kept PINs are of another version; start with a fresh folder");
    }
    let people = STAFF.iter().zip(pins);
    Ok(people.map(|((staff, name, role), pin)| StaffMember { staff, name, role, pin: pin.clone() }).collect())
}

fn draw_pin() -> String {
    format!("{:06}", rand::rng().random_range(0..1_000_000))
}

fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    Ok(())
}

fn launch(
    binary: &PathBuf,
    data: &Path,
    listen: &str,
    environment: &[(String, String)],
    logs: &Path,
) -> anyhow::Result<Process> {
    let data = data.to_string_lossy();
    let mut launch =
        Launch::new("hq", binary, logs).args(["--data", &data, "serve", "--listen", listen, "--announce"]);
    for (name, value) in environment {
        launch = launch.env(name, value);
    }
    launch.start()
}
