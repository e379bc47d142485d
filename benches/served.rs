//! How long the sandbox takes for common operations in a world of 100 objects and in one of 100,000, of which none has anything to
//! do with the call: `cargo bench --bench served`. The whole way is measured: SDK, codec, world.
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::{future::Future, pin::Pin, sync::Arc, time::Duration, time::Instant, time::UNIX_EPOCH};

use aws_sdk_ec2::types as ec2;
use aws_sdk_resourcegroupstagging::types as tagging;
use migrate::{
    aws::{CallMeter, Sdk},
    clock::{Clock, VirtualClock},
    sandbox::{Sandbox, SandboxOptions, Throttles, World},
};

/// How much longer an operation may take among the many.
const BOUND: f64 = 1.5;
/// Calls of each kind.
const CALLS: u32 = 200;

type Call<'c> = Pin<Box<dyn Future<Output = ()> + 'c>>;

struct Place {
    sdk: Sdk,
    clock: VirtualClock,
    sandbox: Sandbox,
}

impl Place {
    fn new(world: World) -> Self {
        let clock = VirtualClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_767_225_600));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let options =
            SandboxOptions { throttles: Throttles::none(), latency: false, ..SandboxOptions::default() };
        let sandbox = Sandbox::with_options(world, shared, options);
        let sdk = Sdk::new(sandbox.sdk_config("us-east-1"), CallMeter::default(), None);
        Self { sdk, clock, sandbox }
    }
}

fn ok<T, E: std::fmt::Debug>(answer: Result<T, E>) -> T {
    answer.unwrap_or_else(|error| panic!("{error:?}"))
}

/// One object of each kind.
async fn seed(sdk: &Sdk) {
    let (ec2, iam) = (sdk.ec2(), sdk.iam());
    let vpc = ok(ec2.create_vpc().cidr_block("10.0.0.0/16").send().await);
    let vpc = vpc.vpc().and_then(|vpc| vpc.vpc_id()).unwrap_or_default().to_owned();
    ok(ec2.create_subnet().vpc_id(&vpc).cidr_block("10.0.255.0/24").send().await);
    ok(ec2.create_security_group().vpc_id(&vpc).group_name("seed").description("seed").send().await);
    ok(ec2.create_route_table().vpc_id(&vpc).send().await);
    alarm(sdk, "seed").await;
    ok(sdk.ssm().put_parameter().name("seed").value("v").r#type("String".into()).send().await);
    ok(sdk.logs().create_log_group().log_group_name("seed").send().await);
    ok(sdk.sns().create_topic().name("seed").send().await);
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    ok(iam.create_role().role_name("seed").assume_role_policy_document(trust).send().await);
}

async fn alarm(sdk: &Sdk, name: &str) {
    let call =
        sdk.cloudwatch().put_metric_alarm().alarm_name(name).namespace("N").metric_name("M").period(60);
    let call = call.evaluation_periods(1).threshold(1.0).statistic("Sum".into());
    let tag = aws_sdk_cloudwatch::types::Tag::builder().key(name).value("v").build();
    ok(call.comparison_operator("GreaterThanThreshold".into()).tags(tag).send().await);
}

/// Copies of the seed objects, so that there are so many objects; all in a VPC of their own.
fn world(size: usize) -> World {
    let place = Place::new(World::new(1, 1_767_225_600_000));
    place.clock.block_on(seed(&place.sdk));
    let mut world = place.sandbox.world(|world| world.clone());
    let tables = [
        "ec2.subnet",
        "ec2.security-group",
        "ec2.security-group-rule",
        "ec2.route-table",
        "cloudwatch.alarm",
        "ssm.parameter",
        "logs.group",
        "sns.topic",
        "iam.role",
    ];
    let mut seeds = Vec::new();
    for table in tables {
        let original = |row: &serde_json::Value| row["_original"] == true || row["GroupName"] == "default";
        let row = world.rows(table).filter(|(_, row)| !original(row)).last();
        let (key, row) = row.unwrap_or_else(|| panic!("no seed in {table}"));
        seeds.push((table, key.to_owned(), row.to_string()));
    }
    for n in 0..size / seeds.len() {
        for (table, key, row) in &seeds {
            let name = if table.starts_with("ec2.") { key.as_str() } else { "seed" };
            let other = format!("{name}{n:06}");
            let row = row.replace(name, &other);
            world.put(table, &key.replace(name, &other), ok(serde_json::from_str(&row)));
        }
    }
    world
}

/// Microseconds a call.
fn measured(place: &Place, call: &dyn Fn(u32) -> Call<'static>) -> f64 {
    place.clock.block_on(call(0));
    #[expect(clippy::disallowed_methods, reason = "what is measured is the machine's time")]
    let began = Instant::now();
    for n in 1..=CALLS {
        place.clock.block_on(call(n));
    }
    began.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS)
}

/// A call by its number.
type Calls = Box<dyn Fn(u32) -> Call<'static>>;

