#!/usr/bin/env python3
"""How many public templates plan, and how many deploy on the sandbox.

    python tests/corpus/public.py --migrate target/debug/migrate --out result.json FOLDER...

FOLDER holds checkouts of repositories of CloudFormation templates, such as awslabs/aws-cloudformation-templates and
widdix/aws-cf-templates; nothing of them is kept here. A template counts if it has `Resources` with types of AWS, needs no
transform but AWS::LanguageExtensions (neither SAM nor a macro), declares no macro, has no directives that rain expands, and
is not nested in another one of its folder.

Each template is planned and run (`up --sandbox --yes`) on a copy of one sandbox that holds a network, a key pair and a hosted
zone, for parameters that name such things. Parameters without a default get a value that fits their type, their constraints
and their name. What stops a template is counted by its code and message, so that the commonest causes come first.
"""
import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

BASE = """
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16, EnableDnsSupport: true, EnableDnsHostnames: true}}
  Gateway: {Type: 'AWS::EC2::InternetGateway'}
  Attached: {Type: 'AWS::EC2::VPCGatewayAttachment', Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
  A: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}}
  B: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1b}}
  C: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24, AvailabilityZone: us-east-1c}}
  Routes: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
  Group: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: base, VpcId: !Ref Vpc}}
  Zone: {Type: 'AWS::Route53::HostedZone', Properties: {Name: example.com}}
Outputs:
  Vpc: {Value: !Ref Vpc}
  A: {Value: !Ref A}
  B: {Value: !Ref B}
  C: {Value: !Ref C}
  Routes: {Value: !Ref Routes}
  Group: {Value: !Ref Group}
  Zone: {Value: !Ref Zone}
"""
ACCOUNT = "123456789012"


class Loader(yaml.SafeLoader):
    """Takes CloudFormation's short forms for what they are."""


def short(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix: value}


Loader.add_multi_constructor("!", short)


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            tree = yaml.load(file.read(), Loader)
    except Exception:  # noqa: BLE001  whatever is wrong with it, it is no template that can be counted
        return None
    return tree if isinstance(tree, dict) else None


def is_real(tree):
    resources = tree.get("Resources")
    if not isinstance(resources, dict):
        return False
    kinds = [r.get("Type") for r in resources.values() if isinstance(r, dict)]
    if "AWS::CloudFormation::Macro" in kinds:
        return False
    if not any(isinstance(kind, str) and kind.startswith("AWS::") for kind in kinds):
        return False
    transforms = tree.get("Transform") or []
    transforms = transforms if isinstance(transforms, list) else [transforms]
    if any(transform != "AWS::LanguageExtensions" for transform in transforms):
        return False
    if any(isinstance(kind, str) and kind.startswith("AWS::Serverless::") for kind in kinds):
        return False
    whole = json.dumps(tree, default=str)
    # `Rain::...` are directives of another tool, which expands them before anything is deployed.
    return "Fn::Transform" not in whole and "Rain::" not in whole


def nested(folder):
    """Templates that others name by their file."""
    inner = set()
    for path in templates(folder):
        for resource in ((read(path) or {}).get("Resources") or {}).values():
            if isinstance(resource, dict) and resource.get("Type") == "AWS::CloudFormation::Stack":
                url = (resource.get("Properties") or {}).get("TemplateURL")
                if isinstance(url, str) and "://" not in url:
                    inner.add(os.path.realpath(os.path.join(os.path.dirname(path), url)))
    return inner


def templates(folder):
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "node_modules")
        for name in sorted(files):
            if name.endswith((".yaml", ".yml", ".json", ".template")):
                path = os.path.join(place, name)
                if os.path.getsize(path) < 1 << 20:
                    with open(path, encoding="utf-8", errors="replace") as file:
                        text = file.read()
                    if "Resources" in text and "AWS::" in text:
                        yield path


