//! `AWS::SecretsManager::Secret`.
//!
//! A generated value is made by `GetRandomPassword` and never leaves memory. As in CloudFormation, a change of
//! `GenerateSecretString` makes a new password; the connection members that an attachment added stay.
//!
//! Deletion is forced, without a recovery window: otherwise the name stays taken for 7 to 30 days and the plan
//! could not be applied again. The value is lost; the planner says so beforehand. A name that is already
//! scheduled for deletion by somebody else is not restored: AWS's refusal stands.

use aws_sdk_secretsmanager::{
    operation::describe_secret::DescribeSecretOutput,
    types::{ReplicaRegionType, Tag as SdkTag},
};
use serde_json::{Map, Value as Json, json};

use super::value::{CONNECTION, current, text};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Document, Facts, Identity, NameRule, PhysicalId, Tag, dynamic::is_dynamic},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare},
};

crate::props! {
    /// The properties. Without `SecretString` and `GenerateSecretString` the secret has no value.
    pub struct Props {
        Description: String, GenerateSecretString: Generate, KmsKeyId: String, Name: String, ReplicaRegions: Vec<Replica>,
        SecretString: String, Tags: Vec<Tag>, Type: String,
    }
    /// How a value is generated.
    pub struct Generate {
        ExcludeCharacters: String, ExcludeLowercase: bool, ExcludeNumbers: bool, ExcludePunctuation: bool, ExcludeUppercase: bool,
        GenerateStringKey: String, IncludeSpace: bool, PasswordLength: i64, RequireEachIncludedType: bool, SecretStringTemplate: String,
    }
    /// A copy in another region.
    pub struct Replica { KmsKeyId: String, Region: String }
}

/// `AWS::SecretsManager::Secret`.
pub struct Secret;

const ABSENT: &[&str] = &["ResourceNotFoundException"];

