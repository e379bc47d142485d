"""RDS: global clusters."""
from harness import ACCOUNT, client, eventually, no_such_filter, pages, refused, said, test, wait
from order import wrong

rds, west = client("rds"), client("rds", "us-west-2")
USER = {"MasterUsername": "app", "MasterUserPassword": "not-a-secret-1"}


def made(name, **more):
    more = more or {"Engine": "aurora-postgresql"}
    rds.create_global_cluster(GlobalClusterIdentifier=name, **more)
    eventually(lambda: shown(name)["Status"] == "available")
    return name


def shown(name):
    return rds.describe_global_clusters(GlobalClusterIdentifier=name)["GlobalClusters"][0]


def cluster(name, of=rds, **more):
    arn = of.create_db_cluster(DBClusterIdentifier=name, Engine="aurora-postgresql", **more)["DBCluster"]["DBClusterArn"]
    wait("rds", "db_cluster_available", "us-west-2" if of is west else "us-east-1", DBClusterIdentifier=name)
    return arn


@test
def a_global_cluster_lives():
    one = rds.create_global_cluster(GlobalClusterIdentifier="First", Engine="aurora-postgresql", DatabaseName="app", StorageEncrypted=True)["GlobalCluster"]
    assert one["GlobalClusterArn"] == f"arn:aws:rds::{ACCOUNT}:global-cluster:first" and one["Status"] == "creating"
    assert one["StorageEncrypted"] and not one["DeletionProtection"] and one["GlobalClusterMembers"] == []
    for code, words, more in (
        ("InvalidParameterValue", "value for engineName should be specified", {}),
        ("InvalidParameterValue", "Malformed db cluster arn dbci", {"SourceDBClusterIdentifier": "dbci"}),
        ("DBClusterNotFoundFault", "not found", {"SourceDBClusterIdentifier": f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:never"}),
        ("InvalidParameterCombination", "value for engineName should not be specified", {
            "SourceDBClusterIdentifier": f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:never", "Engine": "aurora-postgresql"}),
    ):
        said(code, words, rds.create_global_cluster, GlobalClusterIdentifier="other", **more)
    refused("GlobalClusterAlreadyExistsFault", rds.create_global_cluster, GlobalClusterIdentifier="first", Engine="aurora-postgresql")
    eventually(lambda: shown("first")["Status"] == "available")
    rds.modify_global_cluster(GlobalClusterIdentifier="first", DeletionProtection=True, NewGlobalClusterIdentifier="second")
    refused("GlobalClusterNotFoundFault", rds.describe_global_clusters, GlobalClusterIdentifier="first")
    refused("InvalidParameterCombination", rds.delete_global_cluster, GlobalClusterIdentifier="second")
    rds.modify_global_cluster(GlobalClusterIdentifier="second", DeletionProtection=False)
    assert rds.delete_global_cluster(GlobalClusterIdentifier="second")["GlobalCluster"]["Status"] == "deleting"
    for at in range(21):
        rds.create_global_cluster(GlobalClusterIdentifier=f"page-{at}", Engine="aurora-mysql")
    pages("rds", "DescribeGlobalClusters", 20, "InvalidParameterValue")
    no_such_filter("InvalidParameterValue", "rds", "DescribeGlobalClusters")


@test
def members_of_two_regions():
    name = made("spread")
    refused("GlobalClusterNotFoundFault", rds.create_db_cluster, DBClusterIdentifier="lost", Engine="aurora-postgresql",
            GlobalClusterIdentifier="never", **USER)
    refused("InvalidParameterCombination", rds.create_db_cluster, DBClusterIdentifier="lost", Engine="aurora-mysql",
            GlobalClusterIdentifier=name, **USER)
    first = cluster("spread-one", GlobalClusterIdentifier=name, **USER)
    # Users and data come from the primary cluster.
    second = cluster("spread-two", west, GlobalClusterIdentifier=name)
    members = shown(name)["GlobalClusterMembers"]
    assert [(each["DBClusterArn"], each["IsWriter"], each.get("Readers", [])) for each in members] == [(first, True, [second]), (second, False, [])]
    by = [{"Name": "db-cluster-id", "Values": [second]}]
    assert [each["GlobalClusterIdentifier"] for each in rds.describe_global_clusters(Filters=by)["GlobalClusters"]] == [name]
    refused("InvalidDBClusterStateFault", rds.switchover_global_cluster, GlobalClusterIdentifier=name, TargetDbClusterIdentifier=first)
    assert rds.switchover_global_cluster(GlobalClusterIdentifier=name, TargetDbClusterIdentifier=second)["GlobalCluster"]["Status"] == "switching-over"
    eventually(lambda: shown(name)["GlobalClusterMembers"][0]["DBClusterArn"] == second)
    eventually(lambda: shown(name)["Status"] == "available")
    rds.failover_global_cluster(GlobalClusterIdentifier=name, TargetDbClusterIdentifier=first, AllowDataLoss=True)
    eventually(lambda: shown(name)["GlobalClusterMembers"][0]["DBClusterArn"] == first and shown(name)["Status"] == "available")
    refused("DBClusterNotFoundFault", rds.remove_from_global_cluster, GlobalClusterIdentifier=name, DbClusterIdentifier=first + "x")
    said("InvalidGlobalClusterStateFault", "has secondary clusters", rds.remove_from_global_cluster, GlobalClusterIdentifier=name, DbClusterIdentifier=first)
    rds.remove_from_global_cluster(GlobalClusterIdentifier=name, DbClusterIdentifier=second)
    rds.remove_from_global_cluster(GlobalClusterIdentifier=name, DbClusterIdentifier=first)
    made("around", SourceDBClusterIdentifier=first)
    assert shown("around")["Engine"] == "aurora-postgresql" and shown("around")["GlobalClusterMembers"][0]["IsWriter"]


@wrong("rds:DeleteGlobalCluster", "a member")
def with_a_member():
    name = made("held")
    arn = cluster("held-one", GlobalClusterIdentifier=name, **USER)
    yield rds.delete_global_cluster, {"GlobalClusterIdentifier": name}
    rds.remove_from_global_cluster(GlobalClusterIdentifier=name, DbClusterIdentifier=arn)
    yield rds.delete_global_cluster, {"GlobalClusterIdentifier": name}


@wrong("rds:DeleteDBCluster", "its global cluster")
def a_member():
    name = made("keeps")
    arn = cluster("keeps-one", GlobalClusterIdentifier=name, **USER)
    call = {"DBClusterIdentifier": "keeps-one", "SkipFinalSnapshot": True}
    yield rds.delete_db_cluster, call
    rds.remove_from_global_cluster(GlobalClusterIdentifier=name, DbClusterIdentifier=arn)
    yield rds.delete_db_cluster, call
