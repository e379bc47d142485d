//! Resources against their official schemas.

use crate::error::{Code, Example};

pub(super) static CODES: &[Code] = &[
    Code::error("M2001", "an unsupported resource type", "`migrate types` lists what is supported.").template("Resources:
  Vpc:
    Type: AWS::EC2::VPCC
"),
    Code::error(
        "M2002",
        "an unknown property",
        "The official schema of the resource type has no such property.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicNmae: orders
"),
    Code::error(
        "M2003",
        "a property that is not implemented",
        "CloudFormation knows the property, migrate does not. It is refused rather than ignored.",
    ).example(Example::Circumstances("which property that is changes from version to version; `migrate types NAME` lists them")),
    Code::error("M2004", "a missing property", "The official schema requires it.").template("Resources:
  Target:
    Type: AWS::SNS::Subscription
    Properties: {Protocol: email, Endpoint: ops@example.com}
"),
    Code::error(
        "M2005",
        "a value of the wrong type",
        "Texts, numbers and booleans are converted as CloudFormation does; lists and objects are not.",
    ).template("Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: 10.0.0.0/16
      EnableDnsSupport: maybe
"),
    Code::error("M2006", "a value that is not allowed", "The official schema lists the allowed values.").template("Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {RetentionInDays: 31}
"),
    Code::error("M2007", "a text that does not match its pattern", "The official schema gives the pattern.").template("Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: 'shop logs'}
"),
    Code::error("M2008", "a number out of range", "The official schema gives the bounds.").template("Resources:
  Check:
    Type: AWS::Route53::HealthCheck
    Properties:
      HealthCheckConfig: {Type: HTTP, FullyQualifiedDomainName: shop.example.com, Port: 70000}
"),
    Code::error("M2009", "a text that is too short or too long", "The official schema gives the bounds.").template("Resources:
  Policy:
    Type: AWS::IAM::Role
    Properties:
      RoleName: ''
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}]
"),
    Code::error("M2010", "a list with too few or too many items", "The official schema gives the bounds.").example(Example::Template("Resources:
  Check:
    Type: AWS::Route53::HealthCheck
    Properties:
      HealthCheckConfig:
        {Type: HTTP, FullyQualifiedDomainName: shop.example.com, Port: 80, Regions: [us-east-1]}
")),
    Code::error("M2011", "an item that is there twice", "The official schema wants unique items.").template("Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [arn:aws:iam::aws:policy/ReadOnlyAccess, arn:aws:iam::aws:policy/ReadOnlyAccess]
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}]
"),
    Code::error(
        "M2012",
        "properties of which one is needed",
        "Exactly one, or at least one, of them must be set.",
    ).example(Example::Template("Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {EnableDnsSupport: true}
")),
    Code::error("M2013", "a property that needs another", "They are set together or not at all.").template("Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, Ipv6NetmaskLength: 64}
"),
    Code::error("M2014", "properties that exclude each other", "Only one of them may be set.").example(Example::Template("Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a, AvailabilityZoneId: use1-az1}
")),
    Code::error("M2015", "a property that AWS decides", "It can be read with Fn::GetAtt, not set.").template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicArn: arn:aws:sns:us-east-1:123456789012:orders
"),
    Code::error(
        "M2016",
        "a text that should be JSON",
        "The property holds a JSON document, and this is none.",
    ).template("Resources:
  Board:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardBody: |
        {
          \"widgets\": [
        }
"),
    Code::error("M2017", "a rule of the resource type", "The type has rules that its schema cannot express.").template("Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: 10.0.0.0/16
      EnableDnsSupport: false
      EnableDnsHostnames: true
"),
    Code::error(
        "M2018",
        "a reserved tag",
        "AWS reserves tag keys that start with `aws:`; those that start with `migrate:` say whose an object is.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      Tags: [{Key: 'aws:owner', Value: shop}]
"),
    Code::warning("M2019", "a list of one without its dash", "Where a property is a list of objects, one object is taken as a list of one. Other tools may refuse the template: write the dash.").template("Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: web
      VpcId: !Ref Vpc
      SecurityGroupIngress: {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}
"),
    Code::error("M2020", "a name where an ARN is wanted", "`Ref` of most types is a name or an id. Where AWS takes an ARN only, the call would be refused after everything before it was made: read the ARN with Fn::GetAtt.").template("Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Role: !Ref Role
      Runtime: python3.13
      Handler: index.handler
      Code: {ZipFile: 'def handler(event, context): pass'}
"),
    Code::warning("M2021", "a property that comes with the data", "A read replica, and what is restored, has it from its source or snapshot: the call that makes it has no parameter for it. It is left out, as CloudFormation does.").template("Resources:
  Source:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties: {Engine: mysql, DBInstanceClass: db.t4g.micro, AllocatedStorage: '20', MasterUsername: shop, ManageMasterUserPassword: true, BackupRetentionPeriod: 1}
  Replica:
    Type: AWS::RDS::DBInstance
    Properties: {SourceDBInstanceIdentifier: !Ref Source, DBInstanceClass: db.t4g.micro, MasterUsername: shop}
"),
    Code::error(
        "M2030",
        "a tag with a control character",
        "Most services answer in XML, which cannot carry such characters: nobody could read the tag, or the object it is on. Letters, digits, spaces and + - = . _ : / @ are taken by all services.",
    ).template("Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      Tags: [{Key: owner, Value: \"shop\\u0007\"}]
"),
    Code::error(
        "M2031",
        "a type that cannot be deployed",
        "A type is deployed by a handler of its own or through AWS Cloud Control. Cloud Control needs handlers that AWS publishes with the type; a few types have none, or exist only inside the CloudFormation service. `migrate types --all` lists every published type and why it cannot be deployed.",
    ).template("Resources:
  Cache:
    Type: AWS::DAX::Cluster
    Properties: {IAMRoleARN: 'arn:aws:iam::123456789012:role/dax', NodeType: dax.r5.large, ReplicationFactor: 1}
"),
];
