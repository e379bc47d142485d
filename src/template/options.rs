//! What the command line says about a plan, and what a loaded plan is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
    sync::Arc,
};

use super::lookups::Lookup;
use crate::{
    error::Diagnostic,
    graph::Secrets,
    model::Span,
    syntax::{Entry, Node, Tree},
};

/// What the command line says about a plan.
#[derive(Clone, Default)]
pub struct Options {
    /// `--environment NAME`.
    pub environment: Option<String>,
    /// `--region NAME`: wins over the plan's region, not over a stack's own.
    pub region: Option<String>,
    /// The region of the AWS configuration, for plans that name none.
    pub fallback_region: Option<FallbackRegion>,
    /// Each `--set Key=Value` or `--set stack.Key=Value`, as typed.
    pub set: Vec<String>,
    /// Each `--stack NAME`: only these and what they depend on. Empty: all.
    pub stacks: Vec<String>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values given by --set may be passwords.
        f.debug_struct("Options")
            .field("environment", &self.environment)
            .field("region", &self.region)
            .field("set", &format_args!("{} values", self.set.len()))
            .field("stacks", &self.stacks)
            .finish()
    }
}

impl Options {
    /// The region of whatever does not name its own.
    #[must_use]
    pub fn region_of_the_rest(&self) -> Option<String> {
        self.region.clone().or_else(|| self.fallback_region.as_ref()?.0())
    }
}

/// Says in which region plans are run that do not say it; asked only for such a plan.
#[derive(Clone)]
pub struct FallbackRegion(Arc<dyn Fn() -> Option<String> + Send + Sync>);

impl FallbackRegion {
    /// Whom to ask. It may be asked for each stack.
    #[must_use]
    pub fn new(ask: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl From<&str> for FallbackRegion {
    fn from(region: &str) -> Self {
        let region = region.to_owned();
        Self::new(move || Some(region.clone()))
    }
}

/// A plan whose files are read and whose templates are parsed; nothing is evaluated yet.
///
/// Every source of plans (manifest, single template, cloud assembly) ends here.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The migration's name.
    pub migration: String,
    /// What the migration is for.
    pub description: Option<String>,
    /// The environment's name; `default` when none is given.
    pub environment: String,
    /// The stacks, in order.
    pub stacks: Vec<StackSource>,
    /// Templates of their nested stacks; each after the one that it is nested in.
    pub nested: Vec<Nested>,
    /// Findings that do not stop the command.
    pub warnings: Vec<Diagnostic>,
    /// What only a cloud assembly says.
    pub assembly: Assembly,
    /// Stacks that are meant, where only references tell what they depend on; empty: all of them.
    pub wanted: Vec<String>,
    /// The manifest's section `operations`, environments merged, as written.
    pub operations: Option<Tree>,
    /// Whether the plan itself names its first stack's region.
    pub names_region: bool,
    /// Where its files are.
    pub place: Place,
}

impl Loaded {
    /// All templates: those of the stacks, and of their nested stacks.
    #[must_use]
    pub fn sources(&self) -> Vec<StackSource> {
        self.stacks.iter().chain(self.nested.iter().map(|nested| &nested.source)).cloned().collect()
    }

    /// Gives the templates' memory back when everything was evaluated: of each stay its parameters, which tell what is never
    /// shown, and the names of its resources.
    pub fn keep_names(&mut self) {
        for source in self.stacks.iter_mut().chain(self.nested.iter_mut().map(|nested| &mut nested.source)) {
            let span = source.template.span.clone();
            let name = |entry: &Entry| Entry {
                key: entry.key.clone(),
                key_span: entry.key_span.clone(),
                value: Tree { value: Node::Null, span: entry.value.span.clone() },
            };
            let parameters = source.template.entry("Parameters").cloned();
            let resources = source.template.entry("Resources").map(|section| Entry {
                key: section.key.clone(),
                key_span: section.key_span.clone(),
                value: Tree {
                    value: Node::Map(section.value.as_map().unwrap_or_default().iter().map(name).collect()),
                    span: section.value.span.clone(),
                },
            });
            let kept = parameters.into_iter().chain(resources).collect();
            source.template = Arc::new(Tree { value: Node::Map(kept), span });
        }
    }

