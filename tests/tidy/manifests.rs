//! Which crate may depend on what.
//!
//! Responsible for the direction of dependencies between our crates, for keeping the pure crates free of clocks,
//! sockets, threads of others and chance, and for versions and lints that come from the workspace.

use std::fs;

use toml::{Table, Value};

use super::tree::{Source, assert_none, root, sources};

/// What one crate may use.
struct Permit {
    manifest: &'static str,
    /// Crates of ours.
    ours: &'static [&'static str],
    /// Crates of others it must do without.
    without: &'static [&'static str],
}

/// What a pure crate must do without: everything that waits, listens, stores, tells the time or draws lots.
const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "chrono",
    "futures",
    "futures-util",
    "getrandom",
    "jiff",
    "notify",
    "rand",
    "reqwest",
    "rusqlite",
    "sqlx",
    "time",
    "tokio",
    "tokio-stream",
    "tower",
    "tower-http",
    "tracing",
    "uuid",
];

const PERMITS: [Permit; 8] = [
    Permit { manifest: "sync/Cargo.toml", ours: &[], without: IMPURE },
    Permit { manifest: "domain/Cargo.toml", ours: &["lanyard-sync"], without: IMPURE },
    Permit { manifest: "edge/badge/Cargo.toml", ours: &[], without: IMPURE },
    Permit { manifest: "edge/node/Cargo.toml", ours: &["lanyard-domain", "lanyard-sync"], without: &[] },
    Permit {
        manifest: "edge/Cargo.toml",
        ours: &["lanyard-badge", "lanyard-domain", "lanyard-node", "lanyard-sync"],
        without: &[],
    },
    Permit {
        manifest: "hq/Cargo.toml",
        ours: &["lanyard-domain", "lanyard-node", "lanyard-sync"],
        without: &["ipp", "notify", "rust-embed"],
    },
    Permit {
        manifest: "tests/Cargo.toml",
        ours: &[
            "lanyard-badge",
            "lanyard-domain",
            "lanyard-edge",
            "lanyard-hq",
            "lanyard-node",
            "lanyard-sync",
            "lanyard-test-vfs",
        ],
        without: &[],
    },
    Permit { manifest: UNSAFE, ours: &[], without: &[] },
];

/// The one crate that may be unsafe, for tests alone; its lints are those of the workspace otherwise.
const UNSAFE: &str = "tests/vfs/Cargo.toml";

fn breaches(manifest: &Source) -> Vec<String> {
    let Some(permit) = PERMITS.iter().find(|permit| permit.manifest == manifest.path) else {
        return vec![format!("{}: nothing says what this crate may depend on", manifest.path)];
    };
    let table: Table = manifest.text.parse().unwrap_or_else(|error| panic!("{}: {error}", manifest.path));
    let mut breaches = Vec::new();
    for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
        for (name, wanted) in table.get(section).and_then(Value::as_table).into_iter().flatten() {
            let ours = name.starts_with("lanyard-");
            if ours && !permit.ours.contains(&name.as_str()) {
                breaches.push(format!("{}: {section} may not name {name}", manifest.path));
            }
            // A test may draw lots; what is shipped may not.
            if section != "dev-dependencies" && permit.without.contains(&name.as_str()) {
                breaches.push(format!("{}: {section} may not name {name}", manifest.path));
            }
            if wanted.get("workspace").and_then(Value::as_bool) != Some(true) {
                breaches.push(format!(
                    "{}: {name} takes its version from elsewhere than the workspace",
                    manifest.path
                ));
            }
        }
    }
    let lints = table.get("lints").and_then(Value::as_table);
    let inherits = |lints: &Table| lints.get("workspace").and_then(Value::as_bool) == Some(true);
    let is_linted =
        lints.is_some_and(|lints| inherits(lints) || manifest.path == UNSAFE && lacks_no_lint(lints));
    if !is_linted {
        breaches.push(format!("{}: the workspace's lints do not apply", manifest.path));
    }
    breaches
}

/// Whether these are the workspace's lints, but for the one on unsafe code.
fn lacks_no_lint(lints: &Table) -> bool {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    let workspace: Table = text.parse().expect("the workspace's manifest is TOML");
    let wanted = workspace["workspace"]["lints"].as_table().expect("the workspace has lints");
    wanted.iter().all(|(tool, wanted)| {
        let own = lints.get(tool).and_then(Value::as_table);
        let is_there = |(lint, level): (&String, &Value)| {
            lint == "unsafe_code" || own.and_then(|own| own.get(lint)) == Some(level)
        };
        wanted.as_table().is_some_and(|wanted| wanted.iter().all(is_there))
    })
}

fn manifests() -> Vec<Source> {
    sources(&["toml"]).into_iter().filter(|source| source.path.ends_with("/Cargo.toml")).collect()
}

#[test]
fn crates_depend_only_on_what_they_may() {
    let breaches: Vec<String> = manifests().iter().flat_map(breaches).collect();
    assert_none(
        &breaches,
        "Dependencies point one way: tests → edge, hq → node → domain → sync; sync and domain are pure.",
    );
}

#[test]
fn every_permit_is_that_of_a_crate() {
    let manifests = manifests();
    for permit in &PERMITS {
        assert!(
            manifests.iter().any(|manifest| manifest.path == permit.manifest),
            "there is no {}",
            permit.manifest
        );
    }
}

#[test]
fn a_dependency_in_the_wrong_direction_is_noticed() {
    let planted = Source::planted(
        "domain/Cargo.toml",
        "[lints]\nworkspace = true\n[dependencies]\nlanyard-node.workspace = true\ntokio.workspace = true\nserde = \"1\"\n\
         [dev-dependencies]\nrand.workspace = true\n",
    );
    assert_eq!(
        breaches(&planted),
        [
            "domain/Cargo.toml: dependencies may not name lanyard-node",
            "domain/Cargo.toml: serde takes its version from elsewhere than the workspace",
            "domain/Cargo.toml: dependencies may not name tokio",
        ]
    );
    let stranger = Source::planted("hq/extra/Cargo.toml", "[lints]\nworkspace = true\n");
    assert_eq!(breaches(&stranger), ["hq/extra/Cargo.toml: nothing says what this crate may depend on"]);
    let unlinted = Source::planted("sync/Cargo.toml", "[dependencies]\n");
    assert_eq!(breaches(&unlinted), ["sync/Cargo.toml: the workspace's lints do not apply"]);
    let loose = Source::planted(UNSAFE, "[lints.rust]\nunsafe_code = \"allow\"\n");
    assert_eq!(breaches(&loose), ["tests/vfs/Cargo.toml: the workspace's lints do not apply"]);
}
