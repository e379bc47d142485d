//! The template language.

use crate::error::{Code, Example};

pub(super) static CODES: &[Code] = &[
    Code::error("M1020", "an unknown section", "A template has a fixed set of sections.").template("Resorces:
  Topic:
    Type: AWS::SNS::Topic
Resources:
  Other:
    Type: AWS::SNS::Topic
"),
    Code::error(
        "M1021",
        "a part of the template has the wrong form",
        "A section, a resource, an output or one of their attributes is not what CloudFormation defines.",
    ).template("Resources:
  Topic:
    Properties: {TopicName: orders}
"),
    Code::error(
        "M1022",
        "a part of CloudFormation that is not supported",
        "Transforms, macros, hooks, creation and update policies need CloudFormation itself. Everything unsupported is refused by name, never ignored.",
    ).template("Transform: Company::Macro
Resources:
  Topic:
    Type: AWS::SNS::Topic
"),
    Code::error(
        "M1023",
        "a name that CloudFormation does not allow",
        "Logical ids and names of parameters, conditions, mappings and outputs are letters and digits.",
    ).template("Resources:
  my-topic:
    Type: AWS::SNS::Topic
"),
    Code::error(
        "M1024",
        "a wrong DeletionPolicy or UpdateReplacePolicy",
        "Delete, Retain, RetainExceptOnCreate (deletion only) and, for types AWS can take a snapshot of, Snapshot.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    DeletionPolicy: Snapshot
"),
    Code::error(
        "M1030",
        "a malformed parameter declaration",
        "A parameter needs a `Type`; its constraints are plain values.",
    ).template("Parameters:
  Name: {Default: orders}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Ref Name
"),
    Code::error(
        "M1031",
        "a parameter without a value",
        "It has no default, and neither manifest nor command line give a value.",
    ).template("Parameters:
  Name: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Ref Name
"),
    Code::error(
        "M1032",
        "a value its parameter does not allow",
        "AllowedValues, AllowedPattern, lengths, bounds or the type itself refuse it. Values of NoEcho parameters are not shown.",
    ).template("Parameters:
  Name: {Type: String, AllowedValues: [orders, refunds], Default: order}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Ref Name
"),
    Code::error(
        "M1033",
        "an unknown parameter type",
        "String, Number, CommaDelimitedList, List<Number>, the AWS types and their lists, and AWS::SSM::Parameter::Value of these.",
    ).template("Parameters:
  Name: {Type: Text, Default: orders}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Ref Name
"),
    Code::error("M1040", "an unknown function", "The name is no intrinsic function of CloudFormation.").template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Subb 'orders-${AWS::Region}'
"),
    Code::error(
        "M1041",
        "a function with wrong arguments",
        "The number or form of the arguments is not what the function takes, or the function is not the only key of its object.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Join [orders]
"),
    Code::error(
        "M1042",
        "a function or name in the wrong place",
        "Conditions and rules are decided before any resource exists; condition functions stand in `Conditions` only.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Equals [a, b]
"),
    Code::error(
        "M1043",
        "an unknown name",
        "Ref, Fn::GetAtt or Fn::Sub name something that is neither parameter, pseudo parameter nor resource of the template.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Ref Nmae
  Name:
    Type: AWS::SNS::Topic
"),
    Code::error(
        "M1044",
        "an unknown attribute",
        "Fn::GetAtt names an attribute that the resource type does not have.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
Outputs:
  Name: {Value: !GetAtt Topic.TopicNmae}
"),
    Code::error(
        "M1045",
        "an unknown mapping or key",
        "Fn::FindInMap names a mapping or a key in it that is not there, and gives no DefaultValue.",
    ).template("Mappings:
  Names:
    us-east-1: {Topic: orders}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !FindInMap [Names, !Ref AWS::Region, Topics]
"),
    Code::error("M1046", "an unknown condition", "A condition is used that `Conditions` does not declare.").template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Condition: IsProd
"),
    Code::error("M1047", "a condition that depends on itself", "Conditions refer to each other in a circle.").template("Conditions:
  A: !Not [!Condition B]
  B: !Not [!Condition A]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Condition: A
"),
    Code::error(
        "M1048",
        "a use of a resource that is not made",
        "The resource's condition does not hold, so it has no Ref and no attributes. Guard the use with the same condition.",
    ).template("Conditions:
  Never: !Equals [a, b]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Condition: Never
Outputs:
  Arn: {Value: !Ref Topic}
"),
    Code::error(
        "M1049",
        "a function cannot be computed",
        "The arguments are known, but do not fit: a list is too short, a block too small, a list stands where a text is wanted.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Select [2, [orders, refunds]]
"),
    Code::error(
        "M1050",
        "a value that must be known while planning",
        "Conditions, indexes, mapping keys, regions and export names cannot wait for a resource or for a secret.",
    ).template("Mappings:
  Names:
    orders: {Name: a}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !FindInMap [Names, !Ref Other, Name]
  Other:
    Type: AWS::SNS::Topic
"),
    Code::error("M1051", "a name that is exported twice", "Export names are unique within a region.").template("Resources:
  Topic:
    Type: AWS::SNS::Topic
Outputs:
  A: {Value: !Ref Topic, Export: {Name: orders}}
  B: {Value: !Ref Topic, Export: {Name: orders}}
"),
    Code::error(
        "M1052",
        "an import without an export",
        "No output of the plan's stacks has that export name, no ledger beside the plan's own exports it, and no stack that the CloudFormation service holds in the account and region. `validate` asks no account: it warns (M1124). The caller needs cloudformation:ListExports.",
    )
    .example(Example::Circumstances("it needs an account")),
    Code::error(
        "M1053",
        "values that lead back to themselves",
        "Outputs import each other in a circle, or properties read each other by Fn::GetAtt.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
Outputs:
  A: {Value: !ImportValue b, Export: {Name: a}}
  B: {Value: !ImportValue a, Export: {Name: b}}
"),
    Code::error(
        "M1054",
        "a malformed dynamic reference",
        "{{resolve:ssm:NAME[:VERSION]}}, {{resolve:ssm-secure:NAME[:VERSION]}} or {{resolve:secretsmanager:ID[:SecretString[:KEY[:STAGE[:VERSION]]]]}}.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: '{{resolve:ssm}}'
"),
    Code::error(
        "M1055",
        "a computation with a secret",
        "Values of NoEcho parameters and dynamic references are read only at the moment of the call. They can be passed on, joined and substituted, and NoEcho parameters compared in conditions; no other function can see them.",
    ).template("Parameters:
  Word: {Type: String, NoEcho: true, Default: ''}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Select [0, !Split [',', !Ref Word]]
"),
    Code::error(
        "M1056",
        "the parameters break a rule",
        "An assertion of the template's `Rules` does not hold.",
    ).template("Parameters:
  Name: {Type: String, Default: orders}
Rules:
  Named:
    Assertions:
      - Assert: !Equals [!Ref Name, refunds]
        AssertDescription: only refunds have a topic
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Ref Name
"),
    Code::error(
        "M1057",
        "a wrong DependsOn",
        "It names no resource of the template, or the resource itself.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    DependsOn: Topics
"),
    Code::error(
        "M1058",
        "an output of a stack that is not there",
        "Fn::GetStackOutput reads outputs, exported or not, of the plan's own stacks, else of those that the CloudFormation service holds in the account, in any region of the partition; with RoleArn, as that role, also in another account. `validate` asks no account: it warns (M1124). The caller needs cloudformation:DescribeStacks, and sts:AssumeRole for a RoleArn.",
    ).template("Resources:
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  Name: {Value: !GetAtt Topic.TopicName}
  Again:
    Value: {'Fn::GetStackOutput': {StackName: example, OutputName: Nmae}}
"),
    Code::warning("M1060", "an unused parameter", "Nothing refers to it.").template("Parameters:
  Name: {Type: String, Default: orders}
Resources:
  Topic:
    Type: AWS::SNS::Topic
"),
    Code::warning("M1061", "an unused condition", "Nothing refers to it.").template("Conditions:
  Never: !Equals [a, b]
Resources:
  Topic:
    Type: AWS::SNS::Topic
"),
    Code::warning("M1062", "an unused mapping", "Nothing refers to it.").template("Mappings:
  Names:
    us-east-1: {Topic: orders}
Resources:
  Topic:
    Type: AWS::SNS::Topic
"),
    Code::error(
        "M1063",
        "a region whose availability zones are not known",
        "Fn::GetAZs needs a region of the account's partition.",
    ).example(Example::Circumstances("it needs an account: without one, every region has zones")),
    Code::error("M1099", "a defect of migrate", "Please report it with the template.").example(Example::Circumstances("nothing known brings it about")),
    Code::error(
        "M1100",
        "a part of the language that needs a transform",
        "Fn::ForEach, Fn::Length, Fn::ToJsonString, defaults and functions in Fn::FindInMap, and functions in the place of names (in Ref, Fn::GetAtt, Condition, DeletionPolicy and UpdateReplacePolicy) exist only in templates that say `Transform: AWS::LanguageExtensions`. The transform is built in; nothing runs on AWS's side.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
Outputs:
  Count: {Value: !Length [a, b]}
"),
    Code::error(
        "M1101",
        "a malformed loop",
        "`Fn::ForEach::Name: [Identifier, Collection, {Key: Value}]`. The collection is a list of texts or a parameter of type CommaDelimitedList; every key contains `${Identifier}`, or `&{Identifier}` for its letters and digits only; loops nest at most five deep.",
    ).template("Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Topics:
    - Name
    - [Orders, Refunds]
    - Topic:
        Type: AWS::SNS::Topic
"),
    Code::error(
        "M1102",
        "a template that grows too large",
        "Loops, joins, substitutions, imports and conditions are bounded, so that a small file cannot fill the memory.",
    ).example(Example::Circumstances("its template would not fit a page")),
    Code::error(
        "M1103",
        "a secure parameter where AWS does not read it",
        "CloudFormation reads {{resolve:ssm-secure:...}} for a few passwords only, of databases for example. {{resolve:secretsmanager:...}} works in every property.",
    )
    .template(
        "Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: '{{resolve:ssm-secure:/orders/name}}'}
",
    ),
    Code::error(
        "M1104",
        "an SSM parameter that is not there",
        "A parameter of type AWS::SSM::Parameter::Value<...> names an SSM parameter; lists are read before anything is planned.",
    )
    .example(Example::Circumstances("it needs an account")),
    Code::error(
        "M1105",
        "an import from another region",
        "Exports belong to an account and a region, as in CloudFormation. Hand values across regions over as parameters.",
    )
    .example(Example::Circumstances("it needs a plan of two stacks in two regions")),
    Code::error(
        "M1106",
        "an export that another plan imports",
        "An export is a promise while somebody imports it: it cannot be removed or changed. Ledgers beside this one say what their plans import.",
    )
    .example(Example::Circumstances("it needs two plans and their ledgers")),
    Code::warning(
        "M1107",
        "a rule that is not checked",
        "Fn::RefAll, Fn::ValueOf and Fn::ValueOfAll ask for facts of the account. `plan` and `up` look them up and check the rule; `validate` asks no account. Images, instances, key pairs and volumes are not looked up.",
    )
    .template(
        "Parameters:
  Vpc: {Type: AWS::EC2::VPC::Id, Default: vpc-0a1b2c3d}
Rules:
  Known:
    Assertions:
      - Assert: !Contains [!RefAll 'AWS::EC2::VPC::Id', !Ref Vpc]
Resources:
  Topic:
    Type: AWS::SNS::Topic
",
    ),
    Code::error(
        "M1108",
        "a parameter that names what the account does not have",
        "As CloudFormation does, `plan` and `up` look up what parameters of types like AWS::EC2::Subnet::Id name. Images, instances, key pairs and volumes are checked by form only.",
    )
    .example(Example::Circumstances("it needs an account")),
    Code::error(
        "M1109",
        "an export that an unreadable ledger may import",
        "What a damaged ledger beside this one imports is not known, so no export is removed or changed until that ledger is restored, or moved elsewhere because it is of no use any more.",
    )
    .example(Example::Circumstances("it needs a damaged ledger beside another one")),
    Code::warning(
        "M1110",
        "a ledger beside this one that cannot be read",
        "Its exports are not available to Fn::ImportValue, and what it imports is not known. `migrate ledger verify --ledger DIR` says what is wrong with it.",
    )
    .example(Example::Circumstances("it needs a damaged ledger beside another one")),
    Code::error(
        "M1111",
        "a secret in a name",
        "Names are shown to everybody who may list resources, and ids, ARNs, events and logs hold them as they are. A NoEcho parameter or a secret's value cannot be kept secret there.",
    )
    .template(
        "Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: 'orders-{{resolve:secretsmanager:names:SecretString:orders}}'}
",
    ),
    Code::error(
        "M1120",
        "a lookup that cannot be made",
        "`lookups:` in the manifest gives parameters their values from the account: each names a kind, and says id, name or tags of the object. Kinds: certificate, db-cluster, db-instance, hosted-zone, image, security-group, subnets (a list), vpc, vpn-connection. `attribute` asks for something else than the id.",
    )
    .example(Example::Files(&[
        (
            "migration.yaml",
            "name: shop
region: us-east-1
lookups:
  VpcId: {vpc: {cidr: 10.0.0.0/16}}
stacks: [{name: shop, template: shop.yaml}]
",
        ),
        (
            "shop.yaml",
            "Parameters: {VpcId: {Type: 'AWS::EC2::VPC::Id'}}
Resources:
  Group: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: shop, VpcId: !Ref VpcId}}
",
        ),
    ])),
    Code::error(
        "M1121",
        "a lookup that finds nothing",
        "Nothing in the account and region matches, or what matches lacks the attribute that is asked for. The message lists what there is. A value given with --set or in `parameters:` is not looked up. `migrate sandbox plant FILE` puts into the sandbox what your account has.",
    )
    .example(Example::Circumstances("it needs an account")),
    Code::error(
        "M1122",
        "a lookup that finds several objects",
        "Exactly one must match, but for `subnets`. Narrow the search with id, name, tags, and what else its kind takes (`vpc`, `private`, `owner`, `architecture`, `newest`), or choose one of the candidates with --set.",
    )
    .example(Example::Circumstances("it needs an account")),
    Code::warning(
        "M1123",
        "a lookup that was not made",
        "The account could not be reached, so that nothing was looked up. `migrate validate` checks the plan with made-up values instead.",
    )
    .example(Example::Circumstances("it needs a machine without credentials")),
    Code::warning(
        "M1124",
        "a value that only the account can tell",
        "Fn::ImportValue and Fn::GetStackOutput name what no stack of the plan and no ledger beside it has. `plan` and `up` ask CloudFormation, with read calls only, and show what it told; a saved change set keeps it, and is refused (M5102) where the answer is another one. Resources with such a value are checked then. CloudFormation does not know that this plan uses an export, so it does not protect it from changes.",
    )
    .template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !ImportValue orders
"),
    Code::error(
        "M1130",
        "a nested stack without its template",
        "The template of a nested stack (AWS::CloudFormation::Stack) is a file, named relative to the template that names it, or an object of S3. Files are read with the plan, objects of S3 when there is an account to read them from: `migrate plan`, `migrate up`. Resources of nested stacks are called Stack/Nested.Resource.",
    )
    .template("Resources:
  Network:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: https://example.com/network.yaml
"),
    Code::warning(
        "M1131",
        "what only the CloudFormation service carries out",
        "Signals (CreationPolicy, WaitOnResourceSignals, cfn-signal) and cfn-init's metadata go through the CloudFormation service, which is not used. Resources are waited for by their own status instead; instances have to configure themselves by their UserData or image. A WaitConditionHandle takes signals, by its address.",
    )
    .template("Resources:
  Server:
    Type: AWS::EC2::Instance
    CreationPolicy: {ResourceSignal: {Timeout: PT5M}}
    Properties: {ImageId: ami-0abcdef1234567890, InstanceType: t3.micro}
"),
];
