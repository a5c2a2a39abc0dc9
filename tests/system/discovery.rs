//! Nodes that find each other on the network: one line to each, led to where it is, and a configured one before it.

use std::net::UdpSocket;

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;

use crate::stage::{SOON, Stage, admit, inside, scan, status};

const EVERYWHERE: &str = "0.0.0.0:0";
const DISCOVER: &str = "discover = true\n";

/// Whether this machine has an address on a network; without one there is nobody to be found by.
fn is_on_a_network() -> bool {
    // Nothing is sent: the system only says from which address it would be.
    let socket = UdpSocket::bind(EVERYWHERE).unwrap();
    socket.connect("192.0.2.1:9").is_ok_and(|()| !socket.local_addr().unwrap().ip().is_loopback())
}

/// Starts a node again where others can find it, at another port than before.
async fn move_elsewhere(stage: &mut Stage, node: &str, toml: &str) -> Desk {
    stage.venue.node(node).move_to(EVERYWHERE.parse().unwrap());
    stage.configure(node, toml).await.unwrap();
    stage.sign_in(node, "susi", &format!("{node}-1")).await.unwrap()
}

/// Waits until a node has lines that work to these and to no others.
async fn knows(desk: &Desk, names: &[&str]) {
    eventually(SOON, &format!("the lines are to {names:?}"), async || {
        let siblings = status(desk).await.ok()?["siblings"].clone();
        let siblings = siblings.as_array()?;
        let online = siblings.iter().filter(|sibling| sibling["state"] == "online");
        let online: Vec<_> = online.filter_map(|sibling| sibling["name"].as_str()).collect();
        (online == names && siblings.len() == names.len()).then_some(())
    })
    .await
    .unwrap();
}

async fn counts(desk: &Desk, wanted: u64) {
    let what = format!("{wanted} are in");
    let counted = eventually(SOON, &what, async || (inside(desk).await.ok()? == wanted).then_some(()));
    counted.await.unwrap();
}

#[tokio::test]
async fn nodes_find_each_other_follow_each_other_and_mind_the_configuration() {
    if !is_on_a_network() {
        eprintln!("not tested: this machine is on no network");
        return;
    }
    let mut stage = Stage::set(&["north", "south"], 30).await.unwrap();
    let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).take(4).collect();
    let north = move_elsewhere(&mut stage, "north", DISCOVER).await;
    let south = move_elsewhere(&mut stage, "south", DISCOVER).await;
    for node in ["north", "south"] {
        stage.venue.node(node).line("cut").await.unwrap();
    }
    knows(&north, &["south"]).await;
    knows(&south, &["north"]).await;
    admit(&north, &codes[..1]).await;
    counts(&south, 1).await;
    assert_eq!(scan(&south, &codes[0]).await, 409);

    // One that comes back elsewhere is found there.
    let south = move_elsewhere(&mut stage, "south", DISCOVER).await;
    knows(&north, &["south"]).await;
    admit(&south, &codes[1..2]).await;
    counts(&north, 2).await;

    // A line that is configured takes the place of the one to the same node.
    let (url, ca) = (stage.venue.node("south").url.clone(), stage.venue.node("south").data.join("ca.pem"));
    let ca = ca.to_string_lossy();
    let configured =
        format!("{DISCOVER}[[siblings]]\nname = \"other hall\"\nurl = \"{url}\"\nca = \"{ca}\"\n");
    let north = move_elsewhere(&mut stage, "north", &configured).await;
    knows(&north, &["other hall"]).await;
    knows(&south, &["north"]).await;
    admit(&north, &codes[2..3]).await;
    counts(&south, 3).await;
    stage.clear().await.unwrap();
}
