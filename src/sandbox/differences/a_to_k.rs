//! Known differences of all services together, and of those from ACM to KMS.

/// `(service, operation, how)`, sorted.
pub(super) const A_TO_K: &[(&str, &str, &str)] = &[
    (
        "*",
        "*",
        "How long a call takes is drawn around one figure for a service's reads and one for its changes; AWS publishes none: they \
         are estimated from public logs of deployments.",
    ),
    (
        "*",
        "*",
        "Lifecycles take fixed durations, close to typical ones; they fail only when a fault script says so.",
    ),
    ("*", "*", "Quotas are not enforced, apart from the few that single operations name below."),
    (
        "*",
        "*",
        "Rates are token buckets per service with approximate sizes; AWS has some per operation and adapts them.",
    ),
    (
        "*",
        "*",
        "Reads lag behind writes only in EC2 and IAM: one of 250 new objects, drawn by the world's seed, is not seen for 0.2 to 5 \
         seconds; AWS publishes no rate. Changes, deletions and all other services are seen at once.",
    ),
    (
        "*",
        "*",
        "Signatures and permissions are not checked: any credentials do, and they belong to the one account.",
    ),
    (
        "*",
        "*",
        "Tokens of pages never expire, and most of them count positions: objects made in between shift the pages.",
    ),
    (
        "*",
        "*",
        "Unknown parameters are refused with UnknownParameter in every protocol; several services ignore them.",
    ),
    (
        "acm",
        "*",
        "No key is made and nothing is signed. A certificate is issued three minutes after its request, once its CNAME \
         records are in a hosted zone of the account; where they are taken away, it waits for them again.",
    ),
    (
        "acm",
        "RequestCertificate",
        "Nobody answers the mails of email validation: such a certificate stays pending.",
    ),
    (
        "application-autoscaling",
        "DescribeScalingActivities",
        "Nothing scales on its own, so there are no activities.",
    ),
    (
        "application-autoscaling",
        "PutScalingPolicy",
        "The alarms of target tracking exist, but nobody acts on them.",
    ),
    ("autoscaling", "AttachLoadBalancers", "There are no classic load balancers: every name is refused."),
    (
        "autoscaling",
        "CreateAutoScalingGroup",
        "Groups from an instance or a launch configuration are refused. Of a mixed policy the first override is launched, on demand.",
    ),
    (
        "autoscaling",
        "PutLifecycleHook",
        "Hooks are kept and their role is tried, but instances do not wait at them.",
    ),
    ("autoscaling", "PutScalingPolicy", "The alarms of target tracking exist, but nobody acts on them."),
    (
        "autoscaling",
        "PutScheduledUpdateGroupAction",
        "Actions are kept and listed; when their time comes, nothing happens.",
    ),
    (
        "autoscaling",
        "StartInstanceRefresh",
        "Batches are planned when it begins and always succeed; checkpoints, bake time and rollback are not played.",
    ),
    (
        "backup",
        "CreateBackupPlan",
        "Schedules never fire and copies are not made: recovery points come from StartBackupJob.",
    ),
    ("backup", "CreateBackupVault", "Keys are not looked up."),
    ("backup", "StartBackupJob", "The resource is not looked up: what its ARN says decides."),
    (
        "cloudcontrol",
        "*",
        "Objects exist by their schema alone: what they refer to need not exist, nothing keeps one from being deleted, \
         and no service behind them can be called.",
    ),
    (
        "cloudcontrol",
        "*",
        "Types that another service of the sandbox models are refused with UnsupportedActionException.",
    ),
    (
        "cloudcontrol",
        "CreateResource",
        "Requests take fixed durations, read-only properties hold values of the right form, and RoleArn and \
         TypeVersionId are not looked at; hooks are not run.",
    ),
    (
        "cloudcontrol",
        "ListResources",
        "ResourceModel filters by the properties that the list handler needs; others in it are not looked at.",
    ),
    (
        "cloudcontrol",
        "UpdateResource",
        "Properties that are create-only under some conditions are changed without any.",
    ),
    (
        "cloudformation",
        "*",
        "Stacks are what `migrate sandbox plant` put there (`stack`): nothing is deployed, no stack has resources, events or a          template, and every operation that would change one is refused.",
    ),
    (
        "cloudformation",
        "ListImports",
        "An export that does not exist is refused in the words for one that nobody imports; AWS's words for it are not          documented. Plans that `migrate` runs are no importers, as on AWS.",
    ),
    (
        "cloudformation",
        "ListStacks",
        "Sorted by name; AWS documents no order. Deleted stacks stay for ever, not for 90 days.",
    ),
    (
        "cloudwatch",
        "GetMetricData",
        "Metric math knows arithmetic and the common functions; others are refused.",
    ),
    (
        "cloudwatch",
        "PutCompositeAlarm",
        "The rule is kept and its alarms must exist, but it is not evaluated: the state changes only by SetAlarmState.",
    ),
    (
        "cloudwatch",
        "PutMetricAlarm",
        "States are computed when somebody asks for them, and actions are not carried out.",
    ),
    ("cloudwatch", "PutMetricStream", "Streams are kept; nothing flows, as there is no Firehose."),
    (
        "codebuild",
        "CreateProject",
        "Builds are not run. Sources, images, buckets, keys, fleets and file systems are not looked up, and which compute type \
         fits which environment is not checked. Where no recording has a refusal's wording, it is the twin's own.",
    ),
    ("codebuild", "CreateWebhook", "The provider's side is not played: it takes every webhook at once."),
    ("codebuild", "ImportSourceCredentials", "Every token is taken, and none is kept."),
    (
        "dms",
        "*",
        "Of the documented events, those come that something here brings about: creation, deletion, changes, failover and \
         failure. Storage never runs low and reading never pauses. DMS documents no `eventType` for events of instances: \
         theirs are made after those of tasks.",
    ),
    (
        "dms",
        "CreateEndpoint",
        "No database is behind an endpoint: servers, users and passwords are not looked at.",
    ),
    (
        "dms",
        "CreateEventSubscription",
        "Unknown categories are refused, for which AWS documents no code. A topic that does not let DMS publish is noticed with \
         the first event, not before; the policy that a topic is born with is enough.",
    ),
    (
        "dms",
        "CreateReplicationConfig",
        "The VPC's default security group is not filled in where none is sent. The wording of refusals is the twin's own where \
         no recording has it.",
    ),
    (
        "dms",
        "CreateReplicationInstance",
        "The maintenance window is always the same where none is sent; AWS picks one at random.",
    ),
    (
        "dms",
        "DeleteReplicationConfig",
        "Refused until the capacity is deprovisioned, as recorded of AWS; the API Reference names only running replications.",
    ),
    (
        "dms",
        "DescribeEndpoints",
        "Settings of an engine are shown as they were sent; AWS repeats server, port and user inside them.",
    ),
    (
        "dms",
        "DescribeTableStatistics",
        "Tables and rows are made up from the task's mappings. Changes are counted while ECS tasks reach the source database (rules, names and weights decide that); to a source outside of the account they never end.",
    ),
    ("dms", "ImportCertificate", "Certificates are kept unread: any PEM text does."),
    (
        "dms",
        "ModifyReplicationConfig",
        "Taken while the replication is created, stopped or failed, as the user guide has it; the API Reference says that one \
         that was ever started cannot be modified.",
    ),
    (
        "dms",
        "StartDataMigration",
        "Tables are made up from the selection rules, and a latency of one second while it follows. DMS's states are told in \
         words only: the twin writes them in lower case.",
    ),
    (
        "dms",
        "StartReplication",
        "States last as long as AWS's workshop tells; the capacity follows from the number of tables and never scales. Its events \
         go to EventBridge only; names and sentences of most states are formed after the few that are public, and those of the \
         hidden replication task are not told.",
    ),
    (
        "dms",
        "TestConnection",
        "It fails for reasons of secrets and roles the sandbox can see, never for reasons of the network.",
    ),
    ("ec2", "*", "There are no transit gateways or prefix lists; ids of such are refused as not found."),
    (
        "ec2",
        "AcceptAddressTransfer",
        "Offers are made by nobody but whoever looks after the world. Without one the code is InvalidTransfer.AddressNotFound; AWS's is not documented.",
    ),
    (
        "ec2",
        "AssociateNatGatewayAddress",
        "A gateway that is not available or drains connections is refused with IncorrectState, one of the other kind with UnsupportedOperation; AWS's codes are not documented.",
    ),
    (
        "ec2",
        "AttachVolume",
        "Instances see nothing of it; device names are taken as they come if none is taken twice.",
    ),
    (
        "ec2",
        "CreateFlowLogs",
        "Logs of VPCs, subnets and interfaces are kept; nothing flows, so nothing is delivered. Others are refused.",
    ),
    (
        "ec2",
        "CreateKeyPair",
        "The private key is random text in the form of one: there is no machine that it would open.",
    ),
    (
        "ec2",
        "CreateNatGateway",
        "A regional gateway that chooses its addresses takes one in each zone that has a subnet, once and for all.",
    ),
    (
        "ec2",
        "CreateSnapshot",
        "Nothing is copied: a snapshot is done after half a minute, whatever its size.",
    ),
    (
        "ec2",
        "CreateVpcEndpoint",
        "Endpoint services of others are not looked up: any name that begins with com.amazonaws.vpce does.",
    ),
    (
        "ec2",
        "DescribeInstanceTypeOfferings",
        "Every type is offered in every zone; there are no outposts and local zones.",
    ),
    (
        "ec2",
        "DescribeInstanceTypes",
        "The general families of the last generations, without bandwidths, baselines and clock speeds. What is launched is not checked against them.",
    ),
    (
        "ec2",
        "DescribeInstances",
        "Instances have no volumes, no console and no public addresses; key pairs are not looked up.",
    ),
    (
        "ec2",
        "DescribeManagedPrefixLists",
        "AWS's lists are those of S3 and DynamoDB, with the ids and some of the blocks of us-east-1.",
    ),
    (
        "ec2",
        "DescribeNetworkInterfaces",
        "IPv6 addresses, prefixes and public DNS names are not given out; requester ids are names, where AWS has numbers for some.",
    ),
    ("ec2", "DescribePrefixLists", "All regions have the lists of us-east-1, with some of their blocks."),
    ("ec2", "DescribeSnapshots", "Snapshots that others publish are not there."),
    (
        "ec2",
        "DescribeVpnConnections",
        "There are none but those that were planted (`migrate sandbox plant`).",
    ),
    (
        "ec2",
        "DisassociateNatGatewayAddress",
        "No connections are drained: an address is free after half a minute.",
    ),
    (
        "ec2",
        "RunInstances",
        "Placement, markets, capacity and quotas are not looked at: what has an image, a subnet and its groups is launched. User data is not run; where it holds an address signed for S3, a signal of success is written there.",
    ),
    (
        "ecs",
        "CreateCapacityProvider",
        "Auto Scaling groups are not scaled, and their instances join a cluster only when somebody registers them.",
    ),
    (
        "ecs",
        "CreateService",
        "A task that does not start is given up after three minutes; when that is counted and tried again is decided at \
         the next call. Groups that awslogs-create-group asks for are not made.",
    ),
    (
        "ecs",
        "CreateService",
        "Images are not pulled and containers not run: a Fargate task runs when its roles can be assumed and its subnet, \
         security groups and endpoints let it reach the registry, its secrets and its log group; whether image and secret \
         exist and IPv6 are not looked at, and of policies of endpoints conditions are taken to hold. Others run when a registered \
         container instance has room for them.",
    ),
    ("ecs", "CreateService", "The first tasks exist with the answer; AWS starts them moments later."),
    (
        "ecs",
        "CreateTaskSet",
        "Stability is told from the numbers of tasks, not from their health. Services with the controller CODE_DEPLOY have no task \
         sets, and the wording of refusals is the twin's own.",
    ),
    (
        "ecs",
        "DeleteService",
        "The service is inactive when its last task has stopped, so a cluster is never left with tasks alone.",
    ),
    (
        "ecs",
        "DescribeTasks",
        "Image pulls, attributes, runtime ids and ephemeral storage are not shown, overrides only of tasks run on their own.",
    ),
    ("ecs", "PutAccountSetting", "Settings are kept and shown; nothing goes by them."),
    (
        "ecs",
        "RegisterContainerInstance",
        "There is no agent: whoever calls is believed, the signature of the identity document is not looked at, and of an instance \
         without totalResources those of its type are taken.",
    ),
    ("ecs", "RegisterTaskDefinition", "Required attributes are not worked out."),
    (
        "ecs",
        "RunTask",
        "Tasks run until somebody stops them. Fargate's capacity is not looked at; where a placement strategy leaves it to chance, \
         the emptiest instance is taken.",
    ),
    (
        "ecs",
        "UpdateContainerAgent",
        "Every agent is updated to one version, whatever the newest one is by now.",
    ),
    (
        "ecs",
        "UpdateContainerInstancesState",
        "Tasks of services leave an instance that is drained at once, whatever minimumHealthyPercent is.",
    ),
    ("elbv2", "AddListenerCertificates", "Certificates are not looked up: any ARN does."),
    (
        "elbv2",
        "DescribeTargetHealth",
        "Targets become healthy after a fixed time: nothing is asked for its health.",
    ),
    (
        "elbv2",
        "ModifyIpPools",
        "IPAM pools are not looked up: any id does. Load balancers and changes that do not fit are refused with ValidationError; AWS's codes are not documented.",
    ),
    (
        "events",
        "PutRule",
        "Schedules are kept and never fire: events come from services of the sandbox and from PutEvents.",
    ),
    (
        "events",
        "PutTargets",
        "Topics get events if their policy lets EventBridge publish. For other targets the delivery is noted, and nothing is called; \
         with `sandbox serve --run-functions` functions are.",
    ),
    (
        "iam",
        "*",
        "Policies are checked for their form and kept; no call is decided by them. Trust policies decide who assumes a role, and \
         simulations evaluate.",
    ),
    (
        "iam",
        "AttachRolePolicy",
        "AWS managed policies are those that migrations commonly use; others are not found.",
    ),
    (
        "iam",
        "CreateSAMLProvider",
        "Metadata documents are looked at for their frame; nobody signs in with them.",
    ),
    (
        "iam",
        "CreateVirtualMFADevice",
        "The picture is one white dot; codes are taken as they come if they are two of six digits.",
    ),
    ("iam", "GetRole", "Nobody's use of a role is remembered: RoleLastUsed is always empty."),
    ("iam", "GetSSHPublicKey", "Keys are answered in the encoding that they were uploaded in only."),
    (
        "iam",
        "SimulateCustomPolicy",
        "Actions are not looked up: one with several resources has `*` for the name of them all, where AWS has the form of their \
         ARNs, and whether a resource is of a kind that the action knows is not looked at. Of resource handling options those of \
         RunInstances are taken.",
    ),
    (
        "iam",
        "SimulatePrincipalPolicy",
        "As SimulateCustomPolicy; there is no organization. Principals with policies of AWS whose text the sandbox does not have \
         are refused with SandboxOperationNotImplemented.",
    ),
    ("iam", "UploadSigningCertificate", "Certificates are not read beyond their frame."),
    (
        "kms",
        "*",
        "Operations that use keys compute: what they encrypt and sign, other implementations decrypt and verify, RSA and the \
         curves too. Key material follows from the world's seed or stands in the world's file: it is a rehearsal's and protects \
         nothing. Other services encrypt nothing with it. Keys of ML-DSA and SM2 and ED25519_PH_SHA_512 are kept, not computed \
         with; enclaves (Recipient) and custom key stores are refused.",
    ),
    ("kms", "CreateGrant", "Grants are kept, listed and taken back; who may use a key is not looked at."),
    ("kms", "EnableKeyRotation", "The date is kept; the rotation does not come by itself."),
    ("kms", "GetParametersForImport", "One wrapping key for each size serves all tokens of a Region."),
    ("kms", "ListAliases", "Aliases of AWS managed keys have their keys from the start."),
    ("kms", "PutKeyPolicy", "Policies are kept; who may use a key is not looked at."),
    (
        "kms",
        "RotateKeyOnDemand",
        "The eleventh rotation of a key is refused, as it was when AWS was recorded; the API reference allows 25 by now.",
    ),
];
