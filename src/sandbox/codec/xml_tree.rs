//! Request bodies in XML, as a tree.

use quick_xml::{Reader, events::Event};

/// An element. Namespace prefixes are cut off element names, but kept on attributes (`xsi:type`).
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Parses a document; `None` if it is not well-formed.
pub fn parse(text: &str) -> Option<Element> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => {
                let element = element(&start)?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => return Some(element),
                }
            }
            Event::End(_) => {
                let element = open.pop()?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => return Some(element),
                }
            }
            Event::Text(piece) => {
                if let Some(parent) = open.last_mut() {
                    parent.text.push_str(&piece.xml10_content());
                }
            }
            Event::CData(piece) => {
                if let Some(parent) = open.last_mut() {
                    parent.text.push_str(&piece.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                let parent = open.last_mut()?;
                match reference.resolve_char_ref().ok()? {
                    Some(ch) => parent.text.push(ch),
                    None => parent
                        .text
                        .push_str(quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())?),
                }
            }
            Event::Eof => return None,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Option<Element> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    let name = start.local_name().as_ref().to_owned();
    Some(Element { name, attributes, children: Vec::new(), text: String::new() })
}
