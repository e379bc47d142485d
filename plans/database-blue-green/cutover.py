"""Moves a database's name between the old site and Aurora, and back: the code of the function `Cutover` in template.yaml.

It answers to DMS's state changes, which EventBridge brings, and to what an operator asks for:

    {"action": "check"}                                what a cutover would be refused for, if anything
    {"action": "gradual_cutover", "aurora_weight": 20} that share of the clients goes to Aurora
    {"action": "manual_cutover"}                       all of them
    {"action": "rollback"}                             all of them back to the old site
    {"action": "rollback", "accept_data_loss": true}   the same without a way back for what Aurora has taken since

Nothing moves on a guess. Lag comes from CloudWatch (CDCLatencySource, CDCLatencyTarget), and no data is no permission.
Both records change in one batch that deletes them exactly as they were read and creates them anew: Route 53 refuses all
of it if anybody was faster. The state parameter says beforehand what is about to happen, and afterwards that it has; a
write that finds another version than was read is refused. While `migrate` operates this migration, nothing is done here.
"""
import datetime
import json
import os

import boto3

STEADY = ("running",)
# What `migrate cutover` and `migrate rollback` write while they hold the writers back.
OPERATED = ("cutover-in-progress", "rolling-back")
POINTS = 3  # minutes with data that a gate needs
WINDOW_S = 600
FRESH_S = 240  # a point older than this tells nothing about now


class Refused(Exception):
    """Nothing was changed; the reason is for the caller."""

    def __init__(self, code, reason, /, **more):
        super().__init__(reason)
        self.answer = {"statusCode": code, "body": json.dumps({"error": reason, **more}, sort_keys=True)}


def client(service):
    return boto3.client(service, region_name=os.environ.get("AWS_REGION"))


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def done(message, **more):
    return {"statusCode": 200, "body": json.dumps({"message": message, **more}, sort_keys=True)}


# ---------------------------------------------------------------- state


class State:
    """The state parameter: one JSON object, read with its version and written only over that version."""

    def __init__(self):
        self.name = os.environ["SSM_STATE_PARAM"]
        found = client("ssm").get_parameter(Name=self.name)["Parameter"]
        self.version = found["Version"]
        try:
            self.value = json.loads(found["Value"])
        except ValueError:
            raise Refused(409, f"{self.name} holds no JSON: put it right before anything moves") from None

    def write(self, **changes):
        """One call writes the whole value: a reader sees the old one or the new one."""
        value = {**self.value, **changes, "last_updated": now().isoformat(timespec="seconds")}
        value = {key: item for key, item in value.items() if item is not None}
        ssm = client("ssm")
        seen = ssm.get_parameter(Name=self.name)["Parameter"]["Version"]
        if seen != self.version:
            raise Refused(409, f"{self.name} was changed meanwhile (version {seen}, read {self.version}): look, and ask again")
        written = ssm.put_parameter(Name=self.name, Value=json.dumps(value, sort_keys=True), Type="String", Overwrite=True)
        if written["Version"] != self.version + 1:
            raise Refused(409, f"{self.name} was changed at the same moment (version {written['Version']}): look, and ask again")
        self.version, self.value = written["Version"], value


def config():
    found = client("ssm").get_parameter(Name=os.environ["SSM_CONFIG_PARAM"])["Parameter"]["Value"]
    return json.loads(found)


def not_operated(state):
    if state.value.get("status") in OPERATED:
        raise Refused(409, "migrate operates this migration now: `migrate status` shows how far it is",
                      status=state.value.get("status"), phase=state.value.get("phase"))


# ---------------------------------------------------------------- replication


def task(arn):
    dms = client("dms")
    try:
        found = dms.describe_replication_tasks(Filters=[{"Name": "replication-task-arn", "Values": [arn]}])["ReplicationTasks"]
    except dms.exceptions.ResourceNotFoundFault:
        found = []
    if not found:
        raise Refused(409, f"there is no replication task {arn}")
    return found[0]


