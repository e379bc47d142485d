"""CodeBuild: projects, webhooks, credentials of source providers."""
from harness import ACCOUNT, aws, client, refused, role, test

codebuild = client("codebuild")
ENVIRONMENT = {"type": "LINUX_CONTAINER", "computeType": "BUILD_GENERAL1_SMALL", "image": "aws/codebuild/standard:7.0"}
GITHUB = {"type": "GITHUB", "location": "https://github.com/example/app.git"}
NONE = {"type": "NO_ARTIFACTS"}
ROLES = {}


def builder():
    """The projects' role, made once."""
    if not ROLES:
        ROLES["builder"] = role("builder", "codebuild.amazonaws.com")
    return ROLES["builder"]


def project(name, **more):
    base = {"name": name, "source": GITHUB, "artifacts": NONE, "environment": ENVIRONMENT, "serviceRole": builder()}
    return {**base, **more}


@test
def a_project_from_beginning_to_end():
    made = codebuild.create_project(**project("app", tags=[{"key": "a", "value": "b"}]))["project"]
    assert made["arn"] == f"arn:aws:codebuild:us-east-1:{ACCOUNT}:project/app"
    assert made["timeoutInMinutes"] == 60 and made["queuedTimeoutInMinutes"] == 480
    assert made["encryptionKey"].endswith(":alias/aws/s3") and made["cache"] == {"type": "NO_CACHE"}
    refused("ResourceAlreadyExistsException", codebuild.create_project, **project("app"))
    found = codebuild.batch_get_projects(names=["app", "none"])
    assert [one["name"] for one in found["projects"]] == ["app"] and found["projectsNotFound"] == ["none"]
    assert codebuild.batch_get_projects(names=[made["arn"]])["projects"][0]["tags"] == [{"key": "a", "value": "b"}]
    then = codebuild.update_project(name="app", description="new", concurrentBuildLimit=2, badgeEnabled=True)["project"]
    assert then["description"] == "new" and then["tags"] == [{"key": "a", "value": "b"}] and then["badge"]["badgeRequestUrl"]
    then = codebuild.update_project(name="app", concurrentBuildLimit=-1, tags=[{"key": "c", "value": "d"}])["project"]
    assert "concurrentBuildLimit" not in then and then["tags"] == [{"key": "c", "value": "d"}]
    refused("ResourceNotFoundException", codebuild.update_project, name="none", description="x")
    shown = codebuild.update_project_visibility(projectArn=made["arn"], projectVisibility="PUBLIC_READ")
    assert shown["publicProjectAlias"]
    assert codebuild.update_project_visibility(projectArn=made["arn"], projectVisibility="PRIVATE")["projectVisibility"] == "PRIVATE"
    refused("ResourceNotFoundException", codebuild.update_project_visibility, projectArn=made["arn"] + "x", projectVisibility="PRIVATE")
    assert aws("codebuild", "batch-get-projects", "--names", "app")["projects"][0]["arn"] == made["arn"]
    codebuild.delete_project(name="app")
    assert codebuild.batch_get_projects(names=["app"])["projects"] == []
    codebuild.delete_project(name="app")


