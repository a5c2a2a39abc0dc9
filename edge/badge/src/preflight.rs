//! Looks over a whole attendee list before doors open.

use crate::badge_text::BadgeText;
use crate::layout::Layout;
use crate::render_error::RenderError;
use crate::renderer::{Renderer, Warning};

/// A badge someone should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<K> {
    /// Whose badge, as the caller named it.
    pub whose: K,
    /// What is not right.
    pub warnings: Vec<Warning>,
}

/// Fits every badge and lists those with text cut or characters no font has.
pub fn preflight<K>(
    renderer: &mut Renderer,
    layout: &Layout,
    badges: impl IntoIterator<Item = (K, BadgeText)>,
) -> Result<Vec<Finding<K>>, RenderError> {
    let mut findings = Vec::new();
    for (whose, text) in badges {
        let warnings = renderer.check(layout, &text)?;
        if !warnings.is_empty() {
            findings.push(Finding { whose, warnings });
        }
    }
    Ok(findings)
}
