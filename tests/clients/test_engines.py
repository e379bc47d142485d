"""RDS engines from the catalogue: versions, what can be ordered, families, options, certificates, defaults."""
from harness import client, eventually, ids, no_such_filter, pages, passes, refused, tampered, test, wait

rds, ec2 = client("rds"), client("ec2")
MASTER = {"MasterUsername": "master", "MasterUserPassword": "not-a-secret-1"}
ENGINES = ("mysql", "mariadb", "postgres", "aurora-mysql", "aurora-postgresql", "oracle-ee", "oracle-ee-cdb", "oracle-se2", "oracle-se2-cdb",
           "sqlserver-ee", "sqlserver-se", "sqlserver-ex", "sqlserver-web", "db2-ae", "db2-se")


def create(code=None, /, **more):
    wanted = {"DBInstanceIdentifier": "engines", "DBInstanceClass": "db.m5.large", "AllocatedStorage": 20, **MASTER, **more}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if code:
        return refused(code, rds.create_db_instance, **wanted)["Error"]["Message"]
    made = rds.create_db_instance(**wanted)["DBInstance"]
    name = wanted["DBInstanceIdentifier"]
    wait("rds", "db_instance_available", DBInstanceIdentifier=name)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    wait("rds", "db_instance_deleted", DBInstanceIdentifier=name)
    return made


@test
def every_engine_has_versions_and_one_default():
    for engine in ENGINES:
        versions = rds.describe_db_engine_versions(Engine=engine, MaxRecords=100)["DBEngineVersions"]
        default = rds.describe_db_engine_versions(Engine=engine, DefaultOnly=True)["DBEngineVersions"]
        assert versions and len(default) == 1, engine
        family = default[0]["DBParameterGroupFamily"]
        found = rds.describe_engine_default_parameters(DBParameterGroupFamily=family, MaxRecords=20)["EngineDefaults"]
        assert found["DBParameterGroupFamily"] == family and found["Parameters"], engine
    pages("rds", "DescribeDBEngineVersions", 100, "InvalidParameterValue")
    no_such_filter("InvalidParameterValue", "rds", "DescribeDBEngineVersions")
    pages("rds", "DescribeEngineDefaultParameters", 20, "InvalidParameterValue", DBParameterGroupFamily="mysql5.7")
    no_such_filter("InvalidParameterValue", "rds", "DescribeEngineDefaultParameters", DBParameterGroupFamily="mysql5.7")
    refused("InvalidParameterValue", rds.describe_engine_default_parameters, DBParameterGroupFamily="mysql9.9")
    old = rds.describe_db_engine_versions(Engine="postgres", EngineVersion="9.6", IncludeAll=True)["DBEngineVersions"]
    assert old and {one["Status"] for one in old} == {"deprecated"}
    assert not rds.describe_db_engine_versions(Engine="postgres", EngineVersion="9.6")["DBEngineVersions"]
    zones = rds.describe_db_engine_versions(Engine="sqlserver-se", DefaultOnly=True, ListSupportedTimezones=True)["DBEngineVersions"][0]
    assert {"TimezoneName": "UTC"} in zones["SupportedTimezones"]
    sets = rds.describe_db_engine_versions(Engine="oracle-se2", DefaultOnly=True, ListSupportedCharacterSets=True)["DBEngineVersions"][0]
    assert sets["DefaultCharacterSet"]["CharacterSetName"] == "AL32UTF8" and len(sets["SupportedCharacterSets"]) > 20


@test
def what_can_be_ordered_is_what_the_engine_runs_on():
    def order(engine, kind, **more):
        return rds.describe_orderable_db_instance_options(Engine=engine, DBInstanceClass=kind, MaxRecords=1000, **more)["OrderableDBInstanceOptions"]
    for engine in ("oracle-ee", "oracle-ee-cdb", "oracle-se2", "oracle-se2-cdb", "sqlserver-se", "db2-se"):
        assert not order(engine, "db.m6g.large") and order(engine, "db.m6i.large"), engine
    least = {one["StorageType"]: one["MinStorageSize"] for one in order("mysql", "db.t3.micro")}
    assert (least["standard"], least["gp2"], least["gp3"], least["io1"]) == (5, 5, 20, 100), least
    assert {one["LicenseModel"] for one in order("oracle-se2", "db.m5.large")} == {"license-included", "bring-your-own-license"}
    assert not order("mysql", "db.t3.micro", LicenseModel="license-included")
    assert len(rds.describe_orderable_db_instance_options(Engine="mysql", MaxRecords=10000)["OrderableDBInstanceOptions"]) == 10000
    for size in (19, 10001):
        refused("InvalidParameterValue", rds.describe_orderable_db_instance_options, Engine="mysql", MaxRecords=size)
    pages("rds", "DescribeOrderableDBInstanceOptions", 20, "InvalidParameterValue", Engine="mysql", DBInstanceClass="db.t3.micro")
    no_such_filter("InvalidParameterValue", "rds", "DescribeOrderableDBInstanceOptions", Engine="mysql")


