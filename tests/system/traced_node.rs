//! A node under `strace`, and its trace taken apart into system calls.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use lanyard_tests::process::{Launch, Process};

use crate::stage::SOON;

/// Reads, writes and syncs of files and connections.
const TRACED: &str =
    "trace=fdatasync,fsync,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,pwritev";
/// More than a page of the database, in bytes.
const SHOWN: &str = "8192";

/// A serving node, every one of its threads traced.
pub(crate) struct TracedNode {
    strace: Process,
    trace: PathBuf,
    pub(crate) url: String,
}

/// One system call, in the order in which calls began.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Line it began at.
    pub(crate) begun: usize,
    /// Line it returned at.
    pub(crate) ended: usize,
    /// As traced: name, arguments and result.
    pub(crate) text: String,
}

impl Call {
    /// Whether it is one of these system calls.
    pub(crate) fn is(&self, names: &[&str]) -> bool {
        self.text.split_once('(').is_some_and(|(name, _)| names.contains(&name))
    }

    /// The file or connection it is about, as `9</data/lanyard.db-wal>`.
    pub(crate) fn file(&self) -> &str {
        let arguments = self.text.split_once('(').map_or("", |(_, arguments)| arguments);
        arguments.split_once([',', ')']).map_or(arguments, |(file, _)| file)
    }

    /// Whether these bytes were read or written; `strace` shows what is not ASCII in hexadecimal digits.
    pub(crate) fn carries(&self, bytes: &[u8]) -> bool {
        let is_plain = std::str::from_utf8(bytes).is_ok_and(|plain| self.text.contains(plain));
        let escaped =
            format!("\\x{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join("\\x"));
        is_plain || self.text.contains(&escaped)
    }
}

impl TracedNode {
    /// Serves the folder of a node that does not run, without a line to HQ.
    pub(crate) async fn start(binary: &Path, data: &Path, fault: Option<&str>) -> anyhow::Result<Self> {
        let folder = data.parent().context("the data lies in a folder")?;
        let trace = folder.join("node.trace");
        let mut launch = Launch::new("traced", "strace", &folder.join("logs"))
            .args(["-f", "-y", "-x", "-s", SHOWN, "-e", TRACED, "-o"])
            .args([trace.as_path(), Path::new("--"), binary, Path::new("--data"), data])
            .args(["serve", "--listen", "127.0.0.1:0", "--announce"]);
        if let Some(fault) = fault {
            launch = launch.env("LANYARD_PLANTED_FAULT", fault);
        }
        let mut strace = launch.start()?;
        let ready = strace.ready_json(2 * SOON).await?;
        let url = ready["listen"].as_str().context("the node announced no address")?.to_owned();
        Ok(Self { strace, trace, url })
    }

    /// Stops the node and returns what it called.
    pub(crate) async fn stop(mut self) -> anyhow::Result<Vec<Call>> {
        self.signal("-TERM")?;
        self.strace.ended(SOON).await?;
        Ok(calls(&fs::read_to_string(&self.trace)?))
    }

    /// Signals the node itself: a signal to `strace` would only end the tracing.
    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let tracer = self.strace.id();
        let children = fs::read_to_string(format!("/proc/{tracer}/task/{tracer}/children"))?;
        let node = children.split_whitespace().next().context("nothing is traced")?;
        let sent = Command::new("kill").args([signal, node]).status()?;
        ensure!(sent.success(), "the traced node takes no signal");
        Ok(())
    }
}

impl Drop for TracedNode {
    fn drop(&mut self) {
        // It has stopped already where the test went well.
        self.signal("-KILL").ok();
    }
}

/// Joins the two lines of calls that others came between.
pub(crate) fn calls(trace: &str) -> Vec<Call> {
    let mut open: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let mut calls = Vec::new();
    for (line, text) in trace.lines().enumerate() {
        let Some((thread, text)) = text.split_once(' ') else { continue };
        let text = text.trim_start();
        if let Some(beginning) = text.strip_suffix("<unfinished ...>") {
            open.insert(thread, (line, beginning));
        } else if let Some(rest) = text.strip_prefix("<... ") {
            let end = rest.split_once("resumed>").map_or(rest, |(_, end)| end);
            let (begun, beginning) = open.remove(thread).unwrap_or((line, ""));
            calls.push(Call { begun, ended: line, text: format!("{}{end}", beginning.trim_end()) });
        } else {
            calls.push(Call { begun: line, ended: line, text: text.to_owned() });
        }
    }
    calls.sort_by_key(|call| call.begun);
    calls
}

#[test]
fn a_call_that_others_came_between_is_one_call() {
    let trace = "7 fdatasync(9</x/lanyard.db-wal> <unfinished ...>\n\
                 8 write(5<socket:[1]>, \"HTTP/1.1 201 Created\\r\\n\"..., 300) = 300\n\
                 7 <... fdatasync resumed>)      = 0\n";
    let calls = calls(trace);
    let times: Vec<_> = calls.iter().map(|call| (call.begun, call.ended)).collect();
    assert_eq!(times, [(0, 2), (1, 1)]);
    assert_eq!(calls[0].text, "fdatasync(9</x/lanyard.db-wal>)      = 0");
}
