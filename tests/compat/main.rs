//! What was stored or sent once is read for ever: formats against bytes frozen in this folder.

mod golden;
mod sync_formats;
