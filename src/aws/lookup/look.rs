//! One search in one region.

use std::collections::BTreeMap;

use super::{Kind, Query, certificates, databases, network, zones};
use crate::{
    aws::{Cloud, OpError, patiently},
    clock::Clock,
};

/// An object of the account that a search looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// Other forms of its id (an ARN, a resource id).
    pub aliases: Vec<String>,
    /// Names it answers to.
    pub names: Vec<String>,
    /// Its tags, as far as they were asked for.
    pub tags: BTreeMap<String, String>,
    /// VPCs it belongs to.
    pub vpcs: Vec<String>,
    /// Of hosted zones: whether it is private.
    pub private: Option<bool>,
    /// When it was made, RFC 3339, where that is told: what is newest.
    pub made: String,
    /// Why nobody can use it now (`state deleting`).
    pub unusable: Option<String>,
    /// A few words about it for people.
    pub about: Vec<String>,
    /// What it can be asked for.
    pub attributes: BTreeMap<&'static str, String>,
}

/// What a search saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// What matches.
    pub matching: Vec<Candidate>,
    /// Other objects of the kind.
    pub others: Vec<Candidate>,
}

impl Candidate {
    /// Itself, for a list of candidates.
    #[must_use]
    pub fn words(&self) -> String {
        let about: Vec<&str> = self
            .unusable
            .iter()
            .chain(&self.about)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
            .collect();
        if about.is_empty() { self.id.clone() } else { format!("{} ({})", self.id, about.join(", ")) }
    }

    fn is(&self, wanted: &str) -> bool {
        self.id == wanted || self.aliases.iter().any(|alias| alias == wanted)
    }

    /// Whether it is what is looked for.
    #[must_use]
    pub fn matches(&self, query: &Query) -> bool {
        let tagged = |(key, value): (&String, &String)| self.tags.get(key) == Some(value);
        let named = |wanted: &String| self.names.iter().any(|name| name_matches(query.kind, wanted, name));
        self.unusable.is_none()
            && query.id.as_ref().is_none_or(|id| self.is(id))
            && query.name.as_ref().is_none_or(named)
            && query.tags.iter().all(tagged)
            && query.vpc.as_ref().is_none_or(|vpc| self.vpcs.contains(vpc))
            && query.private.is_none_or(|private| self.private == Some(private))
            && query.architecture.as_deref().is_none_or(|wanted| {
                self.attributes.get("Architecture").is_some_and(|architecture| architecture == wanted)
            })
    }
}

/// Domains know no letter case and may end with a dot; of images `*` and `?` stand for any text and any letter, as in
/// EC2's filters.
fn name_matches(kind: Kind, wanted: &str, name: &str) -> bool {
    match kind {
        Kind::HostedZone | Kind::Certificate => {
            wanted.trim_end_matches('.').eq_ignore_ascii_case(name.trim_end_matches('.'))
        }
        // RDS keeps identifiers in lower case.
        Kind::DbInstance | Kind::DbCluster => wanted.eq_ignore_ascii_case(name),
        Kind::Image => wildcard(wanted.as_bytes(), name.as_bytes()),
        _ => wanted == name,
    }
}

fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|skip| wildcard(rest, &text[skip..])),
        ([b'?', rest @ ..], [_, after @ ..]) => wildcard(rest, after),
        ([first, rest @ ..], [letter, after @ ..]) if first == letter => wildcard(rest, after),
        _ => false,
    }
}

impl Looked {
    /// Parts what was seen.
    pub(super) fn of(query: &Query, seen: Vec<Candidate>) -> Self {
        let (mut matching, others): (Vec<_>, Vec<_>) =
            seen.into_iter().partition(|candidate| candidate.matches(query));
        if query.kind == Kind::Subnets {
            // By zone, so that two lists of attributes belong together and no list changes its order by itself.
            let key =
                |subnet: &Candidate| (subnet.attributes.get("AvailabilityZone").cloned(), subnet.id.clone());
            matching.sort_by_key(key);
        } else {
            matching.sort_by(|one, two| (&two.made, &one.id).cmp(&(&one.made, &two.id)));
        }
        Self { matching, others }
    }
}

impl Cloud {
    /// Looks for objects in a region: those that match, and others of the kind. Reads only.
    ///
    /// # Errors
    /// When a service does not answer, or not these credentials.
    pub async fn look_up(&self, clock: &dyn Clock, region: &str, query: &Query) -> Result<Looked, OpError> {
        let sdk = self.sdk(region);
        let seen = patiently(clock, async || match query.kind {
            Kind::VpnConnection => network::vpn_connections(&sdk).await,
            Kind::Vpc => network::vpcs(&sdk).await,
            Kind::Subnets => network::subnets(&sdk).await,
            Kind::SecurityGroup => network::security_groups(&sdk).await,
            Kind::Image => network::images(&sdk, query).await,
            Kind::HostedZone => zones::zones(&sdk, region, query).await,
            Kind::Certificate => certificates::certificates(&sdk, query).await,
            Kind::DbInstance => databases::instances(&sdk).await,
            Kind::DbCluster => databases::clusters(&sdk).await,
        });
        Ok(Looked::of(query, seen.await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: &str, name: &str, made: &str) -> Candidate {
        Candidate { id: id.into(), names: vec![name.into()], made: made.into(), ..Candidate::default() }
    }

    #[test]
    fn every_criterion_narrows_and_what_is_going_never_matches() {
        let full = Candidate {
            aliases: vec!["arn:x".into()],
            tags: [("Team".to_owned(), "web".to_owned())].into(),
            vpcs: vec!["vpc-1".into()],
            private: Some(true),
            ..candidate("id-1", "Shop.example.com.", "")
        };
        let all = Query {
            id: Some("arn:x".into()),
            name: Some("shop.example.com".into()),
            tags: [("Team".to_owned(), "web".to_owned())].into(),
            vpc: Some("vpc-1".into()),
            private: Some(true),
            ..Query::new(Kind::HostedZone)
        };
        assert!(full.matches(&all));
        for other in [
            Query { id: Some("id-2".into()), ..all.clone() },
            Query { name: Some("example.com".into()), ..all.clone() },
            Query { tags: [("Team".to_owned(), "db".to_owned())].into(), ..all.clone() },
            Query { vpc: Some("vpc-2".into()), ..all.clone() },
            Query { private: Some(false), ..all.clone() },
            Query { architecture: Some("arm64".into()), ..all.clone() },
        ] {
            assert!(!full.matches(&other), "{}", other.words());
        }
        assert!(!Candidate { unusable: Some("state deleting".into()), ..full }.matches(&all));
    }

    #[test]
    fn what_is_newest_comes_first_and_only_images_have_wildcards() {
        let seen = vec![
            candidate("ami-1", "web-1", "2026-01-01T00:00:00Z"),
            candidate("ami-2", "web-2", "2026-02-01T00:00:00Z"),
            candidate("ami-3", "db-1", "2026-03-01T00:00:00Z"),
        ];
        let query = Query { name: Some("web-*".into()), ..Query::new(Kind::Image) };
        let looked = Looked::of(&query, seen.clone());
        let ids: Vec<&str> = looked.matching.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["ami-2", "ami-1"]);
        assert_eq!(looked.others.len(), 1);
        let query = Query { name: Some("web-*".into()), ..Query::new(Kind::Vpc) };
        assert!(Looked::of(&query, seen).matching.is_empty());
    }
}
