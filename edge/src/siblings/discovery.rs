//! Finding nodes on the local network by multicast DNS (`_lanyard._tcp.local`), and being found.
//!
//! What is announced: which conference, as a short hash; which node; its port. No names. It is believed of nobody: it only
//! says where to ask.

use std::net::{IpAddr, SocketAddr};

use lanyard_sync::{NodeId, ScopeId, announced_scope, hex};
use mdns_sd::{IfKind, Receiver, ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo};

const SERVICE: &str = "_lanyard._tcp.local.";
/// Version of what is announced.
const VERSION: &str = "1";
/// Most addresses of one node that are tried.
const ADDRESSES_MAX: usize = 8;
/// Characters of a node's id in the name of its host.
const HOST_CHARS: usize = 12;

/// A node that was seen, with its addresses in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sighting {
    /// Which node it says it is.
    pub(super) node: NodeId,
    /// Where it says it is.
    pub(super) addresses: Vec<SocketAddr>,
}

/// The announcement of this node, and an eye on those of others. Dropping it takes the announcement back.
pub(super) struct Discovery {
    daemon: ServiceDaemon,
    events: Receiver<ServiceEvent>,
    own: NodeId,
    scope: String,
}

impl Discovery {
    /// Announces a node that listens at an address of a network, and begins to look for others.
    ///
    /// # Errors
    /// When there is no way to do so.
    pub(super) fn start(own: NodeId, scope: &ScopeId, listen: SocketAddr) -> anyhow::Result<Self> {
        let scope = hex::encode(&announced_scope(scope));
        let daemon = ServiceDaemon::new()?;
        let ip = listen.ip();
        let excluded = match ip {
            ip if !ip.is_unspecified() => vec![IfKind::All],
            IpAddr::V4(_) => vec![IfKind::LoopbackV4, IfKind::IPv6],
            IpAddr::V6(_) => vec![IfKind::LoopbackV4, IfKind::LoopbackV6],
        };
        daemon.disable_interface(excluded)?;
        if !ip.is_unspecified() {
            daemon.enable_interface(IfKind::Addr(ip))?;
        }
        daemon.register(announcement(own, &scope, listen)?)?;
        let events = daemon.browse(SERVICE)?;
        Ok(Self { daemon, events, own, scope })
    }

    /// The next node of this conference that is seen, or seen elsewhere; none when nothing can be seen any more.
    pub(super) async fn next(&mut self) -> Option<Sighting> {
        loop {
            match self.events.recv_async().await {
                Ok(ServiceEvent::ServiceResolved(seen)) => {
                    if let Some(sighting) = self.recognise(&seen) {
                        return Some(sighting);
                    }
                }
                Ok(_) => {}
                // More was seen at once than is kept: look anew.
                Err(_) => self.events = self.daemon.browse(SERVICE).ok()?,
            }
        }
    }

    fn recognise(&self, seen: &ResolvedService) -> Option<Sighting> {
        let said = |key| seen.get_property_val_str(key);
        if said("v") != Some(VERSION) || said("scope") != Some(self.scope.as_str()) {
            return None;
        }
        let node: NodeId = said("node")?.parse().ok().filter(|node| *node != self.own)?;
        let addresses = seen.get_addresses().iter().map(mdns_sd::ScopedIp::to_ip_addr);
        let mut addresses: Vec<_> = addresses
            .filter(|ip| is_of_a_machine(*ip))
            .map(|ip| SocketAddr::new(ip, seen.get_port()))
            .collect();
        addresses.sort_unstable();
        addresses.truncate(ADDRESSES_MAX);
        (!addresses.is_empty()).then_some(Sighting { node, addresses })
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        // Others notice a node that is gone by its silence too.
        drop(self.daemon.shutdown());
    }
}

fn announcement(own: NodeId, scope: &str, listen: SocketAddr) -> Result<ServiceInfo, mdns_sd::Error> {
    let node = own.to_string();
    let host = format!("lanyard-{}.local.", &node[..HOST_CHARS]);
    let said = [("v", VERSION), ("scope", scope), ("node", node.as_str())];
    let (ip, port) = (listen.ip(), listen.port());
    if ip.is_unspecified() {
        return Ok(ServiceInfo::new(SERVICE, &node, &host, "", port, &said[..])?.enable_addr_auto());
    }
    ServiceInfo::new(SERVICE, &node, &host, ip, port, &said[..])
}

/// Whether another machine may be spoken to at an address. A link-local one of IPv6 means nothing without its link.
fn is_of_a_machine(ip: IpAddr) -> bool {
    let is_without_link = matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    !(ip.to_canonical().is_loopback() || ip.is_unspecified() || ip.is_multicast() || is_without_link)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: NodeId = NodeId([1; 16]);
    const OTHER: NodeId = NodeId([2; 16]);
    const SCOPE: ScopeId = ScopeId([5; 16]);

    /// What a node makes of the announcement of another one.
    fn seen(node: NodeId, scope: ScopeId, listen: &str) -> Option<Sighting> {
        let eye = Discovery::start(OWN, &SCOPE, "127.0.0.1:1".parse().unwrap()).unwrap();
        let scope = hex::encode(&announced_scope(&scope));
        let announced = announcement(node, &scope, listen.parse().unwrap()).unwrap();
        eye.recognise(&announced.as_resolved_service())
    }

    #[test]
    fn nodes_of_the_conference_are_recognised_and_this_one_and_others_are_not() {
        let sighting = seen(OTHER, SCOPE, "192.0.2.7:7070").unwrap();
        let expected = Sighting { node: OTHER, addresses: vec!["192.0.2.7:7070".parse().unwrap()] };
        assert_eq!(sighting, expected);
        assert_eq!(seen(OWN, SCOPE, "192.0.2.7:7070"), None);
        assert_eq!(seen(OTHER, ScopeId([6; 16]), "192.0.2.7:7070"), None);
    }

    #[test]
    fn nobody_is_led_to_addresses_that_are_no_other_machines() {
        for ip in ["127.0.0.1", "::1", "0.0.0.0", "224.0.0.251", "fe80::1", "::ffff:127.0.0.1"] {
            assert!(!is_of_a_machine(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["192.168.1.20", "10.0.0.1", "169.254.7.7", "fd00::2"] {
            assert!(is_of_a_machine(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_announcement_names_nobody() {
        let announced = announcement(OTHER, "0011223344556677", "192.0.2.7:7070".parse().unwrap()).unwrap();
        let keys: Vec<_> = announced.get_properties().iter().map(|said| said.key().to_owned()).collect();
        assert_eq!(keys, ["v", "scope", "node"]);
        assert_eq!(announced.get_fullname(), format!("{OTHER}.{SERVICE}"));
    }
}
