//! What can go wrong while a badge is drawn, said so that someone at the desk can act.

use resvg::usvg;

/// Why a badge could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template failed on these words.
    #[error("the layout's template `{template}` failed on this badge's words")]
    Template {
        /// The template.
        template: String,
        /// What the template engine says.
        #[source]
        source: minijinja::Error,
    },
    /// The layout names a font family that is not loaded.
    #[error(
        "no font of the family {family:?} is loaded; put its files in the fonts folder or change data-font"
    )]
    UnknownFont {
        /// The family.
        family: String,
    },
    /// The QR box is too small for a scanner at this resolution.
    #[error(
        "the QR box is too small to scan at this resolution; make it at least {needed_mm} mm wide and high"
    )]
    QrTooSmall {
        /// Side it needs, rounded up.
        needed_mm: f64,
    },
    /// The text for a QR code is too long for any.
    #[error("the text for the QR code has {bytes} bytes, more than a QR code holds")]
    QrTooLong {
        /// Its length.
        bytes: usize,
    },
    /// No such printer exists.
    #[error("{dpi} dpi is not a printer's resolution; give 72 to 1200")]
    Resolution {
        /// What was asked for.
        dpi: u32,
    },
    /// The finished picture cannot be read back.
    #[error("the badge's picture cannot be drawn")]
    Picture(#[from] usvg::Error),
    /// The page has more dots than are drawn.
    #[error("a page of {width_dots} by {height_dots} dots is too large")]
    TooManyDots {
        /// Dots across.
        width_dots: u32,
        /// Dots down.
        height_dots: u32,
    },
    /// The PNG cannot be written.
    #[error("the badge cannot be written as PNG")]
    Png(#[from] png::EncodingError),
    /// The PDF cannot be written.
    #[error("the badge cannot be written as PDF: {message}")]
    Pdf {
        /// What the PDF writer says.
        message: String,
    },
}
