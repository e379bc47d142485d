//! What can be looked up, and by what.

use std::{collections::BTreeMap, fmt::Write as _};

/// What can be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A site-to-site VPN connection.
    VpnConnection,
    /// A VPC.
    Vpc,
    /// All subnets that match: the only kind that yields a list.
    Subnets,
    /// A security group.
    SecurityGroup,
    /// A hosted zone of Route 53.
    HostedZone,
    /// A certificate of ACM that has been issued.
    Certificate,
    /// An RDS instance.
    DbInstance,
    /// An RDS cluster.
    DbCluster,
    /// A machine image.
    Image,
}

/// A name of what a found object can be asked for, and a value that stands for it where no account is asked.
type Attribute = (&'static str, &'static str);

impl Kind {
    /// All kinds, sorted by name.
    pub const ALL: &'static [Self] = &[
        Self::Certificate,
        Self::DbCluster,
        Self::DbInstance,
        Self::HostedZone,
        Self::Image,
        Self::SecurityGroup,
        Self::Subnets,
        Self::Vpc,
        Self::VpnConnection,
    ];

    /// As manifests write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VpnConnection => "vpn-connection",
            Self::Vpc => "vpc",
            Self::Subnets => "subnets",
            Self::SecurityGroup => "security-group",
            Self::HostedZone => "hosted-zone",
            Self::Certificate => "certificate",
            Self::DbInstance => "db-instance",
            Self::DbCluster => "db-cluster",
            Self::Image => "image",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// Whether any number of objects may match, and the value is a list.
    #[must_use]
    pub fn is_list(self) -> bool {
        self == Self::Subnets
    }

    /// What a search may say.
    #[must_use]
    pub fn criteria(self) -> &'static [&'static str] {
        match self {
            Self::VpnConnection | Self::Vpc | Self::DbInstance | Self::DbCluster => &["id", "name", "tags"],
            Self::Subnets | Self::SecurityGroup => &["id", "name", "tags", "vpc"],
            Self::HostedZone => &["id", "name", "tags", "private", "vpc"],
            Self::Certificate => &["id", "name", "tags", "newest"],
            Self::Image => &["id", "name", "tags", "owner", "architecture", "newest"],
        }
    }

    /// What the found object can be asked for; the first is what a lookup yields when it asks for nothing.
    #[must_use]
    pub fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::VpnConnection => &[
                ("VpnConnectionId", "vpn-00000000000000000"),
                ("CustomerGatewayId", "cgw-00000000000000000"),
                ("TransitGatewayId", "tgw-00000000000000000"),
                ("VpnGatewayId", "vgw-00000000000000000"),
            ],
            Self::Vpc => &[("VpcId", "vpc-00000000000000000"), ("CidrBlock", "10.0.0.0/16")],
            Self::Subnets => &[
                ("SubnetId", "subnet-00000000000000000,subnet-00000000000000001,subnet-00000000000000002"),
                ("AvailabilityZone", "us-east-1a,us-east-1b,us-east-1c"),
                ("CidrBlock", "10.0.0.0/24,10.0.1.0/24,10.0.2.0/24"),
            ],
            Self::SecurityGroup => &[
                ("GroupId", "sg-00000000000000000"),
                ("GroupName", "group"),
                ("VpcId", "vpc-00000000000000000"),
            ],
            Self::HostedZone => &[("HostedZoneId", "Z00000000000000000000"), ("Name", "example.com")],
            Self::Certificate => &[
                (
                    "CertificateArn",
                    "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000000",
                ),
                ("DomainName", "example.com"),
            ],
            Self::DbInstance => &[
                ("DBInstanceIdentifier", "database"),
                ("DBInstanceArn", "arn:aws:rds:us-east-1:123456789012:db:database"),
                ("DbiResourceId", "db-AAAAAAAAAAAAAAAAAAAAAAAAAA"),
                ("Endpoint.Address", "database.abcdefghijkl.us-east-1.rds.amazonaws.com"),
                ("Endpoint.Port", "5432"),
            ],
            Self::DbCluster => &[
                ("DBClusterIdentifier", "cluster"),
                ("DBClusterArn", "arn:aws:rds:us-east-1:123456789012:cluster:cluster"),
                ("DBClusterResourceId", "cluster-AAAAAAAAAAAAAAAAAAAAAAAAAA"),
                ("Endpoint.Address", "cluster.cluster-abcdefghijkl.us-east-1.rds.amazonaws.com"),
                ("Endpoint.Port", "5432"),
                ("ReadEndpoint.Address", "cluster.cluster-ro-abcdefghijkl.us-east-1.rds.amazonaws.com"),
            ],
            Self::Image => &[
                ("ImageId", "ami-00000000000000000"),
                ("Architecture", "x86_64"),
                ("Name", "image"),
                ("RootDeviceName", "/dev/xvda"),
            ],
        }
    }
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Query {
    /// Which kind of object.
    pub kind: Kind,
    /// Its id or ARN.
    pub id: Option<String>,
    /// Its name: the tag `Name` where AWS has no other, the domain of zones and certificates. Of images `*` in it stands
    /// for any text.
    pub name: Option<String>,
    /// Tags that it has, with these values.
    pub tags: BTreeMap<String, String>,
    /// The VPC it belongs to.
    pub vpc: Option<String>,
    /// Whether a hosted zone is private.
    pub private: Option<bool>,
    /// Whose image: an account, `self`, `amazon`, `aws-marketplace`.
    pub owner: Option<String>,
    /// `x86_64` or `arm64`.
    pub architecture: Option<String>,
    /// Of several that match, the one made last.
    pub newest: bool,
}

