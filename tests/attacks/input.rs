//! Plans that should not be trusted.

use std::os::unix::fs::symlink;

use super::{bounded, fifo, plant, refused};

/// YAML aliases that double: nine levels of nine make four hundred million.
fn alias_bomb() -> String {
    let mut text = String::from("Metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("  a{level}: &a{level} [{aliases}]\n"));
    }
    text + "Resources:\n  T: {Type: 'AWS::SNS::Topic'}\n"
}

/// The same by scalars: a megabyte that is referred to thousands of times.
fn large_alias() -> String {
    let list = vec!["*big"; 4_000].join(", ");
    format!(
        "Metadata:\n  big: &big '{}'\n  all: [{list}]\nResources:\n  T: {{Type: 'AWS::SNS::Topic'}}\n",
        "x".repeat(1 << 20)
    )
}

/// Aliases as keys of merges, each merged twice.
fn merges() -> String {
    let mut text = String::from("Metadata:\n  m0: &m0 {a: 1}\n");
    for level in 1..60 {
        text.push_str(&format!("  m{level}: &m{level} {{l: *m{0}, r: *m{0}}}\n", level - 1));
    }
    text + "Resources:\n  T: {Type: 'AWS::SNS::Topic'}\n"
}

/// `Fn::Sub` in the variables of `Fn::Sub`, each used many times.
fn nested_subs(depth: usize) -> String {
    let mut value = "'x'".to_owned();
    for _ in 0..depth {
        value = format!("{{'Fn::Sub': ['${{v}}${{v}}${{v}}${{v}}', {{v: {value}}}]}}");
    }
    format!("Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties: {{DisplayName: {value}}}\n")
}

fn nested_joins(depth: usize) -> String {
    let mut value = "'x'".to_owned();
    for _ in 0..depth {
        value = format!("{{'Fn::Join': ['', [{value}, 'y']]}}");
    }
    format!("Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties: {{DisplayName: {value}}}\n")
}

fn loops() -> String {
    let list: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let list = list.join(", ");
    let inner = "${A}${B}${C}${D}";
    format!(
        "Transform: AWS::LanguageExtensions\nResources:\n  'Fn::ForEach::One':\n    - A\n    - [{list}]\n    - 'Fn::ForEach::Two':\n        - B\n        - [{list}]\n        - 'Fn::ForEach::Three':\n            - C\n            - [{list}]\n            - 'Fn::ForEach::Four':\n                - D\n                - [{list}]\n                - 'T{inner}': {{Type: 'AWS::SNS::Topic'}}\n"
    )
}

#[test]
fn bombs_are_refused_in_bounded_time_and_memory() {
    let dir = tempfile::tempdir().expect("a folder");
    let deep_list = format!("Metadata: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let deep_map = format!("Metadata: {}1{}\n", "{a: ".repeat(50_000), "}".repeat(50_000));
    let deep_json = format!("{{\"Metadata\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for (name, bomb) in [
        ("aliases.yaml", alias_bomb()),
        ("large.yaml", large_alias()),
        ("merges.yaml", merges()),
        ("subs.yaml", nested_subs(40)),
        ("joins.yaml", nested_joins(5_000)),
        ("loops.yaml", loops()),
        ("list.yaml", deep_list),
        ("map.yaml", deep_map),
        ("list.json", deep_json),
        ("anchor.yaml", "Resources: &r {T: *r}\n".to_owned()),
        ("empty.yaml", String::new()),
        ("nul.yaml", "Resources: {\"T\\0\": {Type: 'AWS::SNS::Topic'}}\n".to_owned()),
    ] {
        plant(&dir.path().join(name), bomb.as_bytes());
        for verb in [&["validate", name, "--region", "us-east-1"][..], &["plan", name, "--sandbox"]] {
            refused(&bounded(dir.path(), verb), name);
        }
    }
}

#[test]
fn what_is_no_regular_file_is_no_input() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    fifo(&at("pipe.yaml"));
    plant(&at("plan.yaml"), b"Resources: {T: {Type: 'AWS::SNS::Topic'}}\n");
    plant(&at("folder/migration.yaml"), b"name: m\nstacks: [{name: s, template: pipe.yaml}]\n");
    fifo(&at("folder/pipe.yaml"));
    plant(&at("zero/migration.yaml"), b"name: m\nstacks: [{name: s, template: zero.yaml}]\n");
    symlink("/dev/zero", at("zero/zero.yaml")).expect("a link");
    for plan in ["pipe.yaml", "/dev/zero", "/dev/stdin", "folder", "zero", "/proc/self/mem", "/"] {
        refused(&bounded(dir.path(), &["validate", plan, "--region", "us-east-1"]), plan);
    }
    for option in ["--faults", "--change-set"] {
        for file in ["pipe.yaml", "/dev/zero", "/proc/self/mem"] {
            let said = bounded(dir.path(), &["up", "plan.yaml", "--sandbox", "--yes", option, file]);
            refused(&said, &format!("{option} {file}"));
        }
    }
    let said = bounded(dir.path(), &["validate", "plan.yaml", "--log-file", "pipe.yaml"]);
    refused(&said, "a log into a FIFO");
}

