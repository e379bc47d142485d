//! Items by the million: places and all in a tenth of the memory.
//!
//! Most of what an [`Item`] holds stands in its file already: a name or a scalar is a piece of the source, with quotes around it or
//! without. A packed item is a string of bytes, part by part, each before what is in it. A part takes five bytes or a little
//! more: what it is, and the places of name and value, each as a distance from the place before it and a length. Only what is
//! written in another way than it is meant, or comes from elsewhere, is kept beside them.

use std::sync::Arc;

use super::{
    Scalar, Source, Span, Text, Value,
    item::{Item, Kind, Member},
};

/// An [`Item`] that takes little room.
#[derive(Debug, Clone)]
pub struct Packed {
    parts: Box<[u8]>,
    /// Where most parts are written, and where others are.
    source: Arc<Source>,
    others: Box<[Arc<Source>]>,
    /// Names and scalars that are no piece of their source.
    texts: Box<[Text]>,
    /// What other resources decide.
    deferred: Box<[Value]>,
}

/// One part, read.
#[derive(Debug, Clone, Copy)]
struct Cell {
    name: Place,
    value: Place,
    name_from: From,
    what: What,
    /// How many parts are right in it, and where they begin.
    count: usize,
    inside: usize,
    /// Where the next part begins.
    next: usize,
}

/// A part of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// 0 is the item's own.
    source: u32,
    start: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    NoValue,
    Poison,
    Null,
    Scalar {
        from: From,
        plain: bool,
    },
    List,
    Map,
    /// By its number.
    Deferred(u32),
}

/// Where a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// It is what its place shows.
    Bare,
    /// The same, but for the first and the last byte.
    Quoted,
    /// Beside the parts, by its number.
    Beside(u32),
}

/// Longer texts have their bytes in memory of their own, which copies share.
const IN_PLACE: usize = 15;

/// How many texts beside the parts are looked through for the same one.
const LOOKED_THROUGH: usize = 16;

/// The first byte of a part: what it is (below), where its name is, and whether another source than the item's own comes into it.
mod head {
    pub(super) const NO_VALUE: u8 = 0;
    pub(super) const POISON: u8 = 1;
    pub(super) const NULL: u8 = 2;
    pub(super) const LIST: u8 = 3;
    pub(super) const MAP: u8 = 4;
    pub(super) const DEFERRED: u8 = 5;
    /// The first of six: bare, quoted, beside; then the same without quotes in the file.
    pub(super) const SCALAR: u8 = 6;
    pub(super) const WHAT: u8 = 0x0f;
    pub(super) const NAME_QUOTED: u8 = 0x10;
    pub(super) const NAME_BESIDE: u8 = 0x20;
    /// Its place is the value's: it stands in a list, or is the whole.
    pub(super) const NAMELESS: u8 = 0x30;
    pub(super) const NAME: u8 = 0x30;
    pub(super) const ELSEWHERE: u8 = 0x40;
}

impl Packed {
    /// Packs an item.
    #[must_use]
    pub fn new(item: &Item) -> Self {
        let mut packing = Packing {
            parts: Vec::new(),
            sources: vec![Arc::clone(&item.span.source)],
            texts: Vec::new(),
            deferred: Vec::new(),
        };
        packing.item(item, None, 0);
        let mut sources = packing.sources;
        let source = sources.remove(0);
        Self {
            parts: packing.parts.into(),
            source,
            others: sources.into(),
            texts: packing.texts.into(),
            deferred: packing.deferred.into(),
        }
    }

    /// The item again.
    #[must_use]
    pub fn item(&self) -> Item {
        self.unpack(&self.cell(0, 0))
    }

