//! `AWS::SSM::Parameter`: `String` and `StringList`. As in CloudFormation there is no `SecureString` ("CloudFormation
//! doesn't support creating a SecureString parameter type", template reference).

use std::collections::BTreeMap;

use aws_sdk_ssm::{
    operation::put_parameter::builders::PutParameterFluentBuilder,
    types::{self, ParameterTier, ParameterType},
};
use serde_json::{Value as Json, json};

use super::tags::Tags;
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Tag, WaitPolicy},
    props,
    resources::{
        Asked, Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare,
        tags::{self, Tagging},
    },
};

/// `AWS::SSM::Parameter`.
pub struct Parameter;

props! {
    /// The properties. `Tags` is a map.
    pub struct Props {
        AllowedPattern: String, DataType: String, Description: String, Name: String, Policies: String,
        Tags: BTreeMap<String, String>, Tier: String, Type: String, Value: String,
    }
}

/// A put without policies leaves them as they are; an empty one takes them away (Systems Manager User Guide, "Assigning
/// parameter policies").
const NO_POLICIES: &str = "[{}]";

/// A pattern cannot be taken away, only be replaced: this one allows everything.
const ANYTHING: &str = r"^[\s\S]*$";

fn listed(tags: Option<&BTreeMap<String, String>>) -> Vec<Tag> {
    tags.into_iter().flatten().map(|(key, value)| Tag::new(key, value)).collect()
}

fn attributes(name: &str, arn: Option<&str>) -> Attributes {
    let mut attributes = Attributes::from([("Ref".into(), json!(name))]);
    attributes.extend(arn.map(|arn| ("Arn".into(), json!(arn))));
    attributes
}

/// The ARN that a parameter of that name has.
fn arn(cx: &Cx<'_>, name: &str) -> String {
    let bare = name.trim_start_matches('/');
    format!("arn:{}:ssm:{}:{}:parameter/{bare}", cx.partition, cx.region, cx.account)
}

/// What every put sends.
fn put(cx: &Cx<'_>, props: &Props) -> PutParameterFluentBuilder {
    cx.sdk
        .ssm()
        .put_parameter()
        .set_name(props.Name.clone())
        .set_value(props.Value.clone())
        .set_type(props.Type.as_deref().map(ParameterType::from))
        .set_allowed_pattern(props.AllowedPattern.clone())
        .set_data_type(props.DataType.clone())
        .set_description(props.Description.clone())
        .set_policies(props.Policies.clone())
        .set_tier(props.Tier.as_deref().map(ParameterTier::from))
}

