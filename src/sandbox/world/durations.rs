//! How long lifecycles take, in milliseconds: approximately what the real services take.

/// VPCs, subnets, route tables and security groups become visible and available.
pub const EC2_OBJECT: i64 = 1_500;
/// A request for a VPC peering connection reaches the other side.
pub const PEERING_REQUEST: i64 = 1_500;
/// A NAT gateway becomes available.
pub const NAT_UP: i64 = 100_000;
/// A NAT gateway is deleted.
pub const NAT_DOWN: i64 = 60_000;
/// A NAT gateway gets or gives back an address that nobody uses.
pub const NAT_ADDRESS: i64 = 30_000;
/// A virtual private gateway is attached or detached.
pub const VPN_ATTACHMENT: i64 = 20_000;
/// A load balancer becomes active.
pub const ALB_UP: i64 = 150_000;
/// A load balancer's capacity is reserved.
pub const ALB_CAPACITY: i64 = 120_000;
/// A registered target becomes healthy.
pub const TARGET_HEALTHY: i64 = 60_000;
/// Requester-managed interfaces of a deleted owner linger.
pub const INTERFACE_LINGERS: i64 = 90_000;
/// A single-AZ PostgreSQL or MySQL instance becomes available.
pub const RDS_UP: i64 = 430_000;
/// A modified instance is available again.
pub const RDS_MODIFY: i64 = 60_000;
/// An instance is deleted.
pub const RDS_DOWN: i64 = 240_000;
/// An Aurora cluster becomes available, without instances.
pub const AURORA_UP: i64 = 90_000;
/// An instance of an Aurora cluster becomes available.
pub const AURORA_INSTANCE_UP: i64 = 360_000;
/// A modified Aurora cluster is available again.
pub const AURORA_MODIFY: i64 = 30_000;
/// An Aurora cluster is upgraded.
pub const AURORA_UPGRADE: i64 = 600_000;
/// Another instance of an Aurora cluster writes.
pub const AURORA_FAILOVER: i64 = 30_000;
/// An Aurora cluster without instances is deleted.
pub const AURORA_DOWN: i64 = 60_000;
/// A replication instance becomes available.
pub const DMS_INSTANCE_UP: i64 = 360_000;
/// A replication instance is deleted.
pub const DMS_INSTANCE_DOWN: i64 = 180_000;
/// An endpoint becomes active.
pub const DMS_ENDPOINT: i64 = 5_000;
/// A connection test ends.
pub const DMS_CONNECTION_TEST: i64 = 40_000;
/// A task becomes ready.
pub const DMS_TASK_READY: i64 = 30_000;
/// A started task runs.
pub const DMS_TASK_RUNNING: i64 = 40_000;
/// A running task has stopped.
pub const DMS_TASK_STOP: i64 = 30_000;
/// A task is deleted.
pub const DMS_TASK_DOWN: i64 = 10_000;
/// A serverless replication is initialized.
pub const DMS_SERVERLESS_INITIALIZING: i64 = 180_000;
/// It gets what reads the source's metadata; only for the first start (AWS's DMS workshop: 15 to 20 minutes).
pub const DMS_SERVERLESS_METADATA: i64 = 960_000;
/// It tests the connections to both endpoints (2 to 5 minutes).
pub const DMS_SERVERLESS_TESTING: i64 = 150_000;
/// It reads the source's metadata (up to 5 minutes).
pub const DMS_SERVERLESS_FETCHING: i64 = 120_000;
/// It calculates the capacity it needs.
pub const DMS_SERVERLESS_CALCULATING: i64 = 60_000;
/// Its capacity is provisioned (15 to 20 minutes).
pub const DMS_SERVERLESS_PROVISIONING: i64 = 960_000;
/// The replication of data begins.
pub const DMS_SERVERLESS_STARTING: i64 = 60_000;
/// A running serverless replication has stopped.
pub const DMS_SERVERLESS_STOP: i64 = 60_000;
/// A stopped replication keeps its capacity for so long.
pub const DMS_SERVERLESS_KEPT: i64 = 120_000;
/// Its capacity is deprovisioned.
pub const DMS_SERVERLESS_DEPROVISION: i64 = 240_000;
/// A configuration is modified.
pub const DMS_SERVERLESS_MODIFY: i64 = 45_000;
/// A configuration is deleted.
pub const DMS_SERVERLESS_DOWN: i64 = 60_000;
/// A data migration becomes ready.
pub const DMS_MIGRATION_READY: i64 = 10_000;
/// A started data migration runs: its environment is provisioned first.
pub const DMS_MIGRATION_STARTING: i64 = 480_000;
/// A data migration is deleted.
pub const DMS_MIGRATION_DOWN: i64 = 20_000;
/// Until an assessment run has its resources.
pub const DMS_ASSESSMENT_PROVISIONING: i64 = 60_000;
/// An assessment run.
pub const DMS_ASSESSMENT: i64 = 240_000;
/// A service reaches a steady state (without its targets' health).
pub const ECS_STEADY: i64 = 90_000;
/// A service has drained.
pub const ECS_DRAIN: i64 = 60_000;
/// A Route 53 change is in sync.
pub const ROUTE53_INSYNC: i64 = 35_000;
/// A new or changed role can be assumed.
pub const IAM_PROPAGATION: i64 = 10_000;
/// A function becomes active.
pub const LAMBDA_ACTIVE: i64 = 5_000;
/// A function in a VPC becomes active.
pub const LAMBDA_NETWORK: i64 = 30_000;
/// A change of a function has settled.
pub const LAMBDA_UPDATE: i64 = 4_000;
/// Interfaces of a deleted function, or of one that left a VPC, linger.
pub const LAMBDA_INTERFACES: i64 = 300_000;
/// An instance runs.
pub const INSTANCE_UP: i64 = 30_000;
/// An instance is terminated.
pub const INSTANCE_DOWN: i64 = 40_000;
/// An instance of an Auto Scaling group is in service.
pub const ASG_IN_SERVICE: i64 = 90_000;
/// An empty Auto Scaling group is deleted.
pub const ASG_DOWN: i64 = 15_000;
/// An interface endpoint is available.
pub const ENDPOINT_UP: i64 = 60_000;
/// An interface endpoint is gone.
pub const ENDPOINT_DOWN: i64 = 60_000;
/// A backup on demand is complete.
pub const BACKUP_JOB: i64 = 120_000;
/// Reads of EC2 and IAM hide every new object for so long where that is asked for: what tests of recovery want.
pub const READ_LAG: i64 = 400;
/// Otherwise they hide one of so many. That it happens is documented ("Eventual consistency in the Amazon EC2 API", EC2
/// Developer Guide), how often and for how long is not: both are guesses, made so that clients which read at once stumble now
/// and then only.
pub const HIDDEN_ONE_IN: u64 = 250;
/// And for so long, from and to.
pub const HIDDEN: (i64, i64) = (200, 5_000);
