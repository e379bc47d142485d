//! Documents that are the value of one property, as an object or as JSON in a text: which they are, and a
//! small language to say what belongs into them.

mod dashboard;
mod policy;
mod replication;

use crate::{
    error::{Class, Diagnostic, suggest},
    model::{
        Document, Span,
        item::{Item, Kind, Member},
    },
    resources::registry,
    syntax,
};

/// Checks the documents of one resource.
pub(super) fn check(kind: &str, properties: &Item) -> Vec<Diagnostic> {
    let mut found = Findings::default();
    let documents = registry::find(kind).map(|ty| ty.facts().documents).unwrap_or_default();
    for (path, form) in documents {
        let mut items = vec![(String::new(), properties)];
        for step in path.split('/') {
            items = items.into_iter().flat_map(|(path, item)| below(&path, item, step)).collect();
        }
        for (path, item) in items {
            found.path = path;
            let read = syntax::document(item);
            let document = match &read {
                // An object that is meant to be a policy, or a text that is none.
                None => item,
                Some(Ok(document)) => document,
                Some(Err((span, message))) => {
                    found.error("M2016", span, format!("the text is not JSON: {message}"));
                    continue;
                }
            };
            match form {
                Document::Json => {}
                Document::IdentityPolicy => policy::check(document, policy::PolicyKind::Identity, &mut found),
                Document::ManagedPolicy => policy::check_managed(document, &mut found),
                Document::TrustPolicy => policy::check(document, policy::PolicyKind::Trust, &mut found),
                Document::ResourcePolicy => policy::check(document, policy::PolicyKind::Resource, &mut found),
                Document::TaskSettings => replication::settings(document, &mut found),
                Document::TableMappings => replication::mappings(document, &mut found),
                Document::Dashboard => dashboard::check(document, &mut found),
            }
        }
    }
    found.list
}

fn below<'i>(path: &str, item: &'i Item, step: &str) -> Vec<(String, &'i Item)> {
    let name = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    match &item.kind {
        Kind::List(items) if step == "*" => {
            items.iter().enumerate().map(|(at, item)| (name(&at.to_string()), item)).collect()
        }
        _ => item.get(step).map(|member| (name(step), &member.value)).into_iter().collect(),
    }
}

/// What is wrong with a document.
#[derive(Default)]
struct Findings {
    /// The property that holds it.
    path: String,
    list: Vec<Diagnostic>,
}

impl Findings {
    fn error(&mut self, code: &'static str, span: &Span, message: impl std::fmt::Display) -> &mut Diagnostic {
        let message = format!("{}: {message}", self.path);
        self.add(Diagnostic::error(code, Class::Plan, message), span)
    }

    fn warning(
        &mut self,
        code: &'static str,
        span: &Span,
        message: impl std::fmt::Display,
    ) -> &mut Diagnostic {
        let message = format!("{}: {message}", self.path);
        self.add(Diagnostic::warning(code, Class::Plan, message), span)
    }

    fn add(&mut self, diagnostic: Diagnostic, span: &Span) -> &mut Diagnostic {
        self.list.push(diagnostic.span(Some(span.clone())));
        let last = self.list.len() - 1;
        &mut self.list[last]
    }
}

/// What a value must be.
enum Want {
    Any,
    Text,
    Truth,
    /// A whole number between the two.
    Whole(i64, i64),
    OneOf(&'static [&'static str]),
    List(&'static Want),
    Object(&'static [Field]),
}

/// A member of an object.
struct Field {
    name: &'static str,
    want: Want,
    required: bool,
}

const fn field(name: &'static str, want: Want) -> Field {
    Field { name, want, required: false }
}

const fn needed(name: &'static str, want: Want) -> Field {
    Field { name, want, required: true }
}

/// What becomes of members that a document does not have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unknown {
    /// AWS refuses them.
    Refused,
    /// AWS takes them without a word, and they have no effect.
    Ignored,
}

