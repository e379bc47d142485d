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
    support::{ABSENT, BUSY, ROLE, filter, ownership, pairs, retag, tags, tags_of},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    props,
    resources::{
        Attributes, Change, Created, Cx, Facts, Found, Goal, Identity, NameRule, PhysicalId, Probe, Progress,
        ResourceType, WaitPolicy, compare, shape::Tag,
    },
};

/// The type.
pub struct Endpoint;

props! {
    /// The properties.
    pub struct Props {
        CertificateArn: String,
        DatabaseName: String,
        DocDbSettings: DocDbSettings,
        DynamoDbSettings: DynamoDbSettings,
        ElasticsearchSettings: ElasticsearchSettings,
        EndpointIdentifier: String,
        EndpointType: String,
        EngineName: String,
        ExtraConnectionAttributes: String,
        GcpMySQLSettings: GcpMySQLSettings,
        IbmDb2Settings: IbmDb2Settings,
        KafkaSettings: KafkaSettings,
        KinesisSettings: KinesisSettings,
        KmsKeyId: String,
        MicrosoftSqlServerSettings: MicrosoftSqlServerSettings,
        MongoDbSettings: MongoDbSettings,
        MySqlSettings: MySqlSettings,
        NeptuneSettings: NeptuneSettings,
        OracleSettings: OracleSettings,
        Password: String,
        Port: i32,
        PostgreSqlSettings: PostgreSqlSettings,
        RedisSettings: RedisSettings,
        RedshiftSettings: RedshiftSettings,
        ResourceIdentifier: String,
        S3Settings: S3Settings,
        ServerName: String,
        SslMode: String,
        SybaseSettings: SybaseSettings,
        Tags: Vec<Tag>,
        Username: String,
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

async fn get(cx: &Cx<'_>, by: &str, value: &str) -> Result<Option<Live>, OpError> {
    const CALL: &str = "DescribeEndpoints";
    let filter = filter(CALL, by, value)?;
    match cx.sdk.dms().describe_endpoints().filters(filter).send().await.map_err(op(CALL)) {
        Ok(answer) => Ok(answer.endpoints.unwrap_or_default().into_iter().next()),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Settings as they compare: what DMS never shows counts only where both sides have it.
fn same_settings(desired: &Json, recorded: &Json) -> bool {
    let (Some(left), Some(right)) = (desired.as_object(), recorded.as_object()) else {
        return desired == recorded;
    };
    left.keys().chain(right.keys()).all(|name| match (left.get(name), right.get(name)) {
        (Some(a), Some(b)) => compare::same(Endpoint::FACTS.kind, "Settings", a, b),
        _ => HIDDEN.contains(&name.as_str()),
    })
}

impl ResourceType for Endpoint {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "EndpointIdentifier", max: 255, lower: true, separator: '-' }),
        ready: Some(WaitPolicy::secs(5, 3, 300)),
        gone: Some(WaitPolicy::secs(5, 3, 600)),
        retry: &[ROLE],
        held_by_users: true,
        retry_delete: &[BUSY],
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateEndpoint",
            "dms:DeleteEndpoint",
            "dms:DescribeConnections",
            "dms:DescribeEndpoints",
            "dms:DescribeReplicationTasks",
            "dms:ListTagsForResource",
            "dms:ModifyEndpoint",
            "dms:RemoveTagsFromResource",
            "dms:StartReplicationTask",
            "dms:StopReplicationTask",
            "dms:TestConnection",
            "iam:PassRole",
        ],
        ..Facts::new("AWS::DMS::Endpoint", "dms", include_str!("../../schema/types/aws-dms-endpoint.json"))
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            // Never shown by DMS: a live value is no evidence.
            "Password" if recorded.is_null() => true,
            "KmsKeyId" => same_key(desired, recorded),
            "EndpointIdentifier" | "EndpointType" | "EngineName" => same_text(desired, recorded),
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
        let text = "replication tasks that use it and run are stopped for the change and resumed";
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

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(endpoint) = get(cx, "endpoint-id", &props.name().to_lowercase()).await? else {
            return Ok(None);
        };
        let Some(arn) = endpoint.endpoint_arn() else { return Ok(None) };
        if endpoint.status() == Some("deleting") {
            return Ok(None);
        }
        let ownership = ownership(cx, arn).await?;
        Ok(Some(Found { id: arn.into(), attributes: attributes(&endpoint), ownership }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let endpoint = get(cx, "endpoint-arn", id.as_str()).await?;
        let status = endpoint.as_ref().and_then(Live::status).unwrap_or("absent").to_owned();
        Ok(match (endpoint, goal) {
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
            (Some(endpoint), Goal::Ready) if status == "active" => Probe::Reached(attributes(&endpoint)),
            (Some(_), Goal::Ready) if status == "deleting" || status == "failed" => {
                Probe::Failed(format!("the endpoint is {status}"))
            }
            _ => Probe::Pending(status),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(live) = get(cx, "endpoint-arn", id.as_str()).await? else { return Ok(None) };
        if live.status() == Some("deleting") {
            return Ok(None);
        }
        let tags = cx.own_tags(pairs(&tags_of(cx, id.as_str()).await?));
        let last = id.as_str().rsplit(':').next().map(ToOwned::to_owned);
        let mut props = Props {
            CertificateArn: live.certificate_arn.clone().filter(|arn| !arn.is_empty()),
            DatabaseName: live.database_name.clone(),
            EndpointIdentifier: live.endpoint_identifier.clone(),
            EndpointType: live.endpoint_type.as_ref().map(|kind| kind.as_str().to_owned()),
            EngineName: live.engine_name.clone(),
            // DMS repeats settings here that the template gives in blocks.
            ExtraConnectionAttributes: hint
                .ExtraConnectionAttributes
                .as_ref()
                .and(live.extra_connection_attributes.clone()),
            KmsKeyId: live.kms_key_id.clone(),
            Port: live.port,
            ResourceIdentifier: hint.ResourceIdentifier.as_ref().and(last),
            ServerName: live.server_name.clone(),
            SslMode: live.ssl_mode.as_ref().map(|mode| mode.as_str().to_owned()),
            Tags: tags,
            Username: live.username.clone(),
            ..Props::default()
        };
        macro_rules! shown {
            ($($prop:ident $set:ident $field:ident,)*) => {
                $(if let (Some(live), Some(hint)) = (&live.$field, &hint.$prop) {
                    props.$prop = Some($prop::shown(live, hint));
                })*
            };
        }
        blocks!(shown);
        Ok(Some(props))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const CALL: &str = "CreateEndpoint";
        let mut call = cx
            .sdk
            .dms()
            .create_endpoint()
            .endpoint_identifier(props.name())
            .set_certificate_arn(props.CertificateArn.clone())
            .set_database_name(props.DatabaseName.clone())
            .set_endpoint_type(props.EndpointType.as_deref().map(ReplicationEndpointTypeValue::from))
            .set_engine_name(props.EngineName.clone())
            .set_extra_connection_attributes(props.ExtraConnectionAttributes.clone())
            .set_kms_key_id(props.KmsKeyId.clone())
            .set_password(props.Password.clone())
            .set_port(props.Port)
            .set_resource_identifier(props.ResourceIdentifier.clone())
            .set_server_name(props.ServerName.clone())
            .set_ssl_mode(props.SslMode.as_deref().map(DmsSslModeValue::from))
            .set_username(props.Username.clone())
            .set_tags(Some(tags(&cx.tags(props.Tags.as_ref()))));
        macro_rules! send {
            ($($prop:ident $set:ident $field:ident,)*) => {
                $(call = call.$set(sent(CALL, props.$prop.as_ref())?);)*
            };
        }
        blocks!(send);
        let answer = call.send().await.map_err(op(CALL))?;
        let endpoint = answer.endpoint().ok_or_else(|| OpError::missing(CALL, "the endpoint"))?;
        let arn = endpoint.endpoint_arn().ok_or_else(|| OpError::missing(CALL, "the ARN"))?;
        Ok(Created { id: arn.into(), attributes: attributes(endpoint) })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        const CALL: &str = "ModifyEndpoint";
        let new = change.new;
        retag(cx, id.as_str(), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
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

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        match cx
            .sdk
            .dms()
            .delete_endpoint()
            .endpoint_arn(id.as_str())
            .send()
            .await
            .map_err(op("DeleteEndpoint"))
        {
            Ok(_) => Ok(Progress::Done),
            Err(error) if error.is(ABSENT) => Ok(Progress::Done),
            // Refused because tasks remain, or because it is being deleted already.
            Err(error) if error.is(&["InvalidResourceStateFault"]) => {
                match get(cx, "endpoint-arn", id.as_str()).await? {
                    None => Ok(Progress::Done),
                    Some(live) if live.status() == Some("deleting") => Ok(Progress::Done),
                    Some(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }
}
