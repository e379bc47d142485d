"""SNS: platform applications, endpoints of devices, batches, numbers that want no messages."""
from harness import ACCOUNT, client, pages, refused, said, test

sns = client("sns")
SECRET = {"PlatformCredential": "client", "PlatformPrincipal": "secret"}


def application(name="app", **more):
    return sns.create_platform_application(Name=name, Platform="ADM", Attributes={**SECRET, **more})["PlatformApplicationArn"]


@test
def applications():
    arn = application("crud")
    assert arn == f"arn:aws:sns:us-east-1:{ACCOUNT}:app/ADM/crud"
    assert sns.get_platform_application_attributes(PlatformApplicationArn=arn)["Attributes"] == {"Enabled": "true"}
    sns.set_platform_application_attributes(PlatformApplicationArn=arn, Attributes={"SuccessFeedbackSampleRate": "50"})
    assert sns.get_platform_application_attributes(PlatformApplicationArn=arn)["Attributes"]["SuccessFeedbackSampleRate"] == "50"
    for words, more in (
        ("PlatformPrincipal attribute provided without PlatformCredential", {"Attributes": {"PlatformPrincipal": "x"}}),
        ("PlatformCredential attribute provided without PlatformPrincipal", {"Attributes": {"PlatformCredential": "x"}}),
        ("Reason: cannot be empty", {"Name": ""}), ("must be at most 256 characters long", {"Name": "a" * 257}),
        ("@name Reason: must contain only characters", {"Name": "@name"}), ("Platform Reason: AAA is not supported", {"Platform": "AAA"}),
    ):
        said("InvalidParameter", words, sns.create_platform_application, **{"Name": "x", "Platform": "ADM", "Attributes": SECRET, **more})
    said("InvalidParameter", "PlatformApplicationArn Reason: An ARN must have at least 6 elements, not 1",
         sns.get_platform_application_attributes, PlatformApplicationArn="invalid")
    gone = f"arn:aws:sns:us-east-1:{ACCOUNT}:app/ADM/never"
    said("NotFound", "PlatformApplication does not exist", sns.get_platform_application_attributes, PlatformApplicationArn=gone)
    for at in range(101):
        application(f"page-{at:03}")
    first = sns.list_platform_applications()
    assert len(first["PlatformApplications"]) == 100 and first["NextToken"]
    assert len(sns.list_platform_applications(NextToken=first["NextToken"])["PlatformApplications"]) == 2
    refused("InvalidParameter", sns.list_platform_applications, NextToken="no-token-of-ours")
    sns.delete_platform_application(PlatformApplicationArn=arn)
    sns.delete_platform_application(PlatformApplicationArn=arn)
    refused("NotFound", sns.list_endpoints_by_platform_application, PlatformApplicationArn=arn)


