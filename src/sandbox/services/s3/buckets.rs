//! Buckets themselves: names, regions, owners.

use serde_json::{Value as Json, json};

use super::tables::{BUCKETS, NAMES, OBJECTS, UPLOADS, bucket, denied, no_such_bucket, owner, versions};
use crate::sandbox::{Effect, Fault, Reply, Request, World, done};

/// How long a name stays unavailable after its bucket was deleted.
const NAME_LINGERS: i64 = 5_000;

fn valid(name: &str) -> bool {
    let edge = |ch: Option<char>| ch.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
        && edge(name.chars().next())
        && edge(name.chars().last())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !name.starts_with("xn--")
        && !name.ends_with("-s3alias")
}

/// Whether a text is a region that buckets can be in.
fn known_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    matches!(parts.len(), 3 | 4)
        && parts.last().is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()))
        && ["af", "ap", "ca", "cn", "eu", "il", "me", "mx", "sa", "us"].contains(&parts[0])
}

/// The region of a new bucket.
fn place<'r>(rq: &'r Request<'_>) -> Result<&'r str, Fault> {
    let wanted = rq.get("CreateBucketConfiguration")["LocationConstraint"].as_str();
    let invalid = |wanted: &str| {
        let mut fault =
            Fault::new("InvalidLocationConstraint", "The specified location-constraint is not valid");
        fault.members = json!({"LocationConstraint": wanted});
        fault
    };
    match (rq.region, wanted) {
        ("us-east-1", None) => Ok("us-east-1"),
        // Only the oldest region takes buckets of all others, and none of its own by name (moto's
        // `test_bucket_create_force_us_east_1`, verified on AWS).
        ("us-east-1", Some("EU")) | ("eu-west-1", Some("EU")) => Ok("eu-west-1"),
        ("us-east-1", Some(other)) if other == "us-east-1" || !known_region(other) => Err(invalid(other)),
        ("us-east-1", Some(other)) => Ok(other),
        (here, Some(wanted)) if here == wanted => Ok(here),
        (_, wanted) => Err(Fault::new(
            "IllegalLocationConstraintException",
            format!(
                "The {} location constraint is incompatible for the region specific endpoint this request was sent to.",
                wanted.unwrap_or("unspecified")
            ),
        )),
    }
}

pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("Bucket");
    if !valid(name) {
        return Err(Fault::new("InvalidBucketName", "The specified bucket is not valid."));
    }
    let region = place(rq)?.to_owned();
    if rq.text("BucketNamespace") == "account-regional"
        && !name.ends_with(&format!("-{}-{region}-an", world.account))
    {
        return Err(Fault::new("InvalidBucketName", "The specified bucket is not valid."));
    }
    let location =
        if region == "us-east-1" { format!("/{name}") } else { format!("http://{name}.s3.amazonaws.com/") };
    if let Some(old) = world.get(BUCKETS, name) {
        if old["_owner"] != world.account.as_str() {
            return Err(Fault::new(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the \
                 system. Please select a different name and try again.",
            )
            .status(409));
        }
        // Only the oldest region takes the second creation for the first.
        if region == "us-east-1" && old["_region"] == "us-east-1" {
            return Ok(json!({"Location": location}));
        }
        return Err(Fault::new(
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
        )
        .status(409));
    }
    // A name that was given up can be taken again where it was; elsewhere S3 has to hear of it first.
    if world.get(NAMES, name).is_some_and(|row| row["_region"] != region.as_str()) {
        return Err(Fault::new(
            "OperationAborted",
            "A conflicting conditional operation is currently in progress against this resource. Please try again.",
        )
        .status(409));
    }
    let locked = rq.flag("ObjectLockEnabledForBucket");
    let ownership = rq.opt("ObjectOwnership").unwrap_or("BucketOwnerEnforced");
    let acl = rq.opt("ACL").unwrap_or("private");
    if acl != "private" && ownership == "BucketOwnerEnforced" {
        return Err(Fault::new(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        ));
    }
    if acl != "private" {
        return Err(denied());
    }
    let mut sub = json!({
        "ServerSideEncryptionConfiguration": default_encryption(),
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true,
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": ownership}]},
        "ACL": acl,
    });
    if locked {
        sub["VersioningConfiguration"] = json!({"Status": "Enabled"});
        sub["ObjectLockConfiguration"] = json!({"ObjectLockEnabled": "Enabled"});
    }
    let tags = &rq.get("CreateBucketConfiguration")["Tags"];
    if tags.as_array().is_some_and(|tags| !tags.is_empty()) {
        super::rules::tags(tags)?;
        sub["TagSet"] = tags.clone();
    }
    let row = json!({
        "Name": name, "CreationDate": world.now_secs().floor(), "_region": region, "_owner": world.account, "_sub": sub,
        "_request": rq.input.clone(),
    });
    world.put(BUCKETS, name, row);
    Ok(json!({"Location": location, "BucketArn": format!("arn:{}:s3:::{name}", world.partition())}))
}

