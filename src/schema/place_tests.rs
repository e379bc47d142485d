//! What was read once says what the documents say: everything is asked of them again, the slow way.

use std::collections::HashSet;

use super::*;
use crate::schema::{Node, Type, kinds, of, published};

/// Every schema there is.
fn schemas() -> impl Iterator<Item = &'static TypeSchema> {
    let published = published().into_iter().filter_map(|kind| crate::schema::as_published(&kind));
    kinds().filter_map(of).chain(published)
}

/// A place as the document has it.
#[derive(Clone, Copy)]
struct Written {
    document: &'static Json,
    json: &'static Json,
}

impl Written {
    fn follow(self, mut json: &'static Json) -> Self {
        while let Some(name) = json["$ref"].as_str().and_then(|r| r.strip_prefix("#/definitions/")) {
            json = &self.document["definitions"][name];
        }
        Self { json, ..self }
    }

    fn alternatives(self) -> impl Iterator<Item = &'static Json> {
        ["oneOf", "anyOf"].into_iter().filter_map(move |key| self.json[key].as_array()).flatten()
    }

    fn member(self, name: &str) -> Option<Self> {
        let direct = &self.json["properties"][name];
        if !direct.is_null() {
            return Some(self.follow(direct));
        }
        let mut others = self.alternatives().map(|json| &json["properties"][name]);
        if let Some(found) = others.find(|found| !found.is_null()) {
            return Some(self.follow(found));
        }
        Some(self.follow(self.json["patternProperties"].as_object()?.values().next()?))
    }

    fn items(self) -> Option<Self> {
        let items = &self.json["items"];
        (!items.is_null()).then(|| self.follow(items))
    }

    fn types(self) -> Vec<&'static str> {
        match &self.json["type"] {
            Json::String(one) => vec![one.as_str()],
            Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        }
    }

    fn closed(self) -> bool {
        let named = |json: &Json| json["properties"].as_object().is_some_and(|members| !members.is_empty());
        (named(self.json) || self.alternatives().any(named)) && self.json["additionalProperties"] != true
    }
}

/// Names that a place may be asked for: all of its members, and some that it has not.
fn asked(written: Written) -> Vec<&'static str> {
    let objects = std::iter::once(written.json).chain(written.alternatives());
    let named = objects.filter_map(|json| json["properties"].as_object()).flat_map(Map::keys);
    named.map(String::as_str).chain(["", "A", "Name", "any", "NoSuchMember"]).collect()
}

fn same(written: Written, node: Node<'static>, at: &str) {
    let (json, rules) = (written.json, node.rules());
    assert!(std::ptr::eq(json, node.place.json), "{at} is another place");
    let types = written.types();
    assert_eq!(node.types(), types, "{at}");
    assert_eq!(rules.types.open(), types.is_empty(), "{at}");
    assert_eq!(
        rules.types.scalar(),
        types.iter().any(|name| !matches!(*name, "array" | "object")),
        "{at}: {types:?}"
    );
    let all = [
        ("string", Type::String),
        ("integer", Type::Integer),
        ("number", Type::Number),
        ("boolean", Type::Boolean),
        ("array", Type::Array),
        ("object", Type::Object),
    ];
    for (name, one) in all {
        assert_eq!(rules.types.has(one), types.contains(&name), "{at}: {name}");
        assert_eq!(rules.types.only(one), types == [name], "{at}: {name}");
    }
    let whole = |(low, high): (&str, &str)| (json[low].as_u64(), json[high].as_u64());
    let number = |(low, high): (&str, &str)| (json[low].as_f64(), json[high].as_f64());
    assert_eq!(rules.length, whole(("minLength", "maxLength")), "{at}");
    assert_eq!(rules.count, whole(("minItems", "maxItems")), "{at}");
    assert_eq!(rules.range, number(("minimum", "maximum")), "{at}");
    assert_eq!(rules.within, number(("exclusiveMinimum", "exclusiveMaximum")), "{at}");
    assert_eq!(rules.pattern.as_ref().map(|pattern| pattern.text), json["pattern"].as_str(), "{at}");
    assert_eq!(rules.constant.unwrap_or(&Json::Null), &json["const"], "{at}");
    let loose = json["enumCaseInsensitive"].as_array();
    assert_eq!(rules.listed, json["enum"].as_array().or(loose).map(Vec::as_slice), "{at}");
    assert_eq!(rules.loose, loose.is_some(), "{at}");
    assert_eq!(rules.unique, json["uniqueItems"] == true, "{at}");
    assert_eq!(rules.closed, written.closed(), "{at}");
    let texts = |json: &'static Json| -> Vec<&str> {
        json.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
    };
    assert_eq!(rules.required, texts(&json["required"]), "{at}");
    assert_eq!(rules.one_of, texts(&json["requiredXor"]), "{at}");
    for (key, known) in [("dependentRequired", &rules.needs), ("dependentExcluded", &rules.excludes)] {
        let map = json[key].as_object().into_iter().flatten();
        let all: Vec<_> = map.map(|(name, others)| (name.as_str(), texts(others))).collect();
        assert_eq!(*known, all, "{at}: {key}");
    }
    let mut alternatives = Vec::new();
    for key in ["anyOf", "oneOf"] {
        let all: Vec<&'static Json> = json[key].as_array().into_iter().flatten().collect();
        if !all.is_empty() {
            alternatives.push(all.into_iter().map(|one| texts(&one["required"])).collect::<Vec<_>>());
        }
    }
    assert_eq!(rules.alternatives, alternatives, "{at}");
}

