// The apps behind the assemblies in this folder. Synthesise one: node apps.js NAME FOLDER (needs aws-cdk-lib).
const path = require('node:path');
const cdk = require('aws-cdk-lib');
const {
  aws_ec2: ec2, aws_events: events, aws_events_targets: targets, aws_iam: iam, aws_lambda: lambda, aws_s3: s3,
  aws_s3_deployment: deployment, aws_apigateway: apigateway, aws_cloudfront: cloudfront, aws_cloudfront_origins: origins, aws_cognito: cognito,
  aws_dynamodb: dynamodb, aws_ecr: ecr, aws_efs: efs, aws_sqs: sqs, aws_stepfunctions: stepfunctions, aws_ecs: ecs, aws_secretsmanager: secrets, aws_sns: sns, custom_resources: custom,
} = cdk;

const code = path.join(__dirname, 'function');
const isolated = [{ name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }];
const inline = 'exports.handler = async () => "ok";';

// A network whose default security group is closed, a function from a folder in it, exports between the two.
function network(scope, env) {
  const base = new cdk.Stack(scope, 'Base', { env, description: 'Network' });
  const vpc = new ec2.Vpc(base, 'Vpc', {
    maxAzs: 2, natGateways: 0, restrictDefaultSecurityGroup: true, subnetConfiguration: isolated,
  });
  const app = new cdk.Stack(scope, 'App', { env, tags: { Team: 'payments' } });
  const worker = new lambda.Function(app, 'Worker', {
    runtime: lambda.Runtime.NODEJS_22_X, handler: 'index.handler', code: lambda.Code.fromAsset(code),
    vpc, vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED }, environment: { MODE: 'fast' },
    timeout: cdk.Duration.seconds(30), reservedConcurrentExecutions: 5,
  });
  worker.addPermission('Topics', { principal: new iam.ServicePrincipal('sns.amazonaws.com') });
  new cdk.CfnOutput(app, 'WorkerName', { value: worker.functionName });
  return { base, app };
}

