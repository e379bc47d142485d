//! Codes that do not come from a plan's files: command line, graph, ledger, account, run.

use super::Code;

pub(super) static COMMAND_LINE: &[Code] = &[
    Code::error(
        "M0003",
        "an unusable fault script",
        "--faults wants a file with a JSON list of fault rules for the sandbox.",
    ),
    Code::error(
        "M0004",
        "a change set cannot be written",
        "--out names a file in a folder that exists and can be written to.",
    ),
    Code::error(
        "M0005",
        "an unknown output",
        "--only takes the name of one output of the last run, as stack.Name if several stacks have one of that name.",
    ),
    Code::error(
        "M0008",
        "an address the ledger does not hold",
        "`forget` and `ledger resolve` work on what the ledger holds; `migrate status` lists it.",
    ),
    Code::error(
        "M0009",
        "an address the plan does not hold",
        "`import` takes a resource of the plan, written stack/LogicalId; `migrate graph` draws all of them.",
    ),
    Code::error("M0006", "an unknown code", "`migrate explain` without a code lists all of them."),
    Code::error("M0007", "an unknown resource type", "`migrate types` without a name lists all of them."),
];

pub(super) static GRAPH: &[Code] = &[
    Code::error(
        "M3001",
        "resources that wait for each other",
        "Every reference and every DependsOn is a wait. When they lead back to where they began, nothing can be created first.",
    ),
    Code::error(
        "M3002",
        "a reference to something outside the plan",
        "What a resource refers to must be a resource of the plan.",
    ),
    Code::error("M3003", "a resource type without a handler", "`migrate types` lists what is supported."),
    Code::error(
        "M3004",
        "a property that cannot be computed",
        "A function's arguments became known while planning, from what the ledger holds, and do not fit.",
    ),
    Code::error(
        "M3005",
        "a replacement that would collide",
        "The change needs a new object, but the old one must stay and holds the name or the place.",
    ),
    Code::error(
        "M3006",
        "a replacement that its users hold up",
        "The change needs a new object of the same name, AWS refuses to delete the old one while others use it, and those others stay. CloudFormation refuses custom names for the same reason.",
    ),
];

pub(super) static RUN: &[Code] = &[
    Code::error(
        "M4001",
        "the sandbox cannot be opened",
        "--sandbox-dir names a folder that can be made and written to.",
    ),
    Code::error(
        "M4002",
        "the sandbox is in use",
        "One process at a time uses a sandbox folder. A lock never outlives its process.",
    ),
    Code::error(
        "M4003",
        "the sandbox is damaged",
        "Its files were changed or cut. `migrate sandbox reset` starts again with an empty account.",
    ),
    Code::error(
        "M4004",
        "the sandbox's world cannot be written",
        "The folder lost its permissions, or the disk is full.",
    ),
    Code::error("M4005", "the sandbox cannot be served", "The port is taken, or needs privileges."),
    Code::error(
        "M4101",
        "the ledger is in use",
        "Another run holds its lock. A lock never outlives its process.",
    ),
    Code::error("M4102", "the ledger cannot be read or written", "Permissions or free space are missing."),
    Code::error(
        "M4103",
        "the ledger is damaged",
        "A line in the middle of the journal, or the snapshot, is not what was written. A torn last line is normal after a crash and no damage.",
    ),
    Code::error(
        "M4104",
        "the ledger is of a newer migrate",
        "Ledgers are never read by guessing. Use the version that wrote it.",
    ),
    Code::error("M4105", "there is no ledger", "Nothing was run yet, or --ledger names another folder."),
    Code::error(
        "M4106",
        "the ledger is of another migration",
        "A ledger belongs to one migration and one environment for all its life.",
    ),
    Code::error(
        "M4107",
        "the ledger was changed by something else",
        "Every entry carries a checksum. A disk's defect or an editor changed bytes that are still readable JSON. If the change was meant, `migrate ledger verify --accept-edits` seals the ledger again; otherwise restore a backup.",
    ),
    Code::error(
        "M5001",
        "nobody to ask",
        "Without a terminal nothing is confirmed. `--yes` confirms; losing data needs --allow-data-loss besides.",
    ),
    Code::error("M5002", "not confirmed", "The answer was not the expected word; nothing was changed."),
    Code::error(
        "M5003",
        "data would be lost",
        "The step deletes or replaces something that holds data. Each such resource needs --allow-data-loss with its address, or the address typed in full.",
    ),
    Code::error(
        "M5006",
        "an import that would give an object two names",
        "The resource has an object already, or the object is another resource of the same ledger.",
    ),
    Code::error(
        "M5007",
        "an import whose references are not known",
        "What the resource refers to must be in the ledger first, so that the object can be compared with the plan.",
    ),
    Code::error(
        "M5008",
        "an import of something that is not there or not usable",
        "The physical id is what `Ref` of the type means to CloudFormation. The object must exist and be ready.",
    ),
    Code::error(
        "M5101",
        "an unusable change set",
        "--change-set takes a file written by `migrate plan --out` of the same version.",
    ),
    Code::error(
        "M5102",
        "the change set is out of date",
        "Plan, ledger or account changed since it was made. What runs is exactly what was reviewed, or nothing.",
    ),
    Code::error(
        "M6001",
        "no AWS credentials",
        "They are looked for where the AWS CLI looks: environment, profiles, SSO, instance roles.",
    ),
    Code::error("M6002", "AWS refuses the credentials", "They are expired, revoked or mistyped."),
    Code::error(
        "M6003",
        "AWS cannot be reached",
        "Network, proxy, name resolution or AWS_ENDPOINT_URL are wrong.",
    ),
    Code::error(
        "M6004",
        "AWS does not let the credentials in",
        "The role lacks a permission that every run needs, such as sts:GetCallerIdentity.",
    ),
    Code::error(
        "M6101",
        "the ledger is of another realm",
        "What was made in the sandbox is not on AWS, and the other way round.",
    ),
    Code::error("M6102", "the ledger is of another account", "Its ids mean nothing in this one."),
    Code::error("M6103", "the ledger is of another region", "A migration does not move between regions."),
    Code::error(
        "M6104",
        "the plan is for another account",
        "A cloud assembly that was synthesised for an account can be run in that account only. A new sandbox takes the plan's account.",
    ),
    Code::error(
        "M7001",
        "an interrupted call's effect is unknown",
        "A run died between a call and its answer, and looking for the object failed. Nothing is repeated blindly.",
    ),
    Code::error(
        "M9001",
        "a defect of migrate: it cannot start",
        "The operating system refuses what every program needs. If it is not out of resources, please report it.",
    ),
    Code::error(
        "M9002",
        "a defect of migrate: the ledger cannot be shown",
        "Please report it, without the ledger.",
    ),
];
