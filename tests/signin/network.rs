//! Proxies, certificates, endpoints, and whoever answers in AWS's place.

use std::net::SocketAddr;

use super::{
    Home, KEYS,
    servers::{Fixed, Proxy, Tls, answer, refusal},
};
use crate::{process::Place, support::write};

const STS: &str = "sts.eu-west-1.amazonaws.com";

fn address(place: &Place) -> SocketAddr {
    place.endpoint.trim_start_matches("http://").parse().expect("an address")
}

fn env<'e>(more: &[(&'e str, &'e str)]) -> Vec<(&'e str, &'e str)> {
    let mut env = KEYS.to_vec();
    env.push(("AWS_REGION", "eu-west-1"));
    env.extend_from_slice(more);
    env
}

/// AWS as it is seen from a network whose proxy opens TLS.
struct Network {
    _place: Place,
    proxy: Proxy,
    home: Home,
    bundle: String,
}

impl Network {
    fn new(user: Option<&str>) -> Self {
        let place = Place::new("Resources: {}", 1);
        let tls = Tls::before(address(&place), &[STS, "*.eu-west-1.amazonaws.com"]);
        let proxy = Proxy::to(tls.address, user);
        let home = Home::new("", "");
        let bundle = home.path().join("corp.pem");
        write(&bundle, &tls.ca);
        let bundle = bundle.to_str().expect("a path").to_owned();
        Self { _place: place, proxy, home, bundle }
    }
}

#[test]
fn proxies_are_honoured_by_every_name_with_user_and_password_and_for_providers_too() {
    let network = Network::new(Some("ann:p@ss"));
    let url = format!("http://ann:p%40ss@{}", network.proxy.address);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let before = network.proxy.lines().len();
        let told = network
            .home
            .run(&["whoami", "--json"], &env(&[(name, &url), ("AWS_CA_BUNDLE", &network.bundle)]))
            .json();
        assert_eq!(told["account"], "123456789012");
        assert_eq!(told["proxy"]["source"], name);
        assert_eq!(told["proxy"]["value"], network.proxy.url(), "without the password");
        assert_eq!(told["ca_bundle"]["source"], "AWS_CA_BUNDLE");
        let lines = network.proxy.lines();
        assert_eq!(lines[before], format!("CONNECT {STS}:443 HTTP/1.1"), "{name}");
    }
    // Without the password the proxy says 407.
    network
        .home
        .run(&["whoami"], &env(&[("HTTPS_PROXY", &network.proxy.url()), ("AWS_CA_BUNDLE", &network.bundle)]))
        .refused("M6003", &[STS, "407", "HTTPS_PROXY", &network.proxy.url()]);
    // A role's provider goes the same way: STS refuses, but it is STS that is asked.
    let role = "[profile r]\nrole_arn = arn:aws:iam::123456789012:role/none\ncredential_source = Environment\nregion = \
                eu-west-1\n";
    write(&network.home.path().join(".aws/config"), role);
    let before = network.proxy.lines().len();
    network
        .home
        .run(
            &["whoami", "--profile", "r"],
            &env(&[("HTTPS_PROXY", &url), ("AWS_CA_BUNDLE", &network.bundle)]),
        )
        .refused("M6002", &["role/none", "AccessDenied", "sts:AssumeRole"]);
    assert!(network.proxy.lines().len() > before, "the provider asked through the proxy");
}

#[test]
fn plain_http_goes_through_its_proxy_unless_no_proxy_names_the_host() {
    let place = Place::new("Resources: {}", 1);
    let proxy = Proxy::to(address(&place), None);
    let home = Home::new("", "");
    let url = proxy.url();
    let told = home
        .run(&["whoami", "--json"], &env(&[("HTTP_PROXY", &url), ("AWS_ENDPOINT_URL", &place.endpoint)]))
        .json();
    assert_eq!(told["proxy"]["source"], "HTTP_PROXY");
    assert!(proxy.lines()[0].starts_with(&format!("POST {}/", place.endpoint)), "{:?}", proxy.lines());
    for (name, hosts) in
        [("NO_PROXY", "127.0.0.1"), ("no_proxy", "example.com,127.0.0.0/8"), ("NO_PROXY", "*")]
    {
        let before = proxy.lines().len();
        let env = env(&[("HTTP_PROXY", &url), (name, hosts), ("AWS_ENDPOINT_URL", &place.endpoint)]);
        let told = home.run(&["whoami", "--json"], &env).json();
        assert_eq!(told["proxy"], serde_json::Value::Null, "{name}={hosts}");
        assert_eq!(told["no_proxy"]["value"], hosts);
        assert_eq!(proxy.lines().len(), before, "{name}={hosts} is honoured");
    }
}