@test
def combinations_that_rds_refuses():
    words = create("InvalidParameterCombination", Engine="oracle-se2", DBInstanceClass="db.m6g.large")
    assert "does not support creating a DB instance with the following combination: DBInstanceClass=db.m6g.large, Engine=oracle-se2" in words
    assert "Invalid DB Instance class" in create("InvalidParameterValue", Engine="mysql", DBInstanceClass="db.x99.large")
    assert create("InvalidParameterCombination", Engine="postgres", EngineVersion="9.4.26") == "Cannot find version 9.4.26 for postgres"
    assert "catalogue" in create("SandboxOperationNotImplemented", Engine="postgres", EngineVersion="97.1")
    create("SandboxOperationNotImplemented", Engine="custom-oracle-ee")
    create("InvalidParameterValue", Engine="oracul")
    assert "Valid license models are: bring-your-own-license" in create("InvalidParameterCombination", Engine="oracle-ee", LicenseModel="license-included")
    assert "DBName must be null" in create("InvalidParameterValue", Engine="sqlserver-se", DBName="db")
    create("InvalidParameterValue", Engine="oracle-se2", DBName="longer-than-eight")
    create("InvalidParameterValue", Engine="postgres", DBName="1abc")
    create("InvalidParameterCombination", Engine="postgres", Timezone="UTC")
    create("InvalidParameterValue", Engine="sqlserver-se", Timezone="Middle Earth Standard Time")
    create("InvalidParameterCombination", Engine="mysql", CharacterSetName="AL32UTF8")
    create("InvalidParameterCombination", Engine="sqlserver-ex", DBInstanceClass="db.t3.small", MultiAZ=True)
    for size, kind in ((4, "gp2"), (19, "gp3"), (99, "io1"), (4, "standard"), (3073, "standard")):
        create("InvalidParameterValue", Engine="mysql", AllocatedStorage=size, StorageType=kind, Iops=1000 if kind == "io1" else None)
    create("InvalidParameterValue", Engine="db2-se", DBInstanceClass="db.m6i.large", StorageType="gp2")
    assert "less than 400" in create("InvalidParameterValue", Engine="mysql", StorageType="gp3", Iops=4000)
    assert "less than 200" in create("InvalidParameterValue", Engine="oracle-se2", StorageType="gp3", Iops=4000)
    for wrong in ({"PreferredMaintenanceWindow": "sim:16:00-mon:16:30"}, {"PreferredMaintenanceWindow": "mon:16:00-mon:16:05"},
                  {"PreferredMaintenanceWindow": "mon:16:00-tue:16:30"}, {"PreferredBackupWindow": "20:00-20:10"}, {"Port": 80},
                  {"PreferredMaintenanceWindow": "wed:18:00-wed:22:00", "PreferredBackupWindow": "20:00-20:30"}):
        create("InvalidParameterValue", Engine="postgres", **wrong)


@test
def defaults_hang_on_engine_size_and_class():
    small = create(Engine="mysql", DBInstanceClass="db.t3.micro", AllocatedStorage=10)
    assert (small["StorageType"], small["DBSubnetGroup"]["DBSubnetGroupName"], small["PubliclyAccessible"]) == ("gp2", "default", True), small
    assert create(Engine="mysql")["StorageType"] == "gp3"
    oracle = create(Engine="oracle-se2")
    assert (oracle["DBName"], oracle["CharacterSetName"], oracle["NcharCharacterSetName"]) == ("ORCL", "AL32UTF8", "AL16UTF16")
    assert oracle["LicenseModel"] == "license-included" and oracle["OptionGroupMemberships"][0]["OptionGroupName"] == "default:oracle-se2-19"
    server = create(Engine="sqlserver-se", Timezone="UTC")
    assert (server["LicenseModel"], server["Timezone"]) == ("license-included", "UTC") and "DBName" not in server
    assert create(Engine="mysql", PreferredMaintenanceWindow="sun:02:50-sun:03:40")["PreferredBackupWindow"] == "09:30-10:00"
    assert create(Engine="db2-se", DBInstanceClass="db.m6i.large")["LicenseModel"] == "bring-your-own-license"
    assert create(Engine="postgres", EngineVersion="16.3")["EngineVersion"] == "16.3", "a withdrawn minor version"
    made = create(Engine="postgres", EngineVersion="", DBInstanceIdentifier="empty")
    assert made["EngineVersion"] == rds.describe_db_engine_versions(Engine="postgres", DefaultOnly=True)["DBEngineVersions"][0]["EngineVersion"]


