//! The protocol against the twin, whose functions answer what the tests want.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{ANSWERS, CONDITION, HANDLE, find};
use crate::{
    ledger::Permit,
    model::PhysicalId,
    resources::{AnyType, Goal, Probe, Progress, bench::Bench},
};

const ROLE: &str = "arn:aws:iam::123456789012:role/worker";

/// A function and a bucket for its answers.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.world(|world| {
        let trust =
            json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]});
        let role = json!({"RoleName": "worker", "Arn": ROLE, "AssumeRolePolicyDocument": trust.to_string()});
        world.put("iam.role", "worker", role);
    });
    bench.run(async {
        let code = aws_sdk_lambda::types::FunctionCode::builder()
            .zip_file(aws_sdk_lambda::primitives::Blob::new(
                b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
            ))
            .build();
        let call = bench.sdk().lambda().create_function().function_name("seed").role(ROLE).code(code);
        call.handler("a.b").runtime("python3.13".into()).send().await.unwrap();
        bench.sdk().s3().create_bucket().bucket("answers").send().await.unwrap();
        let versions = aws_sdk_s3::types::VersioningConfiguration::builder().status("Enabled".into()).build();
        let call = bench.sdk().s3().put_bucket_versioning().bucket("answers");
        call.versioning_configuration(versions).send().await.unwrap();
    });
    bench.advance(Duration::from_secs(60));
    bench
}

fn props(more: Json) -> Json {
    let mut props =
        json!({"ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:seed", ANSWERS: "answers"});
    props.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    props
}

fn ty() -> &'static dyn AnyType {
    find("Custom::Seed").unwrap()
}

/// Keys of the bucket, without those that are gone.
fn keys(bench: &Bench) -> Vec<String> {
    let list = bench.run(bench.sdk().s3().list_objects_v2().bucket("answers").send()).unwrap();
    list.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
}

fn read(bench: &Bench, key: &str) -> Json {
    bench.run(async {
        let got = bench.sdk().s3().get_object().bucket("answers").key(key).send().await.unwrap();
        serde_json::from_slice(&got.body.collect().await.unwrap().to_vec()).unwrap()
    })
}

/// What a function answers instead.
fn answer(bench: &Bench, request: &str, answer: Json) {
    let all = keys(bench);
    let key = all.iter().find(|key| key.contains(request)).unwrap_or_else(|| panic!("{request} of {all:?}"));
    let body = answer.to_string().into_bytes().into();
    bench.run(bench.sdk().s3().put_object().bucket("answers").key(key).body(body).send()).unwrap();
}

/// Events that functions were given, from the log of calls.
fn invocations(bench: &Bench) -> usize {
    bench
        .operations()
        .iter()
        .filter(|(service, operation)| service == "lambda" && operation == "Invoke")
        .count()
}

fn create(bench: &Bench, props: &Json) -> PhysicalId {
    bench.cx(|cx| bench.run(ty().create(cx, &bench.permit(), props))).unwrap().id
}

fn request(id: &PhysicalId) -> String {
    id.as_str().rsplit([':', '@']).next().unwrap().to_owned()
}

fn probe(bench: &Bench, id: &PhysicalId, props: &Json) -> Probe {
    bench.cx(|cx| bench.run(ty().probe(cx, id, props, Goal::Ready))).unwrap()
}

/// Calls a verb until it is done, as the engine does.
fn finish(bench: &Bench, mut call: impl FnMut(&Permit) -> Result<Progress, crate::aws::OpError>) -> Progress {
    let mut under_way: Option<String> = None;
    for _ in 0..20 {
        let permit = bench.permit().following(under_way.take());
        match call(&permit).unwrap() {
            Progress::Underway { request, .. } => under_way = Some(request),
            done => return done,
        }
    }
    panic!("it does not end")
}

