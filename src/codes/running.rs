//! Codes that do not come from a plan's files: command line, graph, ledger, account, run.

use crate::error::{Code, Example};

pub(super) static COMMAND_LINE: &[Code] = &[
    Code::error(
        "M0002",
        "an unusable log filter",
        "MIGRATE_LOG takes the filter syntax of the tracing crate: `migrate=debug`, `migrate::engine=trace,warn`.",
    ).example(Example::Circumstances("it needs a variable of the environment")),
    Code::error(
        "M0003",
        "an unusable fault script",
        "--faults wants a file with a JSON list of fault rules for the sandbox.",
    ).example(Example::Circumstances("it needs a plan; any file that is no fault script shows it")),
    Code::error(
        "M0004",
        "a file cannot be written",
        "--out and --log-file name a file in a folder that exists and can be written to.",
    ).example(Example::Circumstances("it needs a folder that cannot be written to")),
    Code::error(
        "M0005",
        "an unknown output",
        "--only takes the name of one output of the last run, as stack.Name if several stacks have one of that name.",
    ).example(Example::Circumstances("it needs the outputs of a run")),
    Code::error("M0006", "an unknown code", "`migrate explain` without a code lists all of them.").example(Example::Commands(&["migrate explain M9999"])),
    Code::error("M0007", "an unknown resource type", "`migrate types` without a name lists all of them.").example(Example::Commands(&["migrate types AWS::EC2::VPCC"])),
    Code::error(
        "M0008",
        "an address the ledger does not hold",
        "`forget` and `ledger resolve` work on what the ledger holds; `migrate status` lists it.",
    ).example(Example::Circumstances("it needs a ledger")),
    Code::error(
        "M0009",
        "an address the plan does not hold",
        "`import` takes a resource of the plan, written stack/LogicalId; `migrate graph` draws all of them.",
    ).example(Example::Circumstances("it needs a plan and its ledger")),
    Code::error(
        "M0010",
        "standard output cannot be written",
        "The disk is full, or a file has reached its limit: what the command said is lost, so it does not end with 0. What it did stands in the ledger. A reader that went away (`| head`) is no error.",
    ).example(Example::Circumstances("it needs a full disk; any command whose output goes to /dev/full shows it")),
    Code::error(
        "M0011",
        "a parameter's value that cannot be read",
        "--set-from-env takes the value of an environment variable that is set, --set-from-stdin a line of standard input; the variable is named as the parameter unless KEY=VARIABLE names it.",
    ).example(Example::Circumstances("it needs the environment or standard input")),
    Code::error(
        "M0012",
        "a permission for a resource that is not there",
        "--allow-data-loss names resources of the change set, as stack/LogicalId. A name that is not among them would permit nothing: a misspelt one must not look like a permission.",
    ).example(Example::Circumstances("it needs a ledger")),
    Code::error(
        "M0013",
        "a plan file that cannot be corrected",
        "`validate --fix` edits templates that people write. What a program writes (a cloud assembly's templates, which the next `cdk synth` makes again) is corrected there; a file that changed since it was read is left alone. Nothing was written.",
    ).example(Example::Circumstances("it needs a cloud assembly, or a file that changes meanwhile")),
];

