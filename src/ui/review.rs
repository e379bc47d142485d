//! A change set for people, to be read in a minute.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    sync::LazyLock,
};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::{
    changes,
    text::{broken, command, count, duration, json as one_line, pad, plain, wrap},
};
use crate::{
    graph::Needs,
    model::{Address, Found, PhysicalId, Text, Value},
    parallel,
    planner::{Action, ChangeSet, Operation, PropertyChange, Step, unpermitted},
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
const WARN: Style = AnsiColor::Yellow.on_default();
/// Where the signs of differences stand.
const INDENT: usize = 7;
/// Where properties of new objects stand.
const DETAILS: usize = 9;
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
            _ if end.id < step.id => "delete before create",
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
            Operation::Rollback => "Roll back",
            Operation::Cleanup => "Clean up",
        };
        let title =
            format!("{what} {} ({}), account {}", target.migration, target.environment, target.account);
        self.paragraph(0, BOLD, &title);
        let protected: Vec<&str> =
            set.steps.iter().filter(|s| s.protected.is_some()).map(|s| s.address.as_str()).collect();
        if !protected.is_empty() {
            let text = format!(
                "! Deletion protection is on, and nothing will run before it is off: {}",
                protected.join(", ")
            );
            self.paragraph(0, LOUD, &text);
        }
        self.lookups(&set.lookups);
    }

    /// What was looked up, once for all stacks that use it.
    fn lookups(&mut self, found: &[Found]) {
        if found.is_empty() {
            return;
        }
        self.line("");
        self.paragraph(0, BOLD, "Looked up in the account");
        let mut told: Vec<&Found> = Vec::new();
        for one in found {
            let same = |other: &&Found| {
                (&other.parameter, &other.region, &other.sought, &other.value)
                    == (&one.parameter, &one.region, &one.sought, &one.value)
            };
            if !told.iter().any(same) {
                told.push(one);
            }
        }
        for one in told {
            let (name, value) = (plain(&one.parameter), plain(&one.value));
            let short = format!("{}{name}  {value}", " ".repeat(5));
            if short.width() <= self.width && !value.contains(',') {
                self.line(&short);
            } else {
                self.line(&format!("{}{name}", " ".repeat(5)));
                // Whole, however long they are: ids are there to be copied.
                for item in value.split(',') {
                    self.line(&format!("{}{item}", " ".repeat(7)));
                }
            }
            self.paragraph(7, DIM, &format!("{}, {}", one.sought, one.region));
        }
    }

    fn stack(&mut self, set: &ChangeSet, stack: &str, steps: &[&Step]) {
        let region = set.stacks.iter().find(|s| s.name == stack).map(|s| s.region.as_str());
        let region = region.or(steps.first().map(|step| step.region.as_str())).unwrap_or_default();
        self.line("");
        self.paragraph(0, BOLD, &format!("{stack} ({region})"));
        let widest = steps.iter().map(|step| step.address.logical_id().width()).max().unwrap_or(0);
        let id_width = widest.min(self.width / 2 - 8);
        let kind_width = steps.iter().map(|step| short(&step.kind).width()).max().unwrap_or(0);
        // Of a large plan these lines are all of the review: they are written on all processors.
        let lines = |step| {
            let mut aside = Page { out: String::new(), ..*self };
            aside.step(set, step, region, id_width, kind_width);
            aside.out
        };
        let lines = parallel::map(steps.to_vec(), lines);
        lines.iter().for_each(|lines| self.out.push_str(lines));
    }

    fn step(&mut self, set: &ChangeSet, step: &Step, region: &str, id_width: usize, kind_width: usize) {
        let (sign, style) = symbol(&step.action);
        let id = plain(step.address.logical_id());
        let sign = self.paint(style, &format!("{sign:>4}"));
        let used = 4 + 1 + id_width + 2;
        let mut line = if id.width() > id_width {
            // A name that is too long for its column has lines of its own.
            for (at, piece) in broken(&id, self.width - 5).iter().enumerate() {
                let before = if at == 0 { sign.clone() } else { " ".repeat(4) };
                self.line(&format!("{before} {piece}"));
            }
            " ".repeat(used)
        } else {
            format!("{sign} {}  ", pad(&id, id_width))
        };
        let kind = plain(short(&step.kind));
        if used + kind.width() > self.width {
            self.line(&line);
            line = " ".repeat(INDENT);
        }
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
        if let Some(property) = &step.protected {
            self.paragraph(7, LOUD, &format!("! protected from deletion: {property} is on"));
        }
        if let Some(loss) = &step.data_loss {
            self.paragraph(7, LOUD, &format!("! {loss}"));
        }
        let others: Vec<&str> =
            step.takes.iter().filter(|taken| !taken.ours).map(|taken| taken.what.as_str()).collect();
        if !others.is_empty() {
            let text = format!("! what others put on it goes with it: {}", others.join(", "));
            self.paragraph(7, LOUD, &text);
        }
        for one in step.now.iter().flatten() {
            let style = if one.busy { WARN } else { DIM };
            self.paragraph(7, style, &format!("now: {}", one.words()));
        }
        for interruption in step.interruptions() {
            let time = match interruption.seconds {
                0 => String::new(),
                seconds => format!(" ({})", duration(seconds)),
            };
            self.paragraph(7, WARN, &format!("! interrupts service: {}{time}", interruption.what));
        }
        self.changes(&step.changes);
        if self.styles.verbose {
            self.details(set, step);
        }
    }

    fn changes(&mut self, changes: &[PropertyChange]) {
        for told in changes::lines(changes, self.width - INDENT) {
            let style = match told.sign {
                '+' => AnsiColor::Green.on_default(),
                '-' => AnsiColor::Red.on_default(),
                _ => AnsiColor::Yellow.on_default(),
            };
            for (at, line) in told.lines.iter().enumerate() {
                let sign = if at == 0 { told.sign } else { ' ' };
                let sign = self.paint(style, &sign.to_string());
                self.line(&format!("{}{sign} {line}", " ".repeat(INDENT)));
            }
        }
    }

    /// Everything about a step, for the verbose review.
    fn details(&mut self, set: &ChangeSet, step: &Step) {
        if let Action::Create { properties, .. } = &step.action {
            let mut rows = Vec::new();
            flatten(&mut String::new(), properties, &mut rows);
            for (path, value) in rows {
                for line in broken(&format!("{}: {value}", plain(&path)), self.width - DETAILS) {
                    self.line(&format!("{}{line}", " ".repeat(DETAILS)));
                }
            }
        }
        for dependency in &step.after {
            if let Some(on) = set.step(dependency.step) {
                let how = match (dependency.needs, &on.action) {
                    (Needs::Ready, _) => "",
                    (Needs::Addressable, _) => " has its address",
                    (Needs::Created, Action::Delete { .. }) => " is accepted",
                    (Needs::Created, _) => " created",
                };
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
                Operation::Rollback => "Nothing to roll back: the run created nothing.".into(),
                Operation::Cleanup => "Nothing to clean up: nothing exists twice.".into(),
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
        let interrupting = set.steps.iter().filter(|step| !step.interruptions().is_empty()).count();
        if interrupting > 0 {
            let text = format!(
                "! {} service",
                if interrupting == 1 {
                    "1 step interrupts".into()
                } else {
                    format!("{interrupting} steps interrupt")
                }
            );
            self.paragraph(0, WARN, &text);
        }
        let time = format!("Expected time on AWS: {} (the longest path).", duration(expected_seconds(set)));
        self.paragraph(0, Style::new(), &time);
        self.notes(set);
        if let Some(next) = self.styles.next {
            for line in command(&format!("Next: {}", plain(next)), self.width) {
                self.line(&line);
            }
        }
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
            None => step.why.to_string(),
        },
        // What goes is named by its handle: the address says nothing about whose object that is.
        Action::Delete { physical_id, .. } | Action::Forget { physical_id, .. } => {
            let why = step
                .why
                .strip_prefix(ALL_GOES)
                .map_or(step.why.as_str(), |rest| rest.trim_start_matches("; "));
            if why.is_empty() { physical_id.to_string() } else { format!("{physical_id}: {why}") }
        }
        Action::Update { .. } | Action::Finish { .. } => step.why.to_string(),
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

/// Why everything goes in a teardown; its title says it once.
const ALL_GOES: &str = "everything is destroyed";

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

/// Where a property is in the two lists: there are fewer properties than names that a line may have.
static RANKS: LazyLock<HashMap<&str, (usize, usize)>> = LazyLock::new(|| {
    let rank = |list: &[&str], name: &str| list.iter().position(|one| *one == name).unwrap_or(usize::MAX);
    NAMES.iter().chain(KEY_FACTS).map(|name| (*name, (rank(NAMES, name), rank(KEY_FACTS, name)))).collect()
});

fn key_facts(properties: &Value) -> Vec<String> {
    let Value::Map(members) = properties else { return Vec::new() };
    let text = |(name, value): (&Text, &Value)| match value {
        Value::String(text) if text.parse::<f64>().is_err() => Some(one_line(name, &text.as_str().into())),
        Value::String(number) => Some(format!("{name} {number}")),
        Value::Number(number) => Some(format!("{name} {number}")),
        _ => None,
    };
    let ranked = members.iter().filter_map(|member| Some((*RANKS.get(member.0.as_str())?, member)));
    let shown = ranked.filter(|(_, (_, value))| matches!(value, Value::String(_) | Value::Number(_)));
    let shown: Vec<_> = shown.collect();
    let name = shown.iter().filter(|((name, _), _)| *name < NAMES.len()).min_by_key(|((name, _), _)| *name);
    let mut facts: Vec<_> = shown.iter().filter(|((_, fact), _)| *fact < KEY_FACTS.len()).collect();
    facts.sort_by_key(|((_, fact), _)| *fact);
    let all = name.into_iter().chain(facts.into_iter().take(2)).filter_map(|(_, member)| text(*member));
    all.map(|fact| fact.trim_matches('"').to_owned()).collect()
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
            let (start, _) = times.get(dependency.step.0 as usize)?;
            Some(start + set.step(dependency.step)?.until(dependency.needs))
        });
        let start = start.max().unwrap_or(0);
        times.push((start, start + step.lasts()));
    }
    times.iter().map(|(_, end)| *end).max().unwrap_or(0)
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
