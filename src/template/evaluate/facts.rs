//! Facts of the account: whether what parameters name exists, and what rules ask with `Fn::RefAll`, `Fn::ValueOf`
//! and `Fn::ValueOfAll`.

use super::{
    environment::{Environment, ZONE},
    extend::{extend, is_extended},
    names::intrinsic,
    parameters::{AWS_TYPES, Parameter},
    plan::{Eval, Plan},
};
use crate::{
    aws::objects::{Asked, LOOKED_UP, Wanted},
    error::hint,
    model::{Span, item::Item},
    syntax::{Entry, Node, Tree},
    template::options::Loaded,
};

/// Attributes of objects that rules may ask for, beside `Tags.` and a key.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("AWS::EC2::SecurityGroup::Id", &[]),
    ("AWS::EC2::Subnet::Id", &["AvailabilityZone", "VpcId"]),
    ("AWS::EC2::VPC::Id", &["DefaultNetworkAcl", "DefaultSecurityGroup"]),
];

/// A function that asks the account.
fn asks(entry: &Entry) -> bool {
    matches!(entry.key.as_str(), "Fn::RefAll" | "Fn::ValueOf" | "Fn::ValueOfAll")
}

/// What [`evaluate`](super::evaluate) will want in [`Environment::objects`]. `env` must hold the SSM parameters
/// already, since their values may be names of objects.
#[must_use]
pub fn account_facts(loaded: &Loaded, env: &Environment) -> Wanted {
    // Only nested stacks are passed what resources say, and only the transform changes what is written.
    let flat = loaded.nested.is_empty() && !loaded.stacks.iter().any(|source| is_extended(&source.template));
    let extended = if flat { loaded.without_resources() } else { extend(loaded, env).loaded };
    let plan = Plan::new(&extended, env);
    let mut wanted = Wanted::new();
    for scope in &plan.scopes {
        let types = wanted.entry(scope.source.region.clone()).or_default();
        for parameter in scope.parameters.values() {
            if let Some(kind) = parameter.names.filter(|kind| LOOKED_UP.contains(kind)) {
                let names = parameter.values().iter().cloned();
                types.entry(kind.to_owned()).or_default().names.extend(names);
            }
        }
        for rule in scope.outline.rules {
            visit(&rule.value, &mut |entry| {
                let (of, attribute) = parts(&entry.value);
                let kind = match entry.key.as_str() {
                    "Fn::ValueOf" => scope.parameters.get(of).and_then(|parameter| parameter.names),
                    _ => LOOKED_UP.iter().find(|kind| **kind == of).copied(),
                };
                if let Some(kind) = kind {
                    let asked = types.entry(kind.to_owned()).or_default();
                    asked.all |= entry.key != "Fn::ValueOf";
                    asked.default_acl |= attribute == Some("DefaultNetworkAcl");
                    asked.default_group |= attribute == Some("DefaultSecurityGroup");
                }
            });
        }
        types.retain(|_, asked| *asked != Asked::default());
    }
    wanted.retain(|_, types| !types.is_empty());
    wanted
}

/// The function's first argument and its attribute.
fn parts(argument: &Tree) -> (&str, Option<&str>) {
    match argument.as_list() {
        Some([of, attribute, ..]) => (of.as_name().unwrap_or_default(), attribute.as_name()),
        _ => (argument.as_text().unwrap_or_default(), None),
    }
}

/// Every function inside that asks the account.
fn visit<'t>(tree: &'t Tree, found: &mut impl FnMut(&'t Entry)) {
    match &tree.value {
        Node::Null | Node::Scalar(_) => {}
        Node::List(items) => items.iter().for_each(|item| visit(item, found)),
        Node::Map(entries) => {
            if let Some(entry) = intrinsic(entries).filter(|entry| asks(entry)) {
                found(entry);
            }
            entries.iter().for_each(|entry| visit(&entry.value, found));
        }
    }
}

