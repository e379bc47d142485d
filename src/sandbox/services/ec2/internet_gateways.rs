//! Internet gateways and their attachment.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, invalid, plain, tidy},
    vpcs::VPC,
};
use crate::sandbox::{By, Fault, Reply, Request, World, done};

/// Internet gateways.
pub(super) const GATEWAY: Noun = Noun {
    table: "ec2.internet-gateway",
    prefix: "igw",
    id: "InternetGatewayId",
    ids: "InternetGatewayIds",
    tags: "Tags",
    resource: "internet-gateway",
    missing: "InvalidInternetGatewayID.NotFound",
    malformed: "InvalidInternetGatewayId.Malformed",
    label: "internetGateway",
    filters: &[
        ("attachment.state", "Attachments.State"),
        ("attachment.vpc-id", "Attachments.VpcId"),
        ("internet-gateway-id", "InternetGatewayId"),
        ("owner-id", "OwnerId"),
    ],
};

/// The VPC a gateway is attached to.
pub(super) fn vpc_of(row: &Json) -> Option<&str> {
    row["Attachments"][0]["VpcId"].as_str()
}

/// Whether a VPC has one.
pub(super) fn attached(world: &World, vpc: &str) -> bool {
    world
        .any_with("ec2.internet-gateway", &By::Path("Attachments.VpcId"), vpc, |row| vpc_of(row) == Some(vpc))
}

/// `CreateInternetGateway`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = json!({"Attachments": [], "OwnerId": world.account});
    let id = GATEWAY.create(world, rq, row)?;
    Ok(json!({"InternetGateway": tidy(GATEWAY.get(world, rq, &id)?.clone())}))
}

/// `AttachInternetGateway`.
pub(super) fn attach(world: &mut World, rq: &Request<'_>) -> Reply {
    let (id, vpc) = (rq.text("InternetGatewayId"), rq.text("VpcId"));
    let row = GATEWAY.get(world, rq, id)?;
    VPC.get(world, rq, vpc)?;
    if let Some(other) = vpc_of(row) {
        let message = format!("resource {id} is already attached to network {other}");
        return Err(Fault::new("Resource.AlreadyAssociated", message));
    }
    if attached(world, vpc) {
        return Err(invalid(format!("Network {vpc} already has an internet gateway attached")));
    }
    GATEWAY.get_mut(world, rq, id)?["Attachments"] = json!([{"State": "available", "VpcId": vpc}]);
    done()
}

/// Whether the owner of interfaces, `ELB app/name/id`, is the load balancer of that ARN.
fn balances(arn: &str, owner: &str) -> bool {
    owner
        .strip_prefix("ELB ")
        .is_some_and(|tail| arn.split_once(":loadbalancer/").is_some_and(|(_, t)| t == tail))
}

/// Whether an interface is reached from the internet through its VPC's gateway.
fn mapped(world: &World, eni: &Json) -> bool {
    let public = |owner: &str| {
        world
            .rows("elbv2.load-balancer")
            .any(|(arn, lb)| balances(arn, owner) && lb["Scheme"] == "internet-facing")
            || world
                .rows("rds.db-instance")
                .any(|(_, db)| db["DBInstanceArn"] == owner && db["PubliclyAccessible"] == true)
    };
    eni["Association"]["PublicIp"].is_string() || eni["_owner"].as_str().is_some_and(public)
}

/// `DetachInternetGateway`: refused while public addresses are in use behind it.
pub(super) fn detach(world: &mut World, rq: &Request<'_>) -> Reply {
    let (id, vpc) = (rq.text("InternetGatewayId"), rq.text("VpcId"));
    let row = GATEWAY.get(world, rq, id)?;
    VPC.get(world, rq, vpc)?;
    if vpc_of(row) != Some(vpc) {
        let message = format!("resource {id} is not attached to network {vpc}");
        return Err(Fault::new("Gateway.NotAttached", message));
    }
    let regional = |nat: &Json| {
        nat["VpcId"] == vpc
            && nat["AvailabilityMode"] == "regional"
            && matches!(nat["State"].as_str(), Some("pending" | "available" | "deleting"))
    };
    let by = By::Path("VpcId");
    if world.any_with("ec2.network-interface", &by, vpc, |eni| mapped(world, eni))
        || world.any_with("ec2.nat-gateway", &by, vpc, regional)
    {
        let message = format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before \
             detaching the gateway."
        );
        return Err(Fault::new("DependencyViolation", message));
    }
    GATEWAY.get_mut(world, rq, id)?["Attachments"] = json!([]);
    done()
}

/// `DeleteInternetGateway`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let id = rq.text("InternetGatewayId");
    if vpc_of(GATEWAY.get(world, rq, id)?).is_some() {
        return Err(GATEWAY.busy(id));
    }
    world.remove("ec2.internet-gateway", id);
    done()
}

/// `DescribeInternetGateways`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    GATEWAY.describe(world, rq, "InternetGateways", plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_told_from_their_arns() {
        let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/1";
        assert!(balances(arn, "ELB app/web/1"));
        assert!(!balances(arn, "ELB app/web/2") && !balances(arn, arn));
    }
}
