//! Requester-managed network interfaces: they outlive their owners and hold subnets and groups back.
//!
//! They live in table `ec2.network-interface` under their id, with the members of the EC2 API
//! (`NetworkInterfaceId`, `SubnetId`, `VpcId`, `Groups`, `RequesterManaged`, `Status`, `Description`) and
//! `_owner`, `_region`.

use serde_json::{Value as Json, json};

use super::{Effect, World};

/// How a service's interfaces look: description, type, requester, and the owner of what they are attached to.
fn looks(owner: &str) -> (String, &'static str, &'static str, &'static str) {
    let last = || owner.rsplit(':').next().unwrap_or_default();
    match owner.split(':').nth(2) {
        Some("rds") => ("RDSNetworkInterface".into(), "interface", "amazon-rds", "amazon-rds"),
        Some("dms") => ("DMSNetworkInterface".into(), "interface", "amazon-dms", "amazon-aws"),
        Some("lambda") => (format!("AWS Lambda VPC ENI-{}", last()), "lambda", "amazon-lambda", "amazon-aws"),
        _ if owner.starts_with("ELB ") => (owner.into(), "interface", "amazon-elb", "amazon-elb"),
        _ => (owner.into(), "interface", "amazon-aws", "amazon-aws"),
    }
}

/// The first free address of a subnet; the first three belong to AWS. None where a subnet has no IPv4 block.
fn free_address(world: &World, subnet: &Json) -> Option<String> {
    let net: ipnet::Ipv4Net = subnet["CidrBlock"].as_str()?.parse().ok()?;
    let taken: std::collections::HashSet<&str> = world
        .rows("ec2.network-interface")
        .filter(|(_, eni)| eni["SubnetId"] == subnet["SubnetId"])
        .flat_map(|(_, eni)| {
            let listed = eni["PrivateIpAddresses"].as_array().into_iter().flatten();
            listed.chain([eni]).filter_map(|one| one["PrivateIpAddress"].as_str())
        })
        .collect();
    net.hosts().skip(3).map(|ip| ip.to_string()).find(|ip| !taken.contains(ip.as_str()))
}

impl World {
    /// Puts one interface of `owner` into each subnet. Answers their addresses, in the order of the subnets.
    pub fn attach_interfaces(
        &mut self,
        region: &str,
        owner: &str,
        subnets: &[&str],
        groups: &[&str],
    ) -> Vec<Option<String>> {
        let (description, kind, requester, attached) = looks(owner);
        let groups: Vec<_> = groups.iter().map(|g| json!({"GroupId": g})).collect();
        let mut addresses = Vec::new();
        for subnet in subnets {
            let home = self.get("ec2.subnet", subnet).cloned().unwrap_or_default();
            let vpc = if home["VpcId"].is_null() { json!("") } else { home["VpcId"].clone() };
            let ip = free_address(self, &home);
            let id = self.id("eni");
            let digits = id.trim_start_matches("eni-");
            let mut row = json!({
                "NetworkInterfaceId": id, "SubnetId": subnet, "VpcId": vpc, "Groups": groups,
                "RequesterManaged": true, "RequesterId": requester, "Status": "in-use", "Description": description,
                "InterfaceType": kind, "OwnerId": self.account, "SourceDestCheck": true, "Ipv6Addresses": [],
                "MacAddress": mac(digits), "_owner": owner, "_region": region,
                "Attachment": {
                    "AttachmentId": format!("ela-attach-{digits}"), "DeleteOnTermination": false, "DeviceIndex": 1,
                    "InstanceOwnerId": attached, "Status": "attached",
                },
            });
            if let Some(ip) = &ip {
                let domain = if region == "us-east-1" { "ec2".into() } else { format!("{region}.compute") };
                let name = format!("ip-{}.{domain}.internal", ip.replace('.', "-"));
                row["PrivateIpAddress"] = json!(ip);
                row["PrivateDnsName"] = json!(name);
                row["PrivateIpAddresses"] =
                    json!([{"Primary": true, "PrivateIpAddress": ip, "PrivateDnsName": name}]);
            }
            self.put("ec2.network-interface", &id, row);
            addresses.push(ip);
        }
        addresses
    }

    /// The security groups of whatever names none: the default one of its VPC.
    #[must_use]
    pub fn or_default_group<'g>(&'g self, named: &[&'g str], vpc: &Json) -> Vec<&'g str> {
        if !named.is_empty() {
            return named.to_vec();
        }
        let is_default = |row: &Json| row["VpcId"] == *vpc && row["GroupName"] == "default";
        self.rows("ec2.security-group").filter(|(_, row)| is_default(row)).map(|(id, _)| id).collect()
    }

    /// Lets the interfaces of `owner` go after they have lingered `millis`.
    pub fn release_interfaces(&mut self, owner: &str, millis: i64) {
        let ids: Vec<String> = self
            .rows("ec2.network-interface")
            .filter(|(_, row)| row["_owner"] == owner)
            .map(|(id, _)| id.to_owned())
            .collect();
        for id in ids {
            self.after(millis, "ec2.network-interface", &id, Effect::Remove);
        }
    }
}

/// A hardware address made of an id's digits.
fn mac(digits: &str) -> String {
    let pairs: Vec<String> = digits
        .as_bytes()
        .chunks(2)
        .skip(3)
        .take(5)
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect();
    format!("02:{}", pairs.join(":"))
}
