//! `lanyard repair`: makes a database that the disk has damaged again, from what is whole in it and what others have.

use std::fmt::{Display, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lanyard_node::Identity;
use lanyard_node::config::SourceFlags;
use lanyard_node::data_lock::DataLock;
use lanyard_node::repair::{Repair, RepairError, Repaired};
use lanyard_node::uplink::Puller;

use crate::cli;
use crate::commands::{configured, print};
use crate::config::Config;
use crate::{engine, peer};

/// Most rounds; peers that work have something new all the time.
const ROUNDS_MAX: u32 = 16;

pub(super) async fn run(source: &SourceFlags, flags: &cli::Repair) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    let _lock = DataLock::take(&config.data)?;
    let identity = Identity::load(&config.data)?;
    let (options, surroundings) = (engine::options(&config), engine::surroundings());
    let mut repair = Repair::begin(&config.data, identity.clone(), options, surroundings)?;
    let refused = take_all(&mut repair, &identity, &config, &flags.bundles).await?;
    if !flags.accept_loss {
        fail_on_missing(&repair)?;
        if let Some((bundle, error)) = refused {
            return Err(error).with_context(|| bundle.display().to_string());
        }
    }
    let repaired = repair.finish(flags.accept_loss)?;
    print(&if flags.output.json { serde_json::to_string(&repaired)? + "\n" } else { words(&repaired) })
}

/// Takes what bundles and peers have, round after round until nothing new comes: what one has may go on from what
/// another one has. Returns a bundle that is still refused then, with the reason.
async fn take_all<'a>(
    repair: &mut Repair,
    identity: &Identity,
    config: &Config,
    bundles: &'a [PathBuf],
) -> anyhow::Result<Option<(&'a Path, RepairError)>> {
    let mut waiting: Vec<&Path> = bundles.iter().map(PathBuf::as_path).collect();
    let (mut refused, mut silent) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS_MAX {
        let before = repair.vector();
        refused = take_bundles(repair, &waiting)?;
        silent = take_from_peers(repair, identity, config).await;
        if repair.vector() == before {
            break;
        }
        waiting = refused.iter().map(|(bundle, _)| *bundle).collect();
    }
    let of_bundles = refused.iter().map(|(bundle, error)| said(&bundle.display(), error));
    of_bundles.chain(silent).for_each(|line| eprint_line(&line));
    Ok(refused.pop())
}

/// Returns the bundles that are refused: what they go on from may still come.
fn take_bundles<'a>(
    repair: &mut Repair,
    bundles: &[&'a Path],
) -> anyhow::Result<Vec<(&'a Path, RepairError)>> {
    let mut refused = Vec::new();
    for bundle in bundles {
        match repair.take_bundle(bundle) {
            Ok(()) => {}
            Err(error @ RepairError::Refused(_)) => refused.push((*bundle, error)),
            Err(error) => return Err(error).with_context(|| bundle.display().to_string()),
        }
    }
    Ok(refused)
}

/// Returns what is to be said of peers that did not give all they have.
async fn take_from_peers(repair: &mut Repair, identity: &Identity, config: &Config) -> Vec<String> {
    let mut silent = Vec::new();
    for (name, url, ca) in peers(config) {
        if let Err(error) = take_from(repair, identity, url, ca).await {
            silent.push(said(&name, &format!("{error:#}")));
        }
    }
    silent
}

fn said(who: &dyn Display, error: &dyn Display) -> String {
    format!("{who} gave nothing more: {error}")
}

fn fail_on_missing(repair: &Repair) -> anyhow::Result<()> {
    let missing = repair.missing()?;
    if missing.is_empty() {
        return Ok(());
    }
    let lines = missing.iter().map(|missing| format!("Missing: {missing}.\n"));
    print(&lines.collect::<String>())?;
    Err(RepairError::Missing(missing).into())
}

/// Siblings first, because they are near.
fn peers(config: &Config) -> Vec<(&str, &str, &Path)> {
    let siblings = config.siblings.iter().map(|it| (it.name.as_str(), it.url.as_str(), it.ca.as_path()));
    let hq = [("HQ", config.hq.url.as_str(), config.hq.ca.as_path())];
    siblings.chain(hq).filter(|(_, url, _)| !url.is_empty()).collect()
}

async fn take_from(repair: &mut Repair, identity: &Identity, url: &str, ca: &Path) -> anyhow::Result<()> {
    let http = peer::client(Config::path(ca))?;
    let puller = Puller::new(peer::address(url)?, http, identity.clone());
    while let Some(batch) = puller.next(repair.vector()).await? {
        repair.take(batch)?;
    }
    Ok(())
}

/// What is no result, beside it.
#[expect(clippy::print_stderr, reason = "a command line tells its user there")]
fn eprint_line(line: &str) {
    eprintln!("{line}");
}

fn words(repaired: &Repaired) -> String {
    let Repaired { entries, from_others, lost, outcomes, rows_lost, findings, kept_in } = repaired;
    let mut text = format!(
        "{entries} entries and {outcomes} outcomes are whole; {from_others} entries came from others.\n"
    );
    for lost in lost {
        writeln!(text, "Lost for ever: {lost}.").expect("writing to a string cannot fail");
    }
    if *rows_lost > 0 {
        writeln!(
            text,
            "{rows_lost} outcomes and local rows were damaged or without their entries, and are not there."
        )
        .expect("writing to a string cannot fail");
    }
    for finding in findings {
        writeln!(text, "Every copy of these entries says so: {finding}.")
            .expect("writing to a string cannot fail");
    }
    text + &format!(
        "The damaged database is kept in {}; it holds names. The node goes on in a new epoch, with no seats to sell: give \
         it some at HQ with `lanyard-hq give`.\n",
        kept_in.display()
    )
}
