//! Builds the page of a registration desk and tells the crate where it lies.
//!
//! Responsible for: `npm ci` where the installed modules are not those of the lock file, `vite build` into Cargo's own
//! output folder, using a page built beforehand where `LANYARD_UI_DIST` names one, and an error that says what to
//! install.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};

const PAGE: &str = "../kiosk-ui";

const ADVICE: &str = "The page is built with npm: install Node >= 20.19 with npm, \
    or set LANYARD_UI_DIST to the folder of a page built elsewhere (`npm run build` in kiosk-ui writes dist/).";

fn main() -> Result<()> {
    println!("cargo::rerun-if-env-changed=LANYARD_UI_DIST");
    println!("cargo::rerun-if-changed=build.rs");
    let folder = match env::var_os("LANYARD_UI_DIST") {
        Some(prepared) => use_prepared(Path::new(&prepared))?,
        None => build()?,
    };
    let folder = folder.to_str().context("the folder of the page has a name in Unicode")?;
    println!("cargo::rustc-env=LANYARD_UI_FOLDER={folder}");
    Ok(())
}

fn use_prepared(folder: &Path) -> Result<PathBuf> {
    let folder = fs::canonicalize(folder)
        .with_context(|| format!("LANYARD_UI_DIST names {}, which cannot be read", folder.display()))?;
    ensure!(
        folder.join("index.html").is_file(),
        "LANYARD_UI_DIST names {}, which has no index.html",
        folder.display()
    );
    println!("cargo::rerun-if-changed={}", folder.display());
    Ok(folder)
}

fn build() -> Result<PathBuf> {
    for input in [
        "src",
        "public",
        "index.html",
        "package.json",
        "package-lock.json",
        "vite.config.ts",
        "svelte.config.js",
    ] {
        println!("cargo::rerun-if-changed={PAGE}/{input}");
    }
    check_node()?;
    if !modules_are_those_of_the_lock_file() {
        npm(&["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"])?;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").context("Cargo sets OUT_DIR")?).join("kiosk-ui");
    let out_text = out.to_str().context("the target folder has a name in Unicode")?;
    npm(&["run", "build", "--silent", "--", "--outDir", out_text, "--emptyOutDir", "--logLevel", "error"])?;
    ensure!(out.join("index.html").is_file(), "the build of the page wrote no index.html");
    Ok(out)
}

fn check_node() -> Result<()> {
    let found = Command::new("node")
        .arg("--version")
        .output()
        .with_context(|| format!("cannot run `node`. {ADVICE}"))?;
    let version = String::from_utf8_lossy(&found.stdout);
    let mut numbers =
        version.trim().trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    ensure!((major, minor) >= (20, 19), "Node {} is too old. {ADVICE}", version.trim());
    Ok(())
}

/// npm copies the lock file into the folder when it has installed everything.
fn modules_are_those_of_the_lock_file() -> bool {
    let changed = |path: &str| fs::metadata(Path::new(PAGE).join(path)).and_then(|file| file.modified());
    match (changed("node_modules/.package-lock.json"), changed("package-lock.json")) {
        (Ok(installed), Ok(locked)) => installed >= locked,
        _ => false,
    }
}

fn npm(arguments: &[&str]) -> Result<()> {
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    let finished = npm
        .args(arguments)
        .current_dir(PAGE)
        .output()
        .with_context(|| format!("cannot run `npm`. {ADVICE}"))?;
    if !finished.status.success() {
        bail!(
            "`npm {}` failed for the page ({}). {ADVICE}\n{}{}",
            arguments[0],
            finished.status,
            String::from_utf8_lossy(&finished.stdout),
            String::from_utf8_lossy(&finished.stderr)
        );
    }
    Ok(())
}
