//! Staff at desks: who is signed in where, and signing in again when a session is over.

use std::collections::BTreeMap;

use anyhow::Context as _;
use lanyard_tests::desk::{Answer, Ask, Desk};
use reqwest::Method;
use serde_json::{Value, json};

use crate::driver::By;

/// Desks by desk and role.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    desks: BTreeMap<(String, &'static str), Desk>,
}

/// The member of staff with a role.
pub(crate) fn staff_with(role: &str) -> anyhow::Result<&'static str> {
    Ok(match role {
        "volunteer" => "vera",
        "cashier" => "carl",
        "supervisor" => "susi",
        _ => anyhow::bail!("specifications know no role {role}"),
    })
}

/// The role of a member of staff by short name or name.
pub(crate) fn role_of(staff: &str) -> String {
    let known = ["volunteer", "cashier", "supervisor"].into_iter();
    let mut with_names = known.filter_map(|role| Some((role, staff_with(role).ok()?)));
    let found = with_names.find(|(_, name)| staff.to_lowercase().contains(name));
    found.map_or(staff, |(role, _)| role).to_owned()
}

impl Sessions {
    /// Forgets everybody, as a restarted node does.
    pub(crate) fn clear(&mut self) {
        self.desks.clear();
    }

    /// Somebody signed in at a desk whose printer is the one beside it.
    pub(crate) async fn desk(&mut self, node: &Desk, by: &By, pin: &str) -> anyhow::Result<Desk> {
        let key = (by.desk.clone(), by.role);
        if let Some(desk) = self.desks.get(&key) {
            let me = desk.get("/me").await?;
            if me.status == 200 {
                return Ok(desk.clone());
            }
        }
        let desk = node.sign_in(staff_with(by.role)?, pin, &by.desk).await?;
        let printer = json!({ "printer": by.desk }).to_string().into_bytes();
        let chosen = Ask::raw(Method::PUT, "/api/v1/desks/current/printer", "application/json", printer);
        desk.send(chosen).await?.expect(200).context("the printer beside the desk cannot be chosen")?;
        self.desks.insert(key, desk.clone());
        Ok(desk)
    }
}

/// Reads from a node; anything but 200 is an error.
pub(crate) async fn read(desk: &Desk, path: &str) -> anyhow::Result<Value> {
    desk.get(path).await?.expect(200).with_context(|| format!("{path} cannot be read"))
}

/// The body of a yes.
pub(crate) fn yes(answer: Answer) -> anyhow::Result<Value> {
    answer.expect(201)
}
