//! A folder with a copy of a plan, where somebody types the verbs of operations.

use std::{
    path::{Path, PathBuf},
    process::Output,
    sync::OnceLock,
};

use migrate::sandbox::{Home, World};
use serde_json::Value as Json;

use super::film;
use crate::process::program;

/// The plans, each with the name that has to be typed.
pub const PLANS: [(&str, &str); 4] = [
    ("payments-multi-stack", "payments-multi-stack dev"),
    ("payments-single-stack", "payments-single-stack dev"),
    ("database-blue-green", "database-blue-green dev"),
    ("payments-aurora-mysql", "payments-aurora-mysql legacy-sync"),
];

/// A folder with a ledger and a sandbox's world.
pub struct Desk {
    pub(super) dir: tempfile::TempDir,
    pub(super) plan: PathBuf,
    pub(super) name: &'static str,
}

/// Writes an executable script.
pub fn write_script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    crate::support::write(path, text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
        }
    }
}

/// Files by their names.
type Files = Vec<(PathBuf, Vec<u8>)>;

/// Every file below a folder, by its name there.
fn read_all(root: &Path, below: &Path, into: &mut Files) {
    for entry in std::fs::read_dir(root.join(below)).expect("a folder") {
        let name = below.join(entry.expect("an entry").file_name());
        if root.join(&name).is_dir() {
            read_all(root, &name, into);
        } else {
            let bytes = std::fs::read(root.join(&name)).expect("a file");
            into.push((name, bytes));
        }
    }
}

impl Desk {
    pub fn new(at: usize) -> Self {
        let (plan, name) = PLANS[at];
        let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans").join(plan);
        Self { dir: tempfile::tempdir().expect("a folder"), plan, name }
    }

    /// A plan that is not in the list, with the name that has to be typed.
    pub fn of(plan: &Path, name: &'static str) -> Self {
        Self { dir: tempfile::tempdir().expect("a folder"), plan: plan.to_owned(), name }
    }

