//! Wiring of a serving node: engine, lines, printers, file drop, live updates, server, and a stop in good order.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use lanyard_node::auth::{Sessions, SignIns};
use lanyard_node::clock::system_entropy;
use lanyard_node::data_lock::DataLock;
use lanyard_node::http::{Bound, Listen, StopSwitch};
use lanyard_node::start::Started;
use lanyard_node::uplink::UplinkHandle;
use lanyard_node::{Identity, WriterThread, ca};
use lanyard_sync::Introduction;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::config::Config;
use crate::engine;
use crate::housekeeping;
use crate::http::lookups::Lookups;
use crate::http::routes;
use crate::live::Live;
use crate::node::{Node, Parts};
use crate::peer::Connector;
use crate::print::condition::Board;
use crate::print::driver::{Driver, files_printers};
use crate::print::layout::badge_maker;
use crate::print::worker::Worker;
use crate::siblings::{self, SiblingLine, Siblings};
use crate::watch::FileDrop;

/// How long the last commit may take once nothing more is asked.
const LAST_COMMIT_WITHIN: Duration = Duration::from_secs(10);

/// A node that serves.
#[derive(Debug)]
pub struct Running {
    url: String,
    address: SocketAddr,
    switch: StopSwitch,
    server: JoinHandle<std::io::Result<()>>,
    tasks: JoinSet<()>,
    lines: Lines,
    thread: WriterThread,
    lock: DataLock,
}

/// Every line of a node; dropping it hangs up.
#[derive(Debug)]
struct Lines {
    opened: Vec<UplinkHandle>,
    /// Finds other nodes, and holds the lines to them.
    discovering: Option<JoinHandle<()>>,
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.opened.clear();
        if let Some(discovering) = &self.discovering {
            discovering.abort();
        }
    }
}

/// Starts a node.
///
/// # Errors
/// When it has not joined, its database does not open, or its address cannot be had.
pub async fn serve(config: Config) -> anyhow::Result<Running> {
    config.check()?;
    check_joined(&config.data)?;
    let lock = DataLock::take(&config.data)?;
    let data = config.data.clone();
    let (identity, Started { writer, reader, thread }) = engine::begin(&config)?;
    let tls = ca::server_tls(&data, &identity.name, config.listen, &config.names, SystemTime::now())?;
    let bound = Bound::bind(&Listen { address: config.listen, tls })?;
    let (switch, stop) = StopSwitch::new();
    let connector = Connector { identity: identity.clone(), writer: writer.clone(), reader: reader.clone() };
    let mut lines = Vec::new();
    let hq =
        if config.hq.url.is_empty() { None } else { Some(connector.connect(&config.hq.url, &config.hq.ca)?) };
    let hq_line = hq.as_ref().map(UplinkHandle::line);
    lines.extend(hq);
    let mut configured = Vec::new();
    for sibling in &config.siblings {
        let handle = connector.connect(&sibling.url, &sibling.ca)?;
        configured.push(SiblingLine { name: sibling.name.clone(), line: handle.line() });
        lines.push(handle);
    }
    let (siblings, publish) = Siblings::configured(configured.clone());
    let introduction = introduction(&config, &identity)?;
    let discovering = introduction.as_ref().and_then(|_| {
        let discovering = siblings::discover(connector, &configured, bound.address(), publish);
        // A desk works without anybody else.
        discovering.inspect_err(|error| tracing::warn!("nobody can be looked for: {error:#}")).ok()
    });
    let mut secret = [0; 8];
    system_entropy(&mut secret);
    let node = Node::from(Parts {
        sessions: Sessions::default(),
        sign_ins: SignIns::new(secret),
        lookups: Lookups::default(),
        is_secure: bound.url().starts_with("https"),
        board: Board::new(config.printers.iter().map(|printer| printer.printer.clone())),
        badge_folders: files_printers(&config.printers, &data),
        badges: badge_maker(&config)?,
        live: Live::default(),
        hq: hq_line.as_ref().map(|line| line.status.clone()),
        siblings: siblings.clone(),
        introduction,
        printers: config.printers.clone(),
        seat_type_aliases: config.drop.seat_types.clone(),
        identity,
        stop: stop.clone(),
        writer,
        reader,
    });
    let mut tasks = start_tasks(&config, &node)?;
    let to_ask = move || {
        let siblings = siblings.lines().into_iter().map(|sibling| sibling.line);
        hq_line.iter().cloned().chain(siblings).collect()
    };
    tasks.spawn(housekeeping::keep_rights(node.clone(), to_ask));
    bound.write_listen_file(&data).context("the address cannot be written into the data folder")?;
    let (url, address) = (bound.url(), bound.address());
    tracing::info!(address = url, node.name = node.identity.name, "the node is ready");
    let server = tokio::spawn(bound.serve(routes::router(node), stop));
    let lines = Lines { opened: lines, discovering };
    Ok(Running { url, address, switch, server, tasks, lines, thread, lock })
}

