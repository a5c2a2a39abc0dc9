//! A whole venue as real processes: HQ, nodes, and a line between each node and HQ.
//!
//! Responsible for starting them in one folder, for enrolling nodes and staff, for stopping, killing and
//! starting again, and for the clients that speak to them. Demo, system, feature and browser suites use it.

mod hq;
mod node;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

pub use hq::HqProcess;
pub use node::NodeProcess;

use crate::line::Mode;
use crate::process;
use crate::sample;

/// How long a process may take until it is ready, on a busy machine.
pub const READY_WITHIN: Duration = Duration::from_mins(1);

/// A member of staff who may sign in, with a PIN drawn for this venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember {
    /// Short name typed at sign-in.
    pub staff: &'static str,
    /// Name shown to people.
    pub name: &'static str,
    /// Role word.
    pub role: &'static str,
    /// PIN drawn for this venue.
    pub pin: String,
}

/// What a venue is started with.
#[derive(Debug, Clone)]
pub struct VenuePlan {
    /// Folder of everything; kept by the caller.
    pub folder: PathBuf,
    /// The conference file.
    pub conference_toml: String,
    /// The attendee list as CSV.
    pub attendees_csv: String,
    /// Names of the nodes.
    pub nodes: Vec<&'static str>,
    /// First of the fixed ports (HQ, then line and node by turns), or none for free ones.
    pub first_port: Option<u16>,
    /// Variables set for every process.
    pub environment: Vec<(String, String)>,
    /// Whether to run the binaries built with planted faults.
    pub faulty: bool,
}

/// The running venue.
#[derive(Debug)]
pub struct Venue {
    /// The central store.
    pub hq: HqProcess,
    /// The nodes, in the order of the plan.
    pub nodes: Vec<NodeProcess>,
    /// Who may sign in.
    pub staff: Vec<StaffMember>,
    /// Slug of the conference.
    pub conference: String,
}

impl VenuePlan {
    /// The sample conference with two nodes on free ports.
    pub fn sample(folder: &Path, seed: u64, attendees: usize, now_ms: i64) -> Self {
        Self {
            folder: folder.to_owned(),
            conference_toml: sample::conference_toml(now_ms),
            attendees_csv: sample::csv(&sample::attendees(seed, attendees)),
            nodes: vec!["north", "south"],
            first_port: None,
            environment: Vec::new(),
            faulty: false,
        }
    }

    fn binary(&self, name: &str) -> anyhow::Result<PathBuf> {
        if self.faulty { process::faulty_binary(name) } else { process::binary(name) }
    }

    fn port(&self, offset: u16) -> u16 {
        self.first_port.map_or(0, |first| first + offset)
    }
}

impl Venue {
    /// Starts everything; a folder that was used before goes on from what is there.
    ///
    /// # Errors
    /// With the end of the log of the process that failed.
    pub async fn start(plan: &VenuePlan) -> anyhow::Result<Self> {
        Self::start_with_lines(plan, Mode::Open).await
    }

    /// The same, but nodes that have joined find their line to HQ cut.
    ///
    /// # Errors
    /// With the end of the log of the process that failed.
    pub async fn start_apart(plan: &VenuePlan) -> anyhow::Result<Self> {
        Self::start_with_lines(plan, Mode::Cut).await
    }

    async fn start_with_lines(plan: &VenuePlan, line: Mode) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&plan.folder)?;
        let hq = HqProcess::start(plan).await.context("HQ does not start")?;
        let file = sample::slug_of(&plan.conference_toml)?;
        let staff = hq.set_up(plan, &file).await.context("HQ cannot be set up")?;
        let mut nodes = Vec::new();
        for (name, n) in plan.nodes.iter().zip(0_u16..) {
            let node = NodeProcess::start(plan, &hq, &file, (name, n), line).await;
            nodes.push(node.with_context(|| format!("node {name} does not start"))?);
        }
        Ok(Self { hq, nodes, staff, conference: file })
    }

    /// A node by name.
    ///
    /// # Panics
    /// When the plan has no such node.
    pub fn node(&mut self, name: &str) -> &mut NodeProcess {
        self.nodes.iter_mut().find(|node| node.name == name).expect("the plan names this node")
    }

    /// PIN of a member of staff.
    ///
    /// # Panics
    /// When nobody has that short name.
    pub fn pin(&self, staff: &str) -> &str {
        &self.staff.iter().find(|member| member.staff == staff).expect("this member of staff exists").pin
    }

    /// Ends everything gently.
    ///
    /// # Errors
    /// When a process does not end.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        for node in &mut self.nodes {
            node.process.terminate(READY_WITHIN).await?;
        }
        self.hq.process.terminate(READY_WITHIN).await?;
        Ok(())
    }
}
