//! Objects: made, read, changed, deleted and listed, from the schema alone.

use serde_json::{Map, Value as Json, json};

use super::{
    made::Maker,
    model::Model,
    parts, patch,
    requests::{begin, busy, repeated, tie},
    validate,
};
use crate::sandbox::{Effect, Fault, Reply, Request, World};

fn table(model: Model) -> String {
    format!("cloudcontrol.{}", model.name())
}

fn key(rq: &Request<'_>, identifier: &str) -> String {
    format!("{}/{identifier}", rq.region)
}

fn missing(model: Model, identifier: &str) -> Fault {
    let message =
        format!("Resource of type '{}' with identifier '{identifier}' was not found.", model.name());
    Fault::new("ResourceNotFoundException", message)
}

fn json_of(rq: &Request<'_>, member: &str) -> Result<Json, Fault> {
    serde_json::from_str(rq.text(member)).map_err(|error| {
        Fault::new("InvalidRequestException", format!("{member} is not valid JSON: {error}"))
    })
}

/// The primary identifier of properties that have all its parts.
fn identifier_of(model: Model, properties: &Json) -> Option<String> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let parts: Option<Vec<String>> = model
        .pointers("primaryIdentifier")
        .iter()
        .map(|pointer| properties.pointer(pointer).filter(|value| !value.is_null()).map(text))
        .collect();
    parts.map(|parts| parts.join("|"))
}

/// The identifier that a request means: a text, or a JSON object with the parts of an identifier.
fn meant(world: &World, rq: &Request<'_>, model: Model) -> Result<String, Fault> {
    let text = rq.text("Identifier");
    let Ok(Json::Object(parts)) = serde_json::from_str::<Json>(text) else { return Ok(text.to_owned()) };
    let prefix = format!("{}/", rq.region);
    let table = table(model);
    let found = world
        .rows(&table)
        .filter(|(key, _)| key.starts_with(&prefix))
        .find(|(_, row)| parts.iter().all(|(name, value)| row["Properties"][name.as_str()] == *value));
    let found = found.and_then(|(_, row)| row["Identifier"].as_str()).map(str::to_owned);
    found.ok_or_else(|| missing(model, text))
}

fn checked(model: Model, properties: &Json, sent: &Json) -> Result<(), Fault> {
    let set: Vec<String> = model
        .pointers("readOnlyProperties")
        .into_iter()
        .filter(|pointer| !pointer.contains('*') && sent.pointer(pointer).is_some())
        .collect();
    if !set.is_empty() {
        let message = format!("Encountered read-only properties in the desired state: {}", set.join(", "));
        return Err(Fault::new("InvalidRequestException", message));
    }
    let problems = validate::problems(model, properties);
    if problems.is_empty() {
        return Ok(());
    }
    let message = format!("Model validation failed ({})", problems.join("; "));
    Err(Fault::new("ValidationException", message))
}

/// Sets members below `_`-free names: the row as `GetResource` shows it.
fn shown(model: Model, row: &Json) -> Json {
    let mut properties = row["Properties"].clone();
    for pointer in model.pointers("writeOnlyProperties") {
        let parts: Vec<&str> = pointer.split('/').filter(|part| !part.is_empty()).collect();
        hide(&mut properties, &parts);
    }
    properties
}

fn hide(value: &mut Json, path: &[&str]) {
    match (value, path) {
        (Json::Object(members), [last]) => {
            members.remove(*last);
        }
        (Json::Object(members), [first, rest @ ..]) => {
            if let Some(inner) = members.get_mut(*first) {
                hide(inner, rest);
            }
        }
        (Json::Array(items), ["*", rest @ ..]) => items.iter_mut().for_each(|item| hide(item, rest)),
        (Json::Array(items), rest) => items.iter_mut().for_each(|item| hide(item, rest)),
        _ => {}
    }
}

/// Puts a read-only value back where the object around it is still there.
fn restore(properties: &mut Json, pointer: &str, value: &Json) {
    let Some((around, name)) = pointer.rsplit_once('/') else { return };
    if let Some(Json::Object(members)) = properties.pointer_mut(around) {
        members.insert(name.to_owned(), value.clone());
    }
}

pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let model = Model::of(rq.text("TypeName"), "CREATE")?;
    if let Some(again) = repeated(world, rq)? {
        return Ok(again);
    }
    let sent = json_of(rq, "DesiredState")?;
    checked(model, &sent, &sent)?;
    let given = identifier_of(model, &sent);
    let mut properties = sent.clone();
    if let Err(fault) = parts::put(world, rq, model, &mut properties) {
        return Ok(begin(world, rq, model, ("CREATE", None, 2_000), parts::failed(&fault)));
    }
    Maker::new(world, model, rq.region, &sent).complete(&mut properties);
    let Some(identifier) = identifier_of(model, &properties) else {
        return Err(Fault::new("InvalidRequestException", "The primary identifier cannot be made."));
    };
    let (table, key) = (table(model), key(rq, &identifier));
    if world.get(&table, &key).is_some() {
        let message =
            format!("Resource of type '{}' with identifier '{identifier}' already exists.", model.name());
        let end = json!({
            "OperationStatus": "FAILED", "ErrorCode": "AlreadyExists", "StatusMessage": message, "Identifier": identifier,
        });
        return Ok(begin(world, rq, model, ("CREATE", None, 2_000), end));
    }
    let millis = model.millis("CREATE");
    world.put(
        &table,
        &key,
        json!({
            "TypeName": model.name(), "Identifier": identifier, "Properties": properties, "_status": "creating",
            "_region": rq.region,
        }),
    );
    // The object is there a moment before the request says so.
    world.set_after(millis - 500, &table, &key, json!({"_status": "live"}));
    let end = json!({"OperationStatus": "SUCCESS", "Identifier": identifier});
    let answer = begin(world, rq, model, ("CREATE", given.as_deref(), millis), end);
    tie(world, &answer, &table, &key);
    Ok(answer)
}

fn live<'w>(world: &'w World, rq: &Request<'_>, model: Model, identifier: &str) -> Result<&'w Json, Fault> {
    let row = world.get(&table(model), &key(rq, identifier));
    row.filter(|row| row["_status"] != "creating").ok_or_else(|| missing(model, identifier))
}

pub fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let model = Model::of(rq.text("TypeName"), "READ")?;
    let identifier = meant(world, rq, model)?;
    let row = live(world, rq, model, &identifier)?;
    let properties = shown(model, row).to_string();
    Ok(json!({
        "TypeName": model.name(), "ResourceDescription": {"Identifier": identifier, "Properties": properties},
    }))
}

