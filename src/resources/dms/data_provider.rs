//! `AWS::DMS::DataProvider`: what a database is, and where. Migration projects use it; while one does, DMS changes and
//! deletes nothing of it (API Reference, ModifyDataProvider, DeleteDataProvider).

use aws_sdk_databasemigration::types::{
    self, AuthMechanismValue, AuthTypeValue, DataProvider as Live, DataProviderSettings,
};
use serde_json::{Value as Json, json};

use super::{
    instance_rules::same_text,
    support::{ABSENT, BUSY, ROLE, filter, kept, moment},
    tags::Tags,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare, mirror,
        tags::{self, Tagging},
    },
};

crate::words!(AuthMechanismValue, AuthTypeValue);

/// The type.
pub struct DataProvider;

crate::mirrored! {
    /// The properties.
    pub struct Props <= Live {
        DataProviderName/data_provider_name: String, Description/description: String, Engine/engine: String,
        ExactSettings: bool, Settings: Settings, Tags: Vec<Tag>, Virtual/r#virtual: bool,
    }
}

/// Blocks of settings: the struct, the SDK's type, and the members.
macro_rules! settings {
    ($($name:ident : $variant:ident = $sdk:ident { $($field:ident / $member:ident : $ty:ty),* $(,)? })*) => {
        crate::mirrored! { $(
            /// Where a database of that engine is.
            pub struct $name: types::$sdk = types::$sdk::builder().build() => { $($field/$member: $ty),* }
        )* }
        crate::props! {
            /// The engine's settings: one of them.
            pub struct Settings { $($variant: $name),* }
        }
        impl Settings {
            fn send(&self, operation: &str) -> Result<Option<DataProviderSettings>, OpError> {
                $(if let Some(block) = mirror::sent(operation, self.$variant.as_ref())? {
                    return Ok(Some(DataProviderSettings::$variant(block)));
                })*
                Ok(None)
            }

            fn receive(live: &DataProviderSettings) -> Self {
                let mut settings = Self::default();
                match live {
                    $(DataProviderSettings::$variant(block) => {
                        settings.$variant = Some(mirror::Mirror::receive(block));
                    })*
                    _ => {}
                }
                settings
            }
        }
    };
}

settings! {
    DocDb: DocDbSettings = DocDbDataProviderSettings {
        CertificateArn/certificate_arn: String, DatabaseName/database_name: String, Port/port: i32,
        ServerName/server_name: String, SslMode/ssl_mode: String,
    }
    Db2Luw: IbmDb2LuwSettings = IbmDb2LuwDataProviderSettings {
        CertificateArn/certificate_arn: String, DatabaseName/database_name: String,
        EncryptionAlgorithm/encryption_algorithm: i32, Port/port: i32, SecurityMechanism/security_mechanism: i32,
        ServerName/server_name: String, SslMode/ssl_mode: String,
    }
    Db2zOs: IbmDb2zOsSettings = IbmDb2zOsDataProviderSettings {
        CertificateArn/certificate_arn: String, DatabaseName/database_name: String, Port/port: i32,
        ServerName/server_name: String, SslMode/ssl_mode: String,
    }
    MariaDb: MariaDbSettings = MariaDbDataProviderSettings {
        CertificateArn/certificate_arn: String, Port/port: i32, ServerName/server_name: String, SslMode/ssl_mode: String,
    }
    SqlServer: MicrosoftSqlServerSettings = MicrosoftSqlServerDataProviderSettings {
        CertificateArn/certificate_arn: String, DatabaseName/database_name: String, Port/port: i32,
        S3AccessRoleArn/s3_access_role_arn: String, S3Path/s3_path: String, ServerName/server_name: String,
        SslMode/ssl_mode: String,
    }
    MongoDb: MongoDbSettings = MongoDbDataProviderSettings {
        AuthMechanism/auth_mechanism: String, AuthSource/auth_source: String, AuthType/auth_type: String,
        CertificateArn/certificate_arn: String, DatabaseName/database_name: String, Port/port: i32,
        ServerName/server_name: String, SslMode/ssl_mode: String,
    }
    MySql: MySqlSettings = MySqlDataProviderSettings {
        CertificateArn/certificate_arn: String, Port/port: i32, ServerName/server_name: String, SslMode/ssl_mode: String,
    }
    Oracle: OracleSettings = OracleDataProviderSettings {
        AsmServer/asm_server: String, CertificateArn/certificate_arn: String, DatabaseName/database_name: String,
        Port/port: i32, SecretsManagerOracleAsmAccessRoleArn/secrets_manager_oracle_asm_access_role_arn: String,
        SecretsManagerOracleAsmSecretId/secrets_manager_oracle_asm_secret_id: String,
        SecretsManagerSecurityDbEncryptionAccessRoleArn/secrets_manager_security_db_encryption_access_role_arn: String,
        SecretsManagerSecurityDbEncryptionSecretId/secrets_manager_security_db_encryption_secret_id: String,
        ServerName/server_name: String, SslMode/ssl_mode: String,
    }
    PostgreSql: PostgreSqlSettings = PostgreSqlDataProviderSettings {
        CertificateArn/certificate_arn: String, DatabaseName/database_name: String, Port/port: i32,
        ServerName/server_name: String, SslMode/ssl_mode: String,
    }
    Redshift: RedshiftSettings = RedshiftDataProviderSettings {
        DatabaseName/database_name: String, Port/port: i32, ServerName/server_name: String,
    }
    Sybase: SybaseAseSettings = SybaseAseDataProviderSettings {
        CertificateArn/certificate_arn: String, DatabaseName/database_name: String, EncryptPassword/encrypt_password: bool,
        Port/port: i32, ServerName/server_name: String, SslMode/ssl_mode: String,
    }
}

