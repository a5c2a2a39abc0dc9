//! `lanyard-hq erase`: names attendees, as many at a time as one request takes.

use std::io::BufRead as _;

use anyhow::{Context as _, ensure};
use lanyard_node::erasure::PEOPLE_MAX;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;

/// Most lines of the standard input.
const LINES_MAX: usize = 1_000_000;

pub(super) async fn ask(client: &Client, conference: &str, attendees: Vec<String>) -> anyhow::Result<Value> {
    let attendees = if attendees.is_empty() { read_lines()? } else { attendees };
    ensure!(!attendees.is_empty(), "name somebody by a code or an attendee id");
    let path = format!("/conferences/{conference}/erasures");
    let mut all = Vec::new();
    for some in attendees.chunks(PEOPLE_MAX) {
        let mut answer = client.send(Method::POST, &path, &json!({ "attendees": some })).await?;
        if let Value::Array(rows) = answer["attendees"].take() {
            all.extend(rows);
        }
    }
    Ok(Value::Array(all))
}

fn read_lines() -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for line in std::io::stdin().lock().lines().take(LINES_MAX) {
        let line = line.context("the standard input cannot be read")?;
        if !line.trim().is_empty() {
            lines.push(line.trim().to_owned());
        }
    }
    Ok(lines)
}
