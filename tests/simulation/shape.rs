//! Shapes: who has lines to whom. In most worlds every node has one to HQ; in the others siblings have lines too.

use crate::dice::Dice;
use crate::world::HQ;

/// In one of so many worlds siblings have lines.
const SIBLINGS_EVERY: u64 = 3;
/// Of a thousand lines between siblings, so many have another one the other way.
const BOTH_WAYS: u32 = 200;
/// When islands meet, from and up to, milliseconds.
const MEET_MS: (u64, u64) = (20_000, 240_000);

/// Two nodes that have a line; who asks comes first.
pub(crate) type Edge = (usize, usize);

/// What the lines of a world look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// Each node has a line to HQ and none to another.
    HqAlone,
    /// One node is between HQ and the others.
    Star,
    /// One behind the other, HQ at the end.
    Row,
    /// A row that closes at HQ.
    Ring,
    /// A node with HQ and two by themselves, until they meet.
    Islands,
    /// All siblings have lines, and one of them has one to HQ.
    OneSeesHq,
    /// Everybody has a line to everybody.
    Everybody,
}

/// The lines of a world: who asks whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Net {
    pub(crate) shape: Shape,
    /// From the beginning.
    pub(crate) lines: Vec<Edge>,
    /// From a moment on.
    pub(crate) later: Option<(u64, Edge)>,
}

impl Shape {
    /// Every one.
    pub(crate) const ALL: [Self; 7] =
        [Self::HqAlone, Self::Star, Self::Row, Self::Ring, Self::Islands, Self::OneSeesHq, Self::Everybody];

    /// In words.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::HqAlone => "no lines of siblings",
            Self::Star => "a star",
            Self::Row => "a row",
            Self::Ring => "a ring",
            Self::Islands => "two islands",
            Self::OneSeesHq => "one sees HQ",
            Self::Everybody => "everybody",
        }
    }

    /// Who sees HQ and which siblings have a line, of three that are asked to stand in this order; at last those that
    /// meet later.
    fn edges(self, [a, b, c]: [usize; 3]) -> (Vec<usize>, Vec<Edge>, Option<Edge>) {
        match self {
            Self::HqAlone => (vec![a, b, c], Vec::new(), None),
            Self::Star => (vec![a], vec![(a, b), (a, c)], None),
            Self::Row => (vec![a], vec![(a, b), (b, c)], None),
            Self::Ring => (vec![a, c], vec![(a, b), (b, c)], None),
            Self::Islands => (vec![a], vec![(b, c)], Some((a, b))),
            Self::OneSeesHq => (vec![a], vec![(a, b), (b, c), (a, c)], None),
            Self::Everybody => (vec![a, b, c], vec![(a, b), (b, c), (a, c)], None),
        }
    }
}

impl Net {
    /// That of a seed, from dice of its own: a world without lines of siblings draws the same with and without them.
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "shape");
        if dice.between(0, SIBLINGS_EVERY) > 0 {
            return Self::hq_alone();
        }
        let shape = Shape::ALL[1 + dice.index(Shape::ALL.len() - 1)];
        let mut order = [1, 2, 3];
        order.swap(0, dice.index(3));
        order.swap(1, 1 + dice.index(2));
        let (to_hq, between, later) = shape.edges(order);
        let mut lines: Vec<_> = to_hq.into_iter().map(|node| (node, HQ)).collect();
        for (one, other) in between {
            let asks = if dice.chance(500) { (one, other) } else { (other, one) };
            lines.push(asks);
            if dice.chance(BOTH_WAYS) {
                lines.push((asks.1, asks.0));
            }
        }
        let later = later.map(|(one, other)| {
            let asks = if dice.chance(500) { (one, other) } else { (other, one) };
            (dice.between(MEET_MS.0, MEET_MS.1), asks)
        });
        Self { shape, lines, later }
    }

    /// Each node has a line to HQ.
    pub(crate) fn hq_alone() -> Self {
        Self { shape: Shape::HqAlone, lines: (1..=3).map(|node| (node, HQ)).collect(), later: None }
    }
}
