//! Codes of the migration operations: the section `operations:`, what discovery finds, gates, phases, the cutover.

use crate::error::{Code, Example};

const RUN: &str = "it needs a deployed migration";

pub(super) static CODES: &[Code] = &[
    Code::error(
        "O1001",
        "an operated resource that the plan does not have",
        "`operations:` names resources as stack/LogicalId. What is left out is discovered: `migrate status` shows it, with reasons.",
    )
    .example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
stacks:
  - {name: app, template: app.yaml}
operations:
  replication: {forward: app/ReplicationTask}
"), ("app.yaml", "Resources:
  Topic:
    Type: AWS::SNS::Topic
")])),
    Code::error(
        "O1002",
        "one weighted record where two are needed",
        "Shares are relative: a single weighted record takes all requests, whatever its weight. A traffic set is a record \
         for the source and one for the target.",
    )
    .example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
stacks:
  - {name: app, template: app.yaml}
operations:
  traffic:
    - {name: api, records: {target: app/NewRecord}}
"), ("app.yaml", "Resources:
  Topic:
    Type: AWS::SNS::Topic
")])),
    Code::error(
        "O1003",
        "records of a traffic set that differ",
        "Weights are compared among records of one name and type. A TTL that differs leaves clients on the old side longer \
         than the operator waits.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1003/migration.yaml")),
        ("app.yaml", include_str!("operations/O1003/app.yaml")),
    ])),
    Code::error(
        "O1004",
        "sides that are not clear",
        "Which record leads to the source is told by the database it reaches, and by the heavier weight. Where the two \
         disagree, or a name has more than two weighted records, the section must say it.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1004/migration.yaml")),
        ("app.yaml", include_str!("operations/O1004/app.yaml")),
    ])),
    Code::error(
        "O1005",
        "a source that cannot be fenced",
        "A source outside of the plan has no security group of the plan's. Without a command that ends its sessions and \
         keeps new ones out, writes continue during the cutover and are lost.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1005/migration.yaml")),
        ("app.yaml", include_str!("operations/O1005/app.yaml")),
    ])),
    Code::error(
        "O1006",
        "a fence that leaks",
        "Revoking a security group's rule does not end connections that are open and tracked. Something has to end the \
         sessions too: services that are scaled to zero, or a hook.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1006/migration.yaml")),
        ("app.yaml", include_str!("operations/O1006/app.yaml")),
    ])),
    Code::error(
        "O1007",
        "a split without a reason",
        "Replication runs one way: with a database behind each weight, a split of the traffic makes both sides differ. \
         `splits` other than `never` says why that is safe here, in `reason`.",
    )
    .example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
stacks:
  - {name: app, template: app.yaml}
operations:
  traffic:
    - {name: api, records: {source: app/OldRecord, target: app/NewRecord}, splits: reads}
"), ("app.yaml", "Resources:
  Topic:
    Type: AWS::SNS::Topic
")])),
    Code::error(
        "O1008",
        "a reverse task that does not mirror the forward task",
        "The way back is a task of type cdc from the target database to the source database. A full load would overwrite \
         the source.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1008/migration.yaml")),
        ("app.yaml", include_str!("operations/O1008/app.yaml")),
    ])),
    Code::error(
        "O1009",
        "two-way replication without loopback prevention",
        "Each change would be replicated back. Both tasks need LoopbackPreventionSettings, which DMS does not combine with \
         BatchApplyEnabled.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1009/migration.yaml")),
        ("app.yaml", include_str!("operations/O1009/app.yaml")),
    ])),
    Code::error(
        "O1010",
        "a hook that cannot be run",
        "A hook's command with a slash is a file, relative to the manifest's folder. It must be there and executable.",
    )
    .example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
stacks:
  - {name: app, template: app.yaml}
operations:
  hooks: {fence: {exec: [./fence.sh]}}
"), ("app.yaml", "Resources:
  Topic:
    Type: AWS::SNS::Topic
")])),
    Code::error(
        "O1011",
        "databases that share a security group",
        "The source is fenced by revoking its group's rules. In a shared group that shuts the target too: give each \
         database a group of its own.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1011/migration.yaml")),
        ("app.yaml", include_str!("operations/O1011/app.yaml")),
    ])),
    Code::error(
        "O1012",
        "a start position without a slot",
        "A position in PostgreSQL's log is kept only by a replication slot. The reverse task that starts at one reads from a \
         slot that exists by then: the hook `reverse-position` creates it, and the endpoint names it.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1012/migration.yaml")),
        ("app.yaml", include_str!("operations/O1012/app.yaml")),
    ])),
    Code::error(
        "O1013",
        "declared, but not supported",
        "The section `operations` may say more than this version can do: record protections, hooks that are SQL. What cannot \
         be done is refused.",
    )
    .example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
stacks:
  - {name: app, template: app.yaml}
operations:
  hooks: {before-open: {sql: {cluster: app/Cluster, secret: app/Secret, text: SELECT 1}}}
"), ("app.yaml", "Resources:
  Topic:
    Type: AWS::SNS::Topic
