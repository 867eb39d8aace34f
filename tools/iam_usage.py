"""Compares the permissions that the templates grant with those that a test run used.

A grant that no test uses is either too much or untested. Each one that stays needs a reason in
``infra/unused_grants.toml``. Exits with 1 when a grant has none, or when a function was refused something.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EDGE, LEADING_KEYS = "edge:", "dynamodb:LeadingKeys"
"""How holders are named of grants on some partitions alone: those of the edge, on the table of settings."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """``holder`` (a function, workflow or other role, named without project and stage) may do ``action``."""

    holder: str
    action: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why grants matching ``holders`` and ``actions`` (shell patterns) may go unused."""

    holders: tuple[str, ...]
    actions: tuple[str, ...]
    text: str

    def covers(self, grant: Grant) -> bool:
        """Tell whether this is a reason for ``grant``."""
        return any(fnmatchcase(grant.holder, pattern) for pattern in self.holders) and any(
            fnmatchcase(grant.action, pattern) for pattern in self.actions
        )


def granted(templates: Iterable[Mapping[str, Any]], prefix: str) -> Iterator[Grant]:
    """Yield what the roles of ``templates`` may do, one grant per holder and action."""
    for template in templates:
        resources = template["Resources"]
        holders = _holders(resources, prefix)
        roles = {name: found for name, found in resources.items() if found["Type"] == "AWS::IAM::Role"}
        for name, role in roles.items():
            for policy in role.get("Properties", {}).get("Policies", ()):
                for statement in policy["PolicyDocument"]["Statement"]:
                    actions = statement["Action"]
                    at_edge = EDGE if LEADING_KEYS in json.dumps(statement.get("Condition", {})) else ""
                    for action in [actions] if isinstance(actions, str) else actions:
                        yield Grant(f"{at_edge}{holders[name]}", action)


def _holders(resources: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """Return the holder of each role: the function's, workflow's or schedule's name, else the role's logical id."""
    kinds: dict[str, Callable[[Any], tuple[Any, str]]] = {
        "AWS::Lambda::Function": lambda p: (p["Role"], p["FunctionName"].removeprefix(prefix)),
        "AWS::StepFunctions::StateMachine": lambda p: (
            p["RoleArn"],
            f"workflow:{p['StateMachineName'].removeprefix(prefix)}",
        ),
        "AWS::Scheduler::Schedule": lambda p: (p["Target"]["RoleArn"], f"schedule:{p['Name'].removeprefix(prefix)}"),
    }
    found = {name: f"role:{name}" for name, part in resources.items() if part["Type"] == "AWS::IAM::Role"}
    for part in resources.values():
        if part["Type"] in kinds:
            role, holder = kinds[part["Type"]](part["Properties"])
            found[role["Fn::GetAtt"][0]] = holder
    return found


def used(lines: Iterable[str], prefix: str) -> tuple[set[Grant], set[Grant]]:
    """Return what functions did and what they were refused, from the record of a run.

    A request is evaluated once for the role and once for the resource: an implicit denial of one is none at all where
    the other allows the same.
    """
    allowed: set[tuple[Grant, str]] = set()
    denied: set[tuple[Grant, str]] = set()
    explicitly: set[Grant] = set()
    for line in lines:
        record = json.loads(line)
        grant = Grant(record["principal"].rsplit("/", 1)[-1].removeprefix(prefix), record["action"])
        if record["decision"] == "Allow":
            allowed.add((grant, record["resource"]))
        elif record["decision"] == "ImplicitDeny":
            denied.add((grant, record["resource"]))
        else:
            explicitly.add(grant)
    refused = explicitly | {grant for grant, resource in denied - allowed}
    return {grant for grant, _ in allowed}, refused


def reasons(text: str) -> list[Reason]:
    """Read the reasons file.

    Raises:
        KeyError, tomllib.TOMLDecodeError: it is malformed.
    """
    entries = tomllib.loads(text)["unused"]
    return [Reason(tuple(entry["holders"]), tuple(entry["actions"]), entry["reason"]) for entry in entries]


def findings(grants: set[Grant], done: set[Grant], refused: set[Grant], why: list[Reason]) -> list[str]:
    """Return what is wrong, one line each."""
    unused = sorted(grant for grant in grants - done if not any(reason.covers(grant) for reason in why))
    stale = [reason for reason in why if not any(reason.covers(grant) for grant in grants)]
    return [
        *(f"refused in the run: {grant.holder} {grant.action}" for grant in sorted(refused)),
        *(f"granted, never used, no reason given: {grant.holder} {grant.action}" for grant in unused),
        *(f"reason for nothing: {', '.join(reason.holders)} {', '.join(reason.actions)}" for reason in stale),
    ]


def main() -> int:
    """Compare, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assembly", type=Path, default=ROOT / ".build" / "test-assembly")
    parser.add_argument("--usage", type=Path, default=ROOT / ".build" / "iam-usage.jsonl")
    parser.add_argument("--reasons", type=Path, default=ROOT / "infra" / "unused_grants.toml")
    parser.add_argument("--stage", default="local")
    options = parser.parse_args()
    if not options.usage.exists():
        print(f"No record of a run in {options.usage}: run `make test` first", file=sys.stderr)
        return 1
    prefix = f"enghub-{options.stage}-"
    templates = [json.loads(file.read_text("utf-8")) for file in sorted(options.assembly.glob("*.template.json"))]
    grants = set(granted(templates, prefix))
    done, refused = used(options.usage.read_text("utf-8").splitlines(), prefix)
    wrong = findings(grants, done, refused, reasons(options.reasons.read_text("utf-8")))
    for line in wrong:
        print(line)
    print(f"{len(grants)} grants, {len(grants & done)} used in the run, {len(wrong)} findings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
