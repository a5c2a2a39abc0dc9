//! Given and family names by script, made up for samples.

/// Names of one script.
pub(super) struct Script {
    pub(super) first: &'static [&'static str],
    pub(super) last: &'static [&'static str],
}

/// The scripts a badge must set right, Latin ones several times because they are most common.
pub(super) const SCRIPTS: &[Script] = &[
    Script {
        first: &["Łukasz", "Małgorzata", "Zbigniew", "Agnieszka", "Stanisław", "Żaneta"],
        last: &["Wiśniewski", "Dąbrowska", "Wójcik", "Źrebiec", "Szczęsny", "Łuczak"],
    },
    Script {
        first: &["Søren", "Åse", "Bjørk", "Ægir", "Þórdís", "Øystein"],
        last: &["Kjærgård", "Sørensen", "Þorláksson", "Åkerblom", "Nygård", "Ødegaard"],
    },
    Script {
        first: &["Đorđe", "Željka", "Čedomir", "Snežana", "Miloš", "Živka"],
        last: &["Đurić", "Šarčević", "Žižić", "Ćosić", "Petrović-Njegoš", "Živković"],
    },
    Script {
        first: &["Jürgen", "Käthe", "François", "Zoë", "Maximiliane-Alexandra", "Günther"],
        last: &["Müller", "Straße", "Lefèvre-Dubois", "Großmann", "von der Wieſenbach-Hohenfels", "Weiß"],
    },
    Script {
        first: &["Nguyễn", "Trần", "Phạm", "Hoàng", "Đặng", "Bùi"],
        last: &["Thị Ánh Tuyết", "Văn Hậu", "Quỳnh", "Đức Thắng", "Mỹ Lệ", "Xuân Phước"],
    },
    Script {
        first: &["محمد", "فاطمة", "عبد الرحمن", "ليلى", "يوسف", "نور الهدى"],
        last: &["الحسيني", "بن سعيد", "القاسمي", "عبد الله", "المصري", "الزهراوي"],
    },
    Script {
        first: &["דוד", "מרים", "יעקב", "שלומית", "אליהו", "תמר"],
        last: &["כהן", "לוי", "בן-גוריון", "אברהמי", "שפירא", "מזרחי"],
    },
    Script {
        first: &["अर्जुन", "प्रियंका", "कृष्ण", "लक्ष्मी", "श्रीधर", "ज्योत्स्ना"],
        last: &["शर्मा", "चट्टोपाध्याय", "त्रिपाठी", "श्रीवास्तव", "मिश्रा", "उपाध्याय"],
    },
    Script {
        first: &["สมชาย", "กนกวรรณ", "ปิยะพงษ์", "ศิริรัตน์", "ณัฐวุฒิ", "เพ็ญศรี"],
        last: &["ใจดี", "วงศ์สุวรรณ", "ทองประเสริฐ", "ศรีสุข", "รัตนโกสินทร์", "พิทักษ์ธรรม"],
    },
    Script {
        first: &["小明", "秀英", "建国", "雨桐", "志强", "丽华"],
        last: &["王", "欧阳", "李", "张", "诸葛", "陈"],
    },
    Script {
        first: &["さくら", "健太", "美咲", "ハルカ", "翔太", "陽子"],
        last: &["山田", "佐々木", "鈴木", "長谷川", "渡邊", "高橋"],
    },
    Script {
        first: &["민준", "서연", "지훈", "하은", "도윤", "수빈"],
        last: &["김", "이", "박", "남궁", "최", "황보"],
    },
    Script {
        first: &["Anna", "John", "Maria", "Li", "Sam", "Elizabeth"],
        last: &["Smith", "Jones", "O'Neill", "Featherstonehaugh", "de la Cruz", "Brown"],
    },
];

/// Made-up companies.
pub(super) const COMPANIES: &[&str] = &[
    "Fjordlys Systems",
    "Ateliers du Lac",
    "株式会社ひかり",
    "Kőrös Műhely Kft.",
    "شركة الأفق",
    "Institute for the Study of Very Long Institutional Names and Their Consequences",
    "Nord & Sønner",
    "한빛연구소",
];
