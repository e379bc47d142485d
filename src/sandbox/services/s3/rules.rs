//! What S3 demands of a setting before it takes it.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{
    policies,
    tables::{BUCKETS, denied, setting, versioning},
};
use crate::sandbox::{Fault, Request, World};

fn malformed() -> Fault {
    Fault::new(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

fn request(message: impl Into<String>) -> Fault {
    Fault::new("InvalidRequest", message)
}

fn argument(message: impl Into<String>) -> Fault {
    Fault::new("InvalidArgument", message)
}

fn list<'j>(value: &'j Json, member: &str) -> &'j [Json] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

/// Checks a setting and fills in what AWS fills in.
pub(super) fn admit(world: &World, row: &Json, member: &str, mut value: Json) -> Result<Json, Fault> {
    match member {
        "TagSet" => tags(&value)?,
        "VersioningConfiguration" => version_states(row, &value)?,
        "ServerSideEncryptionConfiguration" => encryption(&mut value)?,
        "ObjectLockConfiguration" => object_lock(row, &value)?,
        "PublicAccessBlockConfiguration" => {
            for flag in ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
            {
                if value[flag].is_null() {
                    value[flag] = json!(false);
                }
            }
        }
        "LifecycleConfiguration" => lifecycle(&value)?,
        "ReplicationConfiguration" => replication(world, row, &mut value)?,
        "LoggingEnabled" => logging(world, row, &value)?,
        "NotificationConfiguration" => notification(world, &value)?,
        "CORSConfiguration" => cors(&value)?,
        "WebsiteConfiguration" => website(&value)?,
        "Policy" => policies::admit(world, row, value.as_str().unwrap_or_default())?,
        "AccelerateConfiguration" if row["Name"].as_str().is_some_and(|name| name.contains('.')) => {
            return Err(request(
                "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names",
            ));
        }
        "OwnershipControls" => {
            let owner = &value["Rules"][0]["ObjectOwnership"];
            if owner == "BucketOwnerEnforced"
                && !matches!(setting(row, "ACL").as_str(), None | Some("private"))
            {
                return Err(Fault::new(
                    "InvalidBucketAclWithObjectOwnership",
                    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
                ));
            }
        }
        _ => {}
    }
    Ok(value)
}

/// Keys once each, at most fifty, none of AWS's own.
pub(super) fn tags(set: &Json) -> Result<(), Fault> {
    let all = set.as_array().map_or(&[][..], Vec::as_slice);
    let keys: BTreeSet<&str> = all.iter().filter_map(|tag| tag["Key"].as_str()).collect();
    if keys.len() != all.len() {
        return Err(Fault::new("InvalidTag", "Cannot provide multiple Tags with the same key"));
    }
    if keys.iter().any(|key| key.starts_with("aws:")) {
        return Err(Fault::new("InvalidTag", "System tags cannot be added/updated by requester"));
    }
    if all.len() > 50 {
        return Err(Fault::new("BadRequest", "Bucket tag count cannot be greater than 50"));
    }
    Ok(())
}

/// At most ten, keys once each, none of AWS's own.
pub(super) fn object_tags(set: &Json) -> Result<(), Fault> {
    let all = set.as_array().map_or(&[][..], Vec::as_slice);
    if all.len() > 10 {
        return Err(Fault::new("BadRequest", "Object tags cannot be greater than 10"));
    }
    let refused = |message: &str, key: &str| {
        let mut fault = Fault::new("InvalidTag", message);
        fault.members = json!({"TagKey": key});
        Err(fault)
    };
    let mut keys = BTreeSet::new();
    for tag in all {
        let (key, value) =
            (tag["Key"].as_str().unwrap_or_default(), tag["Value"].as_str().unwrap_or_default());
        let good = |text: &str| {
            text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "+-=._:/@".contains(c))
        };
        if key.starts_with("aws:") {
            return refused("Your TagKey cannot be prefixed with aws:", key);
        }
        if key.is_empty() || key.chars().count() > 128 || !good(key) {
            return refused("The TagKey you have provided is invalid", key);
        }
        if value.chars().count() > 256 || !good(value) {
            return refused("The TagValue you have provided is invalid", key);
        }
        if !keys.insert(key) {
            return refused("Cannot provide multiple Tags with the same key", key);
        }
    }
    Ok(())
}

