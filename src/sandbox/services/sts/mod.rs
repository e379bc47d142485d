//! STS: who is calling, and roles on loan.

mod sessions;

pub use sessions::OPERATIONS;
