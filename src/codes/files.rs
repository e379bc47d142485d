//! Files, manifest and command line of a plan.

use crate::error::{Code, Example};

pub(super) static CODES: &[Code] = &[
    Code::error(
        "M1001",
        "a file cannot be read",
        "The plan's path, or a template the manifest names, is missing or not readable. Template paths are relative to the manifest's folder.",
    ).example(Example::Commands(&["migrate validate nowhere.yaml"])),
    Code::error(
        "M1002",
        "a file is not UTF-8",
        "Plan files are UTF-8, with or without a byte order mark. Save the file as UTF-8.",
    ).example(Example::Circumstances("the example would not be text")),
    Code::error(
        "M1003",
        "a file is neither valid YAML nor JSON",
        "The place is where the parser had to give up; the mistake is there or just before it.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
   Metadata: {}
"),
    Code::warning(
        "M1004",
        "a key is there twice",
        "Objects have unique keys. CloudFormation silently takes the last one, and so it is here: the other has no effect. In a manifest, and in JSON documents inside texts, it is an error.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
  Topic:
    Type: AWS::SNS::Topic
"),
    Code::error(
        "M1005",
        "YAML that CloudFormation does not know",
        "Merge keys, several documents in one file, keys that are not texts, and tags other than the short forms of functions are refused.",
    ).template("Common: &common {Type: AWS::SNS::Topic}
Resources:
  Topic:
    <<: *common
"),
    Code::error(
        "M1006",
        "a file is too large or too deep",
        "Files, nesting and the growth by aliases are bounded so that no file can exhaust the memory.",
    ).example(Example::Circumstances("the example would be too large to show")),
    Code::error(
        "M1010",
        "an unknown key in the manifest",
        "The manifest, its environments and its stacks take a fixed set of keys; the message lists them.",
    ).example(Example::Files(&[("migration.yaml", "name: shop
regoin: us-east-1
stacks:
  - {name: app, template: app.yaml, region: us-east-1}
"), ("app.yaml", "Resources:
  Topic:
    Type: AWS::SNS::Topic
")])),
    Code::error(
        "M1011",
        "a wrong or missing value in the manifest",
        "A stack needs at least `name` and `template`; texts, lists and objects must stand where they belong.",
    ).example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
stacks:
  - {name: app}
")])),
    Code::error(
        "M1012",
        "an unknown environment",
        "--environment, or `environment` in the manifest, must name one of `environments`.",
    ).example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
environment: prd
environments: {prod: {}}
stacks:
  - {name: app, template: app.yaml}
"), ("app.yaml", "Resources:
  Topic:
    Type: AWS::SNS::Topic
")])),
    Code::error(
        "M1013",
        "an unknown parameter",
        "A value is given for a parameter that neither the template nor the manifest declares, or for a stack that is not there.",
    ).example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
stacks:
  - {name: app, template: app.yaml, parameters: {Nmae: x}}
"), ("app.yaml", "Parameters:
  Name: {Type: String, Default: shop}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Ref Name
")])),
    Code::error(
        "M1014",
        "a malformed --set",
        "Write --set Key=Value for a parameter of the manifest or, if it has none of that name, of all templates; --set stack.Key=Value for one stack. A stack's own `parameters` win over the manifest's.",
    ).example(Example::With("Resources:
  Topic:
    Type: AWS::SNS::Topic
", &["--set", "Name"])),
    Code::error(
        "M1015",
        "no region, or none that exists",
        "A stack's own `region` wins, then --region, then the environment's, then the manifest's, then the AWS configuration's.",
    ).example(Example::Files(&[("migration.yaml", "name: shop
region: us-east
stacks:
  - {name: app, template: app.yaml}
"), ("app.yaml", "Resources:
  Topic:
    Type: AWS::SNS::Topic
")])),
    Code::error(
        "M1016",
        "a name that cannot be used",
        "Names of migrations, environments and stacks are letters, digits and hyphens; stack names are unique in a plan.",
    ).example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
stacks:
  - {name: my app, template: app.yaml}
"), ("app.yaml", "Resources:
  Topic:
    Type: AWS::SNS::Topic
")])),
    Code::error(
        "M1017",
        "an unknown ${Parameter} in the manifest",
        "Names, regions, tags and parameter values of stacks may use the manifest's own parameters. `${!Text}` is kept as it is.",
    ).example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
stacks:
  - {name: 'app-${Suffix}', template: app.yaml}
"), ("app.yaml", "Resources:
  Topic:
    Type: AWS::SNS::Topic
")])),
    Code::warning(
        "M1018",
        "a parameter of the manifest that no stack uses",
        "It has no effect: no template declares it and no `${...}` uses it.",
    ).example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
parameters: {Suffix: dev}
stacks:
  - {name: app, template: app.yaml}
"), ("app.yaml", "Resources:
  Topic:
    Type: AWS::SNS::Topic
")])),
    Code::error(
        "M1019",
        "a file outside the plan's folder",
        "Templates that a migration.yaml names, and the files of a cloud assembly, lie in the plan's folder or below it, links resolved. So a plan that somebody else wrote reads none of your other files. A single template may lie anywhere: name it on the command line.",
    ).example(Example::Files(&[("migration.yaml", "name: shop
region: us-east-1
stacks:
  - {name: app, template: ../../etc/hosts}
")])),
];
