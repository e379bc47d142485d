//! Patterns, compiled when a text is first held against them.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, OnceLock, RwLock},
};

use fancy_regex::Regex;

/// Compiled patterns by their text; `None` for those that cannot be compiled. Many places have the same pattern.
type Compiled = HashMap<&'static str, Option<Arc<Regex>>>;

static COMPILED: LazyLock<RwLock<Compiled>> = LazyLock::new(RwLock::default);

/// The pattern of a place.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) text: &'static str,
    /// The place's own handle: every text asks for it, and neither takes the lock nor hashes the pattern again.
    regex: OnceLock<Option<Arc<Regex>>>,
}

impl Pattern {
    pub(super) fn new(text: &'static str) -> Self {
        Self { text, regex: OnceLock::new() }
    }

    /// The compiled pattern; `None` if it is in a dialect that cannot be compiled, which then is not checked.
    pub(crate) fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| compiled(self.text)).as_deref()
    }
}

fn compiled(pattern: &'static str) -> Option<Arc<Regex>> {
    if let Some(known) = COMPILED.read().ok()?.get(pattern) {
        return known.clone();
    }
    let regex = Regex::new(pattern).ok().map(Arc::new);
    COMPILED.write().ok()?.insert(pattern, regex.clone());
    regex
}