#[test]
fn every_place_of_every_schema_says_what_the_document_says() {
    let mut places = 0;
    for schema in schemas() {
        let document = schema.document();
        let mut open = vec![(Written { document, json: document }, schema.root(), schema.kind().to_owned())];
        let mut seen = HashSet::new();
        while let Some((written, node, at)) = open.pop() {
            // Definitions may contain themselves.
            if !seen.insert(std::ptr::from_ref(written.json)) {
                continue;
            }
            places += 1;
            same(written, node, &at);
            for name in asked(written) {
                match (written.member(name), node.member(name)) {
                    (Some(one), Some(other)) => open.push((one, other, format!("{at}.{name}"))),
                    (None, None) => {}
                    (one, _) => panic!("{at}.{name} is there: {}", one.is_some()),
                }
            }
            match (written.items(), node.items()) {
                (Some(one), Some(other)) => open.push((one, other, format!("{at}[]"))),
                (None, None) => {}
                (one, _) => panic!("{at} has items: {}", one.is_some()),
            }
        }
    }
    assert!(places > 50_000, "{places}");
}

/// What no published schema may have and any could: references to references and to nothing, members in several places.
#[test]
fn odd_schemas_are_read_too() {
    let text = r##"{
      "typeName": "AWS::Test::Odd",
      "anyOf": [{"properties": {"A": {"type": "integer"}, "B": {"type": "string"}}, "required": ["B"]}],
      "oneOf": [{"properties": {"B": {"type": "boolean"}}}, {"properties": {"D": null}}],
      "properties": {
        "A": {"type": "number"}, "Null": null, "Ref": {"$ref": "#/definitions/One"},
        "Lost": {"$ref": "#/definitions/Nowhere"}, "Else": {"$ref": "#/properties/A"},
        "Twice": {"type": ["string", "string", "null"]}
      },
      "definitions": {
        "One": {"$ref": "#/definitions/Two"},
        "Two": {"type": "object", "patternProperties": {".*": {"$ref": "#/definitions/One"}}}
      }
    }"##;
    let schema: &'static TypeSchema = Box::leak(Box::new(TypeSchema::parse(text).unwrap()));
    let (document, root) = (schema.document(), schema.root());
    let written = Written { document, json: document };
    same(written, root, "root");
    for name in asked(written) {
        let (one, other) = (written.member(name), root.member(name));
        assert_eq!(one.is_some(), other.is_some(), "{name}");
        if let (Some(one), Some(other)) = (one, other) {
            same(one, other, name);
        }
    }
    assert_eq!(root.member("A").unwrap().types(), ["number"]);
    assert_eq!(root.member("B").unwrap().types(), ["boolean"]);
    assert!(root.member("Null").is_none() && root.member("D").is_none());
    let deep = root.member("Ref").and_then(|node| node.member("any")?.member("other")).unwrap();
    assert_eq!(deep.types(), ["object"]);
    let types = root.member("Twice").unwrap().rules().types;
    assert!(types.scalar() && types.has(Type::String) && !types.only(Type::String));
}

#[test]
fn read_only_paths_are_told_in_parts_too() {
    let mut found = 0;
    for schema in schemas() {
        let former =
            |path: &str| schema.read_only().any(|known| known == path || known.replace("/*", "") == path);
        let known = schema.read_only().flat_map(|path| [path.to_owned(), path.replace("/*", "")]);
        for path in known.chain(schema.properties().map(str::to_owned)) {
            let end = path.rsplit('/').next().unwrap_or_default().to_owned();
            let longer = [format!("{path}/A"), format!("A/{path}"), format!("{path}/"), format!("/{path}")];
            let shorter = path.rsplit_once('/').map(|(front, _)| front.to_owned());
            let other = [end, String::new(), format!("{path}x"), format!("x{path}"), path.replace('/', "")];
            for path in longer.into_iter().chain(shorter).chain(other).chain([path]) {
                let told = former(&path);
                found += usize::from(told);
                assert_eq!(schema.is_read_only(&path), told, "{} {path}", schema.kind());
                assert_eq!(schema.is_read_only_at(path.split('/')), told, "{} {path}", schema.kind());
                // A member's name may hold anything.
                assert_eq!(schema.is_read_only_at(std::iter::once(path.as_str())), told, "{path}");
            }
        }
    }
    assert!(found > 5_000, "{found}");
}
