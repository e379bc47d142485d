#!/usr/bin/env python3
"""Trims CloudFormation resource-type schemas to the facts `migrate` needs.

The schemas come from the PyPI package cfn-lint, which ships AWS's published
registry schemas. Only interface facts are kept: property names, types,
required, enums, patterns, bounds, create-only, read-only and write-only
paths. To refresh or to add types:

    pip download --no-deps cfn-lint && unzip cfn_lint-*.whl -d cfn-lint
    python3 src/schema/trim.py cfn-lint src/schema/types AWS::EC2::VPC [...]

Without type names, the types already present in the folder are refreshed, but for the custom ones, which are
ours.
"""
import json
import pathlib
import sys

KEEP_TOP = [
    "typeName", "properties", "definitions", "required", "requiredXor",
    "dependentRequired", "dependentExcluded", "readOnlyProperties",
    "writeOnlyProperties", "createOnlyProperties",
    "conditionalCreateOnlyProperties", "primaryIdentifier",
    "additionalProperties",
]
KEEP_NODE = {
    "type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems",
    "uniqueItems", "insertionOrder", "items", "$ref", "required",
    "requiredXor", "dependentRequired", "dependentExcluded", "properties",
    "patternProperties", "additionalProperties", "const", "anyOf", "oneOf",
    "allOf", "enumCaseInsensitive",
}


def trim(node):
    if isinstance(node, list):
        return [trim(n) for n in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key in ("properties", "patternProperties", "definitions"):
            out[key] = {k: trim(v) for k, v in value.items()}
        elif key in ("enum", "const", "required", "requiredXor",
                     "dependentRequired", "dependentExcluded"):
            out[key] = value
        elif key in KEEP_NODE:
            out[key] = trim(value)
    return out


def used(node, seen):
    if isinstance(node, list):
        for n in node:
            used(n, seen)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                seen.add(value.removeprefix("#/definitions/"))
            else:
                used(value, seen)


def file_name(type_name):
    return type_name.lower().replace("::", "-") + ".json"


def main():
    source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    root = source / "cfnlint" / "data" / "schemas"
    index = json.loads((root / "providers" / "us-east-1.json").read_text())
    names = sys.argv[3:] or [
        json.loads(p.read_text())["typeName"]
        for p in sorted(target.glob("*.json")) if not p.name.startswith("custom-")]
    for name in names:
        full = json.loads((root / "resources" / (index[name] + ".json")).read_text())
        kept = {}
        for key in KEEP_TOP:
            if key not in full:
                continue
            value = full[key]
            if key in ("properties", "definitions"):
                kept[key] = {k: trim(v) for k, v in value.items()}
            else:
                kept[key] = value
        # Definitions that nothing refers to are dead weight in the binary.
        definitions = kept.get("definitions", {})
        live, frontier = set(), set()
        used(kept["properties"], frontier)
        while frontier:
            one = frontier.pop()
            if one in live or one not in definitions:
                continue
            live.add(one)
            used(definitions[one], frontier)
        kept["definitions"] = {k: v for k, v in definitions.items() if k in live}
        (target / file_name(name)).write_text(json.dumps(kept, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
