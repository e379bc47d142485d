//! Dashboards: global, and strict about their JSON.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Reply, Request, World, done};

/// Dashboards by name.
pub(super) const DASHBOARDS: &str = "cloudwatch.dashboard";

/// The ARN of a dashboard: no region.
pub(super) fn arn(world: &World, name: &str) -> String {
    world.arn("cloudwatch", "", &format!("dashboard/{name}"))
}

fn refused(path: &str, message: &str) -> Fault {
    let messages = json!([{"DataPath": path, "Message": message}]);
    let mut fault = Fault::new(
        "InvalidParameterInput",
        format!("The field DashboardBody must be a valid JSON object: {path} {message}"),
    );
    fault.members = json!({"dashboardValidationMessages": messages});
    fault
}

fn not_found(name: &str) -> Fault {
    Fault::new("ResourceNotFound", format!("Dashboard {name} does not exist")).status(404)
}

/// What keeps a body from being shown is an error; what merely looks odd is a message.
fn validate(body: &str) -> Result<Vec<Json>, Fault> {
    let document: Json = serde_json::from_str(body).map_err(|error| refused("", &error.to_string()))?;
    let Some(widgets) = document["widgets"].as_array() else {
        return Err(refused("/widgets", "Should have property widgets, an array"));
    };
    if widgets.len() > 500 {
        return Err(refused("/widgets", "Should NOT have more than 500 items"));
    }
    let mut messages = Vec::new();
    for (at, widget) in widgets.iter().enumerate() {
        let path = format!("/widgets/{at}");
        let Some(kind) = widget["type"].as_str() else {
            return Err(refused(&path, "Should have required property 'type'"));
        };
        if !["metric", "text", "log", "alarm", "explorer", "custom"].contains(&kind) {
            return Err(refused(&format!("{path}/type"), "Should be equal to one of the allowed values"));
        }
        let properties = &widget["properties"];
        if !properties.is_object() {
            return Err(refused(&path, "Should have required property 'properties'"));
        }
        if kind == "text" && properties["markdown"].is_null() {
            return Err(refused(&format!("{path}/properties"), "Should have required property 'markdown'"));
        }
        if kind == "metric" && properties["metrics"].is_null() && properties["annotations"].is_null() {
            return Err(refused(
                &format!("{path}/properties"),
                "Should have property metrics or annotations",
            ));
        }
        if kind == "metric" && properties["region"].is_null() {
            messages.push(
                json!({"DataPath": format!("{path}/properties/region"), "Message": "Should have a region"}),
            );
        }
    }
    Ok(messages)
}

pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, body) = (rq.text("DashboardName"), rq.text("DashboardBody"));
    if name.is_empty()
        || name.len() > 255
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    {
        return Err(Fault::new(
            "InvalidParameterValue",
            "The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash \
             (-) and underscore (_).",
        ));
    }
    let messages = validate(body)?;
    let old = world.get(DASHBOARDS, name);
    let tags = match old {
        Some(old) => old["_tags"].clone(),
        None => json!(rq.list("Tags")),
    };
    let row = json!({
        "DashboardName": name, "DashboardArn": arn(world, name), "DashboardBody": body,
        "LastModified": world.now_secs(), "Size": body.len(), "_tags": tags,
    });
    world.put(DASHBOARDS, name, row);
    Ok(json!({"DashboardValidationMessages": messages}))
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("DashboardName");
    let row = world.get(DASHBOARDS, name).ok_or_else(|| not_found(name))?;
    Ok(json!({
        "DashboardName": name, "DashboardArn": row["DashboardArn"], "DashboardBody": row["DashboardBody"],
    }))
}

pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let all: Vec<Json> = world
        .rows(DASHBOARDS)
        .filter(|(name, _)| name.starts_with(rq.text("DashboardNamePrefix")))
        .map(|(name, row)| {
            json!({
                "DashboardName": name, "DashboardArn": row["DashboardArn"], "LastModified": row["LastModified"],
                "Size": row["Size"],
            })
        })
        .collect();
    let (page, next) = rq.page(all, "", "NextToken", 1000, "InvalidParameterValue")?;
    let mut out = json!({"DashboardEntries": page});
    if let Some(next) = next {
        out["NextToken"] = json!(next);
    }
    Ok(out)
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    // Dashboards that are gone are fine (TestAccCloudWatchDashboard_disappears).
    for name in rq.texts("DashboardNames") {
        world.remove(DASHBOARDS, name);
    }
    done()
}
