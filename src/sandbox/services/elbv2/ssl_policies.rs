//! `DescribeSSLPolicies`: the security policies of HTTPS and TLS listeners (Elastic Load Balancing, "Security policies for your
//! Application Load Balancer").

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Reply, Request, World};

const TLS13: &[&str] = &["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
const GCM: &[&str] = &[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];
const CBC: &[&str] = &[
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES256-SHA384",
];
const OLD: &[&str] =
    &["ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA"];
const PLAIN: &[&str] = &["AES128-GCM-SHA256", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA256"];
const PLAIN_OLD: &[&str] = &["AES128-SHA", "AES256-SHA"];

type Policy = (&'static str, &'static [&'static str], &'static [&'static [&'static str]], bool);

/// Name, protocols, ciphers by group, and whether Network Load Balancers and Application Load Balancers both take it.
const POLICIES: &[Policy] = &[
    ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", &["TLSv1.2", "TLSv1.3"], &[TLS13, GCM], true),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", &["TLSv1.2", "TLSv1.3"], &[TLS13, GCM, CBC], true),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", &["TLSv1.2", "TLSv1.3"], &[TLS13, GCM, CBC, PLAIN], true),
    (
        "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06",
        &["TLSv1.2", "TLSv1.3"],
        &[TLS13, GCM, CBC, OLD, PLAIN, PLAIN_OLD],
        true,
    ),
    (
        "ELBSecurityPolicy-TLS13-1-1-2021-06",
        &["TLSv1.1", "TLSv1.2", "TLSv1.3"],
        &[TLS13, GCM, CBC, OLD, PLAIN, PLAIN_OLD],
        true,
    ),
    (
        "ELBSecurityPolicy-TLS13-1-0-2021-06",
        &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"],
        &[TLS13, GCM, CBC, OLD, PLAIN, PLAIN_OLD],
        true,
    ),
    ("ELBSecurityPolicy-TLS13-1-3-2021-06", &["TLSv1.3"], &[TLS13], true),
    ("ELBSecurityPolicy-2016-08", &["TLSv1", "TLSv1.1", "TLSv1.2"], &[GCM, CBC, OLD, PLAIN, PLAIN_OLD], true),
    ("ELBSecurityPolicy-TLS-1-2-2017-01", &["TLSv1.2"], &[GCM, CBC, PLAIN], true),
    ("ELBSecurityPolicy-TLS-1-1-2017-01", &["TLSv1.1", "TLSv1.2"], &[GCM, CBC, OLD, PLAIN, PLAIN_OLD], true),
    ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", &["TLSv1.2"], &[GCM, CBC, OLD, PLAIN, PLAIN_OLD], true),
    ("ELBSecurityPolicy-FS-2018-06", &["TLSv1", "TLSv1.1", "TLSv1.2"], &[GCM, CBC, OLD], true),
    ("ELBSecurityPolicy-FS-1-1-2019-08", &["TLSv1.1", "TLSv1.2"], &[GCM, CBC, OLD], true),
    ("ELBSecurityPolicy-FS-1-2-2019-08", &["TLSv1.2"], &[GCM, CBC, OLD], true),
    ("ELBSecurityPolicy-FS-1-2-Res-2019-08", &["TLSv1.2"], &[GCM, CBC], true),
    ("ELBSecurityPolicy-FS-1-2-Res-2020-10", &["TLSv1.2"], &[GCM], true),
    (
        "ELBSecurityPolicy-2015-05",
        &["TLSv1", "TLSv1.1", "TLSv1.2"],
        &[GCM, CBC, OLD, PLAIN, PLAIN_OLD],
        false,
    ),
];

fn shown((name, protocols, groups, both): &Policy) -> Json {
    let names = groups.iter().flat_map(|group| group.iter());
    let ciphers: Vec<Json> =
        names.enumerate().map(|(at, name)| json!({"Name": name, "Priority": at + 1})).collect();
    let kinds = if *both { json!(["application", "network"]) } else { json!(["application"]) };
    json!({"Name": name, "SslProtocols": protocols, "Ciphers": ciphers, "SupportedLoadBalancerTypes": kinds})
}

/// `DescribeSSLPolicies`.
pub fn describe(_world: &mut World, rq: &Request<'_>) -> Reply {
    let names = rq.texts("Names");
    if let Some(other) = names.iter().find(|name| !POLICIES.iter().any(|(known, ..)| known == *name)) {
        return Err(Fault::new("SSLPolicyNotFound", format!("SSL policy '{other}' not found")));
    }
    let mut all: Vec<Json> =
        POLICIES.iter().filter(|(name, ..)| names.is_empty() || names.contains(name)).map(shown).collect();
    if let Some(kind) = rq.opt("LoadBalancerType") {
        all.retain(|one| {
            one["SupportedLoadBalancerTypes"].as_array().is_some_and(|kinds| kinds.iter().any(|k| k == kind))
        });
    }
    let (page, next) = rq.page(all, "PageSize", "Marker", 400, "ValidationError")?;
    Ok(json!({"SslPolicies": page, "NextMarker": next}))
}
