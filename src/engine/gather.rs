//! Describes many objects in few calls, before each of them is looked at.
//!
//! Objects of one type and region are asked for together, as many at once as the service's call takes
//! ([`AnyType::gather`]). Tags that no description shows come from the index of tags, which answers a hundred objects a page with
//! all their tags ("Resource Groups Tagging API Reference", GetResources). What a call failed for, whatever the reason, is not on
//! the shelf, and then looked at by itself.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};

use super::{
    looking::looking,
    reads::{Reads, Unwatched},
};
use crate::{
    aws::Owner,
    ledger::{Object, Snapshot},
    model::Address,
    resources::{Asked, Cx, Shelf, registry},
};

/// Calls at the same time; each service has its own, lower limit besides.
const AT_ONCE: usize = 32;
/// From so many objects on the index of tags is asked: a page of it tells of as many.
const INDEX_FROM: usize = 50;

/// Objects by region and type.
type Groups<'s> = BTreeMap<(&'s str, &'s str), Vec<(&'s Address, &'s Object)>>;

/// Fills a shelf for looks at all objects of a ledger.
pub(super) async fn shelf(reads: &Reads<'_>, snapshot: &Snapshot, migration: &str) -> Shelf {
    let shelf = Shelf::default();
    let mut groups: Groups<'_> = BTreeMap::new();
    let mut objects = 0;
    for (address, object) in snapshot.objects() {
        objects += 1;
        let key = (object.declared.region.as_str(), object.declared.kind.as_str());
        groups.entry(key).or_default().push((address, object));
    }
    let mut calls = Vec::new();
    for ((region, kind), members) in &groups {
        let Some(ty) = registry::find(kind) else { continue };
        // A call for one is the look itself.
        if ty.many() > 1 && members.len() >= ty.many_from() {
            calls.extend(members.chunks(ty.many()).map(|chunk| (*region, ty, chunk)));
        }
    }
    let tags = async {
        if objects >= INDEX_FROM {
            tags(reads, &groups, migration, &shelf).await;
        }
    };
    let gathered = async {
        stream::iter(calls)
            .for_each_concurrent(AT_ONCE, |(region, ty, chunk)| {
                let shelf = &shelf;
                async move {
                    let Some((address, first)) = chunk.first() else { return };
                    let sdk = reads.cloud.sdk(region);
                    let owner = Owner {
                        migration: migration.to_owned(),
                        lineage: snapshot.lineage.clone(),
                        generation: first.mark(),
                    };
                    let cx = Cx { shelf: Some(shelf), ..looking(reads.cloud, &sdk, region, &owner, address) };
                    let asked: Vec<Asked<'_, serde_json::Value>> = chunk
                        .iter()
                        .map(|(_, object)| Asked {
                            id: &object.physical_id,
                            hint: &object.declared.properties,
                        })
                        .collect();
                    let gather = async || ty.gather(&cx, &asked).await;
                    if let Err(error) = reads.ask(ty.facts().service, &Unwatched, &gather).await {
                        tracing::debug!(%error, kind = ty.facts().kind, "asked for one by one");
                    }
                }
            })
            .await;
    };
    futures_util::future::join(tags, gathered).await;
    shelf
}

async fn tags(reads: &Reads<'_>, groups: &Groups<'_>, migration: &str, shelf: &Shelf) {
    let regions = groups.keys().map(|(region, _)| (*region).to_owned()).collect();
    let keep = |arn: &str, tags| shelf.put_tags(arn, tags);
    if let Err(error) = reads.cloud.index(reads.clock, &regions, Some(migration), keep).await {
        tracing::debug!(%error, "tags are asked for one by one");
    }
}
