//! Resource types of AWS::SNS.

mod subscription;
mod topic;
mod topic_form;
mod topic_inline_policy;
mod topic_policy;

pub use subscription::Subscription;
pub use topic::Topic;
pub use topic_inline_policy::TopicInlinePolicy;
pub use topic_policy::TopicPolicy;
