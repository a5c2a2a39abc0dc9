//! How a store is: whether it takes what is written, and what it says when that changes.

/// Whether the store takes what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Ok,
    /// The disk is full but for the room of the ballast: desks go on in it, lists and peers wait.
    Low,
    /// The disk is full; reading goes on.
    Full,
    /// It failed; the node writes no more.
    Stopped,
}

impl Health {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Low => "low",
            Self::Full => "full",
            Self::Stopped => "stopped",
        }
    }

    /// Whether desks can go on.
    pub const fn takes_commands(self) -> bool {
        match self {
            Self::Ok | Self::Low => true,
            Self::Full | Self::Stopped => false,
        }
    }

    /// Tells the log that it is like this from here on.
    pub(crate) fn tell(self) {
        match self {
            Self::Ok => tracing::info!("there is room on the disk again"),
            Self::Low => tracing::warn!(
                "the disk is nearly full: desks go on in the room of the ballast, lists and peers wait; \
                 free some space"
            ),
            Self::Full => {
                tracing::warn!("the disk is full: reading goes on, writing does not; free some space");
            }
            // Why is told by whoever waits for the writer.
            Self::Stopped => {}
        }
    }
}
