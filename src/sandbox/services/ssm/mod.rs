//! Systems Manager: the parameter store.

mod describe;
mod filters;
mod parameters;
mod public;
mod secrets;
mod tags;
#[cfg(test)]
mod tests;

pub use public::{AMAZON_LINUX, image};

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AddTagsToResource", tags::add_tags_to_resource),
    Operation::write("DeleteParameter", parameters::delete_parameter),
    Operation::write("DeleteParameters", parameters::delete_parameters),
    Operation::read("DescribeParameters", describe::describe_parameters),
    Operation::read("GetParameter", parameters::get_parameter),
    Operation::read("GetParameterHistory", describe::get_parameter_history),
    Operation::read("GetParameters", parameters::get_parameters),
    Operation::read("GetParametersByPath", describe::get_parameters_by_path),
    Operation::write("LabelParameterVersion", tags::label_parameter_version),
    Operation::read("ListTagsForResource", tags::list_tags_for_resource),
    Operation::write("PutParameter", parameters::put_parameter),
    Operation::write("RemoveTagsFromResource", tags::remove_tags_from_resource),
    Operation::write("UnlabelParameterVersion", tags::unlabel_parameter_version),
];
