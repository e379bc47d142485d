//! Requester-managed network interfaces: they outlive their owners and hold subnets and groups back.
//!
//! They live in table `ec2.network-interface` under their id, with the members of the EC2 API
//! (`NetworkInterfaceId`, `SubnetId`, `VpcId`, `Groups`, `RequesterManaged`, `Status`, `Description`) and
//! `_owner`, `_region`.

use serde_json::json;

use super::{Effect, World};

impl World {
    /// Puts one interface of `owner` into each subnet.
    pub fn attach_interfaces(&mut self, region: &str, owner: &str, subnets: &[&str], groups: &[&str]) {
        for subnet in subnets {
            let vpc = self.get("ec2.subnet", subnet).map_or(json!(""), |row| row["VpcId"].clone());
            let id = self.id("eni");
            let groups: Vec<_> = groups.iter().map(|g| json!({"GroupId": g})).collect();
            let row = json!({
                "NetworkInterfaceId": id, "SubnetId": subnet, "VpcId": vpc, "Groups": groups,
                "RequesterManaged": true, "Status": "in-use", "Description": owner,
                "InterfaceType": "interface", "OwnerId": self.account, "_owner": owner, "_region": region,
            });
            self.put("ec2.network-interface", &id, row);
        }
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
