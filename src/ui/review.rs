//! A change set for people, to be read in a minute, and for machines.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value as Json, json};
use unicode_width::UnicodeWidthStr;

use super::text::{SECRET, count, duration, fit, json as one_line, masked, pad, plain, wrap};
use crate::{
    graph::{Address, Needs, Value},
    planner::{Action, ChangeSet, FORMAT, Operation, PropertyChange, Shown, Step, unpermitted},
    resources::PhysicalId,
};

/// How a review looks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Styles<'s> {
    /// Colours and weights.
    pub color: bool,
    /// All properties of new objects, and what each step waits for.
    pub verbose: bool,
    /// The command that applies the change set, for the last line.
    pub next: Option<&'s str>,
}

/// The widest column that type names get.
const MAX_KIND_COLUMN: usize = 26;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const LOUD: Style = AnsiColor::Red.on_default().bold();

/// Symbol and colour of what is done.
fn symbol(action: &Action) -> (&'static str, Style) {
    match action {
        Action::Create { replaces: None, .. } => ("+", AnsiColor::Green.on_default()),
        Action::Create { replaces: Some(_), .. } => ("-/+", AnsiColor::Magenta.on_default()),
        Action::Update { .. } => ("~", AnsiColor::Yellow.on_default()),
        Action::Finish { .. } => (">", AnsiColor::Cyan.on_default()),
        Action::Delete { .. } => ("-", AnsiColor::Red.on_default()),
        Action::Forget { .. } => ("^", AnsiColor::Blue.on_default()),
    }
}

/// The whole review, every line at most `width` columns (and `width` at least 40).
#[must_use]
pub fn render(change_set: &ChangeSet, width: usize, styles: &Styles<'_>) -> String {
    let replaced = Replaced::of(change_set);
    let mut page = Page { out: String::new(), width: width.max(40), styles: *styles, replaced: &replaced };
    page.head(change_set);
    for (stack, steps) in by_stack(change_set, &replaced) {
        page.stack(change_set, stack, &steps);
    }
    page.foot(change_set);
    page.out
}

/// Steps by stack, stacks in the plan's order, then those that left it.
fn by_stack<'c>(set: &'c ChangeSet, replaced: &Replaced<'_>) -> Vec<(&'c str, Vec<&'c Step>)> {
    let mut groups: Vec<(&str, Vec<&Step>)> =
        set.stacks.iter().map(|s| (s.name.as_str(), Vec::new())).collect();
    let mut at: BTreeMap<&str, usize> = groups.iter().enumerate().map(|(i, (name, _))| (*name, i)).collect();
    for step in set.steps.iter().filter(|step| !replaced.holds(step)) {
        let index = *at.entry(step.address.stack()).or_insert_with(|| {
            groups.push((step.address.stack(), Vec::new()));
            groups.len() - 1
        });
        groups[index].1.push(step);
    }
    groups.retain(|(_, steps)| !steps.is_empty());
    groups
}

/// Steps that end objects which other steps replace, by object: they are told on the line of the replacement.
struct Replaced<'c>(HashMap<(&'c Address, &'c PhysicalId), Option<&'c Step>>);

impl<'c> Replaced<'c> {
    fn of(set: &'c ChangeSet) -> Self {
        let mut old = HashMap::new();
        for step in &set.steps {
            if let Action::Create { replaces: Some(id), .. } = &step.action {
                old.insert((&step.address, id), None);
            }
        }
        for step in &set.steps {
            if let Some(end) = ended(step).and_then(|key| old.get_mut(&key)) {
                *end = Some(step);
            }
        }
        Self(old)
    }

    fn holds(&self, step: &Step) -> bool {
        ended(step).is_some_and(|key| self.0.contains_key(&key))
    }

    /// What becomes of the object that a step replaces.
    fn fate(&self, step: &Step) -> Option<&'static str> {
        let Action::Create { replaces: Some(id), .. } = &step.action else { return None };
        let end = (*self.0.get(&(&step.address, id))?)?;
        Some(match end.action {
            Action::Forget { .. } => "the old object stays",
            _ if end.id < step.id => "the old object goes first",
            _ => "the old object goes last",
        })
    }
}

fn ended(step: &Step) -> Option<(&Address, &PhysicalId)> {
    match &step.action {
        Action::Delete { physical_id, .. } | Action::Forget { physical_id, .. } => {
            Some((&step.address, physical_id))
        }
        _ => None,
    }
}

