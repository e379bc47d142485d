#!/usr/bin/env python3
"""Renews `catalogue.json`: what RDS offers, by engine. Two ways; each writes the date and the source into the file.

From an account, with the calls that know (needs boto3 and rds:DescribeDBEngineVersions,
rds:DescribeOrderableDBInstanceOptions and rds:DescribeEngineDefaultParameters; about ten minutes):

    python3 src/engines/renew.py account [--region us-east-1]

From published data, without an account: the lists that cfn-lint takes from the same calls and from AWS's price list
(PyPI package cfn-lint, unzipped), and aws-cdk-lib's instance-engine.d.ts for Oracle, whose versions cfn-lint lacks:

    pip download --no-deps cfn-lint && unzip cfn_lint-*.whl -d cfn-lint
    npm pack aws-cdk-lib && tar xzf aws-cdk-lib-*.tgz package/aws-rds/lib/instance-engine.d.ts
    python3 src/engines/renew.py published cfn-lint package/aws-rds/lib/instance-engine.d.ts --date 2026-08-19

Options of option groups come from a folder of DescribeOptionGroupOptions' answers (`--options`); moto has such files.

What neither source says (licence models, default ports, log types, storage limits) is the table ENGINES below, from the
RDS User Guide and the API reference of CreateDBInstance.
"""
import argparse
import datetime
import json
import pathlib
import re

HERE = pathlib.Path(__file__).parent
FILE = HERE / "catalogue.json"

MY_LOGS = ["audit", "error", "general", "slowquery", "iam-db-auth-error"]
PG_LOGS = ["postgresql", "upgrade", "iam-db-auth-error"]
ORACLE_LOGS = ["alert", "audit", "listener", "oemagent", "trace"]
# Storage types and their least and most GiB. CreateDBInstance, AllocatedStorage; gp2 from 5 (Oracle 10) GiB as
# DescribeOrderableDBInstanceOptions lists it.
OPEN = {"standard": [5, 3072], "gp2": [5, 65536], "gp3": [20, 65536], "io1": [100, 65536], "io2": [100, 65536]}
ORACLE = {"standard": [10, 3072], "gp2": [10, 65536], "gp3": [20, 65536], "io1": [100, 65536], "io2": [100, 65536]}
BIG_MS = {"standard": [200, 1024], "gp2": [20, 16384], "gp3": [20, 16384], "io1": [100, 16384], "io2": [100, 65536]}
SMALL_MS = {"standard": [20, 1024], "gp2": [20, 16384], "gp3": [20, 16384], "io1": [100, 16384], "io2": [100, 65536]}
DB2 = {"gp3": [20, 65536], "io1": [100, 65536], "io2": [100, 65536]}
AURORA = {"aurora": [1, 262144], "aurora-iopt1": [1, 262144]}
GPL, PGL = ["general-public-license"], ["postgresql-license"]
BYOL, BOTH = ["bring-your-own-license"], ["license-included", "bring-your-own-license"]
MS = ["license-included"]


def engine(description, licences, port, logs, storage, default, families, **more):
    return {"description": description, "licences": licences, "port": port, "logs": logs, "storage": storage,
            "default": default, "families": families, **more}


def ms(edition, storage):
    return engine(f"Microsoft SQL Server {edition} Edition", MS, 1433, ["agent", "error"], storage, "16.00",
                  "11.0 12.0 13.0 14.0 15.0 16.0 17.0", timezones="windows", characters="sqlserver", withdrawn="11.00 12.00")


def oracle(edition, licences, families, **more):
    return engine(f"Oracle Database {edition}", licences, 1521, ORACLE_LOGS, ORACLE, "19", families,
                  characters="oracle", **more)


