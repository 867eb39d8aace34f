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
        "cloudwatch:GetMetricData",
        "dynamodb:ListStreams",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
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
    for name, statement in statements(template):
        for action in _list(statement["Action"]):
            if "*" in action:
                yield f"{name} allows {action}"
            if "*" in _list(statement["Resource"]) and action not in WITHOUT_RESOURCE:
                yield f"{name} allows {action} on everything"


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what roles may do: the role or policy that says so, and the statement."""
    for name, role in resources(template, "IAM::Role"):
        for policy in role.get("Policies", ()):
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])
    for name, policy in resources(template, "IAM::Policy"):
        yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])


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
        for metric in alarm.get("Metrics", ())
        for dimension in metric.get("MetricStat", {}).get("Metric", {}).get("Dimensions", ())
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


PARKER = "-park-dead-letters"
"""The function of every context that keeps what lies in dead-letter queues."""


def queues_have_dead_letters(template: Template) -> Iterator[str]:
    """A queue that is read has a dead-letter queue after four tries; only the parker reads a dead-letter queue."""
    functions = dict(resources(template, "Lambda::Function"))
    read: dict[str | None, set[str]] = {}
    for _, source in resources(template, "Lambda::EventSourceMapping"):
        reader = functions.get(source["FunctionName"].get("Ref"), {}).get("FunctionName", "")
        read.setdefault(_target(source["EventSourceArn"]), set()).add(reader)
    for name, queue in resources(template, "SQS::Queue"):
        redrive = queue.get("RedrivePolicy")
        parked = name in read and all(reader.endswith(PARKER) for reader in read[name])
        if parked and redrive is not None:
            yield f"{name} is parked from, so nothing may take its messages away before that"
        elif name in read and not parked and (redrive is None or redrive["maxReceiveCount"] != TRIES):
            yield f"{name} is read but has no dead-letter queue after {TRIES} tries"
        if name not in read and redrive is not None:
            yield f"{name} is not read by anything"


def queues_fit_their_consumers(template: Template) -> Iterator[str]:
    """Messages stay invisible long enough, failures are reported one by one, and concurrency has a limit."""
    functions = dict(resources(template, "Lambda::Function"))
    queues = dict(resources(template, "SQS::Queue"))
    for name, source in resources(template, "Lambda::EventSourceMapping"):
        if "Queues" in source:  # of Amazon MQ, which knows no failures one by one
            continue
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


def operations(template: Template) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and operation of the bodies of REST APIs; the default security is written into each."""
    for _, api in resources(template, "ApiGateway::RestApi"):
        body = api["Body"]
        for path, item in body["paths"].items():
            for verb, operation in item.items():
                method = "ANY" if verb == "x-amazon-apigateway-any-method" else verb.upper()
                yield method, path, {"security": body.get("security", []), **operation}


def open_routes(template: Template) -> Iterator[str]:
    """Yield the routes with a function behind them that anybody may call: ``GET /api/v1/health``."""
    for method, path, operation in operations(template):
        if operation["x-amazon-apigateway-integration"]["type"] != "mock" and not operation["security"]:
            yield f"{method} {path}"


def apis_invoke_by_one_role(template: Template) -> Iterator[str]:
    """An API's integrations and authorizer act by a role that may invoke just these functions; no greedy function.

    A greedy path would be a way past the authorizer of its siblings, so only a mock may answer one.
    """
    for name, api in resources(template, "ApiGateway::RestApi"):
        for scheme in api["Body"]["components"]["securitySchemes"].values():
            if "authorizerCredentials" not in scheme["x-amazon-apigateway-authorizer"]:
                yield f"{name}: the authorizer is invoked without a role"
    for method, path, operation in operations(template):
        integration = operation["x-amazon-apigateway-integration"]
        if integration["type"] == "mock":
            continue
        if "credentials" not in integration:
            yield f"{method} {path} is invoked without a role"
        if "+}" in path:
            yield f"{method} {path} lets a function answer a greedy path"
    yield from (f"{name} is a permission" for name, _ in resources(template, "Lambda::Permission"))


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
    apis_invoke_by_one_role,
)
"""All rules that no stack may break; ``open_routes`` is compared with the list of public routes instead."""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _target(arn: Any) -> str:
    """Return the logical id that ``{"Fn::GetAtt": [id, "Arn"]}`` names; empty for anything else."""
    found = arn.get("Fn::GetAtt") if isinstance(arn, dict) else None
    return str(found[0]) if found else ""
