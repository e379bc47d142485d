//! `migrate types`: what is implemented, generated from the registry.

use serde_json::{Value as Json, json};

use super::{Verdict, args::TypesCommand, exit::Code, session::one};
use crate::{
    error::{Class, Diagnostic, suggest},
    model::WaitPolicy,
    resources::{
        AnyType,
        cloudcontrol::{Support, stands_for, support},
        registry,
    },
    schema::{self, Refusal},
    ui::{Printer, table},
};

struct Share {
    implemented: Vec<&'static str>,
    /// Nested ones included.
    refused: Vec<Refusal>,
}

impl Share {
    /// Names of the refused top-level properties.
    fn names(&self) -> Vec<&str> {
        self.refused.iter().filter(|refusal| refusal.is_top()).map(|refusal| refusal.path.as_str()).collect()
    }

    /// Implemented and all writable top-level properties.
    fn counts(&self) -> (usize, usize) {
        (self.implemented.len(), self.implemented.len() + self.names().len())
    }

    fn reasons(&self) -> Json {
        let reasons = self.refused.iter().map(|refusal| (refusal.path.clone(), json!(refusal.why)));
        Json::Object(reasons.collect())
    }
}

/// What of a type is implemented and what is refused.
fn share(ty: &dyn AnyType) -> Share {
    let mut implemented: Vec<&'static str> = ty.fields().iter().map(|field| field.name).collect();
    implemented.sort_unstable();
    Share { implemented, refused: schema::refused(ty.facts(), ty.fields()) }
}

/// What `migrate import` takes for an object of the type.
pub(super) fn import_id(ty: &dyn AnyType) -> String {
    let kind = ty.facts().kind;
    let named = ty.facts().name.map(|rule| rule.property);
    let parts: Vec<&str> = schema::of(kind).map(|schema| schema.identifiers().collect()).unwrap_or_default();
    match (parts.as_slice(), named) {
        // What the type's name property holds is what `Ref` answers for most types with names.
        ([one], Some(name)) if *one == name => format!("its name ({name})"),
        ([one], _) => format!("its {}", one.replace('/', ".")),
        ([], Some(name)) => format!("its name ({name})"),
        ([], None) => "what `Ref` of it means".to_owned(),
        (many, _) => format!("{}, joined with |", many.join(", ").replace('/', ".")),
    }
}

/// Runs the verb.
pub fn run(args: &TypesCommand, printer: &mut Printer) -> Verdict {
    match &args.name {
        None if args.all => all(printer),
        None => list(printer),
        Some(name) => match of_service(name) {
            kinds if kinds.is_empty() => one_type(name, printer)?,
            kinds => service(&kinds, printer),
        },
    }
    Ok(Code::Success)
}

/// The types of a service, if the name is one: `ecs`, `AWS::ECS`, `rds::`.
fn of_service(name: &str) -> Vec<String> {
    let wanted = name.trim_end_matches(':');
    let wanted =
        wanted.get(..5).filter(|start| start.eq_ignore_ascii_case("AWS::")).map_or(wanted, |_| &wanted[5..]);
    let of =
        |kind: &String| kind.split("::").nth(1).is_some_and(|service| service.eq_ignore_ascii_case(wanted));
    let mut kinds = every();
    kinds.retain(of);
    kinds
}

fn service(kinds: &[String], printer: &mut Printer) {
    if printer.is_json() {
        let types: Vec<Json> = kinds
            .iter()
            .map(|kind| {
                let (way, why) = way(support(kind));
                json!({"type": kind, "deployed": way, "why": (!why.is_empty()).then_some(why)})
            })
            .collect();
        printer.json(&json!({"format": 1, "types": types}));
        return;
    }
    let rows: Vec<Vec<String>> = kinds
        .iter()
        .map(|kind| {
            let (way, why) = way(support(kind));
            vec![kind.clone(), way.to_owned(), why.to_owned()]
        })
        .collect();
    printer.out(&table(&["type", "deployed", "why not"], &rows, printer.table_width()));
}

