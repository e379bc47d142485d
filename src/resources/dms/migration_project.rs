//! `AWS::DMS::MigrationProject`: which data providers, in which network, with which secrets.

use aws_sdk_databasemigration::types::{
    DataProviderDescriptor as LiveDescriptor, DataProviderDescriptorDefinition, MigrationProject as Live,
    ScApplicationAttributes,
};
use serde_json::{Value as Json, json};

use super::{
    instance_rules::same_text,
    support::{ABSENT, BUSY, ROLE, filter, kept, moment},
    tags::Tags,
    task_settings::same_document,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Document, Facts, Identity, NameRule, PhysicalId, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare, mirror,
        tags::{self, Tagging},
    },
};

/// The type.
pub struct MigrationProject;

crate::mirrored! {
    /// The properties.
    pub struct Props <= Live {
        Description/description: String, InstanceProfileIdentifier: String,
        MigrationProjectName/migration_project_name: String,
        SchemaConversionApplicationAttributes/schema_conversion_application_attributes: Conversion,
        SourceDataProviderDescriptors: Vec<Descriptor>, Tags: Vec<Tag>,
        TargetDataProviderDescriptors: Vec<Descriptor>, TransformationRules/transformation_rules: String,
    }
    /// Where schema conversion keeps its work.
    pub struct Conversion: ScApplicationAttributes = ScApplicationAttributes::builder().build() => {
        S3BucketPath/s3_bucket_path: String, S3BucketRoleArn/s3_bucket_role_arn: String,
    }
}

crate::props! {
    /// A data provider, by its ARN or its name, and the secret that opens it.
    pub struct Descriptor {
        DataProviderIdentifier: String, SecretsManagerAccessRoleArn: String, SecretsManagerSecretId: String,
    }
}

impl Descriptor {
    fn send(&self, operation: &str) -> Result<DataProviderDescriptorDefinition, OpError> {
        DataProviderDescriptorDefinition::builder()
            .set_data_provider_identifier(self.DataProviderIdentifier.clone())
            .set_secrets_manager_secret_id(self.SecretsManagerSecretId.clone())
            .set_secrets_manager_access_role_arn(self.SecretsManagerAccessRoleArn.clone())
            .build()
            .map_err(|error| OpError::not_sent(operation, error.to_string()))
    }

    /// What is live, named as the template names it.
    fn receive(live: &LiveDescriptor, hints: &[Self]) -> Self {
        let hints = hints.iter().filter_map(|hint| hint.DataProviderIdentifier.as_ref());
        let names = (live.data_provider_arn.as_ref(), live.data_provider_name.as_ref());
        Self {
            DataProviderIdentifier: named(names, hints),
            SecretsManagerAccessRoleArn: live.secrets_manager_access_role_arn.clone(),
            SecretsManagerSecretId: live.secrets_manager_secret_id.clone(),
        }
    }
}

/// What is live, by the name that the template gives it; by its ARN where that is another one.
fn named<'h>(
    (arn, name): (Option<&String>, Option<&String>),
    mut hints: impl Iterator<Item = &'h String>,
) -> Option<String> {
    hints.find(|id| Some(*id) == arn || Some(*id) == name).or(arn).cloned()
}

fn sent(
    operation: &str,
    list: Option<&Vec<Descriptor>>,
) -> Result<Option<Vec<DataProviderDescriptorDefinition>>, OpError> {
    list.map(|list| list.iter().map(|one| one.send(operation)).collect()).transpose()
}

async fn by(cx: &Cx<'_>, id: &str) -> Result<Option<Live>, OpError> {
    const CALL: &str = "DescribeMigrationProjects";
    let call = cx.sdk.dms().describe_migration_projects();
    let call = call.filters(filter(CALL, "migration-project-identifier", id)?);
    Ok(call.send().await.map_err(op(CALL))?.migration_projects.unwrap_or_default().into_iter().next())
}

