//! Stopping in good order: one switch, and everyone who waits for it.

use std::io;

use tokio::sync::watch;

/// Throws the switch; dropping it does the same.
#[derive(Debug)]
pub struct StopSwitch(watch::Sender<bool>);

/// Waits for the switch; cheap to clone.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl StopSwitch {
    /// Makes a switch and its first waiter.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Throws the switch.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Throws the switch when the process is asked to end (SIGINT, SIGTERM).
    pub fn stop_on_signals(self) -> io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            self.stop();
        });
        Ok(())
    }
}

impl Stop {
    /// Tells whether the switch was thrown.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns once the switch was thrown.
    pub async fn wait(&self) {
        // An error means that the switch is gone, which stops as well.
        drop(self.0.clone().wait_for(|stopped| *stopped).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everyone_who_waits_is_told() {
        let (switch, stop) = StopSwitch::new();
        let other = stop.clone();
        assert!(!stop.is_stopped());
        let waiting = tokio::spawn(async move { other.wait().await });
        switch.stop();
        waiting.await.expect("the waiter ends");
        assert!(stop.is_stopped());
    }

    #[tokio::test]
    async fn a_switch_that_is_gone_stops_too() {
        let (switch, stop) = StopSwitch::new();
        drop(switch);
        stop.wait().await;
        assert!(stop.is_stopped());
    }
}
