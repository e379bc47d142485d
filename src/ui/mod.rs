//! What people see: pure renderers from values to text, views of runs, and the printer that writes them.

pub mod catalogue;
mod changes;
mod charts;
mod color;
pub mod diagnostics;
pub mod evidence_page;
pub mod graphviz;
mod html;
mod live;
pub mod path;
mod picture;
mod plain;
mod printer;
mod recap;
pub mod review;
mod review_json;
mod tables;
mod text;
mod view;
pub mod watch;

pub use color::Color;
pub use live::Live;
pub use picture::Picture;
pub use plain::Plain;
pub use printer::Printer;
pub use review_json::plan_json;
pub use tables::{duration, outputs_text, paragraph, table};
pub use text::{fit, wrap_whole};
pub use view::View;
