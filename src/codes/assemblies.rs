//! CDK cloud assemblies.

use crate::error::{Code, Example};

/// A template for the examples.
const TOPIC: &str = "{\"Resources\": {\"Topic\": {\"Type\": \"AWS::SNS::Topic\"}}}\n";

/// What makes a folder an assembly.
const VERSION: (&str, &str) = ("cdk.out", "{\"version\": \"55.0.0\"}\n");

pub(super) static CODES: &[Code] = &[
    Code::error(
        "M1901",
        "a cloud assembly cannot be understood",
        "`manifest.json` lacks what every assembly has, or leads outside its folder. Synthesise it again.",
    )
    .example(Example::Files(&[
        (
            "manifest.json",
            r#"{
  "version": "55.0.0",
  "artifacts": {"App": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/us-east-1"}}
}
"#,
        ),
        VERSION,
    ])),
    Code::error(
        "M1902",
        "a cloud assembly is not finished",
        "The CDK could not look something up, or a construct reported an error. The CDK would not deploy it either.",
    )
    .example(Example::Files(&[
        (
            "manifest.json",
            r#"{
  "version": "55.0.0",
  "artifacts": {
    "App": {
      "type": "aws:cloudformation:stack",
      "environment": "aws://unknown-account/us-east-1",
      "properties": {"templateFile": "App.template.json"}
    }
  },
  "missing": [{"key": "vpc-provider:filter.tag:Name=main", "provider": "vpc-provider", "props": {}}]
}
"#,
        ),
        ("App.template.json", TOPIC),
        VERSION,
    ])),
    Code::error(
        "M1903",
        "an unknown or ambiguous stack",
        "--stack takes a stack's name, or its place in the app as the CDK shows it; in assemblies `*` stands for any text.",
    )
    .example(Example::Files(&[
        (
            "manifest.json",
            r#"{
  "version": "55.0.0",
  "artifacts": {
    "One": {
      "type": "aws:cloudformation:stack",
      "environment": "aws://unknown-account/us-east-1",
      "properties": {"templateFile": "App.template.json", "stackName": "App"}
    },
    "Two": {
      "type": "aws:cloudformation:stack",
      "environment": "aws://unknown-account/eu-west-1",
      "properties": {"templateFile": "App.template.json", "stackName": "App"}
    }
  }
}
"#,
        ),
        ("App.template.json", TOPIC),
        VERSION,
    ])),
    Code::error(
        "M1904",
        "stacks of several accounts",
        "A ledger belongs to one account. Choose the stacks of one account with --stack.",
    )
    .example(Example::Files(&[
        (
            "manifest.json",
            r#"{
  "version": "55.0.0",
  "artifacts": {
    "App": {
      "type": "aws:cloudformation:stack",
      "environment": "aws://123456789012/us-east-1",
      "properties": {"templateFile": "App.template.json"}
    },
    "Other": {
      "type": "aws:cloudformation:stack",
      "environment": "aws://210987654321/us-east-1",
      "properties": {"templateFile": "App.template.json"}
    }
  }
}
"#,
        ),
        ("App.template.json", TOPIC),
        VERSION,
    ])),
    Code::error(
        "M1905",
        "an asset that cannot be delivered",
        "The code of Lambda functions is sent in the call itself, other files go into a bucket of the plan's own. Docker images would have to be built, and files of more than 250 MiB are not sent.",
    )
    .example(Example::Files(&[
        (
            "manifest.json",
            r#"{
  "version": "55.0.0",
  "artifacts": {
    "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
    "App": {
      "type": "aws:cloudformation:stack",
      "environment": "aws://unknown-account/us-east-1",
      "properties": {"templateFile": "App.template.json"},
      "dependencies": ["App.assets"]
    }
  }
}
"#,
        ),
        ("App.template.json", TOPIC),
        (
            "App.assets.json",
            r#"{
  "version": "55.0.0",
  "files": {},
  "dockerImages": {"250c4bd2": {"displayName": "Worker image", "source": {"directory": "asset.250c4bd2"}}}
}
"#,
        ),
        VERSION,
    ])),
    Code::error(
        "M1906",
        "a custom resource that is not what its type says",
        "Custom::S3AutoDeleteObjects and Custom::VpcRestrictDefaultSG are carried out natively if they are the CDK's own, with the CDK's own provider.",
    )
    .example(Example::Files(&[
        (
            "manifest.json",
            r#"{
  "version": "55.0.0",
  "artifacts": {
    "App": {
      "type": "aws:cloudformation:stack",
      "environment": "aws://unknown-account/us-east-1",
      "properties": {"templateFile": "App.template.json"}
    }
  }
}
"#,
        ),
        (
            "App.template.json",
            r#"{
  "Resources": {
    "Logs": {"Type": "AWS::S3::Bucket"},
    "Empty": {
      "Type": "Custom::S3AutoDeleteObjects",
      "Properties": {
        "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:our-own",
        "BucketName": {"Ref": "Logs"}
      }
    }
  }
}
"#,
        ),
        VERSION,
    ])),
    Code::warning(
        "M1907",
        "a warning of the CDK",
        "A construct warned while the app was synthesised. Acknowledge it in the app, or change what it is about.",
    )
    .example(Example::Files(&[
        (
            "manifest.json",
            r#"{
  "version": "55.0.0",
  "artifacts": {
    "App": {
      "type": "aws:cloudformation:stack",
      "environment": "aws://unknown-account/us-east-1",
      "properties": {"templateFile": "App.template.json"},
      "metadata": {"/App/Topic": [{"type": "aws:cdk:warning", "data": "nobody subscribes to this topic"}]}
    }
  }
}
"#,
        ),
        ("App.template.json", TOPIC),
        VERSION,
    ])),
];
