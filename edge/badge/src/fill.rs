//! Fills the templates of a layout's boxes.
//!
//! Responsible for: compiling each template once, refusing unknown placeholders when the layout is read, and turning
//! whatever an attendee list holds into one clean line of text.

use minijinja::{Environment, UndefinedBehavior, Value};

use crate::badge_text::{BadgeText, PLACEHOLDERS};
use crate::layout_error::LayoutError;

/// Longest text a box sets; no box of a badge can show more legibly.
pub(crate) const TEXT_LIMIT_CHARS: usize = 400;

/// Steps a template may take; one that joins a hundred entitlements takes a few hundred.
const TEMPLATE_LIMIT_STEPS: u64 = 20_000;

/// The compiled templates of one layout.
#[derive(Debug)]
pub(crate) struct Templates {
    environment: Environment<'static>,
    sample: Value,
}

/// Names one template of [`Templates`].
#[derive(Clone, Debug)]
pub(crate) struct TemplateName(String);

/// A box's text, ready to be set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) text: String,
    /// Whether it was longer than [`TEXT_LIMIT_CHARS`].
    pub(crate) cut: bool,
}

impl Templates {
    pub(crate) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(TEMPLATE_LIMIT_STEPS));
        Self { environment, sample: BadgeText::sample().placeholders() }
    }

    /// Compiles a template and tries it on sample words.
    pub(crate) fn add(&mut self, source: &str, line: u32) -> Result<TemplateName, LayoutError> {
        let name = self.environment.templates().count().to_string();
        let wrong = |error| LayoutError::Template { line, template: source.to_owned(), source: error };
        self.environment.add_template_owned(name.clone(), source.to_owned()).map_err(wrong)?;
        let template = self.environment.get_template(&name).map_err(wrong)?;
        let mut asked: Vec<String> = template.undeclared_variables(false).into_iter().collect();
        asked.sort();
        let globals = |name: &String| self.environment.globals().any(|(global, _)| global == name);
        let unknown = asked.into_iter().find(|name| !PLACEHOLDERS.contains(&name.as_str()) && !globals(name));
        if let Some(placeholder) = unknown {
            return Err(LayoutError::UnknownPlaceholder { line, placeholder });
        }
        template.render(&self.sample).map_err(wrong)?;
        Ok(TemplateName(name))
    }

    /// Fills a template, with runs of white space and control characters as single spaces.
    pub(crate) fn fill(&self, name: &TemplateName, words: &Value) -> Result<Filled, minijinja::Error> {
        let raw = self.environment.get_template(&name.0)?.render(words)?;
        Ok(clean(&raw))
    }
}

fn clean(raw: &str) -> Filled {
    let mut text = String::with_capacity(raw.len());
    let mut chars = 0;
    for word in raw.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !text.is_empty() {
            text.push(' ');
            chars += 1;
        }
        for c in word.chars() {
            if chars >= TEXT_LIMIT_CHARS {
                return Filled { text, cut: true };
            }
            text.push(c);
            chars += 1;
        }
    }
    Filled { text, cut: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_placeholder_is_named() {
        let error = Templates::new().add("{{ first_name }} {{ shoe_size }}", 7).expect_err("nobody knows it");
        assert!(matches!(
            error,
            LayoutError::UnknownPlaceholder { line: 7, ref placeholder } if placeholder == "shoe_size"
        ));
        assert!(
            error.to_string().contains("line 7") && error.to_string().contains("entitlements"),
            "{error}"
        );
    }

    #[test]
    fn a_broken_template_is_refused_with_its_line() {
        let error = Templates::new().add("{{ first_name", 3).expect_err("it is not closed");
        assert!(matches!(error, LayoutError::Template { line: 3, .. }), "{error}");
    }

    #[test]
    fn a_template_that_runs_on_is_stopped() {
        let template = "{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}";
        let error = Templates::new().add(template, 5).expect_err("it takes too many steps");
        assert!(matches!(error, LayoutError::Template { line: 5, .. }), "{error}");
    }

    #[test]
    fn entitlements_are_joined_by_the_layout() {
        let mut templates = Templates::new();
        let name = templates.add("{{ entitlements | join(' · ') }}", 1).expect("it is valid");
        let words =
            BadgeText { entitlements: vec!["Dinner".into(), "Workshop".into()], ..BadgeText::default() };
        let filled = templates.fill(&name, &words.placeholders()).expect("it fills");
        assert_eq!(filled, Filled { text: "Dinner · Workshop".into(), cut: false });
    }

    #[test]
    fn white_space_and_control_characters_become_single_spaces() {
        assert_eq!(clean(" Ada\u{0}\n\t  Lovelace "), Filled { text: "Ada Lovelace".into(), cut: false });
    }

    #[test]
    fn endless_text_is_cut_at_the_limit() {
        let filled = clean(&"x".repeat(TEXT_LIMIT_CHARS + 1));
        assert_eq!((filled.text.len(), filled.cut), (TEXT_LIMIT_CHARS, true));
    }
}
