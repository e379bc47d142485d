//! What reads the changes of which database of the plan.

use super::{
    dms::TASKS,
    view::{Part, View},
};
use crate::model::{Value, dynamic::is_dynamic};

const INSTANCE: &str = "AWS::RDS::DBInstance";
const CLUSTER: &str = "AWS::RDS::DBCluster";

/// A replication that reads changes: a task, a serverless replication, a data migration.
pub(super) struct Reader<'g> {
    /// The replication.
    pub task: Part<'g>,
    /// Where it says what it reads from.
    pub place: Part<'g>,
    /// The endpoint or the data provider, if it is the plan's.
    pub source: Option<Part<'g>>,
    /// The instance, or its cluster, if it is the plan's.
    pub database: Option<Part<'g>>,
}

/// Databases that need the same of their logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    MySql,
    Oracle,
    PostgreSql,
    SqlServer,
}

impl Family {
    /// By RDS's name of the engine.
    pub(super) fn of(engine: &str) -> Option<Self> {
        match engine {
            "aurora" | "aurora-mysql" | "mariadb" | "mysql" => Some(Self::MySql),
            "aurora-postgresql" | "postgres" => Some(Self::PostgreSql),
            _ if engine.starts_with("oracle-") || engine.starts_with("custom-oracle-") => Some(Self::Oracle),
            _ if engine.starts_with("sqlserver-") => Some(Self::SqlServer),
            _ => None,
        }
    }
}

/// Everything of the plan that reads changes.
pub(super) fn readers<'g>(view: &View<'g>) -> Vec<Reader<'g>> {
    let follows = |part: &Part<'_>, moves: &'static str| {
        part.get(moves).text().is_some_and(|kind| kind.ends_with("cdc"))
    };
    let mut found = Vec::new();
    for (kind, _, moves) in TASKS {
        for task in view.of(kind).filter(|task| follows(task, moves)) {
            let place = task.get("SourceEndpointArn");
            let source = view.target_of(&place, "AWS::DMS::Endpoint");
            let database = source.as_ref().and_then(|endpoint| behind(view, endpoint));
            found.push(Reader { task, place, source, database });
        }
    }
    for task in view.of("AWS::DMS::DataMigration").filter(|task| follows(task, "DataMigrationType")) {
        let place = task.get("MigrationProjectIdentifier");
        let project = view.target_of(&place, "AWS::DMS::MigrationProject");
        let descriptor = project
            .and_then(|project| project.get("SourceDataProviderDescriptors").each().into_iter().next());
        let source = descriptor.and_then(|descriptor| {
            let names = ["DataProviderIdentifier", "DataProviderArn", "DataProviderName"];
            names.iter().find_map(|name| view.target_of(&descriptor.get(name), "AWS::DMS::DataProvider"))
        });
        let database = source.as_ref().and_then(|provider| {
            let blocks = provider.get("Settings").members();
            blocks.iter().find_map(|(_, block)| served(view, &block.get("ServerName")))
        });
        found.push(Reader { task, place, source, database });
    }
    found
}

/// The database behind an endpoint: by its address, or by the secret that is attached to it.
fn behind<'g>(view: &View<'g>, endpoint: &Part<'g>) -> Option<Part<'g>> {
    if let Some(database) = served(view, &endpoint.get("ServerName")) {
        return Some(database);
    }
    endpoint.members().into_iter().find_map(|(_, block)| {
        if let Some(database) = served(view, &block.get("ServerName")) {
            return Some(database);
        }
        let secret = view.target(&block.get("SecretsManagerSecretId"))?;
        let attachments = view.users("AWS::SecretsManager::SecretTargetAttachment", "SecretId", &secret);
        attachments.iter().find_map(|attachment| served(view, &attachment.get("TargetId")))
    })
}

/// The database that a value refers to; an instance of a cluster is that cluster's.
fn served<'g>(view: &View<'g>, part: &Part<'_>) -> Option<Part<'g>> {
    let database =
        view.target(part).filter(|part| part.node.kind == INSTANCE || part.node.kind == CLUSTER)?;
    let cluster = view.target_of(&database.get("DBClusterIdentifier"), CLUSTER);
    Some(cluster.filter(|_| database.node.kind == INSTANCE).unwrap_or(database))
}

/// A database's parameter group.
pub(super) enum Group<'g> {
    /// None, or one of RDS's own: all parameters have their defaults.
    Default,
    /// One that the plan does not make.
    Elsewhere,
    /// One of the plan.
    Ours(Part<'g>),
}

/// A database's parameter group, and where it is named.
pub(super) fn group<'g>(view: &View<'g>, database: &Part<'g>) -> (Part<'g>, Group<'g>) {
    let (property, kind) = if database.node.kind == CLUSTER {
        ("DBClusterParameterGroupName", "AWS::RDS::DBClusterParameterGroup")
    } else {
        ("DBParameterGroupName", "AWS::RDS::DBParameterGroup")
    };
    let place = database.get(property);
    let group = match view.target_of(&place, kind) {
        Some(group) => Group::Ours(group),
        None if place.is_missing() || place.text().is_some_and(|name| name.starts_with("default.")) => {
            Group::Default
        }
        None => Group::Elsewhere,
    };
    (place, group)
}

/// A parameter of a group: nothing when that cannot be said, else its value if it has one there.
pub(super) fn parameter(group: &Part<'_>, name: &str) -> Option<Option<String>> {
    let parameters = group.get("Parameters");
    if parameters.is_missing() {
        return Some(None);
    }
    let Some(Value::Map(map)) = parameters.value() else { return None };
    match map.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) if !is_dynamic(text) => Some(Some(text.to_string())),
        Some(Value::Number(number)) => Some(Some(number.to_string())),
        Some(Value::Bool(truth)) => Some(Some(truth.to_string())),
        Some(_) => None,
    }
}
