//! Functions over lists, mappings, conditions and exports.

use super::plan::{Eval, Place};
use crate::{
    error::hint,
    model::{
        Call, Span, Unknown, Value, functions,
        item::{Item, Kind},
    },
    syntax::{Entry, Node},
};

impl<'p> Eval<'_, 'p> {
    pub(super) fn join(&self, entry: &'p Entry, span: &Span) -> Item {
        let Some([separator, list]) = self.arguments(entry, 2..=2, "a separator and a list") else {
            return Item::poison(span);
        };
        let (separator, list) = (self.separator(entry, separator), self.inside().eval(list));
        let Some(separator) = separator else { return Item::poison(span) };
        let items = match &list.kind {
            Kind::List(items) => items,
            Kind::Deferred(value) => {
                return Item::call(Call::Join { separator, list: (**value).clone() }, span);
            }
            Kind::Poison => return Item::poison(span),
            _ => {
                let message = format!("Fn::Join takes a separator and a list, not {}", list.describe());
                self.error("M1049", &list.span, message, None);
                return Item::poison(span);
            }
        };
        let pieces: Vec<Option<Value>> = items.iter().map(|item| self.piece("Fn::Join", item)).collect();
        let Some(pieces) = pieces.into_iter().collect::<Option<Vec<Value>>>() else {
            return Item::poison(span);
        };
        let known: Option<Vec<&str>> = pieces.iter().map(Value::as_str).collect();
        match known {
            Some(known) => {
                let separators = separator.len().saturating_mul(known.len().saturating_sub(1));
                let length = known.iter().map(|text| text.len()).sum::<usize>().saturating_add(separators);
                if self.fits("Fn::Join", length, span).is_none() {
                    return Item::poison(span);
                }
                let text = known.join(&separator);
                self.dynamic(&text, span);
                Item::text(text, span)
            }
            None => self.waiting(Call::Join { separator, list: Value::List(pieces) }, span),
        }
    }

    pub(super) fn split(&self, entry: &'p Entry, span: &Span) -> Item {
        let Some([separator, text]) = self.arguments(entry, 2..=2, "a separator and a text") else {
            return Item::poison(span);
        };
        let (separator, text) = (self.separator(entry, separator), self.eval(text));
        let Some(separator) = separator.filter(|_| self.no_secret("Fn::Split", &text).is_some()) else {
            return Item::poison(span);
        };
        if separator.is_empty() {
            self.error("M1049", &entry.value.span, "Fn::Split needs a separator", None);
            return Item::poison(span);
        }
        match self.piece("Fn::Split", &text) {
            None => Item::poison(span),
            Some(Value::String(text)) => {
                if self.spend(text.matches(&separator).count(), span).is_none() {
                    return Item::poison(span);
                }
                Item::texts(text.split(&separator).map(str::to_owned), span)
            }
            Some(text) => Item::call(Call::Split { separator, text }, span),
        }
    }

    pub(super) fn select(&self, entry: &'p Entry, span: &Span) -> Item {
        let Some([index, list]) = self.arguments(entry, 2..=2, "an index and a list") else {
            return Item::poison(span);
        };
        let (at, list) = (self.known_text(index, "the index of Fn::Select"), self.eval(list));
        let Some(at) = at else { return Item::poison(span) };
        let Ok(at) = at.trim().parse::<usize>() else {
            self.error("M1049", &index.span, "the index of Fn::Select is a whole number from 0", None);
            return Item::poison(span);
        };
        match list.kind {
            Kind::List(mut items) if at < items.len() => Item { span: span.clone(), ..items.swap_remove(at) },
            Kind::List(items) => {
                let message =
                    format!("Fn::Select wants item {at} of a list that has {} (counted from 0)", items.len());
                self.error("M1049", span, message, None);
                Item::poison(span)
            }
            Kind::Deferred(value) => {
                Item::call(Call::Select { index: Value::Number(at.into()), list: *value }, span)
            }
            Kind::Poison => Item::poison(span),
            _ => {
                let message = format!("Fn::Select takes an index and a list, not {}", list.describe());
                self.error("M1049", &list.span, message, None);
                Item::poison(span)
            }
        }
    }

    pub(super) fn zones(&self, entry: &'p Entry, span: &Span) -> Item {
        let region = match &entry.value.value {
            Node::Null => Some(String::new()),
            _ => self.known_text(&entry.value, "the region of Fn::GetAZs"),
        };
        let Some(region) = region else { return Item::poison(span) };
        let region = if region.is_empty() { self.scope.source.region.clone() } else { region };
        match self.plan.env.zones_of(&region) {
            Some(zones) => Item::texts(zones, span),
            None => {
                let message = format!("the availability zones of `{region}` are not known");
                self.error("M1063", span, message, Some("is it a region of this account?".into()));
                Item::poison(span)
            }
        }
    }

    pub(super) fn cidr(&self, entry: &'p Entry, span: &Span) -> Item {
        // Documentation of old called the third argument optional; AWS has always demanded it.
        let wanted = "a block, a count and the host bits of each piece (8 makes /24 of IPv4)";
        let Some(trees) = self.arguments(entry, 3..=3, wanted) else {
            return Item::poison(span);
        };
        let values: Vec<Option<Value>> = trees
            .iter()
            .map(|tree| {
                let item = self.eval(tree);
                self.no_secret("Fn::Cidr", &item)?;
                self.piece("Fn::Cidr", &item)
            })
            .collect();
        let Some(values) = values.into_iter().collect::<Option<Vec<Value>>>() else {
            return Item::poison(span);
        };
        let known: Option<Vec<_>> = values.iter().map(Value::known).collect();
        match (known.as_deref(), values.as_slice()) {
            (Some([block, count, bits]), _) => match functions::cidr(block, count, bits) {
                Ok(pieces) => Item::from_json(&pieces, span),
                Err(unknown) => self.invalid(span, unknown),
            },
            (_, [block, count, bits]) => Item::call(
                Call::Cidr { block: block.clone(), count: count.clone(), bits: bits.clone() },
                span,
            ),
            _ => Item::poison(span),
        }
    }

    /// `Fn::Base64`, `Fn::Length`, `Fn::ToJsonString`.
    pub(super) fn unary(&self, entry: &'p Entry, span: &Span, call: fn(Value) -> Call, name: &str) -> Item {
        let item = self.eval(&entry.value);
        if item.is_poisoned() {
            return Item::poison(span);
        }
        let json = name == "Fn::ToJsonString";
        let secret = json && item.any_text(&|text| text.contains("{{resolve:parameter:"));
        // Fn::Base64 encodes when its text is known.
        if secret && name != "Fn::Length" && self.no_secret(name, &item).is_none() {
            return Item::poison(span);
        }
        let value = match name {
            "Fn::Base64" => match self.piece(name, &item) {
                Some(value) => value,
                None => return Item::poison(span),
            },
            _ => item.to_value(),
        };
        let waiting = Value::Call(Box::new(call(value)));
        match waiting.resolve(&|_| None) {
            Ok(json) => self.affordable(Item::from_json(&json, span), span),
            Err(Unknown::Reference(_)) => Item::deferred(waiting, span),
            Err(unknown) => self.invalid(span, unknown),
        }
    }

    pub(super) fn find_in_map(&self, entry: &'p Entry, span: &Span) -> Item {
        let wanted = "the names of a mapping, a top-level key and a second-level key";
        let Some(trees) = self.arguments(entry, 3..=4, wanted) else { return Item::poison(span) };
        let names: Vec<Option<String>> =
            trees[..3].iter().map(|tree| self.known_text(tree, "an argument of Fn::FindInMap")).collect();
        let Some(names) = names.into_iter().collect::<Option<Vec<_>>>() else { return Item::poison(span) };
        let default = trees.get(3).map(|options| options.get("DefaultValue").unwrap_or(options));
        let Some(mapping) = self.scope.outline.mappings.get(names[0].as_str()) else {
            // A literal name has been reported when names were resolved.
            if trees[0].as_scalar().is_none() {
                let message = format!("the template has no mapping `{}`", names[0]);
                self.error("M1045", &trees[0].span, message, None);
            }
            return Item::poison(span);
        };
        let second = mapping.get(names[1].as_str());
        let found = second.and_then(|second| second.get(names[2].as_str()));
        if let Some(tree) = found {
            return self.affordable(Item { span: span.clone(), ..self.eval(tree) }, span);
        }
        if let Some(default) = default {
            return self.eval(default);
        }
        let (at, help) = match second {
            None => (1, hint(&names[1], "its keys", mapping.keys().copied())),
            Some(second) => (2, hint(&names[2], "its keys", second.keys().copied())),
        };
        let message = format!("the mapping `{}` has no key `{}`", names[..at].join("."), names[at]);
        self.error("M1045", &trees[at].span, message, help);
        Item::poison(span)
    }

    pub(super) fn choose(&self, entry: &'p Entry, span: &Span) -> Item {
        let wanted = "the name of a condition, the value if it holds, and the value if not";
        let Some([condition, yes, no]) = self.arguments(entry, 3..=3, wanted) else {
            return Item::poison(span);
        };
        let Some(name) = condition.as_name() else { return Item::poison(span) };
        match (Eval { place: Place::Condition, ..*self }).condition(name) {
            Some(true) => self.eval(yes),
            Some(false) => self.eval(no),
            None => Item::poison(span),
        }
    }
}
