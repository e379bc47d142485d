"""The Serverless Application Repository: AWS's rotation functions are copied for whoever asks; nobody publishes anything."""
import json
import time
import urllib.parse

from harness import client, refused, said, test

sar, s3 = client("serverlessrepo"), client("s3")
ROTATION = "arn:aws:serverlessrepo:us-east-1:297356227824:applications/SecretsManagerRDSPostgreSQLRotation%s"


@test
def a_copy_is_made_and_can_be_read_when_it_is_active():
    made = sar.create_cloud_formation_template(ApplicationId=ROTATION % "SingleUser", SemanticVersion="1.1.60")
    assert made["Status"] == "PREPARING" and made["SemanticVersion"] == "1.1.60", made
    for _ in range(200):
        copy = sar.get_cloud_formation_template(ApplicationId=made["ApplicationId"], TemplateId=made["TemplateId"])
        if copy["Status"] == "ACTIVE":
            break
        time.sleep(0.1)
    assert copy["Status"] == "ACTIVE" and copy["TemplateUrl"] == made["TemplateUrl"], copy
    url = urllib.parse.urlparse(copy["TemplateUrl"])
    bucket, key = url.netloc.split(".s3.")[0], urllib.parse.unquote(url.path[1:])
    assert bucket.startswith("awsserverlessrepo-changesets-") and "-versions-1.1.60/" in key, copy
    template = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert template["Transform"] == "AWS::Serverless-2016-10-31" and "RotationLambdaARN" in template["Outputs"]
    assert "masterSecretArn" not in template["Parameters"]
    refused("AccessDenied", s3.put_object, Bucket=bucket, Key="mine", Body=b"x")
    refused("AccessDenied", s3.list_objects_v2, Bucket=bucket)
    assert bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]


@test
def the_latest_version_is_taken_where_none_is_named():
    made = sar.create_cloud_formation_template(ApplicationId=ROTATION % "MultiUser")
    assert made["SemanticVersion"].startswith("1.1."), made


@test
def what_is_not_there_is_refused():
    said("NotFoundException", "does not exist", sar.create_cloud_formation_template, ApplicationId=ROTATION % "NoUser")
    refused("BadRequestException", sar.create_cloud_formation_template, ApplicationId="rotation")
    refused("BadRequestException", sar.create_cloud_formation_template, ApplicationId=ROTATION % "SingleUser",
            SemanticVersion="newest")
    refused("NotFoundException", sar.get_cloud_formation_template, ApplicationId=ROTATION % "SingleUser",
            TemplateId="00000000-0000-0000-0000-000000000000")
    refused("SandboxOperationNotImplemented", sar.list_applications)
