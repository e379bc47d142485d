use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::model::{Address, Reference};

const TEXT: &str =
    r#"{"Name": "übung", "Count": 12, "Long": {"ALongNameOfAProperty": ["a\nb", 'c', null]}, "": ""}"#;

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source { path: PathBuf::from("plan.json"), text: text.to_owned() })
}

fn span(source: &Arc<Source>, text: &str) -> Span {
    let start = source.text.find(text).expect(text);
    let at = |at| u32::try_from(at).expect("short");
    Span { source: Arc::clone(source), start: at(start), end: at(start + text.len()) }
}

/// A bit of everything, in two files.
fn item() -> Item {
    let (one, other) = (source(TEXT), source("Elsewhere"));
    let scalar = |text: &str, plain: bool, at: &str| {
        Item::new(Kind::Scalar(Scalar { text: text.into(), plain }), &span(&one, at))
    };
    let member =
        |key: &str, at: &str, value: Item| Member { key: key.into(), key_span: span(&one, at), value };
    let to = Reference { address: Address::new("S", "Other"), attribute: "Ref".into() };
    let list = Kind::List(vec![
        scalar("a\nb", false, r#""a\nb""#),
        scalar("c", false, "'c'"),
        Item::new(Kind::Null, &span(&one, "null")),
        Item::text("made", &span(&other, "Elsewhere")),
        Item::new(Kind::NoValue, &span(&one, "null")),
        Item::poison(&span(&one, "null")),
        Item::new(Kind::List(Vec::new()), &span(&one, "[")),
    ]);
    let inner = vec![
        member("ALongNameOfAProperty", "\"ALongNameOfAProperty\"", Item::new(list, &span(&one, "["))),
        member("Renamed", "\"Long\"", Item::deferred(Value::Attribute(to.into()), &span(&other, "where"))),
    ];
    let all = vec![
        member("Name", "\"Name\"", scalar("übung", false, "\"übung\"")),
        member("Count", "\"Count\"", scalar("12", true, "12")),
        member("Long", "\"Long\"", Item::new(Kind::Map(inner), &span(&one, "{\"ALong"))),
        member("", "\"\"", scalar("", false, "\"\"")),
        member("Tags", "\"Name\"", Item::from_json(&json!([{"Key": "a", "Value": "b"}]), &span(&other, "E"))),
    ];
    Item::new(Kind::Map(all), &span(&one, TEXT))
}

#[test]
fn an_item_comes_back_as_it_was() {
    let whole = item();
    assert_eq!(Packed::new(&whole).item(), whole);
    let one = Item::text("x", &whole.span);
    assert_eq!(Packed::new(&one).item(), one);
}

#[test]
fn a_part_is_found_where_the_item_has_it() {
    let whole = item();
    let packed = Packed::new(&whole);
    let paths = [
        "Name",
        "Count",
        "Long",
        "Long.ALongNameOfAProperty",
        "Long.ALongNameOfAProperty.0",
        "Long/ALongNameOfAProperty/3",
        "Long.ALongNameOfAProperty.9",
        "Long.ALongNameOfAProperty.x",
        "Long.Renamed",
        "Long.Renamed.Deeper",
        "Tags.0.Key",
        "Tags.1",
        "",
        "Missing",
        "Name.0",
    ];
    for path in paths {
        let found = packed.place(path).map(|(span, part)| (span, part.span(), part.item()));
        let wanted = whole.place(path).map(|(span, item)| (span.clone(), item.span.clone(), item.clone()));
        assert_eq!(found, wanted, "{path}");
    }
}

#[test]
fn what_stands_in_the_file_is_not_kept_twice() {
    let packed = Packed::new(&item());
    let texts: Vec<&str> = packed.texts.iter().map(Text::as_str).collect();
    assert_eq!(
        texts,
        ["ALongNameOfAProperty", "a\nb", "made", "Renamed", "Tags", "Key", "a", "Value", "b"],
        "long, or not written so, or from elsewhere"
    );
    let cells = 20;
    assert!(packed.parts.len() < cells * 9, "{} bytes", packed.parts.len());
}

/// Numbers of every length, distances in both directions, lists of more bytes than a length of one byte tells.
#[test]
fn items_of_any_size_come_back() {
    for many in [0, 1, 5, 127, 128, 300, 3_000] {
        let long = "x".repeat(many + 1);
        let texts: Vec<String> = (0..many).map(|at| format!("<{at}>")).chain([long]).collect();
        let source = source(&format!("[{}]", texts.join(",")));
        let one = |text: &String| Item::text(text, &span(&source, text));
        let mut whole = Item::new(Kind::List(texts.iter().map(one).collect()), &span(&source, "["));
        assert_eq!(Packed::new(&whole).item(), whole, "{many}");
        if let Kind::List(items) = &mut whole.kind {
            items.reverse();
        }
        let packed = Packed::new(&whole);
        assert_eq!(packed.item(), whole, "{many} backwards");
        for at in [0, many / 2, many] {
            let path = at.to_string();
            let found = packed.place(&path).map(|(span, part)| (span, part.item()));
            assert_eq!(found, whole.place(&path).map(|(span, item)| (span.clone(), item.clone())));
        }
    }
}
