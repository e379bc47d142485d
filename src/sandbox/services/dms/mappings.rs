//! Table mappings: which tables a task takes.

use serde_json::Value as Json;

use super::store::invalid;
use crate::sandbox::Fault;

/// What a source is taken to hold where a rule does not name its tables.
const TABLES: &[&str] = &["accounts", "customers", "orders", "payments", "refunds", "transactions"];

/// A table of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// How many rows it holds.
    pub rows: i64,
}

/// The rules of a document.
///
/// # Errors
/// It is no JSON, or has no selection rule, or a rule lacks what DMS demands.
pub(super) fn rules(text: &str) -> Result<Vec<Json>, Fault> {
    let bad =
        |what: &str| invalid(format!("Invalid table mappings document. Error in mapping rules. {what}"));
    let document: Json = serde_json::from_str(text).map_err(|_| bad("The document is not valid JSON"))?;
    let rules = document["rules"].as_array().ok_or_else(|| bad("'rules' is missing"))?.clone();
    for (at, rule) in rules.iter().enumerate() {
        for member in ["rule-type", "rule-id", "rule-name"] {
            if rule[member].is_null() {
                return Err(bad(&format!("Rule has no {member}")));
            }
        }
        let id = |rule: &Json| rule["rule-id"].to_string().replace('"', "");
        if rules[..at].iter().any(|other| id(other) == id(rule)) {
            return Err(bad(&format!("Rule ID {} is not unique", id(rule))));
        }
        if rules[..at].iter().any(|other| other["rule-name"] == rule["rule-name"]) {
            return Err(bad(&format!("Rule name {} is not unique", rule["rule-name"])));
        }
        match rule["rule-type"].as_str() {
            Some("selection") => {
                let action = rule["rule-action"].as_str();
                if !matches!(action, Some("include" | "exclude" | "explicit")) {
                    return Err(bad("Invalid rule-action"));
                }
                if rule["object-locator"]["schema-name"].is_null() {
                    return Err(bad("The object locator lacks a schema-name"));
                }
            }
            Some("transformation" | "table-settings" | "pre-filter") => {}
            Some(other) => return Err(bad(&format!("Invalid rule-type {other}"))),
            None => return Err(bad("Invalid rule-type")),
        }
    }
    if !rules.iter().any(|rule| rule["rule-type"] == "selection" && rule["rule-action"] != "exclude") {
        return Err(bad("No selection rule includes a table"));
    }
    Ok(rules)
}

/// `%` stands for any text, `_` for any letter.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    for p in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match p {
                '%' => reach[at] || (at > 0 && next[at - 1]),
                '_' => at > 0 && reach[at - 1],
                c => at > 0 && reach[at - 1] && text[at - 1] == c,
            };
        }
        reach = next;
    }
    reach[text.len()]
}

/// The tables a document selects, in name order.
pub(super) fn tables(text: &str) -> Vec<Table> {
    let rules = rules(text).unwrap_or_default();
    let mut found: Vec<Table> = Vec::new();
    let locator = |rule: &Json| {
        let text = |member: &str| rule["object-locator"][member].as_str().unwrap_or("%").to_owned();
        (text("schema-name"), text("table-name"))
    };
    for rule in
        rules.iter().filter(|rule| rule["rule-type"] == "selection" && rule["rule-action"] != "exclude")
    {
        let (schema, name) = locator(rule);
        let schema = if schema.contains('%') { "public".to_owned() } else { schema };
        let names: Vec<String> = if name.contains('%') {
            TABLES.iter().filter(|table| fits(&name, table)).map(|table| (*table).to_owned()).collect()
        } else {
            vec![name]
        };
        for name in names {
            if !found.iter().any(|table| table.schema == schema && table.name == name) {
                let rows = rows(&schema, &name);
                found.push(Table { schema: schema.clone(), name, rows });
            }
        }
    }
    for rule in
        rules.iter().filter(|rule| rule["rule-type"] == "selection" && rule["rule-action"] == "exclude")
    {
        let (schema, name) = locator(rule);
        found.retain(|table| !(fits(&schema, &table.schema) && fits(&name, &table.name)));
    }
    found.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    found
}

/// Between ten thousand and a hundred thousand rows, always the same for the same name.
fn rows(schema: &str, name: &str) -> i64 {
    let mix =
        schema.bytes().chain(name.bytes()).fold(17_i64, |sum, byte| (sum * 31 + i64::from(byte)) % 90_001);
    10_000 + mix
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selections_include_and_exclude_by_pattern() {
        let rule = |id: u8, action: &str, table: &str| {
            json!({"rule-type": "selection", "rule-id": id.to_string(), "rule-name": id.to_string(), "rule-action": action,
                "object-locator": {"schema-name": "shop", "table-name": table}})
        };
        let text = json!({"rules": [rule(1, "include", "%"), rule(2, "exclude", "%s_"), rule(3, "exclude", "re%"), rule(4, "include", "audit")]});
        let names: Vec<String> = tables(&text.to_string()).into_iter().map(|table| table.name).collect();
        assert_eq!(names, ["accounts", "audit", "customers", "orders", "payments", "transactions"]);
        assert!(rules("{}").is_err());
        assert!(rules(&json!({"rules": [rule(1, "exclude", "%")]}).to_string()).is_err());
        assert!(
            rules(&json!({"rules": [rule(1, "include", "%"), rule(1, "include", "a")]}).to_string()).is_err()
        );
    }
}
