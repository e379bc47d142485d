//! What all of EC2's nouns share: how they are named, looked up, created and listed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::filters::{self, Filter};
use crate::sandbox::{By, Fault, Reply, Request, World};

/// Where rows hold ids as they are shown: these are found by index.
const KEPT: &[&str] = &[
    "Associations.RouteTableAssociationId",
    "Associations.SubnetId",
    "Attachments.VpcId",
    "GroupId",
    "SubnetId",
    "VpcId",
];

/// A kind of object.
pub(super) struct Noun {
    /// The world's table.
    pub table: &'static str,
    /// `vpc` of `vpc-0123`.
    pub prefix: &'static str,
    /// The member that names it.
    pub id: &'static str,
    /// The list of ids in its describe call, as the model writes it.
    pub ids: &'static str,
    /// Where its tags are.
    pub tags: &'static str,
    /// As tag specifications call it.
    pub resource: &'static str,
    /// The error code for an unknown id.
    pub missing: &'static str,
    /// The error code for something that is no id at all.
    pub malformed: &'static str,
    /// As error messages write it: `The vpc ID '...' does not exist`.
    pub label: &'static str,
    /// The filters of its describe call.
    pub filters: &'static [Filter],
}

impl Noun {
    /// The error for an unknown id.
    pub(super) fn absent(&self, id: &str) -> Fault {
        if self.prefix == "nat" {
            return Fault::new(self.missing, format!("The Nat Gateway {id} was not found"));
        }
        if self.prefix == "sg" {
            return Fault::new(self.missing, format!("The security group '{id}' does not exist"));
        }
        Fault::new(self.missing, format!("The {} ID '{id}' does not exist", self.label))
    }

    /// Whether the text can be one of its ids.
    fn shaped(&self, id: &str) -> Result<(), Fault> {
        match id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-')) {
            Some(rest) if !rest.is_empty() => Ok(()),
            _ => Err(Fault::new(
                self.malformed,
                format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix),
            )),
        }
    }

    /// The object of that id in the request's region.
    pub(super) fn get<'w>(&self, world: &'w World, rq: &Request<'_>, id: &str) -> Result<&'w Json, Fault> {
        self.shaped(id)?;
        world.get(self.table, id).filter(|row| here(row, rq.region)).ok_or_else(|| self.absent(id))
    }

    /// The same, to be changed.
    pub(super) fn get_mut<'w>(
        &self,
        world: &'w mut World,
        rq: &Request<'_>,
        id: &str,
    ) -> Result<&'w mut Json, Fault> {
        self.get(world, rq, id)?;
        world.get_mut(self.table, id).ok_or_else(|| self.absent(id))
    }

    /// `DependencyViolation` for a delete.
    pub(super) fn busy(&self, id: &str) -> Fault {
        let message = if self.prefix == "sg" {
            format!("resource {id} has a dependent object")
        } else {
            format!("The {} '{id}' has dependencies and cannot be deleted.", self.label)
        };
        Fault::new("DependencyViolation", message)
    }

    /// All of them in the request's region.
    pub(super) fn all<'w>(
        &self,
        world: &'w World,
        rq: &Request<'_>,
    ) -> impl Iterator<Item = &'w Json> + use<'w> {
        let region = rq.region.to_owned();
        world.rows(self.table).map(|(_, row)| row).filter(move |row| here(row, &region))
    }

    /// Gives the row an id, the request's tags, an owner and a region, and keeps it. Answers the id.
    pub(super) fn create(&self, world: &mut World, rq: &Request<'_>, mut row: Json) -> Result<String, Fault> {
        let tags = super::tags::specified(rq, self.resource)?;
        let id = world.id(self.prefix);
        row[self.id] = json!(id);
        row[self.tags] = json!(tags);
        row["_region"] = json!(rq.region);
        world.put(self.table, &id, row);
        Ok(id)
    }

    /// The objects that can pass the filters: by their ids where a filter names these, and only those with the tags that are
    /// asked for. To show an object costs more than to pass over it.
    fn candidates<'w>(
        &self,
        world: &'w World,
        rq: &Request<'_>,
        wanted: &[Json],
    ) -> Box<dyn Iterator<Item = &'w Json> + 'w> {
        let path = |name: &str| self.filters.iter().find(|(known, _)| *known == name).map(|(_, path)| *path);
        // By a member that names something, or by a tag: those rows are found without a look at the others.
        let named = wanted.iter().find_map(|filter| {
            let name = filter["Name"].as_str()?;
            let by = match (path(name), name.strip_prefix("tag:")) {
                (Some(path), _) if path == self.id || KEPT.contains(&path) => By::Path(path),
                (None, Some(key)) if !self.tags.is_empty() => By::Tag(self.tags, key.to_owned()),
                _ => return None,
            };
            let texts: BTreeSet<&str> =
                filter["Values"].as_array()?.iter().filter_map(Json::as_str).collect();
            texts.iter().all(|text| filters::is_literal(text)).then_some((by, texts))
        });
        let rows: Box<dyn Iterator<Item = &'w Json> + 'w> = match named {
            None => Box::new(self.all(world, rq)),
            Some((by, texts)) => {
                let found = texts.into_iter().flat_map(|text| world.with(self.table, &by, text));
                let found: BTreeMap<&str, &Json> = found.collect();
                let region = rq.region.to_owned();
                Box::new(found.into_values().filter(move |row| here(row, &region)))
            }
        };
        let tags = self.tags;
        let of_tags = |filter: &&Json| filter["Name"].as_str().is_some_and(|name| name.starts_with("tag:"));
        let asked: Vec<Json> = wanted.iter().filter(of_tags).cloned().collect();
        if tags.is_empty() || asked.is_empty() {
            return rows;
        }
        Box::new(rows.filter(move |row| asked.iter().all(|filter| filters::has_tag(row, tags, filter))))
    }

    /// The describe call: by ids, filters and pages. `view` turns a row into what the API shows.
    pub(super) fn describe(
        &self,
        world: &World,
        rq: &Request<'_>,
        member: &str,
        view: impl Fn(&World, &Json) -> Json,
    ) -> Reply {
        let ids = rq.texts(self.ids);
        if !ids.is_empty() && rq.int("MaxResults").is_some() {
            let message = format!("The parameter {} cannot be used with the parameter maxResults", self.ids);
            return Err(Fault::new("InvalidParameterCombination", message));
        }
        let wanted = if rq.get("Filter").is_array() { rq.list("Filter") } else { rq.list("Filters") };
        let mut rows = Vec::new();
        if ids.is_empty() {
            rows.extend(self.candidates(world, rq, wanted).map(|row| view(world, row)));
        }
        for id in ids {
            let row = self.get(world, rq, id)?;
            rows.push(view(world, row));
        }
        let rows = filters::apply(rows, wanted, self.filters, self.tags)?;
        listed(rq, member, rows)
    }
}

