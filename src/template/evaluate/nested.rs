//! Nested stacks, evaluated together with the stacks around them: their resources wait for what they use and for nothing
//! else, so that a nested stack is no barrier as it is in CloudFormation.

use std::collections::{BTreeMap, HashMap};

use super::{
    environment::Environment,
    extend::extend,
    outline::{Name, Resource},
    plan::{Eval, Place, Plan, Scope},
};
use crate::{
    error::hint,
    model::{
        Address, Call, DeletionPolicy, Span, Value,
        dynamic::is_dynamic,
        item::{Item, Kind},
    },
    resources::custom::STACK,
    syntax::Tree,
    template::{
        nested::{self, Home, Remote},
        options::{Given, Loaded, Nested},
    },
};

/// The properties of a nested stack, as its resource type documents them.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html>
const PROPERTIES: &[&str] = &["NotificationARNs", "Parameters", "Tags", "TemplateURL", "TimeoutInMinutes"];

/// How a template is nested in another one.
pub(super) struct Within<'p> {
    /// The outer template.
    pub parent: usize,
    /// The resource of it.
    pub resource: &'p str,
    /// What is passed and not known before resources are made.
    pub passed: HashMap<&'p str, &'p Tree>,
}

/// What is passed to a nested stack.
fn passed(properties: Option<&Tree>) -> impl Iterator<Item = (&str, &Tree)> {
    let entries = properties.and_then(|tree| tree.get("Parameters")?.as_map()).unwrap_or_default();
    entries.iter().map(|entry| (entry.key.as_str(), &entry.value))
}

impl<'p> Within<'p> {
    /// The place of a nested template among those before it.
    pub(super) fn of(nested: &Nested, scopes: &[Scope<'p>]) -> Option<Self> {
        let parent = scopes.iter().position(|scope| scope.source.name == nested.parent)?;
        let resource = scopes[parent].outline.resource(&nested.resource)?;
        let passed = passed(resource.properties).filter(|(name, _)| nested.waits.contains(*name)).collect();
        Some(Self { parent, resource: resource.id.text, passed })
    }
}

/// Settles what the template at `at` passes to its nested stacks, as far as it is known before resources are made.
pub(super) fn settle(loaded: &mut Loaded, at: usize, env: &Environment) {
    let own = loaded.stacks.len();
    let source = match loaded.stacks.get(at) {
        Some(stack) => stack.clone(),
        None => loaded.nested[at - own].source.clone(),
    };
    if loaded.nested.iter().all(|nested| nested.parent != source.name) {
        return;
    }
    let inner = at.checked_sub(own).and_then(|at| loaded.nested.get(at)).cloned();
    let (stacks, nested) = match inner {
        Some(inner) => (Vec::new(), vec![inner]),
        None => (vec![source.clone()], Vec::new()),
    };
    let alone = Loaded { stacks, nested, ..Loaded::default() };
    let plan = Plan::new(&alone, env);
    let Some(scope) = plan.scopes.first() else { return };
    let here = plan.eval(scope, Place::Value);
    for nested in loaded.nested.iter_mut().filter(|nested| nested.parent == source.name) {
        let Some(resource) = scope.outline.resource(&nested.resource) else { continue };
        for (name, tree) in passed(resource.properties) {
            let item = here.eval(tree);
            match &item.kind {
                Kind::Scalar(scalar) => {
                    let mut text = scalar.as_text().to_owned();
                    for (placeholder, value) in &plan.secrets {
                        if text.contains(placeholder) {
                            text = text.replace(placeholder, value);
                            nested.hidden.insert(name.to_owned());
                        }
                    }
                    if is_dynamic(&text) {
                        nested.waits.insert(name.to_owned());
                        nested.hidden.remove(name);
                    } else {
                        let given = Given { text, span: Some(tree.span.clone()) };
                        nested.source.parameters.insert(name.to_owned(), given);
                    }
                }
                Kind::NoValue => {}
                _ => drop(nested.waits.insert(name.to_owned())),
            }
        }
    }
}

/// Templates of nested stacks that have to be read from S3 before the plan can be evaluated.
#[must_use]
pub fn remote_templates(loaded: &Loaded, env: &Environment) -> Vec<Remote> {
    let any = loaded.sources().iter().any(|source| {
        nested::stacks(&source.template)
            .any(|entry| loaded.nested.iter().all(|n| n.parent != source.name || n.resource != entry.key))
    });
    if !any {
        return Vec::new();
    }
    let extended = extend(loaded, env);
    let plan = Plan::new(&extended.loaded, env);
    let mut wanted = Vec::new();
    for scope in plan.scopes.iter().filter(|scope| plan.made(scope)) {
        let here = plan.eval(scope, Place::Value);
        for resource in scope.outline.resources.iter().filter(|resource| resource.is_stack()) {
            if plan.child(scope, resource.id.text).is_some() || !here.exists(resource) {
                continue;
            }
            let Some(tree) = resource.properties.and_then(|tree| tree.get("TemplateURL")) else { continue };
            let Kind::Scalar(scalar) = here.eval(tree).kind else { continue };
            let region = scope.source.region.clone();
            let Some(home) = Home::of(&scalar.text, &region, &env.partition) else { continue };
            wanted.push(Remote {
                parent: scope.source.name.clone(),
                resource: resource.id.text.to_owned(),
                region,
                home,
                url: scalar.text.into(),
                span: tree.span.clone(),
            });
        }
    }
    wanted
}

impl Resource<'_> {
    /// Whether it is a nested stack.
    pub(super) fn is_stack(&self) -> bool {
        self.kind.is_some_and(|kind| kind.text == STACK)
    }
}

