"""RDS proxies: their life, pools, targets and endpoints."""
from harness import ACCOUNT, client, eventually, network, no_such_filter, pages, refused, role, said, test, wait
from order import wrong

rds, ec2 = client("rds"), client("ec2")
VPC = network("proxies")
ROLE = role("proxy", "rds.amazonaws.com")
AUTH = [{"AuthScheme": "SECRETS", "SecretArn": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-abcdef", "Description": "test"}]


def state(name):
    return rds.describe_db_proxies(DBProxyName=name)["DBProxies"][0]["Status"]


def proxy(name, **more):
    made = rds.create_db_proxy(**{"DBProxyName": name, "EngineFamily": "MYSQL", "Auth": AUTH, "RoleArn": ROLE, "VpcSubnetIds": VPC[1], **more})
    eventually(lambda: state(name) == "available")
    return made["DBProxy"]


@test
def a_proxy_lives():
    one = rds.create_db_proxy(DBProxyName="First", EngineFamily="MYSQL", Auth=AUTH, RoleArn=ROLE, VpcSubnetIds=VPC[1], RequireTLS=True,
                              Tags=[{"Key": "a", "Value": "b"}])["DBProxy"]
    assert one["DBProxyName"] == "first" and one["Status"] == "creating" and one["VpcId"] == VPC[0] and one["IdleClientTimeout"] == 1800
    assert one["Auth"][0]["IAMAuth"] == "DISABLED" and one["RequireTLS"] is True and len(one["VpcSecurityGroupIds"]) == 1
    assert one["Endpoint"].startswith("first.proxy-") and one["DBProxyArn"].startswith(f"arn:aws:rds:us-east-1:{ACCOUNT}:db-proxy:prx-")
    refused("InvalidDBProxyStateFault", rds.modify_db_proxy, DBProxyName="first", DebugLogging=True)
    eventually(lambda: state("first") == "available")
    refused("DBProxyAlreadyExistsFault", rds.create_db_proxy, DBProxyName="first", EngineFamily="MYSQL", Auth=AUTH, RoleArn=ROLE,
            VpcSubnetIds=VPC[1])
    for code, more in (("InvalidSubnet", {"VpcSubnetIds": VPC[1][:1]}), ("InvalidSubnet", {"VpcSubnetIds": ["subnet-0", "subnet-1"]}),
                       ("InvalidParameterValue", {"DBProxyName": "two--hyphens"}), ("InvalidParameterValue", {"IdleClientTimeout": 28801}),
                       ("InvalidParameterValue", {"VpcSecurityGroupIds": ["sg-00000000000000000"]}), ("InvalidParameterValue", {"Auth": []})):
        refused(code, rds.create_db_proxy, **{"DBProxyName": "other", "EngineFamily": "MYSQL", "Auth": AUTH, "RoleArn": ROLE,
                                              "VpcSubnetIds": VPC[1], **more})
    refused("DBProxyNotFoundFault", rds.describe_db_proxies, DBProxyName="never")
    assert rds.list_tags_for_resource(ResourceName=one["DBProxyArn"])["TagList"] == [{"Key": "a", "Value": "b"}]
    rds.add_tags_to_resource(ResourceName=one["DBProxyArn"], Tags=[{"Key": "c", "Value": "d"}])
    changed = rds.modify_db_proxy(DBProxyName="first", NewDBProxyName="second", DebugLogging=True, IdleClientTimeout=900,
                                  SecurityGroups=[VPC[2]])["DBProxy"]
    assert changed["Status"] == "modifying" and changed["DBProxyName"] == "second" and changed["VpcSecurityGroupIds"] == [VPC[2]]
    eventually(lambda: state("second") == "available")
    refused("DBProxyNotFoundFault", rds.describe_db_proxies, DBProxyName="first")
    for at in range(21):
        rds.create_db_proxy(DBProxyName=f"page-{at}", EngineFamily="MYSQL", Auth=AUTH, RoleArn=ROLE, VpcSubnetIds=VPC[1])
    pages("rds", "DescribeDBProxies", 20)
    pages("rds", "DescribeDBProxyEndpoints", 20)
    no_such_filter("InvalidParameterValue", "rds", "DescribeDBProxies")
    assert rds.delete_db_proxy(DBProxyName="second")["DBProxy"]["Status"] == "deleting"
    refused("InvalidDBProxyStateFault", rds.delete_db_proxy, DBProxyName="second")
    eventually(lambda: "second" not in str(rds.describe_db_proxies()))


@test
def pools_and_targets():
    proxy("pooled")
    group = rds.describe_db_proxy_target_groups(DBProxyName="pooled")["TargetGroups"][0]
    assert group["TargetGroupName"] == "default" and group["IsDefault"] and group["ConnectionPoolConfig"]["MaxConnectionsPercent"] == 100
    changed = rds.modify_db_proxy_target_group(DBProxyName="pooled", TargetGroupName="default", ConnectionPoolConfig={
        "MaxConnectionsPercent": 90, "ConnectionBorrowTimeout": 60, "SessionPinningFilters": ["EXCLUDE_VARIABLE_SETS"]})["DBProxyTargetGroup"]
    assert changed["ConnectionPoolConfig"]["MaxConnectionsPercent"] == 90 and changed["ConnectionPoolConfig"]["MaxIdleConnectionsPercent"] == 50
    refused("InvalidParameterValue", rds.modify_db_proxy_target_group, DBProxyName="pooled", TargetGroupName="default",
            ConnectionPoolConfig={"MaxConnectionsPercent": 10})
    refused("DBProxyTargetGroupNotFoundFault", rds.modify_db_proxy_target_group, DBProxyName="pooled", TargetGroupName="other")
    for name, engine in (("pooled-db", "mysql"), ("pooled-pg", "postgres")):
        rds.create_db_instance(DBInstanceIdentifier=name, Engine=engine, DBInstanceClass="db.t3.medium", AllocatedStorage=20, MasterUsername="app",
                               MasterUserPassword="not-a-secret-1")
        wait("rds", "db_instance_available", DBInstanceIdentifier=name)
    refused("InvalidParameterValue", rds.register_db_proxy_targets, DBProxyName="pooled", DBInstanceIdentifiers=["pooled-pg"])
    refused("DBInstanceNotFound", rds.register_db_proxy_targets, DBProxyName="pooled", DBInstanceIdentifiers=["never"])
    refused("DBClusterNotFoundFault", rds.register_db_proxy_targets, DBProxyName="pooled", DBClusterIdentifiers=["never"])
    made = rds.register_db_proxy_targets(DBProxyName="pooled", DBInstanceIdentifiers=["pooled-db"])["DBProxyTargets"][0]
    assert made["Type"] == "RDS_INSTANCE" and made["RdsResourceId"] == "pooled-db" and made["Port"] == 3306
    refused("DBProxyTargetAlreadyRegisteredFault", rds.register_db_proxy_targets, DBProxyName="pooled", DBInstanceIdentifiers=["pooled-db"])
    eventually(lambda: rds.describe_db_proxy_targets(DBProxyName="pooled")["Targets"][0]["TargetHealth"]["State"] == "AVAILABLE")
    for operation in ("DescribeDBProxyTargets", "DescribeDBProxyTargetGroups"):
        no_such_filter("InvalidParameterValue", "rds", operation, DBProxyName="pooled")
    rds.deregister_db_proxy_targets(DBProxyName="pooled", DBInstanceIdentifiers=["pooled-db"])
    refused("DBProxyTargetNotFoundFault", rds.deregister_db_proxy_targets, DBProxyName="pooled", DBInstanceIdentifiers=["pooled-db"])


@test
def endpoints_of_a_proxy():
    proxy("ended")
    make = {"DBProxyName": "ended", "DBProxyEndpointName": "reads", "VpcSubnetIds": VPC[1]}
    one = rds.create_db_proxy_endpoint(TargetRole="READ_ONLY", **make)["DBProxyEndpoint"]
    assert one["Status"] == "creating" and one["Endpoint"].startswith("reads.endpoint.proxy-") and one["TargetRole"] == "READ_ONLY"
    refused("DBProxyEndpointAlreadyExistsFault", rds.create_db_proxy_endpoint, **make)
    refused("InvalidDBProxyEndpointStateFault", rds.delete_db_proxy_endpoint, DBProxyEndpointName="reads")

    def shown(name):
        return rds.describe_db_proxy_endpoints(DBProxyEndpointName=name)["DBProxyEndpoints"][0]
    eventually(lambda: shown("reads")["Status"] == "available")
    assert {each["DBProxyEndpointName"] for each in rds.describe_db_proxy_endpoints(DBProxyName="ended")["DBProxyEndpoints"]} == {"ended", "reads"}
    rds.modify_db_proxy_endpoint(DBProxyEndpointName="reads", NewDBProxyEndpointName="more-reads", VpcSecurityGroupIds=[VPC[2]])
    eventually(lambda: shown("more-reads")["Status"] == "available")
    no_such_filter("InvalidParameterValue", "rds", "DescribeDBProxyEndpoints")
    assert rds.list_tags_for_resource(ResourceName=one["DBProxyEndpointArn"])["TagList"] == []
    rds.delete_db_proxy_endpoint(DBProxyEndpointName="more-reads")
    eventually(lambda: "more-reads" not in str(rds.describe_db_proxy_endpoints()))
    refused("DBProxyEndpointNotFoundFault", rds.describe_db_proxy_endpoints, DBProxyEndpointName="more-reads")


@wrong("rds:DeleteDBProxy", "an endpoint")
def with_an_endpoint():
    proxy("cascades")
    rds.create_db_proxy_endpoint(DBProxyName="cascades", DBProxyEndpointName="below", VpcSubnetIds=VPC[1])
    yield rds.delete_db_proxy, {"DBProxyName": "cascades"}
    eventually(lambda: "below" not in str(rds.describe_db_proxy_endpoints()))
