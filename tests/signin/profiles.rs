//! Profiles: which one, its region, its session.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::{
    Home, KEYS,
    servers::{Fixed, answer},
};
use crate::{process::Place, support::write};

const CONFIG: &str = "
[profile prod]
region = eu-central-1
[profile staging]
region = eu-west-3
[profile corp]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Admin
region = eu-west-1
[profile old]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = Admin
region = eu-west-1
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.awsapps.com/start
[profile console]
login_session = arn:aws:iam::123456789012:user/ann
region = eu-west-1
[wrong]
region = eu-west-1
";
const CREDENTIALS: &str = "
[prod]
aws_access_key_id = AKIAPROD000000000000
aws_secret_access_key = example
[staging]
aws_access_key_id = AKIASTAGING000000000
aws_secret_access_key = example
";

const TEMPLATE: &str = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}";

#[test]
fn the_flag_wins_over_keys_of_the_environment_and_variables_do_not() {
    let place = Place::new(TEMPLATE, 1);
    let home = Home::new(CONFIG, CREDENTIALS);
    let endpoint = ("AWS_ENDPOINT_URL", place.endpoint.as_str());
    let mut env = KEYS.to_vec();
    env.extend([endpoint, ("AWS_PROFILE", "staging"), ("AWS_REGION", "us-east-1")]);
    let key = |args: &[&str], env: &[(&str, &str)]| {
        let told = home.run(args, env).json();
        (told["credentials"]["access_key_id"].clone(), told["credentials"]["source"].clone())
    };
    let (id, source) = key(&["whoami", "--json", "--profile", "prod"], &env);
    assert_eq!(id, "****************0000");
    assert!(source.as_str().is_some_and(|source| source.starts_with("profile prod (keys of ")), "{source}");
    // As in the AWS CLI, keys in the environment win over AWS_PROFILE.
    assert_eq!(key(&["whoami", "--json"], &env).0, "****************MPLE");
    for name in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
        let env = [endpoint, (name, "staging")];
        assert!(key(&["whoami", "--json"], &env).1.as_str().is_some_and(|s| s.contains("staging")), "{name}");
    }
}

#[test]
fn regions_come_in_order_and_say_where_from() {
    let place = Place::new(TEMPLATE, 1);
    let home = Home::new(CONFIG, CREDENTIALS);
    write(&home.path().join("one.yaml"), TEMPLATE);
    std::fs::create_dir(home.path().join("plan")).expect("a folder");
    write(&home.path().join("plan/one.yaml"), TEMPLATE);
    write(
        &home.path().join("plan/migration.yaml"),
        "name: shop\nregion: ca-central-1\nstacks: [{name: one, template: one.yaml}]\n",
    );
    let all = [("AWS_REGION", "us-west-1"), ("AWS_DEFAULT_REGION", "us-west-2")];
    let rest = [("AWS_ENDPOINT_URL", place.endpoint.as_str()), ("AWS_PROFILE", "prod")];
    for (plan, flag, variables, region, source) in [
        ("plan", Some("sa-east-1"), 2, "sa-east-1", "--region"),
        ("plan", None, 2, "ca-central-1", "the plan"),
        ("one.yaml", None, 2, "us-west-1", "AWS_REGION"),
        ("one.yaml", None, 1, "us-west-2", "AWS_DEFAULT_REGION"),
        ("one.yaml", None, 0, "eu-central-1", "profile prod"),
    ] {
        let env: Vec<_> = rest.iter().chain(&all[2 - variables..]).copied().collect();
        let mut args = vec!["plan", plan];
        args.extend(flag.into_iter().flat_map(|region| ["--region", region]));
        let said = home.run(&args, &env);
        assert_eq!(said.0.status.code(), Some(0), "{}", said.err());
        let header = format!(
            "AWS account 123456789012, region {region} ({source}), as arn:aws:iam::123456789012:user/sandbox (profile \
             prod (keys of"
        );
        assert!(said.err().contains(&header), "{header}: {}", said.err());
        if flag.is_none() && plan == "one.yaml" {
            let told = home.run(&["whoami", "--json"], &env).json();
            assert_eq!(told["region"], serde_json::json!({"value": region, "source": source}));
        }
    }
    // --profile's own region, without any variable.
    let said = home.run(&["plan", "one.yaml", "--profile", "staging"], &rest[..1]);
    assert!(said.err().contains("region eu-west-3 (profile staging)"), "{}", said.err());
}

#[test]
fn a_profile_that_is_not_there_is_named_with_those_that_are() {
    let home = Home::new(CONFIG, CREDENTIALS);
    let mut env = KEYS.to_vec();
    env.push(("AWS_REGION", "us-east-1"));
    home.run(&["whoami", "--profile", "prdo"], &env)
        .refused("M6007", &["no profile `prdo`", ".aws/config", "did you mean `--profile prod`?", "staging"]);
    env.push(("AWS_PROFILE", "nosuch"));
    home.run(&["whoami"], &env)
        .refused("M6007", &["`nosuch` (AWS_PROFILE)", "console, corp, old, prod, staging"]);
    home.run(&["whoami", "--profile", "wrong"], &env).refused("M6007", &["[profile wrong]"]);
}