#[test]
fn a_custom_resource_is_made_changed_and_deleted() {
    let bench = bench();
    let old = props(json!({"Size": 3, "On": true}));
    let pending = create(&bench, &old);
    // Whoever asks again asks the same, and finds the answer.
    assert_eq!(create(&bench, &old), pending);
    assert_eq!(invocations(&bench), 1);
    let Probe::Named(id, attributes) = probe(&bench, &pending, &old) else { panic!() };
    assert!(
        id.as_str().starts_with("sandbox-Subject-") && attributes["*"] == "sandbox-*",
        "{id} {attributes:?}"
    );
    assert!(matches!(probe(&bench, &id, &old), Probe::Reached(_)));

    let new = props(json!({"Size": 4, "On": true}));
    let changed = ["Size".to_owned()];
    let update =
        |permit: &Permit| bench.cx(|cx| bench.run(ty().update(cx, permit, &id, &old, &new, &changed)));
    assert_eq!(finish(&bench, update), Progress::Done);
    let Probe::Named(later, _) = probe(&bench, &id, &new) else { panic!("the answer is another one") };
    assert_ne!(later, id);
    // The function kept the physical id.
    assert_eq!(later.as_str().rsplit_once('@').unwrap().0, id.as_str().rsplit_once('@').unwrap().0);
    assert_eq!(invocations(&bench), 2);
    // Repeated after a crash, it is asked for nothing new.
    assert_eq!(finish(&bench, update), Progress::Done);
    assert_eq!(invocations(&bench), 2);

    let delete = |permit: &Permit| bench.cx(|cx| bench.run(ty().delete(cx, permit, &later, &new)));
    assert_eq!(finish(&bench, delete), Progress::Done);
    assert_eq!(finish(&bench, delete), Progress::Done);
    assert_eq!(invocations(&bench), 3);
}

#[test]
fn what_failed_is_taken_away_and_made_again_by_a_later_run() {
    let bench = bench();
    let props = props(json!({}));
    let id = create(&bench, &props);
    let configure = |permit: &Permit| bench.cx(|cx| bench.run(ty().configure(cx, permit, &id, &props)));
    assert_eq!(finish(&bench, configure), Progress::Done);
    answer(
        &bench,
        &request(&id),
        json!({"Status": "FAILED", "Reason": "no such table", "PhysicalResourceId": "left-1"}),
    );
    let Probe::Failed(why) = probe(&bench, &id, &props) else { panic!() };
    assert!(why.contains("no such table") && why.contains("migrate up"), "{why}");
    // The next run: Delete for what was left, then Create again.
    let before = invocations(&bench);
    assert_eq!(finish(&bench, configure), Progress::Done);
    assert_eq!(invocations(&bench) - before, 2);
    assert!(matches!(probe(&bench, &id, &props), Probe::Named(..)));
}

#[test]
fn another_physical_id_has_the_old_object_deleted() {
    let bench = bench();
    let (old, new) = (props(json!({"A": "1"})), props(json!({"A": "2"})));
    let pending = create(&bench, &old);
    answer(
        &bench,
        &request(&pending),
        json!({"Status": "SUCCESS", "PhysicalResourceId": "one", "Data": {"X": "1"}}),
    );
    let Probe::Named(id, attributes) = probe(&bench, &pending, &old) else { panic!() };
    assert_eq!((attributes["Ref"].clone(), attributes["X"].clone()), (json!("one"), json!("1")));
    let changed = ["A".to_owned()];
    let update =
        |permit: &Permit| bench.cx(|cx| bench.run(ty().update(cx, permit, &id, &old, &new, &changed)));
    let first = update(&bench.permit()).unwrap();
    let Progress::Underway { request: asked, .. } = first else { panic!("{first:?}") };
    answer(&bench, &asked, json!({"Status": "SUCCESS", "PhysicalResourceId": "two"}));
    let before = invocations(&bench);
    assert_eq!(finish(&bench, update), Progress::Done);
    assert_eq!(invocations(&bench) - before, 1, "Delete of the old object");
    let Probe::Named(now, attributes) = probe(&bench, &id, &new) else { panic!() };
    assert!(now.as_str().starts_with("two@") && attributes["Ref"] == "two", "{now}");
    // A failure is told, and asked again by the next attempt.
    let again = props(json!({"A": "3"}));
    let update =
        |permit: &Permit| bench.cx(|cx| bench.run(ty().update(cx, permit, &now, &new, &again, &changed)));
    let Progress::Underway { request: asked, .. } = update(&bench.permit()).unwrap() else { panic!() };
    answer(&bench, &asked, json!({"Status": "FAILED", "Reason": "busy"}));
    let error = update(&bench.permit().following(Some(asked))).unwrap_err();
    assert!(error.message.contains("busy"), "{error}");
    assert_eq!(finish(&bench, update), Progress::Done);
}

#[test]
fn data_that_must_not_be_shown_is_only_pointed_at() {
    let bench = bench();
    let props = props(json!({}));
    let pending = create(&bench, &props);
    let secret = json!({"Status": "SUCCESS", "PhysicalResourceId": "one", "NoEcho": true, "Data": {"Token": "hunter22"}});
    answer(&bench, &request(&pending), secret);
    let Probe::Named(_, attributes) = probe(&bench, &pending, &props) else { panic!() };
    let token = attributes["Token"].as_str().unwrap();
    assert!(token.starts_with("{{resolve:answer:answers:") && token.ends_with(":Token}}"), "{token}");
    assert!(!format!("{attributes:?}").contains("hunter22"));
}