# `families`: every one that CreateDBParameterGroup takes, also those of versions that are no longer on offer.
# `since`: the first version that instance classes of these families run on (RDS User Guide, Supported DB engines for
# DB instance classes).
ENGINES = {
    "aurora-mysql": engine("Aurora MySQL", GPL, 3306, ["audit", "error", "general", "slowquery", "instance", "iam-db-auth-error"],
                           AURORA, "8.0.mysql_aurora.3.10", "5.7 8.0 8.4"),
    "aurora-postgresql": engine("Aurora PostgreSQL", PGL, 5432, ["postgresql", "instance", "iam-db-auth-error"], AURORA, "17",
                                "9.6 10 11 12 13 14 15 16 17 18"),
    "db2-ae": engine("IBM Db2 Advanced Edition", BYOL + ["marketplace-license"], 50000, ["diag.log", "notify.log", "iam-db-auth-error"],
                     DB2, "11.5", "11.5 12.1", timezones="db2", characters="db2"),
    "db2-se": engine("IBM Db2 Standard Edition", BYOL + ["marketplace-license"], 50000, ["diag.log", "notify.log", "iam-db-auth-error"],
                     DB2, "11.5", "11.5 12.1", timezones="db2", characters="db2"),
    "mariadb": engine("MariaDB Community Edition", GPL, 3306, MY_LOGS, OPEN, "11.4",
                      "10.0 10.1 10.2 10.3 10.4 10.5 10.6 10.11 11.4 11.8 12.3", withdrawn="10.0 10.1 10.2 10.3 10.4 10.5"),
    "mysql": engine("MySQL Community Edition", GPL, 3306, MY_LOGS, OPEN, "8.4", "5.1 5.5 5.6 5.7 8.0 8.4",
                    since={"8.0.17": "m6g m6gd m7g m8g m8gd m9g r6g r6gd r7g r8g r8gd t4g x2g"}, extended="5.7 8.0"),
    "oracle-ee": oracle("Enterprise Edition", BYOL, "11.2 12.1 12.2 18 19"),
    "oracle-ee-cdb": oracle("Enterprise Edition (CDB)", BYOL, "19 21", classes_of="oracle-ee"),
    "oracle-se2": oracle("Standard Edition Two", BOTH, "12.1 12.2 18 19"),
    "oracle-se2-cdb": oracle("Standard Edition Two (CDB)", BOTH, "19 21", classes_of="oracle-se2"),
    "postgres": engine("PostgreSQL", PGL, 5432, PG_LOGS, OPEN, "17", "9.3 9.4 9.5 9.6 10 11 12 13 14 15 16 17 18",
                       since={"12.3": "m6g m6gd r6g r6gd t4g x2g", "13.4": "m7g m8g m8gd m9g r7g r8g r8gd m7i r7i"},
                       extended="11 12 13"),
    "sqlserver-ee": ms("Enterprise", BIG_MS),
    "sqlserver-ex": ms("Express", SMALL_MS),
    "sqlserver-se": ms("Standard", BIG_MS),
    "sqlserver-web": ms("Web", SMALL_MS),
}
# Only parameter groups (and snapshots of old) still know these.
OLD_ENGINES = ["aurora5.6", "oracle-se-11.2", "oracle-se1-11.2", "aurora-mysql5.7", "aurora-postgresql9.6"]
# Instance classes of an earlier generation: still in the price list, no longer for new instances (RDS User Guide,
# DB instance class types).
RETIRED = {"m1", "m2", "m3", "m4", "r3", "r4", "t1", "t2"}


def family(name, major):
    """`mysql8.0`, `oracle-ee-19`, `sqlserver-se-15.0`, `db2-se-11.5`."""
    dash = "-" if name.startswith(("oracle", "sqlserver", "db2")) else ""
    return f"{name}{dash}{major}"


def major(name, version):
    numbers = version.split(".")
    if name.startswith("sqlserver"):
        return f"{numbers[0]}.00"
    if name.startswith("oracle") or (name.endswith(("postgres", "postgresql")) and int(re.match(r"\d+", numbers[0])[0]) > 9):
        return numbers[0]
    return ".".join(numbers[:2])


def order(version):
    return [int(n) for n in re.findall(r"\d+", version)]


def packed(classes):
    """`m5 large xlarge, t3 micro`: by family, smallest size first."""
    sizes = ["micro", "small", "medium", "large", "xlarge"]

    def weight(size):
        first = size.split(".")[0]
        return (sizes.index(first) if first in sizes else 5 + int((re.findall(r"\d+", first) or ["99"])[0]), size)

    families = {}
    for name in classes:
        _, kind, *size = name.split(".")
        families.setdefault(kind, []).append(".".join(size))
    return ", ".join(" ".join([kind, *sorted((s for s in families[kind] if s), key=weight)]) for kind in sorted(families))


