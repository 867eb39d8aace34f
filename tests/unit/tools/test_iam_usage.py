"""Granted permissions compared with used ones."""

import json

from tools import iam_usage
from tools.iam_usage import Grant, Reason

TEMPLATE = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "Policies": [
                    {"PolicyDocument": {"Statement": [{"Action": ["dynamodb:PutItem", "dynamodb:Query"]}]}},
                ]
            },
        },
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"FunctionName": "enghub-local-mes-report", "Role": {"Fn::GetAtt": ["Role", "Arn"]}},
        },
    }
}
PUT, QUERY = Grant("mes-report", "dynamodb:PutItem"), Grant("mes-report", "dynamodb:Query")


def line(action: str, decision: str) -> str:
    principal = "arn:aws:sts::0:assumed-role/some-role/enghub-local-mes-report"
    return json.dumps({"principal": principal, "action": action, "resource": "r", "decision": decision})


def test_grants_are_read_from_the_policies_of_each_role() -> None:
    assert set(iam_usage.granted([TEMPLATE], "enghub-local-")) == {PUT, QUERY}


def test_used_and_refused_are_told_apart() -> None:
    record = [line("dynamodb:PutItem", "Allow"), line("dynamodb:Query", "ImplicitDeny")]
    assert iam_usage.used(record, "enghub-local-") == ({PUT}, {QUERY})


def test_what_the_role_allows_and_the_resource_does_not_mention_is_no_refusal() -> None:
    both = [line("dynamodb:PutItem", "ImplicitDeny"), line("dynamodb:PutItem", "Allow")]
    assert iam_usage.used(both, "enghub-local-") == ({PUT}, set())
    assert iam_usage.used([*both, line("dynamodb:PutItem", "ExplicitDeny")], "enghub-local-") == ({PUT}, {PUT})


def test_an_unused_grant_needs_a_reason() -> None:
    assert iam_usage.findings({PUT, QUERY}, {PUT}, set(), []) == [
        "granted, never used, no reason given: mes-report dynamodb:Query"
    ]
    why = [Reason(("mes-*",), ("dynamodb:Query",), "rare")]
    assert iam_usage.findings({PUT, QUERY}, {PUT}, set(), why) == []


def test_a_refusal_and_a_reason_for_nothing_are_findings() -> None:
    why = [Reason(("plm-*",), ("*",), "old")]
    assert len(iam_usage.findings({PUT}, {PUT}, {QUERY}, why)) == 2


def test_the_reasons_in_the_repository_can_be_read() -> None:
    text = (iam_usage.ROOT / "infra" / "unused_grants.toml").read_text("utf-8")
    assert all(len(reason.text) > 20 for reason in iam_usage.reasons(text))


def test_grants_of_the_edge_are_told_apart_from_the_functions_own() -> None:
    text = json.dumps(TEMPLATE)
    said = '"Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["T#*#SESSIONS#*"]}}, "Action"'
    template = json.loads(text.replace('"Action"', said))
    edge = {Grant(f"edge:{one.holder}", one.action) for one in (PUT, QUERY)}
    assert set(iam_usage.granted([template], "enghub-local-")) == edge
