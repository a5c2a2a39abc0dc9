//! Real processes under test.
//!
//! Responsible for finding the built binaries, for starting one with its output kept in files, for waiting until it
//! says it is ready, for stopping it gently or not at all gently, and for failing the test whose process logged an
//! error or panicked.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::deadline::eventually;

/// Lines of standard error quoted when a process fails.
const QUOTED_LINES: usize = 20;

/// Finds a built binary such as `lanyard`, beside the binary that is running.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    find_binary(&build_folder()?, name, "cargo build --workspace --bins")
}

/// Finds a binary built with planted faults.
pub fn faulty_binary(name: &str) -> anyhow::Result<PathBuf> {
    let folder = build_folder()?.with_file_name("faulty");
    find_binary(&folder, name, "scripts/test system")
}

fn find_binary(folder: &Path, name: &str, made_by: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    ensure!(path.is_file(), "there is no {}: `{made_by}` makes it", path.display());
    Ok(path)
}

/// The folder Cargo puts binaries into: that of this one, or its parent for a test.
fn build_folder() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("the path of this program is unknown")?;
    let folder = own.parent().context("this program lies in no folder")?;
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Ok(folder.to_owned())
}

/// A process about to be started.
#[derive(Debug)]
pub struct Launch {
    label: String,
    folder: PathBuf,
    command: Command,
}

impl Launch {
    /// Prepares `program`; its output goes to `<label>.out` and `<label>.err` in `folder`, after what is there.
    pub fn new(label: &str, program: impl AsRef<OsStr>, folder: &Path) -> Self {
        let mut command = Command::new(program);
        // Colour codes would hide the level of a log line.
        command.env("NO_COLOR", "1");
        Self { label: label.to_owned(), folder: folder.to_owned(), command }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts the process.
    pub fn start(mut self) -> anyhow::Result<Process> {
        fs::create_dir_all(&self.folder)?;
        let out = Output::open(self.folder.join(format!("{}.out", self.label)))?;
        let err = Output::open(self.folder.join(format!("{}.err", self.label)))?;
        self.command.stdin(Stdio::null()).stdout(out.file()?).stderr(err.file()?);
        let child = self.command.spawn().with_context(|| format!("{} cannot be started", self.label))?;
        Ok(Process { label: self.label, child, out, err, errors_expected: false })
    }
}

/// A running process; dropped, it is killed, and the test fails if the process logged an error.
#[derive(Debug)]
pub struct Process {
    label: String,
    child: Child,
    out: Output,
    err: Output,
    errors_expected: bool,
}

impl Process {
    /// Returns the operating system's number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the first line on standard output and returns it.
    pub async fn ready_line(&mut self, within: Duration) -> anyhow::Result<String> {
        self.ready(within, "its first line on standard output", |process| {
            process.out.text().split_once('\n').map(|(line, _)| line.to_owned())
        })
        .await
    }

    /// Waits for the first line on standard output and parses it as JSON.
    pub async fn ready_json(&mut self, within: Duration) -> anyhow::Result<serde_json::Value> {
        let line = self.ready_line(within).await?;
        serde_json::from_str(&line)
            .with_context(|| format!("{} began with \"{line}\", which is no JSON", self.label))
    }

    /// Waits for a file the process writes once it is ready and returns its text.
    pub async fn ready_file(&mut self, file: &Path, within: Duration) -> anyhow::Result<String> {
        self.ready(within, &format!("its ready file {}", file.display()), |_| fs::read_to_string(file).ok())
            .await
    }

    async fn ready(
        &mut self,
        within: Duration,
        what: &str,
        mut look: impl FnMut(&mut Self) -> Option<String>,
    ) -> anyhow::Result<String> {
        let label = self.label.clone();
        let found = eventually(within, &format!("{label} gives {what}"), async || {
            if let Some(found) = look(self) {
                return Some(Ok(found));
            }
            self.child.try_wait().transpose().map(Err)
        })
        .await;
        match found {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(ended)) => bail!("{label} ended with {} before it was ready\n{}", ended?, self.err.tail()),
            Err(late) => Err(late.context(self.err.tail())),
        }
    }