impl Described for MigrationProject {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "MigrationProjectName", max: 255, lower: false, separator: '-' }),
        early: &["Ref", "MigrationProjectArn", "MigrationProjectCreationTime"],
        retry: &[ROLE],
        held_by_users: true,
        retry_delete: &[BUSY],
        absent: ABSENT,
        documents: &[("TransformationRules", Document::Json)],
        refused: &[(
            "MigrationProjectIdentifier",
            "it names the object in later calls, which use its ARN: set MigrationProjectName",
        )],
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateMigrationProject",
            "dms:DeleteMigrationProject",
            // The API Reference requires these for the calls Describe… and Modify….
            "dms:ListMigrationProjects",
            "dms:ListTagsForResource",
            "dms:RemoveTagsFromResource",
            "dms:UpdateMigrationProject",
            "iam:PassRole",
        ],
        ..Facts::new("AWS::DMS::MigrationProject", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "MigrationProjectName" => same_text(desired, recorded),
            "TransformationRules" => same_document(desired, recorded),
            // Of the three ways to name the profile only the declared one is compared.
            "InstanceProfileIdentifier" if recorded.is_null() => true,
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        let (old, new) = (change.old, change.new);
        kept(&[
            ("Description", old.Description.is_some() && new.Description.is_none()),
            ("TransformationRules", old.TransformationRules.is_some() && new.TransformationRules.is_none()),
            (
                "SchemaConversionApplicationAttributes",
                old.SchemaConversionApplicationAttributes.is_some()
                    && new.SchemaConversionApplicationAttributes.is_none(),
            ),
        ])
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        if props["InstanceProfileIdentifier"].is_null() {
            let why = "it is missing: DMS needs an instance profile, by its ARN or its name";
            problems.push(("InstanceProfileIdentifier".to_owned(), why.to_owned()));
        }
        for list in ["SourceDataProviderDescriptors", "TargetDataProviderDescriptors"] {
            if props[list].as_array().is_none_or(Vec::is_empty) {
                problems.push((list.to_owned(), "DMS needs one data provider at least".to_owned()));
            }
            for one in props[list].as_array().into_iter().flatten() {
                if one["DataProviderIdentifier"].is_null() {
                    let why = "DataProviderIdentifier is missing: a data provider's ARN or name";
                    problems.push((list.to_owned(), why.to_owned()));
                }
                if one["SecretsManagerSecretId"].is_null() != one["SecretsManagerAccessRoleArn"].is_null() {
                    let why = "SecretsManagerSecretId and SecretsManagerAccessRoleArn go together";
                    problems.push((list.to_owned(), why.to_owned()));
                }
            }
        }
        problems
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        by(cx, id.as_str()).await
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Live>, OpError> {
        let name = props.MigrationProjectName.as_deref().unwrap_or_default();
        Ok(by(cx, name).await?.into_iter().collect())
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        let arn = live.migration_project_arn().unwrap_or_default();
        let attributes = Attributes::from([
            ("Ref".into(), json!(arn)),
            ("MigrationProjectArn".into(), json!(arn)),
            ("InstanceProfileArn".into(), json!(live.instance_profile_arn)),
            ("InstanceProfileName".into(), json!(live.instance_profile_name)),
            (
                "MigrationProjectCreationTime".into(),
                json!(moment(live.migration_project_creation_time.as_ref())),
            ),
        ]);
        Created { id: arn.into(), attributes }
    }

    async fn tags(cx: &Cx<'_>, live: &Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.migration_project_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props { Tags: tags, ..Props::received(&live) };
        let list = |live: &[LiveDescriptor], hints: Option<&Vec<Descriptor>>| {
            let hints = hints.map(Vec::as_slice).unwrap_or_default();
            Some(live.iter().map(|one| Descriptor::receive(one, hints)).collect())
        };
        props.SourceDataProviderDescriptors =
            list(live.source_data_provider_descriptors(), hint.SourceDataProviderDescriptors.as_ref());
        props.TargetDataProviderDescriptors =
            list(live.target_data_provider_descriptors(), hint.TargetDataProviderDescriptors.as_ref());
        let names = (live.instance_profile_arn.as_ref(), live.instance_profile_name.as_ref());
        props.InstanceProfileIdentifier = named(names, hint.InstanceProfileIdentifier.iter());
        Ok(props)
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const CALL: &str = "CreateMigrationProject";
        let call = crate::pass!(CALL, cx.sdk.dms().create_migration_project(), props => {
            set_description: Description, set_migration_project_name: MigrationProjectName,
            set_transformation_rules: TransformationRules,
        });
        let attributes = mirror::sent(CALL, props.SchemaConversionApplicationAttributes.as_ref())?;
        let answer = call
            .set_instance_profile_identifier(props.InstanceProfileIdentifier.clone())
            .set_source_data_provider_descriptors(sent(CALL, props.SourceDataProviderDescriptors.as_ref())?)
            .set_target_data_provider_descriptors(sent(CALL, props.TargetDataProviderDescriptors.as_ref())?)
            .set_schema_conversion_application_attributes(attributes)
            .set_tags(tags::create(cx, CALL, props.Tags.as_ref())?)
            .send()
            .await
            .map_err(op(CALL))?;
        let made = answer.migration_project.filter(|made| made.migration_project_arn().is_some());
        Ok(Self::object(cx, &made.ok_or_else(|| OpError::missing(CALL, "the ARN"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const CALL: &str = "ModifyMigrationProject";
        let new = change.new;
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        if change.changed.iter().all(|property| property == "Tags") {
            return Ok(Progress::Done);
        }
        let call = crate::pass!(CALL, cx.sdk.dms().modify_migration_project(), new => {
            set_description: Description, set_migration_project_name: MigrationProjectName,
            set_transformation_rules: TransformationRules,
        });
        let attributes = mirror::sent(CALL, new.SchemaConversionApplicationAttributes.as_ref())?;
        call.migration_project_identifier(id.as_str())
            .set_instance_profile_identifier(new.InstanceProfileIdentifier.clone())
            .set_source_data_provider_descriptors(sent(CALL, new.SourceDataProviderDescriptors.as_ref())?)
            .set_target_data_provider_descriptors(sent(CALL, new.TargetDataProviderDescriptors.as_ref())?)
            .set_schema_conversion_application_attributes(attributes)
            .send()
            .await
            .map(|_| Progress::Done)
            .map_err(op(CALL))
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.dms().delete_migration_project().migration_project_identifier(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteMigrationProject"))
    }
}
