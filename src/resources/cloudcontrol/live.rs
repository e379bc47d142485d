//! Live properties beside what was sent: AWS fills in defaults deep inside, and nobody asked for those.

use serde_json::Value as Json;

/// The live properties without members that nobody sent, inside properties that somebody did.
pub(super) fn pruned(live: Json, sent: &Json) -> Json {
    match (live, sent) {
        (Json::Object(live), Json::Object(sent)) => Json::Object(
            live.into_iter()
                .map(|(name, value)| match sent.get(&name) {
                    Some(own) => (name, inner(value, own)),
                    None => (name, value),
                })
                .collect(),
        ),
        (live, _) => live,
    }
}

fn inner(live: Json, sent: &Json) -> Json {
    match (live, sent) {
        (Json::Object(live), Json::Object(sent)) => Json::Object(
            live.into_iter()
                .filter_map(|(name, value)| sent.get(&name).map(|own| (name, inner(value, own))))
                .collect(),
        ),
        (Json::Array(live), Json::Array(sent)) => Json::Array(
            live.into_iter()
                .enumerate()
                .map(|(at, item)| {
                    // Lists without an order come back in any: an item is compared with the one it came from.
                    let own =
                        sent.iter().find(|own| inner(item.clone(), own) == **own).or_else(|| sent.get(at));
                    match own {
                        Some(own) => inner(item, own),
                        None => item,
                    }
                })
                .collect(),
        ),
        (live, _) => live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_inside_a_property_are_left_out_and_changes_stay() {
        let sent = json!({"Config": {"Enabled": true, "Origins": [{"Id": "a"}, {"Id": "b", "Path": "/x"}]}});
        let live = json!({
            "Arn": "arn", "Config": {"Enabled": true, "PriceClass": "All",
            "Origins": [{"Id": "b", "Path": "/x", "Timeout": 3}, {"Id": "a", "Timeout": 3}]},
        });
        let expected = json!({
            "Arn": "arn", "Config": {"Enabled": true, "Origins": [{"Id": "b", "Path": "/x"}, {"Id": "a"}]},
        });
        assert_eq!(pruned(live, &sent), expected);
        let changed =
            json!({"Config": {"Enabled": false, "Origins": [{"Id": "a"}, {"Id": "c"}, {"Id": "d"}]}});
        assert_eq!(pruned(changed.clone(), &sent), changed);
    }
}
