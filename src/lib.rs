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
//! # The modules, from the top down
//!
//! A module imports modules below it only; `tests/layers.rs` holds the table of who imports whom.
//!
//! | module | what lives there |
//! |---|---|
//! | [`cli`] | argument tree, one file per verb, exit codes |
//! | [`ui`] | the printer, reviews, views, diagnostics |
//! | [`sandbox`] | codec driven by API models, the account's state, the services' behaviour |
//! | [`runs`] | orchestration: settle, plan, confirm, apply, search again, roll back or clean up, fold |
//! | [`operations`] | what is operated, phases, gates, the steps of a cutover and of its rollback |
//! | [`engine`] | schedule, steps, calls and their errors, waits, recovery, events |
//! | [`planner`] | differences, replacement, order, teardown, risks: a change set |
//! | [`template`] | the plan language: manifest, templates, intrinsics, parameters; ends with drafts |
//! | [`check`] | drafts of any language become a graph: schema check, documents, tags, links, lints |
//! | [`codes`] | the catalogue of diagnostic codes behind `migrate explain` |
//! | [`lint`] | what AWS accepts and nobody should do, and what it refuses only halfway |
//! | [`resources`] | the contract of a type, the registry, one file per type |
//! | [`ledger`] | snapshot, write-ahead journal, lock, permits |
//! | [`aws`] | clients, error certainty, ownership tags, physical names |
//! | [`graph`] | drafts, nodes, values that may wait for other resources, edges with reasons |
//! | [`syntax`] | YAML and JSON with spans |
//! | [`schema`] | the official resource-type schemas |
//! | [`error`] | diagnostics, their codes, suggestions |
//! | [`printable`] | text from elsewhere that must not steer a terminal |
//! | [`parallel`] | the same work on many items, on all processors |
//! | [`model`] | addresses, ids, attributes, values, items, facts of types |
//! | [`files`] | files that nothing planted can lead astray, for their owner only |
//! | [`engines`] | the catalogue of RDS engines, with date and source |
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
pub mod check;
pub mod cli;
pub mod clock;
pub mod codes;
pub mod engine;
pub mod engines;
pub mod error;
pub mod files;
pub mod graph;
pub mod ledger;
pub mod lint;
pub mod model;
pub mod operations;
pub mod parallel;
pub mod planner;
pub mod printable;
pub mod resources;
pub mod runs;
pub mod sandbox;
pub mod schema;
pub mod syntax;
pub mod template;
pub mod ui;