fn version_states(row: &Json, value: &Json) -> Result<(), Fault> {
    if value["Status"] == "Suspended" {
        if !setting(row, "ReplicationConfiguration").is_null() {
            return Err(Fault::new(
                "InvalidBucketState",
                "A replication configuration is present on this bucket, so you cannot change the versioning state. \
                 To change the versioning state, first delete the replication configuration.",
            )
            .status(409));
        }
        if !setting(row, "ObjectLockConfiguration").is_null() {
            return Err(Fault::new(
                "InvalidBucketState",
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
            )
            .status(409));
        }
    }
    Ok(())
}

fn encryption(value: &mut Json) -> Result<(), Fault> {
    let rules = value["Rules"].as_array_mut().ok_or_else(malformed)?;
    if rules.len() != 1 {
        return Err(malformed());
    }
    for rule in rules {
        let default = &rule["ApplyServerSideEncryptionByDefault"];
        if default["SSEAlgorithm"] == "AES256" && default["KMSMasterKeyID"].is_string() {
            return Err(argument(
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            ));
        }
        if default.is_null() {
            rule["ApplyServerSideEncryptionByDefault"] = json!({"SSEAlgorithm": "AES256"});
        }
        if rule["BucketKeyEnabled"].is_null() {
            rule["BucketKeyEnabled"] = json!(false);
        }
    }
    Ok(())
}

fn object_lock(row: &Json, value: &Json) -> Result<(), Fault> {
    if value["ObjectLockEnabled"] != "Enabled" {
        return Err(malformed());
    }
    if versioning(row) != Some(true) {
        return Err(Fault::new(
            "InvalidBucketState",
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        )
        .status(409));
    }
    let retention = &value["Rule"]["DefaultRetention"];
    if !retention.is_null()
        && retention["Days"].is_null() == retention["Years"].is_null()
        && retention["DefaultEventHold"].is_null()
    {
        return Err(malformed());
    }
    Ok(())
}

fn lifecycle(value: &Json) -> Result<(), Fault> {
    let rules = list(value, "Rules");
    if rules.is_empty() || rules.len() > 1000 {
        return Err(malformed());
    }
    let mut ids = BTreeSet::new();
    for rule in rules {
        if let Some(id) = rule["ID"].as_str()
            && !ids.insert(id)
        {
            return Err(argument("Rule ID must be unique. Found same ID for more than one rule"));
        }
        let acts = [
            "Expiration",
            "Transitions",
            "NoncurrentVersionTransitions",
            "NoncurrentVersionExpiration",
            "AbortIncompleteMultipartUpload",
        ];
        if acts.iter().all(|act| rule[*act].is_null()) {
            return Err(request("At least one action needs to be specified in a rule"));
        }
        if rule["Filter"].is_null() == rule["Prefix"].is_null() {
            return Err(malformed());
        }
        let filter = rule["Filter"].as_object().map_or(0, serde_json::Map::len);
        if filter > 1 {
            return Err(malformed());
        }
        let expiration = &rule["Expiration"];
        let given = ["Days", "Date", "ExpiredObjectDeleteMarker"];
        if !expiration.is_null() && given.iter().filter(|m| !expiration[**m].is_null()).count() != 1 {
            return Err(malformed());
        }
        if expiration["Days"].as_i64().is_some_and(|days| days < 1) {
            return Err(argument("'Days' for Expiration action must be a positive integer"));
        }
        let by_tag = !rule["Filter"]["Tag"].is_null() || !rule["Filter"]["And"]["Tags"].is_null();
        if by_tag && !rule["AbortIncompleteMultipartUpload"].is_null() {
            return Err(request("AbortIncompleteMultipartUpload cannot be specified with Tags."));
        }
        if by_tag && !expiration["ExpiredObjectDeleteMarker"].is_null() {
            return Err(request("ExpiredObjectDeleteMarker cannot be specified with Tags."));
        }
        for step in list(rule, "Transitions") {
            let least = if matches!(step["StorageClass"].as_str(), Some("STANDARD_IA" | "ONEZONE_IA")) {
                30
            } else {
                0
            };
            if let Some(days) = step["Days"].as_i64() {
                if days < least {
                    return Err(argument(format!(
                        "'Days' in Transition action must be greater than or equal to {least} for storageClass '{}'",
                        step["StorageClass"].as_str().unwrap_or_default()
                    )));
                }
                if expiration["Days"].as_i64().is_some_and(|end| end <= days) {
                    return Err(argument(
                        "'Days' in the Expiration action for filter must be greater than 'Days' in the Transition action",
                    ));
                }
            }
        }
    }
    Ok(())
}