fn operations(place: &Place) -> Vec<(&'static str, f64)> {
    let sdk = &place.sdk;
    let (vpc, subnet, group) = place.clock.block_on(async {
        let made = ok(sdk.ec2().create_vpc().cidr_block("10.1.0.0/16").send().await);
        let vpc = made.vpc().and_then(|vpc| vpc.vpc_id()).unwrap_or_default().to_owned();
        let made = ok(sdk.ec2().create_subnet().vpc_id(&vpc).cidr_block("10.1.255.0/24").send().await);
        let subnet = made.subnet().and_then(|one| one.subnet_id()).unwrap_or_default().to_owned();
        let call = sdk.ec2().create_security_group().vpc_id(&vpc).group_name("g").description("d");
        let group = ok(call.send().await).group_id().unwrap_or_default().to_owned();
        alarm(sdk, "mine").await;
        // EC2 shows what was made a moment later.
        place.clock.sleep(Duration::from_secs(60)).await;
        (vpc, subnet, group)
    });
    let by = |name: &str, value: &str| ec2::Filter::builder().name(name).values(value).build();
    let (e, c) = (sdk.ec2().clone(), sdk.cloudwatch().clone());
    let (ssm, logs, sns, iam) = (sdk.ssm().clone(), sdk.logs().clone(), sdk.sns().clone(), sdk.iam().clone());
    let tags = sdk.tagging().clone();
    macro_rules! call {
        (|$n:ident| $client:ident => $($rest:tt)+) => {{
            let $client = $client.clone();
            Box::new(move |$n: u32| -> Call<'static> {
                let _ = $n;
                let call = $client.$($rest)+;
                Box::pin(async move { drop(ok(call.send().await)) })
            }) as Calls
        }};
    }
    let (vpc2, vpc3, vpc4) = (vpc.clone(), vpc.clone(), vpc.clone());
    let all: Vec<(&'static str, Calls)> = vec![
        ("DescribeSubnets by id", call!(|n| e => describe_subnets().subnet_ids(subnet.clone()))),
        ("DescribeSubnets of a VPC", call!(|n| e => describe_subnets().filters(by("vpc-id", &vpc)))),
        (
            "DescribeSecurityGroupRules",
            call!(|n| e => describe_security_group_rules().filters(by("group-id", &group))),
        ),
        (
            "DescribeRouteTables of a VPC",
            call!(|n| e => describe_route_tables().filters(by("vpc-id", &vpc2))),
        ),
        (
            "CreateSubnet",
            call!(|n| e => create_subnet().vpc_id(vpc3.clone()).cidr_block(format!("10.1.{n}.0/24"))),
        ),
        (
            "CreateSecurityGroup",
            call!(|n| e => create_security_group().vpc_id(vpc4.clone()).group_name(format!("g{n}")).description("d")),
        ),
        ("DescribeAlarms by name", call!(|n| c => describe_alarms().alarm_names("mine"))),
        (
            "PutMetricAlarm",
            call!(|n| c => put_metric_alarm().alarm_name(format!("m{n}")).namespace("N").metric_name("M").period(60)
                .evaluation_periods(1).threshold(1.0).statistic("Sum".into())
                .comparison_operator("GreaterThanThreshold".into())),
        ),
        ("GetParameter", call!(|n| ssm => get_parameter().name("seed"))),
        (
            "PutParameter",
            call!(|n| ssm => put_parameter().name(format!("p{n}")).value("v").r#type("String".into())),
        ),
        ("DescribeLogGroups by name", call!(|n| logs => describe_log_groups().log_group_identifiers("seed"))),
        ("CreateLogGroup", call!(|n| logs => create_log_group().log_group_name(format!("l{n}")))),
        ("CreateTopic", call!(|n| sns => create_topic().name(format!("t{n}")))),
        ("GetRole", call!(|n| iam => get_role().role_name("seed"))),
        (
            "CreateRole",
            call!(|n| iam => create_role().role_name(format!("r{n}")).assume_role_policy_document(
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#
            )),
        ),
        ("GetResources, a page", call!(|n| tags => get_resources().resources_per_page(10))),
        (
            "GetResources by tag",
            call!(|n| tags => get_resources().tag_filters(tagging::TagFilter::builder().key("mine").build())),
        ),
    ];
    all.into_iter().map(|(name, call)| (name, measured(place, &call))).collect()
}

fn main() {
    let few = operations(&Place::new(world(100)));
    let many = operations(&Place::new(world(100_000)));
    println!("{:<32} {:>12} {:>12} {:>7}  bound {BOUND}", "operation", "100", "100,000", "ratio");
    for ((name, few), (_, many)) in few.into_iter().zip(many) {
        let over = if many / few > BOUND { "  over" } else { "" };
        println!("{name:<32} {few:>9.0} us {many:>9.0} us {:>7.2}{over}", many / few);
    }
}
