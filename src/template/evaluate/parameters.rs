//! The `Parameters` section: declarations, values, constraints.

use std::collections::{BTreeMap, HashMap};

use fancy_regex::Regex;

use super::{environment::Environment, pattern};
use crate::{
    error::{Problems, hint},
    model::Span,
    syntax::{Entry, Tree},
    template::options::{Nested, StackSource},
};

const KEYS: &[&str] = &[
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];

/// Types whose values are texts of a known beginning; as in CloudFormation they are looked up in the account.
pub(super) const AWS_TYPES: &[(&str, &str)] = &[
    ("AWS::EC2::AvailabilityZone::Name", ""),
    ("AWS::EC2::Image::Id", "ami-"),
    ("AWS::EC2::Instance::Id", "i-"),
    ("AWS::EC2::KeyPair::KeyName", ""),
    ("AWS::EC2::SecurityGroup::GroupName", ""),
    ("AWS::EC2::SecurityGroup::Id", "sg-"),
    ("AWS::EC2::Subnet::Id", "subnet-"),
    ("AWS::EC2::VPC::Id", "vpc-"),
    ("AWS::EC2::Volume::Id", "vol-"),
    ("AWS::Route53::HostedZone::Id", ""),
    ("AWS::SSM::Parameter::Name", ""),
];

/// A parameter with its value.
#[derive(Clone, PartialEq)]
pub(super) struct Parameter {
    pub value: Given,
    /// Its value must not be shown.
    pub no_echo: bool,
    /// What stands for the value of a `NoEcho` parameter.
    pub placeholder: String,
    /// The type of AWS thing that its values name.
    pub names: Option<&'static str>,
    /// Where the value was written.
    pub given_at: Option<Span>,
}

impl Parameter {
    fn new(value: Given) -> Self {
        Self { value, no_echo: false, placeholder: String::new(), names: None, given_at: None }
    }

    /// The values, as far as they are known.
    pub(super) fn values(&self) -> &[String] {
        match &self.value {
            Given::Text(text) => std::slice::from_ref(text),
            Given::List(items) => items,
            Given::Ssm(_) | Given::SsmList(_) | Given::Passed { .. } | Given::Missing => &[],
        }
    }
}

/// A parameter's value.
#[derive(Clone, PartialEq)]
pub(super) enum Given {
    /// A text or a number.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// The name of an SSM parameter whose value is read when it is needed.
    Ssm(String),
    /// The name of an SSM parameter that holds a list, where nobody can be asked for it.
    SsmList(String),
    /// What the template around this one passes and only resources tell.
    Passed {
        /// It is a list, passed as one text.
        list: bool,
    },
    /// There is none, which has been reported.
    Missing,
}

#[derive(Clone, Copy, PartialEq)]
enum Base {
    String,
    Number,
    /// A type of AWS thing: its name, and how its ids begin.
    Aws(&'static str, &'static str),
}

#[derive(Clone, Copy, PartialEq)]
struct Type {
    base: Base,
    list: bool,
    ssm: bool,
}

impl Type {
    /// The type of AWS thing that values of this type name.
    fn names(self) -> Option<&'static str> {
        match self.base {
            Base::Aws(name, _) => Some(name),
            Base::String | Base::Number => None,
        }
    }

    /// Why a value is none of this type.
    fn violated(self, value: &str) -> Option<String> {
        match self.base {
            Base::Number if !value.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
                Some("is no number".to_owned())
            }
            Base::Aws(..) if value.is_empty() => Some("is empty".to_owned()),
            Base::Aws(_, prefix) if !value.starts_with(prefix) => {
                Some(format!("does not start with `{prefix}`"))
            }
            // The one type of names has no beginning but an alphabet.
            Base::Aws(_, "") if !value.bytes().all(|b| b.is_ascii_graphic() || b == b' ') => {
                Some("holds characters that no such name has".to_owned())
            }
            _ => None,
        }
    }
}

fn parse_type(name: &str) -> Option<Type> {
    if let Some(inner) =
        name.strip_prefix("AWS::SSM::Parameter::Value<").and_then(|rest| rest.strip_suffix('>'))
    {
        let inner = parse_type(inner).filter(|inner| !inner.ssm)?;
        return Some(Type { ssm: true, ..inner });
    }
    let aws = |name: &str| {
        AWS_TYPES.iter().find(|(known, _)| *known == name).map(|(name, prefix)| Base::Aws(name, prefix))
    };
    let (base, list) = match name {
        "String" => (Base::String, false),
        "Number" => (Base::Number, false),
        "CommaDelimitedList" | "List<String>" => (Base::String, true),
        "List<Number>" => (Base::Number, true),
        other => match other.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')) {
            Some(inner) => (aws(inner)?, true),
            None => (aws(other)?, false),
        },
    };
    Some(Type { base, list, ssm: false })
}

