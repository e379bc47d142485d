//! What homogeneous data migrations and schema conversion are made of: data providers, instance profiles, migration
//! projects. All are there at once; they are named by ARN or by name.
//!
//! User Guide, "Working with data providers, instance profiles, and migration projects"; API Reference of their operations.

use serde_json::{Map, Value as Json, json};

use super::{
    instances,
    store::{
        CERTIFICATE, DATA_MIGRATION, DATA_PROVIDER, INSTANCE_PROFILE, PROJECT, combination, exists, here,
        invalid, key_of, missing, moment, paged, role_trusts, state,
    },
    subnets,
};
use crate::sandbox::{Fault, Reply, Request, World};

/// One of the three, and what requests and answers call it.
pub(super) struct Kind {
    /// The table.
    pub table: &'static str,
    /// The ARN's member, and what the ARN calls it.
    arn: &'static str,
    noun: &'static str,
    /// The name's member.
    pub name: &'static str,
    /// The member of requests that names it.
    pub identifier: &'static str,
    /// The member of answers with one, and with several.
    one: &'static str,
    many: &'static str,
    created: &'static str,
}

pub(super) const PROVIDER: Kind = Kind {
    table: DATA_PROVIDER,
    arn: "DataProviderArn",
    noun: "data-provider",
    name: "DataProviderName",
    identifier: "DataProviderIdentifier",
    one: "DataProvider",
    many: "DataProviders",
    created: "DataProviderCreationTime",
};
pub(super) const PROFILE: Kind = Kind {
    table: INSTANCE_PROFILE,
    arn: "InstanceProfileArn",
    noun: "instance-profile",
    name: "InstanceProfileName",
    identifier: "InstanceProfileIdentifier",
    one: "InstanceProfile",
    many: "InstanceProfiles",
    created: "InstanceProfileCreationTime",
};
pub(super) const MIGRATION_PROJECT: Kind = Kind {
    table: PROJECT,
    arn: "MigrationProjectArn",
    noun: "migration-project",
    name: "MigrationProjectName",
    identifier: "MigrationProjectIdentifier",
    one: "MigrationProject",
    many: "MigrationProjects",
    created: "MigrationProjectCreationTime",
};
pub(super) const MIGRATION: Kind = Kind {
    table: DATA_MIGRATION,
    arn: "DataMigrationArn",
    noun: "data-migration",
    name: "DataMigrationName",
    identifier: "DataMigrationIdentifier",
    one: "DataMigration",
    many: "DataMigrations",
    created: "DataMigrationCreateTime",
};

impl Kind {
    /// The key of what a name or an ARN names.
    pub(super) fn find(&self, world: &World, region: &str, id: &str) -> Result<String, Fault> {
        let fits = |(arn, row): &(&str, &Json)| {
            row["_region"] == region
                && (*arn == id || row[self.name].as_str().is_some_and(|name| name.eq_ignore_ascii_case(id)))
        };
        let found = world.rows(self.table).find(fits);
        found
            .map(|(arn, _)| arn.to_owned())
            .ok_or_else(|| missing(format!("{} {id} not found.", self.noun.replace('-', " "))))
    }

    fn taken(&self, world: &World, rq: &Request<'_>, name: &str) -> Result<(), Fault> {
        let same = |row: &Json| row[self.name].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
        if world.any(self.table, |row| same(row) && row["_region"] == rq.region) {
            return Err(exists(format!("A {} named {name} already exists.", self.noun.replace('-', " "))));
        }
        Ok(())
    }

    /// A row with a name, an ARN, a date; kept.
    pub(super) fn put(&self, world: &mut World, rq: &Request<'_>, mut row: Json) -> Result<Json, Fault> {
        let id = world.hex(26).to_uppercase();
        let name = match rq.opt(self.name) {
            Some(name) => checked(self.name, name)?.to_owned(),
            None => format!("{}-{}", self.noun, id[..8].to_lowercase()),
        };
        self.taken(world, rq, &name)?;
        let arn = world.arn("dms", rq.region, &format!("{}:{id}", self.noun));
        row[self.name] = json!(name);
        row[self.arn] = json!(arn);
        row[self.created] = moment(world, 0);
        row["_region"] = json!(rq.region);
        row["_tags"] = json!(rq.list("Tags"));
        world.put(self.table, &arn, row.clone());
        Ok(json!({self.one: row}))
    }

