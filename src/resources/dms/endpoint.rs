//! `AWS::DMS::Endpoint`.

use aws_sdk_databasemigration::types::{DmsSslModeValue, Endpoint as Live, ReplicationEndpointTypeValue};
use serde_json::{Value as Json, json};

use super::{
    instance_rules::{same_key, same_text},
    pause::Pause,
    settings::{
        Block, DocDbSettings, DynamoDbSettings, ElasticsearchSettings, GcpMySQLSettings, IbmDb2Settings,
        KafkaSettings, KinesisSettings, MicrosoftSqlServerSettings, MongoDbSettings, MySqlSettings,
        NeptuneSettings, OracleSettings, PostgreSqlSettings, RedisSettings, RedshiftSettings, S3Settings,
        SybaseSettings,
    },
    support::{ABSENT, BUSY, ROLE, filter},
    tags::Tags,
    users,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Activity, Attributes, Facts, Identity, NameRule, PhysicalId, Tag, WaitPolicy},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State, compare,
        described::leaving,
        tags::{self, Tagging},
    },
};

/// The type.
pub struct Endpoint;

crate::words!(DmsSslModeValue, ReplicationEndpointTypeValue);

crate::mirrored! {
    /// The properties.
    pub struct Props <= Live {
        CertificateArn/certificate_arn: String, DatabaseName/database_name: String, DocDbSettings: DocDbSettings,
        DynamoDbSettings: DynamoDbSettings, ElasticsearchSettings: ElasticsearchSettings,
        EndpointIdentifier/endpoint_identifier: String, EndpointType/endpoint_type: String,
        EngineName/engine_name: String, ExtraConnectionAttributes/extra_connection_attributes: String,
        GcpMySQLSettings: GcpMySQLSettings, IbmDb2Settings: IbmDb2Settings, KafkaSettings: KafkaSettings,
        KinesisSettings: KinesisSettings, KmsKeyId/kms_key_id: String,
        MicrosoftSqlServerSettings: MicrosoftSqlServerSettings, MongoDbSettings: MongoDbSettings,
        MySqlSettings: MySqlSettings, NeptuneSettings: NeptuneSettings, OracleSettings: OracleSettings,
        Password: String, Port/port: i32, PostgreSqlSettings: PostgreSqlSettings, RedisSettings: RedisSettings,
        RedshiftSettings: RedshiftSettings, ResourceIdentifier: String, S3Settings: S3Settings,
        ServerName/server_name: String, SslMode/ssl_mode: String, SybaseSettings: SybaseSettings, Tags: Vec<Tag>,
        Username/username: String,
    }
}

impl Props {
    fn name(&self) -> &str {
        self.EndpointIdentifier.as_deref().unwrap_or_default()
    }
}

/// Members of settings that DMS never shows.
const HIDDEN: &[&str] = &["Password", "AsmPassword", "AuthPassword", "SaslPassword", "SslClientKeyPassword"];

/// Every settings block: the property, the setter of the create and modify calls, the member of the answer.
macro_rules! blocks {
    ($do:ident) => {
        $do! {
            DocDbSettings set_doc_db_settings doc_db_settings,
            DynamoDbSettings set_dynamo_db_settings dynamo_db_settings,
            ElasticsearchSettings set_elasticsearch_settings elasticsearch_settings,
            GcpMySQLSettings set_gcp_my_sql_settings gcp_my_sql_settings,
            IbmDb2Settings set_ibm_db2_settings ibm_db2_settings,
            KafkaSettings set_kafka_settings kafka_settings,
            KinesisSettings set_kinesis_settings kinesis_settings,
            MicrosoftSqlServerSettings set_microsoft_sql_server_settings microsoft_sql_server_settings,
            MongoDbSettings set_mongo_db_settings mongo_db_settings,
            MySqlSettings set_my_sql_settings my_sql_settings,
            NeptuneSettings set_neptune_settings neptune_settings,
            OracleSettings set_oracle_settings oracle_settings,
            PostgreSqlSettings set_postgre_sql_settings postgre_sql_settings,
            RedisSettings set_redis_settings redis_settings,
            RedshiftSettings set_redshift_settings redshift_settings,
            S3Settings set_s3_settings s3_settings,
            SybaseSettings set_sybase_settings sybase_settings,
        }
    };
}

macro_rules! block_names {
    ($($prop:ident $set:ident $field:ident,)*) => { &[$(stringify!($prop)),*] };
}

