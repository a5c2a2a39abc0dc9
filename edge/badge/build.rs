//! Fetches the Noto Sans files named in `fonts/package.json` and writes the list the crate embeds.
//!
//! Responsible for: `npm ci` in Cargo's own output folder (so that builds with different target folders do not meet
//! in the checkout), or copying from `LANYARD_FONTS_DIST`; leaving out the large CJK files without the feature `cjk`;
//! an error that says what to install.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};

/// Package and file stem of each embedded font.
const FONTS: [(&str, &str); 5] = [
    ("noto-sans", "NotoSans"),
    ("noto-sans-arabic", "NotoSansArabic"),
    ("noto-sans-hebrew", "NotoSansHebrew"),
    ("noto-sans-devanagari", "NotoSansDevanagari"),
    ("noto-sans-thai", "NotoSansThai"),
];

/// One weight only: each file is 5 to 11 MB, and names are set in bold.
const CJK_FONTS: [(&str, &str); 3] =
    [("noto-sans-jp", "NotoSansJP"), ("noto-sans-kr", "NotoSansKR"), ("noto-sans-sc", "NotoSansSC")];

const BOLD: &str = "700Bold";
const REGULAR: &str = "400Regular";

fn main() -> Result<()> {
    println!("cargo::rerun-if-env-changed=LANYARD_FONTS_DIST");
    for input in ["fonts/package.json", "fonts/package-lock.json", "fonts/.npmrc", "build.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let cjk = env::var_os("CARGO_FEATURE_CJK").is_some();
    let out = PathBuf::from(env::var_os("OUT_DIR").context("Cargo sets OUT_DIR")?);
    let fonts = out.join("fonts");
    fs::create_dir_all(&fonts)?;

    let mut wanted = Vec::new();
    for (package, stem) in FONTS {
        wanted.extend([(package, stem, REGULAR), (package, stem, BOLD)]);
    }
    if cjk {
        wanted.extend(CJK_FONTS.map(|(package, stem)| (package, stem, BOLD)));
    }
    if let Some(prepared) = env::var_os("LANYARD_FONTS_DIST").map(PathBuf::from) {
        for (_, stem, weight) in &wanted {
            let file = format!("{stem}_{weight}.ttf");
            copy(&prepared.join(&file), &fonts.join(&file))?;
        }
    } else {
        let modules = install(&out.join("npm"), cjk)?;
        for (package, stem, weight) in &wanted {
            let file = format!("{stem}_{weight}.ttf");
            let source = modules.join("@expo-google-fonts").join(package).join(weight).join(&file);
            copy(&source, &fonts.join(&file))?;
        }
        // The packages carry every weight; keeping them would cost some 200 MB in each target folder.
        fs::remove_dir_all(&modules)?;
    }
    write_list(&out, &fonts, &wanted)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy the font {}", from.display()))?;
    Ok(())
}

/// Installs the locked packages below `folder` and returns its `node_modules`.
fn install(folder: &Path, cjk: bool) -> Result<PathBuf> {
    const ADVICE: &str = "The badge fonts come from npm: install Node >= 20.19 with npm, \
        or set LANYARD_FONTS_DIST to a folder that holds the .ttf files.";
    fs::create_dir_all(folder)?;
    for file in ["package.json", "package-lock.json", ".npmrc"] {
        copy(&Path::new("fonts").join(file), &folder.join(file))?;
    }
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(["ci", "--ignore-scripts", "--prefer-offline", "--loglevel=error"]).current_dir(folder);
    if !cjk {
        npm.arg("--omit=optional");
    }
    let finished = npm.output().with_context(|| format!("cannot run `npm`. {ADVICE}"))?;
    if !finished.status.success() {
        bail!(
            "`npm ci` failed for the badge fonts ({}). {ADVICE}\n{}",
            finished.status,
            String::from_utf8_lossy(&finished.stderr)
        );
    }
    Ok(folder.join("node_modules"))
}

/// Writes `embedded.rs`: one slice of file name and bytes for each font.
fn write_list(out: &Path, fonts: &Path, wanted: &[(&str, &str, &str)]) -> Result<()> {
    let mut list = String::from("&[\n");
    for (_, stem, weight) in wanted {
        let file = format!("{stem}_{weight}.ttf");
        let path = fonts.join(&file);
        let path = path.to_str().context("the target folder has a name in Unicode")?;
        writeln!(list, "    ({file:?}, include_bytes!({path:?})),")?;
    }
    list.push_str("]\n");
    fs::write(out.join("embedded.rs"), list).context("cannot write the list of fonts")
}
