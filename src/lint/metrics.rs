//! Metrics that alarms and dashboards ask for: names and dimensions that can never match.

use std::borrow::Cow;

use super::{
    Lint,
    view::{Part, View},
};
use crate::{
    error::{Code, suggest},
    graph::Node,
    model::{
        Reference, Span, Value,
        item::{Item, Kind},
    },
    syntax,
};

/// One metric that something asks for.
pub(super) struct Metric<'g> {
    node: &'g Node,
    namespace: Word<'g>,
    name: Word<'g>,
    dimensions: Vec<Dimension<'g>>,
}

struct Dimension<'g> {
    name: Word<'g>,
    term: Term<'g>,
    /// Where its value is.
    place: Place<'g>,
}

/// A known word and its place.
struct Word<'g>(Cow<'g, str>, Place<'g>);

/// Where something is: looked for when something is said of it, and that is seldom.
enum Place<'g> {
    Part(Part<'g>),
    Span(Span),
}

impl Place<'_> {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Part(part) => part.span(),
            Self::Span(span) => Some(span.clone()),
        }
    }
}

/// A dimension's value.
enum Term<'g> {
    Text(Cow<'g, str>),
    Reference(Cow<'g, Reference>),
    Other,
}

/// All metrics of alarms and dashboards whose namespace and name are known.
fn metrics<'v, 'g>(view: &'v View<'g>) -> &'v [Metric<'g>] {
    view.metrics.get_or_init(|| found(view))
}

fn found<'g>(view: &View<'g>) -> Vec<Metric<'g>> {
    let mut out = Vec::new();
    for alarm in view.of("AWS::CloudWatch::Alarm") {
        out.extend(of_part(&alarm));
        for query in alarm.get("Metrics").each() {
            out.extend(of_part(&query.get("MetricStat.Metric")));
        }
    }
    for board in view.of("AWS::CloudWatch::Dashboard") {
        let Some(Some(Ok(body))) = board.get("DashboardBody").item().as_ref().map(syntax::document) else {
            continue;
        };
        let Some(Kind::List(widgets)) = body.get("widgets").map(|m| &m.value.kind) else { continue };
        for widget in widgets {
            let rows = widget.get("properties").and_then(|p| p.value.get("metrics"));
            if let Some(Kind::List(rows)) = rows.map(|member| &member.value.kind) {
                of_rows(board.node, rows, &mut out);
            }
        }
    }
    out
}

fn of_part<'g>(part: &Part<'g>) -> Option<Metric<'g>> {
    let word = |part: Part<'g>| Some(Word(part.text()?.into(), Place::Part(part)));
    let dimensions = part.get("Dimensions");
    if !dimensions.is_missing() && !matches!(dimensions.value(), Some(Value::List(_))) {
        return None;
    }
    let mut known = Vec::new();
    for dimension in dimensions.each() {
        let value = dimension.get("Value");
        let term = match (value.text(), value.reference()) {
            (Some(text), _) => Term::Text(text.into()),
            (_, Some(reference)) => Term::Reference(Cow::Borrowed(reference)),
            _ => Term::Other,
        };
        known.push(Dimension { name: word(dimension.get("Name"))?, term, place: Place::Part(value) });
    }
    let (namespace, name) = (word(part.get("Namespace"))?, word(part.get("MetricName"))?);
    Some(Metric { node: part.node, namespace, name, dimensions: known })
}