    /// Keeps a changed row, with another name if one is asked for.
    pub(super) fn keep(
        &self,
        world: &mut World,
        rq: &Request<'_>,
        arn: &str,
        mut row: Json,
    ) -> Result<Json, Fault> {
        if let Some(name) = rq.opt(self.name) {
            let same = row[self.name].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
            if !same {
                self.taken(world, rq, name)?;
            }
            row[self.name] = json!(checked(self.name, name)?);
        }
        world.put(self.table, arn, row.clone());
        Ok(json!({self.one: row}))
    }

    /// One as an answer holds it.
    pub(super) fn answer(&self, row: &Json) -> Json {
        json!({self.one: row})
    }

    /// A page of them. Filters take names and ARNs; `known` has the filter, and the members that it looks at.
    pub(super) fn list(&self, rq: &Request<'_>, mut rows: Vec<Json>, known: &[(&str, &[&str])]) -> Reply {
        for filter in rq.list("Filters") {
            let name = filter["Name"].as_str().unwrap_or_default();
            let Some((_, members)) = known.iter().find(|(known, _)| *known == name) else {
                return Err(invalid(format!("Unknown filter name: {name}")));
            };
            let values: Vec<&str> =
                filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            let fits = |value: &Json| {
                value.as_str().is_some_and(|text| values.iter().any(|v| v.eq_ignore_ascii_case(text)))
            };
            rows.retain(|row| {
                members.iter().any(|member| match &row[*member] {
                    Json::Array(items) => items
                        .iter()
                        .any(|item| fits(&item["DataProviderArn"]) || fits(&item["DataProviderName"])),
                    value => fits(value),
                })
            });
        }
        paged(rq, self.many, rows, 100)
    }
}

/// A name as these objects take it (API Reference: a letter first, letters, digits and hyphens, none doubled or last).
fn checked<'t>(member: &str, name: &'t str) -> Result<&'t str, Fault> {
    let good = !name.is_empty()
        && name.len() <= 255
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !name.ends_with('-')
        && !name.contains("--");
    if good {
        Ok(name)
    } else {
        Err(invalid(format!("The parameter {member} {name} is not a valid identifier.")))
    }
}

