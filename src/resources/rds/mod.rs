//! Resource types of AWS::RDS.

mod db_cluster;
mod db_cluster_make;
mod db_cluster_modify;
mod db_cluster_parameter_group;
mod db_cluster_props;
mod db_instance;
mod db_instance_backups;
mod db_instance_foresee;
mod db_instance_modify;
mod db_instance_origin;
mod db_instance_props;
mod db_instance_state;
mod db_instance_volumes;
mod db_parameter_group;
mod db_subnet_group;
mod event_subscription;
mod news;
mod option_group;
pub(super) mod orders;
#[cfg(test)]
mod prepared;
mod tags;

pub use db_cluster::DbCluster;
pub use db_cluster_parameter_group::DbClusterParameterGroup;
pub use db_instance::DbInstance;
pub use db_parameter_group::DbParameterGroup;
pub use db_subnet_group::DbSubnetGroup;
pub use event_subscription::EventSubscription;
pub use option_group::OptionGroup;
