"""Custom resources whose functions really run, wait conditions that get real signals, nested templates from S3: `migrate`
against the server, as users run it."""
import json
import os
import pathlib
import subprocess
import tempfile

from harness import client, test

s3, secrets, sns = client("s3"), client("secretsmanager"), client("sns")
# What the function answers with is nowhere in the template.
TOKEN = "never-to-be-seen-"
CODE = r"""
import json, urllib.request
def put(url, body):
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), method='PUT'), timeout=20)
def handler(event, context):
    props = event['ResourceProperties']
    if event['RequestType'] == 'Create':
        for n in range(int(props.get('Signals', 0))):
            put(props['Handle'], {'Status': props.get('Says', 'SUCCESS'), 'UniqueId': str(n // 2), 'Data': 'part %d' % (n // 2), 'Reason': 'so it is'})
    failed = props.get('Fail') == 'yes' and event['RequestType'] != 'Delete'
    put(event['ResponseURL'], {
        'Status': 'FAILED' if failed else 'SUCCESS', 'Reason': 'the function does not want to', 'NoEcho': True,
        'PhysicalResourceId': 'made-by-the-function', 'StackId': event['StackId'], 'RequestId': event['RequestId'],
        'LogicalResourceId': event['LogicalResourceId'],
        'Data': {'Token': '-'.join(['never', 'to', 'be', 'seen', props.get('Round', '0')])},
    })
"""
BASE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
  Maker:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Handler: index.handler, Timeout: 60, Role: !GetAtt Role.Arn, Code: {ZipFile: %s}}
""" % json.dumps(CODE)


def migrate(folder, *arguments, fails=False):
    """Everything that the program says."""
    environment = {**os.environ, "MIGRATE_SANDBOX_SPEED": os.environ["MIGRATE_SPEED"], "HOME": folder, "NO_COLOR": "1"}
    log = os.path.join(folder, "log.txt")
    ran = subprocess.run([os.environ["MIGRATE_PROGRAM"], *arguments, "--ledger", os.path.join(folder, "ledger"), "--region", "us-east-1", "-vv", "--log-file", log],
                         env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=900)
    said = ran.stdout + ran.stderr
    assert (ran.returncode != 0) is fails, f"{arguments}: {ran.returncode} {said[-6000:]}"
    return said


def plan(folder, text):
    path = pathlib.Path(folder, "app.yaml")
    path.write_text(BASE + text)
    return str(path)


def written(folder):
    """Everything that is written below the folder."""
    files = [path for path in pathlib.Path(folder).rglob("*") if path.is_file()]
    return "".join(path.read_bytes().decode(errors="replace") for path in files)


@test
def an_answer_that_must_not_be_shown_is_nowhere():
    made = """
  Made:
    Type: Custom::Token
    Properties: {ServiceToken: !GetAtt Maker.Arn, Round: '%s', Fail: '%s'}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: {Name: custom/token, SecretString: !GetAtt Made.Token}
Outputs:
  Made: {Value: !Ref Made}
  Token: {Value: !GetAtt Made.Token}
"""
    with tempfile.TemporaryDirectory() as folder:
        app = plan(folder, made % (1, "no"))
        heard = migrate(folder, "up", app, "--yes", "--json")
        assert secrets.get_secret_value(SecretId="custom/token")["SecretString"] == TOKEN + "1"
        assert "made-by-the-function" in heard
        heard += migrate(folder, "outputs", app) + migrate(folder, "status", app) + migrate(folder, "ledger", "show", app)
        heard += migrate(folder, "up", app, "--yes")
        plan(folder, made % (2, "no"))
        heard += migrate(folder, "up", app, "--yes", "--json")
        assert secrets.get_secret_value(SecretId="custom/token")["SecretString"] == TOKEN + "2"
        plan(folder, made % (3, "yes"))
        refusal = migrate(folder, "up", app, "--yes", fails=True)
        assert "the function does not want to" in refusal, refusal
        plan(folder, made % (2, "no"))
        heard += refusal + migrate(folder, "up", app, "--yes", "-o", "wide")
        heard += migrate(folder, "destroy", app, "--yes", "--allow-data-loss", "all")
        assert TOKEN not in heard, heard[heard.index(TOKEN) - 400:][:800]
        kept = written(folder)
        assert "made-by-the-function" in kept and TOKEN not in kept, kept[kept.index(TOKEN) - 400:][:800]


CONDITION = """
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Sends:
    Type: Custom::Sender
    Properties: {ServiceToken: !GetAtt Maker.Arn, Handle: !Ref Handle, Signals: %s, Says: %s}
  Ready:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {Handle: !Ref Handle, Count: 2, Timeout: '%s'}
  Told: {Type: AWS::SNS::Topic, Properties: {TopicName: told, DisplayName: !GetAtt Ready.Data}}