@test
def parameter_groups_of_old_families_and_of_clusters():
    for family in ("mysql5.6", "mysql5.7", "postgres9.4", "postgres12", "mariadb10.4", "oracle-ee-19", "oracle-se1-11.2", "sqlserver-se-15.0", "db2-se-11.5"):
        name = "f-" + family.replace(".", "-")
        rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily=family, Description="x")
        assert rds.describe_db_parameters(DBParameterGroupName=name, MaxRecords=20)["Parameters"]
    for name, value in (("query_cache_size", "184549376"), ("innodb_file_format", "Barracuda"), ("innodb_large_prefix", "1")):
        rds.modify_db_parameter_group(DBParameterGroupName="f-mysql5-7", Parameters=[{"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}])
    refused("InvalidParameterValue", rds.create_db_parameter_group, DBParameterGroupName="no", DBParameterGroupFamily="mysql4.1", Description="x")
    for at in range(21):
        rds.create_db_cluster_parameter_group(DBClusterParameterGroupName=f"cluster-{at}", DBParameterGroupFamily="aurora-mysql8.0", Description="x")
    parameter = {"ParameterName": "binlog_format", "ParameterValue": "ROW", "ApplyMethod": "pending-reboot"}
    rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName="cluster-1", Parameters=[parameter])

    def own():
        found = rds.describe_db_cluster_parameters(DBClusterParameterGroupName="cluster-1", Source="user")["Parameters"]
        return [(one["ParameterName"], one["ParameterValue"]) for one in found]
    assert own() == [("binlog_format", "ROW")]
    rds.reset_db_cluster_parameter_group(DBClusterParameterGroupName="cluster-1", Parameters=[parameter])
    assert own() == []
    pages("rds", "DescribeDBClusterParameterGroups", 20, "InvalidParameterValue")
    pages("rds", "DescribeDBClusterParameters", 20, "InvalidParameterValue", DBClusterParameterGroupName="cluster-1")
    no_such_filter("InvalidParameterValue", "rds", "DescribeDBClusterParameterGroups")
    no_such_filter("InvalidParameterValue", "rds", "DescribeDBClusterParameters", DBClusterParameterGroupName="cluster-1")
    arn = rds.describe_db_cluster_parameter_groups(DBClusterParameterGroupName="cluster-1")["DBClusterParameterGroups"][0]["DBClusterParameterGroupArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "k", "Value": "v"}])
    assert rds.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "k", "Value": "v"}]
    rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName="cluster-1")
    refused("DBParameterGroupNotFound", rds.delete_db_cluster_parameter_group, DBClusterParameterGroupName="cluster-1")


@test
def option_groups():
    def group(name, engine, major):
        return rds.create_option_group(OptionGroupName=name, EngineName=engine, MajorEngineVersion=major, OptionGroupDescription="x")["OptionGroup"]
    assert group("backup", "sqlserver-se", "15.00")["Options"] == []
    refused("OptionGroupAlreadyExistsFault", rds.create_option_group, OptionGroupName="backup", EngineName="mysql", MajorEngineVersion="8.0", OptionGroupDescription="x")
    refused("InvalidParameterCombination", rds.create_option_group, OptionGroupName="no", EngineName="mysql", MajorEngineVersion="3.23", OptionGroupDescription="x")
    role = [{"Name": "IAM_ROLE_ARN", "Value": "arn:aws:iam::123456789012:role/r"}]
    made = rds.modify_option_group(OptionGroupName="backup", OptionsToInclude=[{"OptionName": "SQLSERVER_BACKUP_RESTORE", "OptionSettings": role}])
    [option] = made["OptionGroup"]["Options"]
    assert [(one["Name"], one["Value"]) for one in option["OptionSettings"]] == [("IAM_ROLE_ARN", role[0]["Value"])]
    refused("InvalidParameterValue", rds.modify_option_group, OptionGroupName="backup", OptionsToInclude=[{"OptionName": "MEMCACHED"}])
    refused("InvalidParameterValue", rds.modify_option_group, OptionGroupName="backup", OptionsToInclude=[
        {"OptionName": "SQLSERVER_BACKUP_RESTORE", "OptionSettings": [{"Name": "NO_SUCH", "Value": "x"}]}])
    group("agent", "oracle-ee", "19")
    made = rds.modify_option_group(OptionGroupName="agent", OptionsToInclude=[{"OptionName": "OEM_AGENT"}])["OptionGroup"]["Options"][0]
    assert made["Port"] == 3872 and made["OptionVersion"]
    refused("InvalidParameterCombination", rds.modify_option_group, OptionGroupName="agent", OptionsToInclude=[{"OptionName": "OEM"}])
    assert rds.modify_option_group(OptionGroupName="agent", OptionsToRemove=["OEM_AGENT"])["OptionGroup"]["Options"] == []
    copied = rds.copy_option_group(SourceOptionGroupIdentifier="backup", TargetOptionGroupIdentifier="copied", TargetOptionGroupDescription="y")["OptionGroup"]
    assert ids(copied["Options"], "OptionName") == ["SQLSERVER_BACKUP_RESTORE"]
    for at in range(20):
        group(f"many-{at}", "mysql", "8.0")
    pages("rds", "DescribeOptionGroups", 20, "InvalidParameterValue")
    no_such_filter("InvalidParameterValue", "rds", "DescribeOptionGroups")
    assert len(rds.describe_option_groups(EngineName="oracle-ee", MajorEngineVersion="19")["OptionGroupsList"]) == 1
    assert rds.describe_option_groups(OptionGroupName="default:mysql-8-0")["OptionGroupsList"][0]["MajorEngineVersion"] == "8.0"
    refused("OptionGroupNotFoundFault", rds.describe_option_groups, OptionGroupName="never")
    pages("rds", "DescribeOptionGroupOptions", 20, "InvalidParameterValue", EngineName="oracle-ee")
    no_such_filter("InvalidParameterValue", "rds", "DescribeOptionGroupOptions", EngineName="oracle-ee")
    create("InvalidParameterCombination", Engine="mysql", EngineVersion="8.4", OptionGroupName="many-1")
    create("OptionGroupNotFoundFault", Engine="mysql", OptionGroupName="never")
    rds.delete_option_group(OptionGroupName="agent")
    refused("OptionGroupNotFoundFault", rds.delete_option_group, OptionGroupName="agent")


