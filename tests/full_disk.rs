//! Disks that are really full: real processes whose ledger lies on a small file system, a read-only one, or under a
//! limit on the size of files.
//!
//! The small file systems are tmpfs, mounted by a shell in a mount namespace of its own: a user namespace where the
//! kernel permits one, root's otherwise; where neither is to be had, the test says that it was skipped.

use std::process::{Command, Output, Stdio};

use serde_json::{Value as Json, json};

use crate::{
    process::{Place, QUICK, text},
    support::report,
};

/// Runs `$2 plan.yaml` on a ledger in `disk` that has no room, and gives it a little more after every failure, until
/// it succeeds. Leaves the exit codes in `codes`, what the failures said in `full.*`, and what `ledger verify` found
/// wrong after one in `unsound.*`.
const GROW: &str = r#"
set -u
used() { set -- $(df -k disk | tail -n 1); echo "$3"; }
room() { mount -o "remount,rw,size=$1k" disk || exit 90; }
verb=$1; step=$2
mkdir -p disk kept
mount -t tmpfs -o size=8m tmpfs disk || exit 91
cp -R kept/. disk/ || exit 93
size=$(used); [ "$size" -gt 0 ] || size=4
n=0
while :; do
  room "$size"
  "$MIGRATE" "$verb" plan.yaml --yes --allow-data-loss all --ledger disk/ledger >said.out 2>said.err; code=$?
  echo "$code" >>codes
  [ "$code" -eq 0 ] && break
  cp said.err "full.$n.err"
  "$MIGRATE" ledger verify plan.yaml --ledger disk/ledger >/dev/null 2>verify.err ||
    grep -q 'there is no ledger' verify.err || cp verify.err "unsound.$n"
  n=$((n + 1)); [ "$n" -lt 300 ] || exit 92
  size=$((size + step))
done
rm -rf kept; cp -R disk kept
"#;

/// The shell in a mount namespace, if there can be one: the words before `sh`.
fn namespace() -> Result<&'static [&'static str], String> {
    let ways: [&[&str]; 2] = [&["unshare", "--user", "--map-root-user", "--mount"], &["unshare", "--mount"]];
    let mut why = String::new();
    for way in ways {
        let tried = Command::new(way[0])
            .args(&way[1..])
            .args(["sh", "-c", "mount -t tmpfs -o size=4k tmpfs /mnt && mount -o remount,size=8k /mnt"])
            .output();
        match tried {
            Ok(output) if output.status.success() => return Ok(way),
            Ok(output) => why = text(&output.stderr).lines().next().unwrap_or("no reason given").to_owned(),
            Err(error) => why = format!("{}: {error}", way[0]),
        }
    }
    Err(why)
}