def lag(arn, instance, limit):
    """The worst lag of a task in its last minutes, in seconds.

    Metrics of a task are filed under the last part of its ARN. CDCLatencySource drops to 0 when nothing is captured, and
    CDCLatencyTarget is the age of the oldest change not yet confirmed: only both together tell that the target is current.
    """
    worst, ends = {}, now()
    for name in ("CDCLatencySource", "CDCLatencyTarget"):
        points = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/DMS", MetricName=name, Period=60, Statistics=["Maximum"],
            StartTime=ends - datetime.timedelta(seconds=WINDOW_S), EndTime=ends,
            Dimensions=[{"Name": "ReplicationInstanceIdentifier", "Value": instance},
                        {"Name": "ReplicationTaskIdentifier", "Value": arn.rsplit(":", 1)[1]}])["Datapoints"]
        points = sorted(points, key=lambda point: point["Timestamp"])[-POINTS:]
        if len(points) < POINTS:
            raise Refused(409, f"{name} has {len(points)} of {POINTS} points of the last {WINDOW_S // 60} minutes: no data is no permission")
        age = (ends - points[-1]["Timestamp"]).total_seconds()
        if age > FRESH_S:
            raise Refused(409, f"the newest point of {name} is {int(age)} s old: no data is no permission")
        worst[name] = max(point["Maximum"] for point in points)
        if worst[name] > limit:
            raise Refused(409, f"{name} is {worst[name]:g} s, the limit is {limit} s", **worst)
    return worst


def current(arn, settings):
    """Refuses unless a task runs, has loaded everything and is current."""
    found = task(arn)
    if found["Status"] not in STEADY:
        raise Refused(409, f"the replication task is {found['Status']}, not running")
    loaded = found.get("ReplicationTaskStats", {}).get("FullLoadProgressPercent", 0)
    if found["MigrationType"] != "cdc" and loaded < 100:
        raise Refused(409, f"the full load is at {loaded} %")
    failed = found.get("ReplicationTaskStats", {}).get("TablesErrored", 0)
    if failed:
        raise Refused(409, f"{failed} tables are in error")
    return lag(arn, settings["dms_instance"], settings["cutover_threshold_seconds"])


# ---------------------------------------------------------------- records


def records(settings):
    """Both records of the name, exactly as they are."""
    answer = client("route53").list_resource_record_sets(
        HostedZoneId=settings["hosted_zone_id"], StartRecordName=settings["record_name"], StartRecordType="CNAME")
    found = {record.get("SetIdentifier"): record for record in answer["ResourceRecordSets"]
             if record["Name"].rstrip(".") == settings["record_name"] and record["Type"] == "CNAME"}
    for side, host in (("onprem", settings["onprem_host"]), ("aurora", settings["aurora_endpoint"])):
        record = found.get(settings[f"{side}_set"])
        if record is None:
            raise Refused(409, f"{settings['record_name']} has no record {settings[side + '_set']}")
        values = [one["Value"].rstrip(".") for one in record.get("ResourceRecords", [])]
        if values != [host]:
            raise Refused(409, f"the record {settings[side + '_set']} points to {', '.join(values) or 'an alias'} and not to {host}")
    if len(found) != 2:
        raise Refused(409, f"{settings['record_name']} has {len(found)} weighted records, not 2")
    return {side: found[settings[f"{side}_set"]] for side in ("onprem", "aurora")}


def weigh(settings, weights):
    """Sets both weights in one batch; whether anything was to be changed."""
    have = records(settings)
    if all(have[side]["Weight"] == weights[side] for side in have):
        return False
    changes = [{"Action": "DELETE", "ResourceRecordSet": have[side]} for side in have]
    changes += [{"Action": "CREATE", "ResourceRecordSet": {**have[side], "Weight": weights[side]}} for side in have]
    client("route53").change_resource_record_sets(
        HostedZoneId=settings["hosted_zone_id"], ChangeBatch={"Comment": "database cutover", "Changes": changes})
    return True


def move(state, settings, aurora, status, phase, **more):
    """Says what is about to happen, lets it happen, and says that it has."""
    weights = {"onprem": 100 - aurora, "aurora": aurora}
    records(settings)
    state.write(pending={"status": status, "onprem_weight": weights["onprem"], "aurora_weight": aurora})
    changed = weigh(settings, weights)
    state.write(pending=None, status=status, phase=phase, onprem_weight=weights["onprem"], aurora_weight=aurora, **more)
    return changed, weights


# ---------------------------------------------------------------- what is asked for


def cutover(event, state, settings):
    measured = current(os.environ["DMS_TASK_ARN"], settings)
    changed, weights = move(state, settings, 100, "cutover-complete", "running-on-aurora",
                            cutover_timestamp=now().isoformat(timespec="seconds"))
    count("CutoverSuccess")
    return done("all clients go to Aurora" if changed else "all clients went to Aurora before", **weights, **measured)