#[test]
fn a_plan_reads_nothing_outside_its_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    plant(&at("private.yaml"), b"Secret: xyzzy-private\n");
    for (name, template) in [
        ("up", "../private.yaml".to_owned()),
        ("whole", at("private.yaml").display().to_string()),
        ("back", "sub/../../private.yaml".to_owned()),
        ("link", "link.yaml".to_owned()),
        ("linked-folder", "out/private.yaml".to_owned()),
    ] {
        let folder = at(name);
        plant(
            &folder.join("migration.yaml"),
            format!("name: m\nstacks: [{{name: s, template: '{template}'}}]\n").as_bytes(),
        );
        std::fs::create_dir_all(folder.join("sub")).expect("a folder");
        symlink(at("private.yaml"), folder.join("link.yaml")).expect("a link");
        symlink(dir.path(), folder.join("out")).expect("a link");
        let said = refused(&bounded(dir.path(), &["validate", name, "--region", "us-east-1"]), name);
        assert!(said.contains("M1019") && !said.contains("xyzzy"), "{name}: {said}");
    }
    // The manifest itself, where the user named the folder only.
    for (name, manifest) in [("own", "migration.yaml"), ("app", "manifest.json")] {
        plant(&at(name).join("cdk.out"), b"{\"version\": \"38.0.0\"}");
        symlink(at("private.yaml"), at(name).join(manifest)).expect("a link");
        for verb in ["validate", "status", "destroy"] {
            let said = refused(&bounded(dir.path(), &[verb, name, "--region", "us-east-1"]), name);
            assert!(!said.contains("xyzzy"), "{name}: {verb}: {said}");
        }
    }
}

fn assembly(folder: &std::path::Path, manifest: &str, assets: &str) {
    plant(&folder.join("cdk.out"), b"{\"version\": \"38.0.0\"}");
    plant(&folder.join("manifest.json"), manifest.as_bytes());
    plant(&folder.join("S.assets.json"), assets.as_bytes());
    plant(
        &folder.join("S.json"),
        br#"{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}},
            "F": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["R", "Arn"]}, "Handler": "i.h",
            "Runtime": "nodejs20.x", "Code": {"S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"},
            "S3Key": "abc.zip"}}}}}"#,
    );
}

const MANIFEST: &str = r#"{"version": "38.0.0", "artifacts": {
    "S.assets": {"type": "cdk:asset-manifest", "properties": {"file": "S.assets.json"}},
    "S": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "S.json"}, "dependencies": ["S.assets"]}}}"#;

fn assets(path: &str) -> String {
    format!(
        r#"{{"version": "38.0.0", "files": {{"abc": {{"source": {{"path": "{path}", "packaging": "zip"}},
            "destinations": {{"d": {{"bucketName": "cdk-hnb659fds-assets-${{AWS::AccountId}}-${{AWS::Region}}",
            "objectKey": "abc.zip"}}}}}}}}}}"#
    )
}

