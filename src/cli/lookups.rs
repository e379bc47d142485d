//! `lookups:` of the manifest, asked of the account before anything is planned.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    args::Global,
    session::{Session, one},
    sign_in,
};
use crate::{
    aws::lookup::{Candidate, Looked, Query},
    error::{Class, Diagnostic},
    model::Found,
    template::{Loaded, Lookup, StackSource},
    ui::Printer,
};

/// As many candidates are listed.
const SHOWN: usize = 10;

/// Looks up what the plan's parameters need and puts it in. What a saved change set found stays, as long as it is
/// there: the search is made again, and must still match it.
///
/// # Errors
/// What is not found, what is found several times, and what a saved change set found and is not there any more.
pub fn resolve(
    global: &Global,
    loaded: Loaded,
    session: &Session,
    saved: Option<&[Found]>,
) -> Result<(Loaded, Vec<Found>), Vec<Diagnostic>> {
    let mut found: Vec<Found> = Vec::new();
    let mut problems = Vec::new();
    let mut seen: BTreeMap<(String, Query), Looked> = BTreeMap::new();
    for (stack, parameter, lookup) in loaded.searches() {
        // What a failed search would have told, nobody can look for: that one is a finding already.
        let Some(query) = lookup.filled(stack, &found) else { continue };
        let looked = match seen.entry((stack.region.clone(), query.clone())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let asked = session.cloud.look_up(session.clock.as_ref(), &stack.region, &query);
                let looked = session.block_on(asked).map_err(|error| {
                    let mut problem = sign_in::access(&error, global, session);
                    problem.message = format!("the lookup of `{parameter}` failed: {}", problem.message);
                    one(problem.span(Some(lookup.span.clone())))
                })?;
                place.insert(looked)
            }
        };
        let place = Search { global, session, stack, parameter, lookup, query: &query };
        let before = saved.and_then(|saved| saved.iter().find(|one| place.is(one)));
        match place.pick(looked, before) {
            Ok(one) => found.push(one),
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() { Ok((loaded.with_found(&found), found)) } else { Err(problems) }
}

/// One search of one parameter.
struct Search<'s> {
    global: &'s Global,
    session: &'s Session,
    stack: &'s StackSource,
    parameter: &'s str,
    lookup: &'s Lookup,
    query: &'s Query,
}

