"""Each rule notices what it is there for."""

from typing import Any

import pytest

from infra import rules
from infra.rules import Rule


def template(**parts: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"Resources": {name: {"Type": f"AWS::{kind}", "Properties": body} for name, (kind, body) in parts.items()}}


def policy(action: str, resource: str) -> dict[str, Any]:
    return {"PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}}


def api(paths: dict[str, Any], authorizer: dict[str, Any] | None = None) -> dict[str, Any]:
    scheme = {"x-amazon-apigateway-authorizer": {"authorizerCredentials": "r"} if authorizer is None else authorizer}
    body = {"paths": paths, "security": [{"bearer": []}], "components": {"securitySchemes": {"bearer": scheme}}}
    return template(A=("ApiGateway::RestApi", {"Body": body}))


BY_ROLE = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "credentials": "r"}}
ROLE = {"Fn::GetAtt": ["Shared", "Arn"]}
READ = {
    "EventSourceArn": {"Fn::GetAtt": ["Q", "Arn"]},
    "FunctionName": {"Ref": "F"},
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "ScalingConfig": {"MaximumConcurrency": 5},
}
BROKEN = [
    (rules.least_privilege, template(P=("IAM::Policy", policy("s3:*", "arn:x")))),
    (rules.least_privilege, template(P=("IAM::Policy", policy("s3:GetObject", "*")))),
    (rules.least_privilege, template(R=("IAM::Role", {"ManagedPolicyArns": ["arn:x"]}))),
    (
        rules.one_role_per_function,
        template(A=("Lambda::Function", {"Role": ROLE}), B=("Lambda::Function", {"Role": ROLE})),
    ),
    (rules.functions_are_complete, template(F=("Lambda::Function", {"Architectures": ["x86_64"]}))),
    (rules.encrypted, template(T=("DynamoDB::Table", {}))),
    (rules.encrypted, template(Q=("SQS::Queue", {}))),
    (rules.encrypted, template(L=("Logs::LogGroup", {"KmsKeyId": "k"}))),
    (rules.encrypted, template(B=("S3::Bucket", {}))),
    (rules.alarms_have_runbooks, template(A=("CloudWatch::Alarm", {"AlarmDescription": "!", "AlarmActions": ["t"]}))),
    (
        rules.alarms_have_runbooks,
        template(
            A=("CloudWatch::Alarm", {"AlarmDescription": "! Runbook: docs/runbooks/none.md", "AlarmActions": ["t"]})
        ),
    ),
    (rules.queues_have_dead_letters, template(Q=("SQS::Queue", {}), S=("Lambda::EventSourceMapping", READ))),
    (
        rules.queues_have_dead_letters,
        template(
            Q=("SQS::Queue", {"RedrivePolicy": {"maxReceiveCount": 4}}),
            F=("Lambda::Function", {"FunctionName": "enghub-test-mes-park-dead-letters"}),
            S=("Lambda::EventSourceMapping", READ),
        ),
    ),
    (
        rules.queues_fit_their_consumers,
        template(
            Q=("SQS::Queue", {"VisibilityTimeout": 59}),
            F=("Lambda::Function", {"Timeout": 10}),
            S=("Lambda::EventSourceMapping", READ),
        ),
    ),
    (
        rules.queues_fit_their_consumers,
        template(
            Q=("SQS::Queue", {"VisibilityTimeout": 60}),
            F=("Lambda::Function", {"Timeout": 10}),
            S=("Lambda::EventSourceMapping", {**READ, "FunctionResponseTypes": []}),
        ),
    ),
    (
        rules.streams_end_somewhere,
        template(S=("Lambda::EventSourceMapping", {**READ, "StartingPosition": "TRIM_HORIZON"})),
    ),
    (rules.missing_limits, template(F=("Lambda::Function", {"FunctionName": "x" * 65}))),
    (rules.least_privilege, template(R=("IAM::Role", {"Policies": [policy("s3:GetObject", "*")]}))),
    (rules.open_routes, api({"/open": {"get": {"security": [], **BY_ROLE}}})),
    (rules.apis_invoke_by_one_role, api({"/a": {"get": {"x-amazon-apigateway-integration": {"type": "aws_proxy"}}}})),
    (rules.apis_invoke_by_one_role, api({"/{proxy+}": {"get": BY_ROLE}})),
    (rules.apis_invoke_by_one_role, api({"/a": {"get": BY_ROLE}}, authorizer={})),
    (rules.apis_invoke_by_one_role, template(P=("Lambda::Permission", {}))),
]


@pytest.mark.parametrize(("rule", "broken"), BROKEN, ids=[f"{rule.__name__}-{i}" for i, (rule, _) in enumerate(BROKEN)])
def test_a_rule_notices_what_breaks_it(rule: Rule, broken: dict[str, Any]) -> None:
    assert list(rule(broken))


def test_a_guarded_route_and_a_greedy_mock_are_fine() -> None:
    mock = {"x-amazon-apigateway-integration": {"type": "mock"}, "security": []}
    fine = api({"/a": {"get": BY_ROLE}, "/{proxy+}": {"x-amazon-apigateway-any-method": mock}})
    assert [*rules.open_routes(fine), *rules.apis_invoke_by_one_role(fine)] == []


def test_actions_without_resource_may_name_all() -> None:
    assert list(rules.least_privilege(template(P=("IAM::Policy", policy("xray:PutTraceSegments", "*"))))) == []