struct Page<'s> {
    out: String,
    width: usize,
    styles: Styles<'s>,
    replaced: &'s Replaced<'s>,
}

impl Page<'_> {
    fn paint(&self, style: Style, text: &str) -> String {
        if self.styles.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// Wrapped text behind an indentation.
    fn paragraph(&mut self, indent: usize, style: Style, text: &str) {
        for line in wrap(&plain(text), self.width - indent) {
            let painted = self.paint(style, &line);
            self.line(&format!("{}{painted}", " ".repeat(indent)));
        }
    }

    fn head(&mut self, set: &ChangeSet) {
        let target = &set.target;
        let what = match set.operation {
            Operation::Up => "Plan for",
            Operation::Destroy => "Destroy",
        };
        let title =
            format!("{what} {} ({}), account {}", target.migration, target.environment, target.account);
        self.paragraph(0, BOLD, &title);
    }

    fn stack(&mut self, set: &ChangeSet, stack: &str, steps: &[&Step]) {
        let region = set.stacks.iter().find(|s| s.name == stack).map(|s| s.region.as_str());
        let region = region.or(steps.first().map(|step| step.region.as_str())).unwrap_or_default();
        self.line("");
        self.paragraph(0, BOLD, &format!("{stack} ({region})"));
        let widest = steps.iter().map(|step| step.address.logical_id().width()).max().unwrap_or(0);
        let id_width = widest.min(self.width / 2 - 8);
        let kind_width = steps.iter().map(|step| short(&step.kind).width()).max().unwrap_or(0);
        for step in steps {
            self.step(set, step, region, id_width, kind_width);
        }
    }

    fn step(&mut self, set: &ChangeSet, step: &Step, region: &str, id_width: usize, kind_width: usize) {
        let (sign, style) = symbol(&step.action);
        let id = fit(step.address.logical_id(), id_width);
        let mut line = format!("{} {}  ", self.paint(style, &format!("{sign:>4}")), pad(&id, id_width));
        let used = 4 + 1 + id_width + 2;
        let kind = fit(short(&step.kind), self.width.saturating_sub(used));
        // One long type name does not push everything else off the line.
        let kind_width = kind_width.min(MAX_KIND_COLUMN).max(kind.width());
        let room = self.width.saturating_sub(used + kind_width + 2);
        let detail = plain(&detail(self.replaced, step, region, room));
        if detail.is_empty() || detail.width() > room {
            line.push_str(&kind);
            self.line(&line);
            self.paragraph(9, DIM, &detail);
        } else {
            let detail = self.paint(DIM, &detail);
            self.line(&format!("{line}{}  {detail}", pad(&kind, kind_width)));
        }
        if let Some(loss) = &step.data_loss {
            self.paragraph(7, LOUD, &format!("! {loss}"));
        }
        self.changes(&step.changes);
        if self.styles.verbose {
            self.details(set, step);
        }
    }

    fn changes(&mut self, changes: &[PropertyChange]) {
        let widest =
            changes.iter().map(|change| change.property.width()).max().unwrap_or(0).min(self.width / 3);
        for change in changes {
            let name = fit(&plain(&change.property), widest);
            let room = self.width.saturating_sub(9 + widest + 2 + " -> ".len());
            // On a narrow terminal the values matter more than the mark: the reason above names the property.
            let mark = if change.replaces && room >= 40 { "  forces a new object" } else { "" };
            let (old, new) = (shown(&change.property, &change.old), shown(&change.property, &change.new));
            let new = if new == SECRET && old == SECRET { "(another secret)".into() } else { new };
            let (old, new) = share(&old, &new, room.saturating_sub(mark.len()));
            self.line(&format!("{}{}  {old} -> {new}{mark}", " ".repeat(9), pad(&name, widest)));
        }
    }

    /// Everything about a step, for the verbose review.
    fn details(&mut self, set: &ChangeSet, step: &Step) {
        if let Action::Create { properties, .. } = &step.action {
            let mut rows = Vec::new();
            flatten(&mut String::new(), properties, &mut rows);
            for (path, value) in rows {
                let text = format!("{}: {value}", plain(&path));
                let text = fit(&text, self.width - 9);
                self.line(&format!("{}{text}", " ".repeat(9)));
            }
        }
        for dependency in &step.after {
            if let Some(on) = set.step(dependency.step) {
                let how = if dependency.needs == Needs::Ready { "" } else { " created" };
                let text = format!("after {} {}{how}: {}", on.action.verb(), on.address, dependency.why);
                self.paragraph(9, DIM, &text);
            }
        }
    }

    fn foot(&mut self, set: &ChangeSet) {
        self.line("");
        if set.is_empty() {
            let text = match set.operation {
                Operation::Up => {
                    format!("Nothing to do: {} as planned.", count(set.unchanged.len(), "resource"))
                }
                Operation::Destroy => "Nothing to do: the ledger holds no resources.".into(),
            };
            self.paragraph(0, BOLD, &text);
            self.notes(set);
            return;
        }
        let totals = totals(set);
        self.paragraph(0, BOLD, &totals);
        let losses = unpermitted(set, &[]).len();
        if losses > 0 {
            let text = format!(
                "! {} would lose data and {} an explicit permission",
                count(losses, "resource"),
                if losses == 1 { "needs" } else { "need" }
            );
            self.paragraph(0, LOUD, &text);
        }
        let time = format!("Expected time on AWS: {} (the longest path).", duration(expected_seconds(set)));
        self.paragraph(0, Style::new(), &time);
        self.notes(set);
        let next = self.styles.next.unwrap_or(match set.operation {
            Operation::Up => "migrate up",
            Operation::Destroy => "migrate destroy",
        });
        self.paragraph(0, Style::new(), &format!("Next: {next}"));
    }

    fn notes(&mut self, set: &ChangeSet) {
        for note in &set.notes {
            self.paragraph(0, Style::new(), &format!("Note: {note}."));
        }
    }
}

