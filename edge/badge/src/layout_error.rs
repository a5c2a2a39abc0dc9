//! What can be wrong with a layout, said so that its author can mend it.

use resvg::usvg;

use crate::badge_text::PLACEHOLDERS;

/// Why a layout was refused. `line` counts from 1 in the layout file.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// The file is larger than a layout may be.
    #[error("the layout has {bytes} bytes and may have {limit_bytes}; shrink the pictures in it")]
    TooLarge {
        /// Size found.
        bytes: usize,
        /// Size allowed.
        limit_bytes: usize,
    },
    /// The file is not well-formed XML.
    #[error("line {line}: the layout is not well-formed XML; export it again as plain SVG")]
    NotXml {
        /// Where reading stopped.
        line: u32,
        /// What the XML reader says.
        #[source]
        source: usvg::roxmltree::Error,
    },
    /// The root element is something else than `<svg>`.
    #[error(
        "the layout's outermost element is <{found}>; it must be <svg xmlns=\"http://www.w3.org/2000/svg\">"
    )]
    NotSvg {
        /// Name of the root element.
        found: String,
    },
    /// The badge has no size in millimetres.
    #[error(
        "the layout's {attribute} is {found:?}; give it in millimetres, such as {attribute}=\"101.6mm\" (20 to 450)"
    )]
    PageSize {
        /// `width` or `height`.
        attribute: &'static str,
        /// The attribute's value, empty when it is absent.
        found: String,
    },
    /// The `viewBox` is absent or has another shape than the page.
    #[error(
        "the layout's viewBox is {found:?}; give four numbers with the shape of the page, such as \"{wanted}\""
    )]
    ViewBox {
        /// The attribute's value, empty when it is absent.
        found: String,
        /// One that fits.
        wanted: String,
    },
    /// A box asks for something nobody knows about attendees.
    #[error("line {line}: nothing fills the placeholder `{placeholder}`; use one of {}", PLACEHOLDERS.join(", "))]
    UnknownPlaceholder {
        /// Line of the box.
        line: u32,
        /// The unknown name.
        placeholder: String,
    },
    /// The text of a box is not a valid template.
    #[error("line {line}: the template `{template}` cannot be filled; write it like {{{{ first_name }}}}")]
    Template {
        /// Line of the box.
        line: u32,
        /// The template as written.
        template: String,
        /// What the template engine says.
        #[source]
        source: minijinja::Error,
    },
    /// A box has an attribute with a value that cannot be used, or lacks one it needs.
    #[error("line {line}: {attribute}={found:?} of the box cannot be used; give {expected}")]
    BoxAttribute {
        /// Line of the box.
        line: u32,
        /// The attribute.
        attribute: &'static str,
        /// Its value, empty when it is absent.
        found: String,
        /// What is accepted.
        expected: &'static str,
    },
    /// A box has a `data-` attribute that means nothing here.
    #[error("line {line}: `{attribute}` means nothing here; a box knows {known}")]
    UnknownAttribute {
        /// Line of the box.
        line: u32,
        /// The attribute.
        attribute: String,
        /// What a box of this kind knows.
        known: String,
    },
    /// Something else than a `<rect>` carries `data-text` or `data-qr`.
    #[error("line {line}: data-text and data-qr belong on a <rect>, not on <{element}>")]
    NotABox {
        /// Line of the element.
        line: u32,
        /// Its name.
        element: String,
    },
    /// The layout sets text of its own, which would come out in a wrong font.
    #[error(
        "line {line}: <{element}> is not drawn; use <rect data-text=\"…\"> for words, or convert the text to paths"
    )]
    PlainText {
        /// Line of the element.
        line: u32,
        /// Its name.
        element: String,
    },
    /// The layout points at a file or an address outside itself.
    #[error(
        "line {line}: the reference {href:?} leads outside the layout; embed the picture as data:image/…"
    )]
    OutsideReference {
        /// Line of the element.
        line: u32,
        /// The reference, cut to 80 characters.
        href: String,
    },
    /// A QR box is moved, turned or scaled, so that its modules would miss the printer's dots.
    #[error("line {line}: a QR box, and the groups around it, cannot have a transform; ungroup it")]
    QrTransformed {
        /// Line of the box.
        line: u32,
    },
    /// The layout has more boxes than a badge may have.
    #[error("the layout has more than {limit} boxes")]
    TooManyBoxes {
        /// How many it may have.
        limit: usize,
    },
    /// The picture around the boxes cannot be drawn.
    #[error("the layout's picture cannot be drawn; export it again as plain SVG")]
    Picture(#[source] usvg::Error),
}
