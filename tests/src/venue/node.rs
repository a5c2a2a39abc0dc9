//! A venue node as a process, with the line to HQ as a process of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use reqwest::Certificate;
use serde_json::Value;
use tokio::process::Command;

use super::{HqProcess, READY_WITHIN, VenuePlan};
use crate::desk::{Desk, choose_cryptography};
use crate::line::Mode;
use crate::process::{self, Launch, Process};

/// A node and its line.
#[derive(Debug)]
pub struct NodeProcess {
    /// Name of the node.
    pub name: &'static str,
    /// The node's process.
    pub process: Process,
    /// Where it listens.
    pub url: String,
    /// The line's process.
    pub line: Process,
    /// Where the line is controlled.
    pub line_control: String,
    /// The node's folder.
    pub data: PathBuf,
    binary: PathBuf,
    /// Where its line to HQ begins.
    pub line_url: String,
    listen: SocketAddr,
    environment: Vec<(String, String)>,
    logs: PathBuf,
}

impl NodeProcess {
    pub(super) async fn start(
        plan: &VenuePlan,
        hq: &HqProcess,
        conference: &str,
        (name, n): (&'static str, u16),
        line_begins: Mode,
    ) -> anyhow::Result<Self> {
        let logs = plan.folder.join("logs");
        let hq_address = hq.url.trim_start_matches("http://");
        let line_listen = format!("127.0.0.1:{}", plan.port(1 + 3 * n));
        let control = format!("127.0.0.1:{}", plan.port(2 + 3 * n));
        let mut line = Launch::new(&format!("line-{name}"), process::binary("lanyard-line")?, &logs)
            .args(["--listen", &line_listen, "--to", hq_address, "--control", &control])
            .start()?;
        let ready = line.ready_json(READY_WITHIN).await?;
        let line_url =
            format!("http://{}", ready["listen"].as_str().context("the line announced no address")?);
        let line_control =
            format!("http://{}", ready["control"].as_str().context("the line has no control")?);
        let (binary, data) = (plan.binary("lanyard")?, plan.folder.join(name));
        if !data.exists() {
            join(&binary, &data, hq, &line_url, conference, name).await?;
        }
        if line_begins == Mode::Cut {
            tell_line(&line_control, "cut").await?;
        }
        let listen = SocketAddr::from(([127, 0, 0, 1], plan.port(3 + 3 * n)));
        // A variable of one node names it where `{node}` stands.
        let environment =
            plan.environment.iter().map(|(name_of, value)| (name_of.clone(), value.replace("{node}", name)));
        let environment: Vec<_> = environment.collect();
        let process = launch(name, &binary, &data, listen, &line_url, &environment, &logs)?;
        let mut node = Self {
            name,
            process,
            url: String::new(),
            line,
            line_control,
            data,
            binary,
            line_url,
            listen,
            environment,
            logs,
        };
        node.wait_until_ready().await?;
        Ok(node)
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let ready = self.process.ready_json(READY_WITHIN).await?;
        ready["listen"].as_str().context("the node announced no address")?.clone_into(&mut self.url);
        // A node that is started again listens where desks expect it.
        let port = self.url.rsplit(':').next().context("the node announced no port")?.parse()?;
        self.listen.set_port(port);
        Ok(())
    }

    /// Sets a variable of its environment from its next start on.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Lets the node listen elsewhere when it is started again; beyond loopback it speaks TLS.
    pub fn move_to(&mut self, listen: SocketAddr) {
        self.listen = listen;
    }

    /// Starts the node's process again after it ended or was killed.
    ///
    /// # Errors
    /// With the end of its log.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        ensure!(!self.process.is_running(), "{} is still running", self.name);
        self.process = launch(
            self.name,
            &self.binary,
            &self.data,
            self.listen,
            &self.line_url,
            &self.environment,
            &self.logs,
        )?;
        self.wait_until_ready().await
    }

    /// Tells the line what to do: `cut`, `blackhole`, `reset`, `restore`, `delay?ms=200`, ….
    ///
    /// # Errors
    /// When the line does not obey.
    pub async fn line(&self, what: &str) -> anyhow::Result<()> {
        tell_line(&self.line_control, what).await
    }

    /// A client at this node.
    ///
    /// # Errors
    /// When the address is none, or its certificate authority cannot be read.
    pub fn desk(&self) -> anyhow::Result<Desk> {
        if self.url.starts_with("http://") {
            return Desk::at(&self.url);
        }
        let authority = std::fs::read(self.data.join("ca.pem"))?;
        Desk::with_roots(&self.url, vec![Certificate::from_pem(&authority)?])
    }

    /// Runs a command of `lanyard` on this node's folder and returns what it printed.
    ///
    /// # Errors
    /// With what it said when it failed.
    pub async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "lanyard {}: {said}", arguments.join(" "));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What a command of `lanyard` on this node's folder prints, whether it succeeds or not.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn said(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).output().await?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The report of `lanyard verify`, which fails when it has findings; of another database where one is named.
    ///
    /// # Errors
    /// When there is no report.
    pub async fn verify(&self, database: Option<&Path>) -> anyhow::Result<Value> {
        let named = database.map(|path| path.to_string_lossy().into_owned());
        let mut arguments = vec!["verify", "--json"];
        arguments.extend(named.iter().flat_map(|path| ["--database", path.as_str()]));
        let output = self.command(&arguments).output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("lanyard verify gave no report: {said}"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(["--data", &self.data.to_string_lossy()]).args(arguments);
        command.envs(self.environment.iter().cloned());
        command
    }
}

async fn tell_line(control: &str, what: &str) -> anyhow::Result<()> {
    choose_cryptography();
    let answer = reqwest::Client::builder().no_proxy().build()?.post(format!("{control}/{what}"));
    let status = answer.send().await.context("the line does not answer")?.status();
    ensure!(status.is_success(), "the line refused {what}: {status}");
    Ok(())
}

async fn join(
    binary: &PathBuf,
    data: &Path,
    hq: &HqProcess,
    line_url: &str,
    conference: &str,
    name: &str,
) -> anyhow::Result<()> {
    let invited = hq.run(&["join-code", conference, name]).await?;
    let code = invited["code"].as_str().context("HQ gave no join code")?;
    let output = Command::new(binary)
        .args(["--data", &data.to_string_lossy(), "join", "--hq", line_url, "--code", code])
        .output()
        .await?;
    ensure!(output.status.success(), "lanyard join: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn launch(
    name: &str,
    binary: &PathBuf,
    data: &Path,
    listen: SocketAddr,
    line_url: &str,
    environment: &[(String, String)],
    logs: &Path,
) -> anyhow::Result<Process> {
    let mut launch = Launch::new(name, binary, logs).args([
        "--data",
        &data.to_string_lossy(),
        "serve",
        "--listen",
        &listen.to_string(),
        "--hq",
        line_url,
        "--announce",
    ]);
    for (name, value) in environment {
        launch = launch.env(name, value);
    }
    launch.start()
}
