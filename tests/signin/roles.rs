//! Roles: assumed, refused, with MFA, with a web identity; the sandbox is STS.

use std::{path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};

use super::{Home, KEYS, terminal::Terminal};
use crate::{process::Place, support::write};

const TEMPLATE: &str = "
Resources:
  Admin:
    Type: AWS::IAM::Role
    Properties:
      RoleName: admin
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}, Action: 'sts:AssumeRole', Condition: {Bool: {'aws:MultiFactorAuthPresent': 'true'}}}]}
  Plain:
    Type: AWS::IAM::Role
    Properties:
      RoleName: plain
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}, Action: 'sts:AssumeRole'}]}
  Next:
    Type: AWS::IAM::Role
    Properties:
      RoleName: next
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {AWS: !GetAtt Plain.Arn}, Action: 'sts:AssumeRole'}]}
  Ci:
    Type: AWS::IAM::Role
    Properties:
      RoleName: ci
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {Federated: !Sub 'arn:aws:iam::${AWS::AccountId}:oidc-provider/token.example.com'}, Action: 'sts:AssumeRoleWithWebIdentity', Condition: {StringLike: {'token.example.com:sub': 'repo:acme/*'}}}]}
";

const CONFIG: &str = "
[default]
region = eu-west-1
[profile base]
region = eu-west-1
[profile admin]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/ann
region = eu-west-1
[profile nomfa]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = base
region = eu-west-1
[profile next]
role_arn = arn:aws:iam::123456789012:role/next
source_profile = plain
role_session_name = ann
region = eu-west-1
[profile plain]
role_arn = arn:aws:iam::123456789012:role/plain
source_profile = base
[profile loop]
role_arn = arn:aws:iam::123456789012:role/plain
source_profile = loop2
[profile loop2]
role_arn = arn:aws:iam::123456789012:role/plain
source_profile = loop
[profile dangling]
role_arn = arn:aws:iam::123456789012:role/plain
source_profile = bsae
[profile sourceless]
role_arn = arn:aws:iam::123456789012:role/plain
";
const CREDENTIALS: &str = "
[base]
aws_access_key_id = AKIABASE000000000000
aws_secret_access_key = example
";

/// A served sandbox with these roles, usable.
fn place() -> Place {
    let place = Place::new(TEMPLATE, 60);
    let up = place.run(&["up", "plan.yaml", "--yes"]);
    assert_eq!(up.status.code(), Some(0), "{}", String::from_utf8_lossy(&up.stderr));
    // Roles propagate for some ten seconds; the sandbox's pass sixty times as fast.
    pass(Duration::from_millis(500));
    place
}

#[expect(clippy::disallowed_methods, reason = "real processes live in real time")]
pub fn pass(time: Duration) {
    std::thread::sleep(time);
}

fn sessions(home: &Path) -> Vec<Json> {
    let entries = std::fs::read_dir(home.join(".aws/cli/cache")).into_iter().flatten().flatten();
    entries
        .map(|entry| serde_json::from_slice(&std::fs::read(entry.path()).expect("a session")).expect("JSON"))
        .collect()
}

#[test]
fn a_role_with_mfa_asks_once_and_keeps_the_session_where_the_aws_cli_does() {
    let place = place();
    let home = Home::new(CONFIG, CREDENTIALS);
    let env = [("AWS_ENDPOINT_URL", place.endpoint.as_str())];
    home.run(&["whoami", "--profile", "admin"], &env).refused(
        "M6001",
        &["MFA device arn:aws:iam::123456789012:mfa/ann", "migrate whoami --profile admin", "terminal"],
    );
    home.run(&["whoami", "--profile", "nomfa"], &env)
        .refused("M6002", &["role/admin", "AccessDenied", "user/sandbox", "mfa_serial"]);

    let mut session = Terminal::run(&home, &["whoami", "--profile", "admin"], &env);
    session.expect("MFA code for arn:aws:iam::123456789012:mfa/ann:");
    session.answer("123456");
    session.expect("assumed-role/admin/");
    session.end();

    let kept = sessions(home.path());
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(
        kept[0]["Credentials"]["Expiration"].as_str().is_some_and(|until| until.ends_with("UTC")),
        "{kept:?}"
    );
    let mode = std::fs::read_dir(home.path().join(".aws/cli/cache")).expect("the cache").flatten().next();
    let mode = mode.expect("a file").metadata().expect("its mode");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);

    // Neither the next command asks, nor the AWS CLI, where there is one.
    let told = home.run(&["whoami", "--json", "--profile", "admin"], &env).json();
    assert!(
        told["identity"]["arn"].as_str().is_some_and(|arn| arn.contains("assumed-role/admin/")),
        "{told}"
    );
    assert_eq!(told["credentials"]["source"], "profile admin (role arn:aws:iam::123456789012:role/admin)");
}

#[test]
fn an_empty_answer_signs_nobody_in() {
    let place = place();
    let home = Home::new(CONFIG, CREDENTIALS);
    let env = [("AWS_ENDPOINT_URL", place.endpoint.as_str())];
    let mut session = Terminal::run(&home, &["whoami", "--profile", "admin"], &env);
    session.expect("MFA code for");
    session.answer("");
    session.expect("M6001");
    session.end();
    assert!(sessions(home.path()).is_empty());
}

