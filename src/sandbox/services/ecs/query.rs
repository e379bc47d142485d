//! The cluster query language: which container instances an expression means.
//!
//! ECS Developer Guide, "Create expressions to define container instances for Amazon ECS tasks": `subject operator
//! [argument]`, joined by `and`, `or`, `not` and parentheses.

use serde_json::Value as Json;

use super::{TASKS, invalid};
use crate::sandbox::{Fault, World};

/// An expression's parts, read from its text.
struct Reader<'a> {
    words: Vec<&'a str>,
    at: usize,
    text: &'a str,
}

fn wrong(text: &str) -> Fault {
    invalid(format!("Invalid expression: {text}"))
}

/// Cuts an expression into names, operators and brackets.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut start) = (Vec::new(), None);
    let single = |at: usize| &text[at..=at];
    for (at, character) in text.char_indices() {
        let bracket = "()[],".contains(character);
        if bracket || character.is_whitespace() {
            if let Some(from) = start.take() {
                words.push(&text[from..at]);
            }
            if bracket {
                words.push(single(at));
            }
        } else if start.is_none() {
            start = Some(at);
        }
    }
    words.extend(start.map(|from| &text[from..]));
    words
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    fn next(&mut self) -> Result<&'a str, Fault> {
        let word = self.peek().ok_or_else(|| wrong(self.text))?;
        self.at += 1;
        Ok(word)
    }

    fn takes(&mut self, wanted: &[&str]) -> bool {
        let is = self.peek().is_some_and(|word| wanted.iter().any(|one| word.eq_ignore_ascii_case(one)));
        self.at += usize::from(is);
        is
    }

    /// Alternatives.
    fn any(&mut self, of: &Subject<'_>) -> Result<bool, Fault> {
        let mut holds = self.all(of)?;
        while self.takes(&["or", "||"]) {
            holds |= self.all(of)?;
        }
        Ok(holds)
    }

    fn all(&mut self, of: &Subject<'_>) -> Result<bool, Fault> {
        let mut holds = self.one(of)?;
        while self.takes(&["and", "&&"]) {
            holds &= self.one(of)?;
        }
        Ok(holds)
    }

    fn one(&mut self, of: &Subject<'_>) -> Result<bool, Fault> {
        if self.takes(&["not", "!"]) {
            return Ok(!self.one(of)?);
        }
        if self.takes(&["("]) {
            let holds = self.any(of)?;
            return if self.takes(&[")"]) { Ok(holds) } else { Err(wrong(self.text)) };
        }
        let name = self.next()?;
        let values = of.values(name).ok_or_else(|| wrong(self.text))?;
        let operator = self.next()?.to_ascii_lowercase();
        let negated = matches!(
            operator.as_str(),
            "!=" | "not_equals" | "!in" | "not_in" | "!~" | "not_matches" | "!exists" | "not_exists"
        );
        let holds = match operator.as_str() {
            "exists" | "!exists" | "not_exists" => !values.is_empty(),
            "==" | "equals" | "!=" | "not_equals" => {
                let wanted = self.next()?;
                values.iter().any(|value| value == wanted)
            }
            "=~" | "matches" | "!~" | "not_matches" => {
                let pattern = fancy_regex::Regex::new(&format!("^(?:{})$", self.next()?))
                    .map_err(|_| wrong(self.text))?;
                values.iter().any(|value| pattern.is_match(value).unwrap_or_default())
            }
            "in" | "!in" | "not_in" => {
                let wanted = self.list()?;
                values.iter().any(|value| wanted.contains(&value.as_str()))
            }
            ">" | "greater_than" | ">=" | "greater_than_equal" | "<" | "less_than" | "<="
            | "less_than_equal" => {
                let wanted: f64 = self.next()?.parse().map_err(|_| wrong(self.text))?;
                let compare = |value: &String| {
                    value.parse::<f64>().is_ok_and(|value| match operator.as_str() {
                        ">" | "greater_than" => value > wanted,
                        ">=" | "greater_than_equal" => value >= wanted,
                        "<" | "less_than" => value < wanted,
                        _ => value <= wanted,
                    })
                };
                values.iter().any(compare)
            }
            _ => return Err(wrong(self.text)),
        };
        Ok(holds != negated)
    }

    /// `[one, two]`.
    fn list(&mut self) -> Result<Vec<&'a str>, Fault> {
        if !self.takes(&["["]) {
            return Err(wrong(self.text));
        }
        let mut all = Vec::new();
        loop {
            if self.takes(&["]"]) {
                return Ok(all);
            }
            let word = self.next()?;
            if word != "," {
                all.push(word);
            }
        }
    }
}

