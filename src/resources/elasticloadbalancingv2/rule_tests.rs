//! The law for rules and for certificates of listeners.

use serde_json::{Value as Json, json};

use super::{ListenerCertificate, ListenerRule, tests::network};
use crate::resources::{ResourceType, bench::Bench};

const CERTIFICATE: &str = "arn:aws:acm:us-east-1:123456789012:certificate/";

/// An HTTPS listener and two target groups.
fn listener(bench: &Bench) -> (String, [String; 2]) {
    network(bench);
    bench.run(async {
        let elb = bench.sdk().elb();
        let call = elb.create_load_balancer().name("web").subnets("subnet-a").subnets("subnet-b");
        let made = call.security_groups("sg-1").send().await.unwrap();
        let balancer = made.load_balancers()[0].load_balancer_arn().unwrap().to_owned();
        let mut groups = Vec::new();
        for name in ["one", "two"] {
            let call = elb.create_target_group().name(name).port(80).vpc_id("vpc-1");
            let made = call.protocol("HTTP".into()).target_type("ip".into()).send().await.unwrap();
            groups.push(made.target_groups()[0].target_group_arn().unwrap().to_owned());
        }
        let action = aws_sdk_elasticloadbalancingv2::types::Action::builder().r#type("forward".into());
        let certificate = aws_sdk_elasticloadbalancingv2::types::Certificate::builder();
        let call = elb.create_listener().load_balancer_arn(balancer).port(443).protocol("HTTPS".into());
        let call = call.certificates(certificate.certificate_arn(format!("{CERTIFICATE}main")).build());
        let made = call.default_actions(action.target_group_arn(&groups[0]).build()).send().await.unwrap();
        let arn = made.listeners()[0].listener_arn().unwrap().to_owned();
        (arn, groups.try_into().unwrap())
    })
}

#[test]
fn rules_keep_the_law() {
    let bench = Bench::new();
    let (listener, [one, two]) = listener(&bench);
    let paths = json!({
        "ListenerArn": listener, "Priority": 10, "Tags": [{"Key": "a", "Value": "1"}],
        "Conditions": [
            {"Field": "path-pattern", "Values": ["/api/*"]},
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Canary", "Values": ["1"]}},
        ],
        "Actions": [{"Type": "forward", "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": one, "Weight": 9}, {"TargetGroupArn": two, "Weight": 1}]}}],
        "Transforms": [{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/api", "Replace": "/"}]}}],
    });
    let mut moved = paths.clone();
    moved["Priority"] = json!(20);
    moved["Tags"] = json!([{"Key": "b", "Value": "1"}]);
    moved["Actions"] =
        json!([{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Host": "example.com"}}]);
    moved["Conditions"] = json!([{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}]);
    moved.as_object_mut().unwrap().remove("Transforms");
    let signed_in = json!({
        "ListenerArn": listener, "Priority": 30,
        "Conditions": [
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com", "b.example.com"]}},
            {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}},
            {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
        ],
        "Actions": [
            {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {
                "Issuer": "https://id.example.com", "AuthorizationEndpoint": "https://id.example.com/a",
                "TokenEndpoint": "https://id.example.com/t", "UserInfoEndpoint": "https://id.example.com/u",
                "ClientId": "client", "ClientSecret": "{{resolve:secretsmanager:oidc}}", "SessionTimeout": 3600}},
            {"Type": "fixed-response", "Order": 2, "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "ok"}},
        ],
    });
    bench.law_covering::<ListenerRule>(&[(paths, Some(moved)), (signed_in, None)]);
}

#[test]
fn certificates_keep_the_law() {
    let bench = Bench::new();
    let (listener, _) = listener(&bench);
    let all = |names: &[&str]| {
        let list: Vec<Json> =
            names.iter().map(|name| json!({"CertificateArn": format!("{CERTIFICATE}{name}")})).collect();
        json!({"ListenerArn": listener, "Certificates": list})
    };
    bench.law_covering::<ListenerCertificate>(&[(all(&["a", "b"]), Some(all(&["b", "c"])))]);
}

#[test]
fn what_a_rule_lacks_is_said_before() {
    let found = <ListenerRule as ResourceType>::check(&json!({"Actions": [{"Type": "authenticate-oidc"}]}));
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["ListenerArn", "Actions"]);
}
