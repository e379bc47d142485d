//! The properties of a bucket, as in its schema.

use serde_json::Value as Json;

pub use super::metadata::{Metadata, MetadataTable};
use crate::model::Tag;

crate::props! {
    /// A bucket.
    pub struct Props {
        AbacStatus: String,
        AccelerateConfiguration: Accelerate,
        AccessControl: String,
        AnalyticsConfigurations: Vec<Analytics>,
        BucketEncryption: Encryption,
        BucketName: String,
        BucketNamespace: String,
        CorsConfiguration: Cors,
        IntelligentTieringConfigurations: Vec<IntelligentTiering>,
        InventoryConfigurations: Vec<Inventory>,
        LifecycleConfiguration: Lifecycle,
        LoggingConfiguration: Logging,
        MetadataConfiguration: Metadata,
        MetadataTableConfiguration: MetadataTable,
        MetricsConfigurations: Vec<Metrics>,
        NotificationConfiguration: Notification,
        ObjectLockConfiguration: ObjectLock,
        ObjectLockEnabled: bool,
        OwnershipControls: Ownerships,
        PublicAccessBlockConfiguration: PublicAccessBlock,
        ReplicationConfiguration: Replication,
        Tags: Vec<Tag>,
        VersioningConfiguration: Versioning,
        WebsiteConfiguration: Website,
    }

    /// Transfer acceleration.
    pub struct Accelerate { AccelerationStatus: String }
    /// Whether old versions are kept.
    pub struct Versioning { Status: String }

    /// One storage class analysis.
    pub struct Analytics {
        Id: String,
        Prefix: String,
        StorageClassAnalysis: StorageClassAnalysis,
        TagFilters: Vec<Tag>,
    }
    /// Where an analysis goes.
    pub struct StorageClassAnalysis { DataExport: DataExport }
    /// Where an analysis goes, and in which version of the format.
    pub struct DataExport { Destination: ReportDestination, OutputSchemaVersion: String }
    /// The bucket that receives analyses or inventories.
    pub struct ReportDestination { BucketAccountId: String, BucketArn: String, Format: String, Prefix: String }

    /// Default encryption.
    pub struct Encryption { ServerSideEncryptionConfiguration: Vec<EncryptionRule> }
    /// One rule of default encryption.
    pub struct EncryptionRule {
        BlockedEncryptionTypes: BlockedEncryption,
        BucketKeyEnabled: bool,
        ServerSideEncryptionByDefault: EncryptionDefault,
    }
    /// Encryption types that uploads may not use.
    pub struct BlockedEncryption { EncryptionType: Vec<String> }
    /// The algorithm and its key.
    pub struct EncryptionDefault { KMSMasterKeyID: String, SSEAlgorithm: String }

    /// Cross-origin rules.
    pub struct Cors { CorsRules: Vec<CorsRule> }
    /// One cross-origin rule.
    pub struct CorsRule {
        AllowedHeaders: Vec<String>,
        AllowedMethods: Vec<String>,
        AllowedOrigins: Vec<String>,
        ExposedHeaders: Vec<String>,
        Id: String,
        MaxAge: i32,
    }

    /// One tiering configuration.
    pub struct IntelligentTiering {
        Id: String,
        Prefix: String,
        Status: String,
        TagFilters: Vec<Tag>,
        Tierings: Vec<Tiering>,
    }
    /// When objects move to an archive tier.
    pub struct Tiering { AccessTier: String, Days: i32 }

    /// One inventory.
    pub struct Inventory {
        Destination: ReportDestination,
        Enabled: bool,
        Id: String,
        IncludedObjectVersions: String,
        OptionalFields: Vec<String>,
        Prefix: String,
        ScheduleFrequency: String,
    }

    /// Lifecycle rules.
    pub struct Lifecycle { Rules: Vec<LifecycleRule>, TransitionDefaultMinimumObjectSize: String }
    /// One lifecycle rule.
    pub struct LifecycleRule {
        AbortIncompleteMultipartUpload: AbortUploads,
        ExpirationDate: String,
        ExpirationInDays: i32,
        ExpiredObjectDeleteMarker: bool,
        Id: String,
        NoncurrentVersionExpiration: NoncurrentExpiration,
        NoncurrentVersionExpirationInDays: i32,
        NoncurrentVersionTransition: NoncurrentTransition,
        NoncurrentVersionTransitions: Vec<NoncurrentTransition>,
        ObjectSizeGreaterThan: String,
        ObjectSizeLessThan: String,
        Prefix: String,
        Status: String,
        TagFilters: Vec<Tag>,
        Transition: Transition,
        Transitions: Vec<Transition>,
    }
    /// When unfinished uploads are dropped.
    pub struct AbortUploads { DaysAfterInitiation: i32 }
    /// When old versions go.
    pub struct NoncurrentExpiration { NewerNoncurrentVersions: i32, NoncurrentDays: i32 }
    /// When old versions change their storage class.
    pub struct NoncurrentTransition { NewerNoncurrentVersions: i32, StorageClass: String, TransitionInDays: i32 }
    /// When objects change their storage class.
    pub struct Transition { StorageClass: String, TransitionDate: String, TransitionInDays: i32 }

    /// Server access logs.
    pub struct Logging { DestinationBucketName: String, LogFilePrefix: String, TargetObjectKeyFormat: LogKeyFormat }
    /// How log objects are named.
    pub struct LogKeyFormat { PartitionedPrefix: PartitionedPrefix, SimplePrefix: Json }
    /// Log objects in folders by date.
    pub struct PartitionedPrefix { PartitionDateSource: String }

    /// One request-metrics filter.
    pub struct Metrics { AccessPointArn: String, Id: String, Prefix: String, TagFilters: Vec<Tag> }

    /// Event notifications.
    pub struct Notification {
        EventBridgeConfiguration: EventBridge,
        LambdaConfigurations: Vec<LambdaNotification>,
        QueueConfigurations: Vec<QueueNotification>,
        TopicConfigurations: Vec<TopicNotification>,
    }
    /// Events for EventBridge.
    pub struct EventBridge { EventBridgeEnabled: bool }
    /// One event for a function.
    pub struct LambdaNotification { Event: String, Filter: NotificationFilter, Function: String }
    /// One event for a queue.
    pub struct QueueNotification { Event: String, Filter: NotificationFilter, Queue: String }
    /// One event for a topic.
    pub struct TopicNotification { Event: String, Filter: NotificationFilter, Topic: String }
    /// Which keys cause events.
    pub struct NotificationFilter { S3Key: KeyFilter }
    /// Which keys cause events.
    pub struct KeyFilter { Rules: Vec<FilterRule> }
    /// A prefix or a suffix.
    pub struct FilterRule { Name: String, Value: String }

    /// Object lock.
    pub struct ObjectLock { ObjectLockEnabled: String, Rule: ObjectLockRule }
    /// The retention of new objects.
    pub struct ObjectLockRule { DefaultRetention: Retention }
    /// Mode and duration of a retention.
    pub struct Retention { DefaultEventHold: EventHold, Days: i32, Mode: String, Years: i32 }
    /// Duration of a hold that ends with an event.
    pub struct EventHold { Days: i32, Years: i32 }

    /// Who owns uploaded objects.
    pub struct Ownerships { Rules: Vec<OwnershipRule> }
    /// Who owns uploaded objects.
    pub struct OwnershipRule { ObjectOwnership: String }

    /// The four switches against public access.
    pub struct PublicAccessBlock {
        BlockPublicAcls: bool,
        BlockPublicPolicy: bool,
        IgnorePublicAcls: bool,
        RestrictPublicBuckets: bool,
    }

    /// Replication to other buckets.
    pub struct Replication { Role: String, Rules: Vec<ReplicationRule> }
    /// One replication rule.
    pub struct ReplicationRule {
        DeleteMarkerReplication: Switch,
        Destination: ReplicationDestination,
        Filter: ReplicationFilter,
        Id: String,
        Prefix: String,
        Priority: i32,
        SourceSelectionCriteria: SourceSelection,
        Status: String,
    }
    /// `Enabled` or `Disabled`.
    pub struct Switch { Status: String }
    /// Where replicas go and what becomes of them there.
    pub struct ReplicationDestination {
        AccessControlTranslation: OwnerTranslation,
        Account: String,
        Bucket: String,
        EncryptionConfiguration: ReplicaEncryption,
        Metrics: ReplicationMetrics,
        ReplicationTime: ReplicationTime,
        StorageClass: String,
    }
    /// Who owns replicas.
    pub struct OwnerTranslation { Owner: String }
    /// The key for replicas.
    pub struct ReplicaEncryption { ReplicaKmsKeyID: String }
    /// Replication metrics.
    pub struct ReplicationMetrics { EventThreshold: Minutes, Status: String }
    /// Replication time control.
    pub struct ReplicationTime { Status: String, Time: Minutes }
    /// A duration.
    pub struct Minutes { Minutes: i32 }
    /// Which objects a rule replicates.
    pub struct ReplicationFilter { And: ReplicationAnd, Prefix: String, TagFilter: Tag }
    /// All of these.
    pub struct ReplicationAnd { Prefix: String, TagFilters: Vec<Tag> }
    /// Which objects a rule replicates besides ordinary ones.
    pub struct SourceSelection { ReplicaModifications: Switch, SseKmsEncryptedObjects: Switch }

    /// A static website.
    pub struct Website {
        ErrorDocument: String,
        IndexDocument: String,
        RedirectAllRequestsTo: RedirectAll,
        RoutingRules: Vec<RoutingRule>,
    }
    /// A redirect of everything.
    pub struct RedirectAll { HostName: String, Protocol: String }
    /// A redirect of some requests.
    pub struct RoutingRule { RedirectRule: Redirect, RoutingRuleCondition: RoutingCondition }
    /// Where to.
    pub struct Redirect {
        HostName: String,
        HttpRedirectCode: String,
        Protocol: String,
        ReplaceKeyPrefixWith: String,
        ReplaceKeyWith: String,
    }
    /// Which requests.
    pub struct RoutingCondition { HttpErrorCodeReturnedEquals: String, KeyPrefixEquals: String }
}