def by_kind(kind, base):
    kind = kind.replace("AWS::SSM::Parameter::Value<", "").rstrip(">") if kind.startswith("AWS::SSM") else kind
    lists = kind.startswith("List<")
    inner = kind[5:-1] if lists else kind
    values = {
        "AWS::EC2::VPC::Id": [base["Vpc"]],
        "AWS::EC2::Subnet::Id": [base["A"], base["B"], base["C"]],
        "AWS::EC2::SecurityGroup::Id": [base["Group"]],
        "AWS::EC2::SecurityGroup::GroupName": ["default"],
        "AWS::EC2::AvailabilityZone::Name": ["us-east-1a", "us-east-1b", "us-east-1c"],
        "AWS::EC2::KeyPair::KeyName": ["base"],
        "AWS::EC2::Image::Id": ["ami-0abcdef1234567890"],
        "AWS::Route53::HostedZone::Id": [base["Zone"]],
        "Number": ["1"],
    }.get(inner)
    if values is None:
        return None
    if not lists and len(values) > 1:
        TURNS[inner] += 1
        return values[(TURNS[inner] - 1) % len(values)]
    return ",".join(values) if lists else values[0]


# What stops a template here and would stop it in AWS as well, and why.
REFUSED_BY_AWS = [
    (r"AWS::(OpsWorks|CodeStar)::", "the service was shut down (AWS product lifecycle, 2024)"),
    (r"M1130.*(NoSuchBucket|NoSuchKey|AccessDenied)", "the nested template is not there"),
    (r"M1052|M1104", "what is imported, or read from SSM, is not there"),
    (r"M100[34]", "it is no YAML, or a key is there twice"),
    (r"M1032.*`some|M1032", "the value that this script made up is not allowed"),
    (r"M1021: `(Description|Version)` is no attribute", "CloudFormation: Encountered unsupported property"),
    (r"M1044|M1045|M1043", "CloudFormation: a reference, attribute or mapping key that is not there"),
    (r"M2005: Code: expected an object, found `\.", "a local path that `aws cloudformation package` has to replace first"),
    (r"`ScalingConfiguration` is a property of AWS::RDS::DBCluster", "AWS ended Aurora Serverless v1 on 2025-03-31"),
    (r"runtime parameter of \S+ is no longer supported", "a runtime that Lambda has given up"),
    (r"InvalidAMIID|InvalidBlockDeviceMapping", "an image that is not there any more"),
    (r"no longer|Invalid DB|engine version|Cannot find version", "a version that is not offered any more"),
    (r"a managed policy must be of|MalformedPolicyDocument: Policy document must be version", "IAM: a managed policy without Version 2012-10-17"),
    (r"AccessControlListNotSupported", "S3: ACLs on a bucket that owns its objects (the default since April 2023)"),
    (r"DoesNotCoverEnoughAZs|cannot be the same|Invalid AWS account|at least two Availability Zones|needs subnets", "the made-up values do not fit together"),
    (r"^(?!.*InvalidGroup).*(Listener|TargetGroup|Cluster|LoadBalancer|Role|Topic|Subnet|Peering\w*|Certificate|Zone|Key|Snapshot|Launch configuration)\w*"
     r"[ .]?(name )?[Nn]ot ?[Ff]ound|NoSuch|does not exist|not found|InvalidSubnet|ValidationError", "the made-up value names nothing that is there"),
    (r"AlreadyExists|is there twice|BucketAlready", "the made-up values name one thing twice"),
]

NAMES = [
    (r"email|mail", "ops@example.com"), (r"password|secret|passwd|token", "Sw0rdfish42x"), (r"cidr|iprange|location", "10.1.0.0/16"),
    (r"vpc.?id|^vpc$", "{Vpc}"), (r"subnets?.?ids$|subnets$", "{A},{B}"), (r"subnet.*(1|a)$|subnet.?id|subnet$", "{A}"),
    (r"subnet.*(2|b)$", "{B}"), (r"subnet.*(3|c)$", "{C}"), (r"routetable", "{Routes}"), (r"securitygroup|sg.?id", "{Group}"),
    (r"keyname|keypair", "base"), (r"hosted.?zone.?id|zone.?id", "{Zone}"), (r"zonename|domain|hostname|fqdn", "app.example.com"),
    (r"az|availabilityzone", "us-east-1a"), (r"bucket", "some-bucket-of-the-reader"), (r"ami|image.?id", "ami-0abcdef1234567890"),
    (r"role.?arn|rolearn", "arn:aws:iam::%s:role/some" % ACCOUNT), (r"topic.?arn|sns", "arn:aws:sns:us-east-1:%s:some" % ACCOUNT),
    (r"certificate|acm|ssl", "arn:aws:acm:us-east-1:%s:certificate/12345678-1234-1234-1234-123456789012" % ACCOUNT),
    (r"kms|key.?arn|keyid", "arn:aws:kms:us-east-1:%s:key/12345678-1234-1234-1234-123456789012" % ACCOUNT),
    (r"lambda.*arn|function.*arn", "arn:aws:lambda:us-east-1:%s:function:some" % ACCOUNT), (r"arn", "arn:aws:sqs:us-east-1:%s:some" % ACCOUNT),
    (r"account", ACCOUNT), (r"region", "us-east-1"), (r"url|uri|endpoint", "https://example.com/x"), (r"port", "8080"),
    (r"user", "admin1"), (r"instance.*type", "t3.micro"), (r"class", "db.t3.micro"), (r"size|count|number|days|max|min", "1"),
]


