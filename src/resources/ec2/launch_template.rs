//! `AWS::EC2::LaunchTemplate`. A change makes a new version; the versions before stay, and so does the default one, as
//! under CloudFormation (return value `DefaultVersionNumber`: it cannot be set there).

use aws_sdk_ec2::types;
use serde_json::{Value as Json, json};

use super::{
    launch_data::{LaunchTemplateData, TagSpecification},
    support::described_by,
    tags::{self, Tags},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, NameRule, PhysicalId, Retry, Tag, WaitPolicy},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare,
        mirror::{pruned, received, sent},
        tags::Tagging,
    },
};

crate::mirrored! {
    /// The properties.
    pub struct Props <= types::LaunchTemplate {
        LaunchTemplateData: LaunchTemplateData, LaunchTemplateName/launch_template_name: String,
        TagSpecifications: Vec<TagSpecification>, VersionDescription: String,
    }
}

/// The type.
pub struct LaunchTemplate;

/// The template's own tags, as its tag specifications give them.
fn own(props: &Props) -> Option<Vec<Tag>> {
    let mut all: Vec<Tag> = props
        .TagSpecifications
        .iter()
        .flatten()
        .flat_map(|one| one.Tags.clone().unwrap_or_default())
        .collect();
    all.sort_by(|a, b| a.key().cmp(b.key()));
    (!all.is_empty()).then_some(all)
}

/// The latest version of a template.
async fn latest(cx: &Cx<'_>, id: &str) -> Result<Option<types::LaunchTemplateVersion>, OpError> {
    let call = cx.sdk.ec2().describe_launch_template_versions().launch_template_id(id).versions("$Latest");
    let page = call.send().await.map_err(op("DescribeLaunchTemplateVersions"))?;
    Ok(page.launch_template_versions.unwrap_or_default().into_iter().next())
}

/// Whether a version is what is wanted: an interrupted update may have made it.
fn is_made(version: &types::LaunchTemplateVersion, wanted: &Props) -> bool {
    let data: Option<LaunchTemplateData> = received(version.launch_template_data.as_ref());
    let live = Props { LaunchTemplateData: data, ..Props::default() };
    let tree = |props: &Props| serde_json::to_value(&props.LaunchTemplateData).unwrap_or_default();
    let same = compare::same(
        LaunchTemplate::FACTS.kind,
        "LaunchTemplateData",
        &tree(wanted),
        &tree(&pruned(live, wanted)),
    );
    same && version.version_description == wanted.VersionDescription
}

impl Described for LaunchTemplate {
    type Props = Props;
    type Live = types::LaunchTemplate;

    const FACTS: Facts = Facts {
        name: Some(NameRule { property: "LaunchTemplateName", max: 128, lower: false, separator: '-' }),
        unique_handle: true,
        early: &["DefaultVersionNumber", "LatestVersionNumber", "LaunchTemplateId", "Ref"],
        renews: &[
            ("LaunchTemplateData", &["LatestVersionNumber"]),
            ("VersionDescription", &["LatestVersionNumber"]),
        ],
        ready: Some(WaitPolicy::secs(0, 1, 60)),
        // EC2 looks at what a template names, and does not see it at once.
        retry: &[
            Retry {
                code: "InvalidIamInstanceProfileArn.Malformed",
                message: "",
                why: "the new instance profile is not visible yet",
            },
            Retry {
                code: "InvalidParameterValue",
                message: "Invalid IAM Instance Profile",
                why: "the new instance profile is not visible yet",
            },
            super::support::NEW_GROUP,
            super::support::NEW_SUBNET,
        ],
        absent: &["InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.NotFoundException"],
        iam: &[
            "ec2:CreateLaunchTemplate",
            "ec2:CreateLaunchTemplateVersion",
            "ec2:CreateTags",
            "ec2:DeleteLaunchTemplate",
            "ec2:DeleteTags",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:DescribeLaunchTemplates",
            "ec2:RunInstances",
            "iam:PassRole",
            "ssm:GetParameters",
        ],
        refused: &[],
        ..Facts::new("AWS::EC2::LaunchTemplate", "ec2")
    };

