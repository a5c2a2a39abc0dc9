//! Steps about badges and the printers they come from.

use anyhow::Context as _;
use cucumber::{given, then, when};

use crate::driver::{Action, By, Driver, Happening};
use crate::world::{Summit, desk};

fn node_of(printer: &str) -> String {
    By::supervisor(printer).node().to_owned()
}

/// Code of the good badge somebody has.
async fn good_badge(w: &mut Summit, node: &str, name: &str) -> anyhow::Result<String> {
    let known = w.venue().await?.attendee(node, name).await?.context("somebody known")?;
    let good = known.badges.into_iter().find(|badge| badge.active);
    Ok(good.context("they have no good badge")?.code)
}

#[given(regex = r#"^(\w+) has printed a badge for "(.+)", called "(.+)"$"#)]
async fn has_printed(w: &mut Summit, node: String, name: String, called: String) -> anyhow::Result<()> {
    w.ask(By::supervisor(&desk(&node)), Action::IssueBadge { name: name.clone() }).await?;
    w.accepted()?;
    let code = good_badge(w, &node, &name).await?;
    w.codes.insert(called, code);
    Ok(())
}

#[when(regex = r#"^(\w+) reprints the badge of "(.+)"$"#)]
async fn reprints(w: &mut Summit, node: String, name: String) -> anyhow::Result<()> {
    w.ask(By::supervisor(&desk(&node)), Action::Reprint { name }).await?;
    w.accepted()
}

#[given(regex = r"^the printer (\S+) has no paper$")]
async fn no_paper(w: &mut Summit, printer: String) -> anyhow::Result<()> {
    let node = node_of(&printer);
    w.venue().await?.happen(&node, &Happening::PaperOut { printer }).await
}

#[given(regex = r"^the power will fail while (\S+) prints its next badge$")]
async fn power_will_fail(w: &mut Summit, printer: String) -> anyhow::Result<()> {
    let node = node_of(&printer);
    w.venue().await?.happen(&node, &Happening::PowerFailsAtNextBadge { printer }).await
}

/// The last print job of somebody.
async fn job_of(w: &mut Summit, name: &str) -> anyhow::Result<(String, String)> {
    let node = w.plan.nodes[0].clone();
    let jobs = w.venue().await?.jobs(&node).await?;
    let job = jobs.into_iter().rfind(|job| job.name == name);
    Ok((node, job.context("they have no print job")?.id))
}

#[when(regex = r#"^staff send the print job of "(.+)" to the printer (\S+)$"#)]
async fn send_elsewhere(w: &mut Summit, name: String, printer: String) -> anyhow::Result<()> {
    let (node, job) = job_of(w, &name).await?;
    w.venue().await?.decide_job(&node, &job, "print", Some(&printer)).await
}

#[when(regex = r#"^staff say that the badge of "(.+)" was printed$"#)]
async fn was_printed(w: &mut Summit, name: String) -> anyhow::Result<()> {
    let (node, job) = job_of(w, &name).await?;
    w.venue().await?.decide_job(&node, &job, "printed", None).await
}

#[then(regex = r#"^the print job of "(.+)" at (\w+) waits for paper$"#)]
async fn waits_for_paper(w: &mut Summit, name: String, node: String) -> anyhow::Result<()> {
    let look = async |venue: &mut dyn Driver| {
        let jobs = venue.jobs(&node).await?;
        let of_name = jobs.iter().filter(|job| job.name == name);
        Ok(of_name.map(|job| job.state != "done" && job.reason.is_some()).collect::<Vec<_>>())
    };
    w.check_sight("one job, not done, with a reason for staff", look, &vec![true]).await
}

#[then(regex = r#"^staff at (\w+) are asked "(.+)" about the badge of "(.+)"$"#)]
async fn asked(w: &mut Summit, node: String, question: String, name: String) -> anyhow::Result<()> {
    let look = async |venue: &mut dyn Driver| {
        let jobs = venue.jobs(&node).await?.into_iter();
        Ok(jobs.filter(|job| job.name == name).map(|job| job.question).collect::<Vec<_>>())
    };
    w.check_sight("what staff are asked", look, &vec![Some(question)]).await
}

#[given(regex = r#"^(\d+) badges? (?:was|were) printed for "(.+)" at (\w+)$"#)]
#[then(regex = r#"^(\d+) badges? (?:was|were) printed for "(.+)" at (\w+)$"#)]
async fn printed(w: &mut Summit, count: usize, name: String, node: String) -> anyhow::Result<()> {
    let look = async |venue: &mut dyn Driver| {
        let jobs = venue.jobs(&node).await?;
        Ok(jobs.iter().filter(|job| job.name == name && job.state == "done").count())
    };
    w.check_sight("badges printed", look, &count).await
}

#[then(regex = r#"^the good badge of "(.+)" names "(.+)" and "(.+)"$"#)]
async fn names(w: &mut Summit, name: String, first: String, second: String) -> anyhow::Result<()> {
    let node = w.plan.nodes[0].clone();
    let look = async |venue: &mut dyn Driver| {
        let known = venue.attendee(&node, &name).await?.unwrap_or_default();
        let good = known.badges.into_iter().filter(|badge| badge.active);
        Ok(good.map(|badge| badge.entitlements).collect::<Vec<_>>())
    };
    w.check_sight("what good badges name", look, &vec![vec![first, second]]).await
}

#[then(regex = r#"^"(.+)" has 1 good badge(?:, which is not "(.+)")?$"#)]
async fn one_good_badge(w: &mut Summit, name: String, called: String) -> anyhow::Result<()> {
    let (node, old) = (w.plan.nodes[0].clone(), w.codes.get(&called).cloned());
    let look = async |venue: &mut dyn Driver| {
        let known = venue.attendee(&node, &name).await?.unwrap_or_default();
        let good: Vec<_> = known.badges.into_iter().filter(|badge| badge.active).collect();
        Ok((good.len(), good.iter().any(|badge| Some(&badge.code) == old.as_ref())))
    };
    w.check_sight("good badges, and whether the old one is among them", look, &(1, false)).await
}

#[given(regex = r"^the print jobs and the state of (\w+) are noted$")]
async fn noted(w: &mut Summit, node: String) -> anyhow::Result<()> {
    let venue = w.venue().await?;
    let (jobs, state) = (venue.jobs(&node).await?.len(), venue.state(&node).await?);
    w.jobs_before = jobs;
    w.before.insert(node, state);
    Ok(())
}

#[when(regex = r"^the read models of (\w+) are made anew$")]
async fn rebuilt(w: &mut Summit, node: String) -> anyhow::Result<()> {
    w.venue().await?.happen(&node, &Happening::Rebuilt).await
}

#[then(regex = r"^there are no new print jobs at (\w+)$")]
async fn no_new_jobs(w: &mut Summit, node: String) -> anyhow::Result<()> {
    let (jobs, before) = (w.venue().await?.jobs(&node).await?.len(), w.jobs_before);
    w.check("print jobs", &jobs, &before)
}

#[then(regex = r"^the state of (\w+) is as noted$")]
async fn as_noted(w: &mut Summit, node: String) -> anyhow::Result<()> {
    let state = w.venue().await?.state(&node).await?;
    let before = w.before[&node].clone();
    w.check("the state of the node", &state, &before)
}