impl<'p> Plan<'p> {
    /// The template that a nested stack of a template has.
    pub(super) fn child(&self, scope: &Scope<'p>, resource: &str) -> Option<&Scope<'p>> {
        self.scopes.iter().find(|other| {
            other.within.as_ref().is_some_and(|w| w.parent == scope.index && w.resource == resource)
        })
    }

    /// Whether the template's resources are made: no condition on a stack around them says otherwise.
    pub(super) fn made(&self, scope: &Scope<'p>) -> bool {
        let Some(within) = &scope.within else { return true };
        let parent = &self.scopes[within.parent];
        let here = self.eval(parent, Place::Value);
        self.made(parent) && parent.outline.resource(within.resource).is_none_or(|stack| here.exists(stack))
    }

    /// The outermost template around one.
    pub(super) fn root(&self, scope: &Scope<'p>) -> usize {
        scope.within.as_ref().map_or(scope.index, |within| self.root(&self.scopes[within.parent]))
    }

    /// The resources that are nested stacks around a template, the innermost first, with their own templates.
    pub(super) fn around<'e>(&'e self, scope: &'e Scope<'p>) -> Vec<(&'e Scope<'p>, &'e Resource<'p>)> {
        let mut out = Vec::new();
        let mut at = scope;
        while let Some(within) = &at.within {
            at = &self.scopes[within.parent];
            out.extend(at.outline.resource(within.resource).map(|resource| (at, resource)));
        }
        out
    }

    /// All resources that are made of a template and of those nested in it.
    fn all(&self, scope: &Scope<'p>, span: &Span, out: &mut Vec<(Address, Span)>) {
        let here = self.eval(scope, Place::Value);
        for (resource, address) in scope.outline.resources.iter().zip(&scope.addresses) {
            if !here.exists(resource) {
                continue;
            }
            match self.child(scope, resource.id.text).filter(|_| resource.is_stack()) {
                Some(inner) => self.all(inner, span, out),
                None if resource.is_stack() || resource.is_marker() => {}
                None => out.push((address.clone(), span.clone())),
            }
        }
    }

    /// Tags of the nested stacks around a template: CloudFormation gives them to the resources inside.
    pub(super) fn tags_around(&self, scope: &Scope<'p>) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        for (outer, stack) in self.around(scope).into_iter().rev() {
            let here = self.eval(outer, Place::Value);
            let Some(list) = stack.properties.and_then(|tree| tree.get("Tags")?.as_list()) else { continue };
            for tag in list {
                let text = |key: &str| here.known_text(tag.get(key)?, "a tag of a nested stack");
                if let (Some(key), Some(value)) = (text("Key"), text("Value")) {
                    tags.insert(key, value);
                }
            }
        }
        tags
    }

    /// What a nested stack's policy makes of the policies inside: a stack that is retained is retained with all
    /// resources in it. <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html>
    pub(super) fn policy_around(&self, scope: &Scope<'p>) -> Option<DeletionPolicy> {
        let around = self.around(scope);
        let kept = around.iter().filter_map(|(_, stack)| stack.deletion);
        kept.rev()
            .find(|policy| matches!(policy, DeletionPolicy::Retain | DeletionPolicy::RetainExceptOnCreate))
    }
}