impl Running {
    /// The address as a link.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the process is asked to end, then stops in good order.
    ///
    /// # Errors
    /// When the server or the store failed.
    pub async fn run_until_stopped(self) -> anyhow::Result<()> {
        let Self { switch, server, tasks, lines, thread, lock, .. } = self;
        switch.stop_on_signals()?;
        end(server, tasks, lines, thread).await?;
        drop(lock);
        Ok(())
    }

    /// Stops in good order: requests in flight are answered and everything queued is committed.
    ///
    /// # Errors
    /// When the server or the store failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Self { switch, server, tasks, lines, thread, lock, .. } = self;
        switch.stop();
        end(server, tasks, lines, thread).await?;
        drop(lock);
        Ok(())
    }
}

async fn end(
    server: JoinHandle<std::io::Result<()>>,
    tasks: JoinSet<()>,
    lines: Lines,
    thread: WriterThread,
) -> anyhow::Result<()> {
    server.await.context("the server panicked")?.context("the server failed")?;
    tasks.join_all().await;
    drop(lines);
    // Whatever still holds the writer lets go when its task has ended, so the thread ends after its last commit.
    let (told, ended) = oneshot::channel();
    std::thread::spawn(move || told.send(thread.join()));
    match timeout(LAST_COMMIT_WITHIN, ended).await {
        Ok(Ok(joined)) => joined.context("the store failed")?,
        Ok(Err(_)) | Err(_) => {
            tracing::warn!("a request still holds the store; everything answered is on disk");
        }
    }
    tracing::info!("the node has stopped");
    Ok(())
}

fn check_joined(data: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        Identity::exists(data),
        "{} holds no node; let it join first: lanyard --data {} join --hq URL --code CODE",
        data.display(),
        data.display()
    );
    Ok(())
}

fn start_tasks(config: &Config, node: &Node) -> anyhow::Result<JoinSet<()>> {
    let mut tasks = JoinSet::new();
    tasks.spawn(node.live.clone().run(node.clone()));
    tasks.spawn(housekeeping::keep_house(node.clone()));
    for printer in &config.printers {
        let driver = Driver::of(printer, &config.data)?;
        tasks.spawn(Worker::new(node.clone(), printer.printer.clone(), driver).run());
    }
    if let Some(folder) = Config::path(&config.drop.folder) {
        let drop = FileDrop::watch(node.clone(), folder, config.drop.encoding.into(), &config.data)
            .with_context(|| format!("the drop folder {} cannot be made", folder.display()))?;
        tasks.spawn(drop.run());
    }
    Ok(tasks)
}

/// What this node says of itself to whoever finds it; none where it is not to be found.
fn introduction(config: &Config, identity: &Identity) -> anyhow::Result<Option<Introduction>> {
    if !config.discover {
        return Ok(None);
    }
    if config.listen.ip().to_canonical().is_loopback() {
        tracing::warn!("nobody is looked for: `discover` needs `listen` to be an address of the network");
        return Ok(None);
    }
    let authority = ca::authority(&config.data)?;
    Ok(Some(Introduction::sign(identity.certificate.clone(), authority, &identity.key)))
}
