//! Settings of each engine: the schema's blocks, member by member, as the API's blocks.
//!
//! What DMS never shows (passwords) is sent only. What it shows is read back as far as it was set: a block that
//! DMS filled with defaults is no difference.

use aws_sdk_databasemigration::types;
use aws_smithy_types::error::operation::BuildError;

/// A settings block and its twin of the API.
pub(super) trait Block: Sized {
    /// The API's block.
    type Live;
    /// What to send.
    fn sent(&self) -> Result<Self::Live, BuildError>;
    /// What came back, as far as `hint` has set it.
    fn shown(live: &Self::Live, hint: &Self) -> Self;
}

macro_rules! put {
    ($b:ident, $v:ident, $field:ident, text) => {
        $b.$field($v.clone())
    };
    ($b:ident, $v:ident, $field:ident, hidden) => {
        $b.$field($v.clone())
    };
    ($b:ident, $v:ident, $field:ident, need) => {
        $b.$field($v.clone())
    };
    ($b:ident, $v:ident, $field:ident, copy) => {
        $b.$field(*$v)
    };
    ($b:ident, $v:ident, $field:ident, needcopy) => {
        $b.$field(*$v)
    };
    ($b:ident, $v:ident, $field:ident, list) => {
        $v.iter().fold($b, |b, item| b.$field(*item))
    };
    ($b:ident, $v:ident, $field:ident, choice $choice:ident) => {
        $b.$field(types::$choice::from($v.as_str()))
    };
}

macro_rules! take {
    ($live:ident, $field:ident, text) => {
        $live.$field.clone()
    };
    ($live:ident, $field:ident, hidden) => {
        None
    };
    ($live:ident, $field:ident, need) => {
        Some($live.$field.clone())
    };
    ($live:ident, $field:ident, copy) => {
        $live.$field
    };
    ($live:ident, $field:ident, needcopy) => {
        Some($live.$field)
    };
    ($live:ident, $field:ident, list) => {
        $live.$field.clone()
    };
    ($live:ident, $field:ident, choice $choice:ident) => {
        $live.$field.as_ref().map(|v| v.as_str().to_owned())
    };
}

macro_rules! finish {
    ($b:ident, plain) => {
        Ok($b.build())
    };
    ($b:ident, fallible) => {
        $b.build()
    };
}

