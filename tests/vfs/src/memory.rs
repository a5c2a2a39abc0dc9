//! What a disk remembers of what was on it.

use crate::disk::Point;
use crate::image::Image;

/// How much that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// Every change: a life can end at each of them, and a cut tears what was not synced.
    #[default]
    Changes,
    /// What is there, and what was there when the disk was marked: a life ends with one of the two.
    Marked,
}

/// What is remembered of a disk that can be marked.
#[derive(Debug, Default)]
pub(crate) struct Marked {
    changes: Point,
    mark: Option<(Point, Image)>,
}

impl Marked {
    /// Counts a change.
    pub(crate) const fn count(&mut self) {
        self.changes += 1;
    }

    /// How many changes there were.
    pub(crate) const fn changes(&self) -> Point {
        self.changes
    }

    /// Remembers what is there.
    pub(crate) fn mark(&mut self, present: Image) {
        self.mark = Some((self.changes, present));
    }

    /// What was there at the mark before a moment.
    pub(crate) fn image(&self, at: Point) -> Image {
        let mark = self.mark.as_ref().filter(|(marked, _)| *marked <= at);
        mark.map(|(_, image)| image.clone()).expect("whoever goes back to a moment marked the disk before it")
    }
}
