//! From an attendee's words to a badge as PNG and PDF.

use std::time::Instant;

use lanyard_badge::{BadgeText, Fonts, Layout, Renderer};

use super::figure::{Figure, FigureName};
use super::quantiles::median;
use super::{ROUNDS, conference};
use crate::sample::SampleAttendee;

/// Badges of one round: every script of the sample list several times.
const BADGES: usize = 104;

/// Resolution of badge printers.
const DPI: u32 = 300;

/// Makes the badges of one list over and over; the first time warms the caches and does not count.
pub(super) fn measure() -> anyhow::Result<Vec<Figure>> {
    let layout = Layout::embedded();
    let mut renderer = Renderer::new(Fonts::embedded());
    let badges: Vec<BadgeText> = conference::attendees(BADGES).iter().map(words).collect();
    let mut round = || badges.iter().map(|text| make(&mut renderer, &layout, text)).collect();
    let warm: anyhow::Result<Vec<f64>> = round();
    warm?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let took_ms: anyhow::Result<Vec<f64>> = round();
        rounds.push(median(&took_ms?));
    }
    Ok(vec![Figure::alone(FigureName::BadgeMs, &rounds)])
}

/// Makes one badge in both forms and tells how many milliseconds it took.
fn make(renderer: &mut Renderer, layout: &Layout, text: &BadgeText) -> anyhow::Result<f64> {
    let began = Instant::now();
    let badge = renderer.render(layout, text, DPI)?;
    let (png, pdf) = (badge.to_png()?, badge.to_pdf()?);
    let took = began.elapsed();
    anyhow::ensure!(png.starts_with(b"\x89PNG") && pdf.starts_with(b"%PDF"), "that is no badge");
    Ok(took.as_secs_f64() * 1_000.0)
}

fn words(attendee: &SampleAttendee) -> BadgeText {
    BadgeText {
        first_name: attendee.first_name.clone(),
        last_name: attendee.last_name.clone(),
        company: attendee.company.clone(),
        pronouns: String::new(),
        seat_type: "General admission".to_owned(),
        entitlements: attendee.seat_types.iter().skip(1).map(|seat_type| (*seat_type).to_owned()).collect(),
        badge_code: attendee.code.clone(),
        conference: "Northern Summit".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_is_made_in_both_forms() {
        let mut renderer = Renderer::new(Fonts::embedded());
        let text = words(&conference::attendees(1)[0]);
        assert!(make(&mut renderer, &Layout::embedded(), &text).unwrap() > 0.0);
    }
}
