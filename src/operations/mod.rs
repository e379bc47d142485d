//! Operations: replication, gates, cutover and rollback of a migration that is deployed.
//!
//! | file | what lives there |
//! |---|---|
//! | `declare`, `discover`, `inventory`, `reach` | what is operated: declared, or found with a reason |
//! | `phase` | where a migration stands, and where it may go from there |
//! | `gates` | open, closed or unknown, as pure functions of samples |
//! | `steps`, `calls`, `fleets`, `steering` | what a verb would do, as data |
//! | `measure` | reads what gates are judged by |
//! | `by_hand`, `runbook` | the same steps for people: as commands of the AWS CLI, and in chapters |
//! | `evidence` | what happened, for auditors, and whether a bundle of it is whole |
//! | `drive` | carries steps out |

pub mod by_hand;
pub mod calls;
pub mod declare;
pub mod discover;
pub mod drive;
pub mod evidence;
mod fleets;
pub mod gates;
pub mod inventory;
pub mod measure;
pub mod phase;
mod reach;
mod review;
pub mod runbook;
pub mod steering;
pub mod steps;

pub use review::{review, understood};
