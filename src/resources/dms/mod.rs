//! Resource types of AWS::DMS.

mod certificate;
mod data_migration;
mod data_provider;
mod endpoint;
mod event_subscription;
mod instance_profile;
mod instance_rules;
mod migration_project;
mod moving;
mod news;
pub(super) mod orders;
mod pause;
mod replication_config;
mod replication_instance;
mod replication_subnet_group;
mod replication_task;
mod settings;
mod support;
mod tags;
mod task_settings;
mod users;

pub use certificate::Certificate;
pub use data_migration::DataMigration;
pub use data_provider::DataProvider;
pub use endpoint::Endpoint;
pub use event_subscription::EventSubscription;
pub use instance_profile::InstanceProfile;
pub use migration_project::MigrationProject;
pub use replication_config::ReplicationConfig;
pub use replication_instance::ReplicationInstance;
pub use replication_subnet_group::ReplicationSubnetGroup;
pub use replication_task::ReplicationTask;

#[cfg(test)]
mod homogeneous_tests;
#[cfg(test)]
mod serverless_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_task;
