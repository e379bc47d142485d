"""Runs cfn-lint over the corpus and checks each case's `cfn_lint` member.

    python3 -m venv venv && venv/bin/pip install cfn-lint && venv/bin/python tests/corpus/compare.py

Only errors (E...) count. `--write FILE` writes what cfn-lint says as JSON instead of checking it. Cases in which
the two disagree about whether the template is right must say in `note` who is right, and why.
"""
import glob, json, os, sys
import yaml
from cfnlint.api import lint

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")


def verdict(template):
    try:
        matches = lint(template, None, ["us-east-1"])
    except Exception as error:  # cfn-lint raises on some broken files
        return ["E0000"]
    return sorted({m.rule.id for m in matches if m.rule.id.startswith("E")})


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    said, wrong, count = {}, [], 0
    for path in sorted(glob.glob(os.path.join(here, "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            cases = yaml.load(file, Loader=yaml.BaseLoader)
        for case in cases:
            if "cfn_lint" not in case and len(sys.argv) < 3:
                continue
            count += 1
            key = f"{os.path.basename(path)}/{case['name']}"
            got = verdict(case["template"])
            said[key] = " ".join(got) or "ok"
            if len(sys.argv) == 3:
                continue
            wanted = [] if case["cfn_lint"] == "ok" else sorted(case["cfn_lint"])
            if got != wanted:
                wrong.append(f"{key}: cfn-lint says {got}, the corpus {wanted}")
            if (case["expect"] == "ok") != (not got) and "note" not in case:
                wrong.append(f"{key}: migrate says {case['expect']}, cfn-lint {got or 'ok'}, and no note says who is right")
    if len(sys.argv) == 3 and sys.argv[1] == "--write":
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            json.dump(said, file, indent=1)
        return
    print("\n".join(wrong) or f"{count} cases agree")
    sys.exit(bool(wrong))


main()
