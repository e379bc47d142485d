//! Names, records and health checks.

use std::{collections::BTreeMap, net::IpAddr};

use super::{
    Lint,
    view::{Part, View},
};
use crate::error::Code;

pub(super) static PRIVATE_HEALTH_CHECK: Lint = Lint {
    code: Code::lint(
        "M8311",
        "private-health-check",
        "a public health check of a private name or address",
        "Route 53's health checkers stand on the internet: they resolve no name of a private zone and reach no private address. Check the load balancer's public name, use a CLOUDWATCH_METRIC check, or EvaluateTargetHealth on an alias.",
    )
    .from("Amazon Route 53 Developer Guide, How Route 53 checks the health of your resources")
    .template(
        "Resources:
  Check:
    Type: AWS::Route53::HealthCheck
    Properties:
      HealthCheckConfig:
        Type: HTTP
        Port: 80
        IPAddress: 10.0.0.12
",
    ),
    check: |view, report| {
        let private = private_zones(view);
        for check in view.of("AWS::Route53::HealthCheck") {
            let config = check.get("HealthCheckConfig");
            let name = config.get("FullyQualifiedDomainName");
            let address = config.get("IPAddress");
            if let Some(text) = address.text()
                && text.parse::<IpAddr>().is_ok_and(is_private)
            {
                report
                    .at(&address, format!("{text} is a private address, which health checkers cannot reach"))
                    .help("check a public address, or use a CLOUDWATCH_METRIC health check");
                continue;
            }
            // With an address, the name is only a header.
            let Some(text) = name.text().filter(|_| address.is_missing()) else { continue };
            let host = text.trim_end_matches('.').to_ascii_lowercase();
            let zone = private.iter().find(|(zone, _)| host == **zone || host.ends_with(&format!(".{zone}")));
            let reserved = [".internal", ".local", ".localdomain", ".lan"].iter().any(|end| host.ends_with(end));
            if let Some((zone, part)) = zone {
                report
                    .at(&name, format!("{text} is in the private zone {zone}, which health checkers cannot see"))
                    .label(&part.get("Name"), "the private zone")
                    .help("check the load balancer's public name, or use a CLOUDWATCH_METRIC health check");
            } else if reserved {
                report
                    .at(&name, format!("{text} is a private name, which health checkers cannot resolve"))
                    .help("check the load balancer's public name, or use a CLOUDWATCH_METRIC health check");
            }
        }
    },
};

/// Private zones of the plan, unless a public one has the same name.
fn private_zones<'g>(view: &View<'g>) -> BTreeMap<String, Part<'g>> {
    let mut zones = BTreeMap::new();
    let mut public = Vec::new();
    for zone in view.of("AWS::Route53::HostedZone") {
        let Some(name) = zone.get("Name").text().map(|name| name.trim_end_matches('.').to_ascii_lowercase())
        else {
            continue;
        };
        if zone.get("VPCs").is_missing() {
            public.push(name);
        } else {
            zones.insert(name, zone);
        }
    }
    zones.retain(|name, _| !public.contains(name));
    zones
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

pub(super) static UNEQUAL_TTLS: Lint = Lint {
    code: Code::lint(
        "M8313",
        "unequal-ttls",
        "weighted records of one name whose TTLs differ",
        "All weighted records of one name and type must have the same TTL: Route 53 refuses the batch that would make them differ.",
    )
    .refused()
    .from("Amazon Route 53 Developer Guide, Values specific for weighted records")
    .template(
        "Resources:
  Zone:
    Type: AWS::Route53::HostedZone
    Properties: {Name: example.com}
  Source:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneId: !Ref Zone
      Name: pay.example.com
      Type: CNAME
      TTL: '60'
      SetIdentifier: source
      Weight: 100
      ResourceRecords: [source.example.com]
  Target:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneId: !Ref Zone
      Name: pay.example.com
      Type: CNAME
      TTL: '300'
      SetIdentifier: target
      Weight: 0
      ResourceRecords: [target.example.com]
",
    ),
    check: |view, report| {
        for records in weighted(view) {
            let ttl = |record: &Part<'_>| record.get("TTL").number();
            let Some((first, known)) = records.iter().find_map(|record| Some((record, ttl(record)?))) else {
                continue;
            };
            let Some(other) = records.iter().find(|record| ttl(record).is_some_and(|ttl| ttl != known)) else {
                continue;
            };
            let name = first.get("Name").text().unwrap_or("the name").to_owned();
            report
                .at(&other.get("TTL"), format!("the weighted records of {name} have different TTLs"))
                .label(&first.get("TTL"), "another TTL")
                .help("give all of them the same TTL");
        }
    },
};

/// Weighted records by zone, name and type, where there is more than one.
fn weighted<'g>(view: &View<'g>) -> Vec<Vec<Part<'g>>> {
    let mut names: BTreeMap<String, Vec<Part<'g>>> = BTreeMap::new();
    for record in view.of("AWS::Route53::RecordSet").filter(|record| !record.get("Weight").is_missing()) {
        let key = ["HostedZoneId", "HostedZoneName", "Name", "Type"];
        let key = key.map(|name| format!("{:?}", record.get(name).value())).join("/");
        names.entry(key).or_default().push(record);
    }
    names.into_values().filter(|records| records.len() > 1).collect()
}

pub(super) static ZERO_WEIGHTS: Lint = Lint {
    code: Code::lint(
        "M8312",
        "zero-weights",
        "weighted records whose weights are all zero",
        "When all weights of a name are 0, Route 53 answers with every record in equal shares: nobody is fenced off.",
    )
    .from("Amazon Route 53 Developer Guide, Weighted routing")
    .template(
        "Resources:
  Zone:
    Type: AWS::Route53::HostedZone
    Properties: {Name: example.com}
  Source:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneId: !Ref Zone
      Name: pay.example.com
      Type: CNAME
      TTL: '60'
      SetIdentifier: source
      Weight: 0
      ResourceRecords: [source.example.com]
  Target:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneId: !Ref Zone
      Name: pay.example.com
      Type: CNAME
      TTL: '60'
      SetIdentifier: target
      Weight: 0
      ResourceRecords: [target.example.com]
",
    ),
    check: |view, report| {
        for records in weighted(view) {
            if !records.iter().all(|record| record.get("Weight").number() == Some(0)) {
                continue;
            }
            let first = &records[0];
            let name = first.get("Name").text().unwrap_or("the name").to_owned();
            let message = format!("all {} records of {name} have the weight 0", records.len());
            let mut said = report.at(&first.get("Weight"), message);
            for other in &records[1..] {
                said = said.label(&other.get("Weight"), "0 as well");
            }
            said.help("give the record that should answer a weight above 0");
        }
    },
};
