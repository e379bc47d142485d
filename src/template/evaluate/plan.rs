//! All stacks of a plan at once: what they share while they are evaluated.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};

use super::{
    environment::{Asked, Environment},
    extend::Used,
    nested::Within,
    outline::{Outline, OutputDecl, Resource},
    parameters::{self, Parameter},
};
use crate::{
    error::{Diagnostic, Problems},
    model::{Address, Span, item::Item, secret},
    template::options::{Loaded, StackSource},
};

/// Conditions, outputs and properties may lead to each other at most this often in a row.
pub(super) const MAX_CHAIN: usize = 32;

/// Values inside values, counted along functions, imports and conditions.
const MAX_NESTED: usize = 320;

/// Values that all functions of a plan together may make; what is written out counts with its file.
const MAX_WORK: usize = 2_000_000;

/// Beyond that many findings, looking for similar names is not worth its time.
pub(super) const ENOUGH: usize = 100;

/// The stacks of a plan and what evaluation has found out about them.
pub(super) struct Plan<'p> {
    pub env: &'p Environment,
    pub scopes: Vec<Scope<'p>>,
    /// Exported outputs by name: (stack, output).
    pub exports: HashMap<String, Vec<(usize, usize)>>,
    /// Outputs that are evaluated; `None` while one is at it.
    pub outputs: RefCell<HashMap<(usize, usize), Option<Item>>>,
    pub problems: RefCell<Problems>,
    pub secrets: BTreeMap<String, String>,
    /// What CloudFormation is asked, answered or not.
    pub asked: RefCell<Vec<Asked>>,
    /// How many properties and outputs are being followed right now.
    pub chain: Cell<usize>,
    /// How many values are being evaluated inside each other right now.
    nested: Cell<usize>,
    /// What is left of [`MAX_WORK`].
    work: Cell<usize>,
    /// Names that loops and references have used before this evaluation, by stack.
    pub used: Used,
}

/// One stack.
pub(super) struct Scope<'p> {
    pub index: usize,
    pub source: &'p StackSource,
    /// Where it is nested.
    pub within: Option<Within<'p>>,
    pub outline: Outline<'p>,
    /// The addresses of the outline's resources.
    pub addresses: Vec<Address>,
    pub parameters: HashMap<&'p str, Parameter>,
    /// Conditions that are evaluated; `None` while one is at it.
    pub conditions: RefCell<HashMap<&'p str, Option<Option<bool>>>>,
    /// Names that something refers to.
    pub used: RefCell<HashSet<(Section, &'p str)>>,
    /// What it imports from other plans.
    pub imports: RefCell<BTreeSet<String>>,
}

/// The sections whose names can go unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Section {
    Parameter,
    Condition,
    Mapping,
}

/// Where a value stands: decides which functions are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Properties, metadata and outputs.
    Value,
    /// The `Conditions` section.
    Condition,
    /// The `Rules` section.
    Rule,
}

/// Evaluates values of one stack in one place.
#[derive(Clone, Copy)]
pub(super) struct Eval<'e, 'p> {
    pub plan: &'e Plan<'p>,
    pub scope: &'e Scope<'p>,
    pub place: Place,
    pub address: Option<&'e Address>,
    /// The value becomes a part of a text: a dynamic reference may begin here and end elsewhere.
    pub part: bool,
}

impl<'p> Plan<'p> {
    /// Takes all templates apart and settles their parameters.
    pub(super) fn new(loaded: &'p Loaded, env: &'p Environment) -> Self {
        let mut problems = Problems::default();
        let mut secrets = BTreeMap::new();
        let mut scopes: Vec<Scope<'p>> = Vec::new();
        let own = loaded.stacks.iter().map(|source| (source, None));
        let nested = loaded.nested.iter().map(|nested| (&nested.source, Some(nested)));
        for (index, (source, nested)) in own.chain(nested).enumerate() {
            let outline = Outline::read(&source.template, &mut problems);
            let parameters =
                parameters::resolve(outline.parameters, source, nested, env, &mut secrets, &mut problems);
            let (stack, path) =
                source.name.split_once('/').map_or((source.name.as_str(), None), |(s, p)| (s, Some(p)));
            let address = |id: &str| match path {
                Some(path) => Address::new(stack, &format!("{path}.{id}")),
                None => Address::new(stack, id),
            };
            let addresses = outline.resources.iter().map(|resource| address(resource.id.text)).collect();
            let within = nested.and_then(|nested| Within::of(nested, &scopes));
            let (conditions, used, imports) = (RefCell::default(), RefCell::default(), RefCell::default());
            scopes.push(Scope {
                index,
                source,
                within,
                outline,
                addresses,
                parameters,
                conditions,
                used,
                imports,
            });
        }
        Self {
            env,
            scopes,
            exports: HashMap::new(),
            outputs: RefCell::default(),
            problems: RefCell::new(problems),
            secrets,
            asked: RefCell::default(),
            chain: Cell::new(0),
            nested: Cell::new(0),
            work: Cell::new(MAX_WORK),
            used: Vec::new(),
        }
    }

