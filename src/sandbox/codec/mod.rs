//! Wire protocols, driven by the trimmed API models: HTTP in, JSON by the model's member names out, and back.

mod aws_chunked;
mod cbor;
mod empty;
mod fault;
mod form;
mod json;
mod model;
mod paging;
mod receive;
mod respond;
mod rest;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_s3;
#[cfg(test)]
mod tests_symmetry;
mod time;
mod validate;
mod wire;
mod xml_in;
mod xml_out;
mod xml_tree;

pub use fault::NOT_IMPLEMENTED;
pub use model::{Model, OperationModel, model};
pub use receive::{Call, receive};
pub use respond::{Unroutable, respond, respond_unroutable};
pub use time::{http_date, iso_date};
pub use wire::{Incoming, Protocol};