def gradual(event, state, settings):
    share = event.get("aurora_weight")
    if not isinstance(share, int) or isinstance(share, bool) or not 0 <= share <= 100:
        raise Refused(400, "aurora_weight must be a whole number from 0 to 100", aurora_weight=share)
    if share < state.value.get("aurora_weight", 0):
        raise Refused(400, "that takes clients back from Aurora: ask for a rollback",
                      aurora_weight=state.value.get("aurora_weight"))
    measured = current(os.environ["DMS_TASK_ARN"], settings)
    changed, weights = move(state, settings, share, "gradual-cutover-in-progress", f"traffic-split-{share}-percent-aurora")
    return done(f"{share} % of the clients go to Aurora" if changed else "the weights were so before", **weights, **measured)


def rollback(event, state, settings):
    measured = {}
    served = state.value.get("aurora_weight", 0) > 0 or records(settings)["aurora"]["Weight"] > 0
    if served and event.get("accept_data_loss") is not True:
        reverse = os.environ.get("REVERSE_TASK_ARN")
        if not reverse:
            raise Refused(409, "Aurora has served, and nothing brings its writes back: start a reverse task, or send accept_data_loss")
        try:
            measured = current(reverse, settings)
        except Refused as refusal:
            why = json.loads(refusal.answer["body"])["error"]
            raise Refused(409, f"Aurora has served, and what it has taken is not back yet: {why}. accept_data_loss gives it up") from None
    changed, weights = move(state, settings, 0, "rolled-back", "running-on-onprem", rollback_timestamp=now().isoformat(timespec="seconds"))
    count("Rollback")
    return done("all clients go to the old site" if changed else "all clients went to the old site before", **weights, **measured)


def check(event, state, settings):
    measured = current(os.environ["DMS_TASK_ARN"], settings)
    weights = {side: record["Weight"] for side, record in records(settings).items()}
    return done("nothing stands in the way of a cutover", weights=weights, **measured)


def observe(event, state, settings):
    """DMS says that a task has changed: notes how far the migration is. Traffic is moved by people."""
    if os.environ["DMS_TASK_ARN"] not in event.get("resources", []):
        return done("another task")
    status = state.value.get("status")
    if status not in ("initialized", "replicating", "ready-for-cutover"):
        return done("noted: the cutover has begun, and readiness says nothing any more", status=status)
    found = task(os.environ["DMS_TASK_ARN"])
    loaded = found.get("ReplicationTaskStats", {}).get("FullLoadProgressPercent", 0)
    try:
        measured = current(os.environ["DMS_TASK_ARN"], settings)
    except Refused as refusal:
        why = json.loads(refusal.answer["body"])["error"]
        follows = found["Status"] in STEADY and loaded >= 100
        words = ("replicating", "full-load-complete") if follows else ("initialized", "pre-migration")
        if (status, state.value.get("phase")) != words:
            state.write(status=words[0], phase=words[1], cdc_latency=None)
        return done("not ready for a cutover", reason=why, status=words[0])
    state.write(status="ready-for-cutover", phase="cdc-synced", cdc_latency=max(measured.values()))
    return done("ready for a cutover", **measured)


ACTIONS = {"manual_cutover": cutover, "gradual_cutover": gradual, "rollback": rollback, "check": check}


def count(name):
    client("cloudwatch").put_metric_data(Namespace="DatabaseMigration", MetricData=[
        {"MetricName": name, "Value": 1, "Unit": "Count",
         "Dimensions": [{"Name": "Environment", "Value": os.environ["ENVIRONMENT_SUFFIX"]}]}])


def handler(event, context):
    """What Lambda calls. A refusal is an answer; whatever else goes wrong is an error of the invocation."""
    action = event.get("action")
    print(json.dumps({"action": action or "event", "resources": event.get("resources"), "detail": event.get("detail")}))
    try:
        if action is None and event.get("source") == "aws.dms":
            run = observe
        elif action in ACTIONS:
            run = ACTIONS[action]
        else:
            raise Refused(400, f"action must be one of {', '.join(sorted(ACTIONS))}", action=action)
        state = State()
        not_operated(state)
        return run(event, state, config())
    except Refused as refusal:
        print(refusal)
        if action in ("manual_cutover", "gradual_cutover", "rollback"):
            count("CutoverRefused")
        return refusal.answer
    except Exception:
        count("CutoverFailure")
        raise