#[test]
fn a_session_that_the_aws_cli_keeps_is_used() {
    let place = place();
    let home = Home::new(CONFIG, CREDENTIALS);
    let env = [("AWS_ENDPOINT_URL", place.endpoint.as_str())];
    let folder = home.path().join(".aws/cli/cache");
    std::fs::create_dir_all(&folder).expect("a folder");
    // botocore's name for these arguments: sha1(json.dumps({"RoleArn": …, "SerialNumber": …}, sort_keys=True)).
    let name = {
        use sha1::Digest as _;
        let arguments = r#"{"RoleArn": "arn:aws:iam::123456789012:role/admin", "SerialNumber": "arn:aws:iam::123456789012:mfa/ann"}"#;
        hex::encode(sha1::Sha1::digest(arguments))
    };
    let session = json!({
        "Credentials": {"AccessKeyId": "ASIACACHED0000000000", "SecretAccessKey": "s", "SessionToken": "t",
                        "Expiration": "2099-01-01T00:00:00UTC"},
        "AssumedRoleUser": {"AssumedRoleId": "AROA:x", "Arn": "arn:aws:sts::123456789012:assumed-role/admin/x"},
        "ResponseMetadata": {"RequestId": "1"},
    });
    write(&folder.join(format!("{name}.json")), &session.to_string());
    let told = home.run(&["whoami", "--json", "--profile", "admin"], &env).json();
    assert_eq!(told["credentials"]["expires"], "2099-01-01T00:00:00Z");
    assert_eq!(told["credentials"]["access_key_id"], "****************0000");
    // One that ends in a moment is not.
    write(&folder.join(format!("{name}.json")), &session.to_string().replace("2099", "2020"));
    home.run(&["whoami", "--profile", "admin"], &env).refused("M6001", &["MFA"]);
}

#[test]
fn roles_are_chained_and_what_stands_wrong_in_profiles_is_named() {
    let place = place();
    let home = Home::new(CONFIG, CREDENTIALS);
    let env = [("AWS_ENDPOINT_URL", place.endpoint.as_str())];
    let told = home.run(&["whoami", "--json", "--profile", "next"], &env).json();
    assert_eq!(told["identity"]["arn"], "arn:aws:sts::123456789012:assumed-role/next/ann");
    assert!(told["credentials"]["expires"].is_string());
    home.run(&["whoami", "--profile", "loop"], &env).refused("M6007", &["loop", "back to itself"]);
    home.run(&["whoami", "--profile", "dangling"], &env).refused("M6007", &["bsae", "did you mean", "base"]);
    home.run(&["whoami", "--profile", "sourceless"], &env)
        .refused("M6007", &["source_profile", "credential_source"]);
}

/// An ID token of the test's provider.
pub fn token(subject: &str, until: i64) -> String {
    let claims =
        json!({"iss": "https://token.example.com", "sub": subject, "aud": "sts.amazonaws.com", "exp": until});
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

#[test]
fn a_web_identity_gets_its_role_from_the_served_sandbox() {
    let place = place();
    let home = Home::new("", "");
    let file = home.path().join("token");
    write(&file, &token("repo:acme/shop", 4_000_000_000));
    let env = [
        ("AWS_ENDPOINT_URL", place.endpoint.as_str()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().expect("a path")),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci"),
        ("AWS_ROLE_SESSION_NAME", "build-7"),
        ("AWS_REGION", "us-east-1"),
    ];
    let told = home.run(&["whoami", "--json"], &env).json();
    assert_eq!(told["identity"]["arn"], "arn:aws:sts::123456789012:assumed-role/ci/build-7");
    write(&home.path().join("one.yaml"), "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}");
    let up = home.run(&["up", "one.yaml", "--yes"], &env);
    assert_eq!(up.0.status.code(), Some(0), "{}", up.err());
    // The caller is in the history.
    let history = home.run(&["ledger", "history", "one.yaml", "--json"], &env);
    assert!(history.out().contains("assumed-role/ci/build-7"), "{}", history.out());

    write(&file, &token("repo:other/shop", 4_000_000_000));
    home.run(&["whoami"], &env).refused("M6002", &["role/ci", "AssumeRoleWithWebIdentity", "trust policy"]);
    write(&file, &token("repo:acme/shop", 1));
    home.run(&["whoami"], &env).refused("M6002", &["ExpiredTokenException", "token"]);
    std::fs::remove_file(&file).expect("the token goes");
    home.run(&["whoami"], &env).refused("M6001", &["web identity token", "AWS_WEB_IDENTITY_TOKEN_FILE"]);
    home.run(&["whoami"], &[env[0], env[1], env[4]]).refused("M6001", &["AWS_ROLE_ARN"]);
}

#[test]
fn an_explicit_deny_is_said_in_the_words_of_aws() {
    let words = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sts:GetCallerIdentity with an \
                 explicit deny in a service control policy";
    let server = super::servers::Fixed::always(
        "403 Forbidden",
        "Content-Type: text/xml\r\nx-amzn-requestid: 11111111-2222-4333-8444-555555555555\r\n",
        &super::servers::refusal("AccessDenied", words),
    );
    let url = server.url();
    let mut env = KEYS.to_vec();
    env.extend([("AWS_ENDPOINT_URL", url.as_str()), ("AWS_REGION", "us-east-1")]);
    Home::new("", "").run(&["whoami"], &env).refused(
        "M6002",
        &[
            "explicit deny in a service control policy",
            "11111111-2222-4333-8444-555555555555",
            "organization",
        ],
    );
}
