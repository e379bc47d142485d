//! What is written by the model is read back the same: for every structure of every model, with values made
//! up from a seed.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::{
    cbor, json as json_body,
    model::{Model, Ref, Shape, Type, model},
    xml_in, xml_out, xml_tree,
};
use crate::sandbox::services::SERVICES;

/// Made-up values; the same for the same seed.
struct Maker<'m> {
    model: &'m Model,
    seed: u64,
    drawn: u64,
}

impl Maker<'_> {
    fn draw(&mut self, below: u64) -> u64 {
        self.drawn += 1;
        let digest = Sha256::digest(format!("{}:{}", self.seed, self.drawn));
        u64::from_be_bytes(digest[..8].try_into().unwrap()) % below
    }

    fn text(&mut self) -> String {
        const PIECES: &[&str] = &[
            "a", "Zebra", " ", "&", "<", ">", "\"", "'", "é", "😀", "\n", "\t", "\r", "]]>", "&amp;", "%2F",
            "+", "=",
        ];
        (0..self.draw(6)).map(|_| PIECES[self.draw(PIECES.len() as u64) as usize]).collect()
    }

    fn value(&mut self, reference: &Ref, depth: u32) -> Option<Json> {
        let shape = self.model.shape(reference);
        Some(match shape.kind {
            Type::Structure if depth == 0 || shape.document => return None,
            Type::Structure => Json::Object(self.structure(shape, depth - 1)),
            Type::List => {
                let item = shape.member.as_ref()?;
                let items: Vec<Json> = (0..=self.draw(2)).filter_map(|_| self.value(item, depth)).collect();
                if items.is_empty() {
                    return None;
                }
                Json::Array(items)
            }
            Type::Map => {
                let inner = shape.value.as_ref()?;
                let mut out = Map::new();
                for _ in 0..=self.draw(2) {
                    let key = self.text();
                    out.insert(key, self.value(inner, depth)?);
                }
                Json::Object(out)
            }
            Type::String | Type::Character => Json::String(match shape.values.len() {
                0 => self.text(),
                some => shape.values[self.draw(some as u64) as usize].clone(),
            }),
            Type::Blob => json!(["", "AP8=", "aGVsbG8="][self.draw(3) as usize]),
            Type::Boolean => json!(self.draw(2) == 0),
            Type::Integer | Type::Long => json!(self.draw(100_000) as i64 - 50_000),
            Type::Double | Type::Float => json!(self.draw(1_000) as f64 / 8.0),
            Type::Timestamp => json!(1_600_000_000.0 + self.draw(1_000_000) as f64),
        })
    }

    fn structure(&mut self, shape: &Shape, depth: u32) -> Map<String, Json> {
        let mut out = Map::new();
        let model = self.model;
        for (name, reference) in &shape.members {
            // Deprecated shapes of S3 give two members one wire name; what is read of them is both.
            let wire = |name: &'_ str, r: &Ref| model.location_name(r).unwrap_or(name).to_owned();
            let own = wire(name, reference);
            let fresh = shape.members.iter().filter(|(other, r)| wire(other, r) == own).count() == 1;
            if self.draw(3) > 0
                && fresh
                && let Some(value) = self.value(reference, depth)
            {
                out.insert(name.clone(), value);
            }
        }
        out
    }
}

/// A reference to a shape by name, as a member would make it.
fn refer(name: &str) -> Ref {
    let mut reference = Ref::default();
    name.clone_into(&mut reference.shape);
    reference
}

fn structures(service: &str, mut check: impl FnMut(&Model, &str, &Shape)) {
    let service = SERVICES.iter().find(|s| s.name == service).unwrap();
    let model = model(service);
    for (name, shape) in model.shapes() {
        if shape.kind == Type::Structure && !shape.document {
            check(model, name, shape);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn xml_structures_survive(seed in any::<u64>()) {
        for service in ["route53", "s3"] {
            structures(service, |model, name, shape| {
                // Members bound to headers do not travel in documents.
                if shape.members.values().any(|member| member.location.is_some()) {
                    return;
                }
                let value = Json::Object(Maker { model, seed, drawn: 0 }.structure(shape, 3));
                let mut text = String::new();
                xml_out::element(model, "Root", &refer(name), &value, &mut text);
                let root = xml_tree::parse(&text).unwrap_or_else(|| panic!("{name} is not well-formed: {text}"));
                let back = xml_in::value(model, &refer(name), &root, "").unwrap_or_else(|e| panic!("{name}: {e:?}"));
                assert_eq!(back, value, "{service}.{name}: {text}");
            });
        }
    }

    #[test]
    fn json_and_cbor_structures_survive(seed in any::<u64>()) {
        for service in ["dms", "ecs", "cloudwatch", "secretsmanager"] {
            structures(service, |model, name, shape| {
                let value = Json::Object(Maker { model, seed, drawn: 0 }.structure(shape, 3));
                let projected = json_body::project(model, &refer(name), &value, name);
                let sent = json_body::write(model, &refer(name), &projected);
                assert_eq!(json_body::read(model, &refer(name), &sent, "").unwrap(), value, "{service}.{name}");
                let bytes = cbor::bytes(&cbor::write(model, &refer(name), &projected));
                let plain = cbor::read(&bytes).unwrap();
                assert_eq!(json_body::read(model, &refer(name), &plain, "").unwrap(), value, "{service}.{name}");
            });
        }
    }

    #[test]
    fn form_parameters_survive(name in "[A-Za-z.0-9]{1,12}", value in "\\PC{0,20}") {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let body = format!("{}={}", encode(&name), encode(&value).replace("%20", "+"));
        assert_eq!(super::form::parameters(body.as_bytes()), [(name, value)]);
    }
}
