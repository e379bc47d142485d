//! `AWS::RDS::OptionGroup`. The options take a call of their own; they apply at once to the instances that use the group.

use aws_sdk_rds::types;
use serde_json::{Value as Json, json};

use super::tags::{Tags, arn};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Stored, Tag},
    props,
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare,
        tags::{self, Tagging},
    },
};

/// `AWS::RDS::OptionGroup`.
pub struct OptionGroup;

props! {
    /// The properties.
    pub struct Props {
        EngineName: String, MajorEngineVersion: String, OptionConfigurations: Vec<Configuration>,
        OptionGroupDescription: String, OptionGroupName: String, Tags: Vec<Tag>,
    }
    /// One option.
    pub struct Configuration {
        DBSecurityGroupMemberships: Vec<String>, OptionName: String, OptionSettings: Vec<Setting>, OptionVersion: String,
        Port: i32, VpcSecurityGroupMemberships: Vec<String>,
    }
    /// One setting of an option.
    pub struct Setting { Name: String, Value: String }
}

impl Configuration {
    fn name(&self) -> &str {
        self.OptionName.as_deref().unwrap_or_default()
    }

    fn sent(&self) -> types::OptionConfiguration {
        let settings = self.OptionSettings.as_ref().map(|list| {
            let each = |one: &Setting| {
                types::OptionSetting::builder()
                    .set_name(one.Name.clone())
                    .set_value(one.Value.clone())
                    .build()
            };
            list.iter().map(each).collect()
        });
        types::OptionConfiguration::builder()
            .set_option_name(self.OptionName.clone())
            .set_option_version(self.OptionVersion.clone())
            .set_port(self.Port)
            .set_option_settings(settings)
            .set_db_security_group_memberships(self.DBSecurityGroupMemberships.clone())
            .set_vpc_security_group_memberships(self.VpcSecurityGroupMemberships.clone())
            .build()
    }

    /// An option as it is live, in what `asked` names of it: RDS fills in every setting's default.
    fn live(option: &types::Option, asked: Option<&Self>) -> Self {
        let wanted = |name: &str| {
            let settings = asked.and_then(|asked| asked.OptionSettings.as_ref()).into_iter().flatten();
            settings.clone().any(|setting| setting.Name.as_deref() == Some(name))
        };
        let settings: Vec<Setting> = option
            .option_settings()
            .iter()
            .filter(|setting| setting.name().is_some_and(wanted))
            .map(|setting| Setting { Name: setting.name.clone(), Value: setting.value.clone() })
            .collect();
        let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
        let groups = option.vpc_security_group_memberships().iter();
        let old = option.db_security_group_memberships().iter();
        Self {
            DBSecurityGroupMemberships: some(old.filter_map(|g| g.db_security_group_name.clone()).collect()),
            OptionName: option.option_name.clone(),
            OptionSettings: (!settings.is_empty()).then_some(settings),
            OptionVersion: option
                .option_version
                .clone()
                .filter(|_| asked.is_none_or(|a| a.OptionVersion.is_some())),
            Port: option.port.filter(|_| asked.is_none_or(|asked| asked.Port.is_some())),
            VpcSecurityGroupMemberships: some(
                groups.filter_map(|g| g.vpc_security_group_id.clone()).collect(),
            ),
        }
    }
}

/// An option with its lists in order: none of them has one at RDS, and an empty list is none.
fn plain(option: &Json) -> Json {
    let mut out = json!({});
    for (name, value) in option.as_object().into_iter().flatten() {
        match value {
            Json::Null => {}
            Json::Array(items) if items.is_empty() => {}
            Json::Array(items) => {
                let mut items = items.clone();
                items.sort_by_key(ToString::to_string);
                out[name] = json!(items);
            }
            other => out[name] = other.clone(),
        }
    }
    out
}

fn options(value: &Json) -> Vec<String> {
    let mut all: Vec<String> =
        value.as_array().into_iter().flatten().map(|one| plain(one).to_string()).collect();
    all.sort();
    all
}

/// Brings the options of a group from `old` to `new`.
async fn settle(
    cx: &Cx<'_>,
    name: &str,
    old: &[Configuration],
    new: &[Configuration],
) -> Result<(), OpError> {
    const OP: &str = "ModifyOptionGroup";
    let rds = cx.sdk.rds();
    let json = |one: &Configuration| plain(&serde_json::to_value(one).unwrap_or_default());
    let include: Vec<types::OptionConfiguration> = new
        .iter()
        .filter(|one| !old.iter().any(|had| json(had) == json(one)))
        .map(Configuration::sent)
        .collect();
    let there: Vec<String> = if old.is_empty() {
        Vec::new()
    } else {
        let answer = rds.describe_option_groups().option_group_name(name).send().await;
        let groups = answer.map_err(op("DescribeOptionGroups"))?.option_groups_list.unwrap_or_default();
        let live = groups.iter().flat_map(types::OptionGroup::options);
        live.filter_map(|option| option.option_name.clone()).collect()
    };
    let stays = |name: &str| new.iter().any(|one| one.name() == name);
    let remove: Vec<String> = old
        .iter()
        .map(|one| one.name().to_owned())
        .filter(|name| !stays(name) && there.contains(name))
        .collect();
    if include.is_empty() && remove.is_empty() {
        return Ok(());
    }
    let call = rds.modify_option_group().option_group_name(name).apply_immediately(true);
    let call = call
        .set_options_to_include((!include.is_empty()).then_some(include))
        .set_options_to_remove((!remove.is_empty()).then_some(remove));
    call.send().await.map(drop).map_err(op(OP))
}

