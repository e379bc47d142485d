//! The law for data providers, instance profiles, migration projects and data migrations, and what a data migration does.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{
    DataMigration, DataProvider, InstanceProfile, MigrationProject,
    tests::{prepared, role, with_group},
};
use crate::{
    model::PhysicalId,
    resources::{Change, Progress, ResourceType, bench::Bench},
};

fn made<T: ResourceType>(bench: &Bench, props: Json) -> PhysicalId {
    let props = serde_json::from_value(props).unwrap();
    bench.cx(|cx| bench.run(T::create(cx, &bench.permit(), &props))).unwrap().id
}

fn provider(name: &str, host: &str) -> Json {
    json!({
        "DataProviderName": name, "Engine": "postgres", "Settings": {"PostgreSqlSettings": {
            "ServerName": host, "Port": 5432, "DatabaseName": "shop", "SslMode": "require",
        }},
    })
}

#[test]
fn data_provider_keeps_the_law() {
    let bench = prepared();
    let certificate = bench.run(async {
        let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        let call = bench.sdk().dms().import_certificate().certificate_identifier("ca").certificate_pem(pem);
        call.send().await.unwrap().certificate().unwrap().certificate_arn().unwrap().to_owned()
    });
    let block = |engine: &str, member: &str, more: Json| {
        let mut settings = json!({"ServerName": "db.example.com", "Port": 5432});
        for (name, value) in more.as_object().unwrap() {
            settings[name] = value.clone();
        }
        json!({"DataProviderName": format!("p-{}", engine.replace('_', "-")), "Engine": engine, "Settings": {member: settings}})
    };
    let tls = json!({"SslMode": "verify-full", "CertificateArn": certificate, "DatabaseName": "d"});
    let mut first = block("postgres", "PostgreSqlSettings", tls.clone());
    first["Description"] = json!("first");
    first["Tags"] = json!([{"Key": "team", "Value": "core"}]);
    first["ExactSettings"] = json!(true);
    let mut second =
        block("postgres", "PostgreSqlSettings", json!({"SslMode": "require", "DatabaseName": "other"}));
    second["Description"] = json!("second");
    second["DataProviderName"] = json!("renamed");
    second["Tags"] = json!([{"Key": "stage", "Value": "dev"}]);
    let without = json!({"SslMode": "none"});
    let database = json!({"SslMode": "none", "DatabaseName": "d"});
    let asm = json!({"SslMode": "none", "DatabaseName": "d", "AsmServer": "asm:1521/+ASM", "SecretsManagerOracleAsmSecretId": "s",
        "SecretsManagerOracleAsmAccessRoleArn": "arn:aws:iam::123456789012:role/secrets",
        "SecretsManagerSecurityDbEncryptionSecretId": "t",
        "SecretsManagerSecurityDbEncryptionAccessRoleArn": "arn:aws:iam::123456789012:role/secrets"});
    let mut all = vec![(first, Some(second))];
    for (engine, member, more) in [
        ("aurora", "MySqlSettings", without.clone()),
        ("aurora_postgresql", "PostgreSqlSettings", tls),
        (
            "db2",
            "IbmDb2LuwSettings",
            json!({"SslMode": "none", "DatabaseName": "d", "EncryptionAlgorithm": 2, "SecurityMechanism": 9}),
        ),
        ("db2_zos", "IbmDb2zOsSettings", database.clone()),
        ("docdb", "DocDbSettings", database.clone()),
        ("mariadb", "MariaDbSettings", without.clone()),
        (
            "mongodb",
            "MongoDbSettings",
            json!({"AuthType": "password", "AuthMechanism": "scram_sha_1", "AuthSource": "admin"}),
        ),
        ("mysql", "MySqlSettings", without),
        ("oracle", "OracleSettings", asm),
        ("redshift", "RedshiftSettings", json!({"DatabaseName": "d"})),
        ("sqlserver", "MicrosoftSqlServerSettings", database),
        ("sybase", "SybaseAseSettings", json!({"SslMode": "none", "EncryptPassword": true})),
    ] {
        all.push((block(engine, member, more), None));
    }
    bench.law_covering::<DataProvider>(&all);
}

#[test]
fn a_provider_with_the_settings_of_another_engine_is_found_before_anything_runs() {
    let mut wrong = provider("p", "h");
    wrong["Engine"] = json!("mysql");
    assert!(DataProvider::check(&wrong)[0].1.contains("MySqlSettings"));
    let mut bare = provider("p", "h");
    bare["Settings"]["PostgreSqlSettings"]["SslMode"] = json!("verify-ca");
    assert!(DataProvider::check(&bare)[0].1.contains("CertificateArn"));
    assert!(DataProvider::check(&provider("p", "h")).is_empty());
}