    /// Values of one stack.
    pub(super) fn eval<'e>(&'e self, scope: &'e Scope<'p>, place: Place) -> Eval<'e, 'p> {
        Eval { plan: self, scope, place, address: None, part: false }
    }

    /// Hides values of `NoEcho` parameters in a message.
    pub(super) fn mask(&self, text: String) -> String {
        self.secrets
            .values()
            .filter(|secret| !secret.is_empty())
            .fold(text, |text, value| secret::hidden(text, value, "***"))
    }
}

impl<'p> Scope<'p> {
    /// The address of a declared resource.
    pub(super) fn address(&self, id: &str) -> Option<&Address> {
        self.addresses.get(*self.outline.index.get(id)?)
    }

    pub(super) fn mark(&self, section: Section, name: &'p str) {
        self.used.borrow_mut().insert((section, name));
    }
}

impl<'e, 'p> Eval<'e, 'p> {
    pub(super) fn at(self, address: &'e Address) -> Self {
        Self { address: Some(address), ..self }
    }

    /// Runs `inner` one level deeper; `None` when that is too deep, which is reported.
    pub(super) fn deeper<T>(&self, span: &Span, inner: impl FnOnce() -> T) -> Option<T> {
        let plan = self.plan;
        if plan.nested.get() >= MAX_NESTED {
            let message =
                format!("functions, imports and conditions lead more than {MAX_NESTED} levels deep");
            self.error("M1102", span, message, None);
            return None;
        }
        plan.nested.set(plan.nested.get() + 1);
        let result = inner();
        plan.nested.set(plan.nested.get() - 1);
        Some(result)
    }

    /// Takes from the work a plan may make; `None` when it is used up, which is reported once.
    pub(super) fn spend(&self, work: usize, span: &Span) -> Option<()> {
        let left = self.plan.work.get();
        if left >= work && left > 0 {
            self.plan.work.set(left - work);
            return Some(());
        }
        if left > 0 {
            self.plan.work.set(0);
            let message = format!("the functions of this plan make more than {MAX_WORK} values");
            let help = "texts or lists that are joined, imported or repeated over and over".to_owned();
            self.error("M1102", span, message, Some(help));
        }
        None
    }

    /// The item, if it is not too much of it.
    pub(super) fn affordable(&self, item: Item, span: &Span) -> Item {
        let (count, depth) = item.extent();
        if depth > MAX_NESTED {
            let message = format!("the value is nested more than {MAX_NESTED} levels deep");
            self.error("M1102", span, message, None);
            return Item::poison(span);
        }
        if self.spend(count, span).is_none() { Item::poison(span) } else { item }
    }

    pub(super) fn error(
        &self,
        code: &'static str,
        span: &Span,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let class = crate::error::Class::Plan;
        let mut diagnostic =
            Diagnostic::error(code, class, self.plan.mask(message.into())).span(Some(span.clone()));
        diagnostic.help = help.map(|help| self.plan.mask(help));
        diagnostic.address = self.address.cloned();
        self.plan.problems.borrow_mut().add(diagnostic);
    }

    pub(super) fn warning(&self, code: &'static str, span: &Span, message: impl Into<String>) {
        let message = self.plan.mask(message.into());
        self.plan.problems.borrow_mut().warning(code, Some(span), message);
    }

    /// Whether similar names are still worth looking for.
    pub(super) fn patient(&self) -> bool {
        self.plan.problems.borrow().len() < ENOUGH
    }

    /// Whether the resource is made: its condition holds, or could not be decided.
    pub(super) fn exists(&self, resource: &Resource<'p>) -> bool {
        self.holds(resource.condition.map(|name| name.text))
    }

    /// Whether the output is there.
    pub(super) fn is_output(&self, output: &OutputDecl<'p>) -> bool {
        self.holds(output.condition.map(|name| name.text))
    }

    fn holds(&self, condition: Option<&'p str>) -> bool {
        condition
            .is_none_or(|name| self.plan.eval(self.scope, Place::Condition).condition(name) != Some(false))
    }
}