/// Copies members that the request has.
fn copied(rq: &Request<'_>, row: &mut Json, members: &[&str]) {
    for member in members {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
}

/// Engines of data providers, each with the member that holds its settings.
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

fn check_provider(world: &World, row: &Json) -> Result<(), Fault> {
    let engine = row["Engine"].as_str().unwrap_or_default();
    let Some((_, member)) = ENGINES.iter().find(|(name, _)| *name == engine) else {
        let all: Vec<&str> = ENGINES.iter().map(|(name, _)| *name).collect();
        return Err(invalid(format!("Invalid engine {engine}. Valid values: {}.", all.join(", "))));
    };
    let settings = row["Settings"].as_object().cloned().unwrap_or_default();
    if settings.len() != 1 || !settings.contains_key(*member) {
        return Err(combination(format!("Settings of engine {engine} must be {member}.")));
    }
    let block = &row["Settings"][*member];
    let virtual_one = row["Virtual"] == true;
    if !virtual_one && block["ServerName"].as_str().is_none_or(str::is_empty) {
        return Err(combination(format!("{member} needs a ServerName unless the data provider is virtual.")));
    }
    let ssl = block["SslMode"].as_str().unwrap_or("none").to_lowercase().replace('_', "-");
    match block["CertificateArn"].as_str() {
        Some(arn) if world.get(CERTIFICATE, arn).is_none() => {
            Err(missing(format!("Certificate not found: {arn}")))
        }
        None if ssl.starts_with("verify") => {
            Err(combination(format!("SSL mode {ssl} needs a CertificateArn.")))
        }
        _ => Ok(()),
    }
}

fn engine(rq: &Request<'_>) -> String {
    rq.text("Engine").to_lowercase().replace('_', "-")
}

/// `CreateDataProvider`.
pub(super) fn create_provider(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut row =
        json!({"Engine": engine(rq), "Settings": rq.get("Settings"), "Virtual": rq.flag("Virtual")});
    copied(rq, &mut row, &["Description"]);
    check_provider(world, &row)?;
    PROVIDER.put(world, rq, row)
}

/// `ModifyDataProvider`: not while a migration project has it (API Reference).
pub(super) fn modify_provider(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = PROVIDER.find(world, rq.region, rq.text(PROVIDER.identifier))?;
    if let Some(project) = project_with(world, &arn) {
        return Err(state(format!("The data provider is used by the migration project {project}.")));
    }
    let mut row = world.get(DATA_PROVIDER, &arn).cloned().unwrap_or_default();
    copied(rq, &mut row, &["Description", "Virtual"]);
    if rq.opt("Engine").is_some() {
        row["Engine"] = json!(engine(rq));
    }
    for (member, block) in rq.get("Settings").as_object().into_iter().flatten() {
        let exact = rq.flag("ExactSettings") || row["Settings"][member].is_null();
        let mut whole: Map<String, Json> =
            if exact { Map::new() } else { row["Settings"][member].as_object().cloned().unwrap_or_default() };
        whole.extend(block.as_object().cloned().unwrap_or_default());
        row["Settings"] = json!({member: whole});
    }
    check_provider(world, &row)?;
    PROVIDER.keep(world, rq, &arn, row)
}

/// The project that has a data provider or an instance profile.
fn project_with(world: &World, arn: &str) -> Option<String> {
    let has = |row: &Json| {
        row["InstanceProfileArn"] == arn
            || ["SourceDataProviderDescriptors", "TargetDataProviderDescriptors"].iter().any(|list| {
                row[*list].as_array().into_iter().flatten().any(|one| one["DataProviderArn"] == arn)
            })
    };
    let (_, row) = world.rows(PROJECT).find(|(_, row)| has(row))?;
    row["MigrationProjectName"].as_str().map(ToOwned::to_owned)
}

/// `DeleteDataProvider`.
pub(super) fn delete_provider(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = PROVIDER.find(world, rq.region, rq.text(PROVIDER.identifier))?;
    if let Some(project) = project_with(world, &arn) {
        return Err(state(format!("The data provider is used by the migration project {project}.")));
    }
    let row = world.remove(DATA_PROVIDER, &arn).unwrap_or_default();
    Ok(PROVIDER.answer(&row))
}

/// `DescribeDataProviders`.
pub(super) fn describe_providers(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = here(world, rq, DATA_PROVIDER);
    let known: &[(&str, &[&str])] = &[("data-provider-identifier", &["DataProviderArn", "DataProviderName"])];
    PROVIDER.list(rq, rows, known)
}

fn check_profile(world: &World, rq: &Request<'_>, row: &Json) -> Result<(), Fault> {
    let ids: Vec<&str> =
        row["VpcSecurityGroups"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    if let Some(name) = row["SubnetGroupIdentifier"].as_str() {
        let group = subnets::group(world, rq, name)?;
        instances::check_groups(world, &ids, &group["VpcId"])?;
    }
    match row["NetworkType"].as_str() {
        None | Some("IPV4" | "IPV6" | "DUAL") => Ok(()),
        Some(other) => Err(invalid(format!("The network type {other} is not valid."))),
    }
}

const PROFILE_MEMBERS: &[&str] = &[
    "AvailabilityZone",
    "Description",
    "KmsKeyArn",
    "NetworkType",
    "PubliclyAccessible",
    "SubnetGroupIdentifier",
    "VpcSecurityGroups",
];

/// `CreateInstanceProfile`.
pub(super) fn create_profile(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut row = json!({"PubliclyAccessible": true, "NetworkType": "IPV4", "KmsKeyArn": key_of(world, rq)});
    copied(rq, &mut row, PROFILE_MEMBERS);
    check_profile(world, rq, &row)?;
    PROFILE.put(world, rq, row)
}

/// `ModifyInstanceProfile`.
pub(super) fn modify_profile(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = PROFILE.find(world, rq.region, rq.text(PROFILE.identifier))?;
    let mut row = world.get(INSTANCE_PROFILE, &arn).cloned().unwrap_or_default();
    copied(rq, &mut row, PROFILE_MEMBERS);
    check_profile(world, rq, &row)?;
    PROFILE.keep(world, rq, &arn, row)
}

/// `DeleteInstanceProfile`.
pub(super) fn delete_profile(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = PROFILE.find(world, rq.region, rq.text(PROFILE.identifier))?;
    if let Some(project) = project_with(world, &arn) {
        return Err(state(format!("The instance profile is used by the migration project {project}.")));
    }
    let row = world.remove(INSTANCE_PROFILE, &arn).unwrap_or_default();
    Ok(PROFILE.answer(&row))
}

/// `DescribeInstanceProfiles`.
pub(super) fn describe_profiles(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = here(world, rq, INSTANCE_PROFILE);
    let known: &[(&str, &[&str])] =
        &[("instance-profile-identifier", &["InstanceProfileArn", "InstanceProfileName"])];
    PROFILE.list(rq, rows, known)
}

/// Descriptors as answers have them: providers by ARN and name.
fn descriptors(world: &World, rq: &Request<'_>, member: &str) -> Result<Vec<Json>, Fault> {
    let mut made = Vec::new();
    for one in rq.list(member) {
        let arn =
            PROVIDER.find(world, rq.region, one["DataProviderIdentifier"].as_str().unwrap_or_default())?;
        let name =
            world.get(DATA_PROVIDER, &arn).map(|row| row["DataProviderName"].clone()).unwrap_or_default();
        let mut shown = json!({"DataProviderArn": arn, "DataProviderName": name});
        let (secret, role) = (&one["SecretsManagerSecretId"], &one["SecretsManagerAccessRoleArn"]);
        if secret.is_null() != role.is_null() {
            return Err(combination(
                "SecretsManagerSecretId and SecretsManagerAccessRoleArn must be set together.",
            ));
        }
        if let Some(arn) = role.as_str() {
            role_trusts(world, arn, &format!("dms.{}.amazonaws.com", rq.region))?;
            shown["SecretsManagerSecretId"] = secret.clone();
            shown["SecretsManagerAccessRoleArn"] = role.clone();
        }
        made.push(shown);
    }
    Ok(made)
}

/// What a project's request says, put over a row.
fn project(world: &World, rq: &Request<'_>, row: &mut Json) -> Result<(), Fault> {
    for member in ["SourceDataProviderDescriptors", "TargetDataProviderDescriptors"] {
        if !rq.get(member).is_null() {
            row[member] = json!(descriptors(world, rq, member)?);
        }
    }
    if let Some(id) = rq.opt("InstanceProfileIdentifier") {
        let arn = PROFILE.find(world, rq.region, id)?;
        let name = world.get(INSTANCE_PROFILE, &arn).map(|row| row["InstanceProfileName"].clone());
        row["InstanceProfileArn"] = json!(arn);
        row["InstanceProfileName"] = name.unwrap_or_default();
    }
    if let Some(text) = rq.opt("TransformationRules")
        && serde_json::from_str::<Json>(text).is_err()
    {
        return Err(invalid("TransformationRules is not valid JSON."));
    }
    let attributes = rq.get("SchemaConversionApplicationAttributes");
    if let Some(path) = attributes["S3BucketPath"].as_str() {
        let bucket = path.trim_start_matches("s3://").split('/').next().unwrap_or_default();
        if world.get("s3.bucket", bucket).is_none() {
            return Err(Fault::new(
                "S3ResourceNotFoundFault",
                format!("The bucket {bucket} does not exist."),
            ));
        }
    }
    if let Some(arn) = attributes["S3BucketRoleArn"].as_str() {
        role_trusts(world, arn, "dms.amazonaws.com")?;
    }
    copied(rq, row, &["Description", "TransformationRules", "SchemaConversionApplicationAttributes"]);
    Ok(())
}

/// `CreateMigrationProject`.
pub(super) fn create_project(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut row = json!({});
    project(world, rq, &mut row)?;
    MIGRATION_PROJECT.put(world, rq, row)
}

/// `ModifyMigrationProject`.
pub(super) fn modify_project(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = MIGRATION_PROJECT.find(world, rq.region, rq.text(MIGRATION_PROJECT.identifier))?;
    let mut row = world.get(PROJECT, &arn).cloned().unwrap_or_default();
    project(world, rq, &mut row)?;
    MIGRATION_PROJECT.keep(world, rq, &arn, row)
}

/// `DeleteMigrationProject`: not while it has data migrations.
pub(super) fn delete_project(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = MIGRATION_PROJECT.find(world, rq.region, rq.text(MIGRATION_PROJECT.identifier))?;
    if world.any(DATA_MIGRATION, |row| row["MigrationProjectArn"] == arn.as_str()) {
        return Err(state("The migration project has one or more data migrations."));
    }
    let row = world.remove(PROJECT, &arn).unwrap_or_default();
    Ok(MIGRATION_PROJECT.answer(&row))
}

/// `DescribeMigrationProjects`.
pub(super) fn describe_projects(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = here(world, rq, PROJECT);
    let known: &[(&str, &[&str])] = &[
        ("migration-project-identifier", &["MigrationProjectArn", "MigrationProjectName"]),
        ("instance-profile-identifier", &["InstanceProfileArn", "InstanceProfileName"]),
        ("data-provider-identifier", &["SourceDataProviderDescriptors", "TargetDataProviderDescriptors"]),
    ];
    MIGRATION_PROJECT.list(rq, rows, known)
}