/// Engines, each with its block: the API writes hyphens where the schema has `_`.
const ENGINES: &[(&str, &str)] = &[
    ("aurora", "MySqlSettings"),
    ("aurora-postgresql", "PostgreSqlSettings"),
    ("db2", "IbmDb2LuwSettings"),
    ("db2-zos", "IbmDb2zOsSettings"),
    ("docdb", "DocDbSettings"),
    ("mariadb", "MariaDbSettings"),
    ("mongodb", "MongoDbSettings"),
    ("mysql", "MySqlSettings"),
    ("oracle", "OracleSettings"),
    ("postgres", "PostgreSqlSettings"),
    ("redshift", "RedshiftSettings"),
    ("sqlserver", "MicrosoftSqlServerSettings"),
    ("sybase", "SybaseAseSettings"),
];

fn engine(text: &str) -> String {
    text.to_ascii_lowercase().replace('_', "-")
}

async fn by(cx: &Cx<'_>, id: &str) -> Result<Option<Live>, OpError> {
    const CALL: &str = "DescribeDataProviders";
    let call = cx.sdk.dms().describe_data_providers().filters(filter(CALL, "data-provider-identifier", id)?);
    Ok(call.send().await.map_err(op(CALL))?.data_providers.unwrap_or_default().into_iter().next())
}

/// Choices in any case and with `_` for `-`; everything else as it is.
fn same_settings(desired: &Json, recorded: &Json) -> bool {
    let (Some(left), Some(right)) = (desired.as_object(), recorded.as_object()) else {
        return desired == recorded;
    };
    left.keys().chain(right.keys()).all(|name| match (left.get(name), right.get(name)) {
        (Some(Json::Object(_)), Some(Json::Object(_))) => same_settings(&left[name], &right[name]),
        (Some(Json::String(a)), Some(Json::String(b)))
            if ["SslMode", "AuthType", "AuthMechanism"].contains(&name.as_str()) =>
        {
            engine(a) == engine(b)
        }
        // What nobody sets is `none`.
        (None, Some(Json::String(mode))) | (Some(Json::String(mode)), None) if name == "SslMode" => {
            mode == "none"
        }
        (a, b) => a == b,
    })
}