#[test]
fn metadata_is_reached_without_proxy() {
    let place = Place::new("Resources: {}", 1);
    let proxy = Proxy::to(address(&place), None);
    let metadata = Fixed::new(|head, _| {
        let target = head.split(' ').nth(1).unwrap_or_default();
        match target {
            "/latest/api/token" => {
                answer("200 OK", "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n", "token")
            }
            path if path.ends_with("security-credentials/")
                || path.ends_with("security-credentials-extended/") =>
            {
                answer("200 OK", "", "the-role")
            }
            path if path.ends_with("the-role") => answer(
                "200 OK",
                "",
                r#"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAINSTANCE00000000","SecretAccessKey":"s",
                   "Token":"t","Expiration":"2099-01-01T00:00:00Z","LastUpdated":"2026-01-01T00:00:00Z",
                   "AccountId":"123456789012"}"#,
            ),
            _ => answer("404 Not Found", "Content-Type: text/html\r\n", "<html>404</html>"),
        }
    });
    let home = Home::new("", "");
    let url = proxy.url();
    let env = [
        ("HTTP_PROXY", url.as_str()),
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.url()),
        ("AWS_ENDPOINT_URL", &place.endpoint),
        ("AWS_REGION", "eu-west-1"),
    ];
    let told = home.run(&["whoami", "--json"], &env).json();
    assert_eq!(told["credentials"]["source"], "instance metadata");
    assert_eq!(told["credentials"]["expires"], "2099-01-01T00:00:00Z");
    assert!(!metadata.seen.lock().expect("the log").is_empty());
    assert!(proxy.lines().iter().all(|line| line.contains(&place.endpoint)), "{:?}", proxy.lines());
}

#[test]
fn a_bundle_of_certificates_is_taken_from_variable_and_profile_and_named_when_it_is_wrong() {
    let network = Network::new(None);
    let proxy = network.proxy.url();
    let config = format!("[default]\nca_bundle = {}\nregion = eu-west-1\n", network.bundle);
    write(&network.home.path().join(".aws/config"), &config);
    let told = network.home.run(&["whoami", "--json"], &env(&[("HTTPS_PROXY", &proxy)])).json();
    assert_eq!(told["ca_bundle"]["value"], network.bundle.as_str());
    assert_eq!(told["ca_bundle"]["source"], "ca_bundle of profile default");
    write(&network.home.path().join(".aws/config"), "");

    // The system knows nothing of that CA: the certificate that was shown is named.
    network.home.run(&["whoami"], &env(&[("HTTPS_PROXY", &proxy)])).refused(
        "M6003",
        &[
            STS,
            "not trusted",
            "CN=intercepted.example",
            "Example Corp Interception CA",
            &proxy,
            "AWS_CA_BUNDLE",
        ],
    );
    let missing = network.home.path().join("none.pem");
    let missing = missing.to_str().expect("a path");
    network
        .home
        .run(&["whoami"], &env(&[("AWS_CA_BUNDLE", missing)]))
        .refused("M6007", &[missing, "AWS_CA_BUNDLE", "cannot be read"]);
    write(&network.home.path().join("none.pem"), "no certificate\n");
    network
        .home
        .run(&["whoami"], &env(&[("AWS_CA_BUNDLE", missing)]))
        .refused("M6007", &[missing, "holds no certificate"]);
    // Commands that do not talk to AWS do not read it.
    let types = network.home.run(&["types"], &env(&[("AWS_CA_BUNDLE", missing)]));
    assert_eq!(types.0.status.code(), Some(0), "{}", types.err());
    // A bundle of another CA: it replaces the system's and does not help here.
    let other = Tls::before("127.0.0.1:9".parse().expect("an address"), &["x.example"]);
    write(&network.home.path().join("none.pem"), &other.ca);
    network
        .home
        .run(&["whoami"], &env(&[("HTTPS_PROXY", &proxy), ("AWS_CA_BUNDLE", missing)]))
        .refused("M6003", &["not trusted", missing]);
}

#[test]
fn what_cannot_be_reached_is_named_with_its_proxy() {
    let home = Home::new("", "");
    home.run(&["whoami"], &env(&[("AWS_ENDPOINT_URL", "http://nosuch.invalid:4566")]))
        .refused("M6003", &["nosuch.invalid", "cannot be resolved"]);
    home.run(&["whoami"], &env(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]))
        .refused("M6003", &["127.0.0.1", "refused"]);
    home.run(&["whoami"], &env(&[("HTTPS_PROXY", "http://127.0.0.1:9")]))
        .refused("M6003", &[STS, "http://127.0.0.1:9", "HTTPS_PROXY"]);
    home.run(&["whoami"], &env(&[("HTTPS_PROXY", "socks5://127.0.0.1:9")]))
        .refused("M6007", &["HTTPS_PROXY", "SOCKS"]);
}