#[test]
fn a_function_is_told_what_cloudformation_would_tell_it() {
    let bench = bench();
    let props = props(json!({"Size": 3, "On": true, "List": [1, {"Deep": false}]}));
    let told = super::protocol::shown(&props);
    assert_eq!(told["Size"], "3");
    assert_eq!(told["On"], "true");
    assert_eq!(told["List"], json!(["1", {"Deep": "false"}]));
    assert!(told[ANSWERS].is_null());
    let id = create(&bench, &props);
    // The address that the function got is one of the bucket, and no checksum is asked for.
    let url = bench.cx(|cx| bench.run(super::protocol::address(cx, "answers", "k", Duration::from_secs(60))));
    let url = url.unwrap();
    assert!(url.contains("X-Amz-Signature=") && !url.to_lowercase().contains("checksum"), "{url}");
    let made = read(&bench, keys(&bench).iter().find(|key| key.contains(&request(&id))).unwrap());
    assert_eq!(made["LogicalResourceId"], "Subject");
    assert_eq!(made["StackId"], "arn:aws:cloudformation:us-east-1:123456789012:stack/bench/migrate");
}

#[test]
fn what_is_behind_a_custom_resource_must_be_a_function() {
    let problems = |token: Json| ty().check(&json!({"ServiceToken": token}));
    assert_eq!(problems(json!("arn:aws:lambda:us-east-1:123456789012:function:f")), []);
    assert_eq!(problems(json!("{{resolve:reference:a/F.Arn}}")), []);
    assert!(problems(json!("arn:aws:sns:us-east-1:123456789012:t"))[0].1.contains("SNS topic"));
    assert!(problems(json!("f"))[0].1.contains("no ARN"));
    assert!(problems(Json::Null)[0].1.contains("missing"));
    let timeout = ty().check(&props(json!({"ServiceTimeout": 4000})));
    assert_eq!(timeout[0].0, "ServiceTimeout");
    assert_eq!(ty().deadline(&props(json!({"ServiceTimeout": "90"}))), Some(Duration::from_secs(90)));
    for name in ["Custom::", "Custom::a b", "AWS::Custom::X"] {
        assert!(find(name).is_none(), "{name}");
    }
}

#[test]
fn conditions_count_the_signals_to_their_handle() {
    let bench = bench();
    let (handle, condition) = (find(HANDLE).unwrap(), find(CONDITION).unwrap());
    let made = bench
        .cx(|cx| bench.run(AnyType::create(handle, cx, &bench.permit(), &json!({ANSWERS: "answers"}))))
        .unwrap();
    let url = made.attributes["Ref"].as_str().unwrap().to_owned();
    let props = json!({"Handle": url, "Count": "2", "Timeout": "300"});
    assert_eq!(AnyType::check(condition, &props), []);
    assert_eq!(condition.deadline(&props), Some(Duration::from_secs(300)));
    let id = bench.cx(|cx| bench.run(AnyType::create(condition, cx, &bench.permit(), &props))).unwrap().id;
    let look = || bench.cx(|cx| bench.run(condition.probe(cx, &id, &props, Goal::Ready))).unwrap();
    assert_eq!(look(), Probe::Pending("0 of 2 signals".into()));
    let (_, key) = made.id.as_str().split_once('/').unwrap();
    let signal = |signal: Json| {
        let body = signal.to_string().into_bytes().into();
        bench.run(bench.sdk().s3().put_object().bucket("answers").key(key).body(body).send()).unwrap();
    };
    let good = |id: &str| json!({"Status": "SUCCESS", "UniqueId": id, "Data": format!("data of {id}"), "Reason": "done"});
    signal(good("a"));
    signal(good("a"));
    assert_eq!(look(), Probe::Pending("1 of 2 signals".into()));
    signal(good("b"));
    let Probe::Reached(attributes) = look() else { panic!() };
    assert_eq!(attributes["Data"], r#"{"a":"data of a","b":"data of b"}"#);
    signal(json!({"Status": "FAILURE", "UniqueId": "c", "Reason": "disk full"}));
    let Probe::Failed(why) = look() else { panic!() };
    assert!(why.contains("disk full"), "{why}");
}
