//! The AWS CLI's files and the CA bundle are read once, and only by commands that talk to AWS: the kernel counts.

use std::{collections::BTreeMap, mem::MaybeUninit, os::fd::OwnedFd, path::Path};

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};

use super::{
    Home, KEYS,
    servers::{Fixed, Tls, answer},
};
use crate::{process::Place, support::write};

/// How often each file of a folder is opened from now on.
struct Opened(OwnedFd);

impl Opened {
    fn of(folder: &Path) -> Self {
        let watch = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).expect("inotify");
        inotify::add_watch(&watch, folder, WatchFlags::OPEN).expect("a watch");
        Self(watch)
    }

    /// Since it was last asked.
    fn count(&self) -> BTreeMap<String, u32> {
        let mut space = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(&self.0, &mut space);
        let mut counts = BTreeMap::new();
        // It ends when nothing more is there. Without a name it is the folder itself.
        while let Ok(event) = events.next() {
            if let Some(name) = event.file_name() {
                *counts.entry(name.to_string_lossy().into_owned()).or_default() += 1;
            }
        }
        counts
    }
}

const CONFIG: &str = "
[profile prod]
region = eu-central-1
[profile role]
role_arn = arn:aws:iam::123456789012:role/none
source_profile = prod
region = eu-central-1
[profile bundle]
region = eu-central-1
ca_bundle = ~/.aws/ca.pem
";
const CREDENTIALS: &str = "
[prod]
aws_access_key_id = AKIAPROD000000000000
aws_secret_access_key = example
[bundle]
aws_access_key_id = AKIAPROD000000000000
aws_secret_access_key = example
";
const TEMPLATE: &str = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}";

fn home() -> Home {
    let home = Home::new(CONFIG, CREDENTIALS);
    let ca = Tls::before("127.0.0.1:9".parse().expect("an address"), &["x.example"]).ca;
    write(&home.path().join(".aws/ca.pem"), &ca);
    write(&home.path().join("one.yaml"), TEMPLATE);
    std::fs::create_dir(home.path().join("plan")).expect("a folder");
    write(&home.path().join("plan/one.yaml"), TEMPLATE);
    let manifest = "name: shop\nregion: us-east-1\nstacks: [{name: one, template: one.yaml}]\n";
    write(&home.path().join("plan/migration.yaml"), manifest);
    home
}

#[test]
fn commands_that_talk_to_aws_read_each_file_once() {
    let place = Place::new(TEMPLATE, 1);
    let home = home();
    let opened = Opened::of(&home.path().join(".aws"));
    let endpoint = ("AWS_ENDPOINT_URL", place.endpoint.as_str());
    let mut keys = KEYS.to_vec();
    keys.extend([endpoint, ("AWS_REGION", "eu-west-1")]);
    let named = [endpoint];
    for (args, env, code, bundle) in [
        // The region is the profile's too: the plan names none.
        (&["whoami", "--profile", "prod"][..], &named[..], 0, false),
        (&["plan", "one.yaml", "--profile", "prod"], &named, 0, false),
        (&["up", "one.yaml", "--yes", "--profile", "prod"], &named, 0, false),
        (&["up", "plan", "--yes"], &keys, 0, false),
        (&["destroy", "plan", "--yes"], &keys, 0, false),
        (&["whoami", "--profile", "bundle"], &named, 0, true),
        (&["plan", "one.yaml", "--profile", "bundle", "--ledger", "l"], &named, 0, true),
        // A role that is refused: its source's keys come from the same reading.
        (&["whoami", "--profile", "role"], &named, 6, false),
    ] {
        let said = home.run(args, env);
        assert_eq!(said.0.status.code(), Some(code), "{args:?}: {}", said.err());
        let mut wanted = vec![("config", 1), ("credentials", 1)];
        wanted.extend(bundle.then_some(("ca.pem", 1)));
        let wanted = wanted.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        assert_eq!(opened.count(), wanted, "{args:?}");
    }
    let variable = [endpoint, ("AWS_CA_BUNDLE", ".aws/ca.pem"), ("AWS_PROFILE", "prod")];
    home.run(&["whoami", "--json"], &variable).json();
    assert_eq!(opened.count().get("ca.pem"), Some(&1));
}