impl Described for DataProvider {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "DataProviderName", max: 255, lower: false, separator: '-' }),
        early: &["Ref", "DataProviderArn", "DataProviderCreationTime"],
        retry: &[ROLE],
        held_by_users: true,
        retry_delete: &[BUSY],
        absent: ABSENT,
        refused: &[(
            "DataProviderIdentifier",
            "it names the object in later calls, which use its ARN: set DataProviderName",
        )],
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateDataProvider",
            "dms:DeleteDataProvider",
            // The API Reference requires these for the calls Describe… and Modify….
            "dms:ListDataProviders",
            "dms:ListTagsForResource",
            "dms:RemoveTagsFromResource",
            "dms:UpdateDataProvider",
        ],
        ..Facts::new("AWS::DMS::DataProvider", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            // How a change is made, and nothing of the object.
            "ExactSettings" => true,
            "DataProviderName" => same_text(desired, recorded),
            "Engine" => match (desired.as_str(), recorded.as_str()) {
                (Some(a), Some(b)) => engine(a) == engine(b),
                _ => desired == recorded,
            },
            "Settings" => same_settings(desired, recorded),
            "Virtual" => desired.as_bool().unwrap_or_default() == recorded.as_bool().unwrap_or_default(),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        kept(&[("Description", change.old.Description.is_some() && change.new.Description.is_none())])
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let settings = props["Settings"].as_object();
        let blocks: Vec<&String> = settings.into_iter().flat_map(|settings| settings.keys()).collect();
        if let Some(name) = props["Engine"].as_str()
            && let Some((_, wanted)) = ENGINES.iter().find(|(known, _)| *known == engine(name))
            && !blocks.is_empty()
            && blocks != [*wanted]
        {
            problems.push(("Settings".to_owned(), format!("engine {name} takes {wanted}, and nothing else")));
        }
        for block in &blocks {
            let block = &props["Settings"][block.as_str()];
            let verifies = block["SslMode"].as_str().is_some_and(|mode| engine(mode).starts_with("verify"));
            if verifies && block["CertificateArn"].is_null() {
                let why =
                    format!("SslMode {} needs CertificateArn", block["SslMode"].as_str().unwrap_or_default());
                problems.push(("Settings".to_owned(), why));
            }
        }
        problems
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        by(cx, id.as_str()).await
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Live>, OpError> {
        let name = props.DataProviderName.as_deref().unwrap_or_default();
        Ok(by(cx, name).await?.into_iter().collect())
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        let arn = live.data_provider_arn().unwrap_or_default();
        let attributes = Attributes::from([
            ("Ref".into(), json!(arn)),
            ("DataProviderArn".into(), json!(arn)),
            ("DataProviderCreationTime".into(), json!(moment(live.data_provider_creation_time.as_ref()))),
        ]);
        Created { id: arn.into(), attributes }
    }

    async fn tags(cx: &Cx<'_>, live: &Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.data_provider_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props { Tags: tags, ..Props::received(&live) };
        props.Settings = live.settings.as_ref().map(Settings::receive);
        props.Virtual = props.Virtual.filter(|on| *on || hint.Virtual.is_some());
        Ok(props)
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const CALL: &str = "CreateDataProvider";
        let call = crate::pass!(CALL, cx.sdk.dms().create_data_provider(), props => {
            set_data_provider_name: DataProviderName, set_description: Description, set_virtual: Virtual,
        });
        let settings = props.Settings.as_ref().map(|settings| settings.send(CALL)).transpose()?.flatten();
        let call = call.set_engine(props.Engine.as_deref().map(engine)).set_settings(settings);
        let call = call.set_tags(tags::create(cx, CALL, props.Tags.as_ref())?);
        let answer = call.send().await.map_err(op(CALL))?;
        let made = answer.data_provider.filter(|made| made.data_provider_arn().is_some());
        Ok(Self::object(cx, &made.ok_or_else(|| OpError::missing(CALL, "the ARN"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const CALL: &str = "ModifyDataProvider";
        let new = change.new;
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        if !change.any(&["DataProviderName", "Description", "Engine", "Settings", "Virtual"]) {
            return Ok(Progress::Done);
        }
        let settings = new.Settings.as_ref().map(|settings| settings.send(CALL)).transpose()?.flatten();
        let call = crate::pass!(CALL, cx.sdk.dms().modify_data_provider(), new => {
            set_data_provider_name: DataProviderName, set_description: Description,
        });
        call.data_provider_identifier(id.as_str())
            .set_engine(new.Engine.as_deref().map(engine))
            .set_virtual(Some(new.Virtual.unwrap_or_default()))
            .set_settings(settings)
            // Settings that the template no longer has fall back to their defaults.
            .exact_settings(new.ExactSettings.unwrap_or(true))
            .send()
            .await
            .map(|_| Progress::Done)
            .map_err(op(CALL))
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.dms().delete_data_provider().data_provider_identifier(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteDataProvider"))
    }
}