fn totals(set: &ChangeSet) -> String {
    let sum = set.summary();
    let finish = set.steps.iter().filter(|step| matches!(step.action, Action::Finish { .. })).count();
    let parts: Vec<String> = [
        (sum.create - finish, "to create"),
        (finish, "to finish"),
        (sum.update, "to update"),
        (sum.replace, "to replace"),
        (sum.delete, "to delete"),
        (sum.unchanged, "unchanged"),
    ]
    .iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{number} {what}"))
    .collect();
    if parts.is_empty() {
        format!("{} left over", count(set.steps.len(), "object"))
    } else {
        parts.join(", ")
    }
}

fn short(kind: &str) -> &str {
    kind.strip_prefix("AWS::").unwrap_or(kind)
}

/// What stands behind the type: the name and the key facts of a new object, the reason of any other step.
fn detail(replaced: &Replaced<'_>, step: &Step, region: &str, room: usize) -> String {
    let mut text = match &step.action {
        Action::Create { properties, replaces: None, .. } => {
            // New objects get one line each: facts that do not fit are left out.
            let mut facts = key_facts(properties);
            while facts.len() > 1 && facts.join(", ").width() > room {
                facts.pop();
            }
            facts.join(", ")
        }
        Action::Create { replaces: Some(_), .. } => match replaced.fate(step) {
            Some(old) => format!("{} ({old})", step.why),
            None => step.why.clone(),
        },
        _ => step.why.clone(),
    };
    if step.region != region {
        text = if text.is_empty() {
            format!("in {}", step.region)
        } else {
            format!("{text}; in {}", step.region)
        };
    }
    text
}

/// Properties that name an object; the first that is set stands on its line.
const NAMES: &[&str] = &[
    "DBInstanceIdentifier",
    "DBSubnetGroupName",
    "DBParameterGroupName",
    "ReplicationInstanceIdentifier",
    "ReplicationSubnetGroupIdentifier",
    "ReplicationTaskIdentifier",
    "EndpointIdentifier",
    "BucketName",
    "RoleName",
    "ManagedPolicyName",
    "PolicyName",
    "LogGroupName",
    "AlarmName",
    "DashboardName",
    "ClusterName",
    "ServiceName",
    "Family",
    "TopicName",
    "GroupName",
    "Name",
];

/// Properties worth a place there too, in this order.
const KEY_FACTS: &[&str] = &[
    "CidrBlock",
    "DestinationCidrBlock",
    "Engine",
    "EngineName",
    "EngineVersion",
    "DBInstanceClass",
    "ReplicationInstanceClass",
    "MigrationType",
    "EndpointType",
    "Protocol",
    "Port",
    "LaunchType",
    "DesiredCount",
    "Cpu",
    "Memory",
    "AllocatedStorage",
    "Threshold",
    "RetentionInDays",
    "Type",
    "ResourceId",
];

