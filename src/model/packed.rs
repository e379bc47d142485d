//! Items by the million: places and all in a third of the memory.
//!
//! Most of what an [`Item`] holds stands in its file already: a name or a scalar is a piece of the source, with quotes around it or
//! without. A packed item is the list of its parts, each before what is in it, with the places of name and value; only what
//! is written in another way than it is meant, or comes from elsewhere, is kept beside them.

use std::sync::Arc;

use super::{
    Scalar, Source, Span, Text, Value,
    item::{Item, Kind, Member},
};

/// An [`Item`] that takes little room.
#[derive(Debug, Clone)]
pub struct Packed {
    cells: Box<[Cell]>,
    /// Where parts are written; mostly one file.
    sources: Box<[Arc<Source>]>,
    /// Names and scalars that are no piece of their source, by cell.
    names: Box<[(u32, Text)]>,
    scalars: Box<[(u32, Text)]>,
    /// What other resources decide, by cell.
    deferred: Box<[(u32, Value)]>,
}

/// One part.
#[derive(Debug, Clone, Copy)]
struct Cell {
    name: Place,
    value: Place,
    /// How many cells it takes with all that is in it.
    size: u32,
    name_source: u16,
    value_source: u16,
    what: What,
    name_from: From,
}

/// A part of a source.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    NoValue,
    Poison,
    Null,
    Scalar { from: From, plain: bool },
    List,
    Map,
    Deferred,
}

/// Where a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// It is what its place shows.
    Bare,
    /// The same, but for the first and the last byte.
    Quoted,
    /// Beside the cells.
    Beside,
}

/// Longer texts have their bytes in memory of their own, which copies share.
const IN_PLACE: usize = 15;

impl Packed {
    /// Packs an item.
    #[must_use]
    pub fn new(item: &Item) -> Self {
        let mut packing = Packing::default();
        packing.item(item, &item.span, From::Bare);
        Self {
            cells: packing.cells.into(),
            sources: packing.sources.into(),
            names: packing.names.into(),
            scalars: packing.scalars.into(),
            deferred: packing.deferred.into(),
        }
    }

    /// The item again.
    #[must_use]
    pub fn item(&self) -> Item {
        self.unpack(0)
    }

    /// The part `A.B.0`, as [`Item::place`] finds it: where its key, or the item of a list, is written, and itself.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<(Span, Part<'_>)> {
        let mut found = None;
        let mut at = 0;
        for step in path.split(['.', '/']) {
            let named = |at: &usize| self.name(*at) == step;
            let (next, span) = match self.cells.get(at)?.what {
                What::Map => match self.inside(at).find(named) {
                    Some(next) => (next, self.name_span(next)),
                    None => break,
                },
                What::List => match step.parse().ok().and_then(|step| self.inside(at).nth(step)) {
                    Some(next) => (next, self.value_span(next)),
                    None => break,
                },
                _ => break,
            };
            found = Some((span, Part { packed: self, at: next }));
            at = next;
        }
        found
    }

    /// The cells right in a list or an object.
    fn inside(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let end = at + self.cells[at].size as usize;
        let mut next = at + 1;
        std::iter::from_fn(move || {
            let this = next;
            (this < end).then(|| {
                next += self.cells[this].size as usize;
                this
            })
        })
    }

    fn name_span(&self, at: usize) -> Span {
        let Cell { name: Place { start, end }, name_source, .. } = self.cells[at];
        Span { source: Arc::clone(&self.sources[usize::from(name_source)]), start, end }
    }

    fn value_span(&self, at: usize) -> Span {
        let Cell { value: Place { start, end }, value_source, .. } = self.cells[at];
        Span { source: Arc::clone(&self.sources[usize::from(value_source)]), start, end }
    }

    fn written(&self, source: u16, place: Place, from: From) -> &str {
        let text = &self.sources[usize::from(source)].text;
        let (start, end) = (place.start as usize, place.end as usize);
        if from == From::Quoted { &text[start + 1..end - 1] } else { &text[start..end] }
    }

    fn name(&self, at: usize) -> &str {
        let cell = &self.cells[at];
        match cell.name_from {
            From::Beside => beside(&self.names, at).as_str(),
            from => self.written(cell.name_source, cell.name, from),
        }
    }

    fn unpack(&self, at: usize) -> Item {
        let cell = &self.cells[at];
        let kind = match cell.what {
            What::NoValue => Kind::NoValue,
            What::Poison => Kind::Poison,
            What::Null => Kind::Null,
            What::Scalar { from, plain } => {
                let text = match from {
                    From::Beside => beside(&self.scalars, at).clone(),
                    from => self.written(cell.value_source, cell.value, from).into(),
                };
                Kind::Scalar(Scalar { text, plain })
            }
            What::List => Kind::List(exactly(self.inside(at).map(|at| self.unpack(at)), self.inside(at))),
            What::Map => Kind::Map(exactly(self.inside(at).map(|at| self.member(at)), self.inside(at))),
            What::Deferred => Kind::Deferred(Box::new(beside(&self.deferred, at).clone())),
        };
        Item { kind, span: self.value_span(at) }
    }

    fn member(&self, at: usize) -> Member {
        let cell = &self.cells[at];
        let key = match cell.name_from {
            From::Beside => beside(&self.names, at).clone(),
            from => self.written(cell.name_source, cell.name, from).into(),
        };
        Member { key, key_span: self.name_span(at), value: self.unpack(at) }
    }
}

