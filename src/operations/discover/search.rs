//! Tasks and databases: declared, or found with a reason.

use serde_json::Value as Json;

use super::{
    DATABASES, ENDPOINTS, FUNCTION, INSTANCE, PROJECT, TASKS,
    found::{Assessing, Database, Finding, Function, Task},
};
use crate::{
    engine::operate::Replicator,
    error::{Class, Diagnostic},
    model::Address,
    operations::{
        declare::{Assessment, DatabaseWay, Declaration, Hook, ReverseStart, ReverseWay, Splits},
        inventory::{Inventory, Thing},
        reach::{Way, reaches},
    },
};

pub(super) struct Search<'i> {
    pub(super) things: &'i Inventory,
    pub(super) declared: &'i Declaration,
    pub(super) findings: Vec<Finding>,
    pub(super) problems: Vec<Diagnostic>,
}

/// What a task or a serverless replication moves: `full-load-and-cdc`, ...
fn moves(thing: &Thing) -> Option<&str> {
    ["MigrationType", "ReplicationType", "DataMigrationType"].iter().find_map(|name| thing.text(name))
}

impl<'i> Search<'i> {
    pub(super) fn found(&mut self, what: &str, which: impl ToString, why: impl Into<String>) {
        self.findings.push(Finding { what: what.into(), which: which.to_string(), why: why.into() });
    }

    pub(super) fn error(&mut self, code: &'static str, message: impl Into<String>, help: &str) {
        self.problems.push(Diagnostic::error(code, Class::Plan, message).help(help));
    }

    pub(super) fn error_at(
        &mut self,
        code: &'static str,
        at: &Address,
        message: impl Into<String>,
        help: &str,
    ) {
        self.problems.push(Diagnostic::error(code, Class::Plan, message).at(at).help(help));
    }

