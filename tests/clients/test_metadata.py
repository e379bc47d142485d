"""S3: the metadata tables of buckets, of both kinds."""
from harness import ACCOUNT, aws, client, eventually, refused, role, test

s3 = client("s3")
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-1111-1111-1111-111111111111"
FOREVER = {"RecordExpiration": {"Expiration": "DISABLED"}}
DESTINATION = {"TableBucketArn": f"arn:aws:s3tables:us-east-1:{ACCOUNT}:bucket/mine", "TableName": "objects"}


def bucket(name):
    s3.create_bucket(Bucket=name)
    return {"Bucket": name}


def shown(one):
    return s3.get_bucket_metadata_configuration(**one)["GetBucketMetadataConfigurationResult"]["MetadataConfigurationResult"]


def shown_table(one):
    return s3.get_bucket_metadata_table_configuration(**one)["GetBucketMetadataTableConfigurationResult"]


def make(one, **tables):
    s3.create_bucket_metadata_configuration(**one, MetadataConfiguration={"JournalTableConfiguration": FOREVER, **tables})


def states(one, kind, wanted):
    """The states a table goes through until it is as wanted."""
    seen = []

    def reached():
        seen.append(shown(one)[f"{kind}TableConfigurationResult"]["TableStatus"])
        return seen[-1] == wanted
    eventually(reached)
    return list(dict.fromkeys(seen))


@test
def metadata_tables_from_beginning_to_end():
    one = bucket("clients-metadata")
    for call in (s3.get_bucket_metadata_configuration, s3.delete_bucket_metadata_configuration):
        refused("MetadataConfigurationNotFound", call, **one)
        refused("NoSuchBucket", call, Bucket="clients-no-such")
    make(one, InventoryTableConfiguration={"ConfigurationState": "ENABLED", "EncryptionConfiguration": {"SseAlgorithm": "aws:kms", "KmsKeyArn": KEY}})
    found = shown(one)
    assert found["DestinationResult"] == {"TableBucketType": "aws", "TableBucketArn": f"arn:aws:s3tables:us-east-1:{ACCOUNT}:bucket/aws-s3",
                                          "TableNamespace": "b_clients-metadata"}
    journal, inventory = found["JournalTableConfigurationResult"], found["InventoryTableConfigurationResult"]
    assert journal["TableName"] == "journal" and journal["RecordExpiration"] == {"Expiration": "DISABLED"}
    assert inventory["TableName"] == "inventory" and inventory["ConfigurationState"] == "ENABLED"
    assert "AnnotationTableConfigurationResult" not in found and "EncryptionConfiguration" not in inventory
    assert journal["TableArn"].startswith(found["DestinationResult"]["TableBucketArn"] + "/table/") != inventory["TableArn"]
    refused("MetadataConfigurationAlreadyExists", s3.create_bucket_metadata_configuration, **one,
            MetadataConfiguration={"JournalTableConfiguration": FOREVER})
    assert states(one, "Journal", "ACTIVE")[-1] == "ACTIVE" and set(states(one, "Inventory", "ACTIVE")) <= {"CREATING", "BACKFILLING", "ACTIVE"}
    answer = aws("s3api", "get-bucket-metadata-configuration", "--bucket", one["Bucket"])
    assert answer["GetBucketMetadataConfigurationResult"]["MetadataConfigurationResult"]["JournalTableConfigurationResult"]["TableStatus"] == "ACTIVE"
    s3.delete_bucket_metadata_configuration(**one)
    refused("MetadataConfigurationNotFound", s3.delete_bucket_metadata_configuration, **one)
    aws("s3api", "get-bucket-metadata-configuration", "--bucket", one["Bucket"], fails="MetadataConfigurationNotFound")
    make(one)
    s3.delete_bucket(**one)  # the tables are elsewhere and hold no bucket
    refused("NoSuchBucket", s3.get_bucket_metadata_configuration, **one)


@test
def the_journal_forgets_when_it_is_told():
    one = bucket("clients-journal")
    update = s3.update_bucket_metadata_journal_table_configuration

    def expiring(days=None, state="ENABLED"):
        return {"JournalTableConfiguration": {"RecordExpiration": {"Expiration": state, **({"Days": days} if days else {})}}}
    refused("MetadataConfigurationNotFound", update, **one, **expiring(7))
    refused("NoSuchBucket", update, Bucket="clients-no-such", **expiring(7))
    for wrong in (expiring(6), expiring(), expiring(7, "DISABLED")):
        refused("InvalidRequest", s3.create_bucket_metadata_configuration, **one, MetadataConfiguration=wrong)
    make(one)
    for wrong in (expiring(6), expiring(), expiring(7, "DISABLED")):
        refused("InvalidRequest", update, **one, **wrong)
    name = shown(one)["JournalTableConfigurationResult"]["TableArn"]
    for right, kept in ((expiring(365), {"Expiration": "ENABLED", "Days": 365}), (expiring(None, "DISABLED"), {"Expiration": "DISABLED"})):
        update(**one, **right)
        journal = shown(one)["JournalTableConfigurationResult"]
        assert journal["RecordExpiration"] == kept and journal["TableArn"] == name, journal


