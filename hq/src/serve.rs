//! Wiring of a serving HQ: conferences, routes, the sync protocol, and a stop in good order.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use axum::extract::DefaultBodyLimit;
use lanyard_node::ca;
use lanyard_node::data_lock::DataLock;
use lanyard_node::http::{Bound, Listen, StopSwitch, guard_for_browsers, method_not_allowed, not_found};
use lanyard_node::import::FILE_MAX_BYTES;
use lanyard_node::sync_http::{self, ServedScope};

use crate::config::Config;
use crate::hq::Hq;
use crate::{allotments, http};

/// Serves until the process is asked to end.
///
/// # Errors
/// When HQ cannot start.
pub async fn run_until_stopped(config: Config, announce: bool) -> anyhow::Result<()> {
    let data = &config.data;
    std::fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
    // Before any database is opened, and until the last answer is out: two writers of one log would fork it.
    let _lock = DataLock::take(data)?;
    config.log.start()?;
    let hq = Hq::open(data)?;
    let tls = ca::server_tls(data, "hq", config.listen, &config.names, SystemTime::now())?;
    let bound = Bound::bind(&Listen { address: config.listen, tls })?;
    for running in hq.conferences() {
        tokio::spawn(allotments::keep_giving(running.clone()));
    }
    bound.write_listen_file(data).context("the address cannot be written into the data folder")?;
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
            promised: running.promised(),
        })
    };
    let api = http::routes(hq).layer(DefaultBodyLimit::max(FILE_MAX_BYTES + 1));
    let router = api.fallback(not_found).method_not_allowed_fallback(method_not_allowed);
    guard_for_browsers(router).merge(sync_http::routes(Arc::new(served)))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use lanyard_node::data_lock::DataLockError;

    use super::*;

    #[tokio::test]
    async fn a_second_hq_on_a_folder_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let _first = DataLock::take(folder.path()).unwrap();
        let config = Config { data: folder.path().to_owned(), ..Config::default() };
        let refused = run_until_stopped(config, false).await.unwrap_err();
        assert!(matches!(refused.downcast_ref(), Some(DataLockError::InUse { .. })), "{refused:#}");
        assert!(!folder.path().join("hq.db").exists());
    }

    #[tokio::test]
    async fn commands_reach_an_hq_that_listens_at_every_address() {
        let folder = tempfile::tempdir().unwrap();
        let address = "0.0.0.0:0".parse().unwrap();
        let tls = ca::server_tls(folder.path(), "hq", address, &[], SystemTime::now()).unwrap();
        let bound = Bound::bind(&Listen { address, tls }).unwrap();
        bound.write_listen_file(folder.path()).unwrap();
        let (switch, stop) = StopSwitch::new();
        let router = axum::Router::new().route("/healthz", get(async || "ok"));
        let served = tokio::spawn(bound.serve(router, stop));
        let listen = std::fs::read_to_string(folder.path().join("listen")).unwrap();
        let client = crate::trust::client(folder.path()).unwrap();
        let answer = client.get(format!("{}/healthz", listen.trim())).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "ok");
        switch.stop();
        served.await.unwrap().unwrap();
    }
}