def fields(found):
    """The catalogue's `engines` of {engine: {versions, withdrawn, classes: {licence: set}}}."""
    engines = {}
    for name, facts in ENGINES.items():
        facts = dict(facts)
        seen = found[facts.pop("classes_of", name)]
        mine = found.get(name, seen)
        gone = set(facts.pop("withdrawn", "").split())
        facts["versions"] = sorted((v for v in mine["versions"] if v not in mine["withdrawn"] and major(name, v) not in gone), key=order)
        facts["withdrawn"] = sorted((v for v in mine["versions"] if v in mine["withdrawn"] or major(name, v) in gone), key=order)
        facts["default"] = mine.get("default") or [
            v for v in facts["versions"] if (v + ".").startswith(facts["default"] + ".") and "-" not in v.split("ru-")[0]][-1]
        facts["families"] = [family(name, m) for m in facts["families"].split()]
        facts["classes"] = {
            licence: packed(c for c in seen["classes"].get(licence) or next(iter(seen["classes"].values()))
                            if c.split(".")[1] not in RETIRED)
            for licence in facts["licences"]}
        engines[name] = {"name": name, **facts}
    return engines


def published(folder, cdk):
    base = pathlib.Path(folder) / "cfnlint/data/schemas/extensions/aws_rds_dbinstance"
    found = {name: {"versions": set(), "withdrawn": set(), "classes": {}} for name in ENGINES}
    for file, take in (("engine_version", "versions"), ("engine_version_deprecated", "withdrawn")):
        for rule in json.loads((base / f"{file}.json").read_text())["allOf"]:
            when, then = rule["if"]["properties"], rule.get("then") or {}
            name = when["Engine"].get("const")
            values = (then.get("properties", {}) if isinstance(then, dict) else {}).get("EngineVersion", {}).get("enum")
            if name in found:
                # A version has a minor number; majors alone are aliases.
                full = [v for v in values or when["EngineVersion"]["enum"] if "." in v and not (name == "aurora-mysql" and "aurora" not in v)]
                found[name][take].update(full)
    for rules in json.loads((base / "dbinstanceclass_enum.json").read_text()).values():
        for rule in rules["allOf"]:
            when = rule["if"]["properties"]
            name, licence = when["Engine"]["const"], when["LicenseModel"] and when["LicenseModel"]["const"]
            if name in found:
                licence = licence or ENGINES[name]["licences"][0]
                found[name]["classes"].setdefault(licence, set()).update(rule["then"]["properties"]["DBInstanceClass"]["enum"])
    text = pathlib.Path(cdk).read_text()
    for release, names in (("19", ["oracle-ee", "oracle-se2", "oracle-ee-cdb", "oracle-se2-cdb"]), ("21", ["oracle-ee-cdb", "oracle-se2-cdb"])):
        versions = set(re.findall(rf'Version "({release}\.0\.0\.0\.ru-[^"]+)"', text))
        for name in names:
            found[name]["versions"].update(versions)
    return fields(found)


def options(lists):
    """{option: what it is}, of the newest major version, from DescribeOptionGroupOptions."""
    found = {}
    for item in sorted(lists, key=lambda item: order(item["MajorEngineVersion"])):
        one = {"description": item["Description"], "port_required": item["PortRequired"], "persistent": item["Persistent"],
               "permanent": item["Permanent"], "vpc_only": item["VpcOnly"], "depends": item["OptionsDependedOn"],
               "conflicts": item["OptionsConflictsWith"], "settings": {}}
        if "DefaultPort" in item:
            one["port"] = item["DefaultPort"]
        versions = [v["Version"] for v in item.get("OptionGroupOptionVersions", [])]
        defaults = [v["Version"] for v in item.get("OptionGroupOptionVersions", []) if v["IsDefault"]]
        if versions:
            one["versions"], one["version"] = versions, (defaults or versions)[-1]
        for setting in item.get("OptionGroupOptionSettings", []):
            one["settings"][setting["SettingName"]] = {
                "default": setting.get("DefaultValue"), "allowed": setting.get("AllowedValues"), "apply": setting["ApplyType"],
                "modifiable": setting["IsModifiable"], "required": setting["IsRequired"]}
        had = found.get(item["Name"], {}).get("majors", [])
        found[item["Name"]] = {**one, "majors": had + [item["MajorEngineVersion"]] * (item["MajorEngineVersion"] not in had)}
    return found


