//! What is wrong with a project before anybody is asked.
//!
//! CodeBuild API Reference: ProjectSource, ProjectArtifacts, ProjectCache, VpcConfig, ProjectSourceVersion,
//! ScopeConfiguration, WebhookFilter.

use serde_json::Value as Json;

type Problems = Vec<(String, String)>;

fn list(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn source(path: &str, source: &Json, found: &mut Problems) {
    let missing = |member: &str| source[member].is_null();
    match source["Type"].as_str() {
        Some("NO_SOURCE") => {
            if missing("BuildSpec") {
                found.push((
                    format!("{path}.BuildSpec"),
                    "a project without a source needs its build spec here".into(),
                ));
            }
            if !missing("Location") {
                found.push((format!("{path}.Location"), "a project without a source has no location".into()));
            }
        }
        Some("CODEPIPELINE") | None => {}
        Some(kind) if missing("Location") => {
            found.push((format!("{path}.Location"), format!("a source of type {kind} needs it")));
        }
        Some(_) => {}
    }
}

fn artifacts(path: &str, artifacts: &Json, found: &mut Problems) {
    if artifacts["Type"] == "S3" && artifacts["Location"].is_null() {
        found.push((format!("{path}.Location"), "artifacts of type S3 need the name of a bucket".into()));
    }
}

fn filters(triggers: &Json, found: &mut Problems) {
    const MEMBERS: &[&str] = &["ExcludeMatchedPattern", "Pattern", "Type"];
    for (at, group) in list(&triggers["FilterGroups"]).iter().enumerate() {
        for (number, filter) in list(group).iter().enumerate() {
            let path = format!("Triggers.FilterGroups.{at}.{number}");
            let Some(members) = filter.as_object() else { continue };
            for name in members.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
                let why =
                    format!("a webhook filter has Type, Pattern and ExcludeMatchedPattern, not `{name}`");
                found.push((format!("{path}.{name}"), why));
            }
            for needed in ["Pattern", "Type"] {
                if filter[needed].is_null() {
                    found.push((format!("{path}.{needed}"), "every webhook filter needs it".into()));
                }
            }
        }
        if list(group).iter().all(|filter| filter["Type"].is_string() && filter["Type"] != "EVENT") {
            let why = "a filter group needs at least one filter of type EVENT";
            found.push((format!("Triggers.FilterGroups.{at}"), why.into()));
        }
    }
}

pub(super) fn check(props: &Json) -> Problems {
    let mut found = Vec::new();
    source("Source", &props["Source"], &mut found);
    artifacts("Artifacts", &props["Artifacts"], &mut found);
    let pipeline = |part: &str| props[part]["Type"].as_str().map(|kind| kind == "CODEPIPELINE");
    if let (Some(from), Some(to)) = (pipeline("Source"), pipeline("Artifacts"))
        && from != to
    {
        let why = "source and artifacts are both of type CODEPIPELINE, or neither is";
        found.push((if from { "Artifacts.Type" } else { "Source.Type" }.into(), why.into()));
    }
    for (at, one) in list(&props["SecondarySources"]).iter().enumerate() {
        let path = format!("SecondarySources.{at}");
        source(&path, one, &mut found);
        if one["SourceIdentifier"].is_null() {
            found.push((format!("{path}.SourceIdentifier"), "every secondary source needs one".into()));
        }
        if one["Type"] == "CODEPIPELINE" {
            found.push((format!("{path}.Type"), "CODEPIPELINE is no type of a secondary source".into()));
        }
    }
    for (at, one) in list(&props["SecondaryArtifacts"]).iter().enumerate() {
        let path = format!("SecondaryArtifacts.{at}");
        artifacts(&path, one, &mut found);
        if one["ArtifactIdentifier"].is_null() {
            found.push((format!("{path}.ArtifactIdentifier"), "secondary artifacts need one".into()));
        }
        if one["Type"] == "CODEPIPELINE" {
            found.push((format!("{path}.Type"), "CODEPIPELINE is no type of secondary artifacts".into()));
        }
    }
    for (at, one) in list(&props["SecondarySourceVersions"]).iter().enumerate() {
        // The published schema calls it optional, and the API's member is required.
        if one["SourceVersion"].is_null() {
            let path = format!("SecondarySourceVersions.{at}.SourceVersion");
            found.push((path, "CodeBuild takes no secondary source version without it".into()));
        }
    }
    let cache = &props["Cache"];
    match cache["Type"].as_str() {
        Some("S3") if cache["Location"].is_null() => {
            found.push(("Cache.Location".into(), "a cache of type S3 needs a bucket and a prefix".into()));
        }
        Some("LOCAL") if cache["Modes"].is_null() => {
            found.push(("Cache.Modes".into(), "a cache of type LOCAL needs its modes".into()));
        }
        _ => {}
    }
    if let Some(vpc) = props["VpcConfig"].as_object().filter(|vpc| !vpc.is_empty()) {
        for needed in ["VpcId", "Subnets", "SecurityGroupIds"] {
            if !vpc.contains_key(needed) {
                found.push((format!("VpcConfig.{needed}"), "a network is given by all three members".into()));
            }
        }
    }
    let batch = &props["BuildBatchConfig"];
    if batch.as_object().is_some_and(|batch| !batch.is_empty()) && batch["ServiceRole"].is_null() {
        found.push(("BuildBatchConfig.ServiceRole".into(), "batches of builds need a role".into()));
    }
    let triggers = &props["Triggers"];
    filters(triggers, &mut found);
    if triggers["ScopeConfiguration"].is_object() && triggers["ScopeConfiguration"]["Scope"].is_null() {
        let path = "Triggers.ScopeConfiguration.Scope";
        found.push((path.into(), "CodeBuild takes no scope configuration without it".into()));
    }
    found
}
