//! SNS: topics, subscriptions, messages.
//!
//! Tables: `sns.topic` and `sns.subscription` by ARN (attributes under `_attributes`), `sns.message`; platform applications:
//! [`applications`].

mod applications;
mod batch;
mod filter_policy;
mod messages;
mod permissions;
mod sms;
mod subscriptions;
mod tags;
mod topics;

pub use messages::{Refused, deliver};
pub use permissions::Sender;

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AddPermission", permissions::add),
    Operation::read("CheckIfPhoneNumberIsOptedOut", sms::opted_out),
    Operation::write("ConfirmSubscription", subscriptions::confirm),
    Operation::write("CreatePlatformApplication", applications::create),
    Operation::write("CreatePlatformEndpoint", applications::create_endpoint),
    Operation::write("CreateTopic", topics::create),
    Operation::write("DeleteEndpoint", applications::delete_endpoint),
    Operation::write("DeletePlatformApplication", applications::delete),
    Operation::write("DeleteTopic", topics::delete),
    Operation::read("GetDataProtectionPolicy", topics::get_data_protection),
    Operation::read("GetEndpointAttributes", applications::endpoint),
    Operation::read("GetPlatformApplicationAttributes", applications::attributes),
    Operation::read("GetSMSAttributes", sms::get),
    Operation::read("GetSubscriptionAttributes", subscriptions::attributes),
    Operation::read("GetTopicAttributes", topics::attributes),
    Operation::read("ListEndpointsByPlatformApplication", applications::endpoints),
    Operation::read("ListPhoneNumbersOptedOut", sms::list_opted_out),
    Operation::read("ListPlatformApplications", applications::list),
    Operation::read("ListSubscriptions", subscriptions::list),
    Operation::read("ListSubscriptionsByTopic", subscriptions::list_by_topic),
    Operation::read("ListTagsForResource", tags::list),
    Operation::read("ListTopics", topics::list),
    Operation::write("OptInPhoneNumber", sms::opt_in),
    Operation::write("Publish", messages::publish),
    Operation::write("PublishBatch", batch::publish),
    Operation::write("PutDataProtectionPolicy", topics::put_data_protection),
    Operation::write("RemovePermission", permissions::remove),
    Operation::write("SetEndpointAttributes", applications::set_endpoint),
    Operation::write("SetPlatformApplicationAttributes", applications::set),
    Operation::write("SetSMSAttributes", sms::set),
    Operation::write("SetSubscriptionAttributes", subscriptions::set),
    Operation::write("SetTopicAttributes", topics::set),
    Operation::write("Subscribe", subscriptions::subscribe),
    Operation::write("TagResource", tags::tag),
    Operation::write("Unsubscribe", subscriptions::unsubscribe),
    Operation::write("UntagResource", tags::untag),
];