fn replication(world: &World, row: &Json, value: &mut Json) -> Result<(), Fault> {
    if versioning(row) != Some(true) {
        return Err(request(
            "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
        ));
    }
    let role = value["Role"].as_str().unwrap_or_default();
    if world.assumable(role, "s3.amazonaws.com").is_err() {
        return Err(argument(format!(
            "Invalid role: {role} does not exist or cannot be assumed by Amazon S3"
        )));
    }
    let rules = value["Rules"].as_array_mut().ok_or_else(malformed)?;
    if rules.is_empty() || rules.len() > 1000 {
        return Err(malformed());
    }
    let (mut ids, mut priorities) = (BTreeSet::new(), BTreeSet::new());
    for rule in rules {
        if rule["ID"].as_str().is_some_and(|id| !ids.insert(id.to_owned())) {
            return Err(argument("Rule Id must be unique"));
        }
        if rule["Filter"].is_null() {
            if rule["Prefix"].is_null() {
                return Err(malformed());
            }
        } else {
            if !rule["Prefix"].is_null() {
                return Err(malformed());
            }
            if rule["DeleteMarkerReplication"].is_null() {
                return Err(request(
                    "DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information.",
                ));
            }
            let Some(priority) = rule["Priority"].as_i64() else {
                return Err(request(
                    "Priority must be specified for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information.",
                ));
            };
            if !priorities.insert(priority) {
                return Err(argument("Found duplicate priority in Replication Rules"));
            }
            let by_tag = !rule["Filter"]["Tag"].is_null() || !rule["Filter"]["And"]["Tags"].is_null();
            if by_tag && rule["DeleteMarkerReplication"]["Status"] == "Enabled" {
                return Err(request(
                    "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide for more information.",
                ));
            }
        }
        destination(world, row, rule)?;
    }
    Ok(())
}

fn destination(world: &World, row: &Json, rule: &Json) -> Result<(), Fault> {
    let to = &rule["Destination"];
    let Some(name) = to["Bucket"].as_str().and_then(|arn| arn.split_once(":s3:::")).map(|(_, name)| name)
    else {
        return Err(argument("Invalid bucket ARN."));
    };
    if row["Name"] == name {
        return Err(request("Destination bucket cannot be the same as the source bucket."));
    }
    let target = world.get(BUCKETS, name).ok_or_else(|| request("Destination bucket must exist."))?;
    if versioning(target) != Some(true) {
        return Err(request("Destination bucket must have versioning enabled."));
    }
    if to["ReplicationTime"]["Status"] == "Enabled" {
        if to["ReplicationTime"]["Time"]["Minutes"] != 15 {
            return Err(request("ReplicationTime minutes must be 15"));
        }
        if to["Metrics"]["Status"] != "Enabled" {
            return Err(request("Replication Time Control requires Metrics to be enabled"));
        }
    }
    if !to["AccessControlTranslation"].is_null() && to["Account"].is_null() {
        return Err(argument("Destination account must be specified when AccessControlTranslation is"));
    }
    let encrypted = rule["SourceSelectionCriteria"]["SseKmsEncryptedObjects"]["Status"] == "Enabled";
    if encrypted && to["EncryptionConfiguration"]["ReplicaKmsKeyID"].is_null() {
        return Err(argument("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present."));
    }
    Ok(())
}

