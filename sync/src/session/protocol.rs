//! Versions of the protocol, and which one two nodes speak with each other.

use crate::problem::Problem;

/// The versions a build speaks, from the oldest to the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// The oldest.
    pub min: u16,
    /// The newest.
    pub max: u16,
}

impl Protocol {
    /// What this build speaks.
    pub const CURRENT: Self = Self { min: 1, max: 1 };

    /// The newest version that both sides speak, as the answering side finds it.
    ///
    /// # Errors
    /// Which side has to be upgraded when there is none.
    pub fn common(self, asker: Self) -> Result<u16, Problem> {
        let newest = self.max.min(asker.max);
        if newest >= self.min.max(asker.min) {
            Ok(newest)
        } else if asker.max < self.min {
            Err(Problem::VersionTooOld)
        } else {
            Err(Problem::VersionTooNew)
        }
    }

    /// Checks the version that the answering side chose.
    ///
    /// # Errors
    /// Which side has to be upgraded when this side does not speak it.
    pub const fn accept(self, chosen: u16) -> Result<u16, Problem> {
        if chosen > self.max {
            Err(Problem::VersionTooOld)
        } else if chosen < self.min {
            Err(Problem::VersionTooNew)
        } else {
            Ok(chosen)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn speaks(min: u16, max: u16) -> Protocol {
        Protocol { min, max }
    }

    #[test]
    fn both_sides_speak_the_newest_version_they_have_in_common() {
        assert_eq!(speaks(1, 1).common(speaks(1, 2)), Ok(1));
        assert_eq!(speaks(1, 3).common(speaks(2, 5)), Ok(3));
        assert_eq!(speaks(2, 5).common(speaks(1, 3)), Ok(3));
    }

    #[test]
    fn without_one_it_is_said_who_has_to_be_upgraded() {
        assert_eq!(speaks(2, 3).common(speaks(1, 1)), Err(Problem::VersionTooOld));
        assert_eq!(speaks(1, 1).common(speaks(2, 3)), Err(Problem::VersionTooNew));
        assert_eq!(speaks(1, 1).common(speaks(3, 2)), Err(Problem::VersionTooNew), "a range of nothing");
        assert_eq!(speaks(1, 2).accept(3), Err(Problem::VersionTooOld));
        assert_eq!(speaks(2, 3).accept(1), Err(Problem::VersionTooNew));
        assert_eq!(speaks(1, 2).accept(2), Ok(2));
    }
}
