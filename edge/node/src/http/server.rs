//! Starting and stopping a server: plain HTTP on loopback, TLS anywhere else.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;

use super::stop::Stop;

/// How long a client may take to agree on TLS.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to send the head of a request, counted from the answer before it on the same connection: so
/// long an idle connection is kept, and so long one that sends half a head holds a socket.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests in flight may take once the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a client may acknowledge nothing of what was sent to it. One that vanished without a word would otherwise
/// keep its connection, and what waits in it, for a quarter of an hour.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
/// Name of the file in the data folder that holds the address.
const LISTEN_FILE: &str = "listen";

/// Where and how to listen.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Certificate and key; needed for any address but loopback.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Plain HTTP would cross a network.
    #[error(
        "{address} is not loopback, and there is no certificate: names and PINs would cross the network in the clear"
    )]
    PlainBeyondLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be had.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A socket that listens; connections queue until it is served.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<rustls::ServerConfig>>,
}

impl Bound {
    /// Takes the address.
    pub fn bind(listen: &Listen) -> Result<Self, StartError> {
        let Listen { address, tls } = listen.clone();
        if tls.is_none() && !address.ip().to_canonical().is_loopback() {
            return Err(StartError::PlainBeyondLoopback { address });
        }
        let bind = || {
            let listener = TcpListener::bind(address)?;
            // Connections have it from the socket they come in by.
            #[cfg(target_os = "linux")]
            socket2::SockRef::from(&listener).set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
            listener.set_nonblocking(true)?;
            let bound = listener.local_addr()?;
            Ok((listener, bound))
        };
        let (listener, bound) = bind().map_err(|source| StartError::Bind { address, source })?;
        Ok(Self { listener, address: bound, tls })
    }

    /// The address it listens on, with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as a link; every-address is shown as this machine.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        format!("{scheme}://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Writes the link to the file `listen` in the data folder, whole or not at all.
    pub fn write_listen_file(&self, data: &Path) -> io::Result<()> {
        let (file, draft) = (data.join(LISTEN_FILE), data.join(".listen.new"));
        std::fs::write(&draft, self.url() + "\n")?;
        std::fs::rename(draft, file)
    }

    /// Prints one line of JSON on standard output: `listen` and what is given besides.
    pub fn print_ready(&self, mut besides: serde_json::Map<String, serde_json::Value>) -> io::Result<()> {
        use io::Write;
        besides.insert("listen".to_owned(), self.url().into());
        let mut out = io::stdout().lock();
        writeln!(out, "{}", serde_json::Value::Object(besides))?;
        out.flush()
    }

    /// Serves until the switch is thrown, then lets requests in flight finish.
    pub async fn serve(self, router: Router, stop: Stop) -> io::Result<()> {
        let handle = Handle::new();
        let stopping = handle.clone();
        let watch = tokio::spawn(async move {
            stop.wait().await;
            stopping.graceful_shutdown(Some(STOP_TIMEOUT));
        });
        let server: Server<SocketAddr> = axum_server::from_tcp(self.listener)?;
        let mut server = server.handle(handle).acceptor(NoDelayAcceptor::new());
        server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let outcome = match self.tls {
            None => server.http1_only().serve(service).await,
            Some(tls) => {
                let tls =
                    RustlsAcceptor::new(RustlsConfig::from_config(tls)).handshake_timeout(HANDSHAKE_TIMEOUT);
                server.map(|no_delay| tls.acceptor(no_delay)).serve(service).await
            }
        };
        watch.abort();
        outcome
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;

    use super::super::StopSwitch;
    use super::*;

    fn plain(address: &str) -> Listen {
        Listen { address: address.parse().expect("a sound address"), tls: None }
    }

    #[tokio::test]
    async fn a_server_on_port_0_answers_and_stops() {
        let bound = Bound::bind(&plain("127.0.0.1:0")).expect("loopback is free");
        let (url, folder) = (bound.url(), tempfile::tempdir().expect("a folder"));
        bound.write_listen_file(folder.path()).expect("the folder is writable");
        assert_eq!(
            std::fs::read_to_string(folder.path().join("listen")).expect("it was written"),
            format!("{url}\n")
        );
        let (switch, stop) = StopSwitch::new();
        let router = Router::new().route("/healthz", get(|| async { "ok" }));
        let served = tokio::spawn(bound.serve(router, stop));
        let client = crate::tls::peer_client(None).expect("a client");
        let answer = client.get(format!("{url}/healthz")).send().await.expect("it answers");
        assert_eq!(answer.text().await.expect("a body"), "ok");
        switch.stop();
        served.await.expect("no panic").expect("it stops in good order");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_connection_does_not_outlive_a_client_that_vanished_for_long() {
        let bound = Bound::bind(&plain("127.0.0.1:0")).expect("loopback is free");
        let _client = std::net::TcpStream::connect(bound.address()).expect("it listens");
        let (taken, _) = bound.listener.accept().expect("a connection waits");
        let most = socket2::SockRef::from(&taken).tcp_user_timeout().expect("the option is known");
        assert_eq!(most, Some(UNACKNOWLEDGED));
    }

    #[test]
    fn plain_http_beyond_loopback_is_refused() {
        for address in ["0.0.0.0:0", "192.0.2.1:80", "[::]:0", "[::ffff:192.0.2.1]:80"] {
            let error = Bound::bind(&plain(address)).expect_err("it would cross the network");
            assert!(matches!(error, StartError::PlainBeyondLoopback { .. }), "{error}");
        }
    }
}
