//! Databases that RDS does not offer: versions, classes, storage and families against the catalogue of engines.

use super::{Lint, view::Part};
use crate::{
    engines::{Engine, catalogue},
    error::Code,
};

pub(super) static NOT_OFFERED: Lint = Lint {
    code: Code::lint(
        "M8521",
        "engine-not-offered",
        "a database that RDS does not offer",
        "RDS refuses to create an instance of a version that it has withdrawn, or of a class, storage type or licence model that the engine does not have. The lists have a date and are the same for every region: AWS may offer more by now, and less in some regions.",
    )
    .from("Amazon RDS API Reference, DescribeDBEngineVersions and DescribeOrderableDBInstanceOptions; AWS price list")
    .template(
        "Resources:
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties:
      Engine: oracle-se2
      EngineVersion: '19'
      DBInstanceClass: db.m6g.large
      AllocatedStorage: '20'
      MasterUsername: payments
      ManageMasterUserPassword: true
",
    ),
    check: |view, report| {
        for database in view.of("AWS::RDS::DBInstance") {
            let Some(engine) = database.get("Engine").text().and_then(|name| catalogue().engine(name)) else {
                continue;
            };
            let name = engine.name.as_str();
            let class = database.get("DBInstanceClass");
            if class.text().is_some_and(|class| !engine.has_class(class)) {
                let class_name = class.text().unwrap_or_default();
                report.at(&class, format!("RDS runs no {name} on {class_name}, as of {}", catalogue().date)).help(
                    format!(
                        "aws rds describe-orderable-db-instance-options --engine {name} --db-instance-class {class_name}"
                    ),
                );
            }
            version(report, engine, &database);
            let storage = database.get("StorageType");
            if storage.text().is_some_and(|kind| !engine.storage.contains_key(kind)) {
                let kinds: Vec<&str> = engine.storage.keys().map(String::as_str).collect();
                let kind = storage.text().unwrap_or_default();
                report
                    .at(&storage, format!("RDS has no {kind} storage for {name}"))
                    .help(format!("one of {}", kinds.join(", ")));
            }
            let licence = database.get("LicenseModel");
            if licence.text().is_some_and(|wanted| !engine.licences.iter().any(|one| one == wanted)) {
                let wanted = licence.text().unwrap_or_default();
                report
                    .at(&licence, format!("RDS has no licence model {wanted} for {name}"))
                    .help(format!("one of {}", engine.licences.join(", ")));
            }
        }
        for group in view.of("AWS::RDS::DBParameterGroup") {
            let family = group.get("Family");
            if family.text().is_some_and(|family| !catalogue().is_family(family)) {
                let name = family.text().unwrap_or_default();
                report
                    .at(&family, format!("RDS has no parameter group family {name}, as of {}", catalogue().date))
                    .help("aws rds describe-db-engine-versions --query 'DBEngineVersions[].DBParameterGroupFamily'");
            }
        }
    },
};

/// A version that cannot be had any more, or never could.
fn version(report: &mut super::Report<'_>, engine: &Engine, database: &Part<'_>) {
    let place = database.get("EngineVersion");
    let Some(wanted) = place.text() else { return };
    let name = engine.name.as_str();
    let said = match engine.version(Some(wanted)) {
        Some(found) if engine.withdrawn.iter().any(|one| one == found) => {
            format!(
                "RDS has withdrawn {name} {wanted}: new instances cannot have it, as of {}",
                catalogue().date
            )
        }
        None if !engine.is_beyond(wanted) => {
            format!("RDS has no version {wanted} of {name}, as of {}", catalogue().date)
        }
        _ => return,
    };
    let major = engine.major(wanted);
    let newest = engine.version(Some(&major));
    report.at(&place, said).help(match newest {
        Some(newest) => format!(
            "the newest of {major} is {newest}; `EngineVersion: '{major}'` takes the newest at creation"
        ),
        None => format!("the default is {}", engine.default),
    });
}