/// One page, as EC2's describe calls answer it.
pub(super) fn listed(rq: &Request<'_>, member: &str, rows: Vec<Json>) -> Reply {
    let rows = rows.into_iter().map(tidy).collect();
    let (page, next) = rq.page(rows, "MaxResults", "NextToken", 1000, "InvalidPaginationToken")?;
    let mut answer = json!({member: page});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// A row as it is, for nouns that show all they hold.
pub(super) fn plain(_world: &World, row: &Json) -> Json {
    row.clone()
}

/// Without members that are null: those were never set or have been taken back.
pub(super) fn tidy(mut row: Json) -> Json {
    if let Some(members) = row.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    row
}

/// Whether a row is of that region; rows without one are of all, a peering is of both its sides' regions.
pub(super) fn here(row: &Json, region: &str) -> bool {
    match &row["_region"] {
        Json::String(own) => own == region,
        Json::Array(both) => both.iter().any(|own| own == region),
        _ => true,
    }
}

/// `InvalidParameterValue`.
pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValue", message)
}

/// `MissingParameter`, in EC2's words.
pub(super) fn lacking(parameter: &str) -> Fault {
    Fault::new("MissingParameter", format!("The request must contain the parameter {parameter}"))
}

/// `InvalidParameterCombination`.
pub(super) fn combination(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterCombination", message)
}

/// The object that an earlier request with the same client token made.
pub(super) fn replayed(world: &World, rq: &Request<'_>, noun: &Noun) -> Result<Option<String>, Fault> {
    let Some(token) = rq.opt("ClientToken").filter(|token| !token.is_empty()) else { return Ok(None) };
    let Some(row) = noun.all(world, rq).find(|row| row["_token"] == token) else { return Ok(None) };
    if row["_request"] != rq.input {
        return Err(Fault::new(
            "IdempotentParameterMismatch",
            "The parameters supplied do not match those of an earlier request with the same client token.",
        ));
    }
    Ok(row[noun.id].as_str().map(ToOwned::to_owned))
}

/// Notes the client token, for [`replayed`].
pub(super) fn remember(row: &mut Json, rq: &Request<'_>) {
    if let Some(token) = rq.opt("ClientToken").filter(|token| !token.is_empty()) {
        row["_token"] = json!(token);
        row["_request"] = rq.input.clone();
    }
}

/// Answers a dry run, which changes nothing.
pub(super) fn dry_run(rq: &Request<'_>) -> Result<(), Fault> {
    if rq.flag("DryRun") {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(Fault::new("DryRunOperation", message).status(412));
    }
    Ok(())
}

/// `{"Return": true}`, what many writes answer.
pub(super) fn agreed() -> Reply {
    Ok(json!({"Return": true}))
}

/// `{"ReturnValue": true}`, what others answer.
pub(super) fn agreed_value() -> Reply {
    Ok(json!({"ReturnValue": true}))
}
