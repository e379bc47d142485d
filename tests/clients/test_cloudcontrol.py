"""Cloud Control: objects of published types, from their schemas alone."""
import json

from harness import ACCOUNT, aws, client, eventually, pages, refused, test, wait

control = client("cloudcontrol")
QUEUE = "AWS::SQS::Queue"
URL = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/%s"


def done(event):
    """The last event of a request, once it has ended."""
    token = event["ProgressEvent"]["RequestToken"]

    def ended():
        shown = control.get_resource_request_status(RequestToken=token)["ProgressEvent"]
        return shown if shown["OperationStatus"] in ("SUCCESS", "FAILED", "CANCEL_COMPLETE") else None
    return eventually(ended)


def made(kind, **properties):
    shown = done(control.create_resource(TypeName=kind, DesiredState=json.dumps(properties)))
    assert shown["OperationStatus"] == "SUCCESS", shown
    return shown["Identifier"]


def read(kind, identifier):
    return json.loads(control.get_resource(TypeName=kind, Identifier=identifier)["ResourceDescription"]["Properties"])


@test
def a_queue_from_beginning_to_end():
    state = json.dumps({"QueueName": "orders", "DelaySeconds": 1, "Tags": [{"Key": "a", "Value": "b"}]})
    first = control.create_resource(TypeName=QUEUE, DesiredState=state, ClientToken="one")
    assert first["ProgressEvent"]["Operation"] == "CREATE"
    again = control.create_resource(TypeName=QUEUE, DesiredState=state, ClientToken="one")
    assert again["ProgressEvent"]["RequestToken"] == first["ProgressEvent"]["RequestToken"]
    refused("ClientTokenConflictException", control.create_resource, TypeName=QUEUE, DesiredState="{}", ClientToken="one")
    wait("cloudcontrol", "resource_request_success", RequestToken=first["ProgressEvent"]["RequestToken"])
    assert read(QUEUE, URL % "orders")["Arn"] == f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"
    assert read(QUEUE, json.dumps({"QueueUrl": URL % "orders"}))["DelaySeconds"] == 1
    shown = done(control.create_resource(TypeName=QUEUE, DesiredState=state))
    assert (shown["OperationStatus"], shown["ErrorCode"]) == ("FAILED", "AlreadyExists"), shown
    change = {"TypeName": QUEUE, "Identifier": URL % "orders"}
    refused("NotUpdatableException", control.update_resource, **change,
            PatchDocument=json.dumps([{"op": "replace", "path": "/QueueName", "value": "x"}]))
    refused("InvalidRequestException", control.update_resource, **change,
            PatchDocument=json.dumps([{"op": "remove", "path": "/RedrivePolicy"}]))
    done(control.update_resource(**change, PatchDocument=json.dumps([{"op": "replace", "path": "DelaySeconds", "value": 9}])))
    assert read(QUEUE, URL % "orders")["DelaySeconds"] == 9
    assert done(control.delete_resource(**change))["OperationStatus"] == "SUCCESS"
    refused("ResourceNotFoundException", control.get_resource, **change)
    refused("ResourceNotFoundException", control.delete_resource, **change)
    refused("ResourceNotFoundException", control.update_resource, **change, PatchDocument="[]")


@test
def what_the_schema_forbids():
    create = control.create_resource
    refused("TypeNotFoundException", create, TypeName="AWS::No::Such", DesiredState="{}")
    refused("UnsupportedActionException", create, TypeName="AWS::EC2::VPC", DesiredState="{}")
    refused("UnsupportedActionException", create, TypeName="AWS::DAX::Cluster", DesiredState="{}")
    refused("ValidationException", create, TypeName=QUEUE, DesiredState='{"Nonsense": 1}')
    refused("InvalidRequestException", create, TypeName=QUEUE, DesiredState='{"Arn": "arn"}')
    refused("InvalidRequestException", create, TypeName=QUEUE, DesiredState="no json")
    refused("ValidationException", create, TypeName="AWS::ECR::Repository", DesiredState='{"RepositoryName": "UPPER"}')


@test
def identifiers_of_several_parts_and_lists_that_need_one_of_them():
    api = made("AWS::ApiGateway::RestApi", Name="shop")
    root = read("AWS::ApiGateway::RestApi", api)["RootResourceId"]
    path = made("AWS::ApiGateway::Resource", RestApiId=api, ParentId=root, PathPart="orders")
    assert path.startswith(f"{api}|"), path
    kind = {"TypeName": "AWS::ApiGateway::Resource"}
    refused("InvalidRequestException", control.list_resources, **kind)
    found = control.list_resources(**kind, ResourceModel=json.dumps({"RestApiId": api}))["ResourceDescriptions"]
    assert [one["Identifier"] for one in found] == [path]


@test
def write_only_properties_are_never_shown():
    user = made("AWS::Redshift::Cluster", ClusterIdentifier="main", ClusterType="single-node", DBName="dev",
                MasterUsername="admin", MasterUserPassword="Secret-123", NodeType="ra3.large")
    shown = read("AWS::Redshift::Cluster", user)
    assert shown["MasterUsername"] == "admin" and "MasterUserPassword" not in shown


@test
def lists_and_cancellations():
    for number in range(3):
        made(QUEUE, QueueName=f"list-{number}")
    pages("cloudcontrol", "ListResources", 2, "InvalidRequestException", TypeName=QUEUE)
    pages("cloudcontrol", "ListResourceRequests", 2, "ValidationException")
    running = control.create_resource(TypeName="AWS::EKS::Cluster", DesiredState=json.dumps({
        "Name": "main", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/eks", "ResourcesVpcConfig": {"SubnetIds": ["subnet-1"]}}))
    token = running["ProgressEvent"]["RequestToken"]
    found = control.list_resource_requests(ResourceRequestStatusFilter={"OperationStatuses": ["IN_PROGRESS"]})
    assert token in [one["RequestToken"] for one in found["ResourceRequestStatusSummaries"]]
    control.cancel_resource_request(RequestToken=token)
    assert done(running)["OperationStatus"] == "CANCEL_COMPLETE"
    refused("ValidationException", control.cancel_resource_request, RequestToken=token)
    refused("RequestTokenNotFoundException", control.cancel_resource_request, RequestToken="0" * 36)
    refused("RequestTokenNotFoundException", control.get_resource_request_status, RequestToken="0" * 36)
    shown = aws("cloudcontrol", "list-resources", "--type-name", QUEUE)
    assert len(shown["ResourceDescriptions"]) == 3
