//! `lanyard serve`: serves until the process is asked to end.

use lanyard_node::config::{Flag, SourceFlags};
use serde_json::json;

use crate::cli::Serve;
use crate::commands::{configured, print};
use crate::config::EXAMPLE;
use crate::serve;

pub(super) async fn run(source: &SourceFlags, flags: Serve) -> anyhow::Result<()> {
    if flags.print_config {
        return print(EXAMPLE);
    }
    let config = configured(
        source,
        [
            Flag::given("--listen", "listen", flags.listen),
            Flag::given("--hq", "hq.url", flags.hq),
            Flag::given("--hq-ca", "hq.ca", flags.hq_ca.map(|path| path.display().to_string())),
        ],
    )?;
    config.log.start()?;
    let running = serve(config).await?;
    if flags.announce {
        print(&format!("{}\n", json!({"listen": running.url()})))?;
    }
    running.run_until_stopped().await
}
