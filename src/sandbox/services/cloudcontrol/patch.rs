//! JSON Patch (RFC 6902), as `UpdateResource` applies it to the current properties.

use serde_json::Value as Json;

fn parts(path: &str) -> Result<Vec<String>, String> {
    // The guide's own example has a path without the first slash.
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Err("the path is empty".to_owned());
    }
    Ok(path.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect())
}

fn parent<'v>(document: &'v mut Json, path: &[String]) -> Option<&'v mut Json> {
    path.iter().try_fold(document, |value, part| match value {
        Json::Object(members) => members.get_mut(part),
        Json::Array(items) => items.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    })
}

fn read(document: &Json, path: &str) -> Result<Json, String> {
    let found = parts(path)?.iter().try_fold(document, |value, part| match value {
        Json::Object(members) => members.get(part),
        Json::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    });
    found.cloned().ok_or_else(|| format!("no such path in target JSON document: {path}"))
}

fn add(document: &mut Json, path: &str, value: Json) -> Result<(), String> {
    let parts = parts(path)?;
    let missing = || format!("no such path in target JSON document: {path}");
    let Some((last, above)) = parts.split_last() else { return Err(missing()) };
    match parent(document, above).ok_or_else(missing)? {
        Json::Object(members) => {
            members.insert(last.clone(), value);
        }
        Json::Array(items) if last == "-" => items.push(value),
        Json::Array(items) => {
            let at = last.parse::<usize>().ok().filter(|at| *at <= items.len()).ok_or_else(missing)?;
            items.insert(at, value);
        }
        _ => return Err(missing()),
    }
    Ok(())
}

fn remove(document: &mut Json, path: &str) -> Result<Json, String> {
    let parts = parts(path)?;
    let missing = || format!("no such path in target JSON document: {path}");
    let Some((last, above)) = parts.split_last() else { return Err(missing()) };
    match parent(document, above).ok_or_else(missing)? {
        Json::Object(members) => members.remove(last).ok_or_else(missing),
        Json::Array(items) => {
            let at = last.parse::<usize>().ok().filter(|at| *at < items.len()).ok_or_else(missing)?;
            Ok(items.remove(at))
        }
        _ => Err(missing()),
    }
}

fn one(document: &mut Json, operation: &Json) -> Result<(), String> {
    let text =
        |member: &str| operation[member].as_str().ok_or_else(|| format!("an operation lacks `{member}`"));
    let value = || operation.get("value").cloned().ok_or_else(|| "an operation lacks `value`".to_owned());
    let path = text("path")?;
    match text("op")? {
        "add" => add(document, path, value()?),
        "remove" => remove(document, path).map(drop),
        "replace" => {
            remove(document, path)?;
            add(document, path, value()?)
        }
        "move" => {
            let moved = remove(document, text("from")?)?;
            add(document, path, moved)
        }
        "copy" => {
            let copied = read(document, text("from")?)?;
            add(document, path, copied)
        }
        "test" if read(document, path)? == value()? => Ok(()),
        "test" => Err(format!("the test of {path} failed")),
        other => Err(format!("unknown operation `{other}`")),
    }
}

/// Applies all operations, or none.
pub fn apply(document: &Json, patch: &Json) -> Result<Json, String> {
    let operations = patch.as_array().ok_or("the patch document must be a list of operations")?;
    let mut result = document.clone();
    for operation in operations {
        one(&mut result, operation)?;
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patches_do_what_the_standard_says() {
        let start = json!({"a": {"b": [1, 2]}, "c/d": 1});
        let patch = json!([
            {"op": "add", "path": "/a/b/1", "value": 9}, {"op": "add", "path": "/a/b/-", "value": 3},
            {"op": "replace", "path": "/c~1d", "value": 2}, {"op": "copy", "from": "/a/b/0", "path": "/e"},
            {"op": "move", "from": "/e", "path": "/f"}, {"op": "test", "path": "/f", "value": 1},
            {"op": "remove", "path": "/a/b/0"},
        ]);
        assert_eq!(apply(&start, &patch), Ok(json!({"a": {"b": [9, 2, 3]}, "c/d": 2, "f": 1})));
        for wrong in [
            json!([{"op": "remove", "path": "/x"}]),
            json!([{"op": "replace", "path": "/x", "value": 1}]),
            json!([{"op": "test", "path": "/c~1d", "value": 5}]),
            json!([{"op": "add", "path": "/x/y", "value": 5}]),
            json!([{"op": "turn", "path": "/x"}]),
            json!({}),
        ] {
            assert!(apply(&start, &wrong).is_err(), "{wrong}");
        }
    }
}