fn key_facts(properties: &Value) -> Vec<String> {
    let text = |name: &&str| match properties.get(name)? {
        Value::String(text) if text.parse::<f64>().is_err() => Some(one_line(name, &text.as_str().into())),
        Value::String(number) => Some(format!("{name} {number}")),
        Value::Number(number) => Some(format!("{name} {number}")),
        _ => None,
    };
    let name = NAMES.iter().find_map(text);
    let facts = KEY_FACTS.iter().filter_map(text).take(2);
    name.into_iter().chain(facts).map(|fact| fact.trim_matches('"').to_owned()).collect()
}

fn shown(property: &str, value: &Shown) -> String {
    match value {
        Shown::Value(json) => one_line(property, json),
        Shown::KnownAfter(what) => format!("(known after {})", plain(what)),
        Shown::Absent => "(not set)".into(),
    }
}

/// Abbreviates two texts that share a line; a short one leaves its room to the other. What both begin with is
/// left out if otherwise the difference would not be seen.
fn share(old: &str, new: &str, room: usize) -> (String, String) {
    const CONTEXT: usize = 6;
    let half = room / 2;
    let common = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
    let skip = |text: &str| format!("…{}", text.chars().skip(common - CONTEXT).collect::<String>());
    let hidden = old.width() + new.width() > room && common > CONTEXT && common + CONTEXT > half;
    let (old, new) = if hidden { (skip(old), skip(new)) } else { (old.to_owned(), new.to_owned()) };
    let old_room = half.max(room.saturating_sub(new.width()));
    let old = fit(&old, old_room);
    let new = fit(&new, room.saturating_sub(old.width()).max(1));
    (old, new)
}

/// Leaves of a value with their paths.
fn flatten(path: &mut String, value: &Value, rows: &mut Vec<(String, String)>) {
    let length = path.len();
    let dot = if length > 0 { "." } else { "" };
    match value {
        Value::Map(map) if !map.is_empty() => {
            for (key, item) in map {
                let _ = write!(path, "{dot}{key}");
                flatten(path, item, rows);
                path.truncate(length);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                let _ = write!(path, "{dot}{at}");
                flatten(path, item, rows);
                path.truncate(length);
            }
        }
        other => rows.push((path.clone(), leaf(path, other))),
    }
}

fn leaf(path: &str, value: &Value) -> String {
    if let Some(json) = value.known() {
        return one_line(path, &json);
    }
    let mut first = None;
    value.references(&mut |reference| {
        first.get_or_insert_with(|| reference.to_string());
    });
    format!("(known after {})", plain(&first.unwrap_or_default()))
}

/// The longest path through the steps, each lasting as long as its type typically takes.
#[must_use]
pub fn expected_seconds(set: &ChangeSet) -> u64 {
    let mut times: Vec<(u64, u64)> = Vec::with_capacity(set.steps.len());
    for step in &set.steps {
        let start = step.after.iter().filter_map(|dependency| {
            let (start, end) = times.get(dependency.step.0 as usize)?;
            Some(if dependency.needs == Needs::Created { start + 1 } else { *end })
        });
        let start = start.max().unwrap_or(0);
        times.push((start, start + step.typical_s));
    }
    times.iter().map(|(_, end)| *end).max().unwrap_or(0)
}

/// The change set for machines: `format`, `summary`, `steps`, `notes`. Passwords are masked; dynamic
/// references stay, they hold no secret.
#[must_use]
pub fn plan_json(change_set: &ChangeSet) -> Json {
    let sum = change_set.summary();
    let steps: Vec<Json> = change_set.steps.iter().map(|step| step_json(change_set, step)).collect();
    json!({
        "format": FORMAT,
        "summary": {
            "create": sum.create,
            "update": sum.update,
            "replace": sum.replace,
            "delete": sum.delete,
            "unchanged": sum.unchanged,
        },
        "steps": steps,
        "notes": change_set.notes,
    })
}

