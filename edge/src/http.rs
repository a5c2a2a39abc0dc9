//! The HTTP API of a venue node: one module for each resource.
//!
//! Responsible for: turning requests into commands and questions, answers into what a desk shows, and refusals into
//! problems. What is allowed is for the rules of the domain; pieces shared with HQ are the engine's.

pub mod attendees;
pub mod badges;
pub mod cards;
pub mod check_ins;
pub mod command;
pub mod conference;
pub mod conflicts;
pub mod documents;
pub mod erasures;
pub mod failure;
pub mod health;
pub mod imports;
pub mod lookups;
pub mod orders;
mod parts;
mod path_ids;
mod permissions;
pub mod print_jobs;
pub mod printers;
pub mod reason;
mod refusals;
pub mod routes;
pub mod seat_types;
pub mod sign_ins;
pub mod signed;
pub mod state;
pub mod status;
pub mod updates;
pub mod walk_ups;
