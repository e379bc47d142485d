//! CDK cloud assemblies.

use super::{Code, Example};

pub(super) static CODES: &[Code] = &[
    Code::error(
        "M1901",
        "a cloud assembly cannot be understood",
        "`manifest.json` lacks what every assembly has, or leads outside its folder. Synthesise it again.",
    ).example(Example::Files(&[("manifest.json", "{\"version\": \"48.0.0\", \"artifacts\": {}}\n"), ("cdk.out", "{\"version\": \"48.0.0\"}\n")])),
    Code::error(
        "M1902",
        "a cloud assembly is not finished",
        "The CDK could not look something up, or a construct reported an error. The CDK would not deploy it either.",
    ).example(Example::Circumstances("it needs a whole cloud assembly")),
    Code::error(
        "M1903",
        "an unknown or ambiguous stack",
        "--stack takes a stack's name, or its place in the app as the CDK shows it; `*` stands for any text.",
    ).example(Example::Circumstances("it needs a whole cloud assembly")),
    Code::error(
        "M1904",
        "stacks of several accounts",
        "A ledger belongs to one account. Choose the stacks of one account with --stack.",
    ).example(Example::Circumstances("it needs a whole cloud assembly")),
    Code::error(
        "M1905",
        "an asset that cannot be delivered",
        "The code of Lambda functions is sent in the call itself. Docker images, and files that a bucket would have to hold, need what `cdk bootstrap` makes.",
    ).example(Example::Circumstances("it needs a whole cloud assembly")),
    Code::error(
        "M1906",
        "a custom resource that is not what its type says",
        "Custom::S3AutoDeleteObjects and Custom::VpcRestrictDefaultSG are carried out natively if they are the CDK's own, with the CDK's own provider.",
    ).example(Example::Circumstances("it needs a whole cloud assembly")),
    Code::warning(
        "M1907",
        "a warning of the CDK",
        "A construct warned while the app was synthesised. Acknowledge it in the app, or change what it is about.",
    ).example(Example::Circumstances("it needs a whole cloud assembly")),
];
