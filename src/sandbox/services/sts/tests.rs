//! Who may assume what, and who is calling then.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Request, World, services::iam, world::durations::IAM_PROPAGATION};

fn call(world: &mut World, key: &str, operation: &'static str, input: Json) -> Result<Json, Fault> {
    super::ensure_caller(world);
    let all = super::OPERATIONS.iter().chain(iam::OPERATIONS);
    let run = all.into_iter().find(|one| one.name == operation).unwrap().run;
    run(world, &Request { operation, region: "us-east-1", access_key: key, input })
}

fn role(world: &mut World, name: &str, trust: &Json) -> String {
    let input = json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()});
    let made = call(world, "", "CreateRole", input).unwrap();
    let now = world.now();
    world.advance_to(now + IAM_PROPAGATION + 1);
    made["Role"]["Arn"].as_str().unwrap().to_owned()
}

fn trusting(principal: &Json) -> Json {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole", "sts:TagSession"]},
    ]})
}

fn assume(world: &mut World, key: &str, arn: &str, more: Json) -> Result<String, String> {
    let mut input = json!({"RoleArn": arn, "RoleSessionName": "sess"});
    for (member, value) in more.as_object().into_iter().flatten() {
        input[member] = value.clone();
    }
    let answer = call(world, key, "AssumeRole", input).map_err(|fault| fault.code)?;
    Ok(answer["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned())
}

fn who(world: &mut World, key: &str) -> String {
    let answer = call(world, key, "GetCallerIdentity", json!({})).unwrap();
    answer["Arn"].as_str().unwrap().to_owned()
}

#[test]
fn the_caller_is_a_user_that_iam_knows_and_an_assumed_role_is_told_from_it() {
    let mut world = World::new(1, 0);
    let own = who(&mut world, "");
    let by_user = role(&mut world, "by-user", &trusting(&json!({"AWS": own})));
    let key = assume(&mut world, "", &by_user, json!({})).unwrap();
    assert_eq!(who(&mut world, &key), "arn:aws:sts::123456789012:assumed-role/by-user/sess");
    let user = call(&mut world, "", "GetUser", json!({})).unwrap();
    assert_eq!(user["User"]["Arn"], own.as_str());
    assert_eq!(call(&mut world, &key, "GetUser", json!({})).unwrap_err().code, "ValidationError");
    // Chained: the next role trusts the first one, and not the user.
    let next = role(&mut world, "next", &trusting(&json!({"AWS": by_user})));
    assert_eq!(assume(&mut world, "", &next, json!({})).unwrap_err(), "AccessDenied");
    let chained = assume(&mut world, &key, &next, json!({})).unwrap();
    assert_eq!(who(&mut world, &chained), "arn:aws:sts::123456789012:assumed-role/next/sess");
    assert_eq!(
        assume(&mut world, &key, &next, json!({"DurationSeconds": 7200})).unwrap_err(),
        "ValidationError"
    );
}

#[test]
fn an_access_key_stands_for_its_user() {
    let mut world = World::new(1, 0);
    call(&mut world, "", "CreateUser", json!({"UserName": "ann"})).unwrap();
    let key = call(&mut world, "", "CreateAccessKey", json!({"UserName": "ann"})).unwrap();
    let key = key["AccessKey"]["AccessKeyId"].as_str().unwrap().to_owned();
    assert_eq!(who(&mut world, &key), "arn:aws:iam::123456789012:user/ann");
    assert_eq!(
        call(&mut world, "", "DeleteUser", json!({"UserName": "ann"})).unwrap_err().code,
        "DeleteConflict"
    );
    call(&mut world, "", "DeleteAccessKey", json!({"UserName": "ann", "AccessKeyId": key})).unwrap();
    call(&mut world, "", "DeleteUser", json!({"UserName": "ann"})).unwrap();
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let mut world = World::new(1, 0);
    let arn = role(&mut world, "r", &trusting(&json!({"AWS": "123456789012"})));
    assert_eq!(
        assume(&mut world, "", "arn:a:::something/role-of-mine", json!({})).unwrap_err(),
        "ValidationError"
    );
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]);
    assert_eq!(assume(&mut world, "", &arn, json!({"Tags": tags})).unwrap_err(), "InvalidParameterValue");
    let more = json!({"Tags": [{"Key": "a", "Value": "1"}], "TransitiveTagKeys": ["b"]});
    assert_eq!(assume(&mut world, "", &arn, more).unwrap_err(), "InvalidParameterValue");
    let external = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "right"}},
    }]});
    let arn = role(&mut world, "external", &external);
    assert_eq!(assume(&mut world, "", &arn, json!({})).unwrap_err(), "AccessDenied");
    assert_eq!(assume(&mut world, "", &arn, json!({"ExternalId": "wrong"})).unwrap_err(), "AccessDenied");
    assert!(assume(&mut world, "", &arn, json!({"ExternalId": "right"})).is_ok());
}

#[test]
fn a_provider_vouches_for_whom_the_role_trusts() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut world = World::new(1, 0);
    let provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.example.com";
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringLike": {"token.actions.example.com:sub": "repo:acme/*"}},
    }]});
    let arn = role(&mut world, "ci", &trust);
    let mut tried = |subject: &str, expires: i64| {
        let claims = json!({
            "iss": "https://token.actions.example.com", "sub": subject, "aud": "sts.amazonaws.com", "exp": expires,
        });
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let input = json!({"RoleArn": arn, "RoleSessionName": "ci", "WebIdentityToken": token});
        call(&mut world, "", "AssumeRoleWithWebIdentity", input)
    };
    let answer = tried("repo:acme/shop", 4_000_000_000).unwrap();
    assert_eq!(answer["SubjectFromWebIdentityToken"], "repo:acme/shop");
    assert_eq!(tried("repo:other/shop", 4_000_000_000).unwrap_err().code, "AccessDenied");
    assert_eq!(tried("repo:acme/shop", 1).unwrap_err().code, "ExpiredTokenException");
}
