//! Writes sample badges in many scripts into the folder given, as PNG and PDF, to look at.

use std::path::PathBuf;
use std::{env, fs};

use lanyard_badge::{BadgeText, Fonts, Layout, Renderer};

const SAMPLES: [[&str; 4]; 12] = [
    ["latin", "Łukasz", "Żółkiewski", "Zażółć Gęślą Jaźń sp. z o.o."],
    ["vietnamese", "Nguyễn Thị", "Ánh Tuyết", "Công ty Cổ phần Phần mềm"],
    ["arabic", "محمد", "عبد الرحمن الخطيب", "شركة البرمجيات المحدودة"],
    ["hebrew", "יוֹסֵף", "בן־דוד", "חברת תוכנה בע״מ"],
    ["devanagari", "श्रीकृष्ण", "त्रिपाठी", "भारतीय सॉफ़्टवेयर"],
    ["thai", "ณัฐวุฒิ", "ศิริรัตน์", "บริษัท ซอฟต์แวร์ จำกัด"],
    ["chinese", "小明", "王", "北京软件有限公司"],
    ["japanese", "太郎", "山田", "株式会社ソフトウェア"],
    ["korean", "민준", "김", "소프트웨어 주식회사"],
    [
        "long",
        "Wolfeschlegelsteinhausenbergerdorff",
        "Maria del Carmen Fernández de la Vega Sanz",
        "The Very Long Named International Association for Computing Machinery and Conferences",
    ],
    [
        "two-lines",
        "Maria Magdalena Josephine Antoinette",
        "Rodríguez Zapatero y Gutiérrez de los Montes",
        "Institute",
    ],
    ["single", "Sukarno", "", ""],
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("give a folder to write to")?);
    fs::create_dir_all(&folder)?;
    let layout = Layout::embedded();
    let mut renderer = Renderer::new(Fonts::embedded());
    for [name, first_name, last_name, company] in SAMPLES {
        let text = BadgeText {
            first_name: first_name.into(),
            last_name: last_name.into(),
            company: company.into(),
            pronouns: "they/them".into(),
            seat_type: "General admission".into(),
            entitlements: vec!["CQRS Workshop".into(), "Cocktail party".into()],
            badge_code: "LNY-7KX2-9QPD".into(),
            conference: "Lanyard Conference 2026".into(),
        };
        let badge = renderer.render(&layout, &text, 300)?;
        fs::write(folder.join(name).with_extension("png"), badge.to_png()?)?;
        fs::write(folder.join(name).with_extension("pdf"), badge.to_pdf()?)?;
        fs::write(folder.join(name).with_extension("svg"), &badge.svg)?;
    }
    Ok(())
}