fn logging(world: &World, row: &Json, value: &Json) -> Result<(), Fault> {
    let Some(target) = value["TargetBucket"].as_str() else { return Ok(()) };
    let bad = |message: &str| Err(Fault::new("InvalidTargetBucketForLogging", message));
    match world.get(BUCKETS, target) {
        None => bad("The target bucket for logging does not exist"),
        Some(to) if to["_owner"] != row["_owner"] => {
            bad("The owner for the bucket to be logged and the target bucket must be the same.")
        }
        Some(to) if to["_region"] != row["_region"] => {
            Err(Fault::new("CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed.")
                .status(403))
        }
        Some(_) => Ok(()),
    }
}

fn notification(world: &World, value: &Json) -> Result<(), Fault> {
    for one in list(value, "TopicConfigurations") {
        let arn = one["TopicArn"].as_str().unwrap_or_default();
        let topic = world.rows("sns.topic").find(|(_, row)| row["TopicArn"] == arn);
        let policy = topic.and_then(|(_, row)| row["_attributes"]["Policy"].as_str());
        if !policy.is_some_and(|text| policies::names_service(text, "s3.amazonaws.com")) {
            return Err(argument("Unable to validate the following destination configurations"));
        }
    }
    for member in ["TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations"] {
        for one in list(value, member) {
            for rule in list(&one["Filter"]["Key"], "FilterRules") {
                if rule["Value"].is_null() {
                    return Err(argument("filter rule value must be specified"));
                }
            }
        }
    }
    Ok(())
}

fn cors(value: &Json) -> Result<(), Fault> {
    for rule in list(value, "CORSRules") {
        for method in list(rule, "AllowedMethods") {
            let method = method.as_str().unwrap_or_default();
            if !["GET", "PUT", "HEAD", "POST", "DELETE"].contains(&method) {
                return Err(request(format!(
                    "Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                )));
            }
        }
        for origin in list(rule, "AllowedOrigins") {
            if origin.as_str().is_some_and(|o| o.matches('*').count() > 1) {
                return Err(request("AllowedOrigin can not have more than one wildcard."));
            }
        }
    }
    Ok(())
}

fn website(value: &Json) -> Result<(), Fault> {
    let all = !value["RedirectAllRequestsTo"].is_null();
    let rest = ["IndexDocument", "ErrorDocument", "RoutingRules"].iter().any(|m| !value[*m].is_null());
    if all && rest {
        return Err(argument(
            "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
        ));
    }
    if !all && value["IndexDocument"].is_null() {
        return Err(argument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
        ));
    }
    if value["IndexDocument"]["Suffix"].as_str().is_some_and(|s| s.is_empty() || s.contains('/')) {
        return Err(argument("The IndexDocument Suffix is not well formed"));
    }
    Ok(())
}

/// Whether a canned ACL may be set: not on buckets without ACLs, and no public one where those are blocked.
pub(super) fn acl(row: &Json, acl: &str) -> Result<(), Fault> {
    let enforced = setting(row, "OwnershipControls")["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced";
    if enforced && acl != "bucket-owner-full-control" {
        return Err(Fault::new("AccessControlListNotSupported", "The bucket does not allow ACLs"));
    }
    let public = matches!(acl, "public-read" | "public-read-write" | "authenticated-read");
    if public && setting(row, "PublicAccessBlockConfiguration")["BlockPublicAcls"] == true {
        return Err(denied());
    }
    Ok(())
}

/// Whether the list that a new object brings may be set.
pub(super) fn object_acl(home: &Json, rq: &Request<'_>) -> Result<(), Fault> {
    match rq.opt("ACL") {
        // The list that every object has anyway may be named everywhere (S3 User Guide, "Disabling ACLs").
        Some("private") | None if !super::access::by_header(rq) => Ok(()),
        Some(name) => acl(home, name),
        None => acl(home, "custom"),
    }
}
