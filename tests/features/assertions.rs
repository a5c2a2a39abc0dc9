//! What a scenario claims, and whether each step that claims something asserts it.

use cucumber::gherkin::{Scenario, StepType};

/// The files with steps.
const STEPS: [(&str, &str); 7] = [
    ("badges", include_str!("steps/badges.rs")),
    ("crowd", include_str!("steps/crowd.rs")),
    ("delivery", include_str!("steps/delivery.rs")),
    ("door", include_str!("steps/door.rs")),
    ("lookups", include_str!("steps/lookups.rs")),
    ("orders", include_str!("steps/orders.rs")),
    ("setting", include_str!("steps/setting.rs")),
];

/// How many steps of a scenario claim something.
pub(crate) fn claims(scenario: &Scenario) -> usize {
    scenario.steps.iter().filter(|step| step.ty == StepType::Then).count()
}

/// Functions behind a `Then` that assert nothing, as file and line.
pub(crate) fn steps_without() -> Vec<String> {
    STEPS.iter().flat_map(|(file, text)| without(file, text)).collect()
}

fn without(file: &str, text: &str) -> Vec<String> {
    let claims = text.match_indices("#[then(");
    let idle = claims.filter(|(at, _)| {
        let body = &text[*at..];
        let end = body.find("\n}\n").unwrap_or(body.len());
        !body[..end].contains(".check(") && !body[..end].contains(".check_sight(")
    });
    idle.map(|(at, _)| format!("steps/{file}.rs:{}", text[..at].lines().count() + 1)).collect()
}