Outputs:
  Data: {Value: !GetAtt Ready.Data}
"""


@test
def a_condition_waits_for_signals_and_passes_their_data_on():
    with tempfile.TemporaryDirectory() as folder:
        # Four signals of two ids are two.
        app = plan(folder, CONDITION % (4, "SUCCESS", 3600))
        migrate(folder, "up", app, "--yes")
        data = json.loads(migrate(folder, "outputs", app, "--only", "Data").splitlines()[0])
        assert data == {"0": "part 0", "1": "part 1"}, data
        topic = [one["TopicArn"] for one in sns.list_topics()["Topics"] if one["TopicArn"].endswith(":told")][0]
        assert json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"]) == data
        assert "Nothing to do" in migrate(folder, "plan", app)
        migrate(folder, "destroy", app, "--yes", "--allow-data-loss", "all")


@test
def too_few_signals_and_a_failure_end_the_wait():
    with tempfile.TemporaryDirectory() as folder:
        app = plan(folder, CONDITION % (2, "SUCCESS", 3000))
        said = migrate(folder, "up", app, "--yes", fails=True)
        assert "1 of 2 signals" in said, said[-3000:]
        migrate(folder, "destroy", app, "--yes", "--allow-data-loss", "all")
    with tempfile.TemporaryDirectory() as folder:
        app = plan(folder, CONDITION % (1, "FAILURE", 3600))
        said = migrate(folder, "up", app, "--yes", fails=True)
        assert "a failure was signalled: so it is" in said, said[-3000:]
        migrate(folder, "destroy", app, "--yes", "--allow-data-loss", "all")


@test
def a_nested_template_from_s3_is_planned_made_changed_and_destroyed():
    inner = "Parameters: {Shown: {Type: String}}\nResources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: from-s3, DisplayName: !Sub '${Shown} %s'}}}\nOutputs: {Arn: {Value: !Ref Topic}}\n"
    outer = """
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: 'https://nested-templates.s3.us-east-1.amazonaws.com/parts/inner.yaml', Parameters: {Shown: hello}}
Outputs:
  Topic: {Value: !GetAtt Inner.Outputs.Arn}
"""
    s3.create_bucket(Bucket="nested-templates")
    put = lambda word: s3.put_object(Bucket="nested-templates", Key="parts/inner.yaml", Body=(inner % word).encode())  # noqa: E731
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "app.yaml")
        path.write_text(outer)
        app = str(path)
        assert "NoSuchKey" in migrate(folder, "plan", app, fails=True)
        put("one")
        assert "Inner.Topic" in migrate(folder, "plan", app)
        migrate(folder, "up", app, "--yes")
        arn = migrate(folder, "outputs", app, "--only", "Topic").splitlines()[0].strip()
        shown = lambda: sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"]  # noqa: E731
        assert shown() == "hello one"
        put("two")
        assert "DisplayName" in migrate(folder, "plan", app)
        migrate(folder, "up", app, "--yes")
        assert shown() == "hello two"
        # Destroying needs no template.
        s3.delete_object(Bucket="nested-templates", Key="parts/inner.yaml")
        migrate(folder, "destroy", app, "--yes", "--allow-data-loss", "all")
        assert not [one for one in sns.list_topics()["Topics"] if one["TopicArn"] == arn]
    s3.delete_bucket(Bucket="nested-templates")