/// Reads the section and settles every value. Values of `NoEcho` parameters go to `secrets`.
pub(super) fn resolve<'t>(
    entries: &'t [Entry],
    stack: &StackSource,
    nested: Option<&Nested>,
    env: &Environment,
    secrets: &mut BTreeMap<String, String>,
    problems: &mut Problems,
) -> HashMap<&'t str, Parameter> {
    entries
        .iter()
        .map(|entry| (entry.key.as_str(), parameter(entry, (stack, nested), env, secrets, problems)))
        .collect()
}

/// Names of SSM parameters whose values the stack's parameters are.
pub(super) fn kept_in_ssm<'p>(
    parameters: impl Iterator<Item = &'p Parameter>,
) -> impl Iterator<Item = String> {
    parameters.filter_map(|parameter| match &parameter.value {
        Given::Ssm(name) | Given::SsmList(name) => Some(name.clone()),
        _ => None,
    })
}

fn parameter(
    entry: &Entry,
    (stack, nested): (&StackSource, Option<&Nested>),
    env: &Environment,
    secrets: &mut BTreeMap<String, String>,
    problems: &mut Problems,
) -> Parameter {
    let name = entry.key.as_str();
    let missing = Parameter { no_echo: true, ..Parameter::new(Given::Missing) };
    let Some(members) = entry.value.as_map() else {
        let message = format!("the parameter `{name}` must be an object, not {}", entry.value.describe());
        problems.error("M1030", Some(&entry.value.span), message);
        return missing;
    };
    for member in members.iter().filter(|member| !KEYS.contains(&member.key.as_str())) {
        let help = hint(&member.key, "it takes", KEYS.iter().copied());
        let message = format!("`{}` is no attribute of a parameter", member.key);
        problems.error("M1030", Some(&member.key_span), message).maybe_help(help);
    }
    let Some(kind) = declared_type(entry, problems) else { return missing };
    let no_echo =
        entry.value.get("NoEcho").and_then(Tree::as_text).is_some_and(|t| t.eq_ignore_ascii_case("true"));
    let no_echo = no_echo || nested.is_some_and(|nested| nested.hidden.contains(name));
    let before = problems.len();
    let rules = Rules::read(entry, no_echo, problems);
    if nested.is_some_and(|nested| nested.waits.contains(name)) {
        return Parameter::new(Given::Passed { list: kind.list });
    }
    let (text, span) = match (stack.parameters.get(name), entry.value.get("Default")) {
        (Some(given), _) => (given.text.clone(), given.span.as_ref()),
        (None, Some(default)) => match default.as_text() {
            Some(text) => (text.to_owned(), Some(&default.span)),
            None => {
                let message = format!("a default is a text without functions, not {}", default.describe());
                let help = default.as_list().map(|_| "write a list as one text with commas".to_owned());
                problems.error("M1030", Some(&default.span), message).maybe_help(help);
                return missing;
            }
        },
        (None, None) => {
            let stack = &stack.name;
            problems
                .error(
                    "M1031",
                    Some(&entry.key_span),
                    format!("the parameter `{name}` of stack `{stack}` has no value"),
                )
                .help(match nested {
                    Some(nested) => format!("pass it in the `Parameters` of `{}`", nested.resource),
                    None => format!("give one: --set {stack}.{name}=..., or `parameters:` in the manifest"),
                });
            return missing;
        }
    };
    if text.len() > MAX_BYTES {
        let message = format!(
            "the parameter `{name}` of stack `{}`: its value has {} bytes; CloudFormation takes at most {MAX_BYTES}",
            stack.name,
            text.len()
        );
        problems
            .error("M1032", Some(span.unwrap_or(&entry.key_span)), message)
            .help("put large texts into the template, a file that is uploaded, or a parameter of SSM");
        return missing;
    }
    if kind.ssm {
        return ssm(entry, kind, &text, span, (stack, env), problems);
    }
    let items: Vec<&str> = match (kind.list, text.is_empty()) {
        (true, true) => Vec::new(),
        (true, false) => text.split(',').map(str::trim).collect(),
        (false, _) => vec![&text],
    };
    let place = span.unwrap_or(&entry.key_span);
    let judged = !stack.made_up.contains(name);
    for item in items.iter().filter(|_| judged) {
        if let Some(reason) = rules.violated(kind, item) {
            let shown = if no_echo { "its value".to_owned() } else { format!("`{item}`") };
            problems
                .error(
                    "M1032",
                    Some(place),
                    format!("the parameter `{name}` of stack `{}`: {shown} {reason}", stack.name),
                )
                .maybe_help(rules.description.clone());
        }
    }
    if problems.len() > before {
        return missing;
    }
    let mut placeholder = String::new();
    if no_echo {
        placeholder = secret(name, stack, &text, secrets);
    }
    let value = if kind.list {
        Given::List(items.into_iter().map(str::to_owned).collect())
    } else {
        Given::Text(text.trim_end_matches(if kind.base == Base::Number { ' ' } else { '\0' }).to_owned())
    };
    let names = kind.names();
    Parameter { value, no_echo, placeholder, names, given_at: Some(place.clone()) }
}

