#!/usr/bin/env python3
"""Runs the client tests: boto3 and the AWS CLI against `migrate sandbox serve`, one server per family.

    python tests/clients/run.py --migrate target/debug/migrate [FAMILY ...]

Needs boto3 and awscli. Prints what failed and, last, what was exercised; exits with 1 when anything differs,
or when an operation of the sandbox was not exercised (only when all families run).
"""
import argparse
import collections
import concurrent.futures
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
SLOWER = 60  # what failed is tried again at this speed: a second in which the machine does something else is one minute, not five
SPEED = 300  # an instance is "creating" for more than a second: long enough to be refused in that state
# What else a family's server is started with.
FLAGS = dict.fromkeys(("custom", "functions"), ["--run-functions", "--python", sys.executable])
# For how many milliseconds reads of EC2 and IAM hide new objects. The sandbox hides one of some hundreds, which one depends
# on the order of calls from many threads: a family that reads at once would fail now and then.
READ_LAG = {"read_lag": 120_000}
QUICK = 0.025  # seconds a call takes on a machine for which that is long enough
sys.path.insert(0, str(HERE))

import planted  # noqa: E402


def families():
    return sorted(path.stem.removeprefix("test_") for path in HERE.glob("test_*.py"))


class Server:
    """`migrate sandbox serve` on a free port, its world in a folder of its own."""

    def __init__(self, migrate, folder, *arguments, flags=()):
        command = [migrate, "--sandbox-dir", os.path.join(folder, "world"), *arguments[:-1], "sandbox", "serve",
                   "--port", "0", "--speed", arguments[-1], *flags]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:"), f"no address but {self.url!r}"

    def __enter__(self):
        return self.url

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)


def quick_waiters(folder):
    """Copies of botocore's waiters that poll every second, so that `aws ... wait` needs seconds, not minutes.
    Nothing but the delay is changed."""
    import botocore
    data = pathlib.Path(botocore.__file__).parent / "data"
    for service in ("ec2", "rds", "dms", "elbv2", "ecs", "iam", "route53", "cloudwatch", "s3"):
        source = sorted((data / service).glob("*/waiters-2.json"))[-1]
        waiters = json.loads(source.read_text())
        for waiter in waiters["waiters"].values():
            waiter["delay"] = 1
        target = pathlib.Path(folder) / service / source.parent.name / source.name
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps(waiters))


def plant(migrate, folder, tables):
    """Puts rows into the world before the tests begin."""
    if not tables:
        return
    with Server(migrate, folder, str(SPEED)):
        pass
    path = pathlib.Path(folder, "world", "world.json")
    kept = json.loads(path.read_text())
    for table, rows in tables.items():
        kept["world"]["tables"].setdefault(table, {}).update(rows)
    path.write_text(json.dumps(kept))


def lagging(folder, millis):
    """A file of fault-injection rules: reads lag by so much."""
    path = pathlib.Path(folder, "faults.json")
    path.write_text(json.dumps([{"match": {"service": service}, "action": {"lag": millis}} for service in ("ec2", "iam")]))
    return str(path)


