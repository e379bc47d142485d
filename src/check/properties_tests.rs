use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::model::{Source, item::Member};

const IDIOMS: Idioms = Idioms {
    omit: "omit it",
    pick: "pick one",
    json_text: "quote it",
    join: "join it",
    reference: |id| format!("ref {id}"),
    attribute: |id, name| format!("get {id}.{name}"),
    some_attribute: |name| format!("get {name}"),
    part: |at, separator, id| format!("part {at} {separator} {id}"),
};

const SCHEMA: &str = r##"{
  "typeName": "AWS::Test::Thing",
  "additionalProperties": false,
  "required": ["Name"],
  "requiredXor": ["Left", "Right"],
  "dependentRequired": {"Left": ["Count"]},
  "dependentExcluded": {"Count": ["Ratio"], "Ratio": ["Count"]},
  "readOnlyProperties": ["/properties/Arn", "/properties/Endpoint/Address"],
  "properties": {
    "Name": {"type": "string", "pattern": "^[a-z0-9]+$", "minLength": 2, "maxLength": 6},
    "Arn": {"type": "string"},
    "Endpoint": {"type": "object", "properties": {"Address": {"type": "string"}}},
    "Left": {"type": "string"},
    "Right": {"type": "string"},
    "Count": {"type": "integer", "minimum": 1, "maximum": 9},
    "Ratio": {"type": "number"},
    "On": {"type": "boolean"},
    "Mode": {"type": "string", "enum": ["fast", "slow"]},
    "List": {"type": "array", "uniqueItems": true, "maxItems": 3, "items": {"type": "string"}},
    "Inner": {"$ref": "#/definitions/Inner"},
    "Inners": {"type": "array", "items": {"$ref": "#/definitions/Inner"}},
    "Labels": {"type": "object", "patternProperties": {".+": {"type": "string"}}},
    "Policy": {"type": ["object", "string"]},
    "TaskData": {"type": "string"},
    "Later": {"type": "string"}
  },
  "definitions": {
    "Inner": {"type": "object", "additionalProperties": false, "required": ["Port"],
      "properties": {"Port": {"type": "integer"}, "Host": {"type": "string"}, "Other": {"type": "string"}}}
  }
}"##;

const INNER: &[Field] = &[Field { name: "Port", nested: &[] }, Field { name: "Host", nested: &[] }];
const FIELDS: &[Field] = &[
    Field { name: "Name", nested: &[] },
    Field { name: "Left", nested: &[] },
    Field { name: "Right", nested: &[] },
    Field { name: "Count", nested: &[] },
    Field { name: "Ratio", nested: &[] },
    Field { name: "On", nested: &[] },
    Field { name: "Mode", nested: &[] },
    Field { name: "List", nested: &[] },
    Field { name: "Inner", nested: INNER },
    Field { name: "Inners", nested: INNER },
    Field { name: "Labels", nested: &[] },
    Field { name: "Policy", nested: &[] },
    Field { name: "TaskData", nested: &[] },
];

fn span(at: u32) -> Span {
    Span { source: Arc::new(Source { path: "t".into(), text: String::new() }), start: at, end: at + 1 }
}

fn plain(text: &str) -> Item {
    Item::new(Kind::Scalar(Scalar::plain(text)), &span(0))
}

fn object(members: Vec<(&str, Item)>) -> Item {
    let member = |(key, value): (&str, Item)| Member { key: key.into(), key_span: span(7), value };
    Item::new(Kind::Map(members.into_iter().map(member).collect()), &span(0))
}

fn check_with(properties: &Item, rule: &dyn Fn(&Json) -> Vec<(String, String)>) -> (Value, Vec<Diagnostic>) {
    check_as("AWS::Test::Thing", properties, rule)
}