#[test]
fn assets_ship_nothing_from_outside_the_assembly() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    plant(&at("private/key"), b"xyzzy-private");
    for (name, path) in [
        ("up", "../../private".to_owned()),
        ("whole", at("private").display().to_string()),
        ("link", "asset.link".to_owned()),
        ("inside", "asset.inside".to_owned()),
        ("pipe", "asset.pipe".to_owned()),
    ] {
        let out = at(name).join("cdk.out");
        assembly(&out, MANIFEST, &assets(&path));
        symlink(at("private"), out.join("asset.link")).expect("a link");
        plant(&out.join("asset.inside/index.js"), b"exports.h = 1");
        symlink(at("private/key"), out.join("asset.inside/key")).expect("a link");
        plant(&out.join("asset.pipe/index.js"), b"exports.h = 1");
        fifo(&out.join("asset.pipe/pipe"));
        let plan = format!("{name}/cdk.out");
        let said = refused(&bounded(dir.path(), &["up", &plan, "--sandbox", "--yes"]), name);
        assert!(!said.contains("xyzzy"), "{name}: {said}");
    }
}

#[test]
fn an_assembly_inside_itself_ends() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("cdk.out");
    let manifest = r#"{"version": "38.0.0", "artifacts": {
        "assembly-S": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "again"}}}}"#;
    assembly(&out, manifest, "{\"version\": \"38.0.0\"}");
    symlink(".", out.join("again")).expect("a link");
    refused(&bounded(dir.path(), &["validate", "cdk.out", "--region", "us-east-1"]), "a link to itself");
    std::fs::remove_file(out.join("again")).expect("it goes");
    // And many levels that are really there.
    let mut folder = out.clone();
    for _ in 0..200 {
        folder = folder.join("again");
        if folder.as_os_str().len() > 3_500 {
            break;
        }
        plant(&folder.join("cdk.out"), b"{\"version\": \"38.0.0\"}");
        plant(&folder.join("manifest.json"), manifest.as_bytes());
    }
    refused(&bounded(dir.path(), &["validate", "cdk.out", "--region", "us-east-1"]), "many levels");
}

#[test]
fn what_a_terminal_would_obey_is_not_printed() {
    let dir = tempfile::tempdir().expect("a folder");
    let evil = "\\e]0;owned\\a\\x9b31m\\u202e";
    plant(
        &dir.path().join("plan.yaml"),
        format!(
            "Description: \"{evil}\"\nParameters:\n  P: {{Type: String, Default: \"{evil}\", AllowedValues: [a]}}\nResources:\n  \
             T: {{Type: \"AWS::SNS::Topic{evil}\"}}\nOutputs:\n  O: {{Value: \"{evil}\", Description: \"{evil}\"}}\n"
        )
        .as_bytes(),
    );
    plant(
        &dir.path().join("fine.yaml"),
        format!(
            "Resources:\n  T: {{Type: 'AWS::SNS::Topic', Properties: {{DisplayName: \"x{evil}\"}}}}\nOutputs:\n  O: {{Value: \"{evil}\"}}\n"
        )
        .as_bytes(),
    );
    plant(
        &dir.path().join("faults.json"),
        br#"[{"match": {"operation": "CreateTopic", "nth": 1}, "action": {"error": {"code": "InvalidParameter", "status": 400,
            "message": "\u001b]0;owned\u0007 \u009b31m \u202e"}}}]"#,
    );
    for args in [
        &["validate", "plan.yaml", "--region", "us-east-1"][..],
        &["plan", "fine.yaml", "--sandbox"],
        &["up", "fine.yaml", "--sandbox", "--yes", "--faults", "faults.json"],
        &["up", "fine.yaml", "--sandbox", "--yes", "-vv"],
        &["outputs", "fine.yaml", "--sandbox"],
        &["status", "fine.yaml", "--sandbox"],
        &["refresh", "fine.yaml", "--sandbox"],
        &["destroy", "fine.yaml", "--sandbox", "--yes"],
    ] {
        let output = bounded(dir.path(), args);
        for stream in [&output.stdout, &output.stderr] {
            let said = String::from_utf8_lossy(stream);
            let obeyed = said.chars().find(|ch| {
                (ch.is_control() && !matches!(ch, '\n' | '\t'))
                    || ('\u{202a}'..='\u{202e}').contains(ch)
                    || ('\u{2066}'..='\u{2069}').contains(ch)
            });
            assert_eq!(obeyed, None, "{args:?}: {said:?}");
        }
    }
}
