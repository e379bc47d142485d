//! `AWS::CloudWatch::Dashboard`.

use aws_sdk_cloudwatch::operation::get_dashboard::GetDashboardOutput;

use super::tags::{ABSENT, Tags};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Document, Facts, Identity, NameRule, OnConflict, PhysicalId, Tag},
    resources::{
        Change, Created, Cx, Described, Found, LiveTags, Outcome, OwnTags, Progress,
        described::alike,
        tags::{self, Tagging},
    },
};

crate::mirrored! {
    /// A dashboard.
    pub struct Props <= GetDashboardOutput {
        DashboardBody/dashboard_body: String, DashboardName/dashboard_name: String, Tags: Vec<Tag>,
    }
}

/// `AWS::CloudWatch::Dashboard`: one call makes or replaces it.
pub struct Dashboard;

/// Dashboards are global: their ARN names no region.
fn arn(cx: &Cx<'_>, name: &str) -> String {
    format!("arn:{}:cloudwatch::{}:dashboard/{name}", cx.partition, cx.account)
}

fn object(name: &str) -> Created {
    Created { id: name.into(), attributes: alike(&["Ref"], name) }
}

impl Described for Dashboard {
    type Props = Props;
    type Live = GetDashboardOutput;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "DashboardName", max: 255, lower: false, separator: '-' }),
        on_conflict: OnConflict::Overwrites,
        early: &["Ref"],
        documents: &[("DashboardBody", Document::Dashboard)],
        absent: ABSENT,
        silent_delete: Some("DeleteDashboards passes over names that do not exist"),
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

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.DashboardName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.cloudwatch().get_dashboard().dashboard_name(id.as_str());
        let mut live = call.send().await.map_err(op("GetDashboard"))?;
        live.dashboard_name = Some(id.to_string());
        Ok(Some(live))
    }

    async fn find_all(cx: &Cx<'_>, props: &Props) -> Result<Vec<Found>, OpError> {
        let Some(name) = props.DashboardName.as_deref() else { return Ok(Vec::new()) };
        Tags::find(cx, &arn(cx, name), object(name)).await
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(live.dashboard_name().unwrap_or_default())
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, &arn(cx, live.dashboard_name().unwrap_or_default())).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props { Tags: tags, ..Props::received(&live) })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "PutDashboard";
        let call = crate::pass!(OP, cx.sdk.cloudwatch().put_dashboard(), props => {
            set_dashboard_name: DashboardName, set_dashboard_body: DashboardBody,
        });
        call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?).send().await.map_err(op(OP))?;
        Ok(object(props.DashboardName.as_deref().unwrap_or_default()))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        if change.has("DashboardBody") {
            let call = cx.sdk.cloudwatch().put_dashboard().dashboard_name(id.as_str());
            let call = call.set_dashboard_body(change.new.DashboardBody.clone());
            call.send().await.map_err(op("PutDashboard"))?;
        }
        Tags::change(cx, &arn(cx, id.as_str()), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.cloudwatch().delete_dashboards().dashboard_names(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteDashboards"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