impl<'e, 'p> Eval<'e, 'p> {
    /// What a resource waits for: what its own `DependsOn` names, and those of the nested stacks around it. A nested stack
    /// that is named stands for all resources in it.
    pub(super) fn waits_for(&self, own: &[Name<'p>]) -> Vec<(Address, Span)> {
        let mut out = Vec::new();
        self.named(own, &mut out);
        for (scope, stack) in self.plan.around(self.scope) {
            Self { scope, ..*self }.named(&stack.depends_on, &mut out);
        }
        out
    }

    fn named(&self, names: &[Name<'p>], out: &mut Vec<(Address, Span)>) {
        for needed in names {
            let Some(other) = self.scope.outline.resource(needed.text) else { continue };
            // As in CloudFormation, a resource that is not made is not waited for.
            if !self.exists(other) {
                continue;
            }
            match self.plan.child(self.scope, needed.text) {
                Some(inner) => self.plan.all(inner, needed.span, out),
                None if other.is_stack() => {}
                None => out.extend(self.scope.address(needed.text).map(|a| (a.clone(), needed.span.clone()))),
            }
        }
    }

    /// The value of a parameter that the outer template passes and only resources tell.
    pub(super) fn passed(&self, name: &str, list: bool, span: &Span) -> Item {
        let within = self.scope.within.as_ref();
        let Some((within, tree)) = within.and_then(|w| Some((w, *w.passed.get(name)?))) else {
            return Item::poison(span);
        };
        let parent = &self.plan.scopes[within.parent];
        let here = Eval { scope: parent, place: Place::Value, ..*self };
        let item = here.deeper(span, || here.eval(tree)).unwrap_or_else(|| Item::poison(span));
        let kind = match item.kind {
            Kind::Scalar(scalar) if list => {
                let text = scalar.as_text();
                if is_dynamic(text) {
                    let text = Value::String(text.into());
                    return Item::call(Call::Split { separator: ",".to_owned(), text }, span);
                }
                let items: Vec<&str> = if text.is_empty() { Vec::new() } else { text.split(',').collect() };
                return Item::texts(items.into_iter().map(str::trim), span);
            }
            Kind::Deferred(text) if list => {
                return Item::call(Call::Split { separator: ",".to_owned(), text: *text }, span);
            }
            kind @ (Kind::Scalar(_) | Kind::Deferred(_)) => kind,
            Kind::NoValue | Kind::Poison => Kind::Poison,
            other => {
                let item = Item::new(other, &tree.span);
                let message =
                    format!("the parameter `{name}` of the nested stack is a text, not {}", item.describe());
                let help = "join a list: Fn::Join: [',', ...]; the nested template takes it as a list again"
                    .to_owned();
                self.error("M1049", &tree.span, message, Some(help));
                Kind::Poison
            }
        };
        Item::new(kind, span)
    }

    /// `Outputs.Name` of a nested stack, or its id.
    pub(super) fn of_stack(&self, id: &str, attribute: &str, span: &Span) -> Item {
        let plan = self.plan;
        let Some(inner) = plan.child(self.scope, id) else { return Item::poison(span) };
        if attribute == "Ref" {
            return Item::text(stack_id(plan.env, inner), span);
        }
        let outputs = &inner.outline.outputs;
        let name = attribute.strip_prefix("Outputs.").unwrap_or_default();
        // What is not there has been reported when names were resolved, unless the name was computed.
        let Some(at) = outputs.iter().position(|output| output.name.text == name) else {
            return Item::poison(span);
        };
        if !plan.eval(inner, Place::Value).is_output(&outputs[at]) {
            let condition = outputs[at].condition.map_or("", |name| name.text);
            let message = format!(
                "the nested stack `{id}` has no output `{name}` here: its condition `{condition}` does not hold"
            );
            self.error("M1048", span, message, Some("guard the use with Fn::If and AWS::NoValue".to_owned()));
            return Item::poison(span);
        }
        let item = Item { span: span.clone(), ..plan.output(inner.index, at) };
        self.affordable(item, span)
    }

    /// Checks an attribute of a nested stack by its name.
    pub(super) fn attribute_of_stack(&self, id: &str, attribute: &str, span: &Span) {
        let Some(inner) = self.plan.child(self.scope, id) else { return };
        let known = inner.outline.outputs.iter().map(|output| output.name.text);
        let help = match attribute.strip_prefix("Outputs.") {
            Some(name) if known.clone().any(|output| output == name) => return,
            Some(name) => hint(name, "its outputs", known),
            None => Some("write Outputs. and the name of one of its outputs".to_owned()),
        };
        self.error("M1044", span, format!("the nested stack `{id}` has no attribute `{attribute}`"), help);
    }

    /// Checks what a resource says that is a nested stack; its notes for the review.
    pub(super) fn check_stack(&self, resource: &Resource<'p>) -> Vec<String> {
        let address = self.address.map(ToString::to_string).unwrap_or_default();
        let mut notes = Vec::new();
        if resource.deletion == Some(DeletionPolicy::Snapshot) {
            let help = "its resources have snapshots taken of them: say it there".to_owned();
            self.error("M1024", resource.id.span, "no snapshot can be taken of a nested stack", Some(help));
        }
        for entry in resource.properties.and_then(Tree::as_map).unwrap_or_default() {
            match entry.key.as_str() {
                "NotificationARNs" => notes.push(format!(
                    "{address}: nobody is notified of stack events (NotificationARNs), as there are none"
                )),
                "TimeoutInMinutes" => notes.push(format!(
                    "{address}: TimeoutInMinutes is not applied to the stack; each of its resources has its own time limit"
                )),
                known if PROPERTIES.contains(&known) => {}
                other => {
                    let help = hint(other, "it takes", PROPERTIES.iter().copied());
                    let message = format!("{STACK} has no property `{other}`");
                    self.error("M2002", &entry.key_span, message, help);
                }
            }
        }
        let Some(inner) = self.plan.child(self.scope, resource.id.text) else {
            self.without_template(resource);
            return notes;
        };
        for (name, tree) in passed(resource.properties) {
            if !inner.parameters.contains_key(name) {
                let help = hint(name, "its parameters", inner.parameters.keys().copied());
                let message = format!("the template of the nested stack has no parameter `{name}`");
                self.error("M1013", &tree.span, message, help);
            }
        }
        let here = self.plan.eval(inner, Place::Value);
        for name in inner.within.iter().flat_map(|within| within.passed.keys()) {
            // Evaluated once even if nothing uses it, so that its mistakes are found.
            let list = matches!(
                inner.parameters.get(name).map(|parameter| &parameter.value),
                Some(super::parameters::Given::Passed { list: true })
            );
            let _evaluated = here.passed(name, list, resource.id.span);
        }
        notes
    }

    /// Says why the template of a nested stack is not there.
    fn without_template(&self, resource: &Resource<'p>) {
        let Some(tree) = resource.properties.and_then(|tree| tree.get("TemplateURL")) else {
            let help = "name a file beside this template, or an object of S3".to_owned();
            self.error("M1130", resource.id.span, "the nested stack has no TemplateURL", Some(help));
            return;
        };
        let Some(url) = self.known_text(tree, "the TemplateURL of a nested stack") else { return };
        let (message, help) = if nested::is_file(&url) {
            (
                format!("the nested template `{url}` is named by a function or in a loop"),
                "write the path out: files are read before anything is evaluated",
            )
        } else {
            match Home::of(&url, "", &self.plan.env.partition) {
                None => (
                    format!("`{url}` is no address of S3"),
                    "name a file beside this template, or https://BUCKET.s3.REGION.amazonaws.com/KEY",
                ),
                Some(Home::Object { .. }) => (
                    format!("the nested template {url} is in S3, and this command asks no account"),
                    "`migrate plan` reads it; or copy it beside this template and name the file",
                ),
                Some(Home::Application(application)) => (
                    format!(
                        "{} is in the Serverless Application Repository, and this command asks no account",
                        application.id
                    ),
                    "`migrate plan` asks the repository for its template",
                ),
            }
        };
        self.error("M1130", &tree.span, message, Some(help.to_owned()));
    }
}

/// `AWS::StackName`: a nested stack has that of the stack around it and its own logical id.
pub(super) fn stack_name(scope: &Scope<'_>) -> String {
    scope.source.name.replace(['/', '.'], "-")
}

/// `AWS::StackId`.
pub(super) fn stack_id(env: &Environment, scope: &Scope<'_>) -> String {
    let name = stack_name(scope);
    format!(
        "arn:{}:cloudformation:{}:{}:stack/{name}/migrate",
        env.partition, scope.source.region, env.account
    )
}