/// The properties that hold settings.
const BLOCKS: &[&str] = blocks!(block_names);

fn sent<B: Block>(operation: &'static str, block: Option<&B>) -> Result<Option<B::Live>, OpError> {
    block.map(Block::sent).transpose().map_err(|error| OpError::not_sent(operation, error.to_string()))
}

fn attributes(endpoint: &Live) -> Attributes {
    let arn = endpoint.endpoint_arn();
    Attributes::from([
        ("Ref".into(), json!(arn)),
        ("EndpointArn".into(), json!(arn)),
        // Only endpoints shared with other accounts have one.
        ("ExternalId".into(), json!(endpoint.external_id().unwrap_or_default())),
    ])
}

async fn by(cx: &Cx<'_>, name: &str, value: &str) -> Result<Option<Live>, OpError> {
    const OP: &str = "DescribeEndpoints";
    let call = cx.sdk.dms().describe_endpoints().filters(filter(OP, name, value)?);
    Ok(call.send().await.map_err(op(OP))?.endpoints.unwrap_or_default().into_iter().next())
}

/// Settings whose values are choices of a list. DMS takes them in any case and with `_` for `-` (`NONE`, `SSE_S3`:
/// TestAccDMSEndpoint_S3_basic of Terraform's provider) and shows them as it likes.
const CHOICES: &[&str] = &[
    "AuthMechanism",
    "AuthType",
    "CannedAclForObjects",
    "CharLengthSemantics",
    "CompressionType",
    "DataFormat",
    "DatabaseMode",
    "DatePartitionDelimiter",
    "DatePartitionSequence",
    "EncodingType",
    "EncryptionMode",
    "LongVarcharMappingType",
    "MapLongVarcharAs",
    "MessageFormat",
    "NestingLevel",
    "ParquetVersion",
    "PluginName",
    "SafeguardPolicy",
    "SaslMechanism",
    "SecurityProtocol",
    "SslEndpointIdentificationAlgorithm",
    "SslSecurityProtocol",
    "TargetDbType",
    "TlogAccessMode",
];

fn same_choice(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    plain(a) == plain(b)
}

/// Settings as they compare: what DMS never shows counts only where both sides have it.
fn same_settings(desired: &Json, recorded: &Json) -> bool {
    let (Some(left), Some(right)) = (desired.as_object(), recorded.as_object()) else {
        return desired == recorded;
    };
    left.keys().chain(right.keys()).all(|name| match (left.get(name), right.get(name)) {
        (Some(Json::String(a)), Some(Json::String(b))) if CHOICES.contains(&name.as_str()) => {
            same_choice(a, b)
        }
        (Some(a), Some(b)) => compare::same(Endpoint::FACTS.kind, "Settings", a, b),
        _ => HIDDEN.contains(&name.as_str()),
    })
}