impl<'p> Eval<'_, 'p> {
    /// Whether the stack's parameters or rules compare with the region's zones.
    pub(super) fn needs_zones(&self) -> bool {
        let mut needed = self.scope.parameters.values().any(|parameter| parameter.names == Some(ZONE));
        for rule in self.scope.outline.rules {
            visit(&rule.value, &mut |entry| needed |= parts(&entry.value).0 == ZONE);
        }
        needed
    }

    /// Refuses parameters that name what the account does not have.
    pub(super) fn check_named_objects(&self) {
        for declared in self.scope.outline.parameters {
            let Some(parameter) = self.scope.parameters.get(declared.key.as_str()) else { continue };
            let Some(kind) = parameter.names else { continue };
            let region = &self.scope.source.region;
            for value in parameter.values() {
                if self.plan.env.holds(region, kind, value) == Some(false) {
                    let (name, stack, what) = (&declared.key, &self.scope.source.name, words(kind));
                    let missing = match parameter.no_echo {
                        true => format!("such {what}"),
                        false => format!("{what} `{value}`"),
                    };
                    let message =
                        format!("the parameter `{name}` of stack `{stack}`: {region} has no {missing}");
                    let place = parameter.given_at.as_ref().unwrap_or(&declared.key_span);
                    let help = match self.plan.env.names(region, kind) {
                        // Only of zones all are known; of other things, those that somebody asked for.
                        Some(zones) if kind == ZONE && !parameter.no_echo => hint(value, "it has", zones),
                        _ => {
                            let account = &self.plan.env.account;
                            Some(format!("are {region} and account {account} the right ones?"))
                        }
                    };
                    self.error("M1108", place, message, help);
                }
            }
        }
    }

    /// Whether a function inside asks what nobody has looked up.
    pub(super) fn unanswered(&self, tree: &'p Tree) -> bool {
        let mut open = false;
        visit(tree, &mut |entry| {
            let (of, _) = parts(&entry.value);
            let kind = match entry.key.as_str() {
                "Fn::ValueOf" => self.scope.parameters.get(of).and_then(|parameter| parameter.names),
                _ => AWS_TYPES.iter().map(|(kind, _)| *kind).find(|kind| *kind == of),
            };
            // What is no such type or parameter is told when it is evaluated.
            open |= kind.is_some_and(|kind| self.plan.env.names(&self.scope.source.region, kind).is_none());
        });
        open
    }

    /// `Fn::RefAll`: all values that a parameter of that type could have.
    pub(super) fn ref_all(&self, argument: &'p Tree, span: &Span) -> Item {
        let Some(kind) = self.kind(argument) else { return Item::poison(span) };
        let names = self.plan.env.names(&self.scope.source.region, kind).unwrap_or_default();
        Item::texts(names.into_iter().map(str::to_owned), span)
    }

    /// `Fn::ValueOf`: an attribute of what a parameter names; a list of them for a list.
    pub(super) fn value_of(&self, argument: &'p Tree, span: &Span) -> Item {
        let Some([of, attribute]) = argument.as_list() else { return Item::poison(span) };
        let name = of.as_name().unwrap_or_default();
        let Some(parameter) = self.scope.parameters.get(name) else { return Item::poison(span) };
        let Some(kind) = parameter.names else {
            let message =
                format!("Fn::ValueOf takes a parameter that names something of AWS, `{name}` does not");
            self.error("M1041", &of.span, message, Some("give it a type such as AWS::EC2::VPC::Id".into()));
            return Item::poison(span);
        };
        let Some(attribute) = self.attribute_name(kind, attribute) else { return Item::poison(span) };
        let mut values = parameter.values().iter().map(|id| self.fact(kind, id, attribute));
        if is_list(parameter) {
            return Item::texts(values, span);
        }
        values.next().map_or_else(|| Item::poison(span), |value| Item::text(value, span))
    }

    /// `Fn::ValueOfAll`: an attribute of everything that a parameter of that type could name.
    pub(super) fn value_of_all(&self, argument: &'p Tree, span: &Span) -> Item {
        let Some([of, attribute]) = argument.as_list() else { return Item::poison(span) };
        let Some(kind) = self.kind(of) else { return Item::poison(span) };
        let Some(attribute) = self.attribute_name(kind, attribute) else { return Item::poison(span) };
        let names = self.plan.env.names(&self.scope.source.region, kind).unwrap_or_default();
        let mut values: Vec<String> = names.iter().map(|id| self.fact(kind, id, attribute)).collect();
        values.sort();
        values.dedup();
        Item::texts(values, span)
    }

    /// A parameter type by its name; `List<...>` means the same.
    fn kind(&self, tree: &'p Tree) -> Option<&'static str> {
        let name = tree.as_name()?;
        let single = name.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(name);
        let found = AWS_TYPES.iter().map(|(kind, _)| *kind).find(|kind| *kind == single);
        if found.is_none() {
            let message = format!("`{name}` is no parameter type that names something of AWS");
            let help = hint(name, "types", AWS_TYPES.iter().map(|(kind, _)| *kind));
            self.error("M1041", &tree.span, message, help);
        }
        found
    }

    fn attribute_name(&self, kind: &str, tree: &'p Tree) -> Option<&'p str> {
        let name = tree.as_name()?;
        let known = ATTRIBUTES.iter().find(|(of, _)| *of == kind).map(|(_, attributes)| *attributes);
        let tag = name.strip_prefix("Tags.").is_some_and(|key| !key.is_empty());
        if known.is_some_and(|known| tag || known.contains(&name)) {
            return Some(name);
        }
        let message = format!("rules cannot ask for `{name}` of {kind}");
        let help = match known {
            Some(known) => hint(name, "they can ask for", known.iter().copied().chain(["Tags.KEY"])),
            None => Some("they can ask for attributes of VPCs, subnets and security groups".into()),
        };
        self.error("M1041", &tree.span, message, help);
        None
    }

    /// An object's attribute; an object without that tag has an empty one.
    fn fact(&self, kind: &str, id: &str, attribute: &str) -> String {
        let objects = self.plan.env.objects.get(&self.scope.source.region).and_then(|types| types.get(kind));
        objects
            .and_then(|objects| objects.get(id))
            .and_then(|facts| facts.get(attribute))
            .cloned()
            .unwrap_or_default()
    }
}

fn is_list(parameter: &Parameter) -> bool {
    matches!(parameter.value, super::parameters::Given::List(_))
}

/// What things of a type are called.
fn words(kind: &str) -> &'static str {
    match kind {
        "AWS::EC2::SecurityGroup::GroupName" => "security group",
        "AWS::EC2::SecurityGroup::Id" => "security group",
        "AWS::EC2::Subnet::Id" => "subnet",
        "AWS::EC2::VPC::Id" => "VPC",
        "AWS::Route53::HostedZone::Id" => "hosted zone",
        "AWS::SSM::Parameter::Name" => "SSM parameter",
        _ => "availability zone",
    }
}
