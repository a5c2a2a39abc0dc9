//! The example configurations in docs/ are what the binaries print as their defaults.

use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, bail, ensure};
use lanyard_tests::process::binary;

use super::stored::freezes;
use super::tree::root;

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
    let file = format!("docs/{name}.example.toml");
    let printed = printed_defaults(name)?;
    if freezes() {
        return fs::write(root().join(&file), printed).context(file);
    }
    let advice = "`LANYARD_FREEZE=1 scripts/test tidy` writes it";
    let example =
        fs::read_to_string(root().join(&file)).with_context(|| format!("{file} is absent: {advice}"))?;
    if let Some((n, has, prints)) = first_difference(&example, &printed) {
        bail!(
            "{file}:{n} differs from the default\n  the file has  {has}\n  {name} prints {prints}\n{advice} again"
        );
    }
    Ok(())
}

#[test]
fn the_example_configuration_of_a_node_equals_its_defaults() -> anyhow::Result<()> {
    compare("lanyard")
}

#[test]
fn the_example_configuration_of_hq_equals_its_defaults() -> anyhow::Result<()> {
    compare("lanyard-hq")
}

#[test]
fn a_changed_line_and_a_missing_end_are_noticed() {
    assert_eq!(first_difference("a = 1\n", "a = 1\n"), None);
    assert_eq!(first_difference("a = 1\nb = 2\n", "a = 1\nb = 3\n"), Some((2, "b = 2", "b = 3")));
    assert_eq!(first_difference("a = 1", "a = 1\n"), Some((2, "(the end)", "")));
}
