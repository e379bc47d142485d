//! What the nouns of DMS share: tables, faults, ARNs, filters, pages, role checks.
//!
//! Rows live under their ARNs (subnet groups and event subscriptions under `region/name`) and carry `_region`
//! and `_tags`.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Reply, Request, World, services::kms};

/// The key that a request names, or the one that AWS keeps for DMS.
pub(super) fn key_of(world: &World, rq: &Request<'_>) -> Json {
    match rq.opt("KmsKeyId") {
        Some(name) => kms::arn_of(world, rq, name),
        None => kms::managed_arn(world, rq.region, "dms"),
    }
}

/// Subnet groups.
pub(super) const SUBNET_GROUP: &str = "dms.subnet-group";
/// Replication instances.
pub(super) const INSTANCE: &str = "dms.instance";
/// Endpoints.
pub(super) const ENDPOINT: &str = "dms.endpoint";
/// Replication tasks.
pub(super) const TASK: &str = "dms.task";
/// Serverless replications with their configurations. Inside, their members have the names that tasks have, so that
/// loading, following and counting are one code; answers rename them.
pub(super) const REPLICATION: &str = "dms.replication-config";
/// Data providers, instance profiles, migration projects and data migrations.
pub(super) const DATA_PROVIDER: &str = "dms.data-provider";
/// Instance profiles.
pub(super) const INSTANCE_PROFILE: &str = "dms.instance-profile";
/// Migration projects.
pub(super) const PROJECT: &str = "dms.migration-project";
/// Data migrations.
pub(super) const DATA_MIGRATION: &str = "dms.data-migration";
/// Connection tests, under `instance ARN|endpoint ARN`.
pub(super) const CONNECTION: &str = "dms.connection";
/// Assessment runs.
pub(super) const ASSESSMENT: &str = "dms.assessment";
/// Certificates.
pub(super) const CERTIFICATE: &str = "dms.certificate";
/// Event subscriptions.
pub(super) const SUBSCRIPTION: &str = "dms.event-subscription";

/// `InvalidParameterValueException`.
pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValueException", message)
}

/// `InvalidParameterCombinationException`.
pub(super) fn combination(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterCombinationException", message)
}

/// The date in so many milliseconds.
pub(super) fn moment(world: &World, millis: i64) -> Json {
    json!(World::seconds(world.date_after(millis)))
}

/// `InvalidResourceStateFault`.
pub(super) fn state(message: impl Into<String>) -> Fault {
    Fault::new("InvalidResourceStateFault", message)
}

/// `ResourceNotFoundFault`.
pub(super) fn missing(message: impl Into<String>) -> Fault {
    Fault::new("ResourceNotFoundFault", message)
}

/// `ResourceAlreadyExistsFault`.
pub(super) fn exists(message: impl Into<String>) -> Fault {
    Fault::new("ResourceAlreadyExistsFault", message)
}

/// The ARN of a new object: its last part is the wanted one, or twenty-six letters and digits.
pub(super) fn fresh_arn(
    world: &mut World,
    rq: &Request<'_>,
    noun: &str,
    table: &str,
) -> Result<String, Fault> {
    let last = match rq.opt("ResourceIdentifier") {
        Some(wanted) => {
            let good = wanted.len() <= 31
                && wanted.starts_with(|c: char| c.is_ascii_alphabetic())
                && wanted.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !wanted.ends_with('-')
                && !wanted.contains("--");
            if !good {
                return Err(invalid(format!(
                    "The parameter ResourceIdentifier {wanted} is not a valid identifier."
                )));
            }
            wanted.to_owned()
        }
        None => world.hex(26).to_uppercase(),
    };
    let arn = world.arn("dms", rq.region, &format!("{noun}:{last}"));
    if world.get(table, &arn).is_some() {
        return Err(exists(format!("A resource with ResourceIdentifier {last} already exists.")));
    }
    Ok(arn)
}

/// An identifier as DMS keeps it: in lower case, a letter first, hyphens neither doubled nor last.
pub(super) fn identifier(rq: &Request<'_>, member: &str, max: usize) -> Result<String, Fault> {
    let text = rq.text(member);
    let good = !text.is_empty()
        && text.len() <= max
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !text.ends_with('-')
        && !text.contains("--");
    if !good {
        return Err(invalid(format!(
            "The parameter {member} must be 1 to {max} letters, digits and hyphens, begin with a letter, and must \
             not end with a hyphen or contain two consecutive hyphens."
        )));
    }
    Ok(text.to_lowercase())
}