    /// The part `A.B.0`, as [`Item::place`] finds it: where its key, or the item of a list, is written, and itself.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<(Span, Part<'_>)> {
        let mut found = None;
        let mut cell = self.cell(0, 0);
        for step in path.split(['.', '/']) {
            let next = match cell.what {
                What::Map => self.inside(&cell).find(|inner| self.name(inner) == step),
                What::List => step.parse().ok().and_then(|step| self.inside(&cell).nth(step)),
                _ => None,
            };
            let Some(next) = next else { break };
            found = Some((self.span(next.name), Part { packed: self, cell: next }));
            cell = next;
        }
        found
    }

    /// The part that begins at that byte; `last` is where the one before it ends, or the one around it begins.
    fn cell(&self, at: usize, last: u32) -> Cell {
        let mut reader = Reader { bytes: &self.parts, at };
        let head = reader.byte();
        let (name_source, value_source) =
            if head & head::ELSEWHERE == 0 { (0, 0) } else { (reader.number(), reader.number()) };
        let mut name = Place { source: name_source, start: last, end: last };
        let mut name_from = From::Bare;
        if head & head::NAME != head::NAMELESS {
            name = reader.place(name_source, last);
            name_from = match head & head::NAME {
                head::NAME_BESIDE => From::Beside(reader.number()),
                head::NAME_QUOTED => From::Quoted,
                _ => From::Bare,
            };
        }
        let value = reader.place(value_source, name.end);
        if head & head::NAME == head::NAMELESS {
            name = value;
        }
        let what = match head & head::WHAT {
            head::NO_VALUE => What::NoValue,
            head::POISON => What::Poison,
            head::NULL => What::Null,
            head::LIST => What::List,
            head::MAP => What::Map,
            head::DEFERRED => What::Deferred(reader.number()),
            scalar => {
                let from = match (scalar - head::SCALAR) % 3 {
                    0 => From::Bare,
                    1 => From::Quoted,
                    _ => From::Beside(reader.number()),
                };
                What::Scalar { from, plain: scalar >= head::SCALAR + 3 }
            }
        };
        let (count, size) = match what {
            What::List | What::Map => (reader.number(), reader.number()),
            _ => (0, 0),
        };
        let (count, next) = (count as usize, reader.at + size as usize);
        Cell { name, value, name_from, what, count, inside: reader.at, next }
    }

    /// The parts right in a list or an object.
    fn inside(&self, cell: &Cell) -> impl Iterator<Item = Cell> + use<'_> {
        let (mut at, mut last) = (cell.inside, cell.value.start);
        (0..cell.count).map(move |_| {
            let inner = self.cell(at, last);
            (at, last) = (inner.next, inner.value.end);
            inner
        })
    }

    fn source(&self, number: u32) -> &Arc<Source> {
        match number.checked_sub(1) {
            None => &self.source,
            Some(other) => &self.others[other as usize],
        }
    }

    fn span(&self, Place { source, start, end }: Place) -> Span {
        Span { source: Arc::clone(self.source(source)), start, end }
    }

    /// What a place shows, without its quotes if it has some.
    fn written(&self, place: Place, quoted: bool) -> &str {
        let text = &self.source(place.source).text;
        let (start, end) = (place.start as usize, place.end as usize);
        if quoted { &text[start + 1..end - 1] } else { &text[start..end] }
    }

    fn name(&self, cell: &Cell) -> &str {
        match cell.name_from {
            From::Beside(at) => &self.texts[at as usize],
            from => self.written(cell.name, from == From::Quoted),
        }
    }

    fn text(&self, place: Place, from: From) -> Text {
        match from {
            From::Beside(at) => self.texts[at as usize].clone(),
            from => self.written(place, from == From::Quoted).into(),
        }
    }

    fn unpack(&self, cell: &Cell) -> Item {
        let kind = match cell.what {
            What::NoValue => Kind::NoValue,
            What::Poison => Kind::Poison,
            What::Null => Kind::Null,
            What::Scalar { from, plain } => Kind::Scalar(Scalar { text: self.text(cell.value, from), plain }),
            What::List => {
                let mut items = Vec::with_capacity(cell.count);
                items.extend(self.inside(cell).map(|inner| self.unpack(&inner)));
                Kind::List(items)
            }
            What::Map => {
                let mut members = Vec::with_capacity(cell.count);
                members.extend(self.inside(cell).map(|inner| self.member(&inner)));
                Kind::Map(members)
            }
            What::Deferred(at) => Kind::Deferred(Box::new(self.deferred[at as usize].clone())),
        };
        Item { kind, span: self.span(cell.value) }
    }

    fn member(&self, cell: &Cell) -> Member {
        Member {
            key: self.text(cell.name, cell.name_from),
            key_span: self.span(cell.name),
            value: self.unpack(cell),
        }
    }
}

/// A part of a packed item.
#[derive(Debug, Clone, Copy)]
pub struct Part<'p> {
    packed: &'p Packed,
    cell: Cell,
}

impl Part<'_> {
    /// Where its value is written.
    #[must_use]
    pub fn span(&self) -> Span {
        self.packed.span(self.cell.value)
    }

    /// The item that it is.
    #[must_use]
    pub fn item(&self) -> Item {
        self.packed.unpack(&self.cell)
    }
}

struct Reader<'p> {
    bytes: &'p [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.bytes[self.at];
        self.at += 1;
        byte
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn number(&mut self) -> u32 {
        let first = self.byte();
        let mut number = u32::from(first & 0x7f);
        let (mut more, mut shift) = (first >= 0x80, 7);
        while more {
            let next = self.byte();
            number |= u32::from(next & 0x7f) << shift;
            (more, shift) = (next >= 0x80, shift + 7);
        }
        number
    }

    /// A distance from `last`, which may lie behind it, and a length.
    fn place(&mut self, source: u32, last: u32) -> Place {
        let distance = self.number();
        let start = last.wrapping_add((distance >> 1) ^ (distance & 1).wrapping_neg());
        Place { source, start, end: start.wrapping_add(self.number()) }
    }
}