#[test]
fn instance_profile_keeps_the_law() {
    let bench = prepared();
    with_group(&bench);
    let props = json!({
        "InstanceProfileName": "Shop", "Description": "first", "SubnetGroupIdentifier": "group", "NetworkType": "IPV4",
        "AvailabilityZone": "us-east-1a", "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k-1",
        "PubliclyAccessible": false, "VpcSecurityGroups": ["sg-2", "sg-1"], "Tags": [{"Key": "team", "Value": "core"}],
    });
    let mut new = props.clone();
    for (name, value) in [
        ("InstanceProfileName", json!("renamed")),
        ("Description", json!("second")),
        ("AvailabilityZone", json!("us-east-1b")),
        ("PubliclyAccessible", json!(true)),
        ("VpcSecurityGroups", json!(["sg-1"])),
        ("Tags", json!([{"Key": "stage", "Value": "dev"}])),
    ] {
        new[name] = value;
    }
    bench.law_covering::<InstanceProfile>(&[
        (props, Some(new)),
        (json!({"InstanceProfileName": "bare"}), None),
    ]);
}

/// Two providers and a profile, and what a project of them says.
fn project(bench: &Bench) -> Json {
    with_group(bench);
    let secret = json!({"SecretsManagerSecretId": "shop-db", "SecretsManagerAccessRoleArn": "arn:aws:iam::123456789012:role/secrets"});
    let mut source = secret.clone();
    source["DataProviderIdentifier"] =
        json!(made::<DataProvider>(bench, provider("old", "old.example.com")).0);
    made::<DataProvider>(bench, provider("new", "new.example.com"));
    let mut target = secret;
    target["DataProviderIdentifier"] = json!("new");
    made::<InstanceProfile>(
        bench,
        json!({"InstanceProfileName": "profile", "SubnetGroupIdentifier": "group"}),
    );
    json!({
        "MigrationProjectName": "Shop", "InstanceProfileIdentifier": "profile", "SourceDataProviderDescriptors": [source],
        "TargetDataProviderDescriptors": [target],
    })
}

#[test]
fn migration_project_keeps_the_law() {
    let bench = prepared();
    let mut props = project(&bench);
    bench.run(async { bench.sdk().s3().create_bucket().bucket("conversion").send().await.unwrap() });
    let other = made::<InstanceProfile>(&bench, json!({"InstanceProfileName": "other"}));
    let third = made::<DataProvider>(&bench, provider("third", "third.example.com"));
    for (name, value) in [
        ("Description", json!("first")),
        ("TransformationRules", json!("{\"rules\": []}")),
        (
            "SchemaConversionApplicationAttributes",
            json!({"S3BucketPath": "s3://conversion/shop", "S3BucketRoleArn": "arn:aws:iam::123456789012:role/secrets"}),
        ),
        ("Tags", json!([{"Key": "team", "Value": "core"}])),
    ] {
        props[name] = value;
    }
    let mut new = props.clone();
    for (name, value) in [
        ("MigrationProjectName", json!("renamed")),
        ("Description", json!("second")),
        ("InstanceProfileIdentifier", json!(other.0)),
        ("TransformationRules", json!("{\"rules\": [], \"more\": 1}")),
        ("Tags", json!([{"Key": "stage", "Value": "dev"}])),
    ] {
        new[name] = value;
    }
    new["TargetDataProviderDescriptors"][0]["DataProviderIdentifier"] = json!(third.0);
    bench.law_covering::<MigrationProject>(&[(props, Some(new))]);
}

#[test]
fn a_project_names_its_profile_and_its_providers() {
    let bench = prepared();
    let good = project(&bench);
    assert!(MigrationProject::check(&good).is_empty());
    let mut wrong = good;
    wrong["InstanceProfileIdentifier"] = json!(null);
    wrong["SourceDataProviderDescriptors"][0]["DataProviderIdentifier"] = json!(null);
    wrong["TargetDataProviderDescriptors"] =
        json!([{"DataProviderIdentifier": "new", "SecretsManagerSecretId": "s"}]);
    let found: Vec<String> =
        MigrationProject::check(&wrong).into_iter().map(|(property, _)| property).collect();
    assert_eq!(
        found,
        ["InstanceProfileIdentifier", "SourceDataProviderDescriptors", "TargetDataProviderDescriptors"]
    );
}

fn rules(schema: &str) -> String {
    json!({"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
        "object-locator": {"schema-name": schema, "table-name": "%"}}]})
    .to_string()
}

fn stage() -> (Bench, String) {
    let bench = prepared();
    let project = made::<MigrationProject>(&bench, project(&bench)).0;
    bench.world(|world| {
        world.put("iam.role", "migrator", role("migrator", &["dms.amazonaws.com"]));
    });
    bench.run(async {
        let call = bench.sdk().secrets().create_secret().name("shop-db");
        call.secret_string("{\"username\": \"u\", \"password\": \"p\"}").send().await.unwrap();
    });
    bench.advance(Duration::from_secs(15));
    (bench, project)
}