/// The rows of a widget: `[namespace, name, dimension, value, ..., {options}]`, where `.` repeats what stands
/// above and `...` all of it.
fn of_rows<'g>(node: &'g Node, rows: &[Item], out: &mut Vec<Metric<'g>>) {
    let mut above: Vec<Item> = Vec::new();
    for row in rows {
        let Kind::List(items) = &row.kind else { continue };
        let mut cells: Vec<Item> = Vec::new();
        for item in items.iter().filter(|item| !matches!(item.kind, Kind::Map(_))) {
            match text_of(item) {
                Some("...") => {
                    let rest = items.iter().filter(|i| !matches!(i.kind, Kind::Map(_))).count() - 1;
                    let upto = above.len().saturating_sub(rest);
                    cells.extend(above.iter().take(upto).skip(cells.len()).cloned());
                }
                Some(".") => cells.extend(above.get(cells.len()).cloned()),
                _ => cells.push(item.clone()),
            }
        }
        let place = |item: &Item| Place::Span(item.span.clone());
        let word = |item: &Item| Some(Word(text_of(item)?.to_owned().into(), place(item)));
        let metric = (|| {
            let (namespace, name) = (word(cells.first()?)?, word(cells.get(1)?)?);
            let mut dimensions = Vec::new();
            for pair in cells[2..].chunks(2) {
                let [name, value] = pair else { return None };
                let term = match &value.kind {
                    Kind::Scalar(scalar) => Term::Text(scalar.text.to_string().into()),
                    _ => match value.reference() {
                        Some(reference) => Term::Reference(Cow::Owned(reference.clone())),
                        None => Term::Other,
                    },
                };
                dimensions.push(Dimension { name: word(name)?, term, place: place(value) });
            }
            Some(Metric { node, namespace, name, dimensions })
        })();
        out.extend(metric);
        above = cells;
    }
}