/// What every bucket has when nobody asked for anything.
pub(super) fn default_encryption() -> Json {
    json!({"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": false}]})
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    bucket(world, rq)?;
    let name = rq.text("Bucket").to_owned();
    if !versions(world, &name).is_empty() {
        let text = if super::tables::versioning(bucket(world, rq)?).is_some() {
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
        } else {
            "The bucket you tried to delete is not empty"
        };
        return Err(Fault::new("BucketNotEmpty", text).status(409));
    }
    for table in [OBJECTS, UPLOADS] {
        let gone: Vec<String> = world
            .rows(table)
            .filter(|(_, row)| row["_bucket"] == name.as_str())
            .map(|(key, _)| key.to_owned())
            .collect();
        for key in gone {
            world.remove(table, &key);
        }
    }
    let region = bucket(world, rq)?["_region"].clone();
    world.remove(BUCKETS, &name);
    world.put(NAMES, &name, json!({"_region": region}));
    world.after(NAME_LINGERS, NAMES, &name, Effect::Remove);
    done()
}

pub(super) fn head(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = bucket(world, rq).map_err(|fault| match fault.code.as_str() {
        // An answer to HEAD has no body to carry the finer code.
        "NoSuchBucket" => Fault::new("NotFound", "Not Found").status(404),
        "AccessDenied" => Fault::new("Forbidden", "Forbidden").status(403),
        _ => fault,
    })?;
    Ok(json!({
        "BucketRegion": row["_region"], "AccessPointAlias": false,
        "BucketArn": format!("arn:{}:s3:::{}", world.partition(), rq.text("Bucket")),
    }))
}

pub(super) fn location(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = world.get(BUCKETS, rq.text("Bucket")).ok_or_else(no_such_bucket)?;
    if row["_owner"] != world.account.as_str() {
        return Err(denied());
    }
    Ok(match row["_region"].as_str() {
        Some("us-east-1") | None => json!({}),
        // As it was asked for.
        Some("eu-west-1") if row["_request"]["CreateBucketConfiguration"]["LocationConstraint"] == "EU" => {
            json!({"LocationConstraint": "EU"})
        }
        Some(region) => json!({"LocationConstraint": region}),
    })
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let all: Vec<Json> = world
        .rows(BUCKETS)
        .filter(|(_, row)| row["_owner"] == world.account.as_str())
        .filter(|(name, _)| name.starts_with(rq.text("Prefix")))
        .filter(|(_, row)| rq.opt("BucketRegion").is_none_or(|region| row["_region"] == region))
        .map(|(name, row)| {
            json!({
                "Name": name, "CreationDate": row["CreationDate"], "BucketRegion": row["_region"],
                "BucketArn": format!("arn:{}:s3:::{name}", world.partition()),
            })
        })
        .collect();
    let (page, next) = rq.page(all, "MaxBuckets", "ContinuationToken", 10_000, "InvalidArgument")?;
    let mut out = json!({"Buckets": page, "Owner": owner(world)});
    if let Some(next) = next {
        out["ContinuationToken"] = json!(next);
    }
    if let Some(prefix) = rq.opt("Prefix") {
        out["Prefix"] = json!(prefix);
    }
    Ok(out)
}