")])),
    Code::error(
        "O1014",
        "a listener that cannot be shifted",
        "Weights move requests only where a listener, or a rule, forwards to two target groups and does nothing else. Target \
         group stickiness keeps clients on the side that is shut for as long as their cookie lasts.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1014/migration.yaml")),
        ("app.yaml", include_str!("operations/O1014/app.yaml")),
    ])),
    Code::warning(
        "O1020",
        "a weighted record with a health check",
        "Route 53 answers with a record of weight 0 when all the others are unhealthy. So weight 0 does not keep clients \
         away from a side.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1020/migration.yaml")),
        ("app.yaml", include_str!("operations/O1020/app.yaml")),
    ])),
    Code::warning(
        "O1021",
        "a long TTL on a weighted record",
        "Clients keep the old answer for the TTL, and the cutover waits for it while writes are refused.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1021/migration.yaml")),
        ("app.yaml", include_str!("operations/O1021/app.yaml")),
    ])),
    Code::warning(
        "O1022",
        "a target whose log cannot feed the reverse task",
        "The reverse task reads the target's log: PostgreSQL needs rds.logical_replication, MySQL binlog_format ROW. Both \
         are static parameters, so set them before the database is created.",
    )
    .example(Example::Circumstances(
        "a plan that brings it about also brings M8407 about, which tells the same of every database that a task reads from",
    )),
    Code::warning(
        "O1023",
        "connections that drain for long",
        "A target stays `draining` for its group's deregistration delay, 300 seconds unless the group sets it, and ECS waits \
         for that before a task stops. Inside a cutover that is time without writes.",
    )
    .example(Example::Circumstances("it needs a load-balanced service in front of a database that is migrated")),
    Code::warning(
        "O1024",
        "tables without a primary key would go unnoticed",
        "Updates and deletes of tables without a primary key do not come back through the reverse task. With validation DMS \
         names such tables, and the gate `validation` is closed for them.",
    )
    .example(Example::Circumstances(
        "a plan that brings it about also brings M8403 about, which tells of every task without validation",
    )),
    Code::warning(
        "O1025",
        "a function that may change the zone",
        "A function whose role allows route53:ChangeResourceRecordSets can change the weights beside `migrate`. Then every \
         verb ends with exit code 12 until that is accepted or restored. `operators:` declares a function that is meant to.",
    )
    .example(Example::Files(&[
        ("migration.yaml", include_str!("operations/O1025/migration.yaml")),
        ("app.yaml", include_str!("operations/O1025/app.yaml")),
    ])),
    Code::error(
        "O2001",
        "a gate that is closed",
        "Nothing was changed. A gate without data is closed as well. Where it may be passed: `--override GATE=REASON`, \
         which is recorded.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2002",
        "an operated property that somebody else changed",
        "Nothing was changed. The property is not as it was last observed: someone edited weights, rules, counts or a task. \
         Restore it, or accept it with `migrate reconcile --accept WHAT --reason TEXT`.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2003",
        "an operation that was rolled back automatically",
        "A step failed before the target took writes. Weights, rules, counts and scaling are as before, and the source \
         serves.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2004",
        "a verb that does not fit the phase",
        "Each verb belongs to phases of a migration; `migrate status` shows the present one.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2005",
        "nothing to operate",
        "Operations need a replication task with a full load that was deployed with `migrate up`.",
    )
    .example(Example::Circumstances("it needs a ledger without a replication task")),
    Code::error(
        "O2006",
        "a text that has to be typed",
        "Points of no return are confirmed by typing a text in full, or by passing exactly that text with --confirm. --yes \
         does not answer them.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2007",
        "a hook that failed",
        "A hook must end with exit code 0 within its time. It gets MIGRATE_OP, MIGRATE_PHASE and MIGRATE_RUN, and must be \
         repeatable.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2008",
        "a call of an operation that AWS refused",
        "The step failed; what was done before it is in the ledger. Run the same command again to resume.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2009",
        "a call of an operation whose effect is unknown",
        "The answer was lost, and what can be read shows neither the state before nor the state after. The call is not \
         repeated. `migrate ledger resolve` settles it by hand.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2010",
        "a deployment during a cutover",
        "Between the fence and the end of the migration, `up` and `destroy` could open what is shut or delete what is in \
         use. They are refused until the migration is finalized or rolled back.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2011",
        "a wait that took too long",
        "The state that a step waits for did not appear within its limit. Run the same command again to wait further.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2012",
        "a cutover that was interrupted",
        "The source may be shut. `migrate cutover --continue` completes it, `migrate cutover --abort` reopens the source.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2013",
        "a split that is not declared safe",
        "Replication runs one way, so a database behind each weight must not take writes at the same time. Declare why a \
         split is safe (`splits:` with `reason:`), or move everything at once with `migrate cutover`.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2014",
        "evidence that is not whole",
        "A bundle's entries are chained, its samples and its declaration carry digests, and its summary repeats what the \
         entries say. Something of that does not fit: the bundle was changed, or a part of it is missing. `migrate evidence` \
         writes it anew from the ledger.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2015",
        "an assessment that is not declared",
        "DMS writes what a premigration assessment finds to a bucket, with a role that it may assume. The section \
         `operations` names both: {assessment: {role: Stack/Role, bucket: Stack/Bucket}}.",
    )
    .example(Example::Circumstances(RUN)),
    Code::error(
        "O2016",
        "a saved cutover or an approval that does not fit",
        "`cutover --dry-run --out FILE` saves what would be done: declaration, settings of the tasks, every step. It is \
         carried out, and an approval of it counts, only while that is still what would be done, and nobody has edited it.",
    )
    .example(Example::Circumstances(RUN)),
];