fn text_of(item: &Item) -> Option<&str> {
    match &item.kind {
        Kind::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

/// A finding that CloudWatch would never tell.
const NEVER: &str = "CloudWatch takes any namespace, name and dimension; what does not match exactly has no data, ever: an alarm on it stays in INSUFFICIENT_DATA, or follows TreatMissingData.";

/// Why a value of a dimension is no match, and what would be one.
type Mismatch = Option<(String, String)>;

fn dimensions(
    view: &View<'_>,
    report: &mut super::Report<'_>,
    wrong: &dyn Fn(&View<'_>, &str, &str, &Term<'_>) -> Mismatch,
) {
    for metric in metrics(view) {
        for Dimension { name, term, place } in &metric.dimensions {
            if let Some((message, help)) = wrong(view, &metric.namespace.0, &name.0, term) {
                report.place(Some(&metric.node.address), place.span(), message).help(help);
            }
        }
    }
}

pub(super) static DMS_DIMENSION: Lint = Lint {
    code: Code::lint(
        "M8301",
        "dms-dimension",
        "a dimension that no metric of DMS has",
        "Metrics of DMS are filed under the replication instance's name and the last part of the task's ARN, not under the task's name and not under ARNs. ResourceIdentifier, set on the task, becomes that last part and so is known in advance. Those of a serverless replication are filed under ReplicationConfigId: the account, a colon, and the last part of its configuration's ARN.",
    )
    .from("AWS Database Migration Service User Guide, Monitoring AWS DMS tasks")
    .template(
        "Resources:
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/DMS
      MetricName: CDCLatencyTarget
      Dimensions:
        - {Name: ReplicationInstanceIdentifier, Value: shop}
        - {Name: ReplicationTaskIdentifier, Value: 'arn:aws:dms:us-east-1:123456789012:task:SHOP'}
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 5
      Threshold: 60
      ComparisonOperator: GreaterThanThreshold
",
    ),
    check: |view, report| {
        dimensions(view, report, &|view, namespace, name, term| {
            if namespace != "AWS/DMS" {
                return None;
            }
            let (kind, help) = match name {
                "ReplicationTaskIdentifier" => {
                    let part = (view.idioms.part)(6, ':', "Task");
                    (
                        "AWS::DMS::ReplicationTask",
                        format!("set ResourceIdentifier on the task and use that, or cut the ARN: {part}"),
                    )
                }
                "ReplicationConfigId" => {
                    let part = (view.idioms.part)(6, ':', "Config");
                    ("AWS::DMS::ReplicationConfig", format!("join the account, `:` and the last part of the ARN: {part}"))
                }
                "ReplicationInstanceIdentifier" => {
                    ("AWS::DMS::ReplicationInstance", "use the instance's ReplicationInstanceIdentifier".to_owned())
                }
                _ => return None,
            };
            let what = match term {
                Term::Reference(reference) if reference.attribute == "Ref" => {
                    let part = view.node(&reference.address)?;
                    let arn = (view.idioms.reference)(reference.address.logical_id());
                    (part.node.kind == kind).then(|| format!("{name} is not the ARN, which {arn} is"))?
                }
                Term::Text(text) if text.starts_with("arn:") => format!("{name} is not the ARN"),
                Term::Text(text) if name == "ReplicationConfigId" && !text.contains(':') => {
                    format!("{name} is the account, `:` and the last part of the configuration's ARN")
                }
                Term::Text(text) if name == "ReplicationTaskIdentifier" => {
                    let named = |task: &Part<'_>| {
                        let own = task.get("ReplicationTaskIdentifier");
                        own.text().is_some_and(|own| own.eq_ignore_ascii_case(text))
                    };
                    let task = view.of(kind).find(named)?;
                    let part = task.get("ResourceIdentifier");
                    if part.text().is_some_and(|own| own.eq_ignore_ascii_case(text)) {
                        return None;
                    }
                    format!("{name} is the last part of the task's ARN, not its name")
                }
                _ => return None,
            };
            Some((what, help))
        });
    },
};

pub(super) static BALANCER_DIMENSION: Lint = Lint {
    code: Code::lint(
        "M8302",
        "load-balancer-dimension",
        "a dimension that no metric of a load balancer has",
        "The dimensions are the final parts of the ARNs: app/name/id for LoadBalancer, targetgroup/name/id for TargetGroup. Both types have them as an attribute: LoadBalancerFullName, TargetGroupFullName.",
    )
    .from("Elastic Load Balancing User Guide, CloudWatch metrics for your Application Load Balancer")
    .template(
        "Resources:
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/ApplicationELB
      MetricName: HTTPCode_ELB_5XX_Count
      Dimensions:
        - {Name: LoadBalancer, Value: shop}
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 5
      Threshold: 10
      ComparisonOperator: GreaterThanThreshold
",
    ),
    check: |view, report| {
        dimensions(view, report, &|_, namespace, name, term| {
            if !matches!(namespace, "AWS/ApplicationELB" | "AWS/NetworkELB" | "AWS/GatewayELB") {
                return None;
            }
            let (attribute, form, starts): (_, _, &[&str]) = match name {
                "LoadBalancer" => ("LoadBalancerFullName", "app/name/id", &["app/", "net/", "gwy/"]),
                "TargetGroup" => ("TargetGroupFullName", "targetgroup/name/id", &["targetgroup/"]),
                _ => return None,
            };
            match term {
                Term::Reference(reference) if reference.attribute != attribute => {
                    let id = reference.address.logical_id();
                    let own = ["Ref", "LoadBalancerArn", "LoadBalancerName", "DNSName", "TargetGroupArn", "TargetGroupName"];
                    own.contains(&reference.attribute.as_str()).then(|| {
                        let what = if reference.attribute == "Ref" { "the ARN" } else { reference.attribute.as_str() };
                        (format!("{name} is {form}, not {what}"), format!("use {}", (view.idioms.attribute)(id, attribute)))
                    })
                }
                Term::Text(text) if !starts.iter().any(|start| text.starts_with(start)) => {
                    Some((format!("{name} is {form}, not `{text}`"), format!("use {}", (view.idioms.some_attribute)(attribute))))
                }
                _ => None,
            }
        });
    },
};

/// Namespaces, with the metrics and dimensions that are worth knowing here.
const KNOWN: &[(&str, &[&str], &[&str])] = &[
    (
        "AWS/DMS",
        &[
            "AvailableMemory",
            "CDCChangesDiskSource",
            "CDCChangesDiskTarget",
            "CDCChangesMemorySource",
            "CDCChangesMemoryTarget",
            "CDCIncomingChanges",
            "CDCLatencySource",
            "CDCLatencyTarget",
            "CDCThroughputBandwidthSource",
            "CDCThroughputBandwidthTarget",
            "CDCThroughputRowsSource",
            "CDCThroughputRowsTarget",
            "CPUAllocated",
            "CPUUtilization",
            "CapacityUtilization",
            "DiskQueueDepth",
            "FreeMemory",
            "FreeStorageSpace",
            "FreeableMemory",
            "FullLoadThroughputBandwidthSource",
            "FullLoadThroughputBandwidthTarget",
            "FullLoadThroughputRowsSource",
            "FullLoadThroughputRowsTarget",
            "MemoryAllocated",
            "MemoryUsage",
            "NetworkReceiveThroughput",
            "NetworkTransmitThroughput",
            "ReadIOPS",
            "ReadLatency",
            "ReadThroughput",
            "SwapUsage",
            "WriteIOPS",
            "WriteLatency",
            "WriteThroughput",
        ],
        &["ReplicationConfigId", "ReplicationInstanceIdentifier", "ReplicationTaskIdentifier"],
    ),
    (
        "AWS/ApplicationELB",
        &[
            "ActiveConnectionCount",
            "HTTPCode_ELB_3XX_Count",
            "HTTPCode_ELB_4XX_Count",
            "HTTPCode_ELB_500_Count",
            "HTTPCode_ELB_502_Count",
            "HTTPCode_ELB_503_Count",
            "HTTPCode_ELB_504_Count",
            "HTTPCode_ELB_5XX_Count",
            "HTTPCode_Target_2XX_Count",
            "HTTPCode_Target_3XX_Count",
            "HTTPCode_Target_4XX_Count",
            "HTTPCode_Target_5XX_Count",
            "HealthyHostCount",
            "NewConnectionCount",
            "ProcessedBytes",
            "RejectedConnectionCount",
            "RequestCount",
            "RequestCountPerTarget",
            "TargetConnectionErrorCount",
            "TargetResponseTime",
            "UnHealthyHostCount",
        ],
        &["AvailabilityZone", "LoadBalancer", "TargetGroup"],
    ),
    (
        "AWS/RDS",
        &["CPUUtilization", "DatabaseConnections", "FreeStorageSpace", "FreeableMemory", "ReplicaLag"],
        &["DBClusterIdentifier", "DBInstanceIdentifier"],
    ),
    ("AWS/ECS", &["CPUUtilization", "MemoryUtilization"], &["ClusterName", "ServiceName"]),
    ("AWS/Lambda", &["Duration", "Errors", "Invocations", "Throttles"], &["FunctionName", "Resource"]),
    ("AWS/SNS", &["NumberOfMessagesPublished", "NumberOfNotificationsFailed"], &["TopicName"]),
    ("AWS/SQS", &["ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"], &["QueueName"]),
    (
        "AWS/S3",
        &[
            "BucketSizeBytes",
            "BytesPendingReplication",
            "NumberOfObjects",
            "OperationsPendingReplication",
            "ReplicationLatency",
        ],
        &["BucketName", "StorageType"],
    ),
    ("AWS/Route53", &["HealthCheckPercentageHealthy", "HealthCheckStatus"], &["HealthCheckId"]),
    ("AWS/NATGateway", &["ErrorPortAllocation", "PacketsDropCount"], &["NatGatewayId"]),
    ("AWS/NetworkELB", &["HealthyHostCount", "UnHealthyHostCount"], &["LoadBalancer", "TargetGroup"]),
    ("AWS/EC2", &["CPUUtilization", "StatusCheckFailed"], &["InstanceId"]),
    ("AWS/Logs", &["IncomingBytes", "IncomingLogEvents"], &["LogGroupName"]),
];

pub(super) static MISSPELT: Lint = Lint {
    code: Code::lint("M8303", "misspelt-metric", "a metric that does not exist", NEVER)
        .from("Amazon CloudWatch User Guide, AWS services that publish CloudWatch metrics")
        .template(
            "Resources:
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/DMS
      MetricName: ElapsedTimeMillis
      Dimensions:
        - {Name: ReplicationInstanceIdentifier, Value: shop}
        - {Name: ReplicationTaskIdentifier, Value: orders}
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 5
      Threshold: 60000
      ComparisonOperator: GreaterThanThreshold
",
        ),
    check: |view, report| {
        for metric in metrics(view) {
            let mut say = |word: &Word<'_>, message: String, help: String| {
                report.place(Some(&metric.node.address), word.1.span(), message).help(help);
            };
            let (namespace, name): (&str, &str) = (&metric.namespace.0, &metric.name.0);
            let Some((_, names, dimensions)) = KNOWN.iter().find(|(known, ..)| *known == namespace) else {
                let near = suggest(namespace, KNOWN.iter().map(|(known, ..)| *known));
                let near = near.filter(|near| near.eq_ignore_ascii_case(namespace));
                if let Some(near) = near {
                    say(
                        &metric.namespace,
                        format!("there is no namespace `{namespace}`"),
                        format!("did you mean `{near}`?"),
                    );
                }
                continue;
            };
            if namespace == "AWS/DMS" && name == "ElapsedTimeMillis" {
                let message = "DMS has no metric `ElapsedTimeMillis`: it is a statistic of a task, how long it has been running, and no lag";
                say(
                    &metric.name,
                    message.into(),
                    "use CDCLatencySource and CDCLatencyTarget, both in seconds".into(),
                );
            } else if !names.contains(&name)
                && let Some(near) = near_word(name, names)
            {
                say(
                    &metric.name,
                    format!("{namespace} has no metric `{name}`"),
                    format!("did you mean `{near}`?"),
                );
            }
            for Dimension { name, .. } in &metric.dimensions {
                if !dimensions.contains(&name.0.as_ref())
                    && let Some(near) = near_word(&name.0, dimensions)
                {
                    let message = format!("{namespace} has no dimension `{}`", name.0);
                    say(name, message, format!("did you mean `{near}`?"));
                }
            }
        }
    },
};