@test
def certificates_and_who_may_restore_a_snapshot():
    assert ids(rds.describe_certificates()["Certificates"], "CertificateIdentifier") == ["rds-ca-ecc384-g1", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1"]
    refused("CertificateNotFound", rds.describe_certificates, CertificateIdentifier="never")
    refused("InvalidParameterValue", rds.modify_certificates)
    rds.modify_certificates(CertificateIdentifier="rds-ca-rsa4096-g1")
    assert create(Engine="postgres")["CACertificateIdentifier"] == "rds-ca-rsa4096-g1"
    rds.modify_certificates(RemoveCustomerOverride=True)
    no_such_filter("InvalidParameterValue", "rds", "DescribeCertificates")
    rds.create_db_instance(DBInstanceIdentifier="shared", Engine="postgres", DBInstanceClass="db.m5.large", AllocatedStorage=20, **MASTER)
    wait("rds", "db_instance_available", DBInstanceIdentifier="shared")
    rds.create_db_snapshot(DBSnapshotIdentifier="shared", DBInstanceIdentifier="shared")
    wait("rds", "db_snapshot_available", DBSnapshotIdentifier="shared")

    def restore():
        found = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier="shared")["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]
        return found[0]["AttributeValues"]
    assert restore() == []
    rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="shared", AttributeName="restore", ValuesToAdd=["210987654321", "all"])
    assert restore() == ["210987654321", "all"]
    rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="shared", AttributeName="restore", ValuesToRemove=["all"])
    assert restore() == ["210987654321"]
    refused("InvalidParameterValue", rds.modify_db_snapshot_attribute, DBSnapshotIdentifier="shared", AttributeName="restore", ValuesToAdd=["me"])
    refused("DBSnapshotNotFound", rds.describe_db_snapshot_attributes, DBSnapshotIdentifier="never")
    refused("DBSnapshotNotFound", rds.modify_db_snapshot_attribute, DBSnapshotIdentifier="never", AttributeName="restore")


@test
def subnet_groups_know_whether_their_subnets_have_ipv6():
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]

    def block():
        found = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]
        return found["Ipv6CidrBlockState"]["State"] == "associated" and found["Ipv6CidrBlock"]
    six = eventually(lambda: block()).replace("00::/56", "")
    both = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", Ipv6CidrBlock=f"{six}0{n}::/64", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
            for n, zone in ((1, "a"), (2, "b"))]
    four = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.3.0/24", AvailabilityZone="us-east-1c")["Subnet"]["SubnetId"]
    passes(5)
    dual = rds.create_db_subnet_group(DBSubnetGroupName="dual", DBSubnetGroupDescription="x", SubnetIds=both)["DBSubnetGroup"]
    assert sorted(dual["SupportedNetworkTypes"]) == ["DUAL", "IPV4"]
    plain = rds.modify_db_subnet_group(DBSubnetGroupName="dual", SubnetIds=[*both, four])["DBSubnetGroup"]
    assert plain["SupportedNetworkTypes"] == ["IPV4"]
