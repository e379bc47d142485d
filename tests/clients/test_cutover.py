"""The cutover function of plans/database-blue-green, its own code, with every guard both ways."""
import importlib.util
import json
import os
import pathlib

from harness import client, test
from planted import TASKS

PLAN = pathlib.Path(__file__).resolve().parents[2] / "plans" / "database-blue-green"
spec = importlib.util.spec_from_file_location("cutover", PLAN / "cutover.py")
cutover = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cutover)

route53, ssm, cloudwatch = client("route53"), client("ssm"), client("cloudwatch")
NAME = "db.migration-clients.example.com"
HOSTS = {"onprem-clients": "onprem-postgres.example.com", "aurora-clients": "ledger.cluster-1.us-east-1.rds.amazonaws.com"}
START = {"status": "initialized", "phase": "pre-migration", "onprem_weight": 100, "aurora_weight": 0}
zone = route53.create_hosted_zone(Name="migration-clients.example.com", CallerReference="cutover")["HostedZone"]["Id"].split("/")[-1]
os.environ.update(AWS_REGION="us-east-1", ENVIRONMENT_SUFFIX="clients", SSM_STATE_PARAM="/migration/clients/state",
                  SSM_CONFIG_PARAM="/migration/clients/config", DMS_TASK_ARN=TASKS["current"])


def record(name, weight, host=None):
    return {"Name": NAME + ".", "Type": "CNAME", "SetIdentifier": name, "Weight": weight, "TTL": 60,
            "ResourceRecords": [{"Value": host or HOSTS[name]}]}


def live():
    found = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=NAME, StartRecordType="CNAME")["ResourceRecordSets"]
    return {one["SetIdentifier"]: one for one in found if one["Type"] == "CNAME"}


def weights():
    return {name.split("-")[0]: one["Weight"] for name, one in live().items()}


def change(*changes):
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [
        {"Action": action, "ResourceRecordSet": one} for action, one in changes]})


def state(value=None):
    if value is not None:
        ssm.put_parameter(Name="/migration/clients/state", Type="String", Overwrite=True, Value=json.dumps(value))
    return json.loads(ssm.get_parameter(Name="/migration/clients/state")["Parameter"]["Value"])


def fresh(task="current", reverse=None, aurora=0, **more):
    """Where every test begins."""
    os.environ["DMS_TASK_ARN"] = TASKS[task]
    os.environ.pop("REVERSE_TASK_ARN", None)
    if reverse:
        os.environ["REVERSE_TASK_ARN"] = TASKS[reverse]
    config = {"aurora_endpoint": HOSTS["aurora-clients"], "aurora_set": "aurora-clients", "cutover_threshold_seconds": 60,
              "dms_instance": "dms-clients", "hosted_zone_id": zone, "onprem_host": HOSTS["onprem-clients"],
              "onprem_set": "onprem-clients", "record_name": NAME}
    ssm.put_parameter(Name="/migration/clients/config", Type="String", Overwrite=True, Value=json.dumps(config))
    for one in live().values():
        change(("DELETE", one))
    change(("CREATE", record("onprem-clients", 100 - aurora)), ("CREATE", record("aurora-clients", aurora)))
    state({**START, "onprem_weight": 100 - aurora, "aurora_weight": aurora, **more})


def ask(**event):
    answer = cutover.handler(event, None)
    return answer["statusCode"], json.loads(answer["body"])


def stays(code, words, **event):
    """The call is refused so, and neither records nor state are other ones."""
    before = (live(), ssm.get_parameter(Name="/migration/clients/state")["Parameter"]["Version"])
    status, body = ask(**event)
    assert status == code and words in body["error"], (status, body)
    assert (live(), ssm.get_parameter(Name="/migration/clients/state")["Parameter"]["Version"]) == before, "something was changed"


EVENT = {"source": "aws.dms", "detail-type": "DMS Replication Task State Change", "resources": [TASKS["current"]],
         "detail": {"type": "REPLICATION_TASK", "category": "StateChange", "eventType": "REPLICATION_TASK_STARTED"}}


