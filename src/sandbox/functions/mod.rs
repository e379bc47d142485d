//! Functions that are really run: `sandbox serve --run-functions`.
//!
//! Off unless asked for. Python code of the twin's functions then runs on this machine as the user who serves: in a
//! process of its own, with an environment that holds nothing of the server's, credentials that are none, and the twin
//! as its endpoint. It ends with its timeout, and with the server, however that ends.

mod attend;
mod logs;
mod process;

pub use attend::Functions;
