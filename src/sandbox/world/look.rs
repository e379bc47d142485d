//! How rows are found.

use std::{collections::BTreeSet, ops::Bound};

use serde_json::Value as Json;

use super::{
    index::By,
    store::{Lag, World},
};

impl World {
    pub(super) fn visible(&self, row: &Json) -> bool {
        #[cfg(test)]
        LOOKED.with(|looked| looked.set(looked.get() + 1));
        let lag = match self.lag {
            Lag::None => return true,
            Lag::Fixed(millis) => millis,
            Lag::Drawn => row["_hidden"].as_i64().unwrap_or_default(),
        };
        row["_born"].as_i64().is_none_or(|born| born + lag <= self.now)
    }

    /// All visible rows of a table with their keys, in key order.
    pub fn rows<'w>(&'w self, table: &str) -> impl Iterator<Item = (&'w str, &'w Json)> + use<'w> {
        self.tables
            .get(table)
            .into_iter()
            .flat_map(|rows| rows.iter())
            .filter(|(_, row)| self.visible(row))
            .map(|(key, row)| (key.as_str(), row.as_ref()))
    }

    /// The same after a key, for pages.
    pub fn rows_after<'w>(
        &'w self,
        table: &str,
        key: Option<&str>,
    ) -> impl Iterator<Item = (&'w str, &'w Json)> + use<'w> {
        let after = key.map_or(Bound::Unbounded, |key| Bound::Excluded(key.to_owned()));
        let rows = self.tables.get(table).into_iter();
        rows.flat_map(move |rows| rows.range::<String, _>((after.clone(), Bound::Unbounded)))
            .filter(|(_, row)| self.visible(row))
            .map(|(key, row)| (key.as_str(), row.as_ref()))
    }

    /// All visible rows of a table with that text, in key order: as [`Self::rows`] and a filter would find them, without a look
    /// at the others.
    pub fn with<'w>(&'w self, table: &str, by: &By, text: &str) -> Vec<(&'w str, &'w Json)> {
        let Some(rows) = self.tables.get(table) else { return Vec::new() };
        let keys = self.indexes.get().keys(table, rows, by, text);
        let found = keys.iter().filter_map(|key| rows.get_key_value(key));
        found.filter(|(_, row)| self.visible(row)).map(|(key, row)| (key.as_str(), row.as_ref())).collect()
    }

    /// The same after a key, as far as they are asked for.
    pub fn walk<'w>(
        &'w self,
        table: &'w str,
        by: By,
        text: String,
        mut after: Option<String>,
    ) -> impl Iterator<Item = (&'w str, &'w Json)> + 'w {
        /// Keys that are fetched at once.
        const STEP: usize = 100;
        let rows = self.tables.get(table);
        let mut fetched = Vec::new().into_iter();
        let keys = std::iter::from_fn(move || {
            if fetched.len() == 0 {
                let of = (table, rows?.as_ref());
                fetched = self.indexes.get().keys_after(of, (&by, &text), after.as_deref(), STEP).into_iter();
            }
            let key: String = fetched.next()?;
            after = Some(key.clone());
            rows?.get_key_value(&key)
        });
        keys.filter(|(_, row)| self.visible(row)).map(|(key, row)| (key.as_str(), row.as_ref()))
    }

    /// The texts that rows of a table are found by.
    #[must_use]
    pub fn texts(&self, table: &str, by: &By) -> BTreeSet<String> {
        let rows = self.tables.get(table);
        rows.map_or_else(BTreeSet::new, |rows| self.indexes.get().texts(table, rows, by))
    }

    /// Visible rows whose keys start so, from the one after a key on.
    pub fn rows_under<'w>(
        &'w self,
        table: &str,
        start: String,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'w str, &'w Json)> + use<'w> {
        let from = match after.filter(|after| *after >= start.as_str()) {
            Some(after) => Bound::Excluded(after.to_owned()),
            None => Bound::Included(start.clone()),
        };
        let rows = self.tables.get(table).into_iter();
        rows.flat_map(move |rows| rows.range::<String, _>((from.clone(), Bound::Unbounded)))
            .take_while(move |(key, _)| key.starts_with(&start))
            .filter(|(_, row)| self.visible(row))
            .map(|(key, row)| (key.as_str(), row.as_ref()))
    }

    /// Tables whose names start so, in order.
    pub fn tables_under<'w>(&'w self, start: &'w str) -> impl Iterator<Item = &'w str> + 'w {
        let tables = self.tables.range::<str, _>((Bound::Included(start), Bound::Unbounded));
        tables.map(|(table, _)| table.as_str()).take_while(move |table| table.starts_with(start))
    }

    /// Whether any row with that text fits.
    pub fn any_with(&self, table: &str, by: &By, text: &str, mut fits: impl FnMut(&Json) -> bool) -> bool {
        self.with(table, by, text).into_iter().any(|(_, row)| fits(row))
    }

    /// Whether any row fits.
    pub fn any(&self, table: &str, mut fits: impl FnMut(&Json) -> bool) -> bool {
        self.rows(table).any(|(_, row)| fits(row))
    }
}

#[cfg(test)]
thread_local! {
    /// How many rows this thread has looked at: what a test holds operations to.
    pub static LOOKED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
