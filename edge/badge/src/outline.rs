//! Glyph outlines as a path that can be measured, scaled and written as SVG.

use std::fmt::Write as _;

use skrifa::outline::OutlinePen;

/// Right and down from the start of the baseline.
type Point = [f32; 2];

/// One step of a path, in thousandths of the font size, y downwards.
#[derive(Clone, Copy, Debug)]
enum Step {
    Move([Point; 1]),
    Line([Point; 1]),
    Quad([Point; 2]),
    Cubic([Point; 3]),
    Close,
}

/// The outlines of a line of text. The origin is the start of its baseline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    steps: Vec<Step>,
    /// Where the next glyph's own origin lies.
    origin: Point,
    /// Highest and lowest control point, y downwards; `None` while nothing has ink.
    extent: Option<[f32; 2]>,
}

impl Outline {
    /// Moves the pen to where the next glyph stands.
    pub(crate) fn stand_at(&mut self, x: f32, y: f32) {
        self.origin = [x, y];
    }

    /// Top and bottom of the ink, y downwards; `None` for blank text.
    pub(crate) fn extent(&self) -> Option<[f32; 2]> {
        self.extent
    }

    /// Writes the path's `d` data, scaled and moved into the layout's units.
    pub(crate) fn write_path(&self, into: &mut String, scale: f32, x: f32, y: f32) {
        for step in &self.steps {
            match step {
                Step::Move(points) => write_points(into, 'M', points, scale, x, y),
                Step::Line(points) => write_points(into, 'L', points, scale, x, y),
                Step::Quad(points) => write_points(into, 'Q', points, scale, x, y),
                Step::Cubic(points) => write_points(into, 'C', points, scale, x, y),
                Step::Close => into.push('Z'),
            }
        }
    }

    fn place(&mut self, x: f32, y: f32) -> Point {
        let point = [self.origin[0] + x, self.origin[1] - y];
        self.extent = Some(match self.extent {
            Some([top, bottom]) => [top.min(point[1]), bottom.max(point[1])],
            None => [point[1]; 2],
        });
        point
    }
}

fn write_points(into: &mut String, letter: char, points: &[Point], scale: f32, x: f32, y: f32) {
    into.push(letter);
    for (index, point) in points.iter().enumerate() {
        let separator = if index == 0 { "" } else { " " };
        let (x, y) = (rounded(point[0] * scale + x), rounded(point[1] * scale + y));
        write!(into, "{separator}{x} {y}").expect("writing to a string cannot fail");
    }
}

/// Rounds to a ten-thousandth of a layout unit, far below a printer's dot.
fn rounded(value: f32) -> f32 {
    (value * 1e4).round() / 1e4
}

impl OutlinePen for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let end = self.place(x, y);
        self.steps.push(Step::Move([end]));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let end = self.place(x, y);
        self.steps.push(Step::Line([end]));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let points = [self.place(cx, cy), self.place(x, y)];
        self.steps.push(Step::Quad(points));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let points = [self.place(cx0, cy0), self.place(cx1, cy1), self.place(x, y)];
        self.steps.push(Step::Cubic(points));
    }

    fn close(&mut self) {
        self.steps.push(Step::Close);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_flipped_scaled_and_moved() {
        let mut outline = Outline::default();
        outline.stand_at(100.0, 0.0);
        outline.move_to(0.0, 700.0);
        outline.quad_to(10.0, 0.0, 20.0, -200.0);
        outline.close();
        let mut path = String::new();
        outline.write_path(&mut path, 0.01, 5.0, 10.0);
        assert_eq!(path, "M6 3Q6.1 10 6.2 12Z");
        assert_eq!(outline.extent(), Some([-700.0, 200.0]));
    }
}