@test
def the_template_holds_the_same_code():
    text = (PLAN / "template.yaml").read_text()
    block = text.split("        ZipFile: |\n", 1)[1].split("\n  # -----", 1)[0]
    lines = [line.removeprefix("          ") for line in block.rstrip("\n").split("\n")]
    assert "\n".join(lines) == (PLAN / "cutover.py").read_text().rstrip("\n"), "template.yaml and cutover.py differ"


@test
def all_clients_move_and_the_state_says_so():
    fresh(status="ready-for-cutover", phase="cdc-synced", owner="dba")
    assert ask(action="check")[0] == 200
    status, body = ask(action="manual_cutover")
    assert status == 200 and weights() == {"onprem": 0, "aurora": 100}, (status, body)
    now = state()
    assert (now["status"], now["phase"], now["aurora_weight"]) == ("cutover-complete", "running-on-aurora", 100)
    assert now["owner"] == "dba", "what others keep there stays"
    assert "pending" not in now and now["cutover_timestamp"]
    assert ask(action="manual_cutover")[0] == 200, "again: nothing to do"


@test
def lag_stops_every_move():
    for task, words in (("late", "is 300 s"), ("silent", "no data is no permission"), ("stopped", "stopped, not running"),
                        ("loading", "the full load is at 0 %"), ("missing", "no replication task")):
        fresh(task)
        stays(409, words, action="manual_cutover")
        stays(409, words, action="gradual_cutover", aurora_weight=20)
        stays(409, words, action="check")


@test
def shares_grow_in_steps_that_make_sense():
    fresh()
    for share in (20, 50, 50, 80, 100):
        assert ask(action="gradual_cutover", aurora_weight=share)[0] == 200
        assert weights() == {"onprem": 100 - share, "aurora": share}
        assert state()["phase"] == f"traffic-split-{share}-percent-aurora" and state()["status"] == "gradual-cutover-in-progress"
    stays(400, "ask for a rollback", action="gradual_cutover", aurora_weight=50)
    fresh()
    for bad in (None, "20", 20.5, True, -1, 101):
        stays(400, "whole number from 0 to 100", action="gradual_cutover", aurora_weight=bad)
    stays(400, "action must be one of", action="everything")
    stays(400, "action must be one of")


@test
def the_way_back_needs_the_reverse_task():
    served = {"aurora": 100, "status": "cutover-complete", "phase": "running-on-aurora"}
    fresh(**served)
    stays(409, "nothing brings its writes back", action="rollback")
    for reverse, words in (("silent", "no data"), ("back-late", "is 300 s"), ("stopped", "stopped, not running")):
        fresh(reverse=reverse, **served)
        stays(409, words, action="rollback")
        stays(409, words, action="rollback", accept_data_loss="true")
    fresh(reverse="back", **served)
    assert ask(action="rollback")[0] == 200 and weights() == {"onprem": 100, "aurora": 0}
    assert (state()["status"], state()["phase"]) == ("rolled-back", "running-on-onprem")
    fresh(**served)
    assert ask(action="rollback", accept_data_loss=True)[0] == 200 and weights() == {"onprem": 100, "aurora": 0}
    fresh()
    assert ask(action="rollback")[0] == 200, "nothing was served: nothing is lost"
    # A state that says otherwise than the records: the records count too.
    fresh(**{"aurora": 50, "status": "initialized"})
    state(START)
    stays(409, "Aurora has served", action="rollback")


@test
def records_that_are_not_as_written_down_are_not_touched():
    for old, new, words in (
        (record("aurora-clients", 0), record("aurora-clients", 0, "elsewhere.example.com"), "points to elsewhere.example.com"),
        (record("onprem-clients", 100), record("third", 100, "x.example.com"), "has no record onprem-clients"),
    ):
        fresh()
        change(("DELETE", old), ("CREATE", new))
        stays(409, words, action="manual_cutover")
    fresh()
    change(("CREATE", record("third", 5, "x.example.com")))
    stays(409, "has 3 weighted records", action="gradual_cutover", aurora_weight=10)