#[test]
fn metadata_of_an_instance_do_not_have_the_files_read_again() {
    let place = Place::new(TEMPLATE, 1);
    let home = home();
    let metadata = Fixed::new(|head, _| {
        let target = head.split(' ').nth(1).unwrap_or_default().trim_end_matches('/').to_owned();
        match target.rsplit('/').next().unwrap_or_default() {
            "token" => answer("200 OK", "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n", "token"),
            "security-credentials" | "security-credentials-extended" => answer("200 OK", "", "the-role"),
            "the-role" => answer(
                "200 OK",
                "",
                r#"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAINSTANCE00000000","SecretAccessKey":"s",
                   "Token":"t","Expiration":"2099-01-01T00:00:00Z","LastUpdated":"2026-01-01T00:00:00Z",
                   "AccountId":"123456789012"}"#,
            ),
            _ => answer("404 Not Found", "", ""),
        }
    });
    // The profile that was asked for says where the metadata are; the SDK alone would ask the default profile.
    let config = format!(
        "{CONFIG}[profile instance]\nregion = eu-central-1\nec2_metadata_service_endpoint = {}\n",
        metadata.url()
    );
    write(&home.path().join(".aws/config"), &config);
    let opened = Opened::of(&home.path().join(".aws"));
    let env = [("AWS_ENDPOINT_URL", place.endpoint.as_str()), ("AWS_EC2_METADATA_DISABLED", "false")];
    let told = home.run(&["whoami", "--json", "--profile", "instance"], &env).json();
    assert_eq!(told["credentials"]["source"], "instance metadata");
    let wanted = BTreeMap::from([("config".to_owned(), 1), ("credentials".to_owned(), 1)]);
    assert_eq!(opened.count(), wanted);
}

#[test]
fn commands_that_do_not_talk_to_aws_read_none() {
    let home = home();
    let opened = Opened::of(&home.path().join(".aws"));
    // Whoever read these would fail, too.
    let env = [("AWS_CA_BUNDLE", ".aws/ca.pem"), ("AWS_PROFILE", "nosuch")];
    for args in [
        &["--version"][..],
        &["--help"],
        &["types"],
        &["explain", "M6001"],
        &["completions", "bash"],
        &["validate", "plan"],
        &["graph", "plan"],
        &["validate", "one.yaml", "--region", "eu-west-1"],
        &["validate", "one.yaml", "--sandbox"],
        &["plan", "one.yaml", "--sandbox"],
        &["up", "plan", "--sandbox", "--yes"],
        &["plan", "plan", "--sandbox"],
        &["status", "plan", "--sandbox"],
        &["outputs", "plan", "--sandbox"],
        &["ledger", "history", "plan", "--sandbox"],
        &["whoami", "--sandbox"],
        &["destroy", "plan", "--sandbox", "--yes"],
        &["sandbox", "show"],
        &["sandbox", "operations"],
    ] {
        let said = home.run(args, &env);
        assert_eq!(said.0.status.code(), Some(0), "{args:?}: {}", said.err());
        assert_eq!(opened.count(), BTreeMap::new(), "{args:?}");
    }
    // A plan that names no region is what the profile is for: then it is read, and once.
    let said = home.run(&["validate", "one.yaml", "--profile", "prod"], &[]);
    assert_eq!(said.0.status.code(), Some(0), "{}", said.err());
    assert_eq!(opened.count().get("config"), Some(&1));
    home.run(&["validate", "one.yaml"], &env).refused("M6007", &["`nosuch` (AWS_PROFILE)"]);
}