impl Described for Parameter {
    type Props = Props;
    type Live = types::Parameter;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        // "The maximum length constraint for the parameter name ... is 1011 characters", with the ARN's other parts.
        name: Some(NameRule { property: "Name", max: 1011, lower: false, separator: '-' }),
        // Parameters of type `aws:ec2:image` appear when Systems Manager has looked at the image (PutParameter).
        ready: Some(WaitPolicy::secs(1, 2, 300)),
        retry: &[Retry {
            code: "TooManyUpdates",
            message: "",
            why: "Systems Manager is busy with earlier changes",
        }],
        retry_delete: &[Retry {
            code: "TooManyUpdates",
            message: "",
            why: "Systems Manager is busy with earlier changes",
        }],
        properties_are_attributes: true,
        absent: &["ParameterNotFound", "InvalidResourceId"],
        iam: &[
            "ssm:AddTagsToResource",
            "ssm:DeleteParameter",
            "ssm:GetParameter",
            "ssm:GetParameters",
            "ssm:ListTagsForResource",
            "ssm:PutParameter",
            "ssm:RemoveTagsFromResource",
        ],
        ..Facts::new("AWS::SSM::Parameter", "ssm")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            // A slash before a name of one level means nothing.
            ("Name", Some(one), Some(two)) => {
                let flat = |name: &str| match name.strip_prefix('/') {
                    Some(rest) if !rest.contains('/') => rest.to_owned(),
                    _ => name.to_owned(),
                };
                flat(one) == flat(two)
            }
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    /// A parameter cannot go back to the standard tier ("you can't revert an advanced parameter", Systems Manager User
    /// Guide, "Managing parameter tiers"): it is made anew.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut names = compare::create_only(Self::FACTS.kind, change.changed);
        let back = change.old.Tier.as_deref() == Some("Advanced")
            && change.new.Tier.as_deref().is_none_or(|tier| tier == "Standard");
        if change.has("Tier") && back {
            names.push("Tier".into());
        }
        names
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let mut say = |property: &str, what: &str| problems.push((property.to_owned(), what.to_owned()));
        if props["Type"] == "SecureString" {
            say(
                "Type",
                "CloudFormation's language makes no SecureString parameters: the value would stand in the template. \
                 Make it with `aws ssm put-parameter --type SecureString` and refer to it with \
                 {{resolve:ssm-secure:NAME}}, or use AWS::SecretsManager::Secret",
            );
        }
        if !props["Policies"].is_null()
            && !matches!(props["Tier"].as_str(), Some("Advanced" | "Intelligent-Tiering"))
        {
            say("Policies", "needs Tier: Advanced (or Intelligent-Tiering)");
        }
        if let Some(text) = props["Policies"].as_str()
            && !text.contains("{{resolve:")
            && !serde_json::from_str::<Json>(text).is_ok_and(|value| value.is_array())
        {
            say("Policies", "must be a JSON list of policies");
        }
        if let Some(name) = props["Name"].as_str() {
            let bare = name.trim_start_matches('/').to_ascii_lowercase();
            if bare.starts_with("aws") || bare.starts_with("ssm") {
                say(
                    "Name",
                    "names that begin with `aws` or `ssm` are reserved (PutParameter, Systems Manager API)",
                );
            } else if name.contains('/') && !name.starts_with('/') {
                say("Name", "a name of several levels begins with a slash: `/team/app/key`");
            }
        }
        problems
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.Name.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        if let Some(live) = cx.shelved(id.as_str()) {
            return Ok(Some(live));
        }
        let call = cx.sdk.ssm().get_parameter().name(id.as_str());
        let mut found = call.send().await.map_err(op("GetParameter"))?.parameter;
        if let Some(live) = &mut found {
            // As the plan names it: `/name` and `name` are one parameter.
            live.name = Some(id.as_str().to_owned());
        }
        Ok(found)
    }

    /// "AWS Systems Manager API Reference", GetParameters: at most ten names; those that are not there are listed, and no error.
    const MANY: usize = 10;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let names = asked.iter().map(|one| one.id.to_string()).collect();
        let call = cx.sdk.ssm().get_parameters().set_names(Some(names));
        let found = call.send().await.map_err(op("GetParameters"))?.parameters.unwrap_or_default();
        // As the plan names it: `/name` and `name` are one parameter.
        let bare = |name: &str| name.trim_start_matches('/').to_owned();
        for one in asked {
            let own = found.iter().find(|live| live.name().map(bare) == Some(bare(one.id.as_str())));
            if let Some(live) = own {
                let mut live = live.clone();
                live.name = Some(one.id.to_string());
                cx.shelve(one.id.as_str(), &live);
            }
        }
        Ok(())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let name = live.name().unwrap_or_default();
        Created { attributes: attributes(name, live.arn()), id: name.into() }
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        let name = live.name().unwrap_or_default();
        if let Some(tags) = cx.shelved_tags(&arn(cx, name)) {
            return Ok(Some(tags));
        }
        Tags::list(cx, name).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let tags = tags.unwrap_or_default().into_iter();
        let tags: BTreeMap<String, String> =
            tags.map(|tag| (tag.Key.unwrap_or_default(), tag.Value.unwrap_or_default())).collect();
        Ok(Props {
            DataType: live.data_type,
            Name: live.name,
            Tags: (!tags.is_empty() || hint.Tags.is_some()).then_some(tags),
            Type: live.r#type.map(|kind| kind.as_str().to_owned()),
            Value: live.value,
            ..Props::default()
        })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "PutParameter";
        let own = listed(props.Tags.as_ref());
        let call = put(cx, props).overwrite(false).set_tags(tags::create(cx, OP, Some(&own))?);
        call.send().await.map_err(op(OP))?;
        let name = props.Name.as_deref().unwrap_or_default();
        Ok(Created { attributes: attributes(name, Some(&arn(cx, name))), id: name.into() })
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let new = change.new;
        if change.changed.iter().any(|name| name != "Tags") {
            let mut call = put(cx, new).name(id.as_str()).overwrite(true);
            // What is not sent stays as it was.
            if change.has("AllowedPattern") && new.AllowedPattern.is_none() {
                call = call.allowed_pattern(ANYTHING);
            }
            if change.has("Description") && new.Description.is_none() {
                call = call.description("");
            }
            if change.has("Policies") && new.Policies.is_none() {
                call = call.policies(NO_POLICIES);
            }
            call.send().await.map_err(op("PutParameter"))?;
        }
        let (old, new) = (listed(change.old.Tags.as_ref()), listed(new.Tags.as_ref()));
        Tags::change(cx, id.as_str(), Some(&old), Some(&new)).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.ssm().delete_parameter().name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteParameter"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn keeps_the_law() {
        let props = json!({
            "Name": "/migration/dev/state", "Type": "String", "Value": "{\"phase\": \"new\"}", "DataType": "text",
            "Description": "where the migration is", "AllowedPattern": "^\\{.*\\}$", "Tier": "Advanced",
            "Policies": "[{\"Type\":\"NoChangeNotification\",\"Version\":\"1.0\",\"Attributes\":{\"After\":\"20\",\"Unit\":\"Days\"}}]",
            "Tags": {"team": "payments"},
        });
        let changed = json!({
            "Name": "/migration/dev/state", "Type": "String", "Value": "plain", "DataType": "text", "Tier": "Advanced",
            "Tags": {"cost": "1"},
        });
        let list = json!({"Name": "zones", "Type": "StringList", "Value": "a,b"});
        let longer = json!({"Name": "zones", "Type": "StringList", "Value": "a,b,c", "Description": "zones"});
        let bench = Bench::new();
        bench.law_covering::<Parameter>(&[(props, Some(changed)), (list, Some(longer))]);
    }

    /// What the template takes away is taken away, and not left as it was.
    #[test]
    fn what_is_no_longer_said_is_unset() {
        let bench = Bench::new();
        let old = json!({"Name": "p", "Type": "String", "Value": "ab", "Description": "x", "AllowedPattern": "a.*"});
        let new = json!({"Name": "p", "Type": "String", "Value": "b"});
        let (old, new): (Props, Props) =
            (serde_json::from_value(old).unwrap(), serde_json::from_value(new).unwrap());
        let changed: Vec<String> = ["Value", "Description", "AllowedPattern"].map(String::from).to_vec();
        bench.cx(|cx| {
            bench.run(async {
                let id = Parameter::create(cx, &bench.permit(), &old).await.unwrap().id;
                let change = Change { old: &old, new: &new, changed: &changed };
                Parameter::update(cx, &bench.permit(), &id, &change).await.unwrap();
            });
        });
        let row = bench.world(|w| w.get("ssm.parameter", "us-east-1/p").cloned()).unwrap();
        assert_eq!((&row["Value"], &row["Description"]), (&json!("b"), &json!("")));
        assert_eq!(row["AllowedPattern"], ANYTHING);
    }

    #[test]
    fn what_systems_manager_would_refuse_is_refused_while_planning() {
        let wrong =
            |props: Json| Parameter::check(&props).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(wrong(json!({"Type": "SecureString"})), ["Type"]);
        assert_eq!(wrong(json!({"Name": "/AWS/x"})), ["Name"]);
        assert_eq!(wrong(json!({"Name": "a/b"})), ["Name"]);
        assert_eq!(wrong(json!({"Policies": "[]"})), ["Policies"]);
        assert_eq!(wrong(json!({"Policies": "x", "Tier": "Advanced"})), ["Policies"]);
        let props = |tier: Option<&str>| Props { Tier: tier.map(String::from), ..Props::default() };
        let changed = ["Tier".to_owned()];
        let (high, low) = (props(Some("Advanced")), props(None));
        assert_eq!(Parameter::replaces(&Change { old: &high, new: &low, changed: &changed }), ["Tier"]);
        assert!(Parameter::replaces(&Change { old: &low, new: &high, changed: &changed }).is_empty());
    }
}
