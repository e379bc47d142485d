//! Route 53: hosted zones.

use std::{collections::BTreeSet, rc::Rc};

use aws_sdk_route53::types::{HostedZone, Tag, TagResourceType, VpcRegion};

use super::{Candidate, Query};
use crate::aws::{OpError, Sdk, op};

/// `ListTagsForResources` takes at most ten zones.
const AT_ONCE: usize = 10;

/// Zones. Names are not unique: a public and several private zones may share one, so that a search says which is meant
/// (`private`, `vpc`).
pub(super) async fn zones(sdk: &Rc<Sdk>, region: &str, query: &Query) -> Result<Vec<Candidate>, OpError> {
    let all = sdk.route53().list_hosted_zones().into_paginator().items().send();
    let all = all.try_collect().await.map_err(op("ListHostedZones"))?;
    let mut found: Vec<Candidate> = all.iter().map(one).collect();
    if let Some(vpc) = &query.vpc {
        let of_vpc = of_vpc(sdk, region, vpc).await?;
        for zone in found.iter_mut().filter(|zone| of_vpc.contains(&zone.id)) {
            zone.vpcs.push(vpc.clone());
        }
    }
    if !query.tags.is_empty() {
        // Only those are asked for that match in everything else.
        let untagged = Query { tags: Default::default(), ..query.clone() };
        let mut wanted: Vec<&mut Candidate> =
            found.iter_mut().filter(|zone| zone.matches(&untagged)).collect();
        for some in wanted.chunks_mut(AT_ONCE) {
            let ids = some.iter().map(|zone| zone.id.clone()).collect();
            let answer = sdk
                .route53()
                .list_tags_for_resources()
                .resource_type(TagResourceType::Hostedzone)
                .set_resource_ids(Some(ids))
                .send()
                .await
                .map_err(op("ListTagsForResources"))?;
            for set in answer.resource_tag_sets() {
                let zone = some.iter_mut().find(|zone| Some(zone.id.as_str()) == set.resource_id());
                if let Some(zone) = zone {
                    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
                    zone.tags = set.tags().iter().filter_map(pair).collect();
                }
            }
        }
    }
    Ok(found)
}

fn one(zone: &HostedZone) -> Candidate {
    let id = zone.id().trim_start_matches("/hostedzone/").to_owned();
    let name = zone.name().trim_end_matches('.').to_owned();
    let private = zone.config().is_some_and(|config| config.private_zone());
    Candidate {
        aliases: vec![format!("/hostedzone/{id}"), format!("arn:aws:route53:::hostedzone/{id}")],
        names: vec![name.clone()],
        private: Some(private),
        about: vec![name.clone(), if private { "private" } else { "public" }.to_owned()],
        attributes: [("HostedZoneId", id.clone()), ("Name", name)].into(),
        id,
        ..Candidate::default()
    }
}

/// Ids of the private zones of a VPC. There is no paginator for this operation in the SDK.
async fn of_vpc(sdk: &Rc<Sdk>, region: &str, vpc: &str) -> Result<BTreeSet<String>, OpError> {
    let mut ids = BTreeSet::new();
    let mut token = None;
    loop {
        let page = sdk
            .route53()
            .list_hosted_zones_by_vpc()
            .vpc_id(vpc)
            .vpc_region(VpcRegion::from(region))
            .set_next_token(token)
            .send()
            .await
            .map_err(op("ListHostedZonesByVPC"))?;
        ids.extend(page.hosted_zone_summaries().iter().map(|zone| zone.hosted_zone_id().to_owned()));
        token = page.next_token().map(ToOwned::to_owned);
        if token.is_none() {
            return Ok(ids);
        }
    }
}
