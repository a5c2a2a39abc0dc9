//! From start to ready with a million entries.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::ensure;

use super::ROUNDS;
use super::bare::BareLoop;
use super::figure::{Figure, FigureName};
use super::prepared::{Contents, Prepared, settle_disk};
use crate::ports;
use crate::process;

/// A list of 100,000 that came ten times, each time with changes.
const CONTENTS: Contents = Contents { attendees: 100_000, revisions: 10 };

/// Starts the node and the bare loop by turns; the bare loop has as many attendees as the node has entries.
pub(super) async fn measure(bench: &Path) -> anyhow::Result<Vec<Figure>> {
    let prepared = Prepared::find_or_make(bench, CONTENTS).await?;
    let data = prepared.folder.join("north").to_string_lossy().into_owned();
    // Nobody listens there: a node is ready whether HQ is there or not.
    let hq = format!("http://127.0.0.1:{}", ports::free_port()?);
    let bare_folder = tempfile::tempdir_in(bench)?;
    drop(BareLoop::start(bare_folder.path(), CONTENTS.entries()).await?);
    settle_disk()?;
    let (mut bare_rounds, mut rounds) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let bare_data = bare_folder.path().to_string_lossy();
        bare_rounds.push(ready_after_ms("lanyard-bare", &["check-ins", "--data", &bare_data])?);
        let arguments = ["--data", &data, "serve", "--listen", "127.0.0.1:0", "--hq", &hq, "--announce"];
        rounds.push(ready_after_ms("lanyard", &arguments)?);
    }
    Ok(vec![Figure::beside_bare(FigureName::Ready1mMs, &rounds, &bare_rounds)])
}

/// Starts a program, waits for its first line, and ends it gently.
fn ready_after_ms(name: &str, arguments: &[&str]) -> anyhow::Result<f64> {
    let mut command = Command::new(process::binary(name)?);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn()?;
    let mut line = String::new();
    let read = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line)).transpose();
    let took = began.elapsed();
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    child.wait()?;
    read?;
    ensure!(told?.success() && !line.is_empty(), "{name} ended before it was ready");
    Ok(took.as_secs_f64() * 1_000.0)
}