fn migration(project: &str) -> Json {
    json!({
        "DataMigrationName": "Shop", "DataMigrationType": "full-load-and-cdc", "MigrationProjectIdentifier": project,
        "ServiceAccessRoleArn": "arn:aws:iam::123456789012:role/migrator",
    })
}

#[test]
fn data_migration_keeps_the_law() {
    let (bench, project) = stage();
    let mut props = migration(&project);
    for (name, value) in [
        (
            "DataMigrationSettings",
            json!({"CloudwatchLogsEnabled": true, "NumberOfJobs": 4, "SelectionRules": rules("public")}),
        ),
        (
            "SourceDataSettings",
            json!([{"CDCStartTime": "2030-01-01T00:00:00Z", "CDCStopTime": "2031-01-01T00:00:00Z", "SlotName": "s"}]),
        ),
        ("Tags", json!([{"Key": "team", "Value": "core"}])),
    ] {
        props[name] = value;
    }
    let mut new = props.clone();
    for (name, value) in [
        ("DataMigrationName", json!("renamed")),
        ("DataMigrationType", json!("cdc")),
        ("DataMigrationSettings", json!({"NumberOfJobs": 8, "SelectionRules": rules("other")})),
        ("SourceDataSettings", json!([{"CDCStartPosition": "0/16B3748", "SlotName": "t"}])),
        ("Tags", json!([{"Key": "stage", "Value": "dev"}])),
    ] {
        new[name] = value;
    }
    let mut by_name = migration("Shop");
    by_name["DataMigrationName"] = json!("by-name");
    bench.law::<DataMigration>(props, Some(new));
    bench.law::<DataMigration>(by_name, None);
    bench.covers::<DataMigration>(0, &["dms:StartDataMigration", "dms:StopDataMigration"]);
}

#[test]
fn a_running_data_migration_is_stopped_changed_and_resumed() {
    let (bench, project) = stage();
    let old = migration(&project);
    let id = made::<DataMigration>(&bench, old.clone());
    bench.advance(Duration::from_secs(15));
    bench.run(async {
        let call = bench.sdk().dms().start_data_migration().data_migration_identifier(id.as_str());
        call.start_type("start-replication".into()).send().await.unwrap();
    });
    bench.advance(Duration::from_secs(700));
    let row = || bench.world(|world| world.get("dms.data-migration", id.as_str()).cloned().unwrap());
    assert_eq!(row()["DataMigrationStatus"], "running");
    assert!(row()["PublicIpAddresses"][0].is_string(), "a firewall has to let them in");
    let loaded = row()["_fresh"].clone();
    let mut new = old.clone();
    new["DataMigrationSettings"] = json!({"NumberOfJobs": 16});
    let (old, new) = (serde_json::from_value(old).unwrap(), serde_json::from_value(new).unwrap());
    let changed = ["DataMigrationSettings".to_owned()];
    let mut steps = Vec::new();
    loop {
        let change = Change { old: &old, new: &new, changed: &changed };
        let permit = bench.permit();
        match bench.cx(|cx| bench.run(DataMigration::update(cx, &permit, &id, &change))).unwrap() {
            Progress::Again(step) => steps.push(step),
            _ => break,
        }
        assert!(steps.len() < 200, "{steps:?}");
        bench.advance(Duration::from_secs(10));
    }
    steps.dedup();
    assert_eq!(
        steps,
        [
            "stopping the data migration",
            "the data migration is stopping",
            "modifying the data migration",
            "resuming the data migration",
            "the data migration is starting",
        ]
    );
    assert_eq!(row()["DataMigrationStatus"], "running");
    assert_eq!(row()["_fresh"], loaded);
    assert_eq!(row()["DataMigrationSettings"]["NumberOfJobs"], 16);
    assert!(!row()["_tags"].to_string().contains("migrate:resume"));
}

#[test]
fn the_type_of_a_started_data_migration_stays() {
    let (bench, project) = stage();
    let old = migration(&project);
    let id = made::<DataMigration>(&bench, old.clone());
    bench.advance(Duration::from_secs(15));
    bench.run(async {
        let call = bench.sdk().dms().start_data_migration().data_migration_identifier(id.as_str());
        call.start_type("start-replication".into()).send().await.unwrap();
    });
    bench.advance(Duration::from_secs(700));
    let mut new = old.clone();
    new["DataMigrationType"] = json!("cdc");
    let (old, new) = (serde_json::from_value(old).unwrap(), serde_json::from_value(new).unwrap());
    let changed = ["DataMigrationType".to_owned()];
    let change = Change { old: &old, new: &new, changed: &changed };
    let permit = bench.permit();
    let error = bench.cx(|cx| bench.run(DataMigration::update(cx, &permit, &id, &change))).unwrap_err();
    assert!(error.to_string().contains("only before its first start"), "{error}");
    let status = bench
        .world(|world| world.get("dms.data-migration", id.as_str()).unwrap()["DataMigrationStatus"].clone());
    assert_eq!(status, "running", "it is not stopped for what DMS refuses");
}