struct Packing {
    parts: Vec<u8>,
    sources: Vec<Arc<Source>>,
    texts: Vec<Text>,
    deferred: Vec<Value>,
}

impl Packing {
    fn number(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.parts.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.parts.push(number.to_le_bytes()[0]);
    }

    fn place(&mut self, span: &Span, last: u32) {
        let distance = span.start.wrapping_sub(last);
        self.number((distance << 1) ^ (distance >> 31).wrapping_neg());
        self.number(span.end.wrapping_sub(span.start));
    }

    /// The number of the file.
    fn source(&mut self, span: &Span) -> u32 {
        let known = self.sources.iter().rposition(|source| Arc::ptr_eq(source, &span.source));
        number(known.unwrap_or_else(|| {
            self.sources.push(Arc::clone(&span.source));
            self.sources.len() - 1
        }))
    }

    /// The number of a text that is kept beside the parts.
    fn beside(&mut self, text: &Text) -> u32 {
        let first = self.texts.len().saturating_sub(LOOKED_THROUGH);
        let known = self.texts[first..].iter().position(|other| other == text);
        number(known.map_or_else(
            || {
                self.texts.push(text.clone());
                self.texts.len() - 1
            },
            |known| first + known,
        ))
    }

    /// Adds an item, with its name if it is a member. `last` as in [`Packed::cell`].
    fn item(&mut self, item: &Item, name: Option<(&Text, &Span)>, last: u32) {
        let value_source = self.source(&item.span);
        let name_source = name.map_or(value_source, |(_, span)| self.source(span));
        let at = self.parts.len();
        self.parts.push(0);
        let mut head = 0;
        if (name_source, value_source) != (0, 0) {
            head |= head::ELSEWHERE;
            self.number(name_source);
            self.number(value_source);
        }
        let mut before = last;
        match name {
            None => head |= head::NAMELESS,
            Some((name, span)) => {
                self.place(span, last);
                before = span.end;
                // A long name is the same text everywhere: that is kept, else each object that is unpacked would have its own copy.
                match if name.len() > IN_PLACE { Found::Nowhere } else { found(name, span) } {
                    Found::Bare => {}
                    Found::Quoted => head |= head::NAME_QUOTED,
                    Found::Nowhere => {
                        head |= head::NAME_BESIDE;
                        let number = self.beside(name);
                        self.number(number);
                    }
                }
            }
        }
        self.place(&item.span, before);
        head |= match &item.kind {
            Kind::NoValue => head::NO_VALUE,
            Kind::Poison => head::POISON,
            Kind::Null => head::NULL,
            Kind::List(_) => head::LIST,
            Kind::Map(_) => head::MAP,
            Kind::Deferred(value) => {
                let number = number(self.deferred.len());
                self.deferred.push((**value).clone());
                self.number(number);
                head::DEFERRED
            }
            Kind::Scalar(Scalar { text, plain }) => {
                let first = if *plain { head::SCALAR + 3 } else { head::SCALAR };
                match found(text, &item.span) {
                    Found::Bare => first,
                    Found::Quoted => first + 1,
                    Found::Nowhere => {
                        let number = self.beside(text);
                        self.number(number);
                        first + 2
                    }
                }
            }
        };
        self.parts[at] = head;
        match &item.kind {
            Kind::List(items) => {
                let inner = items.iter().map(|item| (item, None));
                self.inside(items.len(), inner, item.span.start);
            }
            Kind::Map(members) => {
                let inner = members.iter().map(|one| (&one.value, Some((&one.key, &one.key_span))));
                self.inside(members.len(), inner, item.span.start);
            }
            _ => {}
        }
    }

    /// What is right in a list or an object: how many, how many bytes, and they themselves.
    fn inside<'i>(
        &mut self,
        count: usize,
        inner: impl Iterator<Item = (&'i Item, Option<(&'i Text, &'i Span)>)>,
        mut last: u32,
    ) {
        self.number(number(count));
        let at = self.parts.len();
        for (item, name) in inner {
            self.item(item, name, last);
            last = item.span.end;
        }
        // Most are short. Their length takes one byte, and is known only now.
        let end = self.parts.len();
        self.number(number(end - at));
        let length = self.parts.len() - end;
        self.parts[at..].rotate_right(length);
    }
}

/// Files are limited to four gigabytes by their places already.
fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

/// How a text can be found again where it is written.
enum Found {
    Bare,
    Quoted,
    Nowhere,
}

fn found(text: &Text, span: &Span) -> Found {
    let shown = span.source.text.as_bytes().get(span.start as usize..span.end as usize);
    match shown.unwrap_or_default() {
        [quote @ (b'"' | b'\''), inside @ .., last] if quote == last && inside == text.as_bytes() => {
            Found::Quoted
        }
        all if all == text.as_bytes() => Found::Bare,
        _ => Found::Nowhere,
    }
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
