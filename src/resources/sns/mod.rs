//! Resource types of AWS::SNS.

mod subscription;
mod topic;
mod topic_form;
mod topicinlinepolicy;
mod topicpolicy;

pub use subscription::Subscription;
pub use topic::Topic;
pub use topicinlinepolicy::TopicInlinePolicy;
pub use topicpolicy::TopicPolicy;
