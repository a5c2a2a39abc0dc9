//! What the first page loads, compressed.
//!
//! Responsible for finding it as a browser does: the entry page, what it names, what those scripts import at
//! once, and what style sheets name. What a script imports later, when somebody asks for it, does not count.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, ensure};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use reqwest::{Client, Url};

use super::figure::{Figure, FigureName};
use super::prepared::{Contents, Prepared};
use super::site::Site;

/// Loaded when a camera is first used.
const SCANNER: &str = ".wasm";

/// More files than any page of ours loads.
const FILES_MAX: usize = 200;

/// Loads the page as a browser does and adds up the compressed bodies.
pub(super) async fn measure(bench: &Path) -> anyhow::Result<Vec<Figure>> {
    let prepared = Prepared::find_or_make(bench, Contents { attendees: 10_000, revisions: 1 }).await?;
    let site = Site::open(bench, &prepared).await?;
    let bytes = load(&Url::parse(&format!("{}/", site.node().url))?).await?;
    site.close().await?;
    let kilobytes = f64::from(u32::try_from(bytes)?) / 1_000.0;
    Ok(vec![Figure::alone(FigureName::PageGzipKb, &[kilobytes])])
}

async fn load(page: &Url) -> anyhow::Result<usize> {
    let http = Client::builder().no_proxy().build()?;
    let (mut waiting, mut seen, mut bytes) = (vec![page.clone()], BTreeSet::new(), 0);
    while let Some(url) = waiting.pop() {
        if url.path().ends_with(SCANNER) || !seen.insert(url.clone()) {
            continue;
        }
        ensure!(seen.len() <= FILES_MAX, "the page loads more than {FILES_MAX} files");
        let compressed =
            http.get(url.clone()).header(ACCEPT_ENCODING, "gzip").send().await?.error_for_status()?;
        ensure_compressed_if_text(&compressed, &url)?;
        bytes += compressed.bytes().await?.len();
        let plain = http.get(url.clone()).header(ACCEPT_ENCODING, "identity").send().await?.bytes().await?;
        if let Ok(text) = std::str::from_utf8(&plain) {
            for name in names_in(url.path(), text) {
                waiting.push(url.join(name).with_context(|| format!("{url} names {name}"))?);
            }
        }
    }
    Ok(bytes)
}

fn ensure_compressed_if_text(answer: &reqwest::Response, url: &Url) -> anyhow::Result<()> {
    let is_text = [".js", ".css"].iter().any(|ending| url.path().ends_with(ending));
    let encoding = answer.headers().get(CONTENT_ENCODING);
    ensure!(!is_text || encoding.is_some_and(|value| value == "gzip"), "{url} comes uncompressed");
    Ok(())
}

/// What a file makes a browser load at once.
fn names_in<'a>(path: &str, text: &'a str) -> Vec<&'a str> {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => between(text, &["from\"", "import\""], '"'),
        Some("css") => between(text, &["url("], ')').into_iter().map(|name| name.trim_matches('"')).collect(),
        Some("svg" | "png" | "ico" | "woff2" | "json") => Vec::new(),
        _ => between(text, &["src=\"", "href=\""], '"'),
    }
    .into_iter()
    .filter(|name| !name.starts_with("data:") && !name.starts_with('#'))
    .collect()
}

fn between<'a>(text: &'a str, openings: &[&str], closing: char) -> Vec<&'a str> {
    let after = openings
        .iter()
        .flat_map(|opening| text.match_indices(opening).map(|(at, _)| &text[at + opening.len()..]));
    after.filter_map(|rest| rest.split_once(closing).map(|(name, _)| name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_scripts_styles_and_its_icon() {
        let page =
            r#"<link rel="icon" href="/favicon.svg"><script type="module" src="/assets/a.js"></script>"#;
        assert_eq!(names_in("/", page), ["/assets/a.js", "/favicon.svg"]);
    }

    #[test]
    fn a_script_loads_what_it_imports_at_once_and_not_what_it_may_import() {
        let script = r#"import{a}from"./b.js";import"./c.js";const d=()=>import("./d.js");"#;
        assert_eq!(names_in("/assets/a.js", script), ["./b.js", "./c.js"]);
    }

    #[test]
    fn a_style_sheet_loads_what_it_names_but_not_what_it_holds() {
        let style = r#"a{background:url("./x.woff2")}b{background:url(data:image/png;base64,AA)}"#;
        assert_eq!(names_in("/assets/a.css", style), ["./x.woff2"]);
    }
}
