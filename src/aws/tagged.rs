//! Which objects of the account carry a migration's ownership tags.

use std::collections::BTreeSet;

use aws_sdk_resourcegroupstagging::types::TagFilter;

use super::{Cloud, OpError, TAG_ADDRESS, TAG_LINEAGE, TAG_MIGRATION, cloud::patiently, op};
use crate::{clock::Clock, model::Tag};

/// An object with ownership tags.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tagged {
    /// Its ARN.
    pub arn: String,
    /// Where it was found.
    pub region: String,
    /// The resource's address, as its tag says.
    pub address: String,
    /// The ledger's lineage.
    pub lineage: String,
    /// Which object of the resource.
    pub generation: u32,
}

/// Global services answer there.
const GLOBAL: &str = "us-east-1";

impl Cloud {
    /// Objects that carry the ownership tags of a migration (`<migration>-<environment>`), or of any, sorted by ARN. IAM's
    /// roles and what cannot be tagged are not among them.
    ///
    /// # Errors
    /// When the tagging API does not answer, or not these credentials.
    pub async fn tagged(
        &self,
        clock: &dyn Clock,
        regions: &BTreeSet<String>,
        migration: Option<&str>,
    ) -> Result<Vec<Tagged>, OpError> {
        self.tagged_with(clock, regions, migration, |_, _| {}).await
    }

    /// The same; `each` is told of every object's ARN and tags.
    ///
    /// # Errors
    /// As [`Self::tagged`].
    pub async fn tagged_with(
        &self,
        clock: &dyn Clock,
        regions: &BTreeSet<String>,
        migration: Option<&str>,
        mut each: impl FnMut(&str, &[Tag]),
    ) -> Result<Vec<Tagged>, OpError> {
        let mut found = BTreeSet::new();
        self.index_of(clock, regions, migration, |region, arn, tags| {
            each(arn, &tags);
            let tag = |key: &str| tags.iter().find(|tag| tag.key() == key).map(Tag::value);
            let Some((lineage, generation)) = tag(TAG_LINEAGE).and_then(|mark| mark.rsplit_once('.')) else {
                return;
            };
            let Ok(generation) = generation.parse() else { return };
            found.insert(Tagged {
                arn: arn.to_owned(),
                region: region.to_owned(),
                address: tag(TAG_ADDRESS).unwrap_or_default().to_owned(),
                lineage: lineage.to_owned(),
                generation,
            });
        })
        .await?;
        Ok(found.into_iter().collect())
    }

    /// ARN and all tags of the same objects, as the index of tags has them.
    ///
    /// # Errors
    /// As [`Self::tagged`].
    pub async fn index(
        &self,
        clock: &dyn Clock,
        regions: &BTreeSet<String>,
        migration: Option<&str>,
        mut each: impl FnMut(&str, Vec<Tag>),
    ) -> Result<(), OpError> {
        self.index_of(clock, regions, migration, |_, arn, tags| each(arn, tags)).await
    }

    async fn index_of(
        &self,
        clock: &dyn Clock,
        regions: &BTreeSet<String>,
        migration: Option<&str>,
        mut each: impl FnMut(&str, &str, Vec<Tag>),
    ) -> Result<(), OpError> {
        let mut regions = regions.clone();
        if self.partition == "aws" {
            regions.insert(GLOBAL.to_owned());
        }
        for region in &regions {
            let sdk = self.sdk(region);
            let filter = TagFilter::builder().key(TAG_MIGRATION);
            let filter = filter.set_values(migration.map(|name| vec![name.to_owned()])).build();
            let mut token: Option<String> = None;
            loop {
                let ask = async || {
                    let call =
                        sdk.tagging().get_resources().tag_filters(filter.clone()).resources_per_page(100);
                    call.set_pagination_token(token.clone()).send().await.map_err(op("GetResources"))
                };
                let answer = patiently(clock, ask).await?;
                for item in answer.resource_tag_mapping_list() {
                    let tags = item.tags().iter().map(|tag| Tag::new(tag.key(), tag.value())).collect();
                    each(region, item.resource_arn().unwrap_or_default(), tags);
                }
                token = answer.pagination_token().filter(|token| !token.is_empty()).map(ToOwned::to_owned);
                if token.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }
}
