//! What CodeBuild refuses of a project.
//!
//! API Reference: ProjectSource, ProjectArtifacts, ProjectCache, ProjectEnvironment, VpcConfig; wordings that others saw
//! stand with their source.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{CREDENTIALS, invalid};
use crate::sandbox::{Fault, World};

fn list(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn given(value: &Json) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// Whether the account has a credential of that kind of provider in the region.
pub(super) fn signed_in(world: &World, region: &str, kind: &str) -> bool {
    world.any(CREDENTIALS, |row| row["_region"] == region && row["serverType"] == kind)
}

fn source(world: &World, region: &str, source: &Json) -> Result<(), Fault> {
    let kind = source["type"].as_str().unwrap_or_default();
    match kind {
        "CODEPIPELINE" => return Ok(()),
        "NO_SOURCE" => {
            // User Guide, "Create a build project": NO_SOURCE has its build spec in the project, and no location.
            if !given(&source["buildspec"]) {
                return Err(invalid(
                    "Invalid project source: buildspec is required for source type NO_SOURCE",
                ));
            }
            if given(&source["location"]) {
                return Err(invalid(
                    "Invalid project source: location must be empty for source type NO_SOURCE",
                ));
            }
            return Ok(());
        }
        _ => {}
    }
    if !given(&source["location"]) {
        // moto's recordings, test_codebuild.py.
        return Err(invalid("Project source location is required"));
    }
    // aws/aws-cdk#1844.
    if source["auth"]["type"] == "OAUTH" && !signed_in(world, region, kind) {
        let name = if kind.starts_with("GITHUB") { "GitHub" } else { kind };
        let what = format!("No Access token found, please visit AWS CodeBuild console to connect to {name}");
        return Err(invalid(what));
    }
    Ok(())
}

fn artifacts(artifacts: &Json) -> Result<(), Fault> {
    if artifacts["type"] != "S3" {
        return Ok(());
    }
    if !given(&artifacts["location"]) {
        return Err(invalid("Invalid artifacts: location is required for artifact type S3"));
    }
    Ok(())
}

/// Identifiers of secondary parts: each has one, and no two the same.
fn identified<'r>(parts: &'r [Json], member: &str) -> Result<BTreeSet<&'r str>, Fault> {
    let mut seen = BTreeSet::new();
    for part in parts {
        let Some(id) = part[member].as_str().filter(|id| !id.is_empty()) else {
            return Err(invalid(format!("Invalid input: {member} is required for secondary parts")));
        };
        if !seen.insert(id) {
            return Err(invalid(format!("Invalid input: {member} {id} is not unique")));
        }
    }
    Ok(seen)
}

fn secondary(world: &World, region: &str, row: &Json) -> Result<(), Fault> {
    let (sources, results) = (list(&row["secondarySources"]), list(&row["secondaryArtifacts"]));
    // hashicorp/terraform-provider-aws#36987.
    if sources.iter().any(|one| one["type"] == "CODEPIPELINE") {
        return Err(invalid("Invalid input: sourceType CODEPIPELINE is not allowed for secondarySources"));
    }
    if results.iter().any(|one| one["type"] == "CODEPIPELINE") {
        return Err(invalid(
            "Invalid input: artifactType CODEPIPELINE is not allowed for secondaryArtifacts",
        ));
    }
    let known = identified(sources, "sourceIdentifier")?;
    identified(results, "artifactIdentifier")?;
    for one in sources {
        source(world, region, one)?;
    }
    for one in results {
        artifacts(one)?;
    }
    for version in list(&row["secondarySourceVersions"]) {
        let id = version["sourceIdentifier"].as_str().unwrap_or_default();
        if !known.contains(id) {
            return Err(invalid(format!("Invalid input: no secondary source has the identifier {id}")));
        }
    }
    Ok(())
}

fn network(world: &World, region: &str, vpc: &Json) -> Result<(), Fault> {
    if vpc.is_null() {
        return Ok(());
    }
    let id = vpc["vpcId"].as_str().unwrap_or_default();
    let (subnets, groups) = (list(&vpc["subnets"]), list(&vpc["securityGroupIds"]));
    if id.is_empty() || subnets.is_empty() || groups.is_empty() {
        return Err(invalid("Invalid vpc config: vpcId, subnets and securityGroupIds are required"));
    }
    for (table, all, noun) in
        [("ec2.subnet", subnets, "subnet"), ("ec2.security-group", groups, "security group")]
    {
        for one in all.iter().filter_map(Json::as_str) {
            let fits =
                world.get(table, one).is_some_and(|row| row["_region"] == region && row["VpcId"] == id);
            if !fits {
                return Err(invalid(format!("Invalid vpc config: the {noun} {one} is not in the VPC {id}")));
            }
        }
    }
    Ok(())
}

fn environment(environment: &Json) -> Result<(), Fault> {
    let image = environment["image"].as_str().unwrap_or_default();
    let pulls = &environment["imagePullCredentialsType"];
    // "When you use an CodeBuild curated image, you must use CODEBUILD credentials."
    if image.starts_with("aws/codebuild/") && *pulls == "SERVICE_ROLE" {
        return Err(invalid("Invalid environment: a curated image needs imagePullCredentialsType CODEBUILD"));
    }
    Ok(())
}

/// A role that CodeBuild is to assume: it tries at once (User Guide, Troubleshooting, "CodeBuild is not authorized to
/// perform: sts:AssumeRole").
pub(super) fn role(world: &World, arn: &str) -> Result<(), Fault> {
    let account = arn.split(':').nth(4).unwrap_or_default();
    if account != world.account {
        return Err(invalid("Invalid service role: Service role account ID does not match caller's account"));
    }
    world
        .assumable(arn, "codebuild.amazonaws.com")
        .map_err(|_| invalid(format!("CodeBuild is not authorized to perform: sts:AssumeRole on {arn}")))
}

/// The whole project, as it is to be.
pub(super) fn whole(world: &World, region: &str, row: &Json) -> Result<(), Fault> {
    let pipeline = |part: &str| row[part]["type"] == "CODEPIPELINE";
    if pipeline("source") != pipeline("artifacts") {
        // cloudposse/terraform-aws-codebuild#23.
        return Err(invalid(
            "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE",
        ));
    }
    source(world, region, &row["source"])?;
    artifacts(&row["artifacts"])?;
    secondary(world, region, row)?;
    environment(&row["environment"])?;
    network(world, region, &row["vpcConfig"])?;
    let cache = &row["cache"];
    if cache["type"] == "S3" && !given(&cache["location"]) {
        return Err(invalid("Invalid cache: location is a required field for cache type S3"));
    }
    if cache["type"] == "LOCAL" && list(&cache["modes"]).is_empty() {
        return Err(invalid("Invalid cache: modes is a required field for cache type LOCAL"));
    }
    if !row["buildBatchConfig"].is_null() && !given(&row["buildBatchConfig"]["serviceRole"]) {
        return Err(invalid("Invalid build batch config: service role is required"));
    }
    if row["concurrentBuildLimit"].as_i64().is_some_and(|limit| limit < 1) {
        return Err(invalid("Invalid concurrent build limit: it must be at least 1"));
    }
    Ok(())
}
