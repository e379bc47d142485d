//! Network interfaces that hold subnets and security groups.

use serde_json::Value as Json;

use super::support::filter;
use crate::{
    aws::{OpError, op},
    resources::{Cx, Obstacle},
};

/// The network that a subnet or a security group belongs to.
pub(super) fn network(props: &Json) -> Option<String> {
    props["VpcId"].as_str().map(ToOwned::to_owned)
}

/// The interfaces of a network, each with what it holds. DeleteSubnet: "You must terminate all running instances in the
/// subnet before you can delete the subnet" (it fails with DependencyViolation as long as there is any interface);
/// DeleteSecurityGroup: "If you attempt to delete a security group that is associated with an instance or network
/// interface [...] the operation fails with DependencyViolation".
pub(super) async fn obstacles(cx: &Cx<'_>, network: &str) -> Result<Vec<Obstacle>, OpError> {
    const OP: &str = "DescribeNetworkInterfaces";
    let mut found = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let call = cx.sdk.ec2().describe_network_interfaces().filters(filter("vpc-id", network));
        let page = call.max_results(1000).set_next_token(next).send().await.map_err(op(OP))?;
        for interface in page.network_interfaces() {
            let id = interface.network_interface_id().unwrap_or_default();
            let what = match interface.description().filter(|text| !text.is_empty()) {
                Some(text) => format!("{id} ({text})"),
                None => id.to_owned(),
            };
            let groups = interface.groups().iter().filter_map(|group| group.group_id());
            let holds = groups.chain(interface.subnet_id()).map(ToOwned::to_owned).collect();
            found.push(Obstacle { what, holds });
        }
        next = page.next_token().filter(|token| !token.is_empty()).map(ToOwned::to_owned);
        if next.is_none() {
            return Ok(found);
        }
    }
}
