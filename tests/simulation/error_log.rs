//! ERROR logs: each one fails the world on whose thread it was logged.

use std::cell::RefCell;
use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

thread_local! {
    static ERRORS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Collecting;

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").expect("writing to a string cannot fail");
    }
}

impl<S: Subscriber> Layer<S> for Collecting {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut words = Words(event.metadata().target().to_owned());
            event.record(&mut words);
            ERRORS.with_borrow_mut(|errors| errors.push(words.0));
        }
    }
}

/// Collects ERROR logs of all threads from here on, each for its thread.
pub(crate) fn collect() -> anyhow::Result<()> {
    Ok(tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Collecting))?)
}

/// Takes what was logged on this thread.
pub(crate) fn take() -> Vec<String> {
    ERRORS.take()
}
