//! QR codes whose modules are whole dots of the printer.
//!
//! Responsible for: the largest code that fits a box, its blank margin, and standing on the printer's grid.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder, QRCode};

use crate::boxes::Area;
use crate::layout::Page;
use crate::render_error::RenderError;

/// Blank modules around the code, as ISO/IEC 18004 asks.
const QUIET_MODULES: u32 = 4;

/// Below this a scanner cannot tell modules apart on thermal paper.
const MODULE_MIN_MM: f64 = 0.25;

pub(crate) const MM_PER_INCH: f64 = 25.4;

/// Writes the code that says `text` as SVG into a box, as large as whole dots allow.
pub(crate) fn draw(
    text: &str,
    area: Area,
    page: Page,
    dpi: u32,
    into: &mut String,
) -> Result<(), RenderError> {
    let code =
        QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| RenderError::QrTooLong { bytes: text.len() })?;
    let modules = u32::try_from(code.size).expect("a QR code has at most 177 modules") + 2 * QUIET_MODULES;
    let dot_mm = MM_PER_INCH / f64::from(dpi);
    let dots_per_unit = 1.0 / f64::from(page.units_per_mm) / dot_mm;
    let (width, height) = (f64::from(area.width) * dots_per_unit, f64::from(area.height) * dots_per_unit);
    // A box drawn as exactly n dots must not lose one to rounding.
    let module_dots = ((width.min(height) + 1e-3) / f64::from(modules)).floor();
    let least_dots = (MODULE_MIN_MM / dot_mm - 1e-6).ceil();
    if module_dots < least_dots {
        return Err(RenderError::QrTooSmall { needed_mm: (f64::from(modules) * least_dots * dot_mm).ceil() });
    }
    let side_dots = module_dots * f64::from(modules);
    let left_dots = (f64::from(area.x - page.origin[0]) * dots_per_unit + (width - side_dots) / 2.0).round();
    let top_dots = (f64::from(area.y - page.origin[1]) * dots_per_unit + (height - side_dots) / 2.0).round();
    let x = left_dots / dots_per_unit + f64::from(page.origin[0]);
    let y = top_dots / dots_per_unit + f64::from(page.origin[1]);
    let scale = module_dots / dots_per_unit;
    write!(
        into,
        r##"<g transform="translate({x:.6} {y:.6}) scale({scale:.9})" shape-rendering="crispEdges" stroke="none"><path fill="#fff" d="M0 0h{modules}v{modules}h-{modules}z"/><path fill="#000" d=""##
    )
    .expect("writing to a string cannot fail");
    write_modules(&code, into);
    into.push_str(r#""/></g>"#);
    Ok(())
}

/// Writes each horizontal run of dark modules as one rectangle.
fn write_modules(code: &QRCode, into: &mut String) {
    for row in 0..code.size {
        let mut column = 0;
        while column < code.size {
            let dark = (column..code.size).take_while(|&at| code[row][at].value()).count();
            if dark > 0 {
                let (x, y) = (column + QUIET_MODULES as usize, row + QUIET_MODULES as usize);
                write!(into, "M{x} {y}h{dark}v1h-{dark}z").expect("writing to a string cannot fail");
            }
            column += dark.max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Page = Page { width_mm: 101.6, height_mm: 76.2, origin: [0.0; 2], units_per_mm: 1.0 };

    #[test]
    fn a_module_is_a_whole_number_of_dots_on_the_printers_grid() {
        let area = Area { x: 70.3, y: 41.7, width: 27.0, height: 27.0 };
        for dpi in [203, 300, 600] {
            let mut svg = String::new();
            draw("LANYARD-7KX2", area, PAGE, dpi, &mut svg).expect("it fits");
            assert!(svg.contains("M4 4h7v1h-7z"), "four blank modules lie around the code");
            let numbers: Vec<f64> =
                svg.split(['(', ')', ' ']).filter_map(|word| word.parse().ok()).take(3).collect();
            for millimetres in numbers {
                let dots = millimetres * f64::from(dpi) / MM_PER_INCH;
                assert!((dots - dots.round()).abs() < 1e-3, "{dots} at {dpi} dpi");
            }
        }
    }

    #[test]
    fn a_box_too_small_to_scan_is_refused_with_the_size_it_needs() {
        let area = Area { x: 0.0, y: 0.0, width: 5.0, height: 30.0 };
        let error = draw("LANYARD-7KX2", area, PAGE, 203, &mut String::new()).expect_err("too small");
        assert!(
            matches!(error, RenderError::QrTooSmall { needed_mm } if needed_mm > 7.0 && needed_mm < 10.0),
            "{error}"
        );
    }
}
