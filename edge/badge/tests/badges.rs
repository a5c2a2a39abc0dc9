//! Badges as printers and scanners meet them: codes read back, long names, directions, entitlements.

use std::fs;
use std::path::Path;
use std::process::Command;

use lanyard_badge::{Badge, BadgeText, Fonts, Gray, Layout, Renderer, Warning, preflight};

const CODE: &str = "LNY-7KX2-9QPD";

fn words(first_name: &str, last_name: &str) -> BadgeText {
    BadgeText {
        first_name: first_name.into(),
        last_name: last_name.into(),
        seat_type: "General admission".into(),
        badge_code: CODE.into(),
        ..BadgeText::default()
    }
}

fn render(text: &BadgeText, dpi: u32) -> Badge {
    Renderer::new(Fonts::embedded()).render(&Layout::embedded(), text, dpi).expect("it renders")
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("zbar-tools, qpdf and poppler-utils are installed");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the tool writes UTF-8").trim().to_owned()
}

fn zbar(picture: &Path) -> String {
    run(Command::new("zbarimg").args(["--nodbus", "-q", "--raw"]).arg(picture))
}

/// Columns (or rows) of the default layout that hold ink within a rectangle in millimetres.
fn ink_columns(gray: &Gray, dpi: f32, [x, y, width, height]: [f32; 4]) -> Option<(f32, f32)> {
    let dots_per_mm = dpi / 25.4;
    let dot = |mm: f32| (mm * dots_per_mm) as usize;
    let inked = (dot(x)..dot(x + width)).filter(|&column| {
        (dot(y)..dot(y + height)).any(|row| gray.dots[row * gray.width as usize + column] < 128)
    });
    let inked: Vec<usize> = inked.collect();
    Some((*inked.first()? as f32 / dots_per_mm, *inked.last()? as f32 / dots_per_mm))
}

const COMPANY: [f32; 4] = [5.0, 44.6, 62.0, 7.6];
const ENTITLEMENTS: [f32; 4] = [5.0, 64.4, 62.0, 8.0];

#[test]
fn the_code_is_read_back_at_every_usual_resolution() {
    let folder = tempfile::tempdir().expect("a folder");
    for dpi in [150, 203, 300, 600] {
        let badge = render(&words("Łukasz", "Żółkiewski"), dpi);
        let gray = badge.to_gray().expect("it draws");
        assert_eq!((gray.width, gray.height), ((4 * dpi), (3 * dpi)));
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(
            gray.width as usize,
            gray.height as usize,
            |x, y| gray.dots[y * gray.width as usize + x],
        );
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1, "one code at {dpi} dpi");
        assert_eq!(grids[0].decode().expect("it decodes").1, CODE);
        let png = folder.path().join(format!("{dpi}.png"));
        fs::write(&png, badge.to_png().expect("it encodes")).expect("a file");
        assert_eq!(zbar(&png), CODE, "{dpi} dpi");
    }
}

#[test]
fn every_dot_of_the_code_is_black_or_white() {
    for dpi in [203, 300] {
        let gray = render(&words("Ada", "Lovelace"), dpi).to_gray().expect("it draws");
        let first = |mm: f32| (mm * dpi as f32 / 25.4) as usize;
        for row in first(44.5)..first(72.5) {
            for column in first(69.5)..first(97.5) {
                let dot = gray.dots[row * gray.width as usize + column];
                assert!(dot == 0 || dot == 255, "grey {dot} at {column}, {row}, {dpi} dpi");
            }
        }
    }
}

#[test]
fn the_pdf_is_sound_has_the_labels_size_and_its_code_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let pdf = folder.path().join("badge.pdf");
    fs::write(&pdf, render(&words("محمد", "علي"), 300).to_pdf().expect("it writes")).expect("a file");
    run(Command::new("qpdf").arg("--check").arg(&pdf));
    let info = run(Command::new("pdfinfo").arg(&pdf));
    assert!(info.contains("Page size:       288 x 216 pts"), "{info}");
    run(Command::new("pdftoppm").args(["-r", "300", "-png", "-singlefile"]).arg(&pdf).arg(folder.path().join("page")));
    assert_eq!(zbar(&folder.path().join("page.png")), CODE);
}

#[test]
fn a_badge_is_outlines_only() {
    let badge = render(&words("สมชาย", "ใจดี"), 300);
    assert!(!badge.svg.contains("<text") && !badge.svg.contains("data-"), "no words are left in the SVG");
    assert!(badge.warnings.is_empty(), "{:?}", badge.warnings);
}

