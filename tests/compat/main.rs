//! What was stored or sent once is read for ever: formats against bytes frozen in this folder.

#[cfg(test)]
mod bundle_formats;
#[cfg(test)]
mod event_formats;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod sync_formats;