impl Described for OptionGroup {
    type Props = Props;
    type Live = types::OptionGroup;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        stored: &[("OptionGroupName", Stored::Lowercase), ("EngineName", Stored::Lowercase)],
        name: Some(NameRule { property: "OptionGroupName", max: 255, lower: true, separator: '-' }),
        configures: true,
        held_by_users: true,
        retry: &[Retry {
            code: "InvalidOptionGroupStateFault",
            message: "",
            why: "a database is still changing to the options",
        }],
        retry_delete: &[Retry {
            code: "InvalidOptionGroupStateFault",
            message: "",
            why: "a database that is being deleted, or a snapshot, still uses the option group",
        }],
        absent: &["OptionGroupNotFoundFault"],
        iam: &[
            "rds:AddTagsToResource",
            "rds:CreateOptionGroup",
            "rds:DeleteOptionGroup",
            "rds:DescribeOptionGroups",
            "rds:ListTagsForResource",
            "rds:ModifyOptionGroup",
            "rds:RemoveTagsFromResource",
        ],
        ..Facts::new("AWS::RDS::OptionGroup", "rds")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("OptionGroupName", Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
            ("OptionConfigurations", ..) => options(desired) == options(recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let list = props["OptionConfigurations"].as_array();
        let names: Vec<&str> =
            list.into_iter().flatten().filter_map(|one| one["OptionName"].as_str()).collect();
        let mut problems = Vec::new();
        if list.is_some_and(|list| list.iter().any(|one| one["OptionName"].is_null())) {
            problems.push(("OptionConfigurations".to_owned(), "each option needs an OptionName".to_owned()));
        }
        if let Some((_, name)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            problems.push(("OptionConfigurations".to_owned(), format!("the option {name} stands twice")));
        }
        problems
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.OptionGroupName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.rds().describe_option_groups().option_group_name(id.as_str());
        let answer = call.send().await.map_err(op("DescribeOptionGroups"))?;
        Ok(answer.option_groups_list.unwrap_or_default().into_iter().next())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let name = live.option_group_name().unwrap_or_default();
        Created { id: name.into(), attributes: Attributes::from([("Ref".into(), json!(name))]) }
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.option_group_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let asked = |option: &types::Option| {
            let all = hint.OptionConfigurations.iter().flatten();
            all.clone().find(|one| Some(one.name()) == option.option_name())
        };
        let options: Vec<Configuration> =
            live.options().iter().map(|option| Configuration::live(option, asked(option))).collect();
        Ok(Props {
            EngineName: live.engine_name,
            MajorEngineVersion: live.major_engine_version,
            OptionConfigurations: (!options.is_empty()).then_some(options),
            OptionGroupDescription: live.option_group_description,
            OptionGroupName: live.option_group_name,
            Tags: tags,
        })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateOptionGroup";
        let call = crate::pass!(OP, cx.sdk.rds().create_option_group(), props => {
            set_option_group_name: OptionGroupName, set_engine_name: EngineName,
            set_major_engine_version: MajorEngineVersion, set_option_group_description: OptionGroupDescription,
        });
        let call = call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let group = call.send().await.map_err(op(OP))?.option_group;
        let group = group.filter(|group| group.option_group_name().is_some());
        Ok(Self::object(cx, &group.ok_or_else(|| OpError::missing(OP, "the option group's name"))?))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        settle(cx, id.as_str(), &[], props.OptionConfigurations.as_deref().unwrap_or_default()).await?;
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        if change.has("OptionConfigurations") {
            let old = change.old.OptionConfigurations.as_deref().unwrap_or_default();
            let new = change.new.OptionConfigurations.as_deref().unwrap_or_default();
            settle(cx, id.as_str(), old, new).await?;
        }
        let arn = arn(cx, "og", id.as_str());
        Tags::change(cx, &arn, change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.rds().delete_option_group().option_group_name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteOptionGroup"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn keeps_the_law() {
        let bench = Bench::new();
        super::super::prepared::network(&bench);
        let group = |options: Json, tag: &str| {
            json!({"OptionGroupName": "Options", "EngineName": "mysql", "MajorEngineVersion": "8.0",
                "OptionGroupDescription": "for payments", "OptionConfigurations": options,
                "Tags": [{"Key": tag, "Value": "1"}]})
        };
        let audit = |rows: &str| {
            json!({"OptionName": "MARIADB_AUDIT_PLUGIN", "OptionSettings": [
                {"Name": "SERVER_AUDIT_EVENTS", "Value": "CONNECT"}, {"Name": "SERVER_AUDIT_FILE_ROTATIONS", "Value": rows}]})
        };
        let memory =
            json!({"OptionName": "MEMCACHED", "Port": 11_211, "VpcSecurityGroupMemberships": ["sg-1"]});
        bench.law_covering::<OptionGroup>(&[
            (group(json!([audit("10")]), "team"), Some(group(json!([audit("20"), memory]), "cost"))),
            (group(json!([audit("10"), memory]), "team"), Some(group(json!([]), "team"))),
        ]);
        let twice = json!({"OptionConfigurations": [audit("1"), audit("2")]});
        assert!(OptionGroup::check(&twice)[0].1.contains("twice"));
    }
}