def bearable(url, most):
    """The speed at which this machine, as busy as it is, still makes enough calls while something is "creating"."""
    import boto3
    sts, took = boto3.client("sts", endpoint_url=url), []
    for _ in range(12):
        began = time.monotonic()
        sts.get_caller_identity()
        took.append(time.monotonic() - began)
    return max(20, min(most, int(SPEED * QUICK / sorted(took)[len(took) * 3 // 4])))


def family(name, migrate, most):
    """Runs one family in this process; prints its report as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        quick_waiters(os.path.join(folder, "models"))
        os.environ.update(AWS_DATA_PATH=os.path.join(folder, "models"), MIGRATE=migrate, MIGRATE_FOLDER=folder)
        with tempfile.TemporaryDirectory() as trial, Server(migrate, trial, str(SPEED)) as url:
            speed = bearable(url, most)
        plant(migrate, folder, planted.ROWS.get(name, {}))
        server = Server(migrate, folder, str(speed), flags=[*FLAGS.get(name, ()), "--faults", lagging(folder, READ_LAG.get(name, 0))])
        with server as url:
            os.environ.update(AWS_ENDPOINT_URL=url, MIGRATE_SPEED=str(speed), MIGRATE_PROGRAM=migrate)
            import harness
            importlib.import_module(f"test_{name}")
            # The pairs of a family do not touch each other's objects, and mostly wait.
            with concurrent.futures.ThreadPoolExecutor(8 if name.startswith("order_") else 1) as pool:
                failed = [one for one in pool.map(lambda run: one_test(name, run), harness.TESTS) if one]
            if server.process.poll() is not None:
                # Minus nine, say: somebody ended it, and the failures above tell of nothing else.
                failed.append({"test": name, "why": f"the server ended by itself or was killed: {server.process.returncode}"})
    report = {"family": name, "speed": speed, "tests": len(harness.TESTS), "failed": failed, "cli": sum(harness.CLI.values()),
              "calls": sum(harness.CALLS.values())}
    for member in ("DONE", "REFUSALS", "CODES", "PAGED", "FILTERED", "WAITED", "PLAYED"):
        report[member.lower()] = sorted(map(list, getattr(harness, member)))
    report["by_cli"] = sorted(map(list, harness.CLI))
    print(json.dumps(report))


def one_test(name, run):
    """Runs a test; what went wrong, if anything."""
    began, failed = time.monotonic(), None
    try:
        run()
    except Exception as error:  # noqa: BLE001
        error.__context__ = None
        failed = {"test": f"{name}.{run.__name__}", "why": "".join(traceback.format_exception(error, limit=4))}
    if "--slow" in sys.argv:
        print(f"{time.monotonic() - began:6.2f} s {name}.{run.__name__}", file=sys.stderr)
    return failed


def start(name, migrate, most=SPEED):
    began = time.monotonic()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environment.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1",
                       AWS_EC2_METADATA_DISABLED="true", AWS_PAGER="", AWS_MAX_ATTEMPTS="1",
                       AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    command = [sys.executable, str(HERE / "run.py"), "--migrate", migrate, "--one", name, "--speed", str(most)]
    if "--slow" in sys.argv:
        command.append("--slow")
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=None, text=True, check=False)
    try:
        report = json.loads(ran.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        report = {"family": name, "tests": 0, "calls": 0, "cli": 0,
                  "failed": [{"test": name, "why": f"the family ended with {ran.returncode}: {ran.stdout}"}]}
    report["seconds"] = time.monotonic() - began
    return report


def gather(reports, member):
    return {tuple(item) for report in reports for item in report.get(member, [])}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--migrate", required=True)
    parser.add_argument("--one")
    parser.add_argument("--speed", type=int, default=SPEED, help="how much faster than the client's time lifecycles pass at most")
    parser.add_argument("--slow", action="store_true", help="print every test's seconds")
    parser.add_argument("families", nargs="*")
    arguments = parser.parse_args()
    migrate = os.path.abspath(arguments.migrate)
    if arguments.one:
        return family(arguments.one, migrate, arguments.speed)
    chosen = arguments.families or families()
    # They mostly wait: one more than a small machine has cores.
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda name: start(name, migrate, arguments.speed), chosen))
    # The tests measure time by the clock on the wall. What is wrong is wrong at any speed, with the machine to itself too.
    for at, report in enumerate(reports):
        if report["failed"] and arguments.speed > SLOWER:
            for one in report["failed"]:
                print(f"TRIED AGAIN at speed {SLOWER}: {one['test']}\n{one['why']}")
            reports[at] = start(report["family"], migrate, SLOWER)
    failed = [one for report in reports for one in report["failed"]]
    for one in failed:
        print(f"FAILED {one['test']}\n{one['why']}")
    import coverage_law
    import gone
    import pairs
    gaps = coverage_law.strange(gather(reports, "refusals"))
    if not arguments.families:
        gaps += coverage_law.gaps(migrate, *(gather(reports, m) for m in ("done", "paged", "filtered")))
        gaps += gone.gaps(coverage_law.implemented(migrate))
        gaps += pairs.gaps(coverage_law.implemented(migrate), coverage_law.kinds(migrate), gather(reports, "played"))
    for gap in gaps:
        print(f"GAP {gap}")
    done, codes = gather(reports, "done"), gather(reports, "codes")
    for report in reports:
        print(f"clients {report['family']:<22} {report['tests']:>3} tests {report['calls']:>5} calls {report['seconds']:5.1f} s"
              f" at speed {report.get('speed', 0)}")
    print(f"clients: {sum(r['tests'] for r in reports)} tests, {len(failed)} failed, {len(gaps)} gaps; "
          f"{len(done)} operations exercised with success in {sum(r['calls'] for r in reports)} boto3 calls; "
          f"{sum(r['cli'] for r in reports)} AWS CLI calls of {len(gather(reports, 'by_cli'))} operations; "
          f"{len(codes)} refusals of {len({(s, c) for s, _, c in codes})} error codes; "
          f"{len(gather(reports, 'paged'))} lists paged; {len(gather(reports, 'filtered'))} filters refused; "
          f"{len(gather(reports, 'waited'))} waiters")
    outcomes = collections.Counter(type(pairs.PAIRS[one][dependent]).__name__.lower() for one, dependent in gather(reports, "played"))
    print(f"wrong order: {sum(outcomes.values())} pairs of {len(pairs.keys())} played ("
          f"{', '.join(f'{count} {name}' for name, count in sorted(outcomes.items()))}), of {len(pairs.PAIRS)} operations; "
          f"{len(pairs.ALONE)} operations take away what nothing depends on; {len(pairs.KINDS)} resource types")
    return 1 if failed or gaps else 0


if __name__ == "__main__":
    sys.exit(main())
