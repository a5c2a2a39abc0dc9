//! Every shape a venue's lines can have: HQ in the middle, a line of nodes of which one sees HQ, a ring without HQ, and
//! two islands that meet later. Wherever there is a path nobody enters twice, and everybody ends with the same.

use std::net::SocketAddr;

use lanyard_tests::deadline::eventually;
use lanyard_tests::desk::Desk;
use lanyard_tests::line::Line;

use crate::stage::{SOON, Stage, agree, converge, inside, scan, status};

const NODES: [&str; 3] = ["north", "south", "west"];
/// Each node asks the one before it in the list.
const NORTH_TO_WEST: usize = 0;
const SOUTH_TO_NORTH: usize = 1;
const WEST_TO_SOUTH: usize = 2;

/// Three nodes, a line from each to HQ, and one from each to the next.
struct Ring {
    stage: Stage,
    desks: Vec<Desk>,
    lines: Vec<Line>,
    codes: std::vec::IntoIter<String>,
    admitted: u64,
}

pub(crate) fn with_west(conference: &str) -> String {
    format!("{conference}\n[desks.west-1]\nplace = \"West hall\"\nnode = \"west\"\nlists = [\"main\"]\n")
}

impl Ring {
    async fn set() -> Self {
        let mut stage = Stage::set_with(&NODES, 30, with_west).await.unwrap();
        let (mut lines, mut desks) = (Vec::new(), Vec::new());
        for (index, node) in NODES.iter().enumerate() {
            let before = NODES[(index + NODES.len() - 1) % NODES.len()];
            let url = stage.venue.node(before).url.clone();
            let line = Line::start(url.trim_start_matches("http://")).await.unwrap();
            let address: SocketAddr = line.address();
            let toml = format!("[[siblings]]\nname = \"{before}\"\nurl = \"http://{address}\"\n");
            stage.configure(node, &toml).await.unwrap();
            desks.push(stage.sign_in(node, "susi", &format!("{node}-1")).await.unwrap());
            lines.push(line);
        }
        let codes: Vec<_> = stage.paid().map(|row| row.code.clone()).collect();
        Self { stage, desks, lines, codes: codes.into_iter(), admitted: 0 }
    }

    /// Leaves these lines between nodes, and those of these nodes to HQ.
    async fn shape(&mut self, between: &[usize], to_hq: &[&str]) {
        for (index, line) in self.lines.iter().enumerate() {
            if between.contains(&index) { line.restore() } else { line.cut() }
        }
        for node in NODES {
            let what = if to_hq.contains(&node) { "restore" } else { "cut" };
            self.stage.venue.node(node).line(what).await.unwrap();
        }
    }

    /// Admits somebody at one node, whom all others with a path then refuse.
    async fn admits_once(&mut self, at: usize, others: &[usize]) {
        let code = self.codes.next().unwrap();
        assert_eq!(scan(&self.desks[at], &code).await, 201);
        self.admitted += 1;
        for other in others {
            let what = format!("{} knows whom {} admitted", NODES[*other], NODES[at]);
            counts(&self.desks[*other], self.admitted, &what).await;
            assert_eq!(scan(&self.desks[*other], &code).await, 409, "{what}");
        }
    }
}

async fn counts(desk: &Desk, wanted: u64, what: &str) {
    let counted = eventually(SOON, what, async || (inside(desk).await.ok()? == wanted).then_some(()));
    counted.await.unwrap();
}

#[tokio::test]
async fn nodes_agree_in_every_shape_and_admit_nobody_twice_where_there_is_a_path() {
    let mut ring = Ring::set().await;

    // A star: HQ is between all of them.
    ring.shape(&[], &NODES).await;
    ring.admits_once(0, &[1, 2]).await;
    converge(&ring.stage, &ring.desks).await;

    // A line, and HQ at one of its ends: HQ – north – south – west.
    ring.shape(&[SOUTH_TO_NORTH, WEST_TO_SOUTH], &["north"]).await;
    ring.admits_once(2, &[0, 1]).await;
    ring.admits_once(0, &[1, 2]).await;
    converge(&ring.stage, &ring.desks).await;

    // A ring without HQ, of which a piece may break.
    ring.shape(&[NORTH_TO_WEST, SOUTH_TO_NORTH, WEST_TO_SOUTH], &[]).await;
    ring.admits_once(1, &[0, 2]).await;
    ring.shape(&[NORTH_TO_WEST, SOUTH_TO_NORTH], &[]).await;
    ring.admits_once(2, &[1]).await;
    agree(&ring.desks, async || Some(Vec::new())).await;

    // Two islands, north with south and west with HQ, that admit the same guest and meet later.
    ring.shape(&[SOUTH_TO_NORTH], &["west"]).await;
    converge(&ring.stage, &ring.desks[2..]).await;
    let code = ring.codes.next().unwrap();
    for desk in [&ring.desks[0], &ring.desks[2]] {
        assert_eq!(scan(desk, &code).await, 201);
    }
    ring.admitted += 1;
    counts(&ring.desks[1], ring.admitted, "south knows whom north admitted").await;
    assert_eq!(scan(&ring.desks[1], &code).await, 409);
    ring.shape(&[NORTH_TO_WEST, SOUTH_TO_NORTH, WEST_TO_SOUTH], &NODES).await;
    converge(&ring.stage, &ring.desks).await;
    for desk in &ring.desks {
        let status = status(desk).await.unwrap();
        assert_eq!(
            (&status["arrivals"]["in"], &status["open_conflicts"]),
            (&ring.admitted.into(), &1.into())
        );
    }
    ring.stage.clear().await.unwrap();
}