/// Checks a value.
fn fits(item: &Item, want: &Want, what: &str, others: Unknown, found: &mut Findings) {
    let wrong = |words: String, found: &mut Findings| {
        let shown = match &item.kind {
            Kind::Scalar(scalar) if scalar.text.len() <= 60 => format!("`{}`", scalar.text),
            _ => item.describe().to_owned(),
        };
        found.error("M2103", &item.span, format!("{what} must be {words}, not {shown}"));
    };
    match (&item.kind, want) {
        (Kind::Deferred(_) | Kind::Poison | Kind::NoValue, _) | (_, Want::Any) => {}
        // Task settings come back from DMS with null for what is not set.
        (Kind::Null, _) => {}
        (Kind::Scalar(_), Want::Text) => {}
        (Kind::Scalar(scalar), Want::Truth) => {
            if !scalar.text.eq_ignore_ascii_case("true") && !scalar.text.eq_ignore_ascii_case("false") {
                wrong("true or false".into(), found);
            }
        }
        (Kind::Scalar(scalar), Want::Whole(min, max)) => match scalar.text.trim().parse::<i64>() {
            Ok(number) if (*min..=*max).contains(&number) => {}
            _ if *max == i64::MAX => wrong(format!("a whole number, at least {min}"), found),
            _ => wrong(format!("a whole number from {min} to {max}"), found),
        },
        (Kind::Scalar(scalar), Want::OneOf(allowed)) => {
            if !allowed.contains(&scalar.text.as_str()) {
                let help = suggest(&scalar.text, allowed.iter().copied());
                let error =
                    found.error("M2103", &item.span, format!("`{}` is no value of {what}", scalar.text));
                error.help = Some(match help {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it is one of {}", allowed.join(", ")),
                });
            }
        }
        (Kind::List(items), Want::List(inner)) => {
            items.iter().for_each(|item| fits(item, inner, &format!("an item of {what}"), others, found));
        }
        (Kind::Map(members), Want::Object(fields)) => {
            for member in members {
                match fields.iter().find(|field| field.name == member.key) {
                    Some(field) => fits(&member.value, &field.want, field.name, others, found),
                    None => unknown(member, what, fields.iter().map(|field| field.name), others, found),
                }
            }
            let names = || fields.iter().map(|field| field.name);
            // A member that is only misspelt is not missing as well.
            let meant: Vec<&str> = members
                .iter()
                .filter(|member| others == Unknown::Refused && !names().any(|name| name == member.key))
                .filter_map(|member| suggest(&member.key, names()))
                .collect();
            for field in fields.iter().filter(|field| field.required) {
                if item.get(field.name).is_none() && !meant.contains(&field.name) {
                    found.error("M2102", &item.span, format!("{what} has no `{}`", field.name));
                }
            }
        }
        (_, Want::Text) => wrong("a text".into(), found),
        (_, Want::Truth) => wrong("true or false".into(), found),
        (_, Want::Whole(..)) => wrong("a whole number".into(), found),
        (_, Want::OneOf(allowed)) => wrong(format!("one of {}", allowed.join(", ")), found),
        (_, Want::List(_)) => wrong("a list".into(), found),
        (_, Want::Object(_)) => wrong("an object".into(), found),
    }
}

/// A member that a document does not have.
fn unknown<'n>(
    member: &Member,
    what: &str,
    names: impl Iterator<Item = &'n str> + Clone,
    others: Unknown,
    found: &mut Findings,
) {
    let near = suggest(&member.key, names.clone()).map(|near| format!("did you mean `{near}`?"));
    let all: Vec<&str> = names.collect();
    let message = format!("{what} has no member `{}`", member.key);
    let finding = match others {
        Unknown::Refused => found.error("M2101", &member.key_span, message),
        Unknown::Ignored => found.warning("M2111", &member.key_span, message),
    };
    finding.help = near.or_else(|| (all.len() <= 12).then(|| format!("its members: {}", all.join(", "))));
}

/// The known text of a member.
fn text_of<'i>(item: &'i Item, key: &str) -> Option<(&'i str, &'i Span)> {
    let value = &item.get(key)?.value;
    match &value.kind {
        Kind::Scalar(scalar) => Some((scalar.text.as_str(), &value.span)),
        _ => None,
    }
}
