//! `migrate`: plans, runs and tears down AWS migrations through direct, crash-safe API calls.
#![warn(missing_docs)]

pub mod aws;
pub mod cli;
pub mod clock;
pub mod engine;
pub mod error;
pub mod graph;
pub mod ledger;
pub mod planner;
pub mod resources;
pub mod sandbox;
pub mod schema;
pub mod template;
pub mod ui;