@test
def what_it_refuses():
    bad = [
        {"artifacts": {"type": "CODEPIPELINE"}}, {"source": {"type": "GITHUB"}}, {"source": {"type": "NO_SOURCE"}},
        {"source": {"type": "NO_SOURCE", "buildspec": "version: 0.2", "location": "x"}}, {"artifacts": {"type": "S3"}},
        {"cache": {"type": "S3"}}, {"cache": {"type": "LOCAL"}}, {"vpcConfig": {"vpcId": "vpc-0123456789abcdef0"}},
        {"vpcConfig": {"vpcId": "vpc-0123456789abcdef0", "subnets": ["subnet-0123456789abcdef0"], "securityGroupIds": ["sg-0123456789abcdef0"]}},
        {"secondarySources": [{"type": "CODEPIPELINE", "sourceIdentifier": "x"}]}, {"secondarySources": [GITHUB]},
        {"secondaryArtifacts": [{"type": "CODEPIPELINE", "artifactIdentifier": "x"}]},
        {"secondarySourceVersions": [{"sourceIdentifier": "none", "sourceVersion": "1"}]}, {"buildBatchConfig": {"combineArtifacts": True}},
        {"environment": {**ENVIRONMENT, "imagePullCredentialsType": "SERVICE_ROLE"}}, {"concurrentBuildLimit": 0},
        {"serviceRole": f"arn:aws:iam::{ACCOUNT}:role/none"}, {"serviceRole": "arn:aws:iam::210987654321:role/other"},
        {"tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, {"source": {**GITHUB, "auth": {"type": "OAUTH"}}},
    ]
    for more in bad:
        refused("InvalidInputException", codebuild.create_project, **project("bad", **more))
    refused("ValidationException", codebuild.create_project, **project("bad", environment={**ENVIRONMENT, "type": "TOASTER"}))
    assert codebuild.batch_get_projects(names=["bad"])["projects"] == []


@test
def webhooks_and_credentials():
    codebuild.create_project(**project("hooked"))
    refused("ResourceNotFoundException", codebuild.create_webhook, projectName="hooked")
    refused("InvalidInputException", codebuild.import_source_credentials, token="t", serverType="BITBUCKET", authType="BASIC_AUTH")
    refused("InvalidInputException", codebuild.import_source_credentials, token="t", serverType="GITHUB", authType="BASIC_AUTH", username="u")
    arn = codebuild.import_source_credentials(token="t", serverType="GITHUB", authType="PERSONAL_ACCESS_TOKEN")["arn"]
    refused("ResourceAlreadyExistsException", codebuild.import_source_credentials, token="t", serverType="GITHUB",
            authType="PERSONAL_ACCESS_TOKEN", shouldOverwrite=False)
    assert codebuild.list_source_credentials()["sourceCredentialsInfos"] == [{"arn": arn, "serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN"}]
    push = [[{"type": "EVENT", "pattern": "PUSH"}]]
    refused("InvalidInputException", codebuild.create_webhook, projectName="hooked", filterGroups=[[{"type": "HEAD_REF", "pattern": "x"}]])
    made = codebuild.create_webhook(projectName="hooked", filterGroups=push)["webhook"]
    assert made["secret"] and made["payloadUrl"]
    refused("ResourceAlreadyExistsException", codebuild.create_webhook, projectName="hooked")
    shown = codebuild.batch_get_projects(names=["hooked"])["projects"][0]["webhook"]
    assert shown["filterGroups"] == push and "secret" not in shown
    pull = [[{"type": "EVENT", "pattern": "PULL_REQUEST_MERGED"}]]
    assert codebuild.update_webhook(projectName="hooked", filterGroups=pull, rotateSecret=True)["webhook"]["filterGroups"] == pull
    codebuild.delete_webhook(projectName="hooked")
    refused("ResourceNotFoundException", codebuild.delete_webhook, projectName="hooked")
    refused("ResourceNotFoundException", codebuild.update_webhook, projectName="hooked", filterGroups=pull)
    codebuild.create_project(**project("plain", source={"type": "NO_SOURCE", "buildspec": "version: 0.2"}))
    refused("InvalidInputException", codebuild.create_webhook, projectName="plain")
    codebuild.delete_source_credentials(arn=arn)
    refused("ResourceNotFoundException", codebuild.delete_source_credentials, arn=arn)
    codebuild.delete_project(name="plain")
    codebuild.delete_project(name="hooked")


@test
def projects_in_pages():
    names = [f"page-{n:03}" for n in range(103)]
    for name in names:
        codebuild.create_project(**project(name))
    first = codebuild.list_projects(sortBy="NAME", sortOrder="ASCENDING")
    then = codebuild.list_projects(sortBy="NAME", sortOrder="ASCENDING", nextToken=first["nextToken"])
    assert first["projects"] + then["projects"] == names and not then.get("nextToken")
    assert codebuild.list_projects(sortBy="CREATED_TIME", sortOrder="DESCENDING")["projects"][0] == names[-1]
    refused("InvalidInputException", codebuild.list_projects, nextToken="nonsense")
    for name in names:
        codebuild.delete_project(name=name)
