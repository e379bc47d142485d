//! How lints see the graph: parts of resources that know their places and whether they are known.

use std::{
    cell::{OnceCell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
};

use super::metrics::Metric;
use crate::{
    graph::{Graph, Idioms, Node, StackDraft},
    model::{Address, Reference, Span, Value, dynamic::is_dynamic},
};

/// The plan, by type.
pub(crate) struct View<'g> {
    /// The stacks as drafted, for what no node says.
    pub stacks: &'g [StackDraft],
    /// How the plan's language says things.
    pub idioms: Idioms,
    graph: &'g Graph,
    broken: &'g HashSet<Address>,
    kinds: HashMap<&'g str, Vec<&'g Node>>,
    /// Who refers to a resource by a property of a type; filled as it is asked for.
    users: RefCell<HashMap<(&'static str, &'static str), Users<'g>>>,
    /// What alarms and dashboards ask for; several lints look at it.
    pub(super) metrics: OnceCell<Vec<Metric<'g>>>,
}

type Users<'g> = HashMap<&'g Address, Vec<&'g Node>>;

impl<'g> View<'g> {
    /// All resources but those that are broken: of them nothing is known.
    pub(super) fn new(
        stacks: &'g [StackDraft],
        graph: &'g Graph,
        broken: &'g HashSet<Address>,
        idioms: Idioms,
    ) -> Self {
        let mut kinds: HashMap<&str, Vec<&Node>> = HashMap::new();
        for node in graph.nodes.iter().filter(|node| !broken.contains(&node.address)) {
            kinds.entry(&node.kind).or_default().push(node);
        }
        let (users, metrics) = (RefCell::default(), OnceCell::new());
        Self { stacks, idioms, graph, broken, kinds, users, metrics }
    }

    /// All resources.
    pub(super) fn nodes(&self) -> impl Iterator<Item = Part<'g>> + use<'g> {
        self.graph.nodes.iter().map(Part::root)
    }

    /// Resources of a type.
    pub(super) fn of(&self, kind: &str) -> impl Iterator<Item = Part<'g>> + use<'g> {
        self.kinds.get(kind).cloned().unwrap_or_default().into_iter().map(Part::root)
    }

    /// The resources of a type that refer to this one by a property.
    pub(super) fn users(&self, kind: &'static str, property: &'static str, of: &Part<'_>) -> Vec<Part<'g>> {
        let mut all = self.users.borrow_mut();
        let users = all.entry((kind, property)).or_insert_with(|| {
            let mut users: Users<'g> = HashMap::new();
            for part in self.of(kind) {
                if let Some(reference) = part.get(property).reference() {
                    users.entry(&reference.address).or_default().push(part.node);
                }
            }
            users
        });
        users.get(&of.node.address).into_iter().flatten().copied().map(Part::root).collect()
    }

    /// The resource of that name.
    pub(super) fn node(&self, address: &Address) -> Option<Part<'g>> {
        self.graph.node(address).filter(|node| !self.broken.contains(&node.address)).map(Part::root)
    }

    /// The resource that a value refers to.
    pub(super) fn target(&self, part: &Part<'_>) -> Option<Part<'g>> {
        self.node(&part.reference()?.address)
    }

    /// The resource of that type to which a value refers.
    pub(super) fn target_of(&self, part: &Part<'_>, kind: &str) -> Option<Part<'g>> {
        self.target(part).filter(|target| target.node.kind == kind)
    }
}

/// A resource's properties, or a part of them.
#[derive(Clone)]
pub(crate) struct Part<'g> {
    /// The resource.
    pub node: &'g Node,
    /// The way here; nothing for the whole resource. Most parts are looked at and nothing is said of them, so the way is only
    /// written out for those of which something is.
    way: Option<Rc<Way<'g>>>,
    state: State<'g>,
}

/// The last step to a part, and those before it.
struct Way<'g> {
    before: Option<Rc<Way<'g>>>,
    step: Step<'g>,
}

enum Step<'g> {
    /// The name of a member, or several: `A.B`.
    Names(&'g str),
    Item(usize),
}

#[derive(Clone, Copy)]
enum State<'g> {
    Missing,
    /// Something above it is not known yet.
    Unknown,
    Is(&'g Value),
}

impl<'g> Part<'g> {
    /// Where it is in the resource: `A.B.0.C`.
    pub(super) fn path(&self) -> String {
        let mut steps = Vec::new();
        let mut way = self.way.as_deref();
        while let Some(Way { before, step }) = way {
            steps.push(match step {
                Step::Names(names) => (*names).to_owned(),
                Step::Item(at) => at.to_string(),
            });
            way = before.as_deref();
        }
        steps.reverse();
        steps.join(".")
    }

    /// The whole resource.
    pub(super) fn root(node: &'g Node) -> Self {
        Self { node, way: None, state: State::Is(&node.properties) }
    }

    fn below(&self, step: Step<'g>, state: State<'g>) -> Self {
        Self { node: self.node, way: Some(Rc::new(Way { before: self.way.clone(), step })), state }
    }

    /// The member `A.B` of an object.
    pub(super) fn get(&self, path: &'static str) -> Self {
        let state = path.split('.').fold(self.state, |state, key| match state {
            State::Is(Value::Map(map)) => match map.get(key) {
                None | Some(Value::Null) => State::Missing,
                Some(value) => State::Is(value),
            },
            State::Is(Value::Attribute(_) | Value::Call(_)) | State::Unknown => State::Unknown,
            State::Is(_) | State::Missing => State::Missing,
        });
        self.below(Step::Names(path), state)
    }

