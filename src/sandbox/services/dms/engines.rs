//! What DMS connects to.

/// An engine.
pub(super) struct Engine {
    /// `EngineName`.
    pub name: &'static str,
    /// `EngineDisplayName`.
    pub title: &'static str,
    /// The member that holds its settings; empty if it has none of its own.
    pub settings: &'static str,
    /// Whether it is reached by host name and credentials, given directly or by a secret.
    pub server: bool,
    /// `SslMode` values it takes.
    pub ssl: &'static [&'static str],
    /// Whether it can be a source, a target.
    pub source: bool,
    /// Whether it can be a target.
    pub target: bool,
}

const ALL: &[&str] = &["none", "require", "verify-ca", "verify-full"];
/// MySQL and its family know no encryption without a verified certificate.
const VERIFIED: &[&str] = &["none", "verify-ca", "verify-full"];
const NONE: &[&str] = &["none"];

const fn engine(
    name: &'static str,
    title: &'static str,
    settings: &'static str,
    server: bool,
    ssl: &'static [&'static str],
    ends: (bool, bool),
) -> Engine {
    Engine { name, title, settings, server, ssl, source: ends.0, target: ends.1 }
}

const BOTH: (bool, bool) = (true, true);
const SOURCE: (bool, bool) = (true, false);
const TARGET: (bool, bool) = (false, true);

/// All engines.
pub(super) const ENGINES: &[Engine] = &[
    engine("aurora", "Amazon Aurora MySQL", "MySQLSettings", true, VERIFIED, BOTH),
    engine("aurora-postgresql", "Amazon Aurora PostgreSQL", "PostgreSQLSettings", true, ALL, BOTH),
    engine("aurora-serverless", "Amazon Aurora Serverless MySQL", "MySQLSettings", true, VERIFIED, TARGET),
    engine(
        "aurora-postgresql-serverless",
        "Amazon Aurora Serverless PostgreSQL",
        "PostgreSQLSettings",
        true,
        ALL,
        BOTH,
    ),
    engine("azuredb", "Microsoft Azure SQL Database", "MicrosoftSQLServerSettings", true, ALL, SOURCE),
    engine(
        "azure-sql-managed-instance",
        "Microsoft Azure SQL Managed Instance",
        "MicrosoftSQLServerSettings",
        true,
        ALL,
        SOURCE,
    ),
    engine("babelfish", "Babelfish", "MicrosoftSQLServerSettings", true, ALL, TARGET),
    engine("db2", "IBM Db2 LUW", "IBMDb2Settings", true, ALL, SOURCE),
    engine("db2-zos", "IBM Db2 z/OS", "IBMDb2Settings", true, ALL, SOURCE),
    engine("docdb", "Amazon DocumentDB", "DocDbSettings", true, &["none", "verify-full"], BOTH),
    engine("dynamodb", "Amazon DynamoDB", "DynamoDbSettings", false, NONE, TARGET),
    engine("elasticsearch", "Amazon Elasticsearch Service", "ElasticsearchSettings", false, NONE, TARGET),
    engine("opensearch", "Amazon OpenSearch Service", "ElasticsearchSettings", false, NONE, TARGET),
    engine("kafka", "Apache Kafka", "KafkaSettings", false, NONE, TARGET),
    engine("kinesis", "Amazon Kinesis", "KinesisSettings", false, NONE, TARGET),
    engine("mariadb", "MariaDB", "MySQLSettings", true, VERIFIED, BOTH),
    engine("mongodb", "MongoDB", "MongoDbSettings", true, ALL, SOURCE),
    engine("mysql", "MySQL", "MySQLSettings", true, VERIFIED, BOTH),
    engine("gcp-mysql", "Google Cloud for MySQL", "GcpMySQLSettings", true, VERIFIED, SOURCE),
    engine("neptune", "Amazon Neptune", "NeptuneSettings", true, NONE, TARGET),
    engine("oracle", "Oracle", "OracleSettings", true, &["none", "verify-ca"], BOTH),
    engine("postgres", "PostgreSQL", "PostgreSQLSettings", true, ALL, BOTH),
    engine("redis", "Redis", "RedisSettings", false, NONE, TARGET),
    engine("redshift", "Amazon Redshift", "RedshiftSettings", true, ALL, TARGET),
    engine("redshift-serverless", "Amazon Redshift Serverless", "RedshiftSettings", true, ALL, TARGET),
    engine("s3", "Amazon S3", "S3Settings", false, NONE, BOTH),
    engine("sqlserver", "Microsoft SQL Server", "MicrosoftSQLServerSettings", true, ALL, BOTH),
    engine("sybase", "SAP ASE", "SybaseSettings", true, ALL, BOTH),
    engine("timestream", "Amazon Timestream", "TimestreamSettings", false, NONE, TARGET),
];

/// All members that hold settings of some engine.
pub(super) const SETTINGS: &[&str] = &[
    "DmsTransferSettings",
    "DocDbSettings",
    "DynamoDbSettings",
    "ElasticsearchSettings",
    "GcpMySQLSettings",
    "IBMDb2Settings",
    "KafkaSettings",
    "KinesisSettings",
    "MicrosoftSQLServerSettings",
    "MongoDbSettings",
    "MySQLSettings",
    "NeptuneSettings",
    "OracleSettings",
    "PostgreSQLSettings",
    "RedisSettings",
    "RedshiftSettings",
    "S3Settings",
    "SybaseSettings",
    "TimestreamSettings",
];

/// The engine of that name.
pub(super) fn find(name: &str) -> Option<&'static Engine> {
    ENGINES.iter().find(|engine| engine.name == name)
}
