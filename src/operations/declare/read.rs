//! Reads the section from the manifest.

use std::path::Path;

use super::section::{
    Assessment, DatabaseWay, Declaration, Hook, Order, ReverseStart, ReverseWay, Splits, SteeringWay,
    TargetFence, Traffic,
};
use crate::{
    error::{Class, Diagnostic, hint},
    model::{Address, Span},
    syntax::{Entry, Tree},
};

const KEYS: &[&str] = &[
    "replication",
    "databases",
    "traffic",
    "fence",
    "hooks",
    "gates",
    "steps",
    "hold",
    "state_parameter",
    "require",
    "owners",
    "expect",
    "assessment",
    "order",
    "auto_rollback",
    "operators",
];
/// The hooks that have a place in the order of things.
pub const HOOKS: &[&str] = &[
    "sentinel-write",
    "sentinel-read",
    "before-open",
    "before-reverse",
    "before-return",
    "fence",
    "unfence",
    "checks",
    "transactions",
    POSITION,
];
/// The hook that takes the position at which the reverse task starts.
pub const POSITION: &str = "reverse-position";

/// Reads the section.
struct Reading {
    problems: Vec<Diagnostic>,
}

impl Reading {
    fn error(
        &mut self,
        code: &'static str,
        span: &Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::error(code, Class::Plan, message).span(Some(span.clone()));
        let help = help.into();
        self.problems.push(if help.is_empty() { diagnostic } else { diagnostic.help(help) });
    }

    fn entries<'t>(&mut self, tree: &'t Tree, what: &str, known: &[&'static str]) -> &'t [Entry] {
        let Some(entries) = tree.as_map() else {
            self.error("M1011", &tree.span, format!("{what} must be an object, not {}", tree.describe()), "");
            return &[];
        };
        if !known.is_empty() {
            for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
                let help = hint(&entry.key, "it takes", known.iter().copied()).unwrap_or_default();
                self.error("M1010", &entry.key_span, format!("`{}` is no key of {what}", entry.key), help);
            }
        }
        entries
    }

    fn text(&mut self, tree: &Tree, what: &str) -> Option<String> {
        match tree.as_text() {
            Some(text) if !text.is_empty() => Some(text.to_owned()),
            _ => {
                self.error(
                    "M1011",
                    &tree.span,
                    format!("`{what}` must be a text, not {}", tree.describe()),
                    "",
                );
                None
            }
        }
    }

    fn address(&mut self, tree: &Tree, what: &str) -> Option<Address> {
        let text = self.text(tree, what)?;
        match text.parse() {
            Ok(address) => Some(address),
            Err(why) => {
                self.error(
                    "O1001",
                    &tree.span,
                    format!("`{what}`: {why}"),
                    "for example: Replication/ReplicationTask",
                );
                None
            }
        }
    }

    fn addresses(&mut self, tree: &Tree, what: &str) -> Vec<Address> {
        match tree.as_list() {
            Some(items) => items.iter().filter_map(|item| self.address(item, what)).collect(),
            None => self.address(tree, what).into_iter().collect(),
        }
    }