/// A known word that differs by case, or by a letter or two: other words may exist that are not listed here.
fn near_word<'c>(word: &str, known: &[&'c str]) -> Option<&'c str> {
    let near = suggest(word, known.iter().copied())?;
    (near.eq_ignore_ascii_case(word) || strsim::damerau_levenshtein(near, word) <= 2).then_some(near)
}

pub(super) static INCOMPLETE: Lint = Lint {
    code: Code::lint(
        "M8304",
        "incomplete-dimensions",
        "a metric that needs one more dimension",
        "Host counts of a load balancer exist for a target group behind a load balancer, so both are needed; metrics of a DMS task exist for a task on an instance, so both are needed.",
    )
    .from("Elastic Load Balancing User Guide, CloudWatch metrics for your Application Load Balancer")
    .template(
        "Resources:
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/ApplicationELB
      MetricName: UnHealthyHostCount
      Dimensions:
        - {Name: TargetGroup, Value: targetgroup/shop/0123456789abcdef}
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 5
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
",
    ),
    check: |view, report| {
        for metric in metrics(view) {
            let name = metric.name.0.as_ref();
            // One of a serverless replication has this dimension alone.
            if metric.dimensions.iter().any(|dimension| dimension.name.0 == "ReplicationConfigId") {
                continue;
            }
            let needed = match metric.namespace.0.as_ref() {
                "AWS/ApplicationELB" | "AWS/NetworkELB"
                    if matches!(name, "HealthyHostCount" | "UnHealthyHostCount") =>
                {
                    ["LoadBalancer", "TargetGroup"]
                }
                "AWS/DMS" if name.starts_with("CDC") || name.starts_with("FullLoad") => {
                    ["ReplicationInstanceIdentifier", "ReplicationTaskIdentifier"]
                }
                _ => continue,
            };
            for dimension in needed {
                if !metric.dimensions.iter().any(|known| known.name.0.eq_ignore_ascii_case(dimension)) {
                    let message = format!("{name} has no data without the dimension {dimension}");
                    report
                        .place(Some(&metric.node.address), metric.name.1.span(), message)
                        .help(format!("add {dimension}"));
                }
            }
        }
    },
};
