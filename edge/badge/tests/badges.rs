//! Badges as printers and scanners meet them: codes read back, long names, directions, entitlements.

use std::fs;
use std::path::Path;
use std::process::Command;

use lanyard_badge::{Badge, BadgeText, Fonts, Gray, Layout, Renderer, Warning};

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

/// Ten dots are a millimetre, so that places are whole numbers.
const TENTHS_DPI: u32 = 254;

/// Left, top, right and bottom in tenths of a millimetre.
type Tenths = [usize; 4];

const COMPANY: Tenths = [50, 440, 670, 518];
const ENTITLEMENTS: Tenths = [50, 644, 670, 724];

/// First and last column with ink in a part of the badge, in tenths of a millimetre.
fn ink_columns(text: &BadgeText, [left, top, right, bottom]: Tenths) -> Option<(usize, usize)> {
    let Gray { width, dots, .. } = render(text, TENTHS_DPI).to_gray().expect("it draws");
    let width = usize::try_from(width).expect("it fits");
    let inked = |column: &usize| (top..bottom).any(|row| dots[row * width + column] < 128);
    Some(((left..right).find(inked)?, (left..right).rfind(inked)?))
}

#[test]
fn the_code_is_read_back_at_every_usual_resolution() {
    let folder = tempfile::tempdir().expect("a folder");
    for dpi in [150, 203, 300, 600] {
        let badge = render(&words("Łukasz", "Żółkiewski"), dpi);
        let gray = badge.to_gray().expect("it draws");
        assert_eq!((gray.width, gray.height), ((4 * dpi), (3 * dpi)));
        let [width, height] = [gray.width, gray.height].map(|dots| usize::try_from(dots).expect("it fits"));
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| gray.dots[y * width + x]);
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
        let dot = |tenths: u32| tenths * dpi / 254;
        for row in dot(445)..dot(725) {
            for column in dot(695)..dot(975) {
                let at = usize::try_from(row * gray.width + column).expect("it fits");
                assert!(matches!(gray.dots[at], 0 | 255), "grey at {column}, {row}, {dpi} dpi");
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
    run(Command::new("pdftoppm")
        .args(["-r", "300", "-png", "-singlefile"])
        .arg(&pdf)
        .arg(folder.path().join("page")));
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
        let badge = renderer.render(&layout, &text, TENTHS_DPI).expect("it renders");
        let gray = badge.to_gray().expect("it draws");
        let width = usize::try_from(gray.width).expect("it fits");
        let inside = |at: usize| (49..851).contains(&(at % width)) && (49..251).contains(&(at / width));
        assert!((0..gray.dots.len()).all(|at| gray.dots[at] == 255 || inside(at)), "{name} stays in its box");
        let rows: Vec<bool> =
            gray.dots.chunks_exact(width).map(|row| row.iter().any(|&dot| dot < 128)).collect();
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
    let (left, _) = ink_columns(&with_company("Example"), COMPANY).expect("it is printed");
    assert!((50..60).contains(&left), "Latin begins at the left: {left}");
    for company in ["חברת תוכנה", "شركة البرمجيات"] {
        let (_, right) = ink_columns(&with_company(company), COMPANY).expect("it is printed");
        assert!((660..670).contains(&right), "{company} begins at the right: {right}");
    }
}

#[test]
fn entitlements_are_printed() {
    let printed = |entitlements: &[&str]| {
        let entitlements = entitlements.iter().map(|&name| name.to_owned()).collect();
        let text = BadgeText { entitlements, ..words("Ada", "Lovelace") };
        ink_columns(&text, ENTITLEMENTS).map(|(left, right)| right - left)
    };
    assert_eq!(printed(&[]), None);
    let one = printed(&["Dinner"]).expect("ink");
    let two = printed(&["Dinner", "Workshop"]).expect("ink");
    assert!(one > 80 && two > one + 120, "{one} and {two} tenths of a millimetre");
}

#[test]
fn cut_names_and_missing_glyphs_are_told() {
    let mut renderer = Renderer::new(Fonts::embedded());
    let mut warnings =
        |text: &BadgeText| renderer.render(&Layout::embedded(), text, 203).expect("it renders").warnings;
    let missing = Warning::MissingGlyphs { text: "{{ first_name }}".into(), characters: "\u{10A80}".into() };
    assert_eq!(warnings(&words("Łukasz", "")), []);
    assert_eq!(warnings(&words("Ada \u{10A80}", "Lovelace")), [missing]);
    let cut = Warning::Cut { text: "{{ last_name }}".into() };
    assert_eq!(warnings(&words("Ada", &"Lovelace".repeat(20))), [cut]);
}

#[test]
fn strange_names_neither_fail_nor_leave_the_svg_unreadable() {
    let layout = Layout::embedded();
    let mut renderer = Renderer::new(Fonts::embedded());
    for name in [
        "<script>&\"'{{ badge_code }}",
        "\u{202E}Ada",
        "\u{301}\u{301}\u{301}",
        "\u{200D}",
        "👩\u{200D}👩\u{200D}👧 Ada",
        "A\u{0351}\u{036B}\u{0343}\u{036A}\u{0302}\u{036B}\u{033D}\u{0334}\u{0319}\u{0324}\u{031E}\u{0349}da",
        "…",
        "Ada محمد ורד 王 สม",
        &"กัลยาณี".repeat(40),
        &"عبدالرحمن ".repeat(40),
        &"क्षीर".repeat(60),
        &"王".repeat(200),
    ] {
        let badge = renderer.render(&layout, &words(name, name), 203).expect("it renders");
        assert_eq!(badge.to_png().expect("it draws").get(..4), Some(&b"\x89PNG"[..]), "{name:?}");
        assert!(!badge.svg.contains("script"), "names are drawn, never written");
    }
}