/// One secret a call: `ListSecrets` tells of no replicas, and may lack the changes of the last five minutes (Secrets Manager
/// API Reference), so nothing could be said to be as recorded by it.
async fn look(cx: &Cx<'_>, id: &str) -> Result<Option<DescribeSecretOutput>, OpError> {
    if let Some(live) = cx.shelved(id) {
        return Ok(Some(live));
    }
    match cx.sdk.secrets().describe_secret().secret_id(id).send().await.map_err(op("DescribeSecret")) {
        // A secret that waits for its deletion is not there for us.
        Ok(answer) => {
            let live = Some(answer).filter(|secret| secret.deleted_date().is_none());
            // A look asks by ARN for what it holds and by name for whose it is.
            if let Some(live) = &live {
                let handles = [Some(id), live.arn(), live.name()];
                handles.into_iter().flatten().for_each(|handle| cx.shelve(handle, live));
            }
            Ok(live)
        }
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn attributes(arn: &str) -> Attributes {
    Attributes::from([("Ref".to_owned(), json!(arn)), ("Id".to_owned(), json!(arn))])
}

fn sdk_tags(tags: &[Tag]) -> Vec<SdkTag> {
    tags.iter().map(|tag| SdkTag::builder().key(tag.key()).value(tag.value()).build()).collect()
}

fn pairs(tags: &[SdkTag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
}

fn replicas(list: &[Replica]) -> Vec<ReplicaRegionType> {
    list.iter()
        .map(|r| {
            ReplicaRegionType::builder()
                .set_region(r.Region.clone())
                .set_kms_key_id(r.KmsKeyId.clone())
                .build()
        })
        .collect()
}

/// The template's value with a fresh password in it; `keep` is added where the template has no such member.
async fn generate(cx: &Cx<'_>, rule: &Generate, keep: Map<String, Json>) -> Result<String, OpError> {
    let answer = cx
        .sdk
        .secrets()
        .get_random_password()
        .set_password_length(rule.PasswordLength)
        .set_exclude_characters(rule.ExcludeCharacters.clone())
        .set_exclude_lowercase(rule.ExcludeLowercase)
        .set_exclude_uppercase(rule.ExcludeUppercase)
        .set_exclude_numbers(rule.ExcludeNumbers)
        .set_exclude_punctuation(rule.ExcludePunctuation)
        .set_include_space(rule.IncludeSpace)
        .set_require_each_included_type(rule.RequireEachIncludedType)
        .send()
        .await
        .map_err(op("GetRandomPassword"))?;
    let password =
        answer.random_password.ok_or_else(|| OpError::missing("GetRandomPassword", "the password"))?;
    around(rule, password, keep)
}

/// The template's value with that password in it; `keep` is added where the template has no such member.
fn around(rule: &Generate, password: String, keep: Map<String, Json>) -> Result<String, OpError> {
    let (Some(template), Some(key)) = (&rule.SecretStringTemplate, &rule.GenerateStringKey) else {
        return Ok(password);
    };
    let Ok(Json::Object(mut value)) = serde_json::from_str::<Json>(template) else {
        return Err(OpError::not_sent("CreateSecret", "SecretStringTemplate must be a JSON object"));
    };
    value.insert(key.clone(), Json::String(password));
    for (member, old) in keep {
        value.entry(member).or_insert(old);
    }
    Ok(Json::Object(value).to_string())
}

/// Whether a change is only one of the text around the password. CloudFormation generates a new one even then (issue 2210
/// of its coverage roadmap), which the database that has the old one is not told.
fn keeps_password(old: &Generate, new: &Generate) -> bool {
    let bare =
        |rule: &Generate| Generate { SecretStringTemplate: None, GenerateStringKey: None, ..rule.clone() };
    bare(old) == bare(new)
}

/// The password in a value that the old rule made, or, where the change is repeated, the new one.
fn password_in(value: &str, old: &Generate, new: &Generate) -> Option<String> {
    let Ok(whole) = serde_json::from_str::<Map<String, Json>>(value) else { return Some(value.to_owned()) };
    let key = |rule: &Generate| rule.SecretStringTemplate.as_ref().and(rule.GenerateStringKey.clone());
    [new, old].into_iter().find_map(|rule| Some(whole.get(&key(rule)?)?.as_str()?.to_owned()))
}

/// The value to create or update the secret with.
async fn value(cx: &Cx<'_>, props: &Props, keep: Map<String, Json>) -> Result<Option<String>, OpError> {
    match &props.GenerateSecretString {
        Some(rule) => generate(cx, rule, keep).await.map(Some),
        None => Ok(props.SecretString.clone()),
    }
}

/// The value after a change of how it is generated: with the password it has, or with a new one.
async fn regenerated(cx: &Cx<'_>, id: &str, change: &Change<'_, Props>) -> Result<Option<String>, OpError> {
    let (old, new) = (change.old.GenerateSecretString.as_ref(), change.new.GenerateSecretString.as_ref());
    if let (Some(old), Some(new)) = (old, new)
        && keeps_password(old, new)
        && let Some(text) = text(cx, id).await?
        && let Some(password) = password_in(&text, old, new)
    {
        let keep = serde_json::from_str(&text).unwrap_or_default();
        return around(new, password, connection(keep)).map(Some);
    }
    let keep = current(cx, id).await?.unwrap_or_default();
    value(cx, change.new, connection(keep)).await
}

/// The members that an attachment to a database has written.
fn connection(mut value: Map<String, Json>) -> Map<String, Json> {
    value.retain(|member, _| CONNECTION.contains(&member.as_str()));
    value
}

/// Brings the copies to `new`: missing ones are made, those that only `old` has are removed, those with another
/// key are made anew. What is already there decides, so that a repeated run does nothing.
async fn settle_replicas(cx: &Cx<'_>, id: &str, old: &[Replica], new: &[Replica]) -> Result<(), OpError> {
    let Some(secret) = look(cx, id).await? else { return Ok(()) };
    let live = secret.replication_status();
    let of = |region: &Option<String>| live.iter().find(|status| status.region == *region);
    let stays = |wanted: &Replica| {
        of(&wanted.Region).is_some_and(|status| {
            old.contains(wanted) || wanted.KmsKeyId.is_none() || status.kms_key_id == wanted.KmsKeyId
        })
    };
    let gone: Vec<String> = live
        .iter()
        .filter_map(|status| status.region.clone())
        .filter(|region| {
            let named = |list: &[Replica]| list.iter().any(|r| r.Region.as_ref() == Some(region));
            let wanted = new.iter().find(|r| r.Region.as_ref() == Some(region));
            wanted.map_or_else(|| named(old), |wanted| !stays(wanted))
        })
        .collect();
    let added: Vec<Replica> = new.iter().filter(|r| !stays(r)).cloned().collect();
    if !gone.is_empty() {
        remove_replicas(cx, id, gone).await?;
    }
    if !added.is_empty() {
        cx.sdk
            .secrets()
            .replicate_secret_to_regions()
            .secret_id(id)
            .set_add_replica_regions(Some(replicas(&added)))
            .send()
            .await
            .map_err(op("ReplicateSecretToRegions"))?;
    }
    Ok(())
}

async fn remove_replicas(cx: &Cx<'_>, id: &str, regions: Vec<String>) -> Result<(), OpError> {
    cx.sdk
        .secrets()
        .remove_regions_from_replication()
        .secret_id(id)
        .set_remove_replica_regions(Some(regions))
        .send()
        .await
        .map_err(op("RemoveRegionsFromReplication"))?;
    Ok(())
}

async fn settle_tags(cx: &Cx<'_>, id: &str, change: &Change<'_, Props>) -> Result<(), OpError> {
    let (set, unset) = cx.tag_changes(change.old.Tags.as_ref(), change.new.Tags.as_ref());
    if !set.is_empty() {
        let call = cx.sdk.secrets().tag_resource().secret_id(id).set_tags(Some(sdk_tags(&set)));
        call.send().await.map_err(op("TagResource"))?;
    }
    if !unset.is_empty() {
        let call = cx.sdk.secrets().untag_resource().secret_id(id).set_tag_keys(Some(unset));
        call.send().await.map_err(op("UntagResource"))?;
    }
    Ok(())
}

impl ResourceType for Secret {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "Name", max: 512, lower: false, separator: '-' }),
        early: &["Ref", "Id"],
        documents: &[("GenerateSecretString/SecretStringTemplate", Document::Json)],
        absent: ABSENT,
        iam: &[
            "secretsmanager:CreateSecret",
            "secretsmanager:DescribeSecret",
            "secretsmanager:UpdateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:GetRandomPassword",
            "secretsmanager:GetSecretValue",
            "secretsmanager:ReplicateSecretToRegions",
            "secretsmanager:RemoveRegionsFromReplication",
            "secretsmanager:TagResource",
            "secretsmanager:UntagResource",
        ],
        stateful: Some("the secret's value, at once and without a recovery window"),
        ..Facts::new("AWS::SecretsManager::Secret", "secretsmanager")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        if let ("KmsKeyId", Some(wanted), Some(live)) = (property, desired.as_str(), recorded.as_str()) {
            return wanted == live
                || live.rsplit('/').next() == Some(wanted)
                || wanted.rsplit('/').next() == Some(live);
        }
        compare::same(Self::FACTS.kind, property, desired, recorded)
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let mut say = |message: &str| problems.push(("GenerateSecretString".to_owned(), message.to_owned()));
        let rule = &props["GenerateSecretString"];
        if !rule.is_null() && !props["SecretString"].is_null() {
            say("use either SecretString or GenerateSecretString, not both");
        }
        if rule["SecretStringTemplate"].is_null() != rule["GenerateStringKey"].is_null() {
            say("SecretStringTemplate and GenerateStringKey belong together");
        }
        if let Some(text) = rule["SecretStringTemplate"].as_str()
            && !serde_json::from_str::<Json>(text).is_ok_and(|value| value.is_object())
            && !is_dynamic(text)
        {
            say("SecretStringTemplate must be a JSON object");
        }
        problems
    }

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        let (old, new) = (change.old.GenerateSecretString.as_ref(), change.new.GenerateSecretString.as_ref());
        match (old, new) {
            (Some(old), Some(new)) if change.has("GenerateSecretString") && keeps_password(old, new) => {
                vec!["the password stays, only the text around it changes".into()]
            }
            (_, Some(_)) if change.has("GenerateSecretString") => vec![
                "a new password is generated: what has the old one (databases, DMS endpoints, running tasks) is not told \
                 and stops working until it gets the new one"
                    .into(),
            ],
            _ => Vec::new(),
        }
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(name) = &props.Name else { return Ok(None) };
        let Some(secret) = look(cx, name).await? else { return Ok(None) };
        let arn = secret.arn().unwrap_or_default();
        Ok(Some(Found {
            id: arn.into(),
            attributes: attributes(arn),
            ownership: cx.owns(pairs(secret.tags())),
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (look(cx, id.as_str()).await?, goal) {
            (Some(secret), Goal::Ready) => Probe::Reached(attributes(secret.arn().unwrap_or(id.as_str()))),
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
            (Some(_), Goal::Gone) => Probe::Pending("still there".into()),
            (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(secret) = look(cx, id.as_str()).await? else { return Ok(None) };
        // AWS names its own key for copies without one: shown only where a key was asked for.
        let keyed = |region: Option<&str>| {
            hint.ReplicaRegions
                .iter()
                .flatten()
                .any(|r| r.Region.as_deref() == region && r.KmsKeyId.is_some())
        };
        let mut copies: Vec<Replica> = secret
            .replication_status()
            .iter()
            .map(|status| Replica {
                KmsKeyId: status.kms_key_id.clone().filter(|_| keyed(status.region())),
                Region: status.region.clone(),
            })
            .collect();
        copies.sort_by(|a, b| a.Region.cmp(&b.Region));
        Ok(Some(Props {
            Description: secret.description.clone(),
            KmsKeyId: secret.kms_key_id.clone(),
            Name: secret.name.clone(),
            ReplicaRegions: (!copies.is_empty()).then_some(copies),
            Tags: cx.own_tags(pairs(secret.tags())),
            Type: secret.r#type.clone(),
            ..Props::default()
        }))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let value = value(cx, props, Map::new()).await?;
        let answer = cx
            .sdk
            .secrets()
            .create_secret()
            .client_request_token(permit.token())
            .set_name(props.Name.clone())
            .set_description(props.Description.clone())
            .set_kms_key_id(props.KmsKeyId.clone())
            .set_type(props.Type.clone())
            .set_secret_string(value)
            .set_add_replica_regions(
                props.ReplicaRegions.as_deref().map(replicas).filter(|list| !list.is_empty()),
            )
            .set_tags(Some(sdk_tags(&cx.tags(props.Tags.as_ref()))))
            .send()
            .await
            .map_err(op("CreateSecret"))?;
        let arn = answer.arn.ok_or_else(|| OpError::missing("CreateSecret", "the secret's ARN"))?;
        Ok(Created { attributes: attributes(&arn), id: arn.into() })
    }

    async fn update(
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let new = change.new;
        let regenerates = change.has("GenerateSecretString") && new.GenerateSecretString.is_some();
        let sets = change.has("SecretString") && new.SecretString.is_some();
        let plain = ["Description", "KmsKeyId", "Type"].iter().any(|name| change.has(name));
        if plain || regenerates || sets {
            let value = if regenerates {
                regenerated(cx, id.as_str(), change).await?
            } else {
                new.SecretString.clone().filter(|_| sets)
            };
            let mut call = cx.sdk.secrets().update_secret().secret_id(id.as_str()).set_secret_string(value);
            if regenerates || sets {
                call = call.client_request_token(permit.token());
            }
            if change.has("Description") {
                call = call.description(new.Description.clone().unwrap_or_default());
            }
            if change.has("KmsKeyId") {
                call = call
                    .kms_key_id(new.KmsKeyId.clone().unwrap_or_else(|| "alias/aws/secretsmanager".into()));
            }
            if change.has("Type") {
                call = call.set_type(new.Type.clone());
            }
            match call.send().await.map_err(op("UpdateSecret")) {
                Ok(_) => {}
                // The token is this change's own: an earlier attempt, whose answer was lost, has made the version.
                Err(error) if regenerates && error.is(&["ResourceExistsException"]) => {}
                Err(error) => return Err(error),
            }
        }
        if change.has("ReplicaRegions") {
            let old = change.old.ReplicaRegions.as_deref().unwrap_or_default();
            settle_replicas(cx, id.as_str(), old, new.ReplicaRegions.as_deref().unwrap_or_default()).await?;
        }
        if change.has("Tags") {
            settle_tags(cx, id.as_str(), change).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let Some(secret) = look(cx, id.as_str()).await? else { return Ok(Progress::Absent) };
        let copies: Vec<String> =
            secret.replication_status().iter().filter_map(|status| status.region.clone()).collect();
        if !copies.is_empty() {
            remove_replicas(cx, id.as_str(), copies).await?;
        }
        let call =
            cx.sdk.secrets().delete_secret().secret_id(id.as_str()).force_delete_without_recovery(true);
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteSecret"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    fn stored(bench: &Bench, name: &str) -> Json {
        let row = bench
            .world(|world| world.get("secretsmanager.secret", &format!("us-east-1/{name}")).cloned())
            .unwrap();
        let versions = row["_versions"].as_array().cloned().unwrap_or_default();
        let current =
            versions.iter().find(|v| v["VersionStages"].to_string().contains("AWSCURRENT")).cloned();
        serde_json::from_str(current.unwrap()["SecretString"].as_str().unwrap()).unwrap()
    }

    fn generated() -> Json {
        json!({
            "Name": "payments/source", "Description": "the source", "Tags": [{"Key": "team", "Value": "payments"}],
            "GenerateSecretString": {
                "SecretStringTemplate": "{\"username\": \"payments\"}", "GenerateStringKey": "password", "PasswordLength": 32,
                "ExcludeCharacters": "/@\" '", "ExcludePunctuation": false, "IncludeSpace": false,
            },
        })
    }

    #[test]
    fn keeps_the_law() {
        let mut changed = generated();
        changed["Description"] = json!("still the source");
        changed["GenerateSecretString"]["PasswordLength"] = json!(40);
        changed["Tags"] = json!([{"Key": "cost", "Value": "1"}]);
        changed["ReplicaRegions"] = json!([{"Region": "us-west-2"}]);
        let mut copied = generated();
        copied["ReplicaRegions"] = json!([{"Region": "us-west-2"}, {"Region": "eu-west-1"}]);
        let mut fewer = generated();
        fewer["ReplicaRegions"] = json!([{"Region": "eu-west-1"}]);
        fewer["KmsKeyId"] = json!("alias/payments");
        let plain = json!({"Name": "plain", "SecretString": "a-value"});
        let other = json!({"Name": "plain", "SecretString": "another-value", "Description": "x"});
        bench_law(&[
            (generated(), Some(changed)),
            (copied, Some(fewer)),
            (plain, Some(other)),
            (json!({"Name": "empty"}), None),
        ]);
    }

    fn bench_law(cases: &[(Json, Option<Json>)]) {
        Bench::new().law_covering::<Secret>(cases);
    }

    #[test]
    fn the_generated_value_keeps_the_template_and_the_rules() {
        let bench = Bench::new();
        let props: Props = serde_json::from_value(generated()).unwrap();
        let created = bench.cx(|cx| bench.run(Secret::create(cx, &bench.permit(), &props))).unwrap();
        let value = stored(&bench, "payments/source");
        assert_eq!(value["username"], "payments");
        let password = value["password"].as_str().unwrap();
        assert_eq!(password.len(), 32);
        assert!(!password.contains(['/', '@', '"', ' ', '\'']));
        assert!(!format!("{created:?}").contains(password));
    }

    #[test]
    fn a_new_password_keeps_the_connection_details() {
        let bench = Bench::new();
        let old: Props = serde_json::from_value(generated()).unwrap();
        let mut json = generated();
        json["GenerateSecretString"]["PasswordLength"] = json!(20);
        let new: Props = serde_json::from_value(json).unwrap();
        let changed = ["GenerateSecretString".to_owned()];
        bench.cx(|cx| {
            bench.run(async {
                let id = Secret::create(cx, &bench.permit(), &old).await.unwrap().id;
                let mut value = current(cx, id.as_str()).await.unwrap().unwrap();
                value.insert("host".into(), json!("db.example"));
                super::super::value::put(cx, id.as_str(), "0123456789abcdef0123456789abcdef", value)
                    .await
                    .unwrap();
                let change = Change { old: &old, new: &new, changed: &changed };
                Secret::update(cx, &bench.permit(), &id, &change).await.unwrap();
            });
        });
        let value = stored(&bench, "payments/source");
        assert_eq!(value["host"], "db.example");
        assert_eq!(value["password"].as_str().unwrap().len(), 20);
    }

    /// Only the text around it changes, the member's name too, and from and to a bare password: the password stays.
    #[test]
    fn another_template_keeps_the_password() {
        let forms = [
            json!({"SecretStringTemplate": "{\"username\": \"a\"}", "GenerateStringKey": "password"}),
            json!({"SecretStringTemplate": "{\"username\": \"b\", \"note\": \"n\"}", "GenerateStringKey": "password"}),
            json!({"SecretStringTemplate": "{\"username\": \"b\"}", "GenerateStringKey": "pw"}),
            json!({}),
        ];
        let props = |form: &Json| {
            let mut json = json!({"Name": "s", "GenerateSecretString": {"PasswordLength": 24, "ExcludePunctuation": true}});
            for (name, value) in form.as_object().unwrap() {
                json["GenerateSecretString"][name] = value.clone();
            }
            serde_json::from_value::<Props>(json).unwrap()
        };
        let changed = ["GenerateSecretString".to_owned()];
        for (from, to) in [(0, 1), (0, 2), (0, 3), (3, 0), (2, 1)] {
            let bench = Bench::new();
            let (old, new) = (props(&forms[from]), props(&forms[to]));
            let (before, after) = bench.cx(|cx| {
                bench.run(async {
                    let id = Secret::create(cx, &bench.permit(), &old).await.unwrap().id;
                    let before = text(cx, id.as_str()).await.unwrap().unwrap();
                    let change = Change { old: &old, new: &new, changed: &changed };
                    assert!(Secret::effects(&change)[0].starts_with("the password stays"));
                    Secret::update(cx, &bench.permit(), &id, &change).await.unwrap();
                    // An answer that was lost: the same again.
                    Secret::update(cx, &bench.permit(), &id, &change).await.unwrap();
                    (before, text(cx, id.as_str()).await.unwrap().unwrap())
                })
            });
            let password = |text: &str, form: &Json| match form["GenerateStringKey"].as_str() {
                Some(key) => serde_json::from_str::<Json>(text).unwrap()[key].as_str().unwrap().to_owned(),
                None => text.to_owned(),
            };
            assert_eq!(password(&before, &forms[from]), password(&after, &forms[to]), "{from} to {to}");
            if to == 1 {
                assert_eq!(serde_json::from_str::<Json>(&after).unwrap()["note"], "n");
            }
        }
        let (old, mut new) = (props(&forms[0]), props(&forms[1]));
        new.GenerateSecretString.as_mut().unwrap().PasswordLength = Some(30);
        let effects = Secret::effects(&Change { old: &old, new: &new, changed: &changed });
        assert!(effects[0].contains("is not told"), "{effects:?}");
    }

    #[test]
    fn a_name_that_waits_for_its_deletion_is_refused_clearly() {
        let bench = Bench::new();
        let props: Props = serde_json::from_value(json!({"Name": "taken"})).unwrap();
        let error = bench.cx(|cx| {
            bench.run(async {
                Secret::create(cx, &bench.permit(), &props).await.unwrap();
                cx.sdk
                    .secrets()
                    .delete_secret()
                    .secret_id("taken")
                    .recovery_window_in_days(7)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(Secret::find(cx, &props).await.unwrap(), None);
                Secret::create(cx, &bench.permit(), &props).await.unwrap_err()
            })
        });
        assert!(
            error.is(&["InvalidRequestException"]) && error.message.contains("scheduled for deletion"),
            "{error}"
        );
    }
}