#[test]
fn endpoints_may_be_empty_and_must_be_urls() {
    let place = Place::new("Resources: {}", 1);
    let home = Home::new("", "");
    let told = home
        .run(
            &["whoami", "--json"],
            &env(&[("AWS_ENDPOINT_URL", &place.endpoint), ("AWS_ENDPOINT_URL_STS", "")]),
        )
        .json();
    assert_eq!(told["endpoint"], place.endpoint.as_str());
    // Empty: AWS itself, which a proxy that is not there stands for.
    home.run(&["whoami"], &env(&[("AWS_ENDPOINT_URL", ""), ("HTTPS_PROXY", "http://127.0.0.1:9")]))
        .refused("M6003", &[STS]);
    // Providers' clients too: the SDK's own would panic.
    let token = home.path().join("token");
    write(&token, "e30.e30.c2ln");
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"] {
        let env = [
            (name, ""),
            ("HTTPS_PROXY", "http://127.0.0.1:9"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().expect("a path")),
            ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci"),
            ("AWS_REGION", "eu-west-1"),
        ];
        home.run(&["whoami"], &env).refused("M6003", &[STS]);
    }
    // And in files: of the profile, of one that a role's keys come from, of a section `services`.
    let empty = "[profile plain]\nendpoint_url =\nregion = eu-west-1\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n\
                 aws_secret_access_key = example\n[profile role]\nrole_arn = arn:aws:iam::123456789012:role/none\n\
                 source_profile = plain\nregion = eu-west-1\nservices = local\n[services local]\nsts =\n  endpoint_url \
                 =\n[profile corp]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Admin\n\
                 endpoint_url =\nregion = eu-west-1\n[sso-session corp]\nsso_region = eu-west-1\n\
                 sso_start_url = https://corp.awsapps.com/start\n";
    write(&home.path().join(".aws/config"), empty);
    for profile in ["plain", "role"] {
        let told = home.run(&["whoami", "--profile", profile], &[("HTTPS_PROXY", "http://127.0.0.1:9")]);
        told.refused("M6003", &[STS]);
        let there = [("AWS_ENDPOINT_URL", place.endpoint.as_str())];
        let (code, word) = if profile == "plain" { (0, "") } else { (6, "role/none") };
        let told = home.run(&["whoami", "--profile", profile], &there);
        assert_eq!(told.0.status.code(), Some(code), "{profile}: {}", told.err());
        assert!(told.err().contains(word), "{}", told.err());
    }
    home.run(&["whoami", "--profile", "corp"], &[]).refused("M6001", &["aws sso login --profile corp"]);
    home.run(&["whoami"], &env(&[("AWS_ENDPOINT_URL_STS", "localhost:4566")]))
        .refused("M6007", &["AWS_ENDPOINT_URL_STS", "localhost:4566"]);
}

#[test]
fn a_page_of_somebody_in_between_is_told_from_aws() {
    let page = "<!DOCTYPE html><html><head><title>Web access denied by policy 17</title></head><body>x</body></html>";
    let home = Home::new("", "");
    for (status, headers, body, words) in [
        (
            "403 Forbidden",
            "Content-Type: text/html\r\n",
            page,
            &["HTTP 403", "Web access denied by policy 17"][..],
        ),
        ("200 OK", "Content-Type: text/html\r\n", page, &["HTTP 200", "policy 17"]),
        ("502 Bad Gateway", "", "upstream is down\n", &["HTTP 502", "upstream is down"]),
        (
            "302 Found",
            "Location: https://login.example.com/portal\r\n",
            "",
            &["HTTP 302", "login.example.com"],
        ),
    ] {
        let server = Fixed::always(status, headers, body);
        let said = home.run(&["whoami"], &env(&[("AWS_ENDPOINT_URL", &server.url())]));
        said.refused("M6006", words);
        said.refused("M6006", &["between here and AWS"]);
    }
}

#[test]
fn answers_without_an_end_are_not_read_without_an_end() {
    let server = Fixed::new(|_, _| {
        let mut bytes =
            b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<GetCallerIdentityResponse>".to_vec();
        bytes.resize(65 << 20, b' ');
        bytes
    });
    let home = Home::new("", "");
    home.run(&["whoami"], &env(&[("AWS_ENDPOINT_URL", &server.url())]))
        .refused("M6003", &["larger than 64 MiB"]);
}

#[test]
fn a_clock_that_is_off_is_said_to_be_where_the_sdk_cannot_correct_it() {
    // Without a Date the SDK learns nothing.
    let server = Fixed::always(
        "403 Forbidden",
        "Content-Type: text/xml\r\nx-amzn-requestid: 11111111-2222-4333-8444-555555555555\r\n",
        &refusal(
            "SignatureDoesNotMatch",
            "Signature expired: 20261129T084500Z is now earlier than 20261129T084700Z (20261129T090200Z - 15 min.)",
        ),
    );
    let home = Home::new("", "");
    home.run(&["whoami"], &env(&[("AWS_ENDPOINT_URL", &server.url())]))
        .refused("M6002", &["this machine's clock is 17 minutes behind AWS's", "Signature expired"]);
}

#[test]
fn aws_that_asks_to_slow_down_refuses_nobody() {
    let server = Fixed::always(
        "400 Bad Request",
        "Content-Type: text/xml\r\nx-amzn-requestid: 11111111-2222-4333-8444-555555555555\r\n",
        &refusal("Throttling", "Rate exceeded"),
    );
    let home = Home::new("", "");
    home.run(&["whoami"], &env(&[("AWS_ENDPOINT_URL", &server.url())]))
        .refused("M6005", &["Rate exceeded", "again in a minute"]);
}
