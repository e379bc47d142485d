//! Operations: replication, gates, cutover and rollback of a migration that is deployed.
//!
//! | file | what lives there |
//! |---|---|
//! | `declare`, `discover`, `inventory`, `reach` | what is operated: declared, or found with a reason |
//! | `phase` | where a migration stands, and where it may go from there |
//! | `gates` | open, closed or unknown, as pure functions of samples |
//! | `steps`, `calls` | what a verb would do, as data |
//! | `measure` | reads what gates are judged by |
//! | `drive` | carries steps out |

pub mod calls;
pub mod declare;
pub mod discover;
pub mod drive;
pub mod gates;
pub mod inventory;
pub mod measure;
pub mod phase;
mod reach;
mod review;
pub mod steps;

pub use review::{review, understood};