def account(region):
    import boto3
    rds = boto3.client("rds", region_name=region)
    found, parameters = {}, {}
    for name in ENGINES:
        one = found[name] = {"versions": set(), "withdrawn": set(), "classes": {}}
        for page in rds.get_paginator("describe_db_engine_versions").paginate(Engine=name, IncludeAll=True):
            for item in page["DBEngineVersions"]:
                one["versions"].add(item["EngineVersion"])
                if item["Status"] != "available":
                    one["withdrawn"].add(item["EngineVersion"])
        default = rds.describe_db_engine_versions(Engine=name, DefaultOnly=True)["DBEngineVersions"]
        one["default"] = default[0]["EngineVersion"] if default else None
        storage = {}
        for page in rds.get_paginator("describe_orderable_db_instance_options").paginate(Engine=name):
            for item in page["OrderableDBInstanceOptions"]:
                one["classes"].setdefault(item["LicenseModel"], set()).add(item["DBInstanceClass"])
                low, high = item.get("MinStorageSize", 1), item.get("MaxStorageSize", 65536)
                had = storage.setdefault(item["StorageType"], [low, high])
                storage[item["StorageType"]] = [min(low, had[0]), max(high, had[1])]
        pages = rds.get_paginator("describe_option_group_options").paginate(EngineName=name)
        ENGINES[name]["options"] = options(item for page in pages for item in page["OptionGroupOptions"])
        ENGINES[name]["storage"] = storage or ENGINES[name]["storage"]
        for number in ENGINES[name]["families"].split():
            kinds = parameters.setdefault(family(name, number), {"static": [], "dynamic": []})
            pages = rds.get_paginator("describe_engine_default_parameters").paginate(DBParameterGroupFamily=family(name, number))
            for page in pages:
                for item in page["EngineDefaults"]["Parameters"]:
                    kinds[item["ApplyType"]].append(item["ParameterName"])
    return fields(found), {name: {kind: ", ".join(sorted(words)) for kind, words in kinds.items()} for name, kinds in parameters.items()}


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("way", choices=["account", "published"])
    asked.add_argument("paths", nargs="*")
    asked.add_argument("--options", help="a folder with DescribeOptionGroupOptions' list of each engine, ENGINE.json")
    asked.add_argument("--region", default="us-east-1")
    asked.add_argument("--date", default=datetime.date.today().isoformat())
    given = asked.parse_args()
    catalogue = json.loads(FILE.read_text())
    if given.way == "account":
        catalogue["engines"], parameters = account(given.region)
        catalogue["parameters"] = {f"{name}|{name}": kinds for name, kinds in parameters.items()}
        catalogue["source"] = f"DescribeDBEngineVersions, DescribeOrderableDBInstanceOptions and DescribeEngineDefaultParameters in {given.region}"
    else:
        for name in ENGINES if given.options else ():
            file = pathlib.Path(given.options) / f"{name}.json"
            ENGINES[name]["options"] = options(json.loads(file.read_text()) if file.exists() else [])
        catalogue["engines"] = published(*given.paths)
        catalogue["source"] = ("cfn-lint's lists of DescribeDBEngineVersions and of AWS's price list, aws-cdk-lib's OracleEngineVersion, "
                               "RDS User Guide and API reference")
    catalogue["date"] = given.date
    catalogue["old_families"] = OLD_ENGINES
    FILE.write_text(json.dumps(catalogue, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    for name, facts in catalogue["engines"].items():
        print(f"{name}: {len(facts['versions'])} versions, default {facts['default']}, {len(facts['withdrawn'])} withdrawn")


main()