/// A part of a packed item.
#[derive(Debug, Clone, Copy)]
pub struct Part<'p> {
    packed: &'p Packed,
    at: usize,
}

impl Part<'_> {
    /// Where its value is written.
    #[must_use]
    pub fn span(&self) -> Span {
        self.packed.value_span(self.at)
    }

    /// The item that it is.
    #[must_use]
    pub fn item(&self) -> Item {
        self.packed.unpack(self.at)
    }
}

/// What is kept beside a cell.
fn beside<T>(all: &[(u32, T)], at: usize) -> &T {
    let found = all.partition_point(|(cell, _)| (*cell as usize) < at);
    &all[found].1
}

/// All of them, in a list without room for more.
fn exactly<T>(items: impl Iterator<Item = T>, counted: impl Iterator) -> Vec<T> {
    let mut all = Vec::with_capacity(counted.count());
    all.extend(items);
    all
}

#[derive(Default)]
struct Packing {
    cells: Vec<Cell>,
    sources: Vec<Arc<Source>>,
    names: Vec<(u32, Text)>,
    scalars: Vec<(u32, Text)>,
    deferred: Vec<(u32, Value)>,
}

impl Packing {
    /// The number of the file; of the first one, if a resource is written in more files than any plan has.
    fn source(&mut self, span: &Span) -> u16 {
        let known = self.sources.iter().rposition(|source| Arc::ptr_eq(source, &span.source));
        let at = known.unwrap_or_else(|| {
            self.sources.push(Arc::clone(&span.source));
            self.sources.len() - 1
        });
        u16::try_from(at).unwrap_or_default()
    }

    fn item(&mut self, item: &Item, name: &Span, name_from: From) {
        let (at, number) = (self.cells.len(), number(self.cells.len()));
        let what = match &item.kind {
            Kind::NoValue => What::NoValue,
            Kind::Poison => What::Poison,
            Kind::Null => What::Null,
            Kind::Scalar(Scalar { text, plain }) => {
                let from = found(text, &item.span);
                if from == From::Beside {
                    self.scalars.push((number, text.clone()));
                }
                What::Scalar { from, plain: *plain }
            }
            Kind::List(_) => What::List,
            Kind::Map(_) => What::Map,
            Kind::Deferred(value) => {
                self.deferred.push((number, (**value).clone()));
                What::Deferred
            }
        };
        let place = |span: &Span| Place { start: span.start, end: span.end };
        let (name_source, value_source) = (self.source(name), self.source(&item.span));
        let (name, value) = (place(name), place(&item.span));
        self.cells.push(Cell { name, value, size: 1, name_source, value_source, what, name_from });
        match &item.kind {
            Kind::List(items) => items.iter().for_each(|item| self.item(item, &item.span, From::Bare)),
            Kind::Map(members) => members.iter().for_each(|member| self.member(member)),
            _ => {}
        }
        self.cells[at].size = self::number(self.cells.len() - at);
    }

    fn member(&mut self, Member { key, key_span, value }: &Member) {
        // A long name is the same text everywhere: that is kept, else each object that is unpacked would have its own copy.
        let from = if key.len() > IN_PLACE { From::Beside } else { found(key, key_span) };
        if from == From::Beside {
            self.names.push((number(self.cells.len()), key.clone()));
        }
        self.item(value, key_span, from);
    }
}

/// Files are limited to four gigabytes by their places already.
fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

