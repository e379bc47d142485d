use serde_json::{Value as Json, json};

use super::{objects, requests};
use crate::sandbox::{Reply, Request, World};

fn rq(input: Json) -> Request<'static> {
    Request { operation: "Test", region: "us-east-1", access_key: "", input }
}

fn create(world: &mut World, kind: &str, state: &Json, token: &str) -> Reply {
    let input = json!({"TypeName": kind, "DesiredState": state.to_string(), "ClientToken": token});
    objects::create(world, &rq(input))
}

fn code(reply: Reply) -> String {
    reply.expect_err("a refusal").code
}

fn later(world: &mut World, seconds: i64) {
    let now = world.now();
    world.advance_to(now + seconds * 1000);
}

fn status(world: &mut World, answer: &Json) -> Json {
    let token = answer["ProgressEvent"]["RequestToken"].clone();
    requests::status(world, &rq(json!({"RequestToken": token}))).unwrap()["ProgressEvent"].clone()
}

const QUEUE: &str = "AWS::SQS::Queue";

#[test]
fn a_request_makes_an_object_after_a_while_and_a_token_is_one_request() {
    let mut world = World::new(1, 1_760_000_000_000);
    let state = json!({"QueueName": "orders", "Tags": [{"Key": "a", "Value": "b"}]});
    let first = create(&mut world, QUEUE, &state, "token-1").unwrap();
    assert_eq!(first["ProgressEvent"]["OperationStatus"], "IN_PROGRESS");
    assert_eq!(create(&mut world, QUEUE, &state, "token-1").unwrap(), first);
    assert_eq!(
        code(create(&mut world, QUEUE, &json!({"QueueName": "x"}), "token-1")),
        "ClientTokenConflictException"
    );
    let url = "https://sqs.us-east-1.amazonaws.com/123456789012/orders";
    let get = |world: &mut World| objects::get(world, &rq(json!({"TypeName": QUEUE, "Identifier": url})));
    assert_eq!(code(get(&mut world)), "ResourceNotFoundException");
    later(&mut world, 60);
    let done = status(&mut world, &first);
    assert_eq!((&done["OperationStatus"], &done["Identifier"]), (&json!("SUCCESS"), &json!(url)));
    let shown = get(&mut world).unwrap()["ResourceDescription"]["Properties"].as_str().unwrap().to_owned();
    let shown: Json = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["Arn"], "arn:aws:sqs:us-east-1:123456789012:orders");
    // Another token is another request, which finds the name taken.
    let second = create(&mut world, QUEUE, &state, "token-2").unwrap();
    later(&mut world, 60);
    assert_eq!(status(&mut world, &second)["ErrorCode"], "AlreadyExists");
    // After 36 hours the first token is a new request, too.
    later(&mut world, 37 * 3600);
    let third = create(&mut world, QUEUE, &state, "token-1").unwrap();
    assert_ne!(third["ProgressEvent"]["RequestToken"], first["ProgressEvent"]["RequestToken"]);
    later(&mut world, 8 * 24 * 3600);
    let token = first["ProgressEvent"]["RequestToken"].clone();
    assert_eq!(
        code(requests::status(&mut world, &rq(json!({"RequestToken": token})))),
        "RequestTokenNotFoundException"
    );
}

#[test]
fn what_the_schema_forbids_is_refused() {
    let mut world = World::new(1, 1_760_000_000_000);
    let refused = |world: &mut World, kind: &str, state: Json| code(create(world, kind, &state, "t"));
    assert_eq!(refused(&mut world, "AWS::No::Such", json!({})), "TypeNotFoundException");
    assert_eq!(refused(&mut world, "AWS::EC2::VPC", json!({})), "UnsupportedActionException");
    assert_eq!(refused(&mut world, "AWS::DAX::Cluster", json!({})), "UnsupportedActionException");
    assert_eq!(refused(&mut world, QUEUE, json!({"Nonsense": 1})), "ValidationException");
    assert_eq!(refused(&mut world, QUEUE, json!({"DelaySeconds": "soon"})), "ValidationException");
    assert_eq!(refused(&mut world, QUEUE, json!({"Arn": "a"})), "InvalidRequestException");
    assert_eq!(
        refused(&mut world, "AWS::ApiGateway::Stage", json!({"StageName": "a"})),
        "ValidationException"
    );
    assert_eq!(
        refused(&mut world, "AWS::ECR::Repository", json!({"RepositoryName": "UPPER"})),
        "ValidationException"
    );
}

#[test]
fn updates_are_patches_of_what_is_shown_and_leave_create_only_properties_alone() {
    let mut world = World::new(1, 1_760_000_000_000);
    let answer = create(&mut world, QUEUE, &json!({"QueueName": "orders", "DelaySeconds": 1}), "t").unwrap();
    later(&mut world, 60);
    let url = status(&mut world, &answer)["Identifier"].clone();
    let patch =
        |patch: Json| json!({"TypeName": QUEUE, "Identifier": url, "PatchDocument": patch.to_string()});
    let update = |world: &mut World, operations: Json| objects::update(world, &rq(patch(operations)));
    let name = json!([{"op": "replace", "path": "/QueueName", "value": "other"}]);
    assert_eq!(code(update(&mut world, name)), "NotUpdatableException");
    assert_eq!(
        code(update(&mut world, json!([{"op": "remove", "path": "/KmsMasterKeyId"}]))),
        "InvalidRequestException"
    );
    assert_eq!(
        code(update(&mut world, json!([{"op": "add", "path": "/DelaySeconds", "value": "x"}]))),
        "ValidationException"
    );
    update(&mut world, json!([{"op": "add", "path": "/DelaySeconds", "value": 9}])).unwrap();
    let again = json!([{"op": "add", "path": "/DelaySeconds", "value": 8}]);
    assert_eq!(code(update(&mut world, again)), "ConcurrentOperationException");
    later(&mut world, 60);
    let listed = objects::list(&mut world, &rq(json!({"TypeName": QUEUE}))).unwrap();
    let one = listed["ResourceDescriptions"][0]["Properties"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Json>(one).unwrap()["DelaySeconds"], 9);
    let gone = objects::delete(&mut world, &rq(json!({"TypeName": QUEUE, "Identifier": url}))).unwrap();
    later(&mut world, 60);
    assert_eq!(status(&mut world, &gone)["OperationStatus"], "SUCCESS");
    assert_eq!(
        code(objects::delete(&mut world, &rq(json!({"TypeName": QUEUE, "Identifier": url})))),
        "ResourceNotFoundException"
    );
    assert_eq!(world.census().keys().filter(|table| table.starts_with("cloudcontrol")).count(), 0);
}

