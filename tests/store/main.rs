//! The store under fire: the production engine on disks whose power is cut at every write, which report errors, fill
//! up and turn bits over.
//!
//! `LANYARD_SIM_SEEDS` says how many worlds of power cuts are run, up to some, `LANYARD_SIM_FROM` the first seed.

mod conference;
mod errors;
mod flips;
mod lab;
mod node;
mod power_cuts;
mod world;