pub(super) static GRAPH: &[Code] = &[
    Code::error(
        "M3001",
        "resources that wait for each other",
        "Every reference and every DependsOn is a wait. When they lead back to where they began, nothing can be created first.",
    ).template("Resources:
  A:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !GetAtt B.TopicName}
  B:
    Type: AWS::SNS::Topic
    DependsOn: A
"),
    Code::error(
        "M3002",
        "a reference to something outside the plan",
        "What a resource refers to must be a resource of the plan.",
    ).example(Example::Circumstances("names are resolved while a plan is read, so only a defect would show it")),
    Code::error("M3003", "a resource type without a handler", "`migrate types` lists what is supported.").example(Example::Circumstances("types are checked while a plan is read, so only a defect would show it")),
    Code::error(
        "M3004",
        "a property that cannot be computed",
        "A function's arguments became known while planning, from what the ledger holds, and do not fit.",
    ).example(Example::Circumstances("it needs a ledger with an attribute that does not fit a function")),
    Code::error(
        "M3005",
        "a replacement that would collide",
        "The change needs a new object, but the old one must stay and holds the name or the place.",
    ).example(Example::Circumstances("it needs a ledger with an object that must stay")),
    Code::error(
        "M3006",
        "a replacement that its users hold up",
        "The change needs a new object of the same name, AWS refuses to delete the old one while others use it, and those others stay. CloudFormation refuses custom names for the same reason.",
    ).example(Example::Circumstances("it needs a ledger with an object in use")),
    Code::error(
        "M3007",
        "a change that AWS refuses",
        "AWS never takes this change, as the older version of a database's engine: that is known while planning, and nothing is begun.",
    ).example(Example::Circumstances("it needs a ledger with an object of a later version")),
    Code::error(
        "M3008",
        "an order left out that was not inferred",
        "`Metadata: {Migrate: {DoNotWaitFor: [LogicalId]}}` leaves out an order that migrate infers because AWS usually needs it. What the template itself says, by a reference or DependsOn, stays; `migrate graph --why` shows which edges are inferred and what they cost.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
  Other:
    Type: AWS::SNS::Topic
    Metadata: {Migrate: {DoNotWaitFor: [Topic]}}
"),
];

pub(super) static RUN: &[Code] = &[
    Code::error(
        "M4001",
        "the sandbox cannot be opened",
        "--sandbox-dir names a folder that can be made and written to.",
    ).example(Example::Circumstances("it needs a folder that cannot be made")),
    Code::error(
        "M4002",
        "the sandbox is in use",
        "One process at a time uses a sandbox folder. A lock never outlives its process.",
    ).example(Example::Circumstances("it needs a second process")),
    Code::error(
        "M4003",
        "the sandbox is damaged",
        "Its files were changed or cut. `migrate sandbox reset` starts again with an empty account.",
    ).example(Example::Circumstances("it needs a damaged file")),
    Code::error(
        "M4004",
        "the sandbox's state cannot be written",
        "The folder lost its permissions, or the disk is full.",
    ).example(Example::Circumstances("it needs a full disk")),
    Code::error("M4005", "the sandbox cannot be served", "The port is taken, or needs privileges.").example(Example::Circumstances("it needs a port that is taken")),
    Code::error(
        "M4006",
        "an object cannot be planted in the sandbox",
        "`migrate sandbox plant FILE` reads a list `objects`; each is one of vpn-connection, certificate, secret, role and call, with its settings. Nothing of a file with a mistake is put in.",
    ).example(Example::Circumstances("it needs a file of objects")),
    Code::error(
        "M4007",
        "functions cannot be run",
        "`migrate sandbox serve --run-functions` runs Python code with the interpreter that --python names, `python3` unless said otherwise. It must be there, and have what the functions import (boto3, above all).",
    ).example(Example::Circumstances("it needs a machine without that interpreter")),
    Code::error(
        "M4101",
        "the ledger is in use",
        "Another run holds its lock. A lock never outlives its process.",
    ).example(Example::Circumstances("it needs a second process")),
    Code::error("M4102", "the ledger cannot be read or written", "Permissions or free space are missing.").example(Example::Circumstances("it needs a folder that cannot be read")),
    Code::error(
        "M4103",
        "the ledger is damaged",
        "A line in the middle of the journal, or the snapshot, is not what was written. A torn last line is normal after a crash and no damage.",
    ).example(Example::Circumstances("it needs a damaged file")),
    Code::error(
        "M4104",
        "the ledger is of a newer migrate",
        "Its format, or the kind of one of its entries, is not known to this program. Ledgers are never read by guessing: use the version that wrote it.",
    ).example(Example::Circumstances("it needs a ledger of the future")),
    Code::error("M4105", "there is no ledger", "Nothing was run yet, or --ledger names another folder.").example(Example::Commands(&["migrate ledger show --ledger nowhere"])),
    Code::error(
        "M4106",
        "the ledger is of another migration",
        "A ledger belongs to one migration and one environment for all its life.",
    ).example(Example::Circumstances("it needs a ledger of another migration")),
    Code::error(
        "M4107",
        "the ledger was changed by something else",
        "Every entry carries a checksum. A disk's defect or an editor changed bytes that are still readable JSON. If the change was meant, `migrate ledger verify --accept-edits` seals the ledger again; otherwise restore a backup.",
    ).example(Example::Circumstances("it needs a ledger that somebody edited")),
    Code::error(
        "M4108",
        "the ledger could not be written in mid run",
        "The disk filled up, a limit was reached, or the permissions changed while the run went on. No call was made after that; the next run determines what the last calls did and resumes.",
    ).example(Example::Circumstances("it needs a disk that fills up")),
    Code::error(
        "M4111",
        "the ledger is empty, but the account is not",
        "The account holds objects that carry this migration's ownership tags, and the ledger knows none of them: `up` would make everything a second time. Name the right ledger, or make it again with `migrate ledger rebuild`.",
    ).example(Example::Circumstances("it needs an account with objects of a lost ledger")),
    Code::error(
        "M4112",
        "the ledger cannot be rebuilt there",
        "`ledger rebuild` fills an empty ledger only.",
    ).example(Example::Circumstances("it needs a ledger")),
    Code::error(
        "M4113",
        "nothing to rebuild a ledger from",
        "No object in the account carries this migration's ownership tags, or those of several ledgers do.",
    ).example(Example::Circumstances("it needs an account")),
    Code::error(
        "M4114",
        "the ledger is of another plan",
        "A ledger records which plan it is of. Two plans of one name in two folders have a ledger each, and none is used for the other. A plan that was moved or renamed is recognised by what it holds; where it is not, `migrate ledger moved PLAN --ledger DIR` records its new place.",
    ).example(Example::Circumstances("it needs a ledger of another plan")),
    Code::error(
        "M4120",
        "the plan's ledger is not known",
        "A ledger is found through its plan's name and environment. When a PLAN or an environment is named and cannot be read, no other ledger stands for it; --ledger names one without a plan.",
    ).example(Example::Circumstances("it needs a ledger, and a plan that cannot be read")),
    Code::error(
        "M4130",
        "the key for digests of secrets is not available",
        "Ledgers hold digests of secrets, made with a key of this user (~/.config/migrate/secrets.key, or the file that MIGRATE_SECRETS_KEY_FILE names), so that a change is noticed and nobody can guess the secret from a ledger. On another machine, with another key, nobody can tell whether a secret has changed: what can be set again is set again, and nothing is replaced for it. Share one key file between machines that run the same plans.",
    ).example(Example::Circumstances("it needs a key file that cannot be read")),
    Code::error(
        "M5001",
        "no terminal to confirm on",
        "Without a terminal nothing is confirmed. `--yes` confirms; losing data needs --allow-data-loss besides.",
    ).example(Example::Circumstances("it needs a plan; without a terminal and without --yes, every `up` shows it")),
    Code::error("M5002", "not confirmed", "The answer was not the expected word; nothing was changed.").example(Example::Circumstances("it needs a terminal")),
    Code::error(
        "M5003",
        "data would be lost",
        "The step deletes or replaces something that holds data. Each such resource needs --allow-data-loss with its address, or the address typed in full; `--allow-data-loss all` permits every loss that the review names. The same holds for `destroy`.",
    ).example(Example::Circumstances("it needs a ledger with data to lose")),
    Code::error(
        "M5004",
        "an object is protected from deletion",
        "AWS refuses to delete it while its deletion protection is on. That is looked up before anything runs, so that nothing is half deleted.",
    ).example(Example::Circumstances("it needs a ledger with a protected object")),
    Code::error(
        "M5005",
        "a stack is protected from termination",
        "The stack has terminationProtection (in a CDK app, or in the manifest's list of stacks): it is neither destroyed nor taken out of the plan with all that it has. Turn it off and run `migrate up` first.",
    ).example(Example::Circumstances("it needs a ledger with a protected stack")),
    Code::error(
        "M5006",
        "an import that would give an object two names",
        "The resource has an object already, or the object is another resource of the same ledger.",
    ).example(Example::Circumstances("it needs a ledger")),
    Code::error(
        "M5007",
        "an import whose references are not known",
        "What the resource refers to must be in the ledger first, so that the object can be compared with the plan.",
    ).example(Example::Circumstances("it needs a ledger")),
    Code::error(
        "M5008",
        "an import of something that is not there or not usable",
        "The physical id is what `Ref` of the type means to CloudFormation. The object must exist and be ready.",
    ).example(Example::Circumstances("it needs a ledger")),
    Code::error(
        "M5101",
        "an unusable change set",
        "--change-set takes a file written by `migrate plan --out` of the same version.",
    ).example(Example::Circumstances("it needs a plan; any file that is no change set shows it")),
    Code::error(
        "M5102",
        "the change set is out of date",
        "Plan, ledger or account changed since it was made. What runs is exactly what was reviewed, or nothing.",
    ).example(Example::Circumstances("it needs a change set and a change after it")),
    Code::error(
        "M5103",
        "the change set is not what planning gives",
        "Before a saved change set is applied, the same is planned again. A file that says anything else (another step, another property, no word of data that would be lost) is refused: what runs is what planning gives and the review shows.",
    ).example(Example::Circumstances("it needs a change set that was edited")),
    Code::error(
        "M6001",
        "not signed in to AWS",
        "There are no credentials, or the session behind them has ended. They are looked for where the AWS CLI looks: \
         keys in the environment (unless --profile is given), the profile (--profile, AWS_PROFILE, AWS_DEFAULT_PROFILE, \
         else default), AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN, the endpoint of a container, the role of an \
         instance. Sign in with `aws sso login --profile NAME` or `aws login --profile NAME`. A profile with mfa_serial \
         asks for the code on a terminal and keeps the session in ~/.aws/cli/cache, as the AWS CLI does: sign in there \
         first where no terminal is. `migrate whoami` shows what is used.",
    ).example(Example::Circumstances("it needs AWS")),
    Code::error(
        "M6002",
        "signed in, but AWS refuses",
        "Keys that are expired, deactivated or mistyped, a role that may not be assumed, a policy that denies (an \
         organization's policies say `explicit deny`), or a clock that is off by more than AWS allows. The message is \
         AWS's own. While a run is under way it waits for new credentials (--auth-wait, 15 minutes unless given) as long \
         as they can change: SSO, files, tokens, roles. Keys in environment variables cannot change under a process.",
    ).example(Example::Circumstances("it needs AWS")),
    Code::error(
        "M6003",
        "AWS cannot be reached",
        "Name resolution, connection or TLS fails; the message names the host, the proxy and the certificate that was \
         shown. HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are honoured, in upper and lower case, with user and \
         password in the URL. A proxy that opens TLS has a CA of its own: name its PEM file in AWS_CA_BUNDLE or in \
         `ca_bundle` of the profile; it replaces the system's certificates. Metadata services are reached without proxy.",
    ).example(Example::Circumstances("it needs a network that is down")),
    Code::error(
        "M6005",
        "AWS does not answer properly at the moment",
        "It asks to slow down, or has an error of its own. Nothing is wrong with the credentials; a minute later it works.",
    ).example(Example::Circumstances("it needs AWS on a bad day")),
    Code::error(
        "M6006",
        "something else than AWS answered",
        "A proxy, a firewall or a sign-in page of the network answered in AWS's place; the message has its HTTP status \
         and the first line of its text. Have the host permitted, or sign in to the network.",
    ).example(Example::Circumstances("it needs a filtering proxy")),
    Code::error(
        "M6007",
        "an AWS setting that cannot be used",
        "A profile that is not there, a CA bundle without certificates, a proxy or endpoint that is no URL, a role \
         without source. The message names the variable, the file and the value. Nothing was called.",
    ).example(Example::Commands(&["migrate whoami --profile nosuch"])),
    Code::error(
        "M6101",
        "the ledger is of another realm",
        "What was made in the sandbox is not on AWS, and the other way round.",
    ).example(Example::Circumstances("it needs a ledger of the sandbox")),
    Code::error("M6102", "the ledger is of another account", "Its ids mean nothing in this one.").example(Example::Circumstances("it needs a ledger of another account")),
    Code::error("M6103", "the ledger is of another region", "A migration does not move between regions.").example(Example::Circumstances("it needs a ledger of another region")),
    Code::error(
        "M6104",
        "the plan is for another account",
        "`account` in the manifest or in one of its environments pins the account; a cloud assembly that was synthesised \
         for an account can be run in that account only. A new sandbox takes the plan's account.",
    )
    .example(Example::Circumstances("it takes an account")).example(Example::Circumstances("it needs a ledger")),
    Code::error(
        "M7001",
        "an interrupted call's effect is unknown",
        "A run died between a call and its answer, and looking for the object failed. Nothing is repeated blindly.",
    ).example(Example::Circumstances("it needs a run that died")),
    Code::error(
        "M9001",
        "a defect of migrate: it cannot start",
        "The operating system refuses what every program needs. If it is not out of resources, please report it.",
    ).example(Example::Circumstances("nothing known brings it about")),
    Code::error(
        "M9002",
        "a defect of migrate: the ledger cannot be shown",
        "Please report it, without the ledger.",
    ).example(Example::Circumstances("nothing known brings it about")),
];
