//! Wiring of a serving HQ: conferences, routes, the sync protocol, and a stop in good order.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use axum::extract::DefaultBodyLimit;
use lanyard_node::http::{Bound, Listen, StopSwitch, guard, method_not_allowed, not_found};
use lanyard_node::import::FILE_MAX_BYTES;
use lanyard_node::sync_http::{self, ServedScope};
use lanyard_node::{ca, tls};

use crate::config::Config;
use crate::hq::Hq;
use crate::{allotments, http};

/// Serves until the process is asked to end.
///
/// # Errors
/// When HQ cannot start.
pub async fn run_until_stopped(config: Config, announce: bool) -> anyhow::Result<()> {
    config.log.start()?;
    let hq = Hq::open(&config.data)?;
    let listen = Listen { address: config.listen, tls: server_tls(&config)? };
    let bound = Bound::bind(&listen)?;
    for running in hq.conferences() {
        tokio::spawn(allotments::keep_giving(running.clone()));
    }
    bound.write_listen_file(&config.data).context("the address cannot be written into the data folder")?;
    if announce {
        bound.print_ready(serde_json::Map::new()).context("nobody reads the announcement")?;
    }
    tracing::info!(address = %bound.url(), "HQ is ready");
    let (switch, stop) = StopSwitch::new();
    switch.stop_on_signals()?;
    bound.serve(router(hq), stop).await.context("the server failed")
}

/// Every route of HQ.
pub fn router(hq: Arc<Hq>) -> axum::Router {
    let directory = hq.clone();
    let served = move |scope| {
        let running = directory.scope(scope)?;
        Some(ServedScope {
            identity: running.identity.clone(),
            writer: running.writer.clone(),
            reader: running.reader.clone(),
            refuses_expired: true,
        })
    };
    let api = http::routes(hq).layer(DefaultBodyLimit::max(FILE_MAX_BYTES + 1));
    let router = api
        .merge(sync_http::routes(Arc::new(served)))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed);
    guard(router)
}

/// Loopback needs no certificate; anything else gets one from HQ's own authority.
fn server_tls(config: &Config) -> anyhow::Result<Option<Arc<rustls::ServerConfig>>> {
    if config.listen.ip().to_canonical().is_loopback() {
        return Ok(None);
    }
    let listen = Some(config.listen.ip()).filter(|ip| !ip.is_unspecified());
    let names: Vec<_> = config.names.iter().cloned().chain(listen.map(|ip| ip.to_string())).collect();
    let issued =
        ca::issue(&config.data, "hq", &names, SystemTime::now()).context("no certificate can be made")?;
    Ok(Some(tls::server_config(&issued.chain_pem, &issued.key_pem)?))
}
