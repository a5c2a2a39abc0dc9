//! Printers and print jobs as a list: what a node keeps beside its log.

use std::collections::BTreeMap;

use anyhow::Context as _;
use lanyard_domain::{AttendeeId, BadgeCode};

use crate::driver::JobSeen;

/// A badge that is to be printed.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// As a desk sees it.
    pub(crate) seen: JobSeen,
    /// For whom.
    pub(crate) attendee: AttendeeId,
    /// Which badge.
    pub(crate) badge_code: BadgeCode,
}

/// The printers of a node and what waits for them.
#[derive(Debug)]
pub(crate) struct PrintRoom {
    paper: BTreeMap<String, bool>,
    jobs: Vec<Job>,
    doomed: Option<String>,
}

impl PrintRoom {
    /// One printer a lane.
    pub(crate) fn new(node: &str) -> Self {
        let paper = [1, 2].map(|lane| (format!("{node}-{lane}"), true)).into();
        Self { paper, jobs: Vec::new(), doomed: None }
    }

    /// Queues a badge at the printer beside the desk.
    pub(crate) fn queue(&mut self, desk: &str, name: &str, attendee: AttendeeId, badge_code: BadgeCode) {
        let seen = JobSeen {
            id: (self.jobs.len() + 1).to_string(),
            name: name.to_owned(),
            printer: desk.to_owned(),
            state: "queued".to_owned(),
            question: None,
            reason: None,
        };
        self.jobs.push(Job { seen, attendee, badge_code });
    }

    /// Takes a printer's paper away.
    pub(crate) fn take_paper(&mut self, printer: &str) {
        self.paper.insert(printer.to_owned(), false);
    }

    /// Prints what can be printed and returns it.
    pub(crate) fn work(&mut self) -> Vec<(AttendeeId, BadgeCode)> {
        let mut printed = Vec::new();
        for job in self.jobs.iter_mut().filter(|job| job.seen.question.is_none()) {
            if !matches!(job.seen.state.as_str(), "queued" | "waiting") {
                continue;
            }
            if self.doomed.as_ref() == Some(&job.seen.printer) {
                // Nobody knows whether it came out.
                "waiting".clone_into(&mut job.seen.state);
                job.seen.question = Some("did_it_print".to_owned());
                self.doomed = None;
                continue;
            }
            if self.paper.get(&job.seen.printer).copied().unwrap_or(false) {
                "done".clone_into(&mut job.seen.state);
                job.seen.reason = None;
                printed.push((job.attendee, job.badge_code.clone()));
            } else {
                "waiting".clone_into(&mut job.seen.state);
                job.seen.reason = Some("out of paper".to_owned());
            }
        }
        printed
    }

    /// The power will fail while this printer has its next badge inside.
    pub(crate) fn doom(&mut self, printer: &str) {
        self.doomed = Some(printer.to_owned());
    }

    /// Takes staff's answer about a job.
    pub(crate) fn decide(&mut self, id: &str, decision: &str, printer: Option<&str>) -> anyhow::Result<()> {
        let job = self.jobs.iter_mut().find(|job| job.seen.id == id).context("there is no such print job")?;
        job.seen.question = None;
        let state = match decision {
            "printed" => "done",
            "discard" => "discarded",
            _ => "queued",
        };
        state.clone_into(&mut job.seen.state);
        if let Some(printer) = printer {
            printer.clone_into(&mut job.seen.printer);
        }
        Ok(())
    }

    /// The jobs, oldest first.
    pub(crate) fn jobs(&self) -> Vec<JobSeen> {
        self.jobs.iter().map(|job| job.seen.clone()).collect()
    }
}