    /// A declared resource of one of these types.
    pub(super) fn get(&mut self, address: &Address, kinds: &[&str], what: &str) -> Option<&'i Thing> {
        let things: &'i Inventory = self.things;
        match things.get(address) {
            Some(thing) if kinds.contains(&thing.kind.as_str()) => Some(thing),
            Some(thing) => {
                let message = format!("operations: `{what}` is {}, not {}", thing.kind, kinds.join(" or "));
                self.error_at(
                    "O1001",
                    address,
                    message,
                    "name the right resource, or leave it out to have it found",
                );
                None
            }
            None if things.deployed => {
                let message = format!("operations: `{what}` names {address}, which is not deployed");
                let help = "`migrate up` deploys it; `migrate status` lists what there is";
                self.error("O1001", message, help);
                None
            }
            None => {
                let message = format!("operations: `{what}` names {address}, which the plan does not have");
                self.error("O1001", message, "name it as stack/LogicalId, as `migrate plan` shows it");
                None
            }
        }
    }

    pub(super) fn task(&self, thing: &'i Thing) -> Option<Task> {
        let instance = self.things.named(INSTANCE, &thing.properties["ReplicationInstanceArn"]);
        let name = instance.and_then(|i| i.text("ReplicationInstanceIdentifier")).unwrap_or_default();
        let arn = thing.id();
        let metric_id = thing
            .text("ResourceIdentifier")
            .map(ToOwned::to_owned)
            .unwrap_or_else(|| arn.rsplit(':').next().unwrap_or_default().to_owned());
        let kind = match TASKS.iter().position(|kind| *kind == thing.kind) {
            Some(1) => Replicator::Serverless,
            Some(2) => Replicator::Data,
            _ => Replicator::Task,
        };
        let metric_id = match kind {
            Replicator::Serverless => format!("{}:{metric_id}", arn.split(':').nth(4).unwrap_or_default()),
            _ => metric_id,
        };
        let settings = ["ReplicationTaskSettings", "ReplicationSettings"]
            .map(|name| &thing.properties[name])
            .into_iter()
            .find(|settings| !settings.is_null());
        let instance = match kind {
            Replicator::Task => thing.text("ReplicationInstanceArn")?,
            Replicator::Serverless | Replicator::Data => "",
        };
        let (from, to) = match kind {
            Replicator::Data => self.ends(thing)?,
            _ => (thing.text("SourceEndpointArn")?.to_owned(), thing.text("TargetEndpointArn")?.to_owned()),
        };
        Some(Task {
            kind,
            address: thing.address.clone(),
            region: thing.region.clone(),
            metric_id,
            arn,
            instance: instance.to_owned(),
            instance_name: name.to_owned(),
            from,
            to,
            settings: match settings {
                Some(Json::String(text)) => serde_json::from_str(text).unwrap_or_default(),
                Some(other) => other.clone(),
                None => Json::Null,
            },
        })
    }

    /// What assessments of these need.
    pub(super) fn assessing(&mut self, declared: &Assessment, forward: &[Task]) -> Option<Assessing> {
        match declared {
            Assessment::Run(role, bucket) => {
                let role = self.get(role, &["AWS::IAM::Role"], "assessment.role")?;
                let bucket = self.get(bucket, &["AWS::S3::Bucket"], "assessment.bucket")?;
                Some(Assessing { role: Some(role.attribute("Arn")?), bucket: Some(bucket.id()) })
            }
            Assessment::AtStart(_) => {
                if let Some(task) = forward.iter().find(|task| task.kind.is_task()) {
                    let message =
                        format!("operations: an assessment of {} needs a role and a bucket", task.address);
                    let help = "`assessment: {role: Stack/Role, bucket: Stack/Bucket}`: DMS writes its results there; only \
                                serverless replications need neither";
                    self.error_at("O1001", &task.address, message, help);
                    return None;
                }
                Some(Assessing::default())
            }
        }
    }

    /// The functions that are hooks.
    pub(super) fn functions(&mut self) -> Vec<Function> {
        let mut all = Vec::new();
        for (hook, kind) in &self.declared.hooks {
            let Hook::Lambda { lambda } = kind else { continue };
            if let Some(thing) = self.get(lambda, &[FUNCTION], hook) {
                let name = thing.text("FunctionName").map_or_else(|| thing.id(), ToOwned::to_owned);
                all.push(Function { hook: hook.clone(), region: thing.region.clone(), name });
                self.found("hook", lambda, format!("declared: it is invoked as `{hook}`"));
            }
        }
        all
    }

    pub(super) fn endpoint(&self, arn: &str) -> Option<&'i Thing> {
        let mut all = ENDPOINTS.iter().flat_map(|kind| self.things.of_kind(kind));
        all.find(|one| one.named_in(arn) || one.text("DataProviderName") == Some(arn))
    }

    /// The migration project of a data migration.
    pub(super) fn project(&self, migration: &Thing) -> Option<&'i Thing> {
        let id = migration.text("MigrationProjectIdentifier")?;
        let mut all = self.things.of_kind(PROJECT);
        all.find(|project| project.named_in(id) || project.text("MigrationProjectName") == Some(id))
    }

    /// The data providers of a data migration, as its project names them.
    fn ends(&self, migration: &Thing) -> Option<(String, String)> {
        let project = self.project(migration)?;
        let end = |list: &str| {
            let one = &project.properties[list][0];
            one["DataProviderIdentifier"].as_str().map(ToOwned::to_owned)
        };
        Some((end("SourceDataProviderDescriptors")?, end("TargetDataProviderDescriptors")?))
    }

    /// The database behind an endpoint: its secret's attachment, its server's name, or one outside.
    pub(super) fn database_of(&self, arn: &str) -> Option<Database> {
        let endpoint = self.endpoint(arn)?;
        for kind in DATABASES {
            for database in self.things.of_kind(kind) {
                let mut ways = reaches(self.things, endpoint);
                if ways.iter_mut().any(|way: &mut Way<'_>| way.to.address == database.address) {
                    return Some(self.database(database));
                }
            }
        }
        let host = endpoint.text("ServerName").or_else(|| {
            let mut blocks = endpoint.properties["Settings"].as_object().into_iter().flatten();
            blocks.find_map(|(_, block)| block["ServerName"].as_str())
        });
        let host = host.unwrap_or_default();
        Some(Database {
            address: None,
            kind: String::new(),
            region: endpoint.region.clone(),
            id: host.to_owned(),
            engine: endpoint
                .text("EngineName")
                .or_else(|| endpoint.text("Engine"))
                .unwrap_or_default()
                .to_owned(),
            groups: Vec::new(),
        })
    }

    pub(super) fn database(&self, thing: &Thing) -> Database {
        let list = ["VPCSecurityGroups", "VpcSecurityGroupIds"]
            .iter()
            .find_map(|name| thing.properties[*name].as_array());
        let groups = list.into_iter().flatten().filter_map(Json::as_str).map(ToOwned::to_owned).collect();
        Database {
            address: Some(thing.address.clone()),
            kind: thing.kind.clone(),
            region: thing.region.clone(),
            id: thing.id(),
            engine: thing.text("Engine").unwrap_or_default().to_owned(),
            groups,
        }
    }

    pub(super) fn declared_database(
        &mut self,
        way: &DatabaseWay,
        what: &str,
        found: &Database,
    ) -> Option<Database> {
        match way {
            DatabaseWay::Address(address) => {
                let thing = self.get(address, &DATABASES, what)?;
                let database = self.database(thing);
                self.found(what, address, "declared");
                Some(database)
            }
            DatabaseWay::External(host) => {
                self.found(what, host, "declared, outside of the plan");
                Some(Database { address: None, id: host.clone(), groups: Vec::new(), ..found.clone() })
            }
        }
    }

    pub(super) fn forward(&mut self) -> Vec<Task> {
        let declared = self.declared;
        if !declared.forward.is_empty() {
            let named: Vec<&Thing> =
                declared.forward.iter().filter_map(|address| self.get(address, &TASKS, "forward")).collect();
            let tasks: Vec<Task> = named.iter().filter_map(|thing| self.task(thing)).collect();
            for task in &tasks {
                self.found(&format!("forward {}", task.kind.words()), &task.address, "declared");
            }
            return tasks;
        }
        let things = self.things;
        let loads = |thing: &&Thing| moves(thing).is_some_and(|kind| kind.starts_with("full-load"));
        let all = TASKS.iter().flat_map(|kind| things.of_kind(kind));
        let found: Vec<Task> = all.filter(loads).filter_map(|thing| self.task(thing)).collect();
        for task in &found {
            let noun = task.kind.words();
            let which = if found.len() == 1 { "the only" } else { "a" };
            self.found(&format!("forward {noun}"), &task.address, format!("{which} {noun} with a full load"));
        }
        found
    }

    pub(super) fn reverse(
        &mut self,
        forward: &[Task],
        source: &Database,
        target: &Database,
    ) -> (Option<Task>, Option<String>) {
        match &self.declared.reverse {
            Some(ReverseWay::None(reason)) => {
                self.found("way back", "none", format!("declared: {reason}"));
                return (None, Some(reason.clone()));
            }
            Some(ReverseWay::Task(address)) => {
                let task = self.get(&address.clone(), &TASKS, "reverse").and_then(|thing| self.task(thing));
                if let Some(task) = &task {
                    self.found("reverse task", &task.address, "declared");
                    self.mirrors(task, source, target);
                    self.loopback(task, forward);
                }
                return (task, None);
            }
            None => {}
        }
        let things = self.things;
        let mut fitting: Vec<Task> = Vec::new();
        let all = TASKS.iter().flat_map(|kind| things.of_kind(kind));
        for thing in all.filter(|thing| moves(thing) == Some("cdc")) {
            let Some(task) = self.task(thing) else { continue };
            if forward.iter().any(|known| known.address == task.address) {
                continue;
            }
            let ends = (self.database_of(&task.from), self.database_of(&task.to));
            if let (Some(from), Some(to)) = ends
                && from.id == target.id
                && to.id == source.id
            {
                fitting.push(task);
            }
        }
        if fitting.len() == 1
            && let Some(task) = fitting.pop()
        {
            self.found(
                "reverse task",
                &task.address,
                "the only cdc task from the target database to the source database",
            );
            self.loopback(&task, forward);
            return (Some(task), None);
        }
        (None, None)
    }

    pub(super) fn mirrors(&mut self, reverse: &Task, source: &Database, target: &Database) {
        let ends = (self.database_of(&reverse.from), self.database_of(&reverse.to));
        let mirrored = matches!(&ends, (Some(from), Some(to)) if from.id == target.id && to.id == source.id);
        let kind = self.things.get(&reverse.address).and_then(moves).unwrap_or_default();
        if !mirrored || kind != "cdc" {
            let message = if mirrored {
                format!(
                    "the reverse task is of type {kind}: it must be cdc, or it would load the source again"
                )
            } else {
                "the reverse task does not lead from the target database to the source database".to_owned()
            };
            self.error_at(
                "O1008",
                &reverse.address,
                message,
                "its endpoints are those of the forward task, the other way round",
            );
        }
    }

    pub(super) fn loopback(&mut self, reverse: &Task, forward: &[Task]) {
        let two_way = self.declared.traffic.iter().any(|set| set.splits == Splits::TwoWay);
        let early = self.declared.reverse_start == ReverseStart::Early;
        if !two_way && !early {
            return;
        }
        let what = if two_way { "splits: two-way" } else { "reverse_start: early" };
        for task in forward.iter().chain([reverse]) {
            let prevents = task.settings["LoopbackPreventionSettings"]["EnableLoopbackPrevention"] == true;
            let batch = task.settings["TargetMetadata"]["BatchApplyEnabled"] == true;
            if !prevents || batch {
                let message = if batch {
                    format!("`{what}` with BatchApplyEnabled: DMS excludes the two together")
                } else {
                    format!("`{what}` without LoopbackPreventionSettings: each change would come back")
                };
                let help = "set LoopbackPreventionSettings.EnableLoopbackPrevention on both tasks, BatchApplyEnabled false";
                self.error_at("O1009", &task.address.clone(), message, help);
            }
        }
    }
}