/// How a text can be found again where it is written.
fn found(text: &Text, span: &Span) -> From {
    let shown = span.source.text.as_bytes().get(span.start as usize..span.end as usize);
    match shown.unwrap_or_default() {
        [quote @ (b'"' | b'\''), inside @ .., last] if quote == last && inside == text.as_bytes() => {
            From::Quoted
        }
        all if all == text.as_bytes() => From::Bare,
        _ => From::Beside,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;

    use super::*;
    use crate::model::{Address, Reference};

    const TEXT: &str =
        r#"{"Name": "übung", "Count": 12, "Long": {"ALongNameOfAProperty": ["a\nb", 'c', null]}, "": ""}"#;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source { path: PathBuf::from("plan.json"), text: text.to_owned() })
    }

    fn span(source: &Arc<Source>, text: &str) -> Span {
        let start = source.text.find(text).expect(text);
        let at = |at| u32::try_from(at).expect("short");
        Span { source: Arc::clone(source), start: at(start), end: at(start + text.len()) }
    }

    /// A bit of everything, in two files.
    fn item() -> Item {
        let (one, other) = (source(TEXT), source("Elsewhere"));
        let scalar = |text: &str, plain: bool, at: &str| {
            Item::new(Kind::Scalar(Scalar { text: text.into(), plain }), &span(&one, at))
        };
        let member =
            |key: &str, at: &str, value: Item| Member { key: key.into(), key_span: span(&one, at), value };
        let to = Reference { address: Address::new("S", "Other"), attribute: "Ref".into() };
        let list = Kind::List(vec![
            scalar("a\nb", false, r#""a\nb""#),
            scalar("c", false, "'c'"),
            Item::new(Kind::Null, &span(&one, "null")),
            Item::text("made", &span(&other, "Elsewhere")),
            Item::new(Kind::NoValue, &span(&one, "null")),
            Item::poison(&span(&one, "null")),
            Item::new(Kind::List(Vec::new()), &span(&one, "[")),
        ]);
        let inner = vec![
            member("ALongNameOfAProperty", "\"ALongNameOfAProperty\"", Item::new(list, &span(&one, "["))),
            member(
                "Renamed",
                "\"Long\"",
                Item::deferred(Value::Attribute(to.into()), &span(&other, "where")),
            ),
        ];
        let all = vec![
            member("Name", "\"Name\"", scalar("übung", false, "\"übung\"")),
            member("Count", "\"Count\"", scalar("12", true, "12")),
            member("Long", "\"Long\"", Item::new(Kind::Map(inner), &span(&one, "{\"ALong"))),
            member("", "\"\"", scalar("", false, "\"\"")),
            member(
                "Tags",
                "\"Name\"",
                Item::from_json(&json!([{"Key": "a", "Value": "b"}]), &span(&other, "E")),
            ),
        ];
        Item::new(Kind::Map(all), &span(&one, TEXT))
    }

    #[test]
    fn an_item_comes_back_as_it_was() {
        let whole = item();
        assert_eq!(Packed::new(&whole).item(), whole);
        let one = Item::text("x", &whole.span);
        assert_eq!(Packed::new(&one).item(), one);
    }

    #[test]
    fn a_part_is_found_where_the_item_has_it() {
        let whole = item();
        let packed = Packed::new(&whole);
        let paths = [
            "Name",
            "Count",
            "Long",
            "Long.ALongNameOfAProperty",
            "Long.ALongNameOfAProperty.0",
            "Long/ALongNameOfAProperty/3",
            "Long.ALongNameOfAProperty.9",
            "Long.ALongNameOfAProperty.x",
            "Long.Renamed",
            "Long.Renamed.Deeper",
            "Tags.0.Key",
            "Tags.1",
            "",
            "Missing",
            "Name.0",
        ];
        for path in paths {
            let found = packed.place(path).map(|(span, part)| (span, part.span(), part.item()));
            let wanted =
                whole.place(path).map(|(span, item)| (span.clone(), item.span.clone(), item.clone()));
            assert_eq!(found, wanted, "{path}");
        }
    }

    #[test]
    fn what_stands_in_the_file_is_not_kept_twice() {
        let packed = Packed::new(&item());
        let names: Vec<&str> = packed.names.iter().map(|(_, name)| name.as_str()).collect();
        let scalars: Vec<&str> = packed.scalars.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(
            names,
            ["ALongNameOfAProperty", "Renamed", "Tags", "Key", "Value"],
            "long, or not written so, or from elsewhere"
        );
        assert_eq!(scalars, ["a\nb", "made", "a", "b"]);
        assert!(size_of::<Cell>() <= 28);
    }
}