    /// The same state once more, to be changed on its own.
    pub fn fork(&self) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        copy(self.dir.path(), dir.path());
        Self { dir, plan: self.plan.clone(), name: self.name }
    }

    /// Synced, on a copy of the plan in which a split of the traffic is declared safe; the copy's folder goes with it.
    pub fn splitting() -> (Self, tempfile::TempDir) {
        let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans").join(PLANS[0].0);
        let safe = "splits: reads\n      reason: only reads go through this name";
        let plan = crate::support::edited_plan(&plan, &[("migration.yaml", "splits: never", safe)]);
        let desk = Self { plan: plan.path().to_owned(), ..Self::new(0) };
        desk.sync();
        (desk, plan)
    }

    /// A copy of the first plan with edits, not deployed yet; the copy's folder goes with it.
    pub fn edited(edits: &[(&str, &str, &str)]) -> (Self, tempfile::TempDir) {
        Self::edited_plan(0, edits)
    }

    /// The same of another plan.
    pub fn edited_plan(at: usize, edits: &[(&str, &str, &str)]) -> (Self, tempfile::TempDir) {
        let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans").join(PLANS[at].0);
        let plan = crate::support::edited_plan(&plan, edits);
        (Self { plan: plan.path().to_owned(), ..Self::new(at) }, plan)
    }

    /// The same with hooks: `ops/hook.sh NAME` for each, `script` being its text.
    pub fn hooked(hooks: &[&str], script: &str, edits: &[(&str, &str, &str)]) -> (Self, tempfile::TempDir) {
        let lines: Vec<String> = hooks
            .iter()
            .map(|name| format!("    {name}: {{exec: [./hook.sh, '{name}'], limit: 20s, rehearse: true}}\n"))
            .collect();
        let section = format!("  hooks:\n{}  gates: {{lag", lines.concat());
        let mut all = vec![("migration.yaml", "  gates: {lag", section.as_str())];
        all.extend(edits);
        let (desk, plan) = Self::edited(&all);
        write_script(&plan.path().join("hook.sh"), script);
        (desk, plan)
    }

    /// The ledger's state.
    pub fn ledger(&self) -> migrate::ledger::Snapshot {
        migrate::ledger::Ledger::peek(&film::ledger(self)).expect("a ledger").expect("a ledger")
    }

    /// Words of a cutover without a person.
    pub fn cutting(&self) -> Vec<String> {
        ["cutover", "--yes", "--confirm"]
            .map(ToOwned::to_owned)
            .into_iter()
            .chain([format!("cut over {}", self.name)])
            .collect()
    }

    /// Words of a rollback without a person.
    pub fn rolling(&self) -> Vec<String> {
        ["rollback", "--yes", "--confirm"]
            .map(ToOwned::to_owned)
            .into_iter()
            .chain([format!("roll back {}", self.name)])
            .collect()
    }

    /// Whether the ledger says that a cutover was interrupted.
    pub fn interrupted(&self) -> bool {
        self.ledger().operations.interrupted()
    }

    /// Runs a verb on the plan.
    pub fn run(&self, words: &[&str]) -> Output {
        self.run_with(words, None)
    }

    /// The same with faults.
    pub fn run_with(&self, words: &[&str], faults: Option<&Json>) -> Output {
        let mut command = program();
        command.current_dir(self.dir.path()).arg("--sandbox");
        if let Some(faults) = faults {
            crate::support::write(&self.dir.path().join("faults.json"), &faults.to_string());
            command.args(["--faults", "faults.json"]);
        }
        let verbs = if words[0] == "replicate" { 2 } else { 1 };
        command.args(&words[..verbs]).arg(&self.plan).args(&words[verbs..]);
        command.output().expect("it runs")
    }

    /// Runs a command that knows no plan.
    pub fn bare(&self, words: &[&str]) -> Output {
        program().current_dir(self.dir.path()).args(words).output().expect("it runs")
    }

    /// Runs a verb and demands an exit code.
    pub fn expect(&self, code: i32, words: &[&str]) -> Output {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(code), "{words:?}\n{}", text(&output));
        output
    }

    pub fn cut_over(&self, more: &[&str], faults: Option<&Json>) -> Output {
        let confirm = format!("cut over {}", self.name);
        let mut words = vec!["cutover", "--yes", "--confirm", &confirm];
        words.extend(more);
        self.run_with(&words, faults)
    }

    pub fn roll_back(&self) -> Output {
        self.roll_back_with(&[], None)
    }

    /// Rolls back with more words, and with faults.
    pub fn roll_back_with(&self, more: &[&str], faults: Option<&Json>) -> Output {
        let words = self.rolling();
        let words: Vec<&str> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
        self.run_with(&words, faults)
    }

    /// Changes the first row of the account that fits, as somebody else would.
    pub fn change(&self, table: &str, which: impl Fn(&Json) -> bool, how: impl FnOnce(&mut Json)) {
        self.account(|world| change(world, table, which, how));
    }

    /// Somebody has shortened the TTL of the record that serves, and that is accepted: a cutover has other steps now.
    pub fn shorten(&self) {
        self.change("route53.record", |row| row["Weight"] == 100, |row| row["TTL"] = serde_json::json!(30));
        self.expect(0, &["reconcile", "--accept", "all", "--reason", "shorter for tonight", "--yes"]);
    }

    /// Deployed, loaded, and followed for long enough that every gate is open. A plan gets there once in a process; each
    /// test has a copy.
    #[expect(clippy::disallowed_methods, reason = "a copy of a folder, no ledger is open in it")]
    pub fn synced(at: usize) -> Self {
        static SYNCED: [OnceLock<Files>; PLANS.len()] = [const { OnceLock::new() }; PLANS.len()];
        let files = SYNCED[at].get_or_init(|| {
            let desk = Self::new(at);
            desk.sync();
            let mut files = Vec::new();
            read_all(desk.dir.path(), Path::new(""), &mut files);
            files
        });
        let desk = Self::new(at);
        for (name, bytes) in files {
            let path = desk.dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, bytes).expect("a copy");
        }
        desk
    }

    /// Deploys and loads, until every gate is open.
    pub fn sync(&self) {
        // What the account has before the migration begins.
        let old = self.plan.join("old-site.yaml");
        if old.exists() {
            let planted = self.bare(&["--sandbox", "sandbox", "plant", &old.display().to_string()]);
            assert!(planted.status.success(), "{}", text(&planted));
        }
        self.expect(0, &["up", "--yes"]);
        self.expect(0, &["replicate", "test-connections", "--yes"]);
        self.expect(0, &["replicate", "start", "--yes", "--wait", "loaded"]);
        self.expect(0, &["lag", "--check"]);
    }

    pub fn status(&self) -> Json {
        serde_json::from_slice(&self.expect(0, &["status", "--json"]).stdout).expect("JSON")
    }

    pub fn phase(&self) -> String {
        self.status()["phase"].as_str().expect("a phase").to_owned()
    }

    /// Looks at the account, and changes it as somebody else would.
    pub fn account<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let (home, mut world) =
            Home::open(&self.dir.path().join(".migrate/sandbox"), 1, 1_767_225_600_000).expect("a world");
        let answer = act(&mut world);
        home.fold(&world).expect("kept");
        answer
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.account(|world| world.advance_to(world.now() + seconds * 1_000));
    }

    /// The same without the tasks.
    pub fn standing(&self) -> Vec<String> {
        without_tasks(&self.operated()).into_iter().cloned().collect()
    }

    /// What a cutover changes: weights, rules, counts, scaling, and which tasks run.
    pub fn operated(&self) -> Vec<String> {
        self.account(|world| {
            let mut all = Vec::new();
            for (_, record) in world.rows("route53.record").filter(|(_, row)| !row["Weight"].is_null()) {
                all.push(format!(
                    "record {} {} {}",
                    record["Name"], record["SetIdentifier"], record["Weight"]
                ));
            }
            for (_, rule) in world.rows("ec2.security-group-rule").filter(|(_, row)| row["FromPort"] == 5432)
            {
                all.push(format!("rule {} {}", rule["GroupId"], rule["ReferencedGroupInfo"]["GroupId"]));
            }
            for (_, service) in world.rows("ecs.service") {
                all.push(format!("service {} {}", service["serviceName"], service["desiredCount"]));
            }
            for (_, group) in world.rows("asg.group") {
                let processes = group["SuspendedProcesses"].as_array().map_or(0, Vec::len);
                let sizes = ["MinSize", "DesiredCapacity"].map(|name| group[name].to_string()).join(" ");
                all.push(format!("fleet {} {sizes} {processes}", group["AutoScalingGroupName"]));
            }
            for (_, listener) in world.rows("elbv2.listener") {
                let forward = &listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"];
                let share = |group: &Json| {
                    let name =
                        group["TargetGroupArn"].as_str().and_then(|arn| arn.split('/').nth(1)).unwrap_or("?");
                    format!("{name}={}", group["Weight"])
                };
                let mut shares: Vec<String> = forward.as_array().into_iter().flatten().map(share).collect();
                shares.sort();
                all.push(format!("listener {} {}", listener["DefaultActions"][0]["Type"], shares.join(" ")));
            }
            for (_, target) in world.rows("autoscaling.target") {
                let suspended = target["SuspendedState"].to_string().contains("true");
                all.push(format!("scaling {} {} {suspended}", target["ResourceId"], target["MinCapacity"]));
            }
            for (_, task) in world.rows("dms.task") {
                let runs = task["Status"] == "running" || task["Status"] == "starting";
                all.push(format!("task {} {runs}", task["ReplicationTaskIdentifier"]));
            }
            for (_, row) in world.rows("dms.replication-config") {
                let rests =
                    ["created", "stopped", "stopping", "failed"].map(Json::from).contains(&row["Status"]);
                all.push(format!("task {} {}", row["ReplicationConfigIdentifier"], !rests));
            }
            all.sort();
            all
        })
    }
}

/// Changes the first row that fits.
pub fn change(world: &mut World, table: &str, which: impl Fn(&Json) -> bool, how: impl FnOnce(&mut Json)) {
    let key = world.rows(table).find(|(_, row)| which(row)).expect("a row").0.to_owned();
    how(world.get_mut(table, &key).expect("the row"));
}

/// What is operated but the tasks: what a rollback restores.
pub fn without_tasks(operated: &[String]) -> Vec<&String> {
    operated.iter().filter(|line| !line.starts_with("task")).collect()
}

/// The task that copies from the source to the target.
pub fn is_forward(task: &Json) -> bool {
    task["MigrationType"] == "full-load-and-cdc"
}

/// The same without line breaks; those in commands end in a backslash.
pub fn said(output: &Output) -> String {
    text(output).replace(" \\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn text(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    both.concat()
}