/// Every published type, and those that only migrate knows, sorted.
fn every() -> Vec<String> {
    let mut kinds = schema::published();
    kinds.extend(registry::TYPES.iter().map(|ty| ty.facts().kind.to_owned()));
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn list(printer: &mut Printer) {
    if printer.is_json() {
        let types: Vec<_> = registry::TYPES
            .iter()
            .map(|ty| {
                let share = share(*ty);
                let (have, all) = share.counts();
                json!({"type": ty.facts().kind, "implemented": have, "writable": all, "refused": share.names()})
            })
            .collect();
        printer.json(&json!({"format": 1, "types": types}));
        return;
    }
    let rows: Vec<Vec<String>> = registry::TYPES
        .iter()
        .map(|ty| {
            let share = share(*ty);
            let (have, all) = share.counts();
            let percent = (have * 100).checked_div(all).unwrap_or(100);
            vec![ty.facts().kind.to_owned(), format!("{have}/{all}"), format!("{percent} %")]
        })
        .collect();
    printer.out(&table(&["type", "properties", "implemented"], &rows, printer.table_width()));
    let through = schema::published().iter().filter(|kind| support(kind) == Support::CloudControl).count();
    printer.out("\n");
    printer.paragraph(&format!(
        "{} types with handlers of their own; {through} more are deployed through Cloud Control. `migrate types NAME` \
         shows one, `migrate types --all` lists all",
        rows.len()
    ));
}

/// One word for how a type is deployed, and why not.
fn way(support: Support) -> (&'static str, &'static str) {
    match support {
        Support::Native => ("native", ""),
        Support::CloudControl => ("cloud-control", ""),
        Support::Refused(why) => ("refused", why),
        Support::Unknown => ("unknown", ""),
    }
}

/// Every published type, and those that only migrate knows.
fn all(printer: &mut Printer) {
    let rows: Vec<(String, &str, &str)> = every()
        .into_iter()
        .map(|kind| {
            let (way, why) = way(support(&kind));
            (kind, way, why)
        })
        .collect();
    let count = |wanted: &str| rows.iter().filter(|(_, way, _)| *way == wanted).count();
    let (native, through, refused) = (count("native"), count("cloud-control"), count("refused"));
    if printer.is_json() {
        let types: Vec<Json> = rows
            .iter()
            .map(|(kind, way, why)| {
                json!({"type": kind, "deployed": way, "why": (!why.is_empty()).then_some(why)})
            })
            .collect();
        let counts = json!({"native": native, "cloud-control": through, "refused": refused});
        printer.json(&json!({"format": 1, "types": types, "counts": counts}));
        return;
    }
    let lines: Vec<Vec<String>> = rows
        .iter()
        .map(|(kind, way, why)| vec![kind.clone(), (*way).to_owned(), (*why).to_owned()])
        .collect();
    printer.out(&table(&["type", "deployed", "why not"], &lines, printer.table_width()));
    printer.out(&format!("\n{native} native, {through} through Cloud Control, {refused} refused\n"));
}

fn words(policy: Option<WaitPolicy>) -> String {
    match policy {
        None => "at once".into(),
        Some(p) => format!(
            "typically {} s, looked at every {} s, given up after {} min",
            p.typical.as_secs(),
            p.every.as_secs(),
            p.deadline.as_secs() / 60
        ),
    }
}

fn one_type(name: &str, printer: &mut Printer) -> Result<(), Vec<Diagnostic>> {
    let published = schema::published();
    let kinds =
        || registry::TYPES.iter().map(|ty| ty.facts().kind).chain(published.iter().map(String::as_str));
    // `RDS::DBInstance` is `AWS::RDS::DBInstance`; `DBInstance` too, where only one service has a type of that name.
    let full = |kind: &&str| {
        kind.eq_ignore_ascii_case(name) || kind.get(5..).is_some_and(|k| k.eq_ignore_ascii_case(name))
    };
    let last = |kind: &&str| kind.rsplit("::").next().is_some_and(|last| last.eq_ignore_ascii_case(name));
    let only = || {
        let found: std::collections::BTreeSet<&str> = kinds().filter(last).collect();
        (found.len() == 1).then(|| found.into_iter().next()).flatten()
    };
    let name = kinds().find(full).or_else(only).unwrap_or(name);
    let name = stands_for(name).unwrap_or(name);
    let Some(ty) = registry::find(name) else {
        if let Support::Refused(why) = support(name) {
            let diagnostic =
                Diagnostic::error("M2031", Class::Usage, format!("`{name}` cannot be deployed: {why}"));
            return Err(one(diagnostic.help("`migrate types --all` lists what can be deployed and how")));
        }
        let near = suggest(name, kinds());
        let diagnostic = Diagnostic::error("M0007", Class::Usage, format!("`{name}` is not supported"));
        return Err(one(match near {
            Some(near) => diagnostic.help(format!("did you mean {near}? `migrate types` lists all")),
            None => diagnostic.help(
                "`migrate types` lists all types, `migrate types ecs` those of a service; a type is written \
                 AWS::SERVICE::TYPE",
            ),
        }));
    };
    let facts = ty.facts();
    let share = share(ty);
    let schema = schema::of(facts.kind);
    let attributes: Vec<String> =
        schema.map(|s| s.read_only().map(|path| path.replace('/', ".")).collect()).unwrap_or_default();
    let create_only: Vec<&str> = schema.map(|s| s.create_only().collect()).unwrap_or_default();
    if printer.is_json() {
        printer.json(&json!({
            "format": 1, "type": facts.kind, "service": facts.service, "deployed": way(support(facts.kind)).0,
            "import_id": import_id(ty),
            "implemented": share.implemented, "refused": share.names(), "refused_because": share.reasons(),
            "attributes": attributes,
            "create_only": create_only, "usable_when_created": facts.early, "iam_actions": facts.iam,
            "usable_when_addressable": facts.addressable.map(|stage| json!({
                "attributes": stage.attributes, "typical_s": stage.typical.as_secs(),
            })),
            "waits_for_attributes": facts.asks.iter().map(|(property, attributes)| {
                ((*property).to_owned(), json!(attributes))
            }).collect::<serde_json::Map<_, _>>(),
            "deleted_after_acceptance": facts.frees_early,
            "name_property": facts.name.map(|n| n.property), "stateful": facts.stateful,
            "ready": facts.ready.map(|p| json!({"typical_s": p.typical.as_secs(), "deadline_s": p.deadline.as_secs()})),
            "gone": facts.gone.map(|p| json!({"typical_s": p.typical.as_secs(), "deadline_s": p.deadline.as_secs()})),
        }));
        return Ok(());
    }
    let list = |items: &[String]| if items.is_empty() { "-".to_owned() } else { items.join(", ") };
    let own = |items: &[&str]| items.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    let refusals: Vec<String> = share
        .refused
        .iter()
        .map(|refusal| match refusal.why {
            Some(why) => format!("{} ({why})", refusal.path),
            None => refusal.path.clone(),
        })
        .collect();
    let deployed = match support(facts.kind) {
        Support::Native => "by a handler of its own",
        _ => "through Cloud Control: slower, and errors are told by the type's handler at AWS",
    };
    let mut rows = vec![
        ("deployed", deployed.to_owned()),
        ("implemented", list(&own(&share.implemented))),
        ("refused by name", list(&refusals)),
        ("attributes", list(&attributes)),
        ("needs a new object", list(&own(&create_only))),
        ("usable once created", list(&own(facts.early))),
        (
            "before it is ready",
            facts.addressable.map_or_else(
                || "-".into(),
                |stage| {
                    format!("{}, typically after {} s", stage.attributes.join(", "), stage.typical.as_secs())
                },
            ),
        ),
        (
            "waits for",
            list(
                &facts
                    .asks
                    .iter()
                    .map(|(property, attributes)| {
                        format!("{} of what {property} names", attributes.join(", "))
                    })
                    .collect::<Vec<_>>(),
            ),
        ),
        ("ready", words(facts.ready)),
        ("gone", words(facts.gone)),
        ("found again by", format!("{:?}", facts.identity).to_lowercase()),
        (
            "data",
            facts.stateful.map_or_else(|| "stateless".into(), |what| format!("deleting it loses {what}")),
        ),
        ("IAM actions", list(&own(facts.iam))),
        ("imported by", format!("{}: `migrate import STACK/ID {}`", import_id(ty), "PHYSICAL_ID")),
    ];
    if let Some(rule) = facts.name {
        rows.insert(
            3,
            ("name", format!("{} (made up if left out, at most {} characters)", rule.property, rule.max)),
        );
    }
    printer.out(&format!("{}\n\n", facts.kind));
    for (label, text) in rows {
        printer.out(&crate::ui::paragraph(label, &text, printer.width()));
    }
    Ok(())
}
