//! Resource types of AWS::Backup.

mod plan;
mod plan_form;
mod selection;
mod tags;
mod vault;

pub use plan::BackupPlan;
pub use selection::BackupSelection;
pub use vault::BackupVault;

#[cfg(test)]
mod tests;