#[test]
fn long_names_shrink_then_break_then_end_in_an_ellipsis_and_are_flagged() {
    let layout = Layout::parse(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90mm\" height=\"30mm\" viewBox=\"0 0 90 30\">\
         <rect data-text=\"{{ first_name }}\" x=\"5\" y=\"5\" width=\"80\" height=\"20\" \
         data-font-size-mm=\"14\" data-min-size-mm=\"7\"/></svg>",
    )
    .expect("valid");
    let mut renderer = Renderer::new(Fonts::embedded());
    let mut inked_rows = |name: &str| {
        let text = BadgeText { first_name: name.into(), ..BadgeText::default() };
        let badge = renderer.render(&layout, &text, 300).expect("it renders");
        let gray = badge.to_gray().expect("it draws");
        let outside = |index: usize| {
            let (x, y) = (index as u32 % gray.width, index as u32 / gray.width);
            x < 58 || x >= 1005 || y < 58 || y >= 296
        };
        assert!((0..gray.dots.len()).all(|at| gray.dots[at] == 255 || !outside(at)), "{name} stays in its box");
        let rows: Vec<bool> =
            gray.dots.chunks_exact(gray.width as usize).map(|row| row.iter().any(|&dot| dot < 128)).collect();
        let bands = rows.windows(2).filter(|pair| !pair[0] && pair[1]).count();
        (rows.iter().filter(|&&inked| inked).count(), bands, badge.warnings)
    };
    let (short, bands, warnings) = inked_rows("HANNA");
    assert_eq!((bands, warnings), (1, vec![]));
    let (shrunk, bands, warnings) = inked_rows("HANNA MATHILDA");
    assert_eq!((bands, warnings), (1, vec![]));
    assert!(shrunk < short, "{shrunk} rows of ink are fewer than {short}");
    let (_, bands, warnings) = inked_rows("HANNA MATHILDA LEONORA AUGUSTA");
    assert_eq!((bands, warnings), (2, vec![]));
    let cut = vec![Warning::Cut { text: "{{ first_name }}".into() }];
    let (_, bands, warnings) = inked_rows("HANNA MATHILDA LEONORA AUGUSTA VON HOHENZOLLERN-SIGMARINGEN");
    assert_eq!((bands, warnings), (2, cut.clone()));
    let (_, bands, warnings) = inked_rows(&"H".repeat(60));
    assert_eq!((bands, warnings), (1, cut.clone()));
    let (_, _, warnings) = inked_rows(&"HANNA ".repeat(300));
    assert_eq!(warnings, cut);
}

#[test]
fn words_begin_at_the_side_their_script_begins() {
    let with_company = |company: &str| BadgeText { company: company.into(), ..words("Ada", "") };
    let sides = |company: &str| {
        let gray = render(&with_company(company), 300).to_gray().expect("it draws");
        ink_columns(&gray, 300.0, COMPANY).expect("the company is printed")
    };
    let (left, _) = sides("Example");
    assert!((5.0..6.0).contains(&left), "Latin begins at the left: {left}");
    for company in ["חברת תוכנה", "شركة البرمجيات"] {
        let (_, right) = sides(company);
        assert!((66.0..=67.0).contains(&right), "{company} begins at the right: {right}");
    }
}

#[test]
fn entitlements_are_printed() {
    let printed = |entitlements: &[&str]| {
        let entitlements = entitlements.iter().map(|&name| name.to_owned()).collect();
        let gray = render(&BadgeText { entitlements, ..words("Ada", "Lovelace") }, 300).to_gray().expect("it draws");
        ink_columns(&gray, 300.0, ENTITLEMENTS).map(|(left, right)| right - left)
    };
    assert_eq!(printed(&[]), None);
    let one = printed(&["Dinner"]).expect("ink");
    let two = printed(&["Dinner", "Workshop"]).expect("ink");
    assert!(one > 8.0 && two > one + 12.0, "{one} mm and {two} mm");
}

#[test]
fn a_preflight_finds_cut_names_and_missing_glyphs() {
    let badges = [
        (1, words("王小明", "")),
        (2, words("Ada \u{10A80}", "Lovelace")),
        (3, words("Ada", &"Lovelace".repeat(20))),
    ];
    let findings = preflight(&mut Renderer::new(Fonts::embedded()), &Layout::embedded(), badges).expect("it runs");
    let found: Vec<_> = findings.into_iter().map(|finding| (finding.whose, finding.warnings)).collect();
    let missing = Warning::MissingGlyphs { text: "{{ first_name }}".into(), characters: "\u{10A80}".into() };
    assert_eq!(found, [(2, vec![missing]), (3, vec![Warning::Cut { text: "{{ last_name }}".into() }])]);
}