    /// Kills the process at once (SIGKILL) and waits until it is gone.
    pub fn kill_9(&mut self) -> anyhow::Result<()> {
        self.child.kill().with_context(|| format!("{} cannot be killed", self.label))?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks the process to end (SIGTERM) and waits for it.
    pub async fn terminate(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        if let Some(ended) = self.child.try_wait()? {
            return Ok(ended);
        }
        let mut ask = Command::new("kill");
        ask.args(["-TERM", &self.child.id().to_string()]);
        // In a group of its own: a second Ctrl-C would end it before it has asked.
        let sent = ask.process_group(0).status()?;
        ensure!(sent.success(), "{} could not be asked to end", self.label);
        self.ended(within).await
    }

    /// Waits until the process has ended by itself.
    pub async fn ended(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        let what = format!("{} ends", self.label);
        let ended = eventually(within, &what, async || self.child.try_wait().transpose()).await?;
        Ok(ended?)
    }

    /// Reports whether the process is still there.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Returns what the process has written to standard output since it was started.
    pub fn stdout(&self) -> String {
        self.out.text()
    }

    /// Returns what the process has written to standard error since it was started.
    pub fn stderr(&self) -> String {
        self.err.text()
    }

    /// Returns the errors and panics the process logged since it was started.
    pub fn logged_errors(&self) -> Vec<String> {
        self.err.text().lines().filter(|line| reports_error(line)).map(str::to_owned).collect()
    }

    /// Lets the test pass although the process logs errors, for a test that provokes them.
    pub fn expect_errors(&mut self) {
        self.errors_expected = true;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; what counts is that it is gone.
        self.child.kill().ok();
        self.child.wait().ok();
        let errors = self.logged_errors();
        let excused = self.errors_expected || std::thread::panicking();
        assert!(excused || errors.is_empty(), "{} logged errors:\n{}", self.label, errors.join("\n"));
    }
}

/// Recognises an error in the text and in the JSON form of the log, and a panic.
fn reports_error(line: &str) -> bool {
    line.contains(" ERROR ") || line.contains("\"level\":\"ERROR\"") || line.contains("panicked at ")
}

/// A file one stream of a process goes to, and how much of it an earlier process wrote.
#[derive(Debug)]
struct Output {
    path: PathBuf,
    skip_bytes: u64,
}

impl Output {
    fn open(path: PathBuf) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { skip_bytes: file.metadata()?.len(), path })
    }

    fn file(&self) -> anyhow::Result<File> {
        Ok(File::options().append(true).open(&self.path)?)
    }

    fn text(&self) -> String {
        let bytes = fs::read(&self.path).unwrap_or_default();
        let skip = usize::try_from(self.skip_bytes).unwrap_or(usize::MAX).min(bytes.len());
        String::from_utf8_lossy(&bytes[skip..]).into_owned()
    }

    fn tail(&self) -> String {
        let text = self.text();
        let lines: Vec<&str> = text.lines().collect();
        let last = &lines[lines.len().saturating_sub(QUOTED_LINES)..];
        format!("the end of {}:\n{}", self.path.display(), last.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    /// The `sleep` of a script is what the process does until it is ended; no test waits for it.
    fn shell(script: &str, folder: &Path) -> Process {
        Launch::new("shell", "sh", folder).args(["-c", script]).start().unwrap()
    }

    #[tokio::test]
    async fn the_ready_line_of_a_second_start_is_not_that_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = shell("echo '{\"port\":1}'; sleep 60", folder.path());
        assert_eq!(first.ready_json(SOON).await.unwrap()["port"], 1);
        first.kill_9().unwrap();
        assert!(!first.is_running());
        let mut second = shell("echo '{\"port\":2}'; sleep 60", folder.path());
        assert_eq!(second.ready_json(SOON).await.unwrap()["port"], 2);
    }

    #[tokio::test]
    async fn a_process_that_ends_before_it_is_ready_is_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = shell("echo 'no such printer' >&2; exit 3", folder.path());
        let error = process.ready_line(SOON).await.unwrap_err().to_string();
        assert!(error.starts_with("shell ended with exit status: 3 before it was ready"), "{error}");
        assert!(error.contains("no such printer"), "{error}");
    }

    #[tokio::test]
    async fn a_process_ends_when_asked_to() {
        let folder = tempfile::tempdir().unwrap();
        let mut process =
            shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done", folder.path());
        process.ready_line(SOON).await.unwrap();
        assert_eq!(process.terminate(SOON).await.unwrap().code(), Some(7));
    }

    #[tokio::test]
    #[should_panic(expected = "shell logged errors")]
    async fn a_logged_error_fails_the_test() {
        let folder = tempfile::tempdir().unwrap();
        let mut process =
            shell("echo '2026-01-01T00:00:00Z ERROR store: disk gone' >&2; echo ready", folder.path());
        process.ready_line(SOON).await.unwrap();
    }

    #[tokio::test]
    async fn an_expected_error_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = shell("echo '{\"level\":\"ERROR\"}' >&2; echo ready", folder.path());
        process.ready_line(SOON).await.unwrap();
        assert_eq!(process.logged_errors(), ["{\"level\":\"ERROR\"}"]);
        process.expect_errors();
    }

    #[test]
    fn an_absent_binary_is_named_with_what_makes_it() {
        let error = binary("lanyard-nothing").unwrap_err().to_string();
        assert!(error.ends_with("lanyard-nothing: `cargo build --workspace --bins` makes it"), "{error}");
    }
}