impl Described for Endpoint {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "EndpointIdentifier", max: 255, lower: true, separator: '-' }),
        ready: Some(WaitPolicy::secs(5, 3, 300)),
        gone: Some(WaitPolicy::secs(5, 3, 600)),
        retry: &[ROLE],
        held_by_users: true,
        retry_delete: &[BUSY],
        absent: ABSENT,
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateEndpoint",
            "dms:DeleteEndpoint",
            "dms:DescribeConnections",
            "dms:DescribeEndpoints",
            "dms:DescribeReplicationTasks",
            "dms:DescribeReplications",
            "dms:ListTagsForResource",
            "dms:ModifyEndpoint",
            "dms:RemoveTagsFromResource",
            "dms:StartReplication",
            "dms:StartReplicationTask",
            "dms:StopReplication",
            "dms:StopReplicationTask",
            "dms:TestConnection",
            "iam:PassRole",
        ],
        ..Facts::new("AWS::DMS::Endpoint", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            // Never shown by DMS: a live value is no evidence.
            "Password" if recorded.is_null() => true,
            "KmsKeyId" => same_key(desired, recorded),
            "EndpointIdentifier" | "EndpointType" | "EngineName" | "SslMode" => same_text(desired, recorded),
            _ if BLOCKS.contains(&property) => same_settings(desired, recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    /// Besides the create-only properties, two of which are nested: values that the modify call can set but
    /// not take away.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let (old, new) = (change.old, change.new);
        let mut properties = compare::create_only(Self::FACTS.kind, change.changed);
        let uri = |props: &Props| props.ElasticsearchSettings.as_ref().and_then(|s| s.EndpointUri.clone());
        let auth = |props: &Props| props.MongoDbSettings.as_ref().and_then(|s| s.AuthType.clone());
        let both = old.ElasticsearchSettings.is_some() && new.ElasticsearchSettings.is_some();
        if both && uri(old) != uri(new) {
            properties.push("ElasticsearchSettings".into());
        }
        if old.MongoDbSettings.is_some() && new.MongoDbSettings.is_some() && auth(old) != auth(new) {
            properties.push("MongoDbSettings".into());
        }
        if old.Port.is_some() && new.Port.is_none() {
            properties.push("Port".into());
        }
        if old.Password.is_some() && new.Password.is_none() && change.has("Password") {
            properties.push("Password".into());
        }
        macro_rules! taken_away {
            ($($prop:ident $set:ident $field:ident,)*) => {
                $(if old.$prop.is_some() && new.$prop.is_none() {
                    properties.push(stringify!($prop).into());
                })*
            };
        }
        blocks!(taken_away);
        properties
    }

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        let only_tags = change.changed.iter().all(|property| property == "Tags");
        let text = "replication tasks and serverless replications that use it and run are stopped for the change and resumed";
        if only_tags { Vec::new() } else { vec![text.to_owned()] }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        for block in BLOCKS {
            let settings = &props[*block];
            let has = |name: &str| !settings[name].is_null();
            if has("SecretsManagerSecretId") != has("SecretsManagerAccessRoleArn") {
                let why = "SecretsManagerSecretId and SecretsManagerAccessRoleArn go together";
                problems.push(((*block).to_owned(), why.to_owned()));
            }
            let direct = ["ServerName", "Port", "Username", "Password"];
            if has("SecretsManagerSecretId") && direct.iter().any(|name| !props[*name].is_null()) {
                let why = "DMS takes the secret or ServerName, Port, Username and Password, not both";
                problems.push(((*block).to_owned(), why.to_owned()));
            }
        }
        let mysql =
            matches!(props["EngineName"].as_str(), Some("mysql" | "mariadb" | "aurora" | "gcp-mysql"));
        if mysql && props["SslMode"] == "require" {
            let why = "the MySQL family knows verify-ca and verify-full (with an imported certificate), not require";
            problems.push(("SslMode".into(), why.into()));
        }
        problems
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        by(cx, "endpoint-arn", id.as_str()).await
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Live>, OpError> {
        Ok(by(cx, "endpoint-id", &props.name().to_lowercase()).await?.into_iter().collect())
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        Created { id: live.endpoint_arn().unwrap_or_default().into(), attributes: attributes(live) }
    }

    fn state(live: &Live) -> State {
        let status = live.status().unwrap_or_default();
        match status {
            "active" => State::Ready,
            "deleting" => State::Leaving(status.to_owned()),
            "failed" => State::Failed(format!("the endpoint is {status}")),
            _ => State::Pending(status.to_owned()),
        }
    }

    async fn activity(cx: &Cx<'_>, id: &PhysicalId) -> Result<Option<Vec<Activity>>, OpError> {
        let users = users::of_endpoint(cx, id.as_str()).await?;
        users::working(cx, users).await.map(Some)
    }

    async fn tags(cx: &Cx<'_>, live: &Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.endpoint_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props { Tags: tags, ..Props::received(&live) };
        props.CertificateArn.take_if(|arn| arn.is_empty());
        // DMS repeats settings here that the template gives in blocks.
        props.ExtraConnectionAttributes.take_if(|_| hint.ExtraConnectionAttributes.is_none());
        let last = live.endpoint_arn().and_then(|arn| arn.rsplit(':').next());
        props.ResourceIdentifier = hint.ResourceIdentifier.as_ref().and(last.map(ToOwned::to_owned));
        macro_rules! shown {
            ($($prop:ident $set:ident $field:ident,)*) => {
                $(if let (Some(live), Some(hint)) = (&live.$field, &hint.$prop) {
                    props.$prop = Some($prop::shown(live, hint));
                })*
            };
        }
        blocks!(shown);
        Ok(props)
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const CALL: &str = "CreateEndpoint";
        let mut call = crate::pass!(CALL, cx.sdk.dms().create_endpoint(), props => {
            set_endpoint_identifier: EndpointIdentifier, set_certificate_arn: CertificateArn,
            set_database_name: DatabaseName, set_endpoint_type: EndpointType, set_engine_name: EngineName,
            set_extra_connection_attributes: ExtraConnectionAttributes, set_kms_key_id: KmsKeyId,
            set_password: Password, set_port: Port, set_resource_identifier: ResourceIdentifier,
            set_server_name: ServerName, set_ssl_mode: SslMode, set_username: Username,
        });
        call = call.set_tags(tags::create(cx, CALL, props.Tags.as_ref())?);
        macro_rules! send {
            ($($prop:ident $set:ident $field:ident,)*) => {
                $(call = call.$set(sent(CALL, props.$prop.as_ref())?);)*
            };
        }
        blocks!(send);
        let answer = call.send().await.map_err(op(CALL))?;
        let endpoint = answer.endpoint.filter(|endpoint| endpoint.endpoint_arn().is_some());
        Ok(Self::object(cx, &endpoint.ok_or_else(|| OpError::missing(CALL, "the endpoint's ARN"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const CALL: &str = "ModifyEndpoint";
        let new = change.new;
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        if change.changed.iter().all(|property| property == "Tags") {
            return Ok(Progress::Done);
        }
        let pause = Pause::look(cx, id.as_str()).await?;
        if pause.is_changed() {
            return pause.resume(cx).await;
        }
        if let Some(waits) = pause.stop(cx).await? {
            return Ok(waits);
        }
        // An empty text takes a value away.
        let text = |property: &str, value: &Option<String>| {
            change.has(property).then(|| value.clone().unwrap_or_default())
        };
        let mut call = cx
            .sdk
            .dms()
            .modify_endpoint()
            .endpoint_arn(id.as_str())
            .set_engine_name(new.EngineName.clone())
            .set_endpoint_identifier(
                new.EndpointIdentifier.clone().filter(|_| change.has("EndpointIdentifier")),
            )
            .set_endpoint_type(
                new.EndpointType
                    .as_deref()
                    .filter(|_| change.has("EndpointType"))
                    .map(ReplicationEndpointTypeValue::from),
            )
            .set_certificate_arn(text("CertificateArn", &new.CertificateArn))
            .set_database_name(text("DatabaseName", &new.DatabaseName))
            .set_extra_connection_attributes(text(
                "ExtraConnectionAttributes",
                &new.ExtraConnectionAttributes,
            ))
            .set_password(new.Password.clone().filter(|_| change.has("Password")))
            .set_port(new.Port.filter(|_| change.has("Port")))
            .set_server_name(text("ServerName", &new.ServerName))
            .set_ssl_mode(
                change
                    .has("SslMode")
                    .then(|| DmsSslModeValue::from(new.SslMode.as_deref().unwrap_or("none"))),
            )
            .set_username(text("Username", &new.Username))
            // Settings that the template no longer has fall back to their defaults.
            .exact_settings(true);
        macro_rules! send {
            ($($prop:ident $set:ident $field:ident,)*) => {
                $(if change.has(stringify!($prop)) {
                    call = call.$set(sent(CALL, new.$prop.as_ref())?);
                })*
            };
        }
        blocks!(send);
        match call.send().await.map_err(op(CALL)) {
            Ok(_) => pause.changed(cx).await,
            Err(error) => Err(pause.give_up(cx, error).await),
        }
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let call = cx.sdk.dms().delete_endpoint().endpoint_arn(id.as_str());
        match call.send().await.map_err(op("DeleteEndpoint")) {
            // Refused because tasks remain, or because it is being deleted already.
            Err(error) if error.is(&[BUSY.code]) => leaving::<Self>(cx, id, props, error).await,
            answer => answer.map(|_| Progress::Done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_compare_in_any_case() {
        let settings = |compression: &str, mode: &str, bucket: &str| json!({"CompressionType": compression, "EncryptionMode": mode, "BucketName": bucket});
        let live = settings("none", "sse-s3", "b");
        assert!(Endpoint::same("S3Settings", &settings("NONE", "SSE_S3", "b"), &live));
        assert!(!Endpoint::same("S3Settings", &settings("GZIP", "SSE_S3", "b"), &live));
        assert!(
            !Endpoint::same("S3Settings", &settings("NONE", "SSE_S3", "B"), &live),
            "names are no choices"
        );
        assert!(Endpoint::same("SslMode", &json!("NONE"), &json!("none")));
    }
}
