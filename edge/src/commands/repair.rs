//! `lanyard repair`: makes a database that the disk has damaged again, from what is whole in it and what others have.

use std::fmt::Write as _;
use std::path::Path;

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

pub(super) async fn run(source: &SourceFlags, flags: &cli::Repair) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    let _lock = DataLock::take(&config.data)?;
    let identity = Identity::load(&config.data)?;
    let (options, surroundings) = (engine::options(&config), engine::surroundings());
    let mut repair = Repair::begin(&config.data, identity.clone(), options, surroundings)?;
    for bundle in &flags.bundles {
        repair.take_bundle(bundle).with_context(|| bundle.display().to_string())?;
    }
    for (name, url, ca) in peers(&config) {
        if let Err(error) = take_from(&mut repair, &identity, url, ca).await {
            eprint_line(&format!("{name} gave nothing more: {error:#}"));
        }
    }
    let repaired = match repair.finish(flags.accept_loss) {
        Err(RepairError::Missing(missing)) => {
            let lines = missing.iter().map(|missing| format!("Missing: {missing}.\n"));
            print(&lines.collect::<String>())?;
            return Err(RepairError::Missing(missing).into());
        }
        repaired => repaired?,
    };
    print(&if flags.output.json { serde_json::to_string(&repaired)? + "\n" } else { words(&repaired) })
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
    let Repaired { entries, from_others, lost, outcomes, rows_lost, kept_in } = repaired;
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
    text + &format!(
        "The damaged database is kept in {}; it holds names. The node goes on in a new epoch, with no seats to sell: give \
         it some at HQ with `lanyard-hq give`.\n",
        kept_in.display()
    )
}