fn declared_type(entry: &Entry, problems: &mut Problems) -> Option<Type> {
    let name = entry.key.as_str();
    let Some(tree) = entry.value.get("Type") else {
        problems
            .error("M1030", Some(&entry.key_span), format!("the parameter `{name}` has no `Type`"))
            .help("most are `Type: String`");
        return None;
    };
    let kind = tree.as_text().and_then(parse_type);
    if kind.is_none() {
        let known = AWS_TYPES.iter().map(|(name, _)| *name);
        let known = known.chain(["String", "Number", "List<Number>", "CommaDelimitedList"]);
        let shown = tree.as_text().unwrap_or("this");
        problems
            .error("M1033", Some(&tree.span), format!("`{shown}` is no type of a parameter"))
            .maybe_help(hint(shown, "types", known));
    }
    kind
}

/// A parameter whose given value is the name of an SSM parameter. As in CloudFormation the value is read once,
/// before anything else; a single value that is not there yet is looked for again when it is used, since another
/// stack of the plan may make it.
fn ssm(
    entry: &Entry,
    kind: Type,
    name: &str,
    span: Option<&Span>,
    (stack, env): (&StackSource, &Environment),
    problems: &mut Problems,
) -> Parameter {
    let place = span.unwrap_or(&entry.key_span);
    let name = name.trim();
    let given_at = Some(place.clone());
    let done = |value| Parameter { names: kind.names(), given_at: given_at.clone(), ..Parameter::new(value) };
    if !is_ssm_name(name) {
        let message = format!("the parameter `{}`: `{name}` is no name of an SSM parameter", entry.key);
        problems.error("M1032", Some(place), message);
        return done(Given::Missing);
    }
    let known = env.parameters.get(&stack.region).and_then(|known| known.get(name));
    let Some(text) = known else {
        if kind.list && !env.offline {
            let message =
                format!("the parameter `{}`: SSM has no parameter `{name}` in {}", entry.key, stack.region);
            problems.error("M1104", Some(place), message).help("make it first, or name another");
            return done(Given::Missing);
        }
        let name = name.to_owned();
        return done(if kind.list { Given::SsmList(name) } else { Given::Ssm(name) });
    };
    let items: Vec<String> = match (kind.list, text.is_empty()) {
        (true, true) => Vec::new(),
        (true, false) => text.split(',').map(|item| item.trim().to_owned()).collect(),
        (false, _) => vec![text.clone()],
    };
    for item in &items {
        if let Some(reason) = kind.violated(item) {
            let message =
                format!("the parameter `{}`: `{item}`, kept in SSM as `{name}`, {reason}", entry.key);
            problems.error("M1032", Some(place), message);
            return done(Given::Missing);
        }
    }
    done(if kind.list { Given::List(items) } else { Given::Text(text.clone()) })
}

fn is_ssm_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 2048
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b':'))
}

/// Keeps the value apart and returns the text that stands for it.
fn secret(name: &str, stack: &StackSource, value: &str, secrets: &mut BTreeMap<String, String>) -> String {
    // A number for now: when all is evaluated, a digest by a key takes its place (`template::conceal`). Two stacks may
    // have a parameter of that name with two values.
    let name = match secrets.iter().any(|(known, other)| other != value && known.starts_with(&named(name))) {
        true => format!("{}.{name}", stack.name),
        false => name.to_owned(),
    };
    let known = secrets.iter().find(|(known, other)| *other == value && known.starts_with(&named(&name)));
    if let Some((known, _)) = known {
        return known.clone();
    }
    let placeholder = format!("{}{:04x}}}}}", named(&name), secrets.len());
    secrets.insert(placeholder.clone(), value.to_owned());
    placeholder
}

fn named(parameter: &str) -> String {
    format!("{{{{resolve:parameter:{parameter}:")
}

/// Longest value of a parameter, in bytes: "Parameter values … 4,096 bytes",
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>.
const MAX_BYTES: usize = 4_096;

/// A parameter's constraints.
struct Rules {
    allowed: Option<Vec<String>>,
    pattern: Option<(String, Regex)>,
    length: (Option<usize>, Option<usize>),
    range: (Option<f64>, Option<f64>),
    description: Option<String>,
    /// The parameter is a secret, and so are its allowed values.
    hidden: bool,
}