@test
def whoever_was_faster_wins():
    """Between the look and the change somebody else changes a record, or the state: all of the batch is refused."""
    fresh()
    real = cutover.records

    def slow(settings):
        found = real(settings)
        if slow.calls == 1:
            change(("DELETE", record("aurora-clients", 0)), ("CREATE", record("aurora-clients", 7)))
        slow.calls += 1
        return found
    slow.calls = 0
    cutover.records = slow
    try:
        try:
            ask(action="manual_cutover")
            raise AssertionError("it was not refused")
        except cutover.client("route53").exceptions.InvalidChangeBatch:
            pass
        except Exception as error:
            assert "InvalidChangeBatch" in type(error).__name__ or "InvalidChangeBatch" in str(error), error
    finally:
        cutover.records = real
    assert weights() == {"onprem": 100, "aurora": 7}
    now = state()
    assert now["pending"]["aurora_weight"] == 100 and now["aurora_weight"] == 0, "the state says what was about to happen"
    # Asked again, it is brought to its end.
    assert ask(action="manual_cutover")[0] == 200 and weights() == {"onprem": 0, "aurora": 100} and "pending" not in state()
    fresh()
    read = cutover.State()
    state({**START, "owner": "somebody"})
    try:
        read.write(status="ready-for-cutover")
        raise AssertionError("it overwrote another's change")
    except cutover.Refused as refusal:
        assert "was changed meanwhile" in str(refusal)
    assert state()["owner"] == "somebody"
    ssm.put_parameter(Name="/migration/clients/state", Type="String", Overwrite=True, Value="not json")
    status, body = ask(action="manual_cutover")
    assert status == 409 and "holds no JSON" in body["error"]


@test
def nothing_is_done_while_migrate_operates():
    for status in ("cutover-in-progress", "rolling-back"):
        fresh(status=status, phase="writes-refused")
        for event in ({"action": "manual_cutover"}, {"action": "gradual_cutover", "aurora_weight": 10},
                      {"action": "rollback", "accept_data_loss": True}, {"action": "check"}, EVENT):
            stays(409, "migrate operates this migration now", **event)
    fresh(status="rolled-back", phase="running-on-onprem")
    assert ask(action="manual_cutover")[0] == 200


@test
def events_of_dms_mark_how_far_it_is():
    fresh()
    status, body = ask(**EVENT)
    assert status == 200 and body["message"] == "ready for a cutover", body
    assert (state()["status"], state()["phase"]) == ("ready-for-cutover", "cdc-synced") and state()["cdc_latency"] <= 60
    assert weights() == {"onprem": 100, "aurora": 0}, "an event moves nobody"
    fresh("late")
    ask(**{**EVENT, "resources": [TASKS["late"]]})
    assert (state()["status"], state()["phase"]) == ("replicating", "full-load-complete")
    fresh("loading", status="replicating", phase="full-load-complete")
    ask(**{**EVENT, "resources": [TASKS["loading"]]})
    assert (state()["status"], state()["phase"]) == ("initialized", "pre-migration"), "somebody reloads the target"
    fresh()
    before = state()
    assert ask(**{**EVENT, "resources": [TASKS["late"]]})[1]["message"] == "another task"
    assert state() == before
    fresh(aurora=100, status="cutover-complete", phase="running-on-aurora")
    assert "the cutover has begun" in ask(**EVENT)[1]["message"] and state()["status"] == "cutover-complete"


@test
def it_counts_what_it_did_and_what_it_refused():
    names = [one["MetricName"] for one in cloudwatch.list_metrics(Namespace="DatabaseMigration")["Metrics"]]
    assert {"CutoverSuccess", "CutoverRefused", "CutoverFailure", "Rollback"} <= set(names), names
