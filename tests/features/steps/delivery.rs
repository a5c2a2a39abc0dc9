//! Steps about commands that come again and batches that come often.

use anyhow::Context as _;
use cucumber::{given, then, when};

use crate::driver::{Action, By, Driver, Happening, Terms};
use crate::world::{Summit, desk};

#[given(regex = r#"^the badge of "(.+)" is printed and the state of (\w+) is noted$"#)]
async fn quiet(w: &mut Summit, name: String, node: String) -> anyhow::Result<()> {
    let look = async |venue: &mut dyn Driver| {
        let jobs = venue.jobs(&node).await?;
        Ok(jobs.iter().filter(|job| job.name == name && job.state == "done").count())
    };
    w.check_sight("badges printed", look, &1).await?;
    let state = w.venue().await?.state(&node).await?;
    w.before.insert(node, state);
    Ok(())
}

#[when("the same command is sent again")]
async fn again(w: &mut Summit) -> anyhow::Result<()> {
    let last = w.last.clone().context("a command was sent")?;
    w.repeat(last).await
}

#[when("the command before that is sent again")]
async fn one_before_again(w: &mut Summit) -> anyhow::Result<()> {
    let before = w.before_last.clone().context("two commands were sent")?;
    w.repeat(before).await
}

#[when(regex = r"^(\w+) is restarted$")]
async fn restarted(w: &mut Summit, node: String) -> anyhow::Result<()> {
    w.venue().await?.happen(&node, &Happening::Restarted).await
}

#[then(regex = r#"^the answer is the first one again(?: and "(.+)" is admitted)?$"#)]
fn first_again(w: &mut Summit, name: String) -> anyhow::Result<()> {
    let replayed = w.answer.replayed;
    w.check("whether it is the stored outcome", &replayed, &true)?;
    if name.is_empty() {
        return Ok(());
    }
    let seen = (w.answer.code.clone(), w.answer.attendee.clone());
    w.check("the verdict", &seen, &("ok".to_owned(), Some(name)))
}

#[given(regex = r#"^a supervisor looks at "(.+)" at (\w+)$"#)]
async fn looks_at(w: &mut Summit, name: String, node: String) -> anyhow::Result<()> {
    let known = w.venue().await?.attendee(&node, &name).await?;
    w.version = known.context("somebody known")?.version;
    Ok(())
}

#[when(regex = r#"^the supervisor reprints the badge of "(.+)" on the version they looked at$"#)]
async fn on_version(w: &mut Summit, name: String) -> anyhow::Result<()> {
    let by = By::supervisor(&desk(&w.plan.nodes[0]));
    let terms = Terms { key: None, if_match: Some(w.version) };
    w.ask_on(by, Action::Reprint { name }, terms).await
}

#[then(regex = r#"^the refusal tells of "(.+)"$"#)]
fn tells_of(w: &mut Summit, what: String) -> anyhow::Result<()> {
    let told = w.answer.data["events_between"].to_string();
    w.check("whether it is told", &told.contains(&what), &true)
}

#[when(regex = r"^every batch is delivered (\d+) times in any order$")]
async fn delivered(w: &mut Summit, times: u32) -> anyhow::Result<()> {
    w.venue().await?.redeliver(times).await
}
