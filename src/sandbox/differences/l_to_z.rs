//! Known differences of the services from Lambda to STS.

/// `(service, operation, how)`, sorted.
pub(super) const L_TO_Z: &[(&str, &str, &str)] = &[
    (
        "lambda",
        "*",
        "Code is kept as digest and size; nothing is run. With `sandbox serve --run-functions` archives are kept too, and \
         Python code is run on this machine by the user who serves: in real time however fast lifecycles pass, with the \
         interpreter named by --python whatever the runtime is called, without layers and limits of memory.",
    ),
    (
        "lambda",
        "CreateEventSourceMapping",
        "Mappings to queues, streams and tables are kept; nothing is read from those and nothing called.",
    ),
    ("lambda", "CreateFunction", "Capacity providers are not looked up: any ARN of one does."),
    ("lambda", "CreateFunctionUrlConfig", "Nothing listens at the URL."),
    (
        "lambda",
        "Invoke",
        "A function that is not run answers a custom resource's request all the same: success, and one text for every attribute. \
         Asynchronous invocations for which there is no room are tried again every moment, not at growing intervals. What ends \
         in a queue or a bucket is kept, but no API here reads it; the permissions of the function's role are not looked at.",
    ),
    (
        "lambda",
        "PublishVersion",
        "Versions have configuration and code; policies, runtime management and concurrency belong to whole functions.",
    ),
    ("lambda", "PutFunctionCodeSigningConfig", "Signatures are not looked at: code is kept as its digest."),
    (
        "lambda",
        "PutFunctionEventInvokeConfig",
        "Destinations must be of a service that can be one; whether they exist, and whether the function's role may send \
         there, is not looked at.",
    ),
    (
        "lambda",
        "PutFunctionScalingConfig",
        "It is applied at once and starts nothing. Functions without a capacity provider and a minimum above the maximum are refused with InvalidParameterValueException; AWS documents the code, not the cases.",
    ),
    (
        "lambda",
        "PutProvisionedConcurrencyConfig",
        "What is asked for is there after a minute; nothing runs warmer for it.",
    ),
    (
        "logs",
        "AssociateKmsKey",
        "Keys are not looked up, here and in other services but for Aurora clusters.",
    ),
    ("logs", "FilterLogEvents", "Regular expressions in patterns (between percent signs) are refused."),
    (
        "logs",
        "PutBearerTokenAuthentication",
        "Every log group may have it; AWS refuses some with InvalidOperationException and does not say which.",
    ),
    (
        "logs",
        "PutMetricFilter",
        "Metrics are published without the dimensions and the unit of the transformation.",
    ),
    (
        "logs",
        "PutSubscriptionFilter",
        "Nothing is sent to the destination; whether a function lets CloudWatch Logs call it is not looked at.",
    ),
    ("rds", "*", "No database is behind an instance or a cluster."),
    (
        "rds",
        "CreateBlueGreenDeployment",
        "Nothing is replicated, so nothing lags and no switchover fails; custom endpoints of a cluster are not copied, and \
         TargetResourceConfigurations are refused with SandboxOperationNotImplemented. Green instances are not shown as replicas.",
    ),
    (
        "rds",
        "CreateDBCluster",
        "Aurora only: no Multi-AZ clusters of MySQL and PostgreSQL, no limitless databases, no Serverless v1.",
    ),
    (
        "rds",
        "CreateDBInstance",
        "Backup and maintenance windows are always the same where none are sent; AWS picks them at random.",
    ),
    (
        "rds",
        "CreateDBInstance",
        "Minor versions that AWS has withdrawn are taken as long as their major version is on offer; a version newer than the catalogue is refused with SandboxOperationNotImplemented.",
    ),
    (
        "rds",
        "CreateDBParameterGroup",
        "Parameters have names and apply types, but no default values and no allowed values.",
    ),
    (
        "rds",
        "CreateDBProxy",
        "Roles and secrets are not asked, and no connection goes through a proxy; its targets are healthy after two minutes.",
    ),
    (
        "rds",
        "CreateGlobalCluster",
        "No data travels between the Regions of a global cluster, and nobody lags behind.",
    ),
    (
        "rds",
        "DeleteDBInstanceAutomatedBackup",
        "A copy in another region is refused as long as it is replicated; whether AWS takes it away and ends the replication is not documented.",
    ),
    (
        "rds",
        "DescribeDBEngineVersions",
        "A catalogue with a date (src/engines/catalogue.json), the same in every region; RDS Custom, Aurora 5.6, DocumentDB and Neptune are left out.",
    ),
    (
        "rds",
        "DescribeEvents",
        "Events of instances and clusters that follow from their states, dated at the first call that sees the state; they stay for ever, not for 14 days. Event subscriptions hear of none.",
    ),
    (
        "rds",
        "DescribeOrderableDBInstanceOptions",
        "The classes that an engine has in any region, in three zones; which of its versions run on which class is known only where Graviton needs a newer one.",
    ),
    (
        "rds",
        "ModifyDBCluster",
        "A new name (NewDBClusterIdentifier) is refused with SandboxOperationNotImplemented.",
    ),
    (
        "rds",
        "ModifyDBInstance",
        "A new name (NewDBInstanceIdentifier) is refused with SandboxOperationNotImplemented.",
    ),
    (
        "rds",
        "StartDBInstanceAutomatedBackupsReplication",
        "A source that is replicated already is refused with InvalidDBInstanceAutomatedBackupState, one of the same region with InvalidParameterValue; which codes AWS has for these is not documented.",
    ),
    (
        "rds",
        "StartExportTask",
        "Nothing is written to the bucket, and what the role may do there is not looked at; every export takes six minutes.",
    ),
    (
        "resourcegroupstaggingapi",
        "GetResources",
        "Objects that only Cloud Control knows have ARNs of one form where their schema shows none.",
    ),
    ("route53", "GetDNSSEC", "Nothing is ever signed: zones have no keys."),
    (
        "route53",
        "GetHealthCheckStatus",
        "Health checkers ask nobody: an endpoint is healthy until somebody plays its outage in the world.",
    ),
    (
        "route53",
        "ListHostedZones",
        "Unknown markers begin at the next id instead of being refused, as in the other lists of this service.",
    ),
    (
        "s3",
        "*",
        "Access is not checked: policies, ACLs, public access blocks and ownership are kept and read back.",
    ),
    (
        "s3",
        "CreateBucketMetadataConfiguration",
        "The codes for a bucket that has metadata tables (MetadataConfigurationAlreadyExists), for settings that do not fit (InvalidRequest) and for updates of the older kind (MetadataConfigurationNotFound) are not documented by AWS.",
    ),
    (
        "s3",
        "CreateBucketMetadataConfiguration",
        "The tables get names and ARNs, but have no rows: there is no S3 Tables.",
    ),
    ("s3", "PutBucketLifecycleConfiguration", "Rules are kept, but nothing expires or moves."),
    ("s3", "PutBucketNotificationConfiguration", "Notifications are kept, but none is sent."),
    (
        "s3",
        "PutBucketReplication",
        "New versions are copied after fifteen seconds; nothing is ever delayed or failed.",
    ),
    (
        "s3",
        "PutObject",
        "Nothing is encrypted: a key of the customer is checked by its digest. ETags of objects with KMS keys are digests of \
         the content all the same.",
    ),
    ("secretsmanager", "DescribeSecret", "Readings are not remembered: there is no LastAccessedDate."),
    ("secretsmanager", "RotateSecret", "The function is looked at, not run: a rotation changes no value."),
    (
        "serverlessrepo",
        "*",
        "There are AWS's rotation functions for databases, of any version that is named; other applications are not there, and none can be published. Their templates have the published parameters, permissions and outputs, but code that does nothing.",
    ),
    (
        "sns",
        "ConfirmSubscription",
        "The token travels in a message nobody receives, so pending subscriptions stay pending.",
    ),
    (
        "sns",
        "CreatePlatformApplication",
        "Credentials are checked with nobody, and nothing reaches a device.",
    ),
    ("sns", "ListPhoneNumbersOptedOut", "Nobody answers STOP: there are none."),
    ("sns", "Publish", "Messages are kept for whoever looks at the world, and delivered to nobody."),
    ("ssm", "PutParameter", "Policies are kept, but no parameter expires; no key is behind SecureString."),
    (
        "sts",
        "AssumeRole",
        "The credentials it lends may do no more and no less than any others, until they end. Any code of an MFA device is taken.",
    ),
];
