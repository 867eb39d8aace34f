"""What AWS allows and how much of it the templates use: each figure with its limit, as pure functions.

Limits are the defaults of a new account (CloudFormation, API Gateway, Lambda, IAM, EventBridge and CloudWatch quota
pages, November 2026); what AWS raises on request is counted at the default, too.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.rules import Template, resources

GREATEST_SHARE = 0.6
"""What is left is for what nobody foresaw."""
METRICS_PER_ALARM = 10
"""Filled on purpose (``constructs/alarms.py``), so no share of it is kept free."""
LAYERS = 4
"""Of five that a function may have: vendor, core, kit and its context, by the architecture; they do not grow."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``used`` of ``limit``: of a stack, of an API, or of the whole stage."""

    of: str
    what: str
    used: int
    limit: int

    @property
    def share(self) -> float:
        """How much of the limit is used, 1.0 is all."""
        return self.used / self.limit


def figures(templates: Mapping[str, Template]) -> list[Figure]:
    """Return all figures of a stage, by its stacks' templates."""
    return [
        *(figure for name, template in templates.items() for figure in _of_stack(name, template)),
        *_of_stage(templates),
    ]


def table(found: list[Figure]) -> str:
    """Return the highest use of each limit as a Markdown table, the nearest to its limit first."""
    highest: dict[str, Figure] = {}
    for figure in found:
        if figure.what not in highest or figure.share > highest[figure.what].share:
            highest[figure.what] = figure
    rows = sorted(highest.values(), key=lambda figure: -figure.share)
    lines = [f"| {one.what} | {one.of} | {one.used:,} | {one.limit:,} | {one.share:.0%} |" for one in rows]
    return "\n".join(("| limit | highest in | used | allowed | share |", "| --- | --- | ---: | ---: | ---: |", *lines))


def _of_stack(name: str, template: Template) -> Iterator[Figure]:
    def figure(what: str, used: int, limit: int) -> Figure:
        return Figure(name, what, used, limit)

    yield figure("resources of a stack", len(template["Resources"]), 500)
    yield figure("bytes of a template", _size(template), 1_048_576)
    yield figure("outputs of a stack", len(template.get("Outputs", {})), 200)
    yield figure("parameters of a stack", len(template.get("Parameters", {})), 200)
    for kind, what in ((_of_api, "ApiGateway::RestApi"), (_of_role, "IAM::Role"), (_of_function, "Lambda::Function")):
        for _, part in resources(template, what):
            yield from kind(name, part)
    for _, alarm in resources(template, "CloudWatch::Alarm"):
        yield figure("characters of an alarm's text", len(alarm["AlarmDescription"]), 1_024)
    for _, rule in resources(template, "Events::Rule"):
        yield figure("characters of an event pattern", _size(rule.get("EventPattern", {})), 2_048)
    yield figure("routing rules of a domain", _count(template, "ApiGatewayV2::RoutingRule"), 50)


def _of_api(stack: str, api: Mapping[str, Any]) -> Iterator[Figure]:
    body = api["Body"]
    nodes = {"/"}
    for path in body["paths"]:
        parts = path.strip("/").split("/")
        nodes |= {"/" + "/".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
    yield Figure(stack, "resources (path segments) of an API", len(nodes), 300)
    yield Figure(stack, "authorizers of an API", len(body["components"]["securitySchemes"]), 10)
    yield Figure(stack, "bytes of an API's body", _size(body), 6 * 1024 * 1024)


def _of_role(stack: str, role: Mapping[str, Any]) -> Iterator[Figure]:
    policies = role.get("Policies", ())
    size = sum(_size(policy["PolicyDocument"]) for policy in policies)
    yield Figure(stack, "characters of a role's inline policies", size, 10_240)


def _of_function(stack: str, function: Mapping[str, Any]) -> Iterator[Figure]:
    variables = function.get("Environment", {}).get("Variables", {})
    yield Figure(stack, "bytes of a function's environment", _size(variables), 4_096)


def _of_stage(templates: Mapping[str, Template]) -> Iterator[Figure]:
    counted = {
        ("APIs of a region", "ApiGateway::RestApi", 600),
        ("alarms of a region", "CloudWatch::Alarm", 5_000),
        ("roles of an account", "IAM::Role", 1_000),
        ("rules of an event bus", "Events::Rule", 300),
        ("tables of a region", "DynamoDB::Table", 2_500),
        ("state machines of a region", "StepFunctions::StateMachine", 10_000),
    }
    for what, kind, limit in sorted(counted):
        yield Figure("the stage", what, sum(_count(template, kind) for template in templates.values()), limit)


def _count(template: Template, kind: str) -> int:
    return sum(1 for _ in resources(template, kind))


def _size(value: Any) -> int:
    """Return the bytes of ``value`` as AWS counts them, references as long as what they stand for is at most."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