TURNS = collections.Counter()


def value(name, declared, base):
    allowed = declared.get("AllowedValues")
    if allowed:
        return str(allowed[0])
    kind = str(declared.get("Type", "String"))
    known = by_kind(kind, base)
    pattern = declared.get("AllowedPattern")
    low = int(float(declared.get("MinLength") or 0))
    tries = [known] if known else []
    if kind == "Number":
        tries = [str(declared.get("MinValue", 1))]
    tries += [text.format(**base) for match, text in NAMES if re.search(match, name.lower())]
    tries += ["some", "Some1234", "some-value-1", "a" * max(low, 1), "10.1.0.0/16", "1", "example.com", "x.y", "10.0.0.9", "10.0.0.9,10.0.0.10", "d-0123456789", "pcx-0123456789abcdef0", "123456789012", "t3.micro"]
    for text in tries:
        try:
            if pattern and not re.fullmatch(str(pattern), text):
                continue
        except re.error:
            pass
        high = int(float(declared.get("MaxLength") or 9999))
        if low <= len(text) <= high or kind == "Number":
            return text
    return tries[0]


def run(migrate, *args, cwd, seconds=120):
    env = {"PATH": os.environ["PATH"], "HOME": cwd, "NO_COLOR": "1"}
    try:
        done = subprocess.run([migrate, *args], cwd=cwd, env=env, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return 124, "timed out"
    return done.returncode, done.stdout + done.stderr


def cause(text):
    """The first error of what was printed, in one line."""
    # Lines are wrapped; what belongs to one is indented deeper.
    whole = re.sub(r"\n {8,}", " ", text)
    found = re.search(r"(error\[M\d+\][^\n]*|timed out|panicked[^\n]*)", whole)
    failed = re.search(r"FAILED \S+ (.*)|^.*\bFAILED\b(.*)", whole, re.M)
    line = found.group(1) if found else next((g for g in failed.groups() if g), "?") if failed else text.strip()[-200:]
    return re.sub(r"\s+", " ", line)[:300]


def export(migrate, text, exported, base, place):
    """Puts what a plan wants to import into another plan on the same sandbox; whether there is anything new."""
    names = set(re.findall(r"nothing (?:of the plan )?exports `([^`]+)`", re.sub(r"\s+", " ", text))) - set(exported)
    if not names:
        return False
    for name in names:
        low = name.lower()
        found = [text.format(**base) for match, text in NAMES if re.search(match, re.sub(r"^.*?-", "", low))]
        exported[name] = found[0] if found else "some"
    lines = ["Resources: {T: {Type: 'AWS::SNS::Topic'}}", "Outputs:"]
    for at, (name, shown) in enumerate(sorted(exported.items())):
        lines.append(f"  O{at}: {{Value: {json.dumps(shown)}, Export: {{Name: {json.dumps(name)}}}}}")
    with open(os.path.join(place, "exports.yaml"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    code, _ = run(migrate, "up", "exports.yaml", "--sandbox", "--yes", "--region", "us-east-1", cwd=place)
    return code == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--migrate", required=True)
    parser.add_argument("--out", default="public.json")
    parser.add_argument("--only", help="a regular expression that paths must match")
    parser.add_argument("--plan-only", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="only every n-th template")
    parser.add_argument("folders", nargs="+")
    options = parser.parse_args()
    migrate = os.path.abspath(options.migrate)
    results = []
    with tempfile.TemporaryDirectory() as work:
        base_dir = os.path.join(work, "base")
        os.makedirs(base_dir)
        with open(os.path.join(base_dir, "base.yaml"), "w", encoding="utf-8") as file:
            file.write(BASE)
        code, text = run(migrate, "up", "base.yaml", "--sandbox", "--yes", "--region", "us-east-1", cwd=base_dir)
        if code:
            sys.exit("the base does not deploy:\n" + text)
        code, text = run(migrate, "outputs", "base.yaml", "--sandbox", "--json", cwd=base_dir)
        base = {}
        for name in ("Vpc", "A", "B", "C", "Routes", "Group", "Zone"):
            base[name] = re.search(r'"%s"[^}]*?"value": *"([^"]+)"|"%s": *"([^"]+)"' % (name, name), text)
            base[name] = next(g for g in base[name].groups() if g)
        number = 0
        for folder in options.folders:
            inner = nested(folder)
            for path in templates(folder):
                if options.only and not re.search(options.only, path):
                    continue
                tree = read(path)
                if tree is None or os.path.realpath(path) in inner or not is_real(tree):
                    continue
                number += 1
                if number % options.every:
                    continue
                sets = []
                TURNS.clear()
                for name, declared in (tree.get("Parameters") or {}).items():
                    if isinstance(declared, dict) and declared.get("Default") is None:
                        sets += ["--set", f"{name}={value(name, declared, base)}"]
                place = os.path.join(work, "one")
                shutil.rmtree(place, ignore_errors=True)
                shutil.copytree(os.path.join(base_dir, ".migrate"), os.path.join(place, ".migrate"))
                where = ["--sandbox", "--region", "us-east-1", *sets]
                full = os.path.abspath(path)
                code, text = run(migrate, "plan", full, *where, cwd=place)
                exported = {}
                for _ in range(6):
                    if not export(migrate, text, exported, base, place):
                        break
                    code, text = run(migrate, "plan", full, *where, cwd=place)
                one = {"path": os.path.relpath(path, os.path.dirname(folder.rstrip("/"))), "plans": "error[" not in text and code != 124}
                one["why"] = "" if one["plans"] else cause(text)
                one["up"] = False
                if one["plans"] and not options.plan_only:
                    code, text = run(migrate, "up", full, *where, "--yes", cwd=place)
                    one["up"] = code == 0
                    one["why"] = "" if one["up"] else cause(text)
                    one["text"] = "" if one["up"] else text[-3000:]
                elif not one["plans"]:
                    one["text"] = text[-3000:]
                results.append(one)
                print(f"{len(results)} {one['path']} plans={one['plans']} up={one['up']} {one['why']}", flush=True)
                with open(options.out, "w", encoding="utf-8") as file:
                    json.dump(results, file, indent=1)
    total = len(results) or 1
    told = []
    for one in results:
        one["refused_by_aws"] = next((why for match, why in REFUSED_BY_AWS if one["why"] and re.search(match, one["why"])), None)
        told.append(one["refused_by_aws"])
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    plans, ups = sum(r["plans"] for r in results), sum(r["up"] for r in results)
    print(f"\n{len(results)} templates: {plans} plan ({100 * plans / total:.1f} %), {ups} deploy ({100 * ups / total:.1f} %)")
    # What plans and is refused only when it is made counts as planned.
    planned = [one for one in results if one["plans"] or not one["refused_by_aws"]]
    print(f"{len(results) - len(planned)} do not plan because of something that AWS would refuse as well; of the other {len(planned)} templates "
          f"{100 * plans / (len(planned) or 1):.1f} % plan")
    rest = [one for one in results if not one["refused_by_aws"]]
    print(f"{len(results) - len(rest)} stop somewhere at something that AWS would refuse as well; with them {100 * (len(results) - len(rest) + ups) / total:.1f} % "
          f"deploy or stop there; of the other {len(rest)} templates {100 * sum(r['up'] for r in rest) / (len(rest) or 1):.1f} % deploy")
    for why, count in collections.Counter(told).most_common():
        print(f"{count:4} {why or 'not refused by AWS'}")
    for why, count in collections.Counter(r["why"] for r in results if r["why"]).most_common(40):
        print(f"{count:4} {why}")


if __name__ == "__main__":
    main()
