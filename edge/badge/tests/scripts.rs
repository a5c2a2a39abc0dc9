//! Forty names in ten scripts: the glyphs on badges are those HarfBuzz chooses from the same font files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lanyard_badge::{Fonts, Renderer, ShapedRun, Weight};

const NAMES: [&str; 40] = [
    "Łukasz Żółkiewski",
    "Søren Kierkegård",
    "Đorđe Šarić",
    "Jürgen Straße",
    "Nguyễn Thị Ánh Tuyết",
    "Đặng Hữu Phước",
    "Þórbjörg Ðóra",
    "İbrahim Çağlayan",
    "Zoë Fitzgerald-O’Brien",
    "Ștefan Țurcanu",
    "Αλέξανδρος Ευαγγελόπουλος",
    "Дмитрий Щербаков",
    "Їжакевич Ґалаґан",
    "محمد علي",
    "عبد الرحمن الخطيب",
    "فاطمة الزهراء",
    "لآلئ الأمين",
    "پروین گیلانی",
    "ٹیپو کھوکھر",
    "שרה כהן",
    "יוֹסֵף בֶּן־דָּוִד",
    "צ׳רלי ז׳בוטינסקי",
    "כריסטינה וייס",
    "श्रीकृष्ण त्रिपाठी",
    "प्रियंका शर्मा",
    "ज्ञानेश्वर क्षीरसागर",
    "ऋद्धि वर्द्धन",
    "สมชาย ใจดี",
    "ณัฐวุฒิ ศิริรัตน์",
    "กัลยาณี น้ำเพชร",
    "ปิ่นเกล้า",
    "王小明",
    "欧阳娜娜",
    "張雅婷",
    "山田太郎",
    "さくら 小林",
    "アレクサンドル・デュマ",
    "김민준",
    "이서연",
    "남궁 혁",
];

/// The glyph numbers `hb-shape` gives for a run of text, in visual order.
fn harfbuzz(font: &Path, text: &str, run: &ShapedRun) -> Vec<u32> {
    let (before, rest) = text.split_at(run.text.start);
    let (part, after) = rest.split_at(run.text.len());
    let output = Command::new("hb-shape")
        .args(["--no-glyph-names", "--no-clusters", "--no-positions"])
        .arg(format!("--text-before={before}"))
        .arg(format!("--text-after={after}"))
        .arg(font)
        .arg(part)
        .output()
        .expect("hb-shape is installed (package libharfbuzz-bin)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = String::from_utf8(output.stdout).expect("hb-shape writes ASCII");
    line.trim()
        .trim_matches(['[', ']'])
        .split('|')
        .map(|glyph| glyph.parse().unwrap_or_else(|_| panic!("{line:?} lists glyph numbers")))
        .collect()
}

#[test]
fn forty_names_have_the_glyphs_harfbuzz_chooses_and_none_is_missing() {
    let folder = tempfile::tempdir().expect("a folder for the fonts");
    let mut files: BTreeMap<usize, PathBuf> = BTreeMap::new();
    let mut renderer = Renderer::new(Fonts::embedded());
    for name in NAMES {
        for weight in [Weight::Bold, Weight::Regular] {
            let runs = renderer.shape(name, weight);
            let mut covered = 0;
            for run in &runs {
                let font = files.entry(run.font_bytes().as_ptr().addr()).or_insert_with(|| {
                    let file = folder.path().join(format!("{:x}.ttf", run.font_bytes().as_ptr().addr()));
                    fs::write(&file, run.font_bytes()).expect("a font file");
                    file
                });
                let ours: Vec<u32> = run.glyphs.iter().map(|glyph| glyph.glyph_id).collect();
                assert_eq!(
                    ours,
                    harfbuzz(font, name, run),
                    "{name} {weight:?} {:?}",
                    &name[run.text.clone()]
                );
                assert!(!ours.contains(&0), "{name} has a character no font knows");
                covered += run.text.len();
            }
            assert_eq!(covered, name.len(), "{name} is shaped whole");
        }
    }
    assert!(files.len() >= 13, "every embedded font is used, {} were", files.len());
}