/// A shell script in a place, with the words that lead to it.
fn shell(place: &Place, way: &[&str], script: &str, arguments: &[&str]) -> Output {
    let words: Vec<&str> = way.iter().copied().chain(["sh", "-c", script, "sh"]).collect();
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .args(arguments)
        .current_dir(place.dir.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("MIGRATE", env!("CARGO_BIN_EXE_migrate"))
        .envs([("NO_COLOR", "1"), ("COLUMNS", "400"), ("AWS_EC2_METADATA_DISABLED", "true")])
        .env("AWS_ENDPOINT_URL", &place.endpoint)
        .envs([("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "example")])
        .env("AWS_REGION", "us-east-1")
        .stdin(Stdio::null());
    command.output().expect("the shell runs")
}

fn file(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.dir.path().join(name)).unwrap_or_default()
}

/// What was said of the failures, and that each of them says what is full, what is safe and what to do next.
fn failures(place: &Place, verb: &str, why: &str, mended: &str) -> (usize, usize) {
    let codes = file(place, "codes");
    let codes: Vec<&str> = codes.lines().collect();
    let (mut early, mut midway) = (0, 0);
    for (n, code) in codes[..codes.len() - 1].iter().enumerate() {
        let said = file(place, &format!("full.{n}.err"));
        assert!(said.contains(why) && said.contains(mended), "{verb} {n} ended with {code}: {said}");
        assert!(
            !place.dir.path().join(format!("unsound.{n}")).exists(),
            "{verb} {n}: {}",
            file(place, &format!("unsound.{n}"))
        );
        match *code {
            "4" => {
                assert!(said.contains("M4102"), "{said}");
                early += 1;
            }
            "1" => {
                assert!(said.contains("M4108") && said.contains("nothing was called after that"), "{said}");
                assert!(said.contains(&format!("`migrate {verb} plan.yaml")), "no next command: {said}");
                midway += 1;
            }
            _ => panic!("{verb} {n} ended with {code}: {said}"),
        }
    }
    std::fs::remove_file(place.dir.path().join("codes")).expect("the codes");
    (early, midway)
}

/// After `up`: nothing open, everything there once, nothing changed.
fn settled(place: &Place, ledger: &str) {
    let status = place.run(&["status", "plan.yaml", "--json", "--ledger", ledger]);
    let status: Json = serde_json::from_slice(&status.stdout).expect("JSON");
    assert_eq!(status["open_intents"], json!([]));
    assert_eq!(status["resources"].as_array().map(Vec::len), Some(19));
    for look in [["plan", "--detailed-exitcode"], ["refresh", "--detailed-exitcode"], ["ledger", "verify"]] {
        let output = place.run(&[look[0], look[1], "plan.yaml", "--ledger", ledger]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{look:?}: {}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
    }
}

fn empty(place: Place) {
    let left = place.left();
    assert_eq!(left["objects"], json!({}), "{left:#}");
}

/// The disk fills up at many points of `up` and of `destroy`; whenever there is a little more room the same command
/// goes on, and in the end nothing is missing, nothing is left and nothing exists twice.
#[test]
fn a_disk_that_fills_up_again_and_again_loses_nothing() {
    let way = match namespace() {
        Ok(way) => way,
        Err(why) => {
            report(&format!("SKIPPED: full disks, for want of a mount namespace: {why}"));
            return;
        }
    };
    let place = Place::new(QUICK, 600);
    let mut counts = Vec::new();
    for verb in ["up", "destroy"] {
        let ran = shell(&place, way, GROW, &[verb, "8"]);
        assert_eq!(ran.status.code(), Some(0), "{}{}", text(&ran.stderr), file(&place, "said.err"));
        let (early, midway) =
            failures(&place, verb, "No space left on device", "ree space on the file system of");
        assert!(midway > 0, "{verb} never met a full disk in mid run");
        counts.push(format!("{early} before and {midway} in the middle of {verb}"));
        if verb == "up" {
            settled(&place, "kept/ledger");
        }
    }
    report(&format!("full disks survived: {}", counts.join(", ")));
    empty(place);
}

/// A file system that became read-only: told before anything is called, and what only reads still works.
#[test]
fn a_read_only_file_system_is_told_and_nothing_is_called() {
    let way = match namespace() {
        Ok(way) => way,
        Err(why) => {
            report(&format!("SKIPPED: a read-only file system, for want of a mount namespace: {why}"));
            return;
        }
    };
    let place = Place::new("Resources:\n  Topic: {Type: 'AWS::SNS::Topic'}\n", 600);
    let script = r#"
mkdir disk && mount -t tmpfs -o size=1m tmpfs disk || exit 91
"$MIGRATE" up plan.yaml --yes --ledger disk/ledger || exit 92
mount -o remount,ro disk || exit 93
for verb in up destroy; do
  "$MIGRATE" "$verb" plan.yaml --yes --allow-data-loss all --ledger disk/ledger >"$verb.out" 2>"$verb.err"; echo $? >>codes
done
"$MIGRATE" status plan.yaml --ledger disk/ledger >status.out || exit 94
mount -o remount,rw disk || exit 95
"$MIGRATE" destroy plan.yaml --yes --allow-data-loss all --ledger disk/ledger || exit 96
"#;
    let ran = shell(&place, way, script, &[]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    assert_eq!(file(&place, "codes"), "4\n4\n");
    for verb in ["up", "destroy"] {
        let said = file(&place, &format!("{verb}.err"));
        assert!(said.contains("M4102") && said.contains("Read-only file system"), "{said}");
        assert!(said.contains("make the file system of disk/ledger writable"), "{said}");
    }
    assert!(file(&place, "status.out").contains("Topic"), "{}", file(&place, "status.out"));
    report("read-only file system: up and destroy refused, status works");
    empty(place);
}

/// `ulimit -f`: writes fail with an error instead of the process being killed, and the same command goes on.
#[test]
fn a_limit_on_the_size_of_files_loses_nothing() {
    let place = Place::new(QUICK, 600);
    let script = r#"
verb=$1; n=0; size=1
while :; do
  # What is said goes through a pipe: the limit is for all files that the process writes.
  { (ulimit -f "$size"; exec "$MIGRATE" "$verb" plan.yaml --yes --allow-data-loss all --ledger ledger) 2>&1 >/dev/null; echo $? >code; } | cat >said.err
  read -r code <code
  echo "$code" >>codes
  [ "$code" -eq 0 ] && break
  cp said.err "full.$n.err"; n=$((n + 1)); [ "$n" -lt 300 ] || exit 92
  size=$((size + 24))
done
"#;
    let mut counts = Vec::new();
    for verb in ["up", "destroy"] {
        let ran = shell(&place, &[], script, &[verb]);
        assert_eq!(ran.status.code(), Some(0), "{}{}", text(&ran.stderr), file(&place, "said.err"));
        let (early, midway) = failures(&place, verb, "File too large", "aise the limit on the size of files");
        assert!(early + midway > 0, "{verb} never met the limit");
        counts.push(format!("{early} before and {midway} in the middle of {verb}"));
        if verb == "up" {
            settled(&place, "ledger");
        }
    }
    report(&format!("limits on the size of files survived: {}", counts.join(", ")));
    empty(place);
}

/// A folder whose permissions are missing. Root may write anywhere, unless it gives that up in a user namespace.
#[test]
fn a_folder_without_permission_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new("Resources:\n  Topic: {Type: 'AWS::SNS::Topic'}\n", 600);
    let folder = place.dir.path().join("closed");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).expect("its permissions");
    let ways: [&[&str]; 2] = [&[], &["unshare", "--user"]];
    // A way that cannot even list the folder proves nothing.
    let probe = "ls closed || exit 0; touch closed/$$ 2>/dev/null";
    let Some(way) = ways.into_iter().find(|way| shell(&place, way, probe, &[]).status.code() == Some(1))
    else {
        report("SKIPPED: a folder without permission, as root may write anywhere");
        return;
    };
    let output = shell(&place, way, r#""$MIGRATE" up plan.yaml --yes --ledger closed/ledger"#, &[]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert!(
        said.contains("M4102") && said.contains("Permission denied") && said.contains("writable"),
        "{said}"
    );
    report("folder without permission: up refused");
    empty(place);
}
