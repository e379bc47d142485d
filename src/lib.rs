//! `migrate`: plans, runs and tears down AWS migrations through direct, crash-safe API calls.
//!
//! # The way of one run
//!
//! ```text
//! plan files --template--> trees --evaluate--> graph --link--> edges
//!                                                   \
//! ledger snapshot ---------------------------------- planner (pure) --> change set --> review
//!                                                                           |
//! events --> views  <--  engine: ready queue, intent, SDK call, settle, probe
//!                                     |
//!                  AWS, any endpoint, or the sandbox: same clients, same bytes
//! ```
//!
//! Data flows one way. [`template`] knows nothing of AWS calls; [`planner`] knows no clock, no file, no SDK;
//! [`engine`] knows no property; a file below [`resources`] knows one type; [`ui`] only renders.
//!
//! # The map of the house
//!
//! | module | what lives there |
//! |---|---|
//! | [`cli`] | argument tree, one file per verb, exit codes |
//! | [`template`] | the plan language: manifest, YAML and JSON with spans, intrinsics, parameters |
//! | [`graph`] | addresses, values that may wait for other resources, edges with reasons |
//! | [`schema`] | the official resource-type schemas, and the check against them |
//! | [`lint`] | what AWS accepts and nobody should do, and what it refuses only halfway |
//! | [`planner`] | differences, replacement, order, teardown, risks: a change set |
//! | [`ledger`] | snapshot, write-ahead journal, lock, permits |
//! | [`engine`] | schedule, steps, calls and their errors, waits, recovery, events |
//! | [`runs`] | orchestration: settle, plan, confirm, apply, search again, roll back or clean up, fold |
//! | [`engines`] | the catalogue of RDS engines, with date and source |
//! | [`aws`] | clients, error certainty, ownership tags, physical names |
//! | [`resources`] | the contract of a type, the registry, one file per type |
//! | [`sandbox`] | codec driven by API models, the account's world, the services' behaviour |
//! | [`ui`] | the printer, reviews, views, diagnostics |
//! | [`files`] | files that nothing planted can lead astray, for their owner only |
//! | [`printable`] | text from elsewhere that must not steer a terminal |
//! | [`clock`] | time: real, virtual, and the adapter that makes the SDK obey it |
//!
//! # Rules worth knowing before changing anything
//!
//! * No mutation without a [`ledger::Permit`], and none of those before its intent is fsynced. Steps that are
//!   ready at the same moment share one fsync.
//! * Errors are [`aws::Certainty::NotSent`], `Rejected` or `Unknown`. Unknown is never "failed": it is resolved by
//!   looking. SDK retries are off for that reason; the engine retries.
//! * Handlers never loop, sleep, print or retry. A verb of several stages answers
//!   [`resources::Progress::Again`]; the engine calls again with a new permit.
//! * Secrets are texts `{{resolve:...}}` until the moment of the call ([`engine::SecretStore`]).
//! * A generation number is never used twice in a ledger's life, so client tokens and ownership marks are not
//!   either.
#![warn(missing_docs)]

pub mod aws;
pub mod cli;
pub mod clock;
pub mod engine;
pub mod engines;
pub mod error;
pub mod files;
pub mod graph;
pub mod ledger;
pub mod lint;
pub mod planner;
pub mod printable;
pub mod resources;
pub mod runs;
pub mod sandbox;
pub mod schema;
pub mod template;
pub mod ui;
