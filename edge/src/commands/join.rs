//! `lanyard join`: the node makes its key, and HQ certifies it for a one-time code.

use std::io::BufRead as _;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, bail, ensure};
use lanyard_node::clock::system_entropy;
use lanyard_node::config::SourceFlags;
use lanyard_node::{Identity, ca};
use lanyard_sync::{Certificate, PublicKey, ScopeId, SigningKey};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::Join;
use crate::commands::{configured, print};
use crate::peer;

/// What HQ answers.
#[derive(Deserialize)]
struct Joined {
    conference: String,
    scope: ScopeId,
    certificate: Certificate,
    organiser_key: PublicKey,
}

pub(super) async fn run(source: &SourceFlags, flags: Join) -> anyhow::Result<()> {
    let config = configured(source, [])?;
    let data = &config.data;
    ensure!(!Identity::exists(data), "{} holds a node already; choose another data folder", data.display());
    let code = match flags.code {
        Some(code) => code,
        None => read_code()?,
    };
    let mut seed = [0; 32];
    system_entropy(&mut seed);
    let public_key = SigningKey::from_seed(&seed).public_key();
    let joined = ask(&flags.hq, flags.ca.as_deref(), code.trim(), public_key).await?;
    let identity = Identity::certified(seed, joined.certificate, joined.scope, joined.organiser_key)
        .context("HQ's answer does not fit this node's key")?;
    std::fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
    let names = ca::names_of(config.listen.ip(), &config.names);
    ca::issue(data, &identity.name, &names, SystemTime::now())?;
    // Last: a folder with an identity is one that has joined.
    identity.save(data)?;
    print(&format!(
        "Joined {} as {} ({}).\nDesks on other machines trust this node by {}.\n",
        joined.conference,
        identity.name,
        identity.node,
        data.join(ca::AUTHORITY_FILE).display()
    ))
}

async fn ask(hq: &str, ca: Option<&Path>, code: &str, public_key: PublicKey) -> anyhow::Result<Joined> {
    let url = peer::address(hq)?.join("/api/v1/joins")?;
    let body = json!({"code": code, "public_key": public_key});
    let request =
        peer::client(ca)?.post(url).header("content-type", "application/json").body(body.to_string());
    let answer = request.send().await.with_context(|| format!("HQ at {hq} does not answer"))?;
    let status = answer.status();
    let text = answer.text().await.context("HQ's answer broke off")?;
    if !status.is_success() {
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        match problem["detail"].as_str() {
            Some(detail) => bail!("HQ refused ({}): {detail}", problem["code"].as_str().unwrap_or_default()),
            None => bail!("HQ refused with status {status}; is {hq} the address of HQ?"),
        }
    }
    serde_json::from_str(&text).context("HQ's answer cannot be read; is it of another version?")
}

fn read_code() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no join code could be read")?;
    ensure!(!line.trim().is_empty(), "give the join code with --code or on the standard input");
    Ok(line)
}