fn check_as(
    kind: &str,
    properties: &Item,
    rule: &dyn Fn(&Json) -> Vec<(String, String)>,
) -> (Value, Vec<Diagnostic>) {
    let schema: &'static TypeSchema = Box::leak(Box::new(TypeSchema::parse(SCHEMA).unwrap()));
    let facts = registry::find(kind).map(|ty| ty.facts());
    let known = Known { schema, facts, fields: FIELDS, check: rule };
    let subject = Subject { kind, kind_span: &span(1), id_span: &span(2), idioms: &IDIOMS };
    known.check(&subject, &Address::new("app", "Thing"), properties, &|_| None)
}

/// Valid properties with some added or replaced.
fn with(more: Vec<(&str, Item)>) -> Item {
    let mut members = vec![("Name", Item::text("abc", &span(0))), ("Right", Item::text("r", &span(0)))];
    for (key, item) in more {
        members.retain(|(known, _)| *known != key);
        members.push((key, item));
    }
    object(members)
}

fn codes(properties: &Item) -> Vec<&'static str> {
    check_with(properties, &|_| Vec::new()).1.iter().map(|d| d.code).collect()
}

#[test]
fn scalars_are_converted_as_cloudformation_does() {
    let json = |text: &str| Item::from_json(&serde_json::from_str(text).unwrap(), &span(0));
    let cases = [
        ("Count", json("\"8\""), json!(8)),
        ("Count", json("3.0"), json!(3)),
        ("Ratio", json("\"1.5\""), json!(1.5)),
        ("Ratio", json("2"), json!(2)),
        ("On", json("\"true\""), json!(true)),
        ("On", plain("yes"), json!(true)),
        ("Name", plain("012"), json!("012")),
        ("Name", json("80"), json!("80")),
        ("Name", json("true"), json!("true")),
        ("List", plain("[]").clone(), json!(null)),
        ("Policy", json(r#"{"Version": "2012-10-17", "N": 1}"#), json!({"Version": "2012-10-17", "N": 1})),
        ("Policy", json("\"{}\""), json!("{}")),
        ("Labels", json(r#"{"a": 1, "b": true}"#), json!({"a": "1", "b": "true"})),
        ("Inner", json(r#"{"Port": "80"}"#), json!({"Port": 80})),
        ("Inners", json(r#"[{"Port": 1, "Host": 5}]"#), json!([{"Port": 1, "Host": "5"}])),
        ("Count", json("\"{{resolve:ssm:count}}\""), json!("{{resolve:ssm:count}}")),
        ("Name", json("\"{{resolve:ssm:a-very-long-name}}\""), json!("{{resolve:ssm:a-very-long-name}}")),
    ];
    for (name, item, wanted) in cases {
        let (value, found) = check_with(&with(vec![(name, item)]), &|_| Vec::new());
        if wanted.is_null() {
            assert_eq!(found[0].code, "M2005");
            continue;
        }
        assert!(found.is_empty(), "{name}: {found:?}");
        assert_eq!(value.get(name).unwrap().known(), Some(wanted), "{name}");
    }
}

#[test]
fn every_kind_of_mistake_has_its_code_and_place() {
    let json = |text: &str| Item::from_json(&serde_json::from_str(text).unwrap(), &span(0));
    let cases = [
        (with(vec![("Nmae", json("1"))]), "M2002", 7, "did you mean `Name`?"),
        (
            object(vec![("Nmae", json("\"abc\"")), ("Right", json("\"x\""))]),
            "M2002",
            7,
            "did you mean `Name`?",
        ),
        (with(vec![("Later", json("\"x\""))]), "M2003", 7, "migrate types"),
        (object(vec![("Right", json("\"x\""))]), "M2004", 2, ""),
        (with(vec![("Name", json("[\"abc\"]"))]), "M2005", 0, "brackets"),
        (with(vec![("List", json("\"abc\""))]), "M2005", 0, "list"),
        (with(vec![("Count", json("\"many\""))]), "M2005", 0, ""),
        (with(vec![("Count", json("1.5"))]), "M2005", 0, ""),
        (with(vec![("On", json("1"))]), "M2005", 0, ""),
        (with(vec![("Inner", json("null"))]), "M2005", 0, "omit it"),
        (with(vec![("Name", json("{\"a\": 1}"))]), "M2005", 0, "quote it"),
        (with(vec![("Mode", json("\"fats\""))]), "M2006", 0, "did you mean `fast`?"),
        (with(vec![("Name", json("\"A-B\""))]), "M2007", 0, ""),
        (with(vec![("Count", json("10"))]), "M2008", 0, ""),
        (with(vec![("Name", json("\"abcdefg\""))]), "M2009", 0, ""),
        (with(vec![("List", json("[\"a\",\"b\",\"c\",\"d\"]"))]), "M2010", 0, ""),
        (with(vec![("List", json("[\"a\",\"b\",\"a\"]"))]), "M2011", 0, ""),
        (object(vec![("Name", json("\"abc\""))]), "M2012", 2, ""),
        (with(vec![("Left", json("\"x\"")), ("Count", json("1"))]), "M2012", 7, ""),
        (object(vec![("Name", json("\"abc\"")), ("Left", json("\"x\""))]), "M2013", 7, ""),
        (with(vec![("Count", json("1")), ("Ratio", json("1"))]), "M2014", 7, ""),
        (with(vec![("Arn", json("\"x\""))]), "M2015", 7, "get Thing.Arn"),
        (with(vec![("Inner", json("{}"))]), "M2004", 0, ""),
        (with(vec![("Inners", json("[{\"Port\": 1, \"Other\": \"x\"}]"))]), "M2003", 0, ""),
        (with(vec![("Inner", json("{\"Port\": 1, \"Prot\": 2}"))]), "M2002", 0, "did you mean `Port`?"),
    ];
    for (properties, code, at, help) in cases {
        let (_, found) = check_with(&properties, &|_| Vec::new());
        assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), [code], "{properties:?}: {found:?}");
        assert_eq!(found[0].span.as_ref().unwrap().start, at, "{code}");
        assert_eq!(found[0].address, Some(Address::new("app", "Thing")));
        assert!(found[0].help.as_deref().unwrap_or_default().contains(help), "{:?}", found[0].help);
    }
    assert!(codes(&with(vec![("Inner", Item::poison(&span(0)))])).is_empty());
}

#[test]
fn values_to_come_are_checked_by_their_form() {
    let reference = || {
        Value::Attribute(Reference { address: Address::new("app", "Other"), attribute: "Ref".into() }.into())
    };
    let deferred = |value: Value| Item::deferred(value, &span(0));
    let split =
        || Value::Call(Box::new(crate::model::Call::Split { separator: ",".into(), text: reference() }));
    assert!(codes(&with(vec![("Name", deferred(reference()))])).is_empty());
    assert!(codes(&with(vec![("Count", deferred(reference()))])).is_empty());
    assert!(codes(&with(vec![("List", deferred(split()))])).is_empty());
    assert_eq!(codes(&with(vec![("List", deferred(reference()))])), ["M2005"]);
    assert_eq!(codes(&with(vec![("Name", deferred(split()))])), ["M2005"]);
}

#[test]
fn rules_of_the_type_see_valid_properties_only() {
    let rule = |json: &Json| {
        assert!(json["Count"].is_number());
        vec![("Inner.Port".to_owned(), "must not be 22".to_owned()), (String::new(), "is odd".to_owned())]
    };
    let item = Item::from_json(&json!({"Port": 22}), &span(0));
    let (_, found) = check_with(&with(vec![("Count", plain("1")), ("Inner", item)]), &rule);
    let shown: Vec<_> =
        found.iter().map(|d| (d.code, d.message.as_str(), d.span.as_ref().unwrap().start)).collect();
    assert_eq!(shown, [("M2017", "Inner.Port: must not be 22", 0), ("M2017", "is odd", 2)]);
    let (_, found) = check_with(&with(vec![("Count", plain("no"))]), &rule);
    assert_eq!(found[0].code, "M2005");
}

#[test]
fn unknown_types_name_their_neighbours() {
    let subject = |kind| {
        let (span1, span2) = (span(1), span(2));
        let subject = Subject { kind, kind_span: &span1, id_span: &span2, idioms: &IDIOMS };
        resource(&subject, &Address::new("a", "B"), &object(vec![]), &|_| None).1.remove(0)
    };
    let other = subject("AWS::Lambda::SomethingElseEntirely");
    assert_eq!(other.code, "M2001");
    assert!(other.help.unwrap().contains("AWS::Lambda::Function"));
    let cache = subject("AWS::DAX::Cluster");
    assert_eq!(cache.code, "M2031");
    assert!(cache.message.contains("no handlers"), "{}", cache.message);
    let custom = subject("Custom::Thing");
    assert_eq!((custom.code, custom.message.contains("ServiceToken: it is missing")), ("M2017", true));
    assert!(subject("Custom::a b").help.unwrap().contains("1 to 60 letters"));
    assert!(subject("AWS::Serverless::Application").help.unwrap().contains("nested stack"));
    assert!(subject("AWS::Serverless::Function").help.unwrap().contains("`sam build` does not expand it"));
    assert!(subject("AWS::Zebra::Zoo").help.unwrap().contains("migrate types"));
}

/// The type's own facts say why, of properties inside lists as well.
#[test]
fn a_refused_property_says_why() {
    let why = |kind: &str, properties: &Item| {
        let subject = Subject { kind, kind_span: &span(0), id_span: &span(1), idioms: &IDIOMS };
        let found = resource(&subject, &Address::new("a", "B"), properties, &|_| None).1;
        let refusal = found.into_iter().find(|finding| finding.code == "M2003").expect("it is refused");
        refusal.help.expect("with a reason")
    };
    let prefix = object(vec![("BucketNamePrefix", plain("logs"))]);
    assert!(why("AWS::S3::Bucket", &prefix).contains("makes up names itself"));
    let rule = object(vec![("IpProtocol", plain("tcp")), ("SourceSecurityGroupName", plain("web"))]);
    let rules = Item { kind: Kind::List(vec![rule]), span: span(5) };
    let group = object(vec![("GroupDescription", plain("d")), ("SecurityGroupIngress", rules)]);
    assert!(why("AWS::EC2::SecurityGroup", &group).contains("give the group's id"));
}

#[test]
fn json_in_texts_is_parsed_as_far_as_it_is_known() {
    let reference = || {
        Value::Attribute(Reference { address: Address::new("app", "Other"), attribute: "Ref".into() }.into())
    };
    let concat = |before: &str, after: &str| {
        let parts = vec![Value::String(before.into()), reference(), Value::String(after.into())];
        Item::call(crate::model::Call::Concat(parts), &span(5))
    };
    let cases = [
        (Item::text("{\"rules\": []}", &span(5)), true),
        (Item::text("{\"rules\": [}", &span(5)), false),
        (Item::text("{{resolve:ssm:mappings}}", &span(5)), true),
        (concat("{\"a\": \"", "\"}"), true),
        (concat("{\"a\": ", "}"), true),
        (concat("{\"a\": ", ""), false),
    ];
    for (item, fine) in cases {
        let properties = with(vec![("TaskData", item)]);
        let found = check_as("AWS::DMS::ReplicationTask", &properties, &|_| Vec::new()).1;
        let codes: Vec<_> = found.iter().map(|d| (d.code, d.span.as_ref().unwrap().start)).collect();
        assert_eq!(codes, if fine { vec![] } else { vec![("M2016", 5)] }, "{properties:?}");
        assert!(check_as("AWS::Test::Thing", &properties, &|_| Vec::new()).1.is_empty());
    }
}