    fn flag(&mut self, tree: &Tree, what: &str) -> Option<bool> {
        match tree.as_text() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => {
                self.error("M1011", &tree.span, format!("`{what}` must be true or false"), "");
                None
            }
        }
    }

    fn number(&mut self, tree: &Tree, what: &str, least: f64, most: f64) -> Option<f64> {
        let number = tree.as_text().and_then(|text| text.parse::<f64>().ok());
        match number.filter(|n| (least..=most).contains(n)) {
            Some(number) => Some(number),
            None => {
                let message = format!("`{what}` must be a number from {least} to {most}");
                self.error("M1011", &tree.span, message, "");
                None
            }
        }
    }

    /// Something of the section that is known, and cannot be done.
    fn unsupported(&mut self, span: &Span, what: &str, help: &str) {
        self.error("O1013", span, format!("{what} is not supported"), help);
    }

    fn replication(&mut self, tree: &Tree, into: &mut Declaration) {
        for entry in self.entries(tree, "`replication`", &["forward", "reverse", "reverse_start"]) {
            match entry.key.as_str() {
                "forward" => into.forward = self.addresses(&entry.value, "forward"),
                "reverse_start" => match entry.value.as_text() {
                    Some("inside") => into.reverse_start = ReverseStart::Inside,
                    Some("position") => into.reverse_start = ReverseStart::Position,
                    Some("early") => into.reverse_start = ReverseStart::Early,
                    _ => {
                        let message = "`reverse_start` must be inside, position or early";
                        self.error("M1011", &entry.value.span, message, "");
                    }
                },
                "reverse" => {
                    if let Some(none) = entry.value.get("none") {
                        into.reverse = self.text(none, "none").map(ReverseWay::None);
                    } else if entry.value.as_map().is_some() {
                        let help = "either a task, or {none: why there is no way back}";
                        self.error(
                            "M1011",
                            &entry.value.span,
                            "`reverse` is neither an address nor {none: ...}",
                            help,
                        );
                    } else {
                        into.reverse = self.address(&entry.value, "reverse").map(ReverseWay::Task);
                    }
                }
                _ => {}
            }
        }
    }

    fn database(&mut self, tree: &Tree, what: &str) -> Option<DatabaseWay> {
        match tree.get("external") {
            Some(host) => self.text(host, "external").map(DatabaseWay::External),
            None => self.address(tree, what).map(DatabaseWay::Address),
        }
    }

    fn traffic(&mut self, tree: &Tree) -> Option<Traffic> {
        let entries = self.entries(
            tree,
            "a traffic set",
            &["name", "records", "splits", "reason", "listener", "protect"],
        );
        let (mut name, mut source, mut target, mut reason) = (None, None, None, String::new());
        let (mut splits, mut listener) = (Splits::Never, None);
        for entry in entries {
            let value = &entry.value;
            match entry.key.as_str() {
                "name" => name = self.text(value, "name"),
                "reason" => reason = self.text(value, "reason").unwrap_or_default(),
                "records" => {
                    for side in self.entries(value, "`records`", &["source", "target"]) {
                        let address = self.address(&side.value, &side.key);
                        if side.key == "source" { source = address } else { target = address }
                    }
                }
                "listener" => listener = Some(self.listener(value)),
                "protect" if value.as_text() == Some("false") => {}
                "protect" => {
                    let help =
                        "leave it out: both records are read before every change, and compared each minute";
                    self.unsupported(&entry.key_span, "`protect`: Route 53 record protections", help);
                }
                "splits" => match value.as_text() {
                    Some("never") => {}
                    Some("reads") => splits = Splits::Reads,
                    Some("shared-database") => splits = Splits::SharedDatabase,
                    Some("two-way") => splits = Splits::TwoWay,
                    _ => {
                        let message = "`splits` must be never, reads, shared-database or two-way";
                        self.error("M1011", &value.span, message, "");
                    }
                },
                _ => {}
            }
        }
        if splits != Splits::Never && reason.is_empty() {
            let message = format!("`splits: {}` needs a `reason`", splits.as_str());
            self.error("O1007", &tree.span, message, "say why both sides may take requests at the same time");
        }
        let name = name.unwrap_or_else(|| "traffic".into());
        match (source, target, listener) {
            (None, None, Some(by)) => by.map(|by| Traffic { name, by, splits, reason }),
            (Some(source), Some(target), None) => {
                Some(Traffic { name, by: SteeringWay::Records(source, target), splits, reason })
            }
            (None, None, None) => {
                self.error("M1011", &tree.span, "the traffic set has neither `records` nor a `listener`", "");
                None
            }
            (_, _, Some(_)) => {
                let help = "name two sets: each shares out what goes through it";
                self.error(
                    "M1011",
                    &tree.span,
                    "a traffic set has `records` or a `listener`, not both",
                    help,
                );
                None
            }
            _ => {
                let message = "a traffic set needs both records, of the source and of the target";
                self.error(
                    "O1002",
                    &tree.span,
                    message,
                    "shares are relative: one record alone takes everything",
                );
                None
            }
        }
    }

    /// A listener or a rule, and its two target groups.
    fn listener(&mut self, tree: &Tree) -> Option<SteeringWay> {
        let (mut rule, mut source, mut target) = (None, None, None);
        for part in self.entries(tree, "`listener`", &["rule", "source", "target"]) {
            let address = self.address(&part.value, &part.key);
            match part.key.as_str() {
                "rule" => rule = address,
                "source" => source = address,
                _ => target = address,
            }
        }
        let (Some(rule), Some(source), Some(target)) = (rule, source, target) else {
            let message = "`listener` needs a `rule`, and the target groups `source` and `target`";
            let help = "{rule: App/Rule, source: App/OldGroup, target: App/NewGroup}; `rule` may be the listener itself";
            self.error("M1011", &tree.span, message, help);
            return None;
        };
        Some(SteeringWay::Listener(rule, source, target))
    }

    fn fence(&mut self, tree: &Tree, into: &mut Declaration) {
        for entry in self.entries(tree, "`fence`", &["source", "target"]) {
            if entry.key == "target" {
                match entry.value.as_text() {
                    Some("cold") => into.target = TargetFence::Cold,
                    Some("door") => into.target = TargetFence::Door,
                    Some("warm") => into.target = TargetFence::Warm,
                    _ => self.error("M1011", &entry.value.span, "`target` must be cold, door or warm", ""),
                }
                continue;
            }
            for part in self.entries(&entry.value, "`fence.source`", &["writers", "door", "keep"]) {
                match part.key.as_str() {
                    "writers" => into.writers = Some(self.addresses(&part.value, "writers")),
                    "keep" => into.keep = self.addresses(&part.value, "keep"),
                    "door" if part.value.as_text() != Some("auto") => {
                        let message = "`door` must be auto: every inbound rule of the source's groups but DMS's and `keep`";
                        self.error("M1011", &part.value.span, message, "");
                    }
                    _ => {}
                }
            }
        }
    }

    fn hooks(&mut self, tree: &Tree, into: &mut Declaration) {
        for entry in self.entries(tree, "`hooks`", &[]) {
            let known = HOOKS.contains(&entry.key.as_str()) || entry.key.starts_with("custom:");
            if !known {
                let help = hint(&entry.key, "hooks", HOOKS.iter().copied()).unwrap_or_default();
                self.error("M1010", &entry.key_span, format!("`{}` is no hook", entry.key), help);
            }
            if let Some(limit) = entry.value.get("limit")
                && let Some(seconds) = self.duration(limit, "limit")
            {
                into.hook_limits.insert(entry.key.to_string(), seconds);
            }
            if let Some(rehearse) = entry.value.get("rehearse")
                && self.flag(rehearse, "rehearse") == Some(true)
            {
                into.rehearsed.insert(entry.key.to_string());
            }
            if let Some(function) = entry.value.get("lambda") {
                if let Some(lambda) = self.address(function, "lambda") {
                    into.hooks.insert(entry.key.to_string(), Hook::Lambda { lambda });
                }
                continue;
            }
            let Some(list) = entry.value.get("exec").and_then(Tree::as_list) else {
                if entry.value.get("sql").is_some() {
                    let help = "call it from a command: {exec: [aws, rds-data, execute-statement, ...]}, or from a function: \
                                {lambda: Stack/Function}";
                    self.unsupported(&entry.value.span, &format!("the hook `{}` as `sql`", entry.key), help);
                } else {
                    let message = format!(
                        "the hook `{}` must be {{exec: [command, argument, ...]}} or {{lambda: Stack/Function}}",
                        entry.key
                    );
                    self.error("M1011", &entry.value.span, message, "");
                }
                continue;
            };
            let argv: Vec<String> = list.iter().filter_map(|item| self.text(item, "exec")).collect();
            if argv.is_empty() {
                self.error(
                    "M1011",
                    &entry.value.span,
                    format!("the hook `{}` names no command", entry.key),
                    "",
                );
            }
            if let Some(why) = argv.first().and_then(|command| unusable(&entry.value.span, command)) {
                let help = "its path is relative to the manifest's folder; `chmod +x` makes it executable";
                self.error("O1010", &entry.value.span, format!("the hook `{}`: {why}", entry.key), help);
            }
            into.hooks.insert(entry.key.to_string(), Hook::Exec(argv));
        }
    }

    fn gates(&mut self, tree: &Tree, into: &mut Declaration) {
        for entry in self.entries(tree, "`gates`", &["lag", "backlog", "validation", "alarms"]) {
            match entry.key.as_str() {
                "alarms" => into.alarms = self.addresses(&entry.value, "alarms"),
                "lag" => {
                    for part in self.entries(&entry.value, "`gates.lag`", &["limit_s", "points"]) {
                        if part.key == "limit_s"
                            && let Some(limit) = self.number(&part.value, "limit_s", 0.0, 3_600.0)
                        {
                            into.limits.lag_s = limit;
                        } else if part.key == "points"
                            && let Some(points) = self.number(&part.value, "points", 1.0, 60.0)
                        {
                            into.limits.points = whole(points);
                        }
                    }
                }
                "backlog" => {
                    for part in self.entries(&entry.value, "`gates.backlog`", &["limit"]) {
                        if let Some(limit) = self.number(&part.value, "limit", 0.0, 1e9) {
                            into.limits.backlog = limit;
                        }
                    }
                }
                _ => {
                    for part in self.entries(&entry.value, "`gates.validation`", &["pending"]) {
                        if let Some(limit) = self.number(&part.value, "pending", 0.0, 1e12) {
                            into.limits.pending = i64::try_from(whole(limit)).unwrap_or(i64::MAX);
                        }
                    }
                }
            }
        }
    }

    fn duration(&mut self, tree: &Tree, what: &str) -> Option<u64> {
        let text = tree.as_text().unwrap_or_default();
        let seconds = match text.split_at_checked(text.len().saturating_sub(1)) {
            Some((number, "s")) => number.parse::<u64>().ok(),
            Some((number, "m")) => number.parse::<u64>().ok().map(|n| n * 60),
            Some((number, "h")) => number.parse::<u64>().ok().map(|n| n * 3_600),
            _ => None,
        };
        if seconds.is_none() {
            self.error("M1011", &tree.span, format!("`{what}` must be a time such as 90s, 10m or 1h"), "");
        }
        seconds
    }

    fn section(&mut self, tree: &Tree) -> Declaration {
        let mut into = Declaration { present: true, ..Declaration::default() };
        for entry in self.entries(tree, "`operations`", KEYS) {
            let value = &entry.value;
            match entry.key.as_str() {
                "replication" => self.replication(value, &mut into),
                "databases" => {
                    for side in self.entries(value, "`databases`", &["source", "target"]) {
                        let way = self.database(&side.value, &side.key);
                        if side.key == "source" { into.databases.0 = way } else { into.databases.1 = way }
                    }
                }
                "traffic" => match value.as_list() {
                    Some(items) => {
                        into.traffic = items.iter().filter_map(|item| self.traffic(item)).collect()
                    }
                    None => self.error("M1011", &value.span, "`traffic` must be a list", ""),
                },
                "fence" => self.fence(value, &mut into),
                "hooks" => self.hooks(value, &mut into),
                "gates" => self.gates(value, &mut into),
                "steps" => {
                    let items = value.as_list().unwrap_or_default();
                    let steps: Vec<u8> = items
                        .iter()
                        .filter_map(|item| self.number(item, "steps", 1.0, 99.0))
                        .map(|step| u8::try_from(whole(step)).unwrap_or(99))
                        .collect();
                    if steps.is_empty() || steps.windows(2).any(|pair| pair[0] >= pair[1]) {
                        self.error("M1011", &value.span, "`steps` must be a list of rising percentages", "");
                    }
                    into.steps = steps;
                }
                "order" => match value.as_text() {
                    Some("sequential") => into.order = Order::Sequential,
                    Some("overlap") => into.order = Order::Overlap,
                    _ => self.error("M1011", &value.span, "`order` must be sequential or overlap", ""),
                },
                "auto_rollback" => match value.as_text() {
                    Some("never") => into.auto_rollback = false,
                    Some("live") => into.auto_rollback = true,
                    _ => self.error("M1011", &value.span, "`auto_rollback` must be never or live", ""),
                },
                "hold" => into.hold_s = self.duration(value, "hold").unwrap_or(into.hold_s),
                "assessment" if value.as_text().is_some() => {
                    let wanted = self.flag(value, "assessment").unwrap_or_default();
                    into.assessment = wanted.then_some(Assessment::AtStart(true));
                }
                "assessment" => {
                    let (mut role, mut bucket) = (None, None);
                    for part in self.entries(value, "`assessment`", &["role", "bucket"]) {
                        let address = self.address(&part.value, &part.key);
                        if part.key == "role" { role = address } else { bucket = address }
                    }
                    into.assessment = role.zip(bucket).map(|(role, bucket)| Assessment::Run(role, bucket));
                    if into.assessment.is_none() {
                        let message = "an assessment of tasks needs a `role` and a `bucket`";
                        let help = "{role: Stack/Role, bucket: Stack/Bucket}: DMS writes its results there; serverless \
                                    replications need neither: `assessment: true`";
                        self.error("M1011", &value.span, message, help);
                    }
                }
                "operators" => into.operators = self.addresses(value, "operators"),
                "state_parameter" => into.state_parameter = self.address(value, "state_parameter"),
                "require" => {
                    for part in self.entries(value, "`require`", &["ticket", "approval", "reverse"]) {
                        let Some(flag) = self.flag(&part.value, &part.key) else { continue };
                        match part.key.as_str() {
                            "ticket" => into.require.ticket = flag,
                            "approval" => into.require.approval = flag,
                            _ => into.require.reverse = flag,
                        }
                    }
                }
                "owners" => {
                    for part in self.entries(value, "`owners`", &[]) {
                        if let Some(text) = self.text(&part.value, &part.key) {
                            into.owners.insert(part.key.to_string(), text);
                        }
                    }
                }
                "expect" => {
                    for part in self.entries(value, "`expect`", &["tables"]) {
                        let items = part.value.as_list().unwrap_or_default();
                        into.tables = items.iter().filter_map(|item| self.text(item, "tables")).collect();
                    }
                }
                _ => {}
            }
        }
        let demanded = tree.get("require").and_then(|require| require.get("reverse"));
        if let (Some(demanded), Some(ReverseWay::None(_)), true) =
            (demanded, &into.reverse, into.require.reverse)
        {
            let message = "`require: {reverse: true}` and `reverse: {none: ...}` contradict each other";
            self.error(
                "M1011",
                &demanded.span,
                message,
                "set `reverse: false`, or name the task that leads back",
            );
        }
        if into.order == Order::Overlap && into.target == TargetFence::Warm {
            let message = "`order: overlap` needs a target that is shut, and `fence: {target: warm}` opens it with the names";
            self.error("M1011", &tree.span, message, "choose `target: cold` or `target: door`");
        }
        if into.auto_rollback && matches!(into.reverse, Some(ReverseWay::None(_))) {
            let message =
                "`auto_rollback: live` needs a way back, and `reverse: {none: ...}` says that there is none";
            self.error(
                "M1011",
                &tree.span,
                message,
                "name the task that leads back, or leave `auto_rollback` out",
            );
        }
        if into.hooks.contains_key(POSITION) && into.reverse_start == ReverseStart::Inside {
            into.reverse_start = ReverseStart::Position;
        }
        if into.reverse_start == ReverseStart::Position && !into.hooks.contains_key(POSITION) {
            let message = "`reverse_start: position` needs the hook `reverse-position`";
            self.error("M1011", &tree.span, message, "it prints the position: an LSN, or file:position");
        }
        into
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked against its bounds before"
)]
fn whole(number: f64) -> usize {
    number as usize
}

/// Why a hook's command cannot be run. A name without a slash is looked for in PATH when it is run.
fn unusable(span: &Span, command: &str) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    if !command.contains('/') {
        return None;
    }
    let folder = span.source.path.parent().unwrap_or(Path::new("."));
    match folder.join(command).metadata() {
        Err(error) => Some(format!("{command} cannot be read: {error}")),
        Ok(file) if !file.is_file() => Some(format!("{command} is no file")),
        Ok(file) if file.permissions().mode() & 0o111 == 0 => Some(format!("{command} is not executable")),
        Ok(_) => None,
    }
}

/// Reads the section of a manifest; without one everything is discovered.
///
/// # Errors
/// Everything that is wrong with it.
pub fn declare(section: Option<&Tree>) -> Result<Declaration, Vec<Diagnostic>> {
    let Some(tree) = section else { return Ok(Declaration::default()) };
    let mut reading = Reading { problems: Vec::new() };
    let declaration = reading.section(tree);
    if reading.problems.is_empty() { Ok(declaration) } else { Err(reading.problems) }
}
