//! Free TCP ports, for programs that cannot be told to choose one themselves.

use std::io;
use std::net::TcpListener;

/// Returns a loopback port that nothing listened on a moment ago.
///
/// Another process may take it first; programs that can listen on port 0 are told to do that instead.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
