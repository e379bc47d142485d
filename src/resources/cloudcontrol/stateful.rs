//! Types whose objects hold data: deleting one needs a permission of its own.

/// What is lost with an object, by its type. Types of which nothing is listed hold no data but their own settings.
const HOLDS: &[(&str, &str)] = &[
    ("AWS::ACMPCA::CertificateAuthority", "the certificate authority and its private key"),
    ("AWS::APS::Workspace", "the workspace and its metrics"),
    ("AWS::AmazonMQ::Broker", "the broker and the messages in it"),
    ("AWS::AppConfig::HostedConfigurationVersion", "the stored configuration"),
    ("AWS::Backup::BackupVault", "the vault and its recovery points"),
    ("AWS::Backup::LogicallyAirGappedBackupVault", "the vault and its recovery points"),
    ("AWS::Bedrock::KnowledgeBase", "the knowledge base"),
    ("AWS::Cassandra::Keyspace", "the keyspace and its tables"),
    ("AWS::Cassandra::Table", "the table and its rows"),
    ("AWS::CertificateManager::Certificate", "the certificate"),
    ("AWS::CloudTrail::EventDataStore", "the recorded events"),
    ("AWS::CodeArtifact::Domain", "the domain and its packages"),
    ("AWS::CodeArtifact::Repository", "the repository and its packages"),
    ("AWS::CodeCommit::Repository", "the repository and its history"),
    ("AWS::Cognito::IdentityPool", "the pool and its identities"),
    ("AWS::Cognito::UserPool", "the pool and its users"),
    ("AWS::Cognito::UserPoolUser", "the user"),
    ("AWS::CustomerProfiles::Domain", "the domain and its profiles"),
    ("AWS::DSQL::Cluster", "the cluster and its data"),
    ("AWS::DataSync::Task", "the task's history"),
    ("AWS::DirectoryService::MicrosoftAD", "the directory and its users"),
    ("AWS::DirectoryService::SimpleAD", "the directory and its users"),
    ("AWS::DocDBElastic::Cluster", "the cluster and its data"),
    ("AWS::DynamoDB::GlobalTable", "the table and its items, in every region"),
    ("AWS::DynamoDB::Table", "the table and its items"),
    ("AWS::EC2::Instance", "the instance and the volumes that go with it"),
    ("AWS::EC2::KeyPair", "the key pair"),
    ("AWS::EC2::Volume", "the volume and its data"),
    ("AWS::ECR::PublicRepository", "the repository and its images"),
    ("AWS::ECR::Repository", "the repository and its images"),
    ("AWS::EFS::FileSystem", "the file system and its files"),
    ("AWS::EKS::Cluster", "the cluster and what runs in it"),
    ("AWS::ElastiCache::CacheCluster", "the cluster and what it caches"),
    ("AWS::ElastiCache::ReplicationGroup", "the group and what it caches"),
    ("AWS::ElastiCache::ServerlessCache", "what it caches"),
    ("AWS::Events::Archive", "the archived events"),
    ("AWS::FSx::Snapshot", "the snapshot"),
    ("AWS::FSx::StorageVirtualMachine", "the virtual machine and its root volume"),
    ("AWS::FSx::Volume", "the volume and its files"),
    ("AWS::FinSpace::Environment", "the environment and its data"),
    ("AWS::Glue::Database", "the database's table definitions"),
    ("AWS::Glue::Registry", "the registry and its schemas"),
    ("AWS::Glue::Schema", "the schema and its versions"),
    ("AWS::Glue::Table", "the table's definition and its versions"),
    ("AWS::GuardDuty::Detector", "the detector's findings"),
    ("AWS::HealthLake::FHIRDatastore", "the data store and its records"),
    ("AWS::IVS::RecordingConfiguration", "the recording settings"),
    ("AWS::IoT::Certificate", "the certificate"),
    ("AWS::IoT::Thing", "the thing and its shadow"),
    ("AWS::IoTAnalytics::Datastore", "the data store and its data"),
    ("AWS::IoTSiteWise::Asset", "the asset and its measurements"),
    ("AWS::KMS::Key", "the key, and with it all that is encrypted under it"),
    ("AWS::KMS::ReplicaKey", "the replica of the key"),
    ("AWS::Kendra::Index", "the index and its documents"),
    ("AWS::Kinesis::Stream", "the stream and the records in it"),
    ("AWS::KinesisFirehose::DeliveryStream", "the records that are not delivered yet"),
    ("AWS::KinesisVideo::Stream", "the stream and its recordings"),
    ("AWS::Lightsail::Bucket", "the bucket and its objects"),
    ("AWS::Lightsail::Database", "the database"),
    ("AWS::Lightsail::Disk", "the disk and its data"),
    ("AWS::Lightsail::Instance", "the instance and its disk"),
    ("AWS::Location::Tracker", "the tracker and its positions"),
    ("AWS::Logs::LogStream", "the stream and its events"),
    ("AWS::MSK::Cluster", "the cluster and the records in it"),
    ("AWS::MSK::ServerlessCluster", "the cluster and the records in it"),
    ("AWS::MediaPackageV2::Channel", "the channel and its content"),
    ("AWS::MemoryDB::Cluster", "the cluster and its data"),
    ("AWS::Neptune::DBCluster", "the cluster and its data"),
    ("AWS::Neptune::DBInstance", "the instance"),
    ("AWS::NeptuneGraph::Graph", "the graph"),
    ("AWS::OpenSearchServerless::Collection", "the collection and its documents"),
    ("AWS::OpenSearchService::Domain", "the domain and its documents"),
    ("AWS::Organizations::Account", "the account"),
    ("AWS::Personalize::Dataset", "the data set"),
    ("AWS::QuickSight::DataSet", "the data set"),
    ("AWS::RDS::CustomDBEngineVersion", "the engine version"),
    ("AWS::RDS::DBCluster", "the cluster, its data and its automated backups"),
    ("AWS::RDS::DBInstance", "the database and its automated backups"),
    ("AWS::RDS::GlobalCluster", "the global cluster"),
    ("AWS::Redshift::Cluster", "the cluster and its data"),
    ("AWS::RedshiftServerless::Namespace", "the namespace and its data"),
    ("AWS::Route53::HostedZone", "the zone and its records"),
    ("AWS::S3::Bucket", "the bucket and its objects"),
    ("AWS::S3Express::DirectoryBucket", "the bucket and its objects"),
    ("AWS::S3Outposts::Bucket", "the bucket and its objects"),
    ("AWS::S3Tables::Table", "the table and its rows"),
    ("AWS::S3Tables::TableBucket", "the bucket and its tables"),
    ("AWS::S3Vectors::Index", "the index and its vectors"),
    ("AWS::S3Vectors::VectorBucket", "the bucket and its vectors"),
    ("AWS::SCN::Instance", "the instance and its data"),
    ("AWS::SDB::Domain", "the domain and its items"),
    ("AWS::SQS::Queue", "the queue and the messages in it"),
    ("AWS::SSM::Parameter", "the parameter's value and its history"),
    ("AWS::SageMaker::Domain", "the domain and its users' files"),
    ("AWS::SageMaker::FeatureGroup", "the group's features"),
    ("AWS::SageMaker::NotebookInstance", "the notebook's volume"),
    ("AWS::SecretsManager::Secret", "the secret's values"),
    ("AWS::Timestream::Database", "the database and its tables"),
    ("AWS::Timestream::InfluxDBBackup", "the backup"),
    ("AWS::Timestream::InfluxDBCluster", "the cluster and its data"),
    ("AWS::Timestream::InfluxDBInstance", "the instance and its data"),
    ("AWS::Timestream::Table", "the table and its rows"),
    ("AWS::Transfer::User", "the user's access"),
    ("AWS::WorkSpaces::Workspace", "the workspace and its volumes"),
];

/// What is lost with an object of that type.
pub(super) fn loss(kind: &str) -> Option<&'static str> {
    HOLDS.binary_search_by(|(name, _)| (*name).cmp(kind)).ok().map(|at| HOLDS[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn the_table_is_sorted_and_names_published_types_only() {
        assert!(HOLDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (kind, _) in HOLDS {
            assert!(schema::of(kind).is_some(), "{kind} is not published");
        }
        assert!(loss("AWS::DynamoDB::Table").is_some() && loss("AWS::SNS::Topic").is_none());
    }
}
