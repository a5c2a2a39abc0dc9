//! The layout badges are made by: the one dropped last, else the one configured, else the one that is built in.
//!
//! Responsible for reading it when the node starts, and for keeping a dropped one over restarts.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use lanyard_badge::{Fonts, Layout};

use crate::config::Config;
use crate::print::badge_maker::BadgeMaker;

/// The layout that was dropped last, in the data folder.
pub(crate) const DROPPED_FILE: &str = "layout.svg";

/// Starts making badges by the layout that counts.
///
/// # Errors
/// When the layout or a font cannot be used.
pub(crate) fn badge_maker(config: &Config) -> anyhow::Result<BadgeMaker> {
    let mut fonts = Fonts::embedded();
    if let Some(folder) = Config::path(&config.badges.fonts) {
        fonts = fonts.with_folder(folder)?;
    }
    let dropped = config.data.join(DROPPED_FILE);
    let path = Some(dropped.as_path()).filter(|path| path.exists()).or(Config::path(&config.badges.layout));
    let Some(path) = path else { return Ok(BadgeMaker::start(fonts, Layout::embedded())?) };
    tracing::info!(file.path = %path.display(), "badges are made by this layout");
    let svg =
        fs::read_to_string(path).with_context(|| format!("the layout {} cannot be read", path.display()))?;
    let unusable = || format!("the layout {} cannot be used", path.display());
    BadgeMaker::start(fonts, Layout::parse(&svg).with_context(unusable)?).with_context(unusable)
}

/// Keeps a dropped layout for the next start, whole or not at all.
///
/// # Errors
/// When the data folder cannot be written.
pub(crate) fn keep(data: &Path, svg: &str) -> io::Result<()> {
    let draft = data.join(".layout.svg.new");
    let mut file = File::create(&draft)?;
    file.write_all(svg.as_bytes())?;
    file.sync_all()?;
    fs::rename(draft, data.join(DROPPED_FILE))?;
    File::open(data)?.sync_all()
}

#[cfg(test)]
mod tests {
    use lanyard_badge::BadgeText;

    use super::*;

    /// A layout that is `side_mm` wide, which tells it from others, with its words in a family.
    fn svg(side_mm: u32, family: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{side_mm}mm\" height=\"60mm\" \
             viewBox=\"0 0 {side_mm} 60\"><rect data-text=\"{{{{ first_name }}}}\" data-font=\"{family}\" x=\"1\" \
             y=\"1\" width=\"9\" height=\"9\"/></svg>"
        )
    }

    fn configured(folder: &Path, svg: &str) -> Config {
        let mut config = Config { data: folder.to_owned(), ..Config::default() };
        config.badges.layout = folder.join("house.svg");
        fs::write(&config.badges.layout, svg).unwrap();
        config
    }

    #[tokio::test]
    async fn a_dropped_layout_outlives_a_restart_beside_a_configured_one() {
        let folder = tempfile::tempdir().unwrap();
        let config = configured(folder.path(), &svg(80, "Noto Sans"));
        let width_mm =
            async |maker: BadgeMaker| maker.make(BadgeText::default(), 203).await.unwrap().size_mm().0;
        assert!((width_mm(badge_maker(&config).unwrap()).await - 80.0).abs() < 0.1);
        keep(folder.path(), &svg(90, "Noto Sans")).unwrap();
        assert!((width_mm(badge_maker(&config).unwrap()).await - 90.0).abs() < 0.1);
    }

    #[tokio::test]
    async fn a_font_that_is_not_loaded_is_noticed_before_the_first_badge() {
        let folder = tempfile::tempdir().unwrap();
        let config = configured(folder.path(), &svg(80, "Acme"));
        let error = format!("{:#}", badge_maker(&config).unwrap_err());
        assert!(error.contains("house.svg cannot be used") && error.contains("\"Acme\""), "{error}");
        let maker = badge_maker(&Config { data: folder.path().to_owned(), ..Config::default() }).unwrap();
        let error = maker.try_layout(Layout::parse(&svg(90, "Acme")).unwrap()).await.unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("\"Acme\""), "{error}");
        maker.try_layout(Layout::parse(&svg(90, "Noto Sans")).unwrap()).await.unwrap();
    }
}