    described_by!(
        "DescribeLaunchTemplates", describe_launch_templates, launch_template_ids => launch_templates
    );

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (at, one) in props["TagSpecifications"].as_array().into_iter().flatten().enumerate() {
            // API reference, CreateLaunchTemplate: "the resource type must be launch-template".
            if one["ResourceType"].as_str().is_some_and(|kind| kind != "launch-template") {
                let why = "these are tags of the template itself (launch-template); those of instances and volumes are \
                           LaunchTemplateData.TagSpecifications";
                found.push((format!("TagSpecifications.{at}.ResourceType"), why.into()));
            }
        }
        let data = &props["LaunchTemplateData"];
        if !data["InstanceType"].is_null() && !data["InstanceRequirements"].is_null() {
            found.push((
                "LaunchTemplateData.InstanceRequirements".into(),
                "InstanceType is set too: set one of them".into(),
            ));
        }
        if !data["NetworkInterfaces"].is_null() && !data["SecurityGroupIds"].is_null() {
            let why = "with NetworkInterfaces, security groups are in the interfaces (Groups)";
            found.push(("LaunchTemplateData.SecurityGroupIds".into(), why.into()));
        }
        if let Some(text) = data["UserData"].as_str()
            && !is_base64(text)
        {
            found.push(("LaunchTemplateData.UserData".into(), "AWS takes it encoded in Base64 only".into()));
        }
        found
    }

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        if change.any(&["LaunchTemplateData", "VersionDescription"]) {
            return vec!["it gets a new version; what was launched before stays as it is".into()];
        }
        Vec::new()
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let id = live.launch_template_id().unwrap_or_default();
        let number = |version: Option<i64>| json!(version.unwrap_or(1).to_string());
        let attributes = [
            ("Ref", json!(id)),
            ("LaunchTemplateId", json!(id)),
            ("DefaultVersionNumber", number(live.default_version_number())),
            ("LatestVersionNumber", number(live.latest_version_number())),
        ];
        Created {
            id: id.into(),
            attributes: attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(tags::of(&live.tags))
    }

    async fn props(cx: &Cx<'_>, live: Self::Live, own: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let version = latest(cx, live.launch_template_id().unwrap_or_default()).await?;
        let specified = own
            .map(|tags| TagSpecification { ResourceType: Some("launch-template".into()), Tags: Some(tags) });
        let read = Props {
            LaunchTemplateData: version.as_ref().and_then(|one| received(one.launch_template_data.as_ref())),
            TagSpecifications: specified.map(|one| vec![one]),
            VersionDescription: version.and_then(|one| one.version_description),
            ..Props::received(&live)
        };
        Ok(pruned(read, hint))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateLaunchTemplate";
        let tags = tags::specification(cx, OP, types::ResourceType::LaunchTemplate, own(props).as_ref())?;
        let call = crate::pass!(OP, cx.sdk.ec2().create_launch_template().client_token(permit.token()), props => {
            set_launch_template_name: LaunchTemplateName, set_version_description: VersionDescription,
            set_launch_template_data: LaunchTemplateData,
        });
        let template = call.tag_specifications(tags).send().await.map_err(op(OP))?.launch_template;
        let template = template.filter(|template| template.launch_template_id().is_some());
        Ok(Self::object(cx, &template.ok_or_else(|| OpError::missing(OP, "the template's id"))?))
    }

    async fn update(cx: &Cx<'_>, permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const OP: &str = "CreateLaunchTemplateVersion";
        Tags::change(cx, id.as_str(), own(change.old).as_ref(), own(change.new).as_ref()).await?;
        if let Some(number) = permit.request() {
            return visible(cx, id, number).await;
        }
        if change.any(&["LaunchTemplateData", "VersionDescription"]) {
            let version = latest(cx, id.as_str()).await?;
            if version.is_some_and(|version| is_made(&version, change.new)) {
                return Ok(Progress::Done);
            }
            let call = cx.sdk.ec2().create_launch_template_version().launch_template_id(id.as_str());
            let call = call.client_token(permit.token());
            let call = call.set_version_description(change.new.VersionDescription.clone());
            let call = call.set_launch_template_data(sent(OP, change.new.LaunchTemplateData.as_ref())?);
            let version = call.send().await.map_err(op(OP))?.launch_template_version;
            if let Some(number) = version.and_then(|version| version.version_number) {
                return visible(cx, id, &number.to_string()).await;
            }
        }
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.ec2().delete_launch_template().launch_template_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteLaunchTemplate"))
    }
}

/// Done once the template shows a version that was made. Who refers to `LatestVersionNumber` gets it from a read, and EC2's
/// reads follow its writes with a delay (EC2 API reference, "Eventual consistency").
async fn visible(cx: &Cx<'_>, id: &PhysicalId, number: &str) -> Outcome {
    let call = cx.sdk.ec2().describe_launch_templates().launch_template_ids(id.as_str());
    let shown = match call.send().await.map_err(op("DescribeLaunchTemplates")) {
        Err(error)
            if error.code.as_deref().is_some_and(|code| LaunchTemplate::FACTS.absent.contains(&code)) =>
        {
            None
        }
        answer => answer?.launch_templates.unwrap_or_default().into_iter().next(),
    };
    let latest = shown.and_then(|template| template.latest_version_number).unwrap_or_default();
    if latest >= number.parse().unwrap_or_default() {
        return Ok(Progress::Done);
    }
    Ok(Progress::Underway {
        request: number.to_owned(),
        detail: format!("version {number} is not visible yet"),
    })
}

/// Whether a text that holds no secret to come is Base64.
pub(super) fn is_base64(text: &str) -> bool {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    text.contains("{{resolve:") || STANDARD.decode(text.trim()).is_ok()
}