/// The container instance that an expression is about.
struct Subject<'a> {
    world: &'a World,
    instance: &'a Json,
}

impl Subject<'_> {
    /// What the instance has under a name; `None` if there is no such name.
    fn values(&self, name: &str) -> Option<Vec<String>> {
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        let of = |value: &Json| if value.is_null() { Vec::new() } else { vec![text(value)] };
        let tasks = || {
            let here = &self.instance["containerInstanceArn"];
            let tasks = self.world.rows(TASKS).map(|(_, task)| task);
            tasks.filter(move |task| task["containerInstanceArn"] == *here && task["lastStatus"] != "STOPPED")
        };
        if let Some(attribute) = name.strip_prefix("attribute:") {
            let all = self.instance["attributes"].as_array().into_iter().flatten();
            let mut found = all.filter(|one| one["name"] == attribute);
            return Some(found.next().map(|one| vec![text(&one["value"])]).unwrap_or_default());
        }
        Some(match name {
            "agentConnected" | "ec2InstanceId" => of(&self.instance[name]),
            "agentVersion" => of(&self.instance["versionInfo"]["agentVersion"]),
            "registeredAt" => of(&self.instance["registeredAt"]),
            "runningTasksCount" => {
                vec![tasks().filter(|task| task["lastStatus"] == "RUNNING").count().to_string()]
            }
            "task:group" => tasks().map(|task| text(&task["group"])).collect(),
            _ => return None,
        })
    }
}

/// Whether a container instance is one that the expression means.
///
/// # Errors
/// The expression is none.
pub(super) fn means(world: &World, text: &str, instance: &Json) -> Result<bool, Fault> {
    let mut reader = Reader { words: words(text), at: 0, text };
    let holds = reader.any(&Subject { world, instance })?;
    if reader.at == reader.words.len() { Ok(holds) } else { Err(wrong(text)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_of_the_guide() {
        let world = World::new(1, 0);
        let instance = json!({
            "containerInstanceArn": "a", "agentConnected": true, "ec2InstanceId": "i-1", "attributes": [
                {"name": "ecs.instance-type", "value": "t2.small"}, {"name": "ecs.availability-zone", "value": "us-east-1a"},
                {"name": "stack"},
            ],
        });
        for (text, expected) in [
            ("attribute:ecs.instance-type == t2.small", true),
            ("attribute:ecs.instance-type =~ t2.*", true),
            ("attribute:ecs.instance-type =~ t2", false),
            ("attribute:ecs.availability-zone in [us-east-1a, us-east-1b]", true),
            ("attribute:ecs.instance-type =~ t2.* and attribute:ecs.availability-zone != us-east-1d", true),
            ("not(attribute:ecs.instance-type == t2.small) or runningTasksCount > 0", false),
            ("attribute:stack exists", true),
            ("attribute:never !exists", true),
            ("task:group == service:one", false),
            ("agentConnected == true && (ec2InstanceId !in [i-2])", true),
            ("runningTasksCount <= 0", true),
        ] {
            assert_eq!(means(&world, text, &instance).ok(), Some(expected), "{text}");
        }
        for text in [
            "",
            "attribute:x",
            "attribute:x == ",
            "never == 1",
            "attribute:x in a",
            "(agentConnected == true",
            "agentConnected == true )",
        ] {
            assert!(means(&world, text, &instance).is_err(), "{text}");
        }
    }
}