@test
def devices():
    arn = application("devices")
    one = sns.create_platform_endpoint(PlatformApplicationArn=arn, Token="token_1")["EndpointArn"]
    assert one.startswith(f"arn:aws:sns:us-east-1:{ACCOUNT}:endpoint/ADM/devices/")
    assert sns.create_platform_endpoint(PlatformApplicationArn=arn, Token="token_1")["EndpointArn"] == one
    said("InvalidParameter", "already exists with the same Token, but different attributes.", sns.create_platform_endpoint,
         PlatformApplicationArn=arn, Token="token_1", CustomUserData="other")
    both = sns.create_platform_endpoint(PlatformApplicationArn=arn, Token="token_2", CustomUserData="bar", Attributes={"CustomUserData": "foo"})
    assert sns.get_endpoint_attributes(EndpointArn=both["EndpointArn"])["Attributes"]["CustomUserData"] == "foo"
    said("InvalidParameter", "Invalid attribute name: InvalidKey", sns.create_platform_endpoint, PlatformApplicationArn=arn, Token="t",
         Attributes={"InvalidKey": "x"})
    said("InvalidParameter", "must be at most 2048 bytes long in UTF-8 encoding", sns.set_endpoint_attributes, EndpointArn=one,
         Attributes={"CustomUserData": "x" * 2049})
    said("InvalidParameter", "EndpointArn Reason: Wrong number of slashes in relative portion of the ARN.", sns.set_endpoint_attributes,
         EndpointArn=arn, Attributes={"Enabled": "false"})
    said("NotFound", "Endpoint does not exist", sns.get_endpoint_attributes, EndpointArn=one[:-1] + "x")
    assert sns.publish(TargetArn=one, Message="hello")["MessageId"]
    sns.set_endpoint_attributes(EndpointArn=one, Attributes={"Enabled": "false"})
    refused("EndpointDisabled", sns.publish, TargetArn=one, Message="hello")
    assert len(sns.list_endpoints_by_platform_application(PlatformApplicationArn=arn)["Endpoints"]) == 2
    sns.delete_endpoint(EndpointArn=one)
    sns.delete_endpoint(EndpointArn=one)
    assert len(sns.list_endpoints_by_platform_application(PlatformApplicationArn=arn)["Endpoints"]) == 1
    for at in range(100):
        sns.create_platform_endpoint(PlatformApplicationArn=arn, Token=f"page-{at}")
    first = sns.list_endpoints_by_platform_application(PlatformApplicationArn=arn)
    assert len(first["Endpoints"]) == 100
    assert len(sns.list_endpoints_by_platform_application(PlatformApplicationArn=arn, NextToken=first["NextToken"])["Endpoints"]) == 1
    refused("InvalidParameter", sns.list_endpoints_by_platform_application, PlatformApplicationArn=arn, NextToken="no-token-of-ours")


@test
def batches():
    topic = sns.create_topic(Name="batches")["TopicArn"]

    def entries(*ids, **more):
        return [{"Id": one, "Message": f"message {one}", **more} for one in ids]
    sent = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries("1", "2", "3"))
    assert [each["Id"] for each in sent["Successful"]] == ["1", "2", "3"] and sent.get("Failed", []) == []
    for code, words, wrong in (
        ("TooManyEntriesInBatchRequest", "contains more entries than permissible", entries(*"abcdefghijk")),
        ("BatchEntryIdsNotDistinct", "have the same Id", entries("1", "1")),
        ("InvalidBatchEntryId", "contains an impermissible character: message.id", entries("message.id")),
        ("InvalidBatchEntryId", "is too long", entries("a" * 81)),
        ("BatchRequestTooLong", "is more than the limit", [{"Id": "1", "Message": "x" * 200_000}, {"Id": "2", "Message": "x" * 200_000}]),
        ("InvalidParameter", "No default entry in JSON message body", [{"Id": "1", "Message": "{}", "MessageStructure": "json"}]),
    ):
        said(code, words, sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=wrong)
    refused("EmptyBatchRequest", sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=[])
    said("NotFound", "Topic does not exist", sns.publish_batch, TopicArn=topic + "x", PublishBatchRequestEntries=entries("1"))
    ordered = sns.create_topic(Name="batches.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "false"})["TopicArn"]
    said("InvalidParameter", "The MessageGroupId parameter is required for FIFO topics", sns.publish_batch, TopicArn=ordered,
         PublishBatchRequestEntries=entries("1"))
    sent = sns.publish_batch(TopicArn=ordered, PublishBatchRequestEntries=entries("1", MessageGroupId="g", MessageDeduplicationId="d"))
    assert sent["Successful"][0]["SequenceNumber"]


@test
def numbers():
    said("InvalidParameter", "PhoneNumber Reason: +1a234 is not valid to publish to", sns.publish, PhoneNumber="+1a234", Message="x")
    assert sns.publish(PhoneNumber="+15551234567", Message="x")["MessageId"]
    assert sns.check_if_phone_number_is_opted_out(phoneNumber="+15551234567")["isOptedOut"] is False
    sns.opt_in_phone_number(phoneNumber="+15551234567")
    said("InvalidParameter", "PhoneNumber Reason: input incorrectly formatted", sns.opt_in_phone_number, phoneNumber="invalid")
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == []
    refused("InvalidParameter", sns.list_phone_numbers_opted_out, nextToken="no-token-of-ours")
