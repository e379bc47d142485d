//! Documents that are the value of one property: policies, DMS settings, dashboards.

use crate::error::Code;

pub(super) static CODES: &[Code] = &[
    Code::error(
        "M2101",
        "an unknown member of a document",
        "Policies have fixed members; IAM refuses others.",
    )
    .template(
        "Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Actions: 's3:GetObject', Resource: 'arn:aws:s3:::shop/*'}
",
    ),
    Code::error(
        "M2102",
        "a missing member of a document",
        "The document has a part without something that every such part has.",
    )
    .template(
        "Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Action: 's3:GetObject'}
",
    ),
    Code::error(
        "M2103",
        "a wrong value in a document",
        "It has the wrong type, is out of range, or is none of the words that are known there.",
    )
    .template(
        "Resources:
  Board:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardBody: |
        {
          \"widgets\": [
            {\"type\": \"text\", \"x\": 24, \"y\": 0, \"width\": 6, \"height\": 2,
             \"properties\": {\"markdown\": \"Orders\"}}
          ]
        }
",
    ),
    Code::error(
        "M2104",
        "a part of a policy in the wrong kind of policy",
        "Policies of users, groups and roles have no principal; trust policies and policies of resources need one, and trust policies have no resource. Of Action and NotAction, and of Resource and NotResource, a statement has one.",
    )
    .template(
        "Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {Service: ecs-tasks.amazonaws.com}
            Action: s3:GetObject
            Resource: arn:aws:s3:::shop/*
",
    ),
    Code::error(
        "M2105",
        "a malformed action",
        "Actions are service:Action, with * and ? for any characters, or * alone.",
    )
    .template(
        "Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Action: s3.GetObject, Resource: 'arn:aws:s3:::shop/*'}
",
    ),
    Code::error(
        "M2106",
        "an unknown operator of a condition",
        "Operators are those of IAM, with ForAllValues: or ForAnyValue: before and IfExists behind where that fits.",
    )
    .template(
        "Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Action: s3:GetObject
            Resource: arn:aws:s3:::shop/*
            Condition: {StringEqual: {'aws:PrincipalTag/team': shop}}
",
    ),
    Code::error(
        "M2107",
        "parts of a document with the same name",
        "Rules of table mappings have ids and names of their own, statements of a policy Sids of their own.",
    )
    .template(
        "Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Sid: Read, Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::shop/*'}
          - {Sid: Read, Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::mall/*'}
",
    ),
    Code::warning(
        "M2111",
        "a member of a document that has no effect",
        "DMS and CloudWatch take members they do not know without a word. A misspelt setting leaves the default in force, and some defaults lose data.",
    )
    .template(
        "Resources:
  Task:
    Type: AWS::DMS::ReplicationTask
    Properties:
      MigrationType: cdc
      ReplicationInstanceArn: arn:aws:dms:us-east-1:123456789012:rep:SHOP
      SourceEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:SOURCE
      TargetEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:TARGET
      TableMappings: |
        {\"rules\": [{\"rule-type\": \"selection\", \"rule-id\": \"1\", \"rule-name\": \"1\",
          \"object-locator\": {\"schema-name\": \"public\", \"table-name\": \"%\"}, \"rule-action\": \"include\"}]}
      ReplicationTaskSettings: |
        {
          \"ValidationSettings\": {\"EnableValidation\": true, \"ThreadsCount\": 8},
          \"TargetMetadata\": {\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 1024},
          \"Logging\": {\"EnableLogging\": true},
          \"ErrorBehavior\": {\"DataErrorPolicy\": \"SUSPEND_TABLE\", \"DataTruncationErrorPolicy\": \"SUSPEND_TABLE\"}
        }
",
    ),
];
