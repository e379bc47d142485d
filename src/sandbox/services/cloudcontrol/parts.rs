//! Objects that are parts of others which the sandbox models natively: the blocks of VPCs and subnets. The handler of such a
//! type calls the service (the `permissions` of its schema), and so does this.

use serde_json::{Value as Json, json};

use super::model::Model;
use crate::sandbox::{Fault, Request, World, services::ec2};

/// A call of the service's own operation.
fn call<'r>(rq: &Request<'r>, operation: &'r str, input: Json) -> Request<'r> {
    Request { operation, region: rq.region, access_key: rq.access_key, input }
}

/// How a request ends whose handler was refused by the service.
pub(super) fn failed(fault: &Fault) -> Json {
    let code = if fault.code.contains("NotFound") { "NotFound" } else { "InvalidRequest" };
    json!({"OperationStatus": "FAILED", "ErrorCode": code, "StatusMessage": fault.message})
}

/// Makes the part, and puts the id that the service gave it where the type has it.
pub(super) fn put(
    world: &mut World,
    rq: &Request<'_>,
    model: Model,
    properties: &mut Json,
) -> Result<(), Fault> {
    // The properties have the names of the operation's parameters.
    let sent = properties.clone();
    let answer = match model.name() {
        "AWS::EC2::VPCCidrBlock" => {
            let made = ec2::associate_vpc_block(world, &call(rq, "AssociateVpcCidrBlock", sent))?;
            let six = made["Ipv6CidrBlockAssociation"].clone();
            if six.is_null() { made["CidrBlockAssociation"].clone() } else { six }
        }
        "AWS::EC2::SubnetCidrBlock" => {
            let made = ec2::associate_subnet_block(world, &call(rq, "AssociateSubnetCidrBlock", sent))?;
            made["Ipv6CidrBlockAssociation"].clone()
        }
        _ => return Ok(()),
    };
    properties["Id"] = answer["AssociationId"].clone();
    for name in ["IpSource", "Ipv6AddressAttribute"] {
        if !answer[name].is_null() {
            properties[name] = answer[name].clone();
        }
    }
    Ok(())
}

/// Takes the part away; what is gone already is no fault.
pub(super) fn take(
    world: &mut World,
    rq: &Request<'_>,
    model: Model,
    properties: &Json,
) -> Result<(), Fault> {
    let input = json!({"AssociationId": properties["Id"]});
    let answer = match model.name() {
        "AWS::EC2::VPCCidrBlock" => {
            ec2::disassociate_vpc_block(world, &call(rq, "DisassociateVpcCidrBlock", input))
        }
        "AWS::EC2::SubnetCidrBlock" => {
            ec2::disassociate_subnet_block(world, &call(rq, "DisassociateSubnetCidrBlock", input))
        }
        _ => return Ok(()),
    };
    match answer {
        Err(fault) if !fault.code.contains("NotFound") => Err(fault),
        _ => Ok(()),
    }
}