#[test]
fn a_cancelled_creation_leaves_nothing() {
    let mut world = World::new(1, 1_760_000_000_000);
    let answer = create(&mut world, QUEUE, &json!({"QueueName": "orders"}), "t").unwrap();
    let token = answer["ProgressEvent"]["RequestToken"].clone();
    requests::cancel(&mut world, &rq(json!({"RequestToken": token}))).unwrap();
    later(&mut world, 60);
    assert_eq!(status(&mut world, &answer)["OperationStatus"], "CANCEL_COMPLETE");
    assert_eq!(world.census().keys().filter(|table| table.starts_with("cloudcontrol")).count(), 0);
}

/// What an object of that type is shown as, a minute after it was made.
fn made(world: &mut World, kind: &str, state: &Json) -> (String, Json) {
    let answer = create(world, kind, state, &format!("{kind}{state}")).unwrap();
    later(world, 600);
    let identifier = status(world, &answer)["Identifier"].as_str().unwrap().to_owned();
    let shown = objects::get(world, &rq(json!({"TypeName": kind, "Identifier": identifier}))).unwrap();
    let text = shown["ResourceDescription"]["Properties"].as_str().unwrap().to_owned();
    (identifier, serde_json::from_str(&text).unwrap())
}

#[test]
fn identifiers_have_the_forms_that_aws_gives_them() {
    let mut world = World::new(1, 1_760_000_000_000);
    let fits = |value: &Json, pattern: &str| {
        let text = value.as_str().unwrap_or_default();
        let regex = fancy_regex::Regex::new(&format!("^{pattern}$")).unwrap();
        assert!(regex.is_match(text).unwrap(), "{text} is not {pattern}");
    };
    let (id, shown) = made(&mut world, "AWS::EFS::FileSystem", &json!({}));
    fits(&json!(id), "fs-[0-9a-f]{17}");
    assert_eq!(shown["Arn"], format!("arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/{id}"));
    let (id, shown) = made(&mut world, "AWS::ApiGateway::RestApi", &json!({"Name": "shop"}));
    fits(&json!(id), "[a-z0-9]{10}");
    fits(&shown["RootResourceId"], "[a-z0-9]{10}");
    assert_ne!(shown["RootResourceId"], json!(id));
    let (id, shown) = made(&mut world, "AWS::Cognito::UserPool", &json!({"UserPoolName": "customers"}));
    fits(&json!(id), "us-east-1_[A-Za-z0-9]{9}");
    assert_eq!(shown["ProviderName"], format!("cognito-idp.us-east-1.amazonaws.com/{id}"));
    let (id, shown) = made(
        &mut world,
        "AWS::CloudFront::CloudFrontOriginAccessIdentity",
        &json!({"CloudFrontOriginAccessIdentityConfig": {"Comment": "x"}}),
    );
    fits(&json!(id), "E[A-Z0-9]{13}");
    fits(&shown["S3CanonicalUserId"], "[0-9a-f]{96}");
    let (_, shown) = made(&mut world, "AWS::ECR::Repository", &json!({"RepositoryName": "shop/web"}));
    assert_eq!(shown["RepositoryUri"], "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web");
}

#[test]
fn a_table_has_the_arn_of_a_stream_only_with_a_stream() {
    let mut world = World::new(1, 1_760_000_000_000);
    let table = |more: Json| {
        let mut state = json!({
            "TableName": "orders", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        });
        state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        state
    };
    let kind = "AWS::DynamoDB::Table";
    let (id, shown) = made(&mut world, kind, &table(json!({})));
    assert!(shown["StreamArn"].is_null(), "{shown}");
    let patch = |world: &mut World, patch: Json, token: &str| {
        let input = json!({"TypeName": kind, "Identifier": "orders", "PatchDocument": patch.to_string(), "ClientToken": token});
        objects::update(world, &rq(input)).unwrap();
        later(world, 60);
        let shown = objects::get(world, &rq(json!({"TypeName": kind, "Identifier": "orders"}))).unwrap();
        serde_json::from_str::<Json>(shown["ResourceDescription"]["Properties"].as_str().unwrap()).unwrap()
    };
    assert_eq!(id, "orders");
    let on = json!([{"op": "add", "path": "/StreamSpecification", "value": {"StreamViewType": "NEW_IMAGE"}}]);
    let shown = patch(&mut world, on, "on");
    let arn = shown["StreamArn"].as_str().unwrap_or_default();
    let stream =
        r"^arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000$";
    assert!(fancy_regex::Regex::new(stream).unwrap().is_match(arn).unwrap(), "{arn}");
    let shown = patch(&mut world, json!([{"op": "remove", "path": "/StreamSpecification"}]), "off");
    assert!(shown["StreamArn"].is_null(), "{shown}");
}
