//! Badges: an SVG layout and an attendee's words become glyph outlines, dots and a PDF.
//!
//! Responsible for: reading layouts ([`Layout`]), setting text in the right font and direction ([`Renderer`]), QR
//! codes on whole printer dots, and the finished [`Badge`] as SVG, PNG, PDF or grey dots. Pure: it prints nothing,
//! stores nothing and knows no attendee beyond the [`BadgeText`] it is given.

mod badge;
mod badge_text;
mod boxes;
mod fill;
mod fit;
mod fonts;
mod layout;
mod layout_error;
mod outline;
mod pdf;
mod png_file;
mod qr;
mod raster;
mod render_error;
mod renderer;
mod shape;

pub use badge::Badge;
pub use badge_text::BadgeText;
pub use boxes::Weight;
pub use fonts::{Fonts, FontsError};
pub use layout::Layout;
pub use layout_error::LayoutError;
pub use raster::Gray;
pub use render_error::RenderError;
pub use renderer::{Renderer, Warning};
pub use shape::{ShapedGlyph, ShapedRun};