    /// A copy whose templates say nothing but their parameters and rules: whoever asks only for these need not look at every
    /// resource of a large plan.
    pub(super) fn without_resources(&self) -> Self {
        let mut copy = self.clone();
        for source in copy.stacks.iter_mut().chain(copy.nested.iter_mut().map(|nested| &mut nested.source)) {
            let template = &source.template;
            let kept = ["Parameters", "Rules"].iter().filter_map(|name| template.entry(name)).cloned();
            source.template =
                Arc::new(Tree { value: Node::Map(kept.collect()), span: template.span.clone() });
        }
        copy
    }

    /// Whether a stack's template declares a resource of that name, or has loops, which make resources of any name.
    #[must_use]
    pub fn declares(&self, stack: &str, logical_id: &str) -> bool {
        let (name, logical_id) = match logical_id.rsplit_once('.') {
            Some((within, id)) => (format!("{stack}/{within}"), id),
            None => (stack.to_owned(), logical_id),
        };
        let nested = self.nested.iter().map(|nested| &nested.source);
        let named = self.stacks.iter().chain(nested).filter(|source| source.name == name);
        named
            .flat_map(|source| source.template.get("Resources").and_then(Tree::as_map).unwrap_or_default())
            .any(|entry| entry.key == logical_id || entry.key.starts_with("Fn::ForEach"))
    }
}

/// Where a plan's files are: what tells two plans of one name apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The folder beside whose contents the plan lies: the manifest's or the template's, and of a cloud assembly the
    /// folder around it (`cdk synth` may delete everything in its own). Absolute, links resolved.
    pub folder: PathBuf,
    /// The manifest, the template or the assembly's folder in it.
    pub name: PathBuf,
}

impl Place {
    /// The whole path.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
}

/// What only a cloud assembly says of a plan; empty for plans of other sources.
#[derive(Debug, Clone, Default)]
pub struct Assembly {
    /// The account its stacks are for; `None` if any will do. Manifests say it too.
    pub account: Option<String>,
    /// A stack, and one that has to be complete before it. References between the two say more, if there are any.
    pub after: Vec<(String, String)>,
    /// What is done otherwise than the CDK would do it, for reviews.
    pub notes: Vec<String>,
    /// Code to send, by the text that stands for it.
    pub code: Secrets,
    /// `--stack` left some of its stacks out.
    pub partial: bool,
    /// The region of its first stack, whether that was left out or not.
    pub region: Option<String>,
}

/// One stack before evaluation.
#[derive(Debug, Clone)]
pub struct StackSource {
    /// The stack's name.
    pub name: String,
    /// Where its resources are made.
    pub region: String,
    /// The template's file.
    pub path: PathBuf,
    /// The template, shared by stacks that use the same file.
    pub template: Arc<Tree>,
    /// Parameter values from manifest and command line, by name.
    pub parameters: BTreeMap<String, Given>,
    /// Tags of plan and stack; the stack's win.
    pub tags: BTreeMap<String, String>,
    /// Whether it has termination protection.
    pub protected: bool,
    /// Parameters whose values the account tells, and searches that these need; none that has a value.
    pub lookups: BTreeMap<String, Lookup>,
    /// Parameters whose values are made up, because no account was asked: no constraint judges them.
    pub made_up: BTreeSet<String>,
}

/// A template that a resource of another one names: a nested stack.
#[derive(Debug, Clone)]
pub struct Nested {
    /// The template. Its name is the address of the resource that names it: `app/Network`, and `app/Network.Subnets`
    /// inside of that. Its parameters are what the outer template passes and is known before anything is made.
    pub source: StackSource,
    /// The name of the template that it is nested in.
    pub parent: String,
    /// The logical id of the resource that names it.
    pub resource: String,
    /// Parameters that were given a secret.
    pub hidden: BTreeSet<String>,
    /// Parameters that were given what only resources tell.
    pub waits: BTreeSet<String>,
}

/// A parameter's value as somebody gave it.
#[derive(Clone, PartialEq)]
pub struct Given {
    /// The text; the items of a list are joined with commas.
    pub text: String,
    /// Where in the manifest; `None` for the command line.
    pub span: Option<Span>,
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only the template knows whether the parameter is a secret.
        write!(f, "a value of {} bytes", self.text.len())
    }
}
