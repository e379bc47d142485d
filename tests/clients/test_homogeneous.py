"""Homogeneous data migrations: data providers, instance profiles, migration projects, data migrations."""
import json

from harness import ACCOUNT, client, eventually, network, no_such_filter, pages, patiently, refused, role, test

dms, iam = client("dms"), client("iam")
world = {}


def provider(name, engine="postgres", block="PostgreSqlSettings", **more):
    settings = {"ServerName": f"{name}.example.com", "Port": 5432, "DatabaseName": "d", "SslMode": "require", **more}
    return {"DataProviderName": name, "Engine": engine, "Settings": {block: settings}}


def by(name, *values):
    return [{"Name": name, "Values": list(values)}]


@test
def providers_and_profiles_are_made_and_shown():
    _, subnets, world["group"] = network("homogeneous")
    role("dms-vpc-role", "dms.amazonaws.com")
    iam.attach_role_policy(RoleName="dms-vpc-role", PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole")
    patiently("AccessDeniedFault", dms.create_replication_subnet_group, ReplicationSubnetGroupIdentifier="homogeneous",
              ReplicationSubnetGroupDescription="x", SubnetIds=subnets)
    made = dms.create_data_provider(**provider("old"), Tags=[{"Key": "a", "Value": "b"}])["DataProvider"]
    assert made["DataProviderArn"].startswith(f"arn:aws:dms:us-east-1:{ACCOUNT}:data-provider:") and made["DataProviderCreationTime"]
    assert dms.list_tags_for_resource(ResourceArn=made["DataProviderArn"])["TagList"] == [{"Key": "a", "Value": "b"}]
    refused("ResourceAlreadyExistsFault", dms.create_data_provider, **provider("old"))
    refused("InvalidParameterCombinationException", dms.create_data_provider, **provider("wrong", "mysql"))
    refused("InvalidParameterValueException", dms.create_data_provider, **provider("wrong", "dbase"))
    refused("InvalidParameterValueException", dms.create_data_provider, **provider("1-wrong"))
    refused("InvalidParameterCombinationException", dms.create_data_provider, **provider("wrong", SslMode="verify-full"))
    dms.create_data_provider(**provider("new"))
    dms.modify_data_provider(DataProviderIdentifier="old", Description="d", Settings={"PostgreSqlSettings": {"Port": 5433}})
    shown = dms.describe_data_providers(Filters=by("data-provider-identifier", made["DataProviderArn"]))["DataProviders"][0]
    assert shown["Settings"]["PostgreSqlSettings"] == {"ServerName": "old.example.com", "Port": 5433, "DatabaseName": "d", "SslMode": "require"}
    profile = dms.create_instance_profile(InstanceProfileName="main", SubnetGroupIdentifier="homogeneous",
                                          VpcSecurityGroups=[world["group"]])["InstanceProfile"]
    assert profile["PubliclyAccessible"] is True and profile["NetworkType"] == "IPV4"
    refused("ResourceNotFoundFault", dms.create_instance_profile, InstanceProfileName="lost", SubnetGroupIdentifier="nowhere")
    changed = dms.modify_instance_profile(InstanceProfileIdentifier="main", Description="d")["InstanceProfile"]
    assert changed["Description"] == "d" and changed["SubnetGroupIdentifier"] == "homogeneous"
    assert dms.describe_instance_profiles(Filters=by("instance-profile-identifier", "main"))["InstanceProfiles"] == [changed]


@test
def a_project_resolves_names_and_keeps_what_it_uses():
    secret = client("secretsmanager").create_secret(Name="homogeneous", SecretString=json.dumps({"username": "u", "password": "p"}))["ARN"]
    reader = role("homogeneous-reader", "dms.us-east-1.amazonaws.com")
    opened = {"SecretsManagerSecretId": secret, "SecretsManagerAccessRoleArn": reader}
    asked = {"MigrationProjectName": "main", "InstanceProfileIdentifier": "main",
             "SourceDataProviderDescriptors": [{"DataProviderIdentifier": "old", **opened}],
             "TargetDataProviderDescriptors": [{"DataProviderIdentifier": "new", **opened}]}
    refused("ResourceNotFoundFault", dms.create_migration_project, **{**asked, "InstanceProfileIdentifier": "nowhere"})
    refused("ResourceNotFoundFault", dms.create_migration_project, **{**asked, "SourceDataProviderDescriptors": [{"DataProviderIdentifier": "x"}]})
    refused("InvalidParameterCombinationException", dms.create_migration_project, **{**asked, "SourceDataProviderDescriptors": [
        {"DataProviderIdentifier": "old", "SecretsManagerSecretId": secret}]})
    refused("S3ResourceNotFoundFault", dms.create_migration_project, **asked,
            SchemaConversionApplicationAttributes={"S3BucketPath": "s3://clients-nowhere/x"})
    made = dms.create_migration_project(**asked)["MigrationProject"]
    assert made["InstanceProfileName"] == "main" and made["SourceDataProviderDescriptors"][0]["DataProviderName"] == "old"
    refused("ResourceAlreadyExistsFault", dms.create_migration_project, **asked)
    refused("InvalidResourceStateFault", dms.modify_data_provider, DataProviderIdentifier="old", Description="e")
    refused("InvalidResourceStateFault", dms.delete_data_provider, DataProviderIdentifier="old")
    refused("InvalidResourceStateFault", dms.delete_instance_profile, InstanceProfileIdentifier="main")
    changed = dms.modify_migration_project(MigrationProjectIdentifier="main", Description="d", TransformationRules="{}")["MigrationProject"]
    assert changed["Description"] == "d"
    for name, value in (("migration-project-identifier", "main"), ("instance-profile-identifier", "main"), ("data-provider-identifier", "old")):
        assert dms.describe_migration_projects(Filters=by(name, value))["MigrationProjects"] == [changed], name


@test
def a_data_migration_runs_stops_and_resumes():
    migrator = role("migrator", "dms.amazonaws.com")
    asked = {"DataMigrationName": "main", "MigrationProjectIdentifier": "main", "DataMigrationType": "full-load-and-cdc",
             "ServiceAccessRoleArn": migrator, "NumberOfJobs": 4, "EnableCloudwatchLogs": True}
    refused("ResourceNotFoundFault", dms.create_data_migration, **{**asked, "MigrationProjectIdentifier": "nowhere"})
    refused("InvalidParameterValueException", dms.create_data_migration, **{**asked, "NumberOfJobs": 51})
    refused("InvalidParameterValueException", dms.create_data_migration, **asked, SelectionRules="no json")
    made = dms.create_data_migration(**asked)["DataMigration"]
    arn = made["DataMigrationArn"]
    assert made["DataMigrationStatus"] == "creating" and made["DataMigrationSettings"]["NumberOfJobs"] == 4

    # The guide's words for one that runs ("Statuses of homogeneous data migrations in AWS DMS").
    runs = ("load running", "load complete, replication ongoing", "reloading target")

    def is_at(status):
        found = dms.describe_data_migrations(Filters=by("data-migration-identifier", arn))["DataMigrations"][0]
        return found["DataMigrationStatus"] in (runs if status == "running" else (status,)) and found
    eventually(lambda: is_at("ready"))
    refused("ResourceAlreadyExistsFault", dms.create_data_migration, **asked)
    refused("InvalidParameterCombinationException", dms.start_data_migration, DataMigrationIdentifier=arn, StartType="resume-processing")
    refused("InvalidResourceStateFault", dms.stop_data_migration, DataMigrationIdentifier=arn)
    dms.start_data_migration(DataMigrationIdentifier="main", StartType="start-replication")
    refused("InvalidResourceStateFault", dms.start_data_migration, DataMigrationIdentifier=arn, StartType="start-replication")
    refused("InvalidResourceStateFault", dms.modify_data_migration, DataMigrationIdentifier=arn, NumberOfJobs=8)
    refused("InvalidResourceStateFault", dms.delete_data_migration, DataMigrationIdentifier=arn)
    found = eventually(lambda: is_at("running"))
    assert found["PublicIpAddresses"] and found["DataMigrationCidrBlocks"], "a firewall has to let them in"
    eventually(lambda: is_at("running")["DataMigrationStatistics"]["FullLoadPercentage"] == 100)
    assert is_at("running")["DataMigrationStatus"] == "load complete, replication ongoing"
    dms.stop_data_migration(DataMigrationIdentifier=arn)
    assert eventually(lambda: is_at("stopped"))["StopReason"] == "Stop Reason NORMAL"
    dms.modify_data_migration(DataMigrationIdentifier=arn, NumberOfJobs=8)
    refused("InvalidResourceStateFault", dms.modify_data_migration, DataMigrationIdentifier=arn, DataMigrationType="cdc")
    dms.start_data_migration(DataMigrationIdentifier=arn, StartType="resume-processing")
    assert eventually(lambda: is_at("running"))["DataMigrationSettings"]["NumberOfJobs"] == 8
    bare = dms.describe_data_migrations(WithoutSettings=True, WithoutStatistics=True)["DataMigrations"][0]
    assert "DataMigrationSettings" not in bare and "DataMigrationStatistics" not in bare
    dms.stop_data_migration(DataMigrationIdentifier=arn)
    eventually(lambda: is_at("stopped"))
    refused("InvalidResourceStateFault", dms.delete_migration_project, MigrationProjectIdentifier="main")
    dms.delete_data_migration(DataMigrationIdentifier=arn)


@test
def lists_come_in_pages_and_things_go():
    patiently("InvalidResourceStateFault", dms.delete_migration_project, MigrationProjectIdentifier="main")
    dms.delete_instance_profile(InstanceProfileIdentifier="main")
    dms.delete_data_provider(DataProviderIdentifier="old")
    for at in range(25):
        dms.create_data_provider(**provider(f"page-{at}"))
        dms.create_instance_profile(InstanceProfileName=f"page-{at}")
        dms.create_migration_project(MigrationProjectName=f"page-{at}", InstanceProfileIdentifier=f"page-{at}",
                                     SourceDataProviderDescriptors=[{"DataProviderIdentifier": f"page-{at}"}],
                                     TargetDataProviderDescriptors=[{"DataProviderIdentifier": "new"}])
        dms.create_data_migration(DataMigrationName=f"page-{at}", MigrationProjectIdentifier=f"page-{at}", DataMigrationType="full-load",
                                  ServiceAccessRoleArn=f"arn:aws:iam::{ACCOUNT}:role/migrator")
    eventually(lambda: {one["DataMigrationStatus"] for one in dms.describe_data_migrations()["DataMigrations"]} == {"ready"})
    pages("dms", "DescribeDataMigrations", 20, "InvalidParameterValueException")
    for name, method in (("DataProviders", dms.describe_data_providers), ("InstanceProfiles", dms.describe_instance_profiles),
                         ("MigrationProjects", dms.describe_migration_projects)):
        first = method(MaxRecords=20)
        second = method(MaxRecords=20, Marker=first["Marker"])
        assert len(first[name]) == 20 and len(first[name]) + len(second[name]) == len(method()[name]), name
    for name in ("DataProviders", "InstanceProfiles", "MigrationProjects", "DataMigrations"):
        no_such_filter("InvalidParameterValueException", "dms", f"Describe{name}")