const apps = {
  // No account and no region: goes wherever the session is.
  agnostic(app) {
    network(app);
    const data = new cdk.Stack(app, 'Data', { terminationProtection: true });
    new s3.Bucket(data, 'Logs', {
      autoDeleteObjects: true, removalPolicy: cdk.RemovalPolicy.DESTROY, enforceSSL: true, versioned: true,
    });
    new s3.Bucket(data, 'Kept', { removalPolicy: cdk.RemovalPolicy.RETAIN });
  },
  // Services without handlers of their own, a nested stack in the middle, and a custom resource behind a function.
  wide(app) {
    const stack = new cdk.Stack(app, 'Wide');
    const queue = new sqs.Queue(stack, 'Jobs', { visibilityTimeout: cdk.Duration.seconds(60) });
    const table = new dynamodb.Table(stack, 'Orders', {
      partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING }, billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      removalPolicy: cdk.RemovalPolicy.DESTROY,
    });
    const worker = new lambda.Function(stack, 'Worker', {
      runtime: lambda.Runtime.PYTHON_3_13, handler: 'index.handler', environment: { TABLE: table.tableName },
      code: lambda.Code.fromInline('def handler(event, context):\n    return "ok"\n'),
    });
    new apigateway.LambdaRestApi(stack, 'Api', { handler: worker, cloudWatchRole: false });
    const machine = new stepfunctions.StateMachine(stack, 'Flow', {
      definitionBody: stepfunctions.DefinitionBody.fromChainable(new stepfunctions.Wait(stack, 'Pause', {
        time: stepfunctions.WaitTime.duration(cdk.Duration.seconds(5)),
      })),
    });
    new events.Rule(stack, 'Hourly', {
      schedule: events.Schedule.rate(cdk.Duration.hours(1)), targets: [new targets.SfnStateMachine(machine)],
    });
    const site = new s3.Bucket(stack, 'Site', { removalPolicy: cdk.RemovalPolicy.DESTROY });
    new cloudfront.Distribution(stack, 'Cdn', {
      defaultBehavior: { origin: origins.S3BucketOrigin.withOriginAccessControl(site) },
    });
    const users = new cognito.UserPool(stack, 'Users', { removalPolicy: cdk.RemovalPolicy.DESTROY });
    users.addClient('Web');
    new ecr.Repository(stack, 'Images', { removalPolicy: cdk.RemovalPolicy.DESTROY });
    const inner = new cdk.NestedStack(stack, 'Storage', { description: 'Files' });
    const vpc = new ec2.Vpc(inner, 'Vpc', { maxAzs: 2, natGateways: 0, subnetConfiguration: isolated, restrictDefaultSecurityGroup: false });
    const files = new efs.FileSystem(inner, 'Files', { vpc, removalPolicy: cdk.RemovalPolicy.DESTROY });
    new sqs.Queue(inner, 'Notices', { deadLetterQueue: { queue, maxReceiveCount: 3 } });
    const seed = new cdk.CustomResource(stack, 'Seed', {
      resourceType: 'Custom::Seed', serviceToken: worker.functionArn,
      properties: { Table: table.tableName, FileSystem: files.fileSystemId, Count: 3 },
    });
    new cdk.CfnOutput(stack, 'Seeded', { value: seed.getAttString('Rows') });
    new cdk.CfnOutput(stack, 'FileSystem', { value: files.fileSystemId });
  },
  // One account, two regions, and an order without a reference.
  specific(app) {
    const account = '123456789012';
    const first = new cdk.Stack(app, 'First', { stackName: 'notices', env: { account, region: 'eu-west-1' } });
    new sns.Topic(first, 'Topic', { displayName: 'Notices' });
    const second = new cdk.Stack(app, 'Second', { env: { account, region: 'us-east-1' } });
    const parameter = new cdk.CfnParameter(second, 'Size', { type: 'Number', default: 128 });
    new lambda.Function(second, 'Inline', {
      runtime: lambda.Runtime.PYTHON_3_13, handler: 'index.handler', memorySize: parameter.valueAsNumber,
      code: lambda.Code.fromInline('def handler(event, context):\n    return "ok"\n'),
    });
    second.addStackDependency(first);
  },
  // A secret that a function of the app rotates, and who else may read it.
  rotation(app) {
    const stack = new cdk.Stack(app, 'Rotation');
    const secret = new secrets.Secret(stack, 'Secret', { description: 'Rotated' });
    const rotator = new lambda.Function(stack, 'Rotator', {
      runtime: lambda.Runtime.NODEJS_22_X, handler: 'index.handler', code: lambda.Code.fromInline(inline),
    });
    secret.addRotationSchedule('Monthly', {
      rotationLambda: rotator, automaticallyAfter: cdk.Duration.days(30), rotateImmediatelyOnUpdate: false,
    });
    secret.addToResourcePolicy(new iam.PolicyStatement({
      actions: ['secretsmanager:GetSecretValue'], principals: [new iam.AccountRootPrincipal()], resources: ['*'],
    }));
  },
  // Stages: assemblies inside the assembly.
  stages(app) {
    const dev = new cdk.Stage(app, 'Dev');
    network(dev);
    const prod = new cdk.Stage(app, 'Prod', { env: { account: '210987654321', region: 'eu-west-1' } });
    network(prod, { account: '210987654321', region: 'eu-west-1' });
  },
  // A custom resource with code of its own.
  customized(app) {
    const stack = new cdk.Stack(app, 'Customized');
    const handler = new lambda.Function(stack, 'Handler', {
      runtime: lambda.Runtime.NODEJS_22_X, handler: 'index.handler', code: lambda.Code.fromInline(inline),
    });
    new cdk.CustomResource(stack, 'Thing', { serviceToken: handler.functionArn, resourceType: 'Custom::Thing' });
  },
  // Files that a bucket must hold: a folder as an archive, a single file; who may read them, and where they are.
  deployed(app) {
    const assets = cdk.aws_s3_assets;
    const one = new cdk.Stack(app, 'Deployed');
    const folder = new assets.Asset(one, 'Folder', { path: code });
    const file = new assets.Asset(one, 'File', { path: path.join(code, 'index.js') });
    const role = new iam.Role(one, 'Reader', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
    folder.grantRead(role);
    new sns.Topic(one, 'Topic', { displayName: file.s3ObjectKey });
    new cdk.CfnOutput(one, 'Where', { value: folder.s3ObjectUrl });
    // The bucket's name is a plain text where account and region are known.
    const two = new cdk.Stack(app, 'Elsewhere', { env: { account: '123456789012', region: 'eu-west-1' } });
    const other = new assets.Asset(two, 'Folder', { path: code });
    new sns.Topic(two, 'Topic');
    new cdk.CfnOutput(two, 'Where', { value: other.httpUrl });
    new cdk.CfnOutput(two, 'Bucket', { value: other.s3BucketName });
  },
  // A docker image that would have to be built.
  image(app) {
    const stack = new cdk.Stack(app, 'Image');
    new lambda.DockerImageFunction(stack, 'Function', {
      code: lambda.DockerImageCode.fromImageAsset(path.join(__dirname, 'image')),
    });
  },
};

const [name, outdir] = process.argv.slice(2);
const app = new cdk.App({ outdir, treeMetadata: false, analyticsReporting: name === 'agnostic', context: {
  'availability-zones:account=210987654321:region=eu-west-1': ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'],
  'aws:cdk:disable-stack-trace': true, 'aws:cdk:disable-logicalId-metadata': true,
} });
apps[name](app);
app.synth();

// What says nothing of the app, or something of this machine.
const fs = require('node:fs');
(function clean(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('asset.')) clean(file);
    if (entry.name === 'validation-report.json') fs.rmSync(file);
    if (entry.name !== 'manifest.json' && !entry.name.endsWith('.metadata.json')) continue;
    const json = JSON.parse(fs.readFileSync(file));
    if (json.artifacts) delete json.artifacts['aws-cdk-lib/feature-flag-report'];
    else for (const key of Object.keys(json)) {
      json[key] = json[key].filter((said) => said.type !== 'aws:cdk:creationStack').map(({ trace, ...said }) => said);
      if (json[key].length === 0) delete json[key];
    }
    fs.writeFileSync(file, `${JSON.stringify(json, null, 1)}\n`);
  }
})(outdir);
