//! What is wrong with a layout is named, with its line and what to do.

use lanyard_badge::{BadgeText, Fonts, Layout, LayoutError, RenderError, Renderer, Warning};

/// A page of 90 by 60 mm around some elements, which begin on line 2.
fn page(elements: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90mm\" height=\"60mm\" viewBox=\"0 0 90 60\">\n{elements}\n</svg>"
    )
}

fn refused(elements: &str) -> LayoutError {
    Layout::parse(&page(elements)).expect_err("the layout is wrong")
}

#[test]
fn an_unknown_placeholder_is_named_with_its_line() {
    let error = refused("\n<rect data-text=\"{{ frist_name }}\" x=\"1\" y=\"1\" width=\"9\" height=\"9\"/>");
    assert!(
        matches!(&error, LayoutError::UnknownPlaceholder { line: 3, placeholder } if placeholder == "frist_name")
    );
    let words = error.to_string();
    assert!(
        words.contains("line 3") && words.contains("`frist_name`") && words.contains("first_name"),
        "{words}"
    );
}

#[test]
fn a_page_without_millimetres_is_refused() {
    for (width, attribute) in
        [("", "width"), ("width=\"90\"", "width"), ("width=\"90mm\" height=\"2in\"", "height")]
    {
        let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" {width} viewBox=\"0 0 90 60\"/>");
        let error = Layout::parse(&svg).expect_err("the page has no size");
        assert!(
            matches!(error, LayoutError::PageSize { attribute: found, .. } if found == attribute),
            "{error}"
        );
        assert!(error.to_string().contains("millimetres"), "{error}");
    }
}

#[test]
fn a_view_box_of_another_shape_is_refused_with_one_that_fits() {
    let svg = page("").replace("0 0 90 60", "0 0 60 60");
    let error = Layout::parse(&svg).expect_err("the viewBox is square");
    assert!(matches!(&error, LayoutError::ViewBox { wanted, .. } if wanted == "0 0 90 60"), "{error}");
}

#[test]
fn a_file_that_is_not_svg_is_refused() {
    assert!(matches!(Layout::parse("<svg><rect></svg>"), Err(LayoutError::NotXml { line: 1, .. })));
    assert!(matches!(Layout::parse("\u{89}PNG\r\n"), Err(LayoutError::NotXml { .. })));
    assert!(matches!(Layout::parse("<html/>"), Err(LayoutError::NotSvg { found }) if found == "html"));
    assert!(matches!(
        Layout::parse(&" ".repeat(5_000_000)),
        Err(LayoutError::TooLarge { bytes: 5_000_000, .. })
    ));
}

#[test]
fn boxes_with_misspelt_or_impossible_attributes_are_refused() {
    let text = "<rect data-text=\"{{ company }}\" x=\"1\" y=\"1\" width=\"9\" height=\"9\"";
    let error = refused(&format!("{text} data-wieght=\"bold\"/>"));
    assert!(
        matches!(&error, LayoutError::UnknownAttribute { line: 2, attribute, .. } if attribute == "data-wieght")
    );
    for (written, wrong) in [
        ("data-weight=\"fat\"", "data-weight"),
        ("data-align=\"justify\"", "data-align"),
        ("data-font-size-mm=\"12pt\"", "data-font-size-mm"),
        ("data-max-lines=\"0\"", "data-max-lines"),
    ] {
        let error = refused(&format!("{text} {written}/>"));
        assert!(
            matches!(&error, LayoutError::BoxAttribute { line: 2, attribute, .. } if *attribute == wrong),
            "{error}"
        );
    }
    let error = refused("<rect data-text=\"{{ company }}\" x=\"1\" y=\"1\" width=\"50%\" height=\"9\"/>");
    assert!(matches!(error, LayoutError::BoxAttribute { attribute: "width", .. }), "{error}");
    assert!(matches!(
        refused("<circle data-qr=\"{{ badge_code }}\"/>"),
        LayoutError::NotABox { line: 2, .. }
    ));
}

#[test]
fn plain_text_and_references_outside_the_file_are_refused() {
    assert!(matches!(refused("<text x=\"1\" y=\"9\">Hello</text>"), LayoutError::PlainText { line: 2, .. }));
    for href in ["/etc/passwd", "logo.png", "https://example.org/logo.png"] {
        let error = refused(&format!("<image href=\"{href}\" width=\"9\" height=\"9\"/>"));
        assert!(
            matches!(&error, LayoutError::OutsideReference { href: named, .. } if named == href),
            "{error}"
        );
    }
}

#[test]
fn a_turned_qr_box_is_refused() {
    let qr = "<rect data-qr=\"{{ badge_code }}\" x=\"1\" y=\"1\" width=\"20\" height=\"20\"/>";
    let error = refused(&format!("<g transform=\"rotate(3)\">{qr}</g>"));
    assert!(matches!(error, LayoutError::QrTransformed { line: 2 }), "{error}");
}

#[test]
fn a_small_qr_box_and_an_unknown_font_fail_with_what_to_change() {
    let mut renderer = Renderer::new(Fonts::embedded());
    let words =
        BadgeText { first_name: "Ada".into(), badge_code: "LNY-7KX2-9QPD".into(), ..BadgeText::default() };
    let small = page("<rect data-qr=\"{{ badge_code }}\" x=\"1\" y=\"1\" width=\"6\" height=\"6\"/>");
    let error = renderer.render(&Layout::parse(&small).expect("valid"), &words, 203).expect_err("too small");
    assert!(matches!(error, RenderError::QrTooSmall { .. }), "{error}");
    let font = page(
        "<rect data-text=\"{{ first_name }}\" data-font=\"Acme\" x=\"1\" y=\"1\" width=\"9\" height=\"9\"/>",
    );
    let layout = Layout::parse(&font).expect("valid");
    for error in [
        renderer.render(&layout, &words, 203).expect_err("unknown"),
        renderer.try_layout(&layout).expect_err("unknown"),
    ] {
        assert!(matches!(&error, RenderError::UnknownFont { family } if family == "Acme"), "{error}");
    }
}

#[test]
fn the_pictures_own_shapes_and_the_boxes_paint_stay() {
    let svg = page(
        "<g transform=\"translate(2 0)\"><path d=\"M0 0h9v9z\" fill=\"#c00\"/>\
         <rect data-text=\"{{ first_name }}\" fill=\"navy\" x=\"1\" y=\"1\" width=\"50\" height=\"9\"/></g>",
    );
    let words = BadgeText { first_name: "Ada".into(), ..BadgeText::default() };
    let badge = Renderer::new(Fonts::embedded())
        .render(&Layout::parse(&svg).expect("valid"), &words, 203)
        .expect("it renders");
    assert!(badge.svg.contains(
        "<g transform=\"translate(2 0)\"><path d=\"M0 0h9v9z\" fill=\"#c00\"/><path fill=\"navy\" d=\"M"
    ));
    assert!(badge.svg.ends_with("Z\"/></g>\n</svg>"), "{}", badge.svg);
    assert!(badge.warnings.is_empty(), "{:?}", badge.warnings);
}

#[test]
fn a_badge_without_a_code_says_so() {
    let badge = Renderer::new(Fonts::embedded())
        .render(&Layout::embedded(), &BadgeText { first_name: "Ada".into(), ..BadgeText::default() }, 203)
        .expect("it renders");
    assert_eq!(badge.warnings, [Warning::NoCode]);
}
