//! Which operation runs which behaviour.

use super::{
    certificates, connections, endpoints, instances, run, statistics, store, subnets, subscriptions, tags,
    tasks,
};
use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AddTagsToResource", tags::add),
    Operation::write("CreateEndpoint", endpoints::create),
    Operation::write("CreateEventSubscription", subscriptions::create),
    Operation::write("CreateReplicationInstance", instances::create),
    Operation::write("CreateReplicationSubnetGroup", subnets::create),
    Operation::write("CreateReplicationTask", tasks::create),
    Operation::write("DeleteCertificate", certificates::delete),
    Operation::write("DeleteConnection", connections::delete),
    Operation::write("DeleteEndpoint", endpoints::delete),
    Operation::write("DeleteEventSubscription", subscriptions::delete),
    Operation::write("DeleteReplicationInstance", instances::delete),
    Operation::write("DeleteReplicationSubnetGroup", subnets::delete),
    Operation::write("DeleteReplicationTask", tasks::delete),
    Operation::read("DescribeAccountAttributes", instances::quotas),
    Operation::read("DescribeCertificates", certificates::describe),
    Operation::read("DescribeConnections", connections::describe),
    Operation::read("DescribeEndpoints", endpoints::describe),
    Operation::read("DescribeEventSubscriptions", subscriptions::describe),
    Operation::read("DescribeEvents", store::events),
    Operation::read("DescribeOrderableReplicationInstances", instances::orderable),
    Operation::read("DescribeReplicationInstances", instances::describe),
    Operation::read("DescribeReplicationSubnetGroups", subnets::describe),
    Operation::read("DescribeReplicationTasks", tasks::describe),
    Operation::read("DescribeTableStatistics", statistics::describe),
    Operation::write("ImportCertificate", certificates::import),
    Operation::read("ListTagsForResource", tags::list),
    Operation::write("ModifyEndpoint", endpoints::modify),
    Operation::write("ModifyEventSubscription", subscriptions::modify),
    Operation::write("ModifyReplicationInstance", instances::modify),
    Operation::write("ModifyReplicationSubnetGroup", subnets::modify),
    Operation::write("ModifyReplicationTask", tasks::modify),
    Operation::write("MoveReplicationTask", tasks::relocate),
    Operation::write("RebootReplicationInstance", instances::reboot),
    Operation::write("ReloadTables", statistics::reload),
    Operation::write("RemoveTagsFromResource", tags::remove),
    Operation::write("StartReplicationTask", run::start),
    Operation::write("StopReplicationTask", run::stop),
    Operation::write("TestConnection", connections::test),
];