macro_rules! block {
    (
        $(#[$doc:meta])* $name:ident as $live:ident, $build:ident;
        $($prop:ident: $ty:ty => $field:ident $kind:ident $($choice:ident)?;)*
    ) => {
        crate::props! { $(#[$doc])* pub struct $name { $($prop: $ty),* } }

        impl Block for $name {
            type Live = types::$live;

            fn sent(&self) -> Result<types::$live, BuildError> {
                let mut builder = types::$live::builder();
                $(if let Some(value) = &self.$prop {
                    builder = put!(builder, value, $field, $kind $($choice)?);
                })*
                finish!(builder, $build)
            }

            fn shown(live: &types::$live, hint: &Self) -> Self {
                Self {
                    $($prop: if hint.$prop.is_some() { take!(live, $field, $kind $($choice)?) } else { None },)*
                }
            }
        }
    };
}

block! {
    /// `DocDbSettings`.
    DocDbSettings as DocDbSettings, plain;
    DocsToInvestigate: i32 => docs_to_investigate copy;
    ExtractDocId: bool => extract_doc_id copy;
    NestingLevel: String => nesting_level choice NestingLevelValue;
    SecretsManagerAccessRoleArn: String => secrets_manager_access_role_arn text;
    SecretsManagerSecretId: String => secrets_manager_secret_id text;
}

block! {
    /// `DynamoDbSettings`.
    DynamoDbSettings as DynamoDbSettings, fallible;
    ServiceAccessRoleArn: String => service_access_role_arn need;
}

block! {
    /// `ElasticsearchSettings`.
    ElasticsearchSettings as ElasticsearchSettings, fallible;
    EndpointUri: String => endpoint_uri need;
    ErrorRetryDuration: i32 => error_retry_duration copy;
    FullLoadErrorPercentage: i32 => full_load_error_percentage copy;
    ServiceAccessRoleArn: String => service_access_role_arn need;
}

block! {
    /// `GcpMySQLSettings`.
    GcpMySQLSettings as GcpMySqlSettings, plain;
    AfterConnectScript: String => after_connect_script text;
    CleanSourceMetadataOnMismatch: bool => clean_source_metadata_on_mismatch copy;
    DatabaseName: String => database_name text;
    EventsPollInterval: i32 => events_poll_interval copy;
    MaxFileSize: i32 => max_file_size copy;
    ParallelLoadThreads: i32 => parallel_load_threads copy;
    Password: String => password hidden;
    Port: i32 => port copy;
    SecretsManagerAccessRoleArn: String => secrets_manager_access_role_arn text;
    SecretsManagerSecretId: String => secrets_manager_secret_id text;
    ServerName: String => server_name text;
    ServerTimezone: String => server_timezone text;
    Username: String => username text;
}

block! {
    /// `IbmDb2Settings`.
    IbmDb2Settings as IbmDb2Settings, plain;
    CurrentLsn: String => current_lsn text;
    KeepCsvFiles: bool => keep_csv_files copy;
    LoadTimeout: i32 => load_timeout copy;
    MaxFileSize: i32 => max_file_size copy;
    MaxKBytesPerRead: i32 => max_k_bytes_per_read copy;
    SecretsManagerAccessRoleArn: String => secrets_manager_access_role_arn text;
    SecretsManagerSecretId: String => secrets_manager_secret_id text;
    SetDataCaptureChanges: bool => set_data_capture_changes copy;
    WriteBufferSize: i32 => write_buffer_size copy;
}

block! {
    /// `KafkaSettings`.
    KafkaSettings as KafkaSettings, plain;
    Broker: String => broker text;
    IncludeControlDetails: bool => include_control_details copy;
    IncludeNullAndEmpty: bool => include_null_and_empty copy;
    IncludePartitionValue: bool => include_partition_value copy;
    IncludeTableAlterOperations: bool => include_table_alter_operations copy;
    IncludeTransactionDetails: bool => include_transaction_details copy;
    MessageFormat: String => message_format choice MessageFormatValue;
    MessageMaxBytes: i32 => message_max_bytes copy;
    NoHexPrefix: bool => no_hex_prefix copy;
    PartitionIncludeSchemaTable: bool => partition_include_schema_table copy;
    SaslPassword: String => sasl_password hidden;
    SaslUserName: String => sasl_username text;
    SecurityProtocol: String => security_protocol choice KafkaSecurityProtocol;
    SslCaCertificateArn: String => ssl_ca_certificate_arn text;
    SslClientCertificateArn: String => ssl_client_certificate_arn text;
    SslClientKeyArn: String => ssl_client_key_arn text;
    SslClientKeyPassword: String => ssl_client_key_password hidden;
    Topic: String => topic text;
}

block! {
    /// `KinesisSettings`.
    KinesisSettings as KinesisSettings, plain;
    IncludeControlDetails: bool => include_control_details copy;
    IncludeNullAndEmpty: bool => include_null_and_empty copy;
    IncludePartitionValue: bool => include_partition_value copy;
    IncludeTableAlterOperations: bool => include_table_alter_operations copy;
    IncludeTransactionDetails: bool => include_transaction_details copy;
    MessageFormat: String => message_format choice MessageFormatValue;
    NoHexPrefix: bool => no_hex_prefix copy;
    PartitionIncludeSchemaTable: bool => partition_include_schema_table copy;
    ServiceAccessRoleArn: String => service_access_role_arn text;
    StreamArn: String => stream_arn text;
}

block! {
    /// `MicrosoftSqlServerSettings`.
    MicrosoftSqlServerSettings as MicrosoftSqlServerSettings, plain;
    BcpPacketSize: i32 => bcp_packet_size copy;
    ControlTablesFileGroup: String => control_tables_file_group text;
    DatabaseName: String => database_name text;
    ForceLobLookup: bool => force_lob_lookup copy;
    Password: String => password hidden;
    Port: i32 => port copy;
    QuerySingleAlwaysOnNode: bool => query_single_always_on_node copy;
    ReadBackupOnly: bool => read_backup_only copy;
    SafeguardPolicy: String => safeguard_policy choice SafeguardPolicy;
    SecretsManagerAccessRoleArn: String => secrets_manager_access_role_arn text;
    SecretsManagerSecretId: String => secrets_manager_secret_id text;
    ServerName: String => server_name text;
    TlogAccessMode: String => tlog_access_mode choice TlogAccessMode;
    TrimSpaceInChar: bool => trim_space_in_char copy;
    UseBcpFullLoad: bool => use_bcp_full_load copy;
    UseThirdPartyBackupDevice: bool => use_third_party_backup_device copy;
    Username: String => username text;
}

block! {
    /// `MongoDbSettings`.
    MongoDbSettings as MongoDbSettings, plain;
    AuthMechanism: String => auth_mechanism choice AuthMechanismValue;
    AuthSource: String => auth_source text;
    AuthType: String => auth_type choice AuthTypeValue;
    DatabaseName: String => database_name text;
    DocsToInvestigate: String => docs_to_investigate text;
    ExtractDocId: String => extract_doc_id text;
    NestingLevel: String => nesting_level choice NestingLevelValue;
    Password: String => password hidden;
    Port: i32 => port copy;
    SecretsManagerAccessRoleArn: String => secrets_manager_access_role_arn text;
    SecretsManagerSecretId: String => secrets_manager_secret_id text;
    ServerName: String => server_name text;
    Username: String => username text;
}

block! {
    /// `MySqlSettings`.
    MySqlSettings as MySqlSettings, plain;
    AfterConnectScript: String => after_connect_script text;
    CleanSourceMetadataOnMismatch: bool => clean_source_metadata_on_mismatch copy;
    EventsPollInterval: i32 => events_poll_interval copy;
    MaxFileSize: i32 => max_file_size copy;
    ParallelLoadThreads: i32 => parallel_load_threads copy;
    SecretsManagerAccessRoleArn: String => secrets_manager_access_role_arn text;
    SecretsManagerSecretId: String => secrets_manager_secret_id text;
    ServerTimezone: String => server_timezone text;
    TargetDbType: String => target_db_type choice TargetDbType;
}

block! {
    /// `NeptuneSettings`.
    NeptuneSettings as NeptuneSettings, fallible;
    ErrorRetryDuration: i32 => error_retry_duration copy;
    IamAuthEnabled: bool => iam_auth_enabled copy;
    MaxFileSize: i32 => max_file_size copy;
    MaxRetryCount: i32 => max_retry_count copy;
    S3BucketFolder: String => s3_bucket_folder need;
    S3BucketName: String => s3_bucket_name need;
    ServiceAccessRoleArn: String => service_access_role_arn text;
}

block! {
    /// `OracleSettings`.
    OracleSettings as OracleSettings, plain;
    AccessAlternateDirectly: bool => access_alternate_directly copy;
    AddSupplementalLogging: bool => add_supplemental_logging copy;
    AdditionalArchivedLogDestId: i32 => additional_archived_log_dest_id copy;
    AllowSelectNestedTables: bool => allow_select_nested_tables copy;
    ArchivedLogDestId: i32 => archived_log_dest_id copy;
    ArchivedLogsOnly: bool => archived_logs_only copy;
    AsmPassword: String => asm_password hidden;
    AsmServer: String => asm_server text;
    AsmUser: String => asm_user text;
    CharLengthSemantics: String => char_length_semantics choice CharLengthSemantics;
    DirectPathNoLog: bool => direct_path_no_log copy;
    DirectPathParallelLoad: bool => direct_path_parallel_load copy;
    EnableHomogenousTablespace: bool => enable_homogenous_tablespace copy;
    ExtraArchivedLogDestIds: Vec<i32> => extra_archived_log_dest_ids list;
    FailTasksOnLobTruncation: bool => fail_tasks_on_lob_truncation copy;
    NumberDatatypeScale: i32 => number_datatype_scale copy;
    OraclePathPrefix: String => oracle_path_prefix text;
    ParallelAsmReadThreads: i32 => parallel_asm_read_threads copy;
    ReadAheadBlocks: i32 => read_ahead_blocks copy;
    ReadTableSpaceName: bool => read_table_space_name copy;
    ReplacePathPrefix: bool => replace_path_prefix copy;
    RetryInterval: i32 => retry_interval copy;
    SecretsManagerAccessRoleArn: String => secrets_manager_access_role_arn text;
    SecretsManagerOracleAsmAccessRoleArn: String => secrets_manager_oracle_asm_access_role_arn text;
    SecretsManagerOracleAsmSecretId: String => secrets_manager_oracle_asm_secret_id text;
    SecretsManagerSecretId: String => secrets_manager_secret_id text;
    SecurityDbEncryption: String => security_db_encryption text;
    SecurityDbEncryptionName: String => security_db_encryption_name text;
    SpatialDataOptionToGeoJsonFunctionName: String => spatial_data_option_to_geo_json_function_name text;
    StandbyDelayTime: i32 => standby_delay_time copy;
    UseAlternateFolderForOnline: bool => use_alternate_folder_for_online copy;
    UseBFile: bool => use_b_file copy;
    UseDirectPathFullLoad: bool => use_direct_path_full_load copy;
    UseLogminerReader: bool => use_logminer_reader copy;
    UsePathPrefix: String => use_path_prefix text;
}

block! {
    /// `PostgreSqlSettings`.
    PostgreSqlSettings as PostgreSqlSettings, plain;
    AfterConnectScript: String => after_connect_script text;
    BabelfishDatabaseName: String => babelfish_database_name text;
    CaptureDdls: bool => capture_ddls copy;
    DatabaseMode: String => database_mode choice DatabaseMode;
    DdlArtifactsSchema: String => ddl_artifacts_schema text;
    ExecuteTimeout: i32 => execute_timeout copy;
    FailTasksOnLobTruncation: bool => fail_tasks_on_lob_truncation copy;
    HeartbeatEnable: bool => heartbeat_enable copy;
    HeartbeatFrequency: i32 => heartbeat_frequency copy;
    HeartbeatSchema: String => heartbeat_schema text;
    MapBooleanAsBoolean: bool => map_boolean_as_boolean copy;
    MaxFileSize: i32 => max_file_size copy;
    PluginName: String => plugin_name choice PluginNameValue;
    SecretsManagerAccessRoleArn: String => secrets_manager_access_role_arn text;
    SecretsManagerSecretId: String => secrets_manager_secret_id text;
    SlotName: String => slot_name text;
}

block! {
    /// `RedisSettings`.
    RedisSettings as RedisSettings, fallible;
    AuthPassword: String => auth_password hidden;
    AuthType: String => auth_type choice RedisAuthTypeValue;
    AuthUserName: String => auth_user_name text;
    Port: i32 => port needcopy;
    ServerName: String => server_name need;
    SslCaCertificateArn: String => ssl_ca_certificate_arn text;
    SslSecurityProtocol: String => ssl_security_protocol choice SslSecurityProtocolValue;
}

block! {
    /// `RedshiftSettings`.
    RedshiftSettings as RedshiftSettings, plain;
    AcceptAnyDate: bool => accept_any_date copy;
    AfterConnectScript: String => after_connect_script text;
    BucketFolder: String => bucket_folder text;
    BucketName: String => bucket_name text;
    CaseSensitiveNames: bool => case_sensitive_names copy;
    CompUpdate: bool => comp_update copy;
    ConnectionTimeout: i32 => connection_timeout copy;
    DateFormat: String => date_format text;
    EmptyAsNull: bool => empty_as_null copy;
    EncryptionMode: String => encryption_mode choice EncryptionModeValue;
    ExplicitIds: bool => explicit_ids copy;
    FileTransferUploadStreams: i32 => file_transfer_upload_streams copy;
    LoadTimeout: i32 => load_timeout copy;
    MapBooleanAsBoolean: bool => map_boolean_as_boolean copy;
    MaxFileSize: i32 => max_file_size copy;
    RemoveQuotes: bool => remove_quotes copy;
    ReplaceChars: String => replace_chars text;
    ReplaceInvalidChars: String => replace_invalid_chars text;
    SecretsManagerAccessRoleArn: String => secrets_manager_access_role_arn text;
    SecretsManagerSecretId: String => secrets_manager_secret_id text;
    ServerSideEncryptionKmsKeyId: String => server_side_encryption_kms_key_id text;
    ServiceAccessRoleArn: String => service_access_role_arn text;
    TimeFormat: String => time_format text;
    TrimBlanks: bool => trim_blanks copy;
    TruncateColumns: bool => truncate_columns copy;
    WriteBufferSize: i32 => write_buffer_size copy;
}

block! {
    /// `S3Settings`.
    S3Settings as S3Settings, plain;
    AddColumnName: bool => add_column_name copy;
    AddTrailingPaddingCharacter: bool => add_trailing_padding_character copy;
    BucketFolder: String => bucket_folder text;
    BucketName: String => bucket_name text;
    CannedAclForObjects: String => canned_acl_for_objects choice CannedAclForObjectsValue;
    CdcInsertsAndUpdates: bool => cdc_inserts_and_updates copy;
    CdcInsertsOnly: bool => cdc_inserts_only copy;
    CdcMaxBatchInterval: i32 => cdc_max_batch_interval copy;
    CdcMinFileSize: i32 => cdc_min_file_size copy;
    CdcPath: String => cdc_path text;
    CompressionType: String => compression_type choice CompressionTypeValue;
    CsvDelimiter: String => csv_delimiter text;
    CsvNoSupValue: String => csv_no_sup_value text;
    CsvNullValue: String => csv_null_value text;
    CsvRowDelimiter: String => csv_row_delimiter text;
    DataFormat: String => data_format choice DataFormatValue;
    DataPageSize: i32 => data_page_size copy;
    DatePartitionDelimiter: String => date_partition_delimiter choice DatePartitionDelimiterValue;
    DatePartitionEnabled: bool => date_partition_enabled copy;
    DatePartitionSequence: String => date_partition_sequence choice DatePartitionSequenceValue;
    DatePartitionTimezone: String => date_partition_timezone text;
    DictPageSizeLimit: i32 => dict_page_size_limit copy;
    EnableStatistics: bool => enable_statistics copy;
    EncodingType: String => encoding_type choice EncodingTypeValue;
    EncryptionMode: String => encryption_mode choice EncryptionModeValue;
    ExpectedBucketOwner: String => expected_bucket_owner text;
    ExternalTableDefinition: String => external_table_definition text;
    GlueCatalogGeneration: bool => glue_catalog_generation copy;
    IgnoreHeaderRows: i32 => ignore_header_rows copy;
    IncludeOpForFullLoad: bool => include_op_for_full_load copy;
    MaxFileSize: i32 => max_file_size copy;
    ParquetTimestampInMillisecond: bool => parquet_timestamp_in_millisecond copy;
    ParquetVersion: String => parquet_version choice ParquetVersionValue;
    PreserveTransactions: bool => preserve_transactions copy;
    Rfc4180: bool => rfc4180 copy;
    RowGroupLength: i32 => row_group_length copy;
    ServerSideEncryptionKmsKeyId: String => server_side_encryption_kms_key_id text;
    ServiceAccessRoleArn: String => service_access_role_arn text;
    TimestampColumnName: String => timestamp_column_name text;
    UseCsvNoSupValue: bool => use_csv_no_sup_value copy;
    UseTaskStartTimeForFullLoadTimestamp: bool => use_task_start_time_for_full_load_timestamp copy;
}

block! {
    /// `SybaseSettings`.
    SybaseSettings as SybaseSettings, plain;
    SecretsManagerAccessRoleArn: String => secrets_manager_access_role_arn text;
    SecretsManagerSecretId: String => secrets_manager_secret_id text;
}