impl Query {
    /// A search that says nothing yet.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            id: None,
            name: None,
            tags: BTreeMap::new(),
            vpc: None,
            private: None,
            owner: None,
            architecture: None,
            newest: false,
        }
    }

    /// What is looked for, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let mut out = self.kind.as_str().to_owned();
        let mut first = true;
        let mut with = |words: String| {
            let _ =
                write!(out, "{} {words}", if std::mem::take(&mut first) { " with" } else { "," }.trim_end());
        };
        for (what, value) in [("id", &self.id), ("name", &self.name)] {
            if let Some(value) = value {
                with(format!("{what} {value}"));
            }
        }
        for (key, value) in &self.tags {
            with(format!("tag {key}={value}"));
        }
        for (what, value) in
            [("vpc", &self.vpc), ("owner", &self.owner), ("architecture", &self.architecture)]
        {
            if let Some(value) = value {
                with(format!("{what} {value}"));
            }
        }
        if let Some(private) = self.private {
            with(format!("private {private}"));
        }
        if self.newest { format!("newest {out}") } else { out }
    }

    /// Every text in it, to fill in what other lookups found.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let Self { id, name, tags, vpc, owner, architecture, .. } = self;
        [id, name, vpc, owner, architecture].into_iter().flatten().chain(tags.values_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_told_in_words() {
        let query = Query {
            name: Some("al2023-*".into()),
            tags: [("Team".to_owned(), "web".to_owned())].into(),
            owner: Some("amazon".into()),
            newest: true,
            ..Query::new(Kind::Image)
        };
        assert_eq!(query.words(), "newest image with name al2023-*, tag Team=web, owner amazon");
        let query = Query { private: Some(true), ..Query::new(Kind::HostedZone) };
        assert_eq!(query.words(), "hosted-zone with private true");
    }

    #[test]
    fn kinds_are_sorted_and_found_by_name() {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert!(names.is_sorted(), "{names:?}");
        assert!(names.iter().all(|name| Kind::named(name).is_some_and(|kind| kind.as_str() == *name)));
        assert_eq!(Kind::named("vpcs"), None);
    }
}
