//! `AWS::CloudWatch::Dashboard`.

use serde_json::json;

use super::tags;
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, OnConflict, PhysicalId, Tag},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

crate::props! {
    /// A dashboard.
    pub struct DashboardProps { DashboardBody: String, DashboardName: String, Tags: Vec<Tag> }
}

/// `AWS::CloudWatch::Dashboard`: one call makes or replaces it.
pub struct Dashboard;

/// Dashboards are global: their ARN names no region.
fn arn(cx: &Cx<'_>, name: &str) -> String {
    format!("arn:{}:cloudwatch::{}:dashboard/{name}", cx.partition, cx.account)
}

fn attributes(name: &str) -> Attributes {
    Attributes::from([("Ref".to_owned(), json!(name))])
}

async fn live(cx: &Cx<'_>, name: &str) -> Result<Option<String>, OpError> {
    let answer = cx.sdk.cloudwatch().get_dashboard().dashboard_name(name).send().await;
    match answer.map_err(op("GetDashboard")) {
        Ok(answer) => Ok(Some(answer.dashboard_body.unwrap_or_default())),
        Err(error) if error.is(&["ResourceNotFound", "DashboardNotFoundError"]) => Ok(None),
        Err(error) => Err(error),
    }
}

impl ResourceType for Dashboard {
    type Props = DashboardProps;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "DashboardName", max: 255, lower: false, separator: '-' }),
        on_conflict: OnConflict::Overwrites,
        early: &["Ref"],
        iam: &[
            "cloudwatch:PutDashboard",
            "cloudwatch:GetDashboard",
            "cloudwatch:DeleteDashboards",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
        ],
        global: true,
        ..Facts::new("AWS::CloudWatch::Dashboard", "cloudwatch")
    };

    async fn find(cx: &Cx<'_>, props: &Self::Props) -> Result<Option<Found>, OpError> {
        let Some(name) = props.DashboardName.as_deref() else { return Ok(None) };
        Ok(tags::read(cx, &arn(cx, name)).await?.map(|tags| Found {
            id: name.into(),
            attributes: attributes(name),
            ownership: cx.owns(tags.iter().map(|tag| (tag.key(), tag.value()))),
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Self::Props, goal: Goal) -> Result<Probe, OpError> {
        let there = live(cx, id.as_str()).await?.is_some();
        Ok(match (goal, there) {
            (Goal::Ready, true) => Probe::Reached(attributes(id.as_str())),
            (Goal::Ready, false) => Probe::Pending("not seen yet".into()),
            (Goal::Gone, true) => Probe::Pending("still there".into()),
            (Goal::Gone, false) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Self::Props) -> Result<Option<Self::Props>, OpError> {
        let Some(body) = live(cx, id.as_str()).await? else { return Ok(None) };
        let tags = tags::read(cx, &arn(cx, id.as_str())).await?.unwrap_or_default();
        Ok(Some(DashboardProps {
            DashboardBody: Some(body),
            DashboardName: Some(id.as_str().to_owned()),
            Tags: cx.own_tags(tags.iter().map(|tag| (tag.key(), tag.value()))),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Self::Props) -> Result<Created, OpError> {
        let name = props.DashboardName.as_deref().unwrap_or_default();
        cx.sdk
            .cloudwatch()
            .put_dashboard()
            .dashboard_name(name)
            .set_dashboard_body(props.DashboardBody.clone())
            .set_tags(Some(tags::sent(&cx.tags(props.Tags.as_ref()))))
            .send()
            .await
            .map_err(op("PutDashboard"))?;
        Ok(Created { id: name.into(), attributes: attributes(name) })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Self::Props>,
    ) -> Result<Progress, OpError> {
        if change.has("DashboardBody") {
            let body = change.new.DashboardBody.clone();
            let call =
                cx.sdk.cloudwatch().put_dashboard().dashboard_name(id.as_str()).set_dashboard_body(body);
            call.send().await.map_err(op("PutDashboard"))?;
        }
        if change.has("Tags") {
            let arn = arn(cx, id.as_str());
            tags::change(cx, &arn, change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Self::Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.cloudwatch().delete_dashboards().dashboard_names(id.as_str());
        match call.send().await.map_err(op("DeleteDashboards")) {
            Err(error) if !error.is(&["ResourceNotFound", "DashboardNotFoundError"]) => Err(error),
            _ => Ok(Progress::Done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn the_law() {
        let body = |title: &str| {
            json!({"widgets": [{"type": "metric", "x": 0, "y": 0, "width": 6, "height": 6, "properties": {
                "title": title, "region": "us-east-1", "metrics": [["AWS/DMS", "CDCLatencyTarget"]]}}]})
            .to_string()
        };
        let first = json!({"DashboardName": "migration", "DashboardBody": body("lag"),
            "Tags": [{"Key": "a", "Value": "1"}]});
        let then = json!({"DashboardName": "migration", "DashboardBody": body("lag (s)"),
            "Tags": [{"Key": "b", "Value": "1"}]});
        Bench::new().law_covering::<Dashboard>(&[(first, Some(then))]);
    }
}