@test
def the_inventory_is_switched_on_and_off():
    one = bucket("clients-inventory")
    update = s3.update_bucket_metadata_inventory_table_configuration

    def state(wanted, **more):
        return {"InventoryTableConfiguration": {"ConfigurationState": wanted, **more}}
    refused("MetadataConfigurationNotFound", update, **one, **state("ENABLED"))
    refused("NoSuchBucket", update, Bucket="clients-no-such", **state("ENABLED"))
    make(one, InventoryTableConfiguration={"ConfigurationState": "DISABLED"})
    off = shown(one)["InventoryTableConfigurationResult"]
    assert off["ConfigurationState"] == "DISABLED" and "TableArn" not in off
    for wrong in ({"SseAlgorithm": "aws:kms"}, {"SseAlgorithm": "AES256", "KmsKeyArn": KEY}):
        refused("InvalidRequest", update, **one, **state("ENABLED", EncryptionConfiguration=wrong))
    update(**one, **state("ENABLED", EncryptionConfiguration={"SseAlgorithm": "AES256"}))
    on = shown(one)["InventoryTableConfigurationResult"]
    assert on["ConfigurationState"] == "ENABLED" and on["TableName"] == "inventory"
    refused("InvalidRequest", update, **one, **state("ENABLED"))
    states(one, "Inventory", "ACTIVE")
    update(**one, **state("DISABLED"))
    assert shown(one)["InventoryTableConfigurationResult"] == {"ConfigurationState": "DISABLED"}


@test
def annotations_have_a_role():
    one = bucket("clients-annotations")
    first, second = role("annotate-one", "metadata.s3.amazonaws.com"), role("annotate-two", "metadata.s3.amazonaws.com")
    update = s3.update_bucket_metadata_annotation_table_configuration

    def state(wanted, **more):
        return {"AnnotationTableConfiguration": {"ConfigurationState": wanted, **more}}
    refused("MetadataConfigurationNotFound", update, **one, **state("ENABLED", Role=first))
    refused("NoSuchBucket", update, Bucket="clients-no-such", **state("ENABLED", Role=first))
    make(one)
    update(**one, **state("ENABLED", Role=first))
    on = shown(one)["AnnotationTableConfigurationResult"]
    assert on["Role"] == first and on["TableName"] == "annotation"
    update(**one, **state("ENABLED", Role=second))
    other = shown(one)["AnnotationTableConfigurationResult"]
    assert other["Role"] == second and other["TableArn"] == on["TableArn"]
    refused("InvalidRequest", update, **one, **state("ENABLED", Role=second))
    refused("InvalidRequest", update, **one, **state("ENABLED", Role=first, EncryptionConfiguration={"SseAlgorithm": "aws:kms"}))
    assert set(states(one, "Annotation", "ACTIVE")) <= {"CREATING", "BACKFILLING", "ACTIVE"}
    update(**one, **state("DISABLED"))
    assert shown(one)["AnnotationTableConfigurationResult"] == {"ConfigurationState": "DISABLED"}


@test
def the_older_kind_has_one_table():
    one = bucket("clients-older")
    older = {"MetadataTableConfiguration": {"S3TablesDestination": DESTINATION}}
    for call in (s3.get_bucket_metadata_table_configuration, s3.delete_bucket_metadata_table_configuration):
        refused("MetadataConfigurationNotFound", call, **one)
        refused("NoSuchBucket", call, Bucket="clients-no-such")
    s3.create_bucket_metadata_table_configuration(**one, **older)
    assert shown_table(one)["Status"] in ("CREATING", "ACTIVE")
    to = shown_table(one)["MetadataTableConfigurationResult"]["S3TablesDestinationResult"]
    assert to == {**DESTINATION, "TableArn": f"{DESTINATION['TableBucketArn']}/table/objects", "TableNamespace": "aws_s3_metadata"}
    refused("MetadataConfigurationAlreadyExists", s3.create_bucket_metadata_table_configuration, **one, **older)
    refused("MetadataConfigurationAlreadyExists", s3.create_bucket_metadata_configuration, **one,
            MetadataConfiguration={"JournalTableConfiguration": FOREVER})
    eventually(lambda: shown_table(one)["Status"] == "ACTIVE")
    s3.delete_bucket_metadata_table_configuration(**one)
    aws("s3api", "get-bucket-metadata-table-configuration", "--bucket", one["Bucket"], fails="MetadataConfigurationNotFound")


@test
def the_newer_operations_know_the_older_kind_but_not_the_other_way_round():
    one = bucket("clients-both")
    older = {"MetadataTableConfiguration": {"S3TablesDestination": DESTINATION}}
    s3.create_bucket_metadata_table_configuration(**one, **older)
    found = shown(one)
    assert found["DestinationResult"] == {"TableBucketType": "customer", "TableBucketArn": DESTINATION["TableBucketArn"],
                                          "TableNamespace": "aws_s3_metadata"}
    assert found["JournalTableConfigurationResult"]["TableName"] == DESTINATION["TableName"]
    refused("MetadataConfigurationNotFound", s3.update_bucket_metadata_journal_table_configuration, **one, JournalTableConfiguration=FOREVER)
    s3.delete_bucket_metadata_configuration(**one)
    refused("MetadataConfigurationNotFound", s3.get_bucket_metadata_table_configuration, **one)
    make(one)
    for call in (s3.get_bucket_metadata_table_configuration, s3.delete_bucket_metadata_table_configuration):
        answer = refused("MethodNotAllowed", call, **one)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 405
    refused("MetadataConfigurationAlreadyExists", s3.create_bucket_metadata_table_configuration, **one, **older)
    assert shown(one)["DestinationResult"]["TableBucketType"] == "aws"