/// Everything that replicates: tasks and serverless replications.
pub(super) fn moving(world: &World) -> impl Iterator<Item = (&str, &Json)> {
    world.rows(TASK).chain(world.rows(REPLICATION))
}

/// Whether an endpoint belongs to a task or a serverless replication.
pub(super) fn uses(row: &Json, endpoint: &str) -> bool {
    row["SourceEndpointArn"] == endpoint || row["TargetEndpointArn"] == endpoint
}

/// Rows of a table in the request's region.
pub(super) fn here(world: &World, rq: &Request<'_>, table: &str) -> Vec<Json> {
    world.rows(table).filter(|(_, row)| row["_region"] == rq.region).map(|(_, row)| row.clone()).collect()
}

/// Keeps the rows that pass all filters. `known` names the filters with the members they look at; any value of
/// a filter and any of its members may fit.
pub(super) fn filtered(
    rq: &Request<'_>,
    mut rows: Vec<Json>,
    known: &[(&str, &[&str])],
) -> Result<Vec<Json>, Fault> {
    for filter in rq.list("Filters") {
        let name = filter["Name"].as_str().unwrap_or_default();
        let Some((_, members)) = known.iter().find(|(known, _)| *known == name) else {
            return Err(invalid(format!("Unknown filter name: {name}")));
        };
        let values: Vec<&str> =
            filter["Values"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        rows.retain(|row| {
            members.iter().any(|member| {
                row[*member].as_str().is_some_and(|text| values.iter().any(|v| v.eq_ignore_ascii_case(text)))
            })
        });
    }
    Ok(rows)
}

/// Filters and cuts a page; when filters leave nothing, DMS answers with a fault.
pub(super) fn listed(
    rq: &Request<'_>,
    member: &str,
    noun: &str,
    rows: Vec<Json>,
    known: &[(&str, &[&str])],
) -> Reply {
    let rows = filtered(rq, rows, known)?;
    if rows.is_empty() && !rq.list("Filters").is_empty() {
        return Err(missing(format!("No {noun} found matching provided filters")));
    }
    paged(rq, member, rows, 100)
}

/// One page.
pub(super) fn paged(rq: &Request<'_>, member: &str, rows: Vec<Json>, default: usize) -> Reply {
    let (page, next) = rq.page(rows, "MaxRecords", "Marker", default, "InvalidParameterValueException")?;
    let mut answer = json!({member: page});
    if let Some(next) = next {
        answer["Marker"] = json!(next);
    }
    Ok(answer)
}

/// Whether a role may be assumed by `principal` and its policies have had time to take effect.
pub(super) fn role_works(world: &World, arn: &str, principal: &str) -> Result<(), Fault> {
    let permitted = world
        .rows("iam.role")
        .find(|(_, role)| role["Arn"] == arn)
        .is_some_and(|(_, role)| role["_permitted"].as_i64().is_none_or(|at| at <= world.now()));
    if permitted && world.assumable(arn, principal).is_ok() {
        return Ok(());
    }
    Err(Fault::new("AccessDeniedFault", format!("The IAM Role {arn} is not configured properly.")))
}

/// Refuses a role that does not exist or does not trust the service, whether or not it can be assumed yet.
pub(super) fn role_trusts(world: &World, arn: &str, principal: &str) -> Result<(), Fault> {
    world.trusted(arn, principal).map_err(|_| {
        Fault::new("AccessDeniedFault", format!("The IAM Role {arn} is not configured properly."))
    })
}

/// DMS manages interfaces through the account's `dms-vpc-role`, which must carry a policy.
pub(super) fn vpc_role_works(world: &World) -> Result<(), Fault> {
    let arn = world.arn("iam", "", "role/dms-vpc-role");
    role_works(world, &arn, "dms.amazonaws.com")?;
    let bare = world.get("iam.role", "dms-vpc-role").is_some_and(|role| {
        role["_attached"].as_array().is_some_and(Vec::is_empty)
            && role["_policies"].as_object().is_some_and(serde_json::Map::is_empty)
    });
    if bare {
        return Err(Fault::new(
            "AccessDeniedFault",
            format!("The IAM Role {arn} is not configured properly."),
        ));
    }
    Ok(())
}