#[test]
fn who_is_not_signed_in_is_told_how_to() {
    let home = Home::new(CONFIG, CREDENTIALS);
    let nobody = [("AWS_REGION", "us-east-1")];
    home.run(&["whoami"], &nobody).refused("M6001", &["not signed in", "no credentials", "aws login"]);
    for profile in ["corp", "old"] {
        let sign_in = format!("aws sso login --profile {profile}");
        home.run(&["whoami", "--profile", profile], &nobody).refused("M6001", &["not signed in", &sign_in]);
    }
    home.run(&["whoami"], &[("AWS_PROFILE", "corp")]).refused("M6001", &["aws sso login --profile corp"]);
    home.run(&["whoami", "--profile", "console"], &nobody)
        .refused("M6001", &["not signed in", "aws login --profile console"]);
    home.run(&["whoami"], &[("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), nobody[0]])
        .refused("M6001", &["AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"]);
}

/// The token that `aws sso login` keeps, with its end.
pub fn sso_token(home: &Home, token: &str, until: &str) {
    let folder = home.path().join(".aws/sso/cache");
    std::fs::create_dir_all(&folder).expect("a folder");
    // SHA-1 of the session's name or of the start URL: the names that the AWS CLI gives.
    for name in [sha1("corp"), sha1("https://corp.awsapps.com/start")] {
        let text = format!(
            r#"{{"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": "{token}", "expiresAt": "{until}"}}"#
        );
        write(&folder.join(format!("{name}.json")), &text);
    }
}

fn sha1(text: &str) -> String {
    use sha1::Digest as _;
    hex::encode(sha1::Sha1::digest(text))
}

#[test]
fn an_sso_session_serves_until_it_ends() {
    let place = Place::new(TEMPLATE, 1);
    let home = Home::new(CONFIG, CREDENTIALS);
    let portal = Fixed::new(|head, _| {
        if head.contains("role_name=Admin") {
            let keys = r#"{"roleCredentials": {"accessKeyId": "ASIASSO0000000000000", "secretAccessKey": "s",
                "sessionToken": "t", "expiration": 4070908800000}}"#;
            answer("200 OK", "Content-Type: application/json\r\n", keys)
        } else {
            answer("403 Forbidden", "x-amzn-errortype: ForbiddenException\r\n", r#"{"message": "No access"}"#)
        }
    });
    let url = portal.url();
    let env = [("AWS_ENDPOINT_URL_SSO", url.as_str()), ("AWS_ENDPOINT_URL", &place.endpoint)];
    sso_token(&home, "t", "2020-01-01T00:00:00Z");
    home.run(&["whoami", "--profile", "corp"], &env)
        .refused("M6001", &["not signed in", "aws sso login --profile corp"]);
    sso_token(&home, "t", "2099-01-01T00:00:00Z");
    let told = home.run(&["whoami", "--json", "--profile", "corp"], &env).json();
    assert_eq!(told["credentials"]["source"], "profile corp (SSO session corp)");
    assert_eq!(told["credentials"]["expires"], "2099-01-01T00:00:00Z");
    // Somebody ended the session elsewhere; then a role that is not the user's.
    let ended = Fixed::always(
        "401 Unauthorized",
        "x-amzn-errortype: UnauthorizedException\r\n",
        r#"{"message": "Session token not found or invalid"}"#,
    );
    let ended = ended.url();
    let gone = [("AWS_ENDPOINT_URL_SSO", ended.as_str()), ("AWS_ENDPOINT_URL", &place.endpoint)];
    home.run(&["whoami", "--profile", "corp"], &gone).refused("M6001", &["aws sso login --profile corp"]);
    write(
        &home.path().join(".aws/config"),
        &CONFIG.replace("sso_role_name = Admin", "sso_role_name = Owner"),
    );
    home.run(&["whoami", "--profile", "corp"], &env).refused("M6002", &["No access", "sso_role_name"]);
}

#[test]
fn a_login_session_serves_until_it_ends() {
    let place = Place::new(TEMPLATE, 1);
    let home = Home::new(CONFIG, CREDENTIALS);
    let folder = home.path().join(".aws/login/cache");
    std::fs::create_dir_all(&folder).expect("a folder");
    let name = hex::encode(Sha256::digest("arn:aws:iam::123456789012:user/ann"));
    let token = |until: &str| {
        let text = format!(
            r#"{{"accessToken": {{"accessKeyId": "ASIALOGIN00000000000", "secretAccessKey": "s", "sessionToken": "t",
            "accountId": "123456789012", "expiresAt": "{until}"}}, "tokenType": "urn:aws:params:oauth:token-type:access_token_sigv4",
            "refreshToken": "r", "idToken": "i", "clientId": "arn:aws:signin:::devtools/same-device", "dpopKey": "{}"}}"#,
            dpop_key()
        );
        write(&folder.join(format!("{name}.json")), &text);
    };
    let env = [("AWS_ENDPOINT_URL", place.endpoint.as_str())];
    token("2099-01-01T00:00:00Z");
    let told = home.run(&["whoami", "--json", "--profile", "console"], &env).json();
    assert_eq!(
        told["credentials"]["source"],
        "profile console (aws login of arn:aws:iam::123456789012:user/ann)"
    );
    // It ended, and the sign-in service does not renew it.
    token("2020-01-01T00:00:00Z");
    let service = Fixed::always(
        "400 Bad Request",
        "Content-Type: application/json\r\nx-amzn-errortype: AccessDeniedException\r\nx-amzn-requestid: 1\r\n",
        r#"{"error": "TOKEN_EXPIRED", "message": "expired"}"#,
    );
    let url = service.url();
    home.run(&["whoami", "--profile", "console"], &[("AWS_ENDPOINT_URL", &url)])
        .refused("M6001", &["not signed in", "aws login --profile console"]);
}

/// A P-256 key as the AWS CLI keeps it (SEC 1, without the public half); `01` 32 times is as good as any.
fn dpop_key() -> String {
    let mut der = vec![0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
    der.extend([1; 32]);
    der.extend([0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
    let words = ["BEGIN", "END"].map(|word| format!("-----{word} EC PRIVATE KEY-----"));
    format!("{}\\n{}\\n{}\\n", words[0], STANDARD.encode(der), words[1])
}
