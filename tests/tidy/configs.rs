//! The example configurations in docs/ are what the binaries print, and hold every default.

use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, bail, ensure};
use lanyard_tests::process::binary;
use toml::Table;

use super::tree::{assert_none, root};

fn example(name: &str) -> anyhow::Result<String> {
    let file = format!("docs/{name}.example.toml");
    fs::read_to_string(root().join(&file)).with_context(|| format!("{file} cannot be read"))
}

/// The first line in which two texts differ, counted from 1, with both.
fn first_difference<'a>(one: &'a str, other: &'a str) -> Option<(usize, &'a str, &'a str)> {
    if one == other {
        return None;
    }
    let (mut ones, mut others) = (one.split('\n'), other.split('\n'));
    let mut n = 0;
    loop {
        n += 1;
        match (ones.next(), others.next()) {
            (a, b) if a == b => {}
            (a, b) => return Some((n, a.unwrap_or("(the end)"), b.unwrap_or("(the end)"))),
        }
    }
}

fn printed_defaults(name: &str) -> anyhow::Result<String> {
    let mut command = Command::new(binary(name)?);
    command.args(["serve", "--print-config"]);
    // What the machine sets must not pass for a default.
    for (variable, _) in
        env::vars_os().filter(|(variable, _)| variable.to_string_lossy().starts_with("LANYARD_"))
    {
        command.env_remove(variable);
    }
    let output = command.output().with_context(|| format!("{name} cannot be run"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} serve --print-config ended with {}: {complaint}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

fn compare(name: &str) -> anyhow::Result<()> {
    let (example, printed) = (example(name)?, printed_defaults(name)?);
    if let Some((n, has, prints)) = first_difference(&example, &printed) {
        bail!(
            "docs/{name}.example.toml:{n} has\n  {has}\nand `{name} serve --print-config` prints\n  {prints}"
        );
    }
    Ok(())
}

/// The values of two configurations that differ or stand in one alone.
fn differing_values(example: &Table, defaults: &Table) -> Vec<String> {
    let mut differing = Vec::new();
    for (key, value) in defaults {
        match (example.get(key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(defaults)) => {
                let inner = differing_values(inner, defaults);
                differing.extend(inner.into_iter().map(|breach| format!("{key}.{breach}")));
            }
            (Some(named), value) if named == value => {}
            (Some(named), value) => {
                differing.push(format!("{key}: the example has {named}, the default is {value}"));
            }
            (None, value) => {
                differing.push(format!("{key}: the example does not name it; the default is {value}"));
            }
        }
    }
    let unknown = example.keys().filter(|key| !defaults.contains_key(*key));
    differing.extend(unknown.map(|key| format!("{key}: the example names it and there is no default")));
    differing
}

#[test]
fn the_example_configuration_of_a_node_is_what_it_prints() -> anyhow::Result<()> {
    compare("lanyard")
}

#[test]
fn the_example_configuration_of_hq_is_what_it_prints() -> anyhow::Result<()> {
    compare("lanyard-hq")
}

#[test]
fn the_example_configuration_of_a_node_names_every_default() -> anyhow::Result<()> {
    let example: Table = example("lanyard")?.parse()?;
    let defaults = Table::try_from(lanyard_edge::config::Config::default())?;
    assert_none(&differing_values(&example, &defaults), "Correct docs/lanyard.example.toml.");
    Ok(())
}

#[test]
fn a_changed_line_and_a_missing_end_are_noticed() {
    assert_eq!(first_difference("a = 1\n", "a = 1\n"), None);
    assert_eq!(first_difference("a = 1\nb = 2\n", "a = 1\nb = 3\n"), Some((2, "b = 2", "b = 3")));
    assert_eq!(first_difference("a = 1", "a = 1\n"), Some((2, "(the end)", "")));
}

#[test]
fn a_default_the_example_changes_or_forgets_is_noticed() {
    let table = |text: &str| text.parse::<Table>().unwrap();
    let defaults = table("listen = 1\n[log]\nfilter = \"info\"\nformat = \"text\"\n");
    let example = table("listen = 2\nextra = 3\n[log]\nfilter = \"info\"\n");
    assert_eq!(
        differing_values(&example, &defaults),
        [
            "listen: the example has 2, the default is 1",
            "log.format: the example does not name it; the default is \"text\"",
            "extra: the example names it and there is no default",
        ]
    );
}
