//! How a printer is, in words for the strip at a desk.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

/// What is known of a printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It takes badges.
    Ready,
    /// It works on one.
    Printing,
    /// It answers, and somebody has to look at it.
    Attention {
        /// Why, for staff.
        reason: String,
    },
    /// It does not answer.
    Off {
        /// Why, for staff.
        reason: String,
    },
}

impl Condition {
    /// The stable word of the state.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Printing => "printing",
            Self::Attention { .. } => "attention",
            Self::Off { .. } => "off",
        }
    }

    /// Why it does not print, where it does not.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ready | Self::Printing => None,
            Self::Attention { reason } | Self::Off { reason } => Some(reason),
        }
    }

    /// Whether a badge may be sent.
    pub fn takes_badges(&self) -> bool {
        matches!(self, Self::Ready | Self::Printing)
    }
}

/// The conditions of all printers of a node; cloning shares them.
#[derive(Debug, Clone)]
pub struct Board {
    conditions: Arc<watch::Sender<BTreeMap<String, Condition>>>,
}

impl Board {
    /// Starts with printers of which nothing is known yet.
    pub fn new(printers: impl IntoIterator<Item = String>) -> Self {
        let unknown = || Condition::Off { reason: "not asked yet".to_owned() };
        let conditions = printers.into_iter().map(|printer| (printer, unknown())).collect();
        Self { conditions: Arc::new(watch::Sender::new(conditions)) }
    }

    /// Notes how a printer is; listeners wake only when that is news.
    pub fn set(&self, printer: &str, condition: Condition) {
        self.conditions.send_if_modified(|conditions| {
            let news = conditions.get(printer) != Some(&condition);
            if news {
                conditions.insert(printer.to_owned(), condition);
            }
            news
        });
    }

    /// How a printer is; none for a printer this node does not have.
    pub fn get(&self, printer: &str) -> Option<Condition> {
        self.conditions.borrow().get(printer).cloned()
    }

    /// Wakes when some printer's condition changes.
    pub fn changes(&self) -> watch::Receiver<BTreeMap<String, Condition>> {
        self.conditions.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_wake_only_for_news() {
        let board = Board::new(["north".to_owned()]);
        let mut changes = board.changes();
        board.set("north", Condition::Ready);
        assert!(changes.has_changed().expect("the board lives"));
        changes.borrow_and_update();
        board.set("north", Condition::Ready);
        assert!(!changes.has_changed().expect("the board lives"));
        assert_eq!(board.get("south"), None);
    }
}