impl Rules {
    fn read(entry: &Entry, no_echo: bool, problems: &mut Problems) -> Self {
        let tree = &entry.value;
        let number = |key: &str, problems: &mut Problems| -> Option<f64> {
            let tree = tree.get(key)?;
            let parsed =
                tree.as_text().and_then(|text| text.trim().parse::<f64>().ok()).filter(|n| n.is_finite());
            if parsed.is_none() {
                problems.error(
                    "M1030",
                    Some(&tree.span),
                    format!("`{key}` is a number, not {}", tree.describe()),
                );
            }
            parsed
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "lengths are small and clamped"
        )]
        let whole = |n: f64| n.max(0.0) as usize;
        let length = (number("MinLength", problems).map(whole), number("MaxLength", problems).map(whole));
        let range = (number("MinValue", problems), number("MaxValue", problems));
        let allowed = tree.get("AllowedValues").and_then(|tree| {
            let values: Option<Vec<String>> = tree
                .as_list()
                .and_then(|items| items.iter().map(|i| i.as_text().map(str::to_owned)).collect());
            if values.is_none() {
                problems.error("M1030", Some(&tree.span), "`AllowedValues` is a list of texts");
            }
            values
        });
        let pattern = tree.get("AllowedPattern").and_then(|tree| {
            let text = tree.as_text().unwrap_or_default();
            match pattern::compiled(text) {
                Ok(regex) => Some((text.to_owned(), regex)),
                Err(why) => {
                    let why = why.lines().last().unwrap_or_default().trim().to_owned();
                    problems.error(
                        "M1030",
                        Some(&tree.span),
                        format!("`{text}` is no regular expression of Java's dialect: {why}"),
                    );
                    None
                }
            }
        });
        let description = tree.get("ConstraintDescription").and_then(Tree::as_text).map(str::to_owned);
        let description = description.or_else(|| {
            (!no_echo).then(|| tree.get("Description").and_then(Tree::as_text).map(str::to_owned)).flatten()
        });
        Self { allowed, pattern, length, range, description, hidden: no_echo }
    }

    /// Why the value is not allowed; the reason never holds the value.
    fn violated(&self, kind: Type, value: &str) -> Option<String> {
        let number = value.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        if let Some(reason) = kind.violated(value) {
            return Some(reason);
        }
        if let Some(allowed) = &self.allowed {
            let same = |other: &String| {
                other == value || (kind.base == Base::Number && other.trim().parse::<f64>().ok() == number)
            };
            if !allowed.iter().any(same) {
                let allowed = if self.hidden { "the allowed values".to_owned() } else { allowed.join(", ") };
                return Some(format!("is not one of {allowed}"));
            }
        }
        if kind.base != Base::Number {
            let length = value.chars().count();
            if let (Some(min), _) = self.length
                && length < min
            {
                return Some(format!("is shorter than {min}"));
            }
            if let (_, Some(max)) = self.length
                && length > max
            {
                return Some(format!("is longer than {max}"));
            }
            if let Some((pattern, regex)) = &self.pattern {
                match regex.is_match(value) {
                    Ok(true) => {}
                    Ok(false) => return Some(format!("does not match {pattern}")),
                    // What could not be checked is not allowed.
                    Err(_) => {
                        return Some(format!(
                            "cannot be checked against {pattern}: that takes too many steps"
                        ));
                    }
                }
            }
        } else if let Some(number) = number {
            if let (Some(min), _) = self.range
                && number < min
            {
                return Some(format!("is less than {min}"));
            }
            if let (_, Some(max)) = self.range
                && number > max
            {
                return Some(format!("is more than {max}"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_as_java_reads_them() {
        let fits = |pattern: &str, text: &str| pattern::compiled(pattern).unwrap().is_match(text).unwrap();
        let address = r"^[\w-\+]+(\.[\w]+)*@[\w-]+$";
        assert!(fits(address, "a-b+c@example-1") && !fits(address, "a b@example"));
        assert!(fits(r"[\w-]+", "a-b") && !fits("[a-z]+", "a-b"));
    }

    #[test]
    fn types_are_told_apart() {
        for name in [
            "String",
            "Number",
            "CommaDelimitedList",
            "List<Number>",
            "List<AWS::EC2::Subnet::Id>",
            "AWS::EC2::VPC::Id",
            "AWS::SSM::Parameter::Value<String>",
            "AWS::SSM::Parameter::Value<List<String>>",
            "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
            "AWS::SSM::Parameter::Name",
        ] {
            assert!(parse_type(name).is_some(), "{name}");
        }
        for name in [
            "string",
            "List<>",
            "AWS::EC2::Vpc::Id",
            "AWS::SSM::Parameter::Value<AWS::SSM::Parameter::Value<String>>",
            "",
        ] {
            assert!(parse_type(name).is_none(), "{name}");
        }
    }
}
