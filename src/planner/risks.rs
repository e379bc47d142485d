//! Which steps would lose data without an explicit permission.

use std::collections::BTreeSet;

use super::{ChangeSet, Step};
use crate::model::Address;

/// Steps that would lose data of resources not named in `allowed`: one step a resource, in the order of the
/// change set.
#[must_use]
pub fn unpermitted<'c>(change_set: &'c ChangeSet, allowed: &[Address]) -> Vec<&'c Step> {
    let mut told: BTreeSet<&Address> = allowed.iter().collect();
    change_set.steps.iter().filter(|step| step.data_loss.is_some() && told.insert(&step.address)).collect()
}