pub fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let model = Model::of(rq.text("TypeName"), "UPDATE")?;
    if let Some(again) = repeated(world, rq)? {
        return Ok(again);
    }
    let document = json_of(rq, "PatchDocument")?;
    let identifier = meant(world, rq, model)?;
    let row = live(world, rq, model, &identifier)?.clone();
    busy(world, rq, model, &identifier)?;
    // What the read handler does not show is not in the state that the patch is applied to.
    let before = shown(model, &row);
    let invalid =
        |why: String| Fault::new("InvalidRequestException", format!("Invalid patch document: {why}"));
    let mut after = patch::apply(&before, &document).map_err(invalid)?;
    let fixed =
        |pointer: &String| !pointer.contains('*') && after.pointer(pointer) != before.pointer(pointer);
    let create_only: Vec<String> = model.pointers("createOnlyProperties").into_iter().filter(fixed).collect();
    let write_only = model.pointers("writeOnlyProperties");
    let create_only: Vec<String> = create_only
        .into_iter()
        .filter(|pointer| {
            !(write_only.contains(pointer) && after.pointer(pointer) == row["Properties"].pointer(pointer))
        })
        .collect();
    if !create_only.is_empty() {
        let message = format!(
            "Invalid patch update: createOnlyProperties [{}] cannot be updated",
            create_only.iter().map(|pointer| format!("/properties{pointer}")).collect::<Vec<_>>().join(", ")
        );
        return Err(Fault::new("NotUpdatableException", message));
    }
    let mut read_only = Vec::new();
    for pointer in model.pointers("readOnlyProperties").into_iter().filter(|pointer| !pointer.contains('*')) {
        match (before.pointer(&pointer), after.pointer(&pointer)) {
            // What is around it was replaced as a whole: the service keeps what it decided.
            (Some(own), None) => restore(&mut after, &pointer, own),
            (own, Some(sent)) if own != Some(sent) => read_only.push(pointer),
            _ => {}
        }
    }
    if !read_only.is_empty() {
        let message =
            format!("Invalid patch update: readOnlyProperties [{}] cannot be updated", read_only.join(", "));
        return Err(Fault::new("InvalidRequestException", message));
    }
    let mut wanted = after.clone();
    for pointer in model.pointers("readOnlyProperties") {
        let parts: Vec<&str> = pointer.split('/').filter(|part| !part.is_empty()).collect();
        hide(&mut wanted, &parts);
    }
    checked(model, &wanted, &Json::Object(Map::new()))?;
    Maker::new(world, model, rq.region, &after).follow(&mut after);
    let (table, key, millis) = (table(model), key(rq, &identifier), model.millis("UPDATE"));
    // The values show long before the request ends: an update handler calls the service first and then answers IN_PROGRESS
    // until the resource is stable ("Resource type handler contract", CloudFormation CLI User Guide).
    world.set_after(millis / 8, &table, &key, json!({"Properties": after, "_status": "live"}));
    let end = json!({"OperationStatus": "SUCCESS"});
    let answer = begin(world, rq, model, ("UPDATE", Some(&identifier), millis), end);
    tie(world, &answer, &table, &key);
    Ok(answer)
}

pub fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let model = Model::of(rq.text("TypeName"), "DELETE")?;
    if let Some(again) = repeated(world, rq)? {
        return Ok(again);
    }
    let identifier = meant(world, rq, model)?;
    let (table, key, millis) = (table(model), key(rq, &identifier), model.millis("DELETE"));
    if world.get(&table, &key).is_none() {
        return Err(missing(model, &identifier));
    }
    busy(world, rq, model, &identifier)?;
    if let Some(properties) = world.get(&table, &key).map(|row| row["Properties"].clone())
        && let Err(fault) = parts::take(world, rq, model, &properties)
    {
        return Ok(begin(world, rq, model, ("DELETE", Some(&identifier), 2_000), parts::failed(&fault)));
    }
    world.after(millis - 500, &table, &key, Effect::Remove);
    let end = json!({"OperationStatus": "SUCCESS"});
    let answer = begin(world, rq, model, ("DELETE", Some(&identifier), millis), end);
    tie(world, &answer, &table, &key);
    Ok(answer)
}

pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let model = Model::of(rq.text("TypeName"), "LIST")?;
    let needs: Vec<&str> = model.document["handlers"]["list"]["needs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    let asked = if rq.opt("ResourceModel").is_some() { json_of(rq, "ResourceModel")? } else { json!({}) };
    if needs.iter().any(|name| asked[*name].is_null()) {
        let message = format!(
            "Missing or invalid ResourceModel property in {} list handler request input. Required property: {needs:?}",
            model.name()
        );
        return Err(Fault::new("InvalidRequestException", message));
    }
    let prefix = format!("{}/", rq.region);
    let table = table(model);
    let items: Vec<Json> = world
        .rows(&table)
        .filter(|(key, row)| key.starts_with(&prefix) && row["_status"] != "creating")
        .filter(|(_, row)| needs.iter().all(|name| row["Properties"][*name] == asked[*name]))
        .map(|(_, row)| json!({"Identifier": row["Identifier"], "Properties": shown(model, row).to_string()}))
        .collect();
    let (page, next) = rq.page(items, "MaxResults", "NextToken", 20, "InvalidRequestException")?;
    let mut answer = json!({"TypeName": model.name(), "ResourceDescriptions": page});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}
