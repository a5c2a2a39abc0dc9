//! What was stored or sent once is read for ever: formats against bytes frozen in this folder, and databases of
//! earlier builds.

#[cfg(test)]
mod bundle_formats;
#[cfg(test)]
mod day;
#[cfg(test)]
mod event_formats;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod node;
#[cfg(test)]
mod parties;
#[cfg(test)]
mod snapshot_formats;
#[cfg(test)]
mod stores;
#[cfg(test)]
mod sync_formats;
