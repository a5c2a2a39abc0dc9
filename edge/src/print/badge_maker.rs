//! Makes badges on a thread of its own, which alone holds the fonts and the layout.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use lanyard_badge::{Badge, BadgeText, Fonts, Layout, RenderError, Renderer, Warning};
use tokio::sync::oneshot;

/// Badges that may wait to be made; printers are slower than this thread, so more means that something is wrong.
const WAITING_MAX: usize = 64;

enum Order {
    Make { text: Box<BadgeText>, dpi: u32, reply: oneshot::Sender<Result<Badge, RenderError>> },
    TryLayout { layout: Box<Layout>, reply: oneshot::Sender<Result<Box<Layout>, RenderError>> },
    UseLayout(Box<Layout>),
}

/// Hands badges to the thread that makes them. Cloning shares it; it ends with the last clone.
#[derive(Debug, Clone)]
pub struct BadgeMaker {
    orders: SyncSender<Order>,
}

/// Why a badge was not made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The words and the layout do not go together.
    #[error("the badge cannot be drawn")]
    Render(#[from] RenderError),
    /// Too many badges wait to be made.
    #[error("{WAITING_MAX} badges wait to be made")]
    Busy,
    /// The thread is gone.
    #[error("badges are no longer made; the node is stopping")]
    Stopped,
}

impl BadgeMaker {
    /// Starts the thread.
    ///
    /// # Errors
    /// When no badge could be made by this layout.
    pub fn start(fonts: Fonts, layout: Layout) -> Result<Self, RenderError> {
        let mut renderer = Renderer::new(fonts);
        renderer.try_layout(&layout)?;
        let (orders, received) = sync_channel(WAITING_MAX);
        thread::Builder::new()
            .name("badge-maker".to_owned())
            .spawn(move || work(&received, renderer, layout))
            .expect("a thread can be started at boot");
        Ok(Self { orders })
    }

    /// Makes one badge for a printer of `dpi` dots per inch.
    pub async fn make(&self, text: BadgeText, dpi: u32) -> Result<Badge, MakeError> {
        let (reply, made) = oneshot::channel();
        self.send(Order::Make { text: Box::new(text), dpi, reply })?;
        let badge = made.await.map_err(|_| MakeError::Stopped)??;
        for warning in &badge.warnings {
            log_warning(warning);
        }
        Ok(badge)
    }

    /// Gives a layout back if badges can be made by it.
    pub async fn try_layout(&self, layout: Layout) -> Result<Layout, MakeError> {
        let (reply, tried) = oneshot::channel();
        self.send(Order::TryLayout { layout: Box::new(layout), reply })?;
        Ok(*tried.await.map_err(|_| MakeError::Stopped)??)
    }

    /// Uses another layout from the next badge on.
    pub fn use_layout(&self, layout: Layout) -> Result<(), MakeError> {
        self.send(Order::UseLayout(Box::new(layout)))
    }

    fn send(&self, order: Order) -> Result<(), MakeError> {
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => MakeError::Busy,
            TrySendError::Disconnected(_) => MakeError::Stopped,
        })
    }
}

fn work(orders: &Receiver<Order>, mut renderer: Renderer, mut layout: Layout) {
    while let Ok(order) = orders.recv() {
        match order {
            Order::UseLayout(newer) => layout = *newer,
            Order::TryLayout { layout, reply } => {
                let tried = renderer.try_layout(&layout).map(|()| layout);
                // Whoever asked may have gone away in the meantime.
                drop(reply.send(tried));
            }
            Order::Make { text, dpi, reply } => {
                // Whoever asked may have gone away in the meantime.
                drop(reply.send(renderer.render(&layout, &text, dpi)));
            }
        }
    }
}

/// The words themselves are an attendee's and stay out of the log.
fn log_warning(warning: &Warning) {
    match warning {
        Warning::Cut { text } => tracing::warn!(badge.text = text, "a badge's text was cut to fit"),
        Warning::MissingGlyphs { text, .. } => {
            tracing::warn!(
                badge.text = text,
                "no font has some characters of a badge; add one to the fonts folder"
            );
        }
        Warning::NoCode => {}
    }
}