impl Search<'_> {
    fn is(&self, found: &Found) -> bool {
        found.stack == self.stack.name && found.parameter == self.parameter
    }

    fn pick(&self, looked: &Looked, before: Option<&Found>) -> Result<Found, Box<Diagnostic>> {
        let Self { query, stack, parameter, .. } = self;
        let (kind, region) = (query.kind, &stack.region);
        if let Some(before) = before {
            let objects: Option<Vec<&Candidate>> = before
                .objects
                .iter()
                .map(|id| looked.matching.iter().find(|candidate| candidate.id == *id))
                .collect();
            let now = objects.map(|objects| self.found(&objects)).transpose()?;
            return match now {
                Some(now)
                    if now.value == before.value
                        && (now.objects.len() == 1 || kind.is_list() && !now.objects.is_empty()) =>
                {
                    Ok(now)
                }
                _ => Err(self.changed(before)),
            };
        }
        let chosen: Vec<&Candidate> = match looked.matching.as_slice() {
            [] => {
                let message = format!("`{parameter}`: {region} has no {}", query.words());
                return Err(Box::new(self.problem("M1121", message).help(self.missing(&looked.others))));
            }
            all if kind.is_list() => all.iter().collect(),
            [only] => vec![only],
            [newest, second, ..] if query.newest && newest.made != second.made => vec![newest],
            several => {
                let message = format!(
                    "`{parameter}`: {region} has {} that match {}: {}",
                    several.len(),
                    query.words(),
                    listed(several)
                );
                let one = several.first().and_then(|first| first.attributes.get(self.lookup.attribute));
                let help = format!(
                    "narrow the lookup ({}), or choose one: `{}`",
                    kind.criteria().join(", "),
                    self.choosing(one.map_or("...", String::as_str))
                );
                return Err(Box::new(self.problem("M1122", message).help(help)));
            }
        };
        self.found(&chosen)
    }

    fn found(&self, chosen: &[&Candidate]) -> Result<Found, Box<Diagnostic>> {
        let attribute = self.lookup.attribute;
        let mut values = Vec::new();
        for candidate in chosen {
            let Some(value) = candidate.attributes.get(attribute) else {
                let message = format!("`{}`: {} has no {attribute}", self.parameter, candidate.words());
                let help =
                    format!("ask for another attribute, or give the value: `{}`", self.choosing("..."));
                return Err(Box::new(self.problem("M1121", message).help(help)));
            };
            values.push(value.as_str());
        }
        Ok(Found {
            stack: self.stack.name.clone(),
            parameter: self.parameter.to_owned(),
            region: self.stack.region.clone(),
            sought: self.query.words(),
            objects: chosen.iter().map(|candidate| candidate.id.clone()).collect(),
            value: values.join(","),
        })
    }

    fn problem(&self, code: &'static str, message: String) -> Diagnostic {
        Diagnostic::error(code, Class::Plan, message).span(Some(self.lookup.span.clone()))
    }

    /// The same command with a value instead of the lookup.
    fn choosing(&self, value: &str) -> String {
        let set = format!("{}.{}={value}", self.stack.name, self.parameter);
        self.global.typed.again().and_value("--set", set.as_str()).to_string()
    }

    /// What to do about an object that is not there.
    fn missing(&self, others: &[Candidate]) -> String {
        let kind = self.query.kind.as_str();
        let there = match others {
            [] => format!("the account shows no other {kind} there"),
            _ => format!("it has {}", listed(others)),
        };
        let remedy = if self.session.is_sandbox() {
            "put into the sandbox what your account has, with `migrate sandbox plant FILE`; or give the value"
        } else {
            "correct the lookup, or region and account (`migrate whoami`); or give the value"
        };
        format!("{there}; {remedy}: `{}`", self.choosing("..."))
    }

    fn changed(&self, before: &Found) -> Box<Diagnostic> {
        let message = format!(
            "the saved change set is no longer true: {} was found as {} (`{}`), and that is not what the account has now",
            before.value, before.sought, before.parameter
        );
        let problem =
            Diagnostic::error("M5102", Class::Refused, message).span(Some(self.lookup.span.clone()));
        Box::new(problem.help("review again with `migrate plan --out FILE`"))
    }
}

/// Candidates, as many as a reader takes in.
fn listed(candidates: &[Candidate]) -> String {
    let mut words: Vec<String> = candidates.iter().take(SHOWN).map(Candidate::words).collect();
    if candidates.len() > SHOWN {
        words.push(format!("and {} more", candidates.len() - SHOWN));
    }
    words.join("; ")
}

/// What a command that reached no account would have looked up, beside why it reached none.
pub fn not_looked_up(loaded: &Loaded, mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    for (_, parameter, lookup) in loaded.searches() {
        let message = format!("`{parameter}` was not looked up ({})", lookup.query.words());
        let problem = Diagnostic::warning("M1123", Class::Plan, message).span(Some(lookup.span.clone()));
        problems.push(problem.help("`migrate validate` checks the plan without an account"));
    }
    problems
}

/// Says which values are made up, for commands that ask no account.
pub fn tell_made_up(loaded: &Loaded, printer: &mut Printer) {
    let names: Vec<String> = loaded
        .searches()
        .map(|(_, parameter, lookup)| format!("{parameter} ({})", lookup.query.words()))
        .collect();
    if !names.is_empty() && !printer.is_json() {
        printer.advise(&format!(
            "Note: nothing is looked up without an account; values are made up for {}.",
            names.join("; ")
        ));
    }
}

/// What was found otherwise than at the last run, for the review.
#[must_use]
pub fn news(found: &[Found], known: &[Found]) -> Vec<String> {
    let mut notes = Vec::new();
    for one in found {
        let Some(before) = known.iter().find(|before| before.same_place(one)) else { continue };
        if before.value != one.value {
            let Found { stack, parameter, value, .. } = one;
            let before = &before.value;
            notes.push(if parameter.starts_with("Fn::") || parameter.starts_with("application of ") {
                format!("{parameter} of stack {stack} is {value}; at the last run it was {before}")
            } else {
                format!("the lookup of {stack}.{parameter} found {value}; at the last run it was {before}")
            });
        }
    }
    notes
}
