//! What EC2's types share: filters, and which rejections pass by themselves.

use aws_sdk_ec2::types;

use crate::{
    aws::{OpError, TAG_ADDRESS, TAG_LINEAGE},
    model::{Attributes, Retry},
    resources::{Cx, Goal, Probe, Progress},
};

/// A VPC made by the call before.
pub(super) const NEW_VPC: Retry =
    Retry { code: "InvalidVpcID.NotFound", message: "", why: "the new VPC is not visible yet" };
/// A subnet made by the call before.
pub(super) const NEW_SUBNET: Retry =
    Retry { code: "InvalidSubnetID.NotFound", message: "", why: "the new subnet is not visible yet" };
/// A route table made by the call before.
pub(super) const NEW_TABLE: Retry = Retry {
    code: "InvalidRouteTableID.NotFound",
    message: "",
    why: "the new route table is not visible yet",
};
/// A security group made by the call before.
pub(super) const NEW_GROUP: Retry = Retry {
    code: "InvalidGroup.NotFound",
    message: "does not exist",
    why: "the new security group is not visible yet",
};
/// A gateway made by the call before.
pub(super) const NEW_GATEWAY: Retry = Retry {
    code: "InvalidInternetGatewayID.NotFound",
    message: "",
    why: "the new internet gateway is not visible yet",
};
/// Something still hangs on the object that is to go.
pub(super) const IN_USE: Retry =
    Retry { code: "DependencyViolation", message: "", why: "something in use still depends on it" };

/// A filter with one value.
pub(super) fn filter(name: &str, value: &str) -> types::Filter {
    types::Filter::builder().name(name).values(value).build()
}

/// The filters that only this very resource's object passes.
pub(super) fn ours(cx: &Cx<'_>) -> Vec<types::Filter> {
    vec![
        filter(&format!("tag:{TAG_LINEAGE}"), &cx.owner.mark()),
        filter(&format!("tag:{TAG_ADDRESS}"), cx.address.as_str()),
    ]
}

/// The answer of a read, `None` if the object is not there.
pub(super) fn unless_absent<T>(answer: Result<T, OpError>, codes: &[&str]) -> Result<Option<T>, OpError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is(codes) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The end of a delete: an absent object is success.
pub(super) fn deleted<T>(answer: Result<T, OpError>, codes: &[&str]) -> Result<Progress, OpError> {
    unless_absent(answer, codes)
        .map(|answer| if answer.is_some() { Progress::Done } else { Progress::Absent })
}

/// What one look at an object without a lifecycle says.
pub(super) fn seen(attributes: Option<Attributes>, goal: Goal) -> Probe {
    match (attributes, goal) {
        (Some(attributes), Goal::Ready) => Probe::Reached(attributes),
        (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
        (Some(_), Goal::Gone) => Probe::Pending("still there".into()),
        (None, Goal::Gone) => Probe::Reached(Attributes::new()),
    }
}

/// A filter takes 200 values ("Amazon EC2 API Reference", Filter and "Using filtering" of the user guide). A filter, and not
/// ids: of ids one that is not there makes the whole call fail.
pub(super) const MANY: usize = 200;

/// The filter by which several objects are asked for.
pub(super) fn any_of<'v>(name: &str, values: impl Iterator<Item = &'v str>) -> types::Filter {
    types::Filter::builder().name(name).set_values(Some(values.map(ToOwned::to_owned).collect())).build()
}

/// `get`, `list` and `gather` of a described type with a describe call of its own, that takes ids and filters, and the filter for
/// ids: `described_by!("DescribeVpcs", describe_vpcs, vpc_ids, "vpc-id" => vpcs)`. How filters are set and which, more arguments may
/// say.
macro_rules! described_by {
    ($op:literal, $describe:ident, $by_id:ident => $all:ident, $set_filters:ident, $filters:path) => {
        async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
            if let Some(live) = cx.shelved(id.as_str()) {
                return Ok(Some(live));
            }
            let page = cx.sdk.ec2().$describe().$by_id(id.as_str()).send().await.map_err(op($op))?;
            Ok(page.$all.unwrap_or_default().into_iter().next())
        }

        async fn list(cx: &Cx<'_>, _props: &Props) -> Result<Vec<Self::Live>, OpError> {
            if let Some(own) = cx.shelved_own() {
                return Ok(own);
            }
            let call = cx.sdk.ec2().$describe().$set_filters(Some($filters(cx)));
            Ok(call.send().await.map_err(op($op))?.$all.unwrap_or_default())
        }
    };
    ($op:literal, $describe:ident, $by_id:ident => $all:ident) => {
        described_by!($op, $describe, $by_id => $all, set_filters, $crate::resources::ec2::support::ours);
    };
    ($op:literal, $describe:ident, $by_id:ident, $filter:literal => $all:ident) => {
        described_by!($op, $describe, $by_id, $filter => $all, set_filters, $crate::resources::ec2::support::ours);
    };
    (
        $op:literal, $describe:ident, $by_id:ident, $filter:literal => $all:ident, $set_filters:ident, $filters:path
    ) => {
        described_by!($op, $describe, $by_id => $all, $set_filters, $filters);

        const MANY: usize = $crate::resources::ec2::support::MANY;

        async fn gather(
            cx: &Cx<'_>,
            asked: &[$crate::resources::Asked<'_, Props>],
        ) -> Result<(), OpError> {
            let filter = $crate::resources::ec2::support::any_of($filter, asked.iter().map(|one| one.id.as_str()));
            let call = cx.sdk.ec2().$describe().$set_filters(Some(vec![filter]));
            for live in call.send().await.map_err(op($op))?.$all.unwrap_or_default() {
                cx.shelve(Self::object(cx, &live).id.as_str(), &live);
            }
            Ok(())
        }
    };
}
pub(super) use described_by;

/// [`ours`], and one of these values of another filter.
pub(super) fn ours_in(cx: &Cx<'_>, name: &str, values: &[&str]) -> Vec<types::Filter> {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    let mut filters = ours(cx);
    filters.push(types::Filter::builder().name(name).set_values(Some(values)).build());
    filters
}
