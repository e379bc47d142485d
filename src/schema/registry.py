#!/usr/bin/env python3
"""Makes `registry.zip`: the schemas of all resource types that AWS publishes, trimmed to facts.

One entry a type, named after it (`AWS::SQS::Queue`), deflated; the binary carries the file and reads an entry when a
plan names its type. To what `trim.py` keeps come the facts that Cloud Control needs: handlers with their permissions and
time-outs, identifiers, tagging, property transforms, and what `Ref` answers where it is not the primary identifier.
No sentence of AWS's is kept.

Schemas come from two PyPI packages. c7n-awscc carries AWS's own registry documents, unaltered, as
https://schema.cloudformation.us-east-1.amazonaws.com/CloudformationSchema.zip has them (that file, unpacked, does as
well). cfn-lint ships the same documents and is published more often, but adds rules of its own to them (patterns and
bounds of the services' APIs), which must not refuse what AWS takes. So a document is cfn-lint's where it is newer: the
other has no such type, or knows less of its handlers or properties. Types that cfn-lint has no more are gone from AWS.
What `Ref` answers comes from the npm package @aws-cdk/aws-service-spec.

    pip download --no-deps c7n-awscc && unzip -d awscc c7n_awscc-*.whl
    pip download --no-deps cfn-lint && unzip -d cfn-lint cfn_lint-*.whl
    npm pack @aws-cdk/aws-service-spec && tar xzf aws-cdk-aws-service-spec-*.tgz
    python3 src/schema/registry.py awscc cfn-lint package/db.json.gz src/schema/registry.zip
"""
import gzip
import json
import pathlib
import sys
import zipfile

from trim import KEEP_TOP, trim, used

MORE_TOP = ["additionalIdentifiers", "anyOf", "oneOf", "allOf", "patternProperties", "propertyTransform",
            "replacementStrategy"]
# A file that is the same whenever the same schemas go in.
EPOCH = (2026, 1, 1, 0, 0, 0)


def actions(permissions):
    """IAM's prefixes are lower case; a few schemas write them otherwise."""
    return sorted({p.split(":", 1)[0].lower() + p[p.find(":"):] for p in permissions if ":" in p})


def handlers(full):
    out = {}
    for verb, handler in (full.get("handlers") or {}).items():
        kept = {"permissions": actions(handler.get("permissions") or [])}
        if "timeoutInMinutes" in handler:
            kept["timeoutInMinutes"] = handler["timeoutInMinutes"]
        needs = (handler.get("handlerSchema") or {}).get("required")
        if needs:
            kept["needs"] = needs
        out[verb] = kept
    return out


def tagging(full):
    known = full.get("tagging")
    if known is None:
        # The registry's default, where a schema says nothing.
        known = {"taggable": full.get("taggable", "Tags" in full["properties"])}
    kept = {key: known[key] for key in ("taggable", "tagOnCreate", "tagUpdatable") if key in known}
    if known.get("taggable"):
        kept["tagProperty"] = known.get("tagProperty", "/properties/Tags")
        if known.get("permissions"):
            kept["permissions"] = actions(known["permissions"])
    return kept


def facts(full, ref):
    kept = {}
    for key in KEEP_TOP + MORE_TOP:
        if key in full:
            value = full[key]
            kept[key] = {k: trim(v) for k, v in value.items()} if key in ("properties", "definitions") else value
    for key in ("anyOf", "oneOf", "allOf"):
        if key in kept:
            kept[key] = trim(kept[key])
    definitions = kept.get("definitions", {})
    live, frontier = set(), set()
    used(kept["properties"], frontier)
    while frontier:
        one = frontier.pop()
        if one not in live and one in definitions:
            live.add(one)
            used(definitions[one], frontier)
    kept["definitions"] = {k: v for k, v in definitions.items() if k in live}
    kept["handlers"] = handlers(full)
    kept["tagging"] = tagging(full)
    if ref:
        kept["ref"] = ref
    return kept


def documents(source):
    """AWS's documents below a folder, by type."""
    found = {}
    for path in sorted(source.rglob("*.json")):
        full = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(full, dict) and "typeName" in full and "properties" in full:
            found[full["typeName"]] = full
    return found


def linted(source):
    """The documents that cfn-lint ships for us-east-1, by type."""
    root = source / "cfnlint" / "data" / "schemas"
    index = json.loads((root / "providers" / "us-east-1.json").read_text(encoding="utf-8"))
    read = {name: json.loads((root / "resources" / f"{file}.json").read_text(encoding="utf-8"))
            for name, file in index.items()}
    # The CDK's own marker is in no registry.
    read.pop("AWS::CDK::Metadata", None)
    return read


def members(kept):
    found = {("", name) for name in kept["properties"]}
    for definition, node in kept["definitions"].items():
        found |= {(definition, name) for name in node.get("properties") or {}}
    return found


def is_newer(other, kept):
    """Whether `other` knows more of a type than `kept`, in what cfn-lint does not add to."""
    if members(other) - members(kept):
        return True
    return any(other["handlers"][verb] != kept["handlers"].get(verb) for verb in other["handlers"])


def main():
    source, lint, spec, target = (pathlib.Path(path) for path in sys.argv[1:5])
    entities = json.load(gzip.open(spec))["schema"]["resource"]["entities"]
    refs = {one["cloudFormationType"]: one.get("cfnRefIdentifier") for one in entities}
    base = documents(source)
    found, newer = {}, []
    for name, other in linted(lint).items():
        found[name] = facts(other, refs.get(name))
        kept = facts(base[name], refs.get(name)) if name in base else None
        if kept and not is_newer(found[name], kept):
            found[name] = kept
        else:
            newer.append(name)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(found):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, json.dumps(found[name], separators=(",", ":"), sort_keys=True))
    provisionable = sum(1 for one in found.values() if one["handlers"])
    print(f"{len(found)} types, {provisionable} with handlers, {target.stat().st_size} bytes")
    print(f"{len(newer)} of cfn-lint's documents are newer; gone: {sorted(set(base) - set(found))}")


if __name__ == "__main__":
    main()
