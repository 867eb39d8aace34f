"""Rules for templates: cdk-nag's AWS Solutions, and our own as functions from a template to findings (one line each).

Acknowledgements of cdk-nag rules stand where the resource is made, each with its reason (``grants.acknowledge``).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.constructs.queues import TRIES, VISIBILITY_FACTOR
from infra.sources import ROOT

Template = Mapping[str, Any]
Rule = Callable[[Template], Iterator[str]]

WITHOUT_RESOURCE = frozenset(
    {
        "dynamodb:ListStreams",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)
"""Actions that AWS defines without a resource; only they may be allowed on ``*``."""

RUNBOOK = re.compile(r"Runbook: (docs/runbooks/[a-z-]+\.md)$")


def add_checks(app: App) -> None:
    """Let the synthesis of ``app`` fail on anything that cdk-nag's AWS Solutions rules find and nobody acknowledged."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def resources(template: Template, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield logical id and properties of the resources of one type (``Lambda::Function``)."""
    for name, part in template["Resources"].items():
        if part["Type"] == f"AWS::{kind}":
            yield name, part.get("Properties", {})


def least_privilege(template: Template) -> Iterator[str]:
    """Roles have no managed policies, no wildcard actions, and ``*`` as resource only where AWS knows no other."""
    for name, role in resources(template, "IAM::Role"):
        if role.get("ManagedPolicyArns"):
            yield f"{name} has managed policies"
    for name, policy in resources(template, "IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = _list(statement["Action"])
            for action in actions:
                if "*" in action:
                    yield f"{name} allows {action}"
                if "*" in _list(statement["Resource"]) and action not in WITHOUT_RESOURCE:
                    yield f"{name} allows {action} on everything"


def one_role_per_function(template: Template) -> Iterator[str]:
    """No two functions share a role."""
    seen: dict[str, str] = {}
    for name, function in resources(template, "Lambda::Function"):
        role = function["Role"]["Fn::GetAtt"][0]
        if role in seen:
            yield f"{name} shares its role with {seen[role]}"
        seen[role] = name


def functions_are_complete(template: Template) -> Iterator[str]:
    """Functions run on arm64, with a time-out, memory, a log group of their own, and alarms."""
    alarmed = {
        str(dimension["Value"])
        for _, alarm in resources(template, "CloudWatch::Alarm")
        for dimension in alarm.get("Dimensions", ())
    }
    for name, function in resources(template, "Lambda::Function"):
        wanted = {
            "arm64": function.get("Architectures") == ["arm64"],
            "a time-out": "Timeout" in function,
            "memory": "MemorySize" in function,
            "a log group": "LogGroup" in function.get("LoggingConfig", {}),
            "alarms": str({"Ref": name}) in alarmed,
        }
        yield from (f"{name} has no {what}" for what, there in wanted.items() if not there)


def encrypted(template: Template) -> Iterator[str]:
    """Tables, queues, log groups, topics and buckets are encrypted; all but access logs with our own key."""
    for name, table in resources(template, "DynamoDB::Table"):
        if "KMSMasterKeyId" not in table.get("SSESpecification", {}):
            yield f"{name} is not encrypted with our key"
        if not table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            yield f"{name} cannot be recovered to a point in time"
    for kind, setting in (("SQS::Queue", "KmsMasterKeyId"), ("SNS::Topic", "KmsMasterKeyId")):
        yield from (f"{name} is not encrypted" for name, part in resources(template, kind) if setting not in part)
    for name, group in resources(template, "Logs::LogGroup"):
        if "KmsKeyId" not in group or "RetentionInDays" not in group:
            yield f"{name} is not encrypted, or keeps logs for ever"
    for name, bucket in resources(template, "S3::Bucket"):
        if "BucketEncryption" not in bucket:
            yield f"{name} is not encrypted"


def alarms_have_runbooks(template: Template) -> Iterator[str]:
    """Every alarm tells somebody, and names a runbook that exists."""
    for name, alarm in resources(template, "CloudWatch::Alarm"):
        found = RUNBOOK.search(alarm.get("AlarmDescription", ""))
        if not found or not (ROOT / found[1]).is_file():
            yield f"{name} has no runbook"
        if not alarm.get("AlarmActions"):
            yield f"{name} tells nobody"


def queues_have_dead_letters(template: Template) -> Iterator[str]:
    """A queue that is read has a dead-letter queue after four tries; a queue that is not read is one."""
    read = {_target(source["EventSourceArn"]) for _, source in resources(template, "Lambda::EventSourceMapping")}
    for name, queue in resources(template, "SQS::Queue"):
        redrive = queue.get("RedrivePolicy")
        if name in read and (redrive is None or redrive["maxReceiveCount"] != TRIES):
            yield f"{name} is read but has no dead-letter queue after {TRIES} tries"
        if name not in read and redrive is not None:
            yield f"{name} is not read by anything"


def queues_fit_their_consumers(template: Template) -> Iterator[str]:
    """Messages stay invisible long enough, failures are reported one by one, and concurrency has a limit."""
    functions = dict(resources(template, "Lambda::Function"))
    queues = dict(resources(template, "SQS::Queue"))
    for name, source in resources(template, "Lambda::EventSourceMapping"):
        if "ReportBatchItemFailures" not in source.get("FunctionResponseTypes", ()):
            yield f"{name} does not report failures one by one"
        queue = queues.get(_target(source["EventSourceArn"]))
        if queue is None:
            continue
        timeout = functions[source["FunctionName"]["Ref"]]["Timeout"]
        if queue.get("VisibilityTimeout", 30) < VISIBILITY_FACTOR * timeout:
            yield f"{name}: messages come back before the function ({timeout} s) can be done with them"
        if "MaximumConcurrency" not in source.get("ScalingConfig", {}):
            yield f"{name} has no maximum concurrency"


def streams_end_somewhere(template: Template) -> Iterator[str]:
    """A stream source retries a few times, splits batches, gives up after a while, and says what it gave up on."""
    for name, source in resources(template, "Lambda::EventSourceMapping"):
        if "StartingPosition" not in source:
            continue
        wanted = {
            "retry limit": 0 <= source.get("MaximumRetryAttempts", -1) <= 10,
            "bisecting": source.get("BisectBatchOnFunctionError") is True,
            "maximum age": 0 < source.get("MaximumRecordAgeInSeconds", 0) <= 86_400,
            "failure queue": "OnFailure" in source.get("DestinationConfig", {}),
            "filter": bool(source.get("FilterCriteria")),
        }
        yield from (f"{name} has no {what}" for what, there in wanted.items() if not there)


def routes_are_guarded(template: Template) -> Iterator[str]:
    """Yield the routes that anybody may call: ``GET /api/v1/health``."""
    paths = _paths(template)
    for _, method in resources(template, "ApiGateway::Method"):
        if method["HttpMethod"] != "OPTIONS" and "AuthorizerId" not in method:
            yield f"{method['HttpMethod']} {paths[str(method['ResourceId'])]}"


def missing_limits(template: Template) -> Iterator[str]:
    """Physical names fit AWS: 64 characters for functions and roles, 80 for queues and state machines."""
    limits = {
        "Lambda::Function": ("FunctionName", 64),
        "SQS::Queue": ("QueueName", 80),
        "StepFunctions::StateMachine": ("StateMachineName", 80),
        "Scheduler::Schedule": ("Name", 64),
        "Events::Rule": ("Name", 64),
    }
    for kind, (attribute, limit) in limits.items():
        for name, part in resources(template, kind):
            if len(part[attribute]) > limit:
                yield f"{name}: {part[attribute]} is longer than {limit} characters"


RULES: tuple[Rule, ...] = (
    least_privilege,
    one_role_per_function,
    functions_are_complete,
    encrypted,
    alarms_have_runbooks,
    queues_have_dead_letters,
    queues_fit_their_consumers,
    streams_end_somewhere,
    missing_limits,
)
"""All rules that no stack may break; ``routes_are_guarded`` is compared with the list of public routes instead."""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _target(arn: Any) -> str:
    """Return the logical id that ``{"Fn::GetAtt": [id, "Arn"]}`` names; empty for anything else."""
    found = arn.get("Fn::GetAtt") if isinstance(arn, dict) else None
    return str(found[0]) if found else ""


def _paths(template: Template) -> dict[str, str]:
    """Return the full path of each API resource, keyed by the text of a reference to it."""
    parts = {str({"Ref": name}): part for name, part in resources(template, "ApiGateway::Resource")}

    def path(reference: str) -> str:
        part = parts.get(reference)
        return "" if part is None else f"{path(str(part['ParentId']))}/{part['PathPart']}"

    return {reference: path(reference) for reference in parts}
