//! The schemas of all resource types that AWS publishes: `registry.zip`, one entry a type, which `registry.py` makes.
//! An entry is read when somebody asks for its type; a plan that names none of them costs nothing.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::{Cursor, Read as _},
    sync::{LazyLock, Mutex, PoisonError},
};

use zip::ZipArchive;

use super::TypeSchema;

static ARCHIVE: &[u8] = include_bytes!("registry.zip");

/// The archive, and what was read from it.
struct Published {
    archive: ZipArchive<Cursor<&'static [u8]>>,
    read: BTreeMap<String, &'static TypeSchema>,
}

static PUBLISHED: LazyLock<Option<Mutex<Published>>> = LazyLock::new(|| {
    let archive = ZipArchive::new(Cursor::new(ARCHIVE)).ok()?;
    Some(Mutex::new(Published { archive, read: BTreeMap::new() }))
});

/// The published schema of a type. Those that are asked for stay in memory.
pub(super) fn find(kind: &str) -> Option<&'static TypeSchema> {
    let mut published = PUBLISHED.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(schema) = published.read.get(kind) {
        return Some(schema);
    }
    let mut text = String::new();
    published.archive.by_name(kind).ok()?.read_to_string(&mut text).ok()?;
    let schema: &'static TypeSchema = Box::leak(Box::new(TypeSchema::parse(&text)?));
    published.read.insert(kind.to_owned(), schema);
    Some(schema)
}

/// The schema of a type as it is published, also of a type that has a handler of its own.
#[must_use]
pub fn as_published(kind: &str) -> Option<&'static TypeSchema> {
    find(kind)
}

/// Names of all published types, sorted.
#[must_use]
pub fn published() -> Vec<String> {
    let Some(published) = PUBLISHED.as_ref() else { return Vec::new() };
    let published = published.lock().unwrap_or_else(PoisonError::into_inner);
    let mut names: Vec<String> =
        published.archive.file_names().filter_map(Result::ok).map(Cow::into_owned).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_schema_can_be_read_and_is_of_its_name() {
        let names = published();
        assert!(names.len() > 1_700, "{}", names.len());
        for name in &names {
            let schema = find(name).unwrap_or_else(|| panic!("{name} cannot be read"));
            assert_eq!(schema.document()["typeName"], **name);
            assert!(schema.properties().next().is_some(), "{name} has no properties");
        }
        assert!(find("AWS::No::Such").is_none());
    }
}