fn step_json(set: &ChangeSet, step: &Step) -> Json {
    let after: Vec<Json> = step
        .after
        .iter()
        .filter_map(|dependency| {
            let on = set.step(dependency.step)?;
            Some(json!({
                "address": on.address,
                "action": on.action.verb(),
                "needs": dependency.needs,
                "why": dependency.why,
            }))
        })
        .collect();
    let side = |property: &str, shown: &Shown| match shown {
        Shown::Value(value) => json!({ "value": masked(property, value, false) }),
        Shown::KnownAfter(what) => json!({ "known_after": what }),
        Shown::Absent => Json::Object(Map::new()),
    };
    let changes: Vec<Json> = step
        .changes
        .iter()
        .map(|change| {
            json!({
                "property": change.property,
                "old": side(&change.property, &change.old),
                "new": side(&change.property, &change.new),
                "replaces": change.replaces,
            })
        })
        .collect();
    json!({
        "address": step.address,
        "type": step.kind,
        "action": step.action.verb(),
        "after": after,
        "why": step.why,
        "changes": changes,
        "data_loss": step.data_loss,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        graph::{Graph, link, testing::graph},
        ledger::Snapshot,
        planner::{
            PlanInput, plan, teardown,
            testing::{deployed, set, types},
        },
    };

    fn shop() -> Graph {
        graph(&[
            ("net/Vpc", "AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16"})),
            (
                "net/Subnet",
                "AWS::EC2::Subnet",
                json!({"VpcId": {"Ref": "net/Vpc"}, "CidrBlock": "10.0.0.0/24"}),
            ),
            (
                "app/Db",
                "AWS::RDS::DBInstance",
                json!({
                    "DBInstanceIdentifier": "shop-db",
                    "Engine": "postgres",
                    "MasterUserPassword": "{{resolve:secretsmanager:shop:SecretString:password}}",
                    "MasterUsername": "shop",
                    "DBSubnetGroupName": {"Ref": "net/Subnet"},
                }),
            ),
            (
                "app/TooManyConnections",
                "AWS::CloudWatch::Alarm",
                json!({
                    "Threshold": 5, "Dimensions": [{"Name": "Db", "Value": {"Ref": "app/Db"}}]
                }),
            ),
        ])
    }

    fn planned(graph: &Graph, snapshot: &Snapshot) -> ChangeSet {
        let links = link(graph, &types).expect("links");
        plan(&PlanInput { graph, links: &links, snapshot, account: "123456789012", types: &types })
            .expect("a plan")
    }

    /// Changes of every sort.
    fn changed() -> ChangeSet {
        let mut shop = shop();
        let ledger = deployed(&shop);
        let vpc = shop.index["net/Vpc"];
        shop.nodes[vpc].deletion_policy = crate::graph::DeletionPolicy::Retain;
        set(&mut shop, "app/Db", "MasterUsername", &json!("admin"));
        set(
            &mut shop,
            "app/Db",
            "MasterUserPassword",
            &json!("{{resolve:secretsmanager:other:SecretString:password}}"),
        );
        let policy = json!({"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}]});
        set(&mut shop, "app/TooManyConnections", "Threshold", &json!(9));
        set(&mut shop, "app/TooManyConnections", "AlarmDescription", &policy);
        let mut set = planned(&shop, &ledger);
        set.notes.push("one call of an earlier run has no known outcome".into());
        set
    }

    #[test]
    fn a_first_review_names_what_comes() {
        let set = planned(&shop(), &Snapshot::new("a1b2".into()));
        insta::assert_snapshot!(render(&set, 80, &Styles::default()), @r#"
    Plan for shop (dev), account 123456789012

    net (us-east-1)
       + Vpc     EC2::VPC     10.0.0.0/16
       + Subnet  EC2::Subnet  10.0.0.0/24

    app (us-east-1)
       + Db                  RDS::DBInstance    shop-db, postgres
       + TooManyConnections  CloudWatch::Alarm  app-toomanyconnections-6cd6242320

    4 to create
    Expected time on AWS: about 8 min (the longest path).
    Next: migrate up
    "#);
    }

    #[test]
    fn changes_stand_side_by_side_and_losses_stand_out() {
        insta::assert_snapshot!(render(&changed(), 80, &Styles::default()), @r#"
    Plan for shop (dev), account 123456789012

    net (us-east-1)
       ~ Vpc  EC2::VPC  its deletion policy becomes Retain

    app (us-east-1)
     -/+ Db                  RDS::DBInstance
             MasterUsername is create-only and changes (the old object goes first)
           ! the database and its automated backups would be lost
             MasterUserPassword  (secret) -> (another secret)
             MasterUsername      "shop" -> "admin"  forces a new object
       ~ TooManyConnections  CloudWatch::Alarm
             AlarmDescription and Threshold change in place; app/Db is replaced, and
             Dimensions refers to it
             AlarmDescription    (not set) -> {"Statement":[{"Action":["s3:GetObjec…
             Dimensions.0.Value  "id-Db" -> (known after app/Db)
             Threshold           5 -> 9

    2 to update, 1 to replace, 1 unchanged
    ! 1 resource would lose data and needs an explicit permission
    Expected time on AWS: about 11 min (the longest path).
    Note: one call of an earlier run has no known outcome.
    Next: migrate up
    "#);
    }

    #[test]
    fn verbose_shows_properties_and_waits() {
        let set = planned(&shop(), &Snapshot::new("a1b2".into()));
        let styles = Styles { verbose: true, ..Styles::default() };
        insta::assert_snapshot!(render(&set, 80, &styles), @r#"
    Plan for shop (dev), account 123456789012

    net (us-east-1)
       + Vpc     EC2::VPC     10.0.0.0/16
             CidrBlock: "10.0.0.0/16"
       + Subnet  EC2::Subnet  10.0.0.0/24
             CidrBlock: "10.0.0.0/24"
             VpcId: (known after net/Vpc)
             after create net/Vpc created: VpcId refers to net/Vpc

    app (us-east-1)
       + Db                  RDS::DBInstance    shop-db, postgres
             DBInstanceIdentifier: "shop-db"
             DBSubnetGroupName: (known after net/Subnet)
             Engine: "postgres"
             MasterUserPassword: (secret)
             MasterUsername: "shop"
             after create net/Subnet created: DBSubnetGroupName refers to net/Subnet
       + TooManyConnections  CloudWatch::Alarm  app-toomanyconnections-6cd6242320
             AlarmName: "app-toomanyconnections-6cd6242320"
             Dimensions.0.Name: "Db"
             Dimensions.0.Value: (known after app/Db)
             Threshold: 5
             after create app/Db created: Dimensions.0.Value refers to app/Db

    4 to create
    Expected time on AWS: about 8 min (the longest path).
    Next: migrate up
    "#);
    }

    #[test]
    fn destroying_is_reviewed_too() {
        let set = teardown(&deployed(&shop()), "123456789012", &types);
        let styles = Styles { next: Some("migrate destroy --yes"), ..Styles::default() };
        insta::assert_snapshot!(render(&set, 80, &styles), @r#"
    Destroy shop (dev), account 123456789012

    app (us-east-1)
       - TooManyConnections  CloudWatch::Alarm  everything is destroyed
       - Db                  RDS::DBInstance    everything is destroyed
           ! the database and its automated backups would be lost

    net (us-east-1)
       - Subnet  EC2::Subnet  everything is destroyed
       - Vpc     EC2::VPC     everything is destroyed

    4 to delete
    ! 1 resource would lose data and needs an explicit permission
    Expected time on AWS: about 5 min (the longest path).
    Next: migrate destroy --yes
    "#);
    }

    #[test]
    fn two_long_texts_show_where_they_differ() {
        let document = |end: &str| format!("{{\"Version\":\"2012-10-17\",\"Statement\":\"{end}\"}}");
        let (old, new) = share(&document("read"), &document("write"), 40);
        assert_eq!((old.as_str(), new.as_str()), ("…ent\":\"read\"}", "…ent\":\"write\"}"));
        assert_eq!(share("5", "9", 40), ("5".into(), "9".into()));
        let (old, new) = share("(not set)", &"x".repeat(100), 40);
        assert_eq!((old.as_str(), new.width()), ("(not set)", 31));
    }

    #[test]
    fn nothing_to_do_is_one_line() {
        let shop = shop();
        let set = planned(&shop, &deployed(&shop));
        insta::assert_snapshot!(render(&set, 80, &Styles::default()), @r#"
    Plan for shop (dev), account 123456789012

    Nothing to do: 4 resources as planned.
    "#);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_colour_is_only_on_request() {
        for width in [40, 60, 80, 120] {
            for verbose in [false, true] {
                let plain = Styles { verbose, ..Styles::default() };
                for set in [changed(), planned(&shop(), &Snapshot::new("a1b2".into()))] {
                    let text = render(&set, width, &plain);
                    assert!(!text.contains('\u{1b}'));
                    for line in text.lines() {
                        assert!(line.width() <= width, "{width} columns: {line}");
                        assert_eq!(line, line.trim_end());
                    }
                    let colored = render(&set, width, &Styles { color: true, ..plain });
                    let (mut bare, mut inside) = (String::new(), false);
                    for ch in colored.chars() {
                        match ch {
                            '\u{1b}' => inside = true,
                            'm' if inside => inside = false,
                            _ if inside => {}
                            other => bare.push(other),
                        }
                    }
                    assert_eq!(
                        bare.lines().map(str::trim_end).collect::<Vec<_>>(),
                        text.lines().collect::<Vec<_>>()
                    );
                    assert!(colored.contains('\u{1b}'));
                }
            }
        }
    }

    #[test]
    fn waiting_for_creation_only_shortens_the_path() {
        // The alarm needs only the database's name: 1 + 1 + 420 s, not more.
        let set = planned(&shop(), &Snapshot::new("a1b2".into()));
        let alarm = set.steps.iter().position(|s| s.kind.ends_with("Alarm")).expect("an alarm");
        assert_eq!(set.steps[alarm].after[0].needs, Needs::Created);
        assert_eq!(expected_seconds(&set), 422);
    }

    #[test]
    fn the_json_is_complete_and_masks_passwords() {
        let mut change_set = changed();
        change_set.steps[0].changes.push(PropertyChange {
            property: "MasterUserPassword".into(),
            old: Shown::Absent,
            new: Shown::Value(json!("hunter2")),
            replaces: false,
        });
        let json = plan_json(&change_set);
        assert!(!json.to_string().contains("hunter2"));
        insta::assert_json_snapshot!(json, @r#"
    {
      "format": 1,
      "notes": [
        "one call of an earlier run has no known outcome"
      ],
      "steps": [
        {
          "action": "delete",
          "address": "app/Db",
          "after": [],
          "changes": [
            {
              "new": {
                "value": "(secret)"
              },
              "old": {},
              "property": "MasterUserPassword",
              "replaces": false
            }
          ],
          "data_loss": "the database and its automated backups would be lost",
          "type": "AWS::RDS::DBInstance",
          "why": "a new object takes its place"
        },
        {
          "action": "replace",
          "address": "app/Db",
          "after": [
            {
              "action": "delete",
              "address": "app/Db",
              "needs": "ready",
              "why": "the old object is in the way until it is gone"
            }
          ],
          "changes": [
            {
              "new": {
                "value": "{{resolve:secretsmanager:other:SecretString:password}}"
              },
              "old": {
                "value": "{{resolve:secretsmanager:shop:SecretString:password}}"
              },
              "property": "MasterUserPassword",
              "replaces": false
            },
            {
              "new": {
                "value": "admin"
              },
              "old": {
                "value": "shop"
              },
              "property": "MasterUsername",
              "replaces": true
            }
          ],
          "data_loss": "the database and its automated backups would be lost",
          "type": "AWS::RDS::DBInstance",
          "why": "MasterUsername is create-only and changes"
        },
        {
          "action": "update",
          "address": "app/TooManyConnections",
          "after": [
            {
              "action": "replace",
              "address": "app/Db",
              "needs": "created",
              "why": "Dimensions.0.Value refers to app/Db"
            }
          ],
          "changes": [
            {
              "new": {
                "value": {
                  "Statement": [
                    {
                      "Action": [
                        "s3:GetObject",
                        "s3:ListBucket"
                      ],
                      "Effect": "Allow",
                      "Resource": "*"
                    }
                  ]
                }
              },
              "old": {},
              "property": "AlarmDescription",
              "replaces": false
            },
            {
              "new": {
                "known_after": "app/Db"
              },
              "old": {
                "value": "id-Db"
              },
              "property": "Dimensions.0.Value",
              "replaces": false
            },
            {
              "new": {
                "value": 9
              },
              "old": {
                "value": 5
              },
              "property": "Threshold",
              "replaces": false
            }
          ],
          "data_loss": null,
          "type": "AWS::CloudWatch::Alarm",
          "why": "AlarmDescription and Threshold change in place; app/Db is replaced, and Dimensions refers to it"
        },
        {
          "action": "update",
          "address": "net/Vpc",
          "after": [],
          "changes": [],
          "data_loss": null,
          "type": "AWS::EC2::VPC",
          "why": "its deletion policy becomes Retain"
        }
      ],
      "summary": {
        "create": 0,
        "delete": 0,
        "replace": 1,
        "unchanged": 1,
        "update": 2
      }
    }
    "#);
    }
}