    /// The items of a list; a single value counts as a list of one.
    pub(super) fn each(&self) -> Vec<Self> {
        match self.state {
            State::Is(Value::List(items)) => items
                .iter()
                .enumerate()
                .map(|(at, item)| self.below(Step::Item(at), State::Is(item)))
                .collect(),
            State::Is(Value::Null) | State::Missing => Vec::new(),
            _ => vec![self.clone()],
        }
    }

    /// The members of an object.
    pub(super) fn members(&self) -> Vec<(&'g str, Self)> {
        match self.state {
            State::Is(Value::Map(map)) => {
                let below = |key, value| self.below(Step::Names(key), State::Is(value));
                map.iter().map(|(key, value)| (key.as_str(), below(key, value))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// It is certainly not there.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.state, State::Missing)
    }

    /// Its value, if any.
    pub(super) fn value(&self) -> Option<&'g Value> {
        match self.state {
            State::Is(value) => Some(value),
            _ => None,
        }
    }

    /// A known text; texts with dynamic references are not known.
    pub(super) fn text(&self) -> Option<&'g str> {
        match self.state {
            State::Is(Value::String(text)) if !is_dynamic(text) => Some(text),
            _ => None,
        }
    }

    /// A known whole number.
    pub(super) fn number(&self) -> Option<i64> {
        match self.state {
            State::Is(Value::Number(number)) => number.as_i64(),
            State::Is(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A known truth.
    pub(super) fn truth(&self) -> Option<bool> {
        match self.state {
            State::Is(Value::Bool(truth)) => Some(*truth),
            State::Is(Value::String(text)) => text.to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    /// What it refers to, if it is one reference.
    pub(super) fn reference(&self) -> Option<&'g Reference> {
        match self.state {
            State::Is(Value::Attribute(reference)) => Some(reference),
            _ => None,
        }
    }

    /// Where it is written: the value, or the nearest key above what is not there.
    pub(super) fn span(&self) -> Option<Span> {
        let places = self.node.places.as_ref();
        let found = places.and_then(|places| match self.state {
            State::Missing => {
                // What is missing has no place; its nearest ancestor that is there has.
                let path = self.path();
                let above = path.rsplit_once('.').map_or("", |(above, _)| above);
                if above.is_empty() { None } else { places.key(above) }
            }
            _ if self.way.is_none() => None,
            _ => places.value(&self.path()),
        });
        found.or_else(|| self.node.span.clone())
    }

    /// The evaluated value with its places.
    pub(super) fn item(&self) -> Option<crate::model::item::Item> {
        let properties = &self.node.places.as_ref()?.properties;
        match self.way {
            None => Some(properties.item()),
            Some(_) => properties.place(&self.path()).map(|(_, part)| part.item()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{graph::testing::graph, model::Packed, syntax};

    /// A resource and its text: `{A: [{B.C: x}], D: {E: y}, F: null}` in JSON, with a place for each part.
    fn whole() -> (Graph, String) {
        let text = r#"{"A": [{"B": {"C": "x"}}], "D": {"E": "y"}, "F": null}"#.to_owned();
        let item = syntax::parse(std::path::Path::new("a.json"), text.clone()).unwrap().to_item();
        let properties = json!({"A": [{"B": {"C": "x"}}], "D": {"E": "y"}, "F": null});
        let mut graph = graph(&[("app/R", "AWS::X::Y", properties)]);
        let places =
            crate::graph::Places { properties: Packed::new(&item), metadata: None, depends_on: Vec::new() };
        graph.nodes[0].places = Some(Box::new(places));
        (graph, text)
    }

    #[test]
    fn a_part_knows_its_way_however_it_was_reached() {
        let (graph, text) = whole();
        let root = Part::root(&graph.nodes[0]);
        let first = root.get("A").each().remove(0);
        let inner = first.get("B.C");
        let member = root.get("D").members().remove(0).1;
        let single = member.each().remove(0);
        let all = [&root, &first, &inner, &member, &single, &first.get("B").get("X.Y"), &root.get("F")];
        let paths: Vec<String> = all.iter().map(|part| part.path()).collect();
        assert_eq!(paths, ["", "A.0", "A.0.B.C", "D.E", "D.E", "A.0.B.X.Y", "F"]);
        let shown =
            |part: &Part<'_>| part.span().map(|span| text[span.start as usize..span.end as usize].to_owned());
        assert_eq!(inner.text(), Some("x"));
        assert_eq!(shown(&inner).as_deref(), Some("\"x\""));
        assert_eq!(shown(&member).as_deref(), Some("\"y\""));
        // What is missing is told at the nearest key above that is there.
        assert_eq!(shown(&first.get("B.X")).as_deref(), Some("\"B\""));
        assert_eq!(shown(&first.get("B").get("X.Y")).as_deref(), Some("\"B\""));
        assert_eq!(shown(&root.get("D.X")).as_deref(), Some("\"D\""));
        assert_eq!(shown(&root.get("X")), None);
        assert_eq!(shown(&root), None);
        assert!(root.get("F").is_missing() && root.get("A.B").is_missing());
        assert_eq!(
            first.item().unwrap().get("B").unwrap().value.get("C").unwrap().value,
            inner.item().unwrap()
        );
    }
}
