"""What the stages' data promises."""

import json
from dataclasses import replace
from typing import Any

import pytest

from infra.rules import RULES
from infra.stage import STAGES, PlmBroker, Stage
from tests.infra.conftest import PROD, Assembly, assembled

pytestmark = pytest.mark.xdist_group("infra")

CHINA = replace(
    PROD,
    name="china",
    account="123456789012",
    region="cn-north-1",
    domain="api.enghub.example.cn",
    certificate_arn="arn:aws-cn:acm:cn-north-1:123456789012:certificate/a",
    malware_scan=False,
    plm_brokers=(
        PlmBroker(
            "default",
            "arn:aws-cn:mq:cn-north-1:123456789012:broker:plm:b-1",
            "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:plm-broker-AbCdEf",
            "plm-products",
        ),
    ),
)
"""A production with a PLM's broker in a region of the other partition, without GuardDuty's scan.

Its user pool is still to be replaced.
"""
OTHERS = (STAGES["dev"], STAGES["test"], replace(STAGES["staging"], alarm_emails=PROD.alarm_emails))
"""With China all stages on AWS but `prod`, which every other test of the templates looks at."""


@pytest.fixture(scope="module")
def china(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return assembled(CHINA, tmp_path_factory)


@pytest.mark.parametrize("stage", OTHERS, ids=lambda stage: stage.name)
def test_every_stage_synthesises_and_breaks_no_rule(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> None:
    check(assembled(stage, tmp_path_factory))


def test_the_stage_in_china_synthesises_and_breaks_no_rule(china: Assembly) -> None:
    check(china)


def test_a_broker_of_the_stage_is_read_for_its_connection(china: Assembly) -> None:
    found = [
        one["Properties"] for one in of_type(china, "AWS::Lambda::EventSourceMapping") if "Queues" in one["Properties"]
    ]
    (mapping,) = found
    assert mapping["EventSourceArn"] == CHINA.plm_brokers[0].broker_arn
    assert (mapping["Queues"], mapping["BatchSize"]) == (["plm-products"], 500)
    assert {one["Type"] for one in mapping["SourceAccessConfigurations"]} == {"BASIC_AUTH", "VIRTUAL_HOST"}
    (take,) = [
        one["Properties"]
        for one in of_type(china, "AWS::Lambda::Function")
        if one["Properties"].get("FunctionName", "").endswith("take-broker-messages")
    ]
    assert json.loads(take["Environment"]["Variables"]["PLM_QUEUES"]) == {"plm-products::/": "default"}


def of_type(assembly: Assembly, kind: str) -> list[dict[str, Any]]:
    return [
        one for template in assembly.templates.values() for one in template["Resources"].values() if one["Type"] == kind
    ]


def test_what_people_send_is_scanned_and_its_verdict_read(assembly: Assembly) -> None:
    made = assembly.templates
    (plan,) = [
        one["Properties"]
        for template in made.values()
        for one in template["Resources"].values()
        if one["Type"] == "AWS::GuardDuty::MalwareProtectionPlan"
    ]
    assert plan["ProtectedResource"]["S3Bucket"]["ObjectPrefixes"] == ["plm/uploads/"]
    assert plan["Actions"] == {"Tagging": {"Status": "ENABLED"}}
    for name in ("change-documents", "serve-suppliers"):
        (found,) = [
            one["Properties"]
            for template in made.values()
            for one in template["Resources"].values()
            if one["Type"] == "AWS::Lambda::Function" and one["Properties"].get("FunctionName", "").endswith(name)
        ]
        assert found["Environment"]["Variables"]["MALWARE_SCAN"] == "true"


def check(made: Assembly) -> None:
    report = json.loads((made.folder / "validation-report.json").read_text("utf-8"))
    conclusions = {plugin["pluginName"]: plugin["conclusion"] for plugin in report["pluginReports"]}
    assert conclusions["AwsSolutions"] == "success"
    found = [f"{name}: {line}" for name, part in made.templates.items() for rule in RULES for line in rule(part)]
    assert found == []


def test_only_the_partition_of_china_is_named_there(china: Assembly) -> None:
    assert [name for name, template in china.templates.items() if "arn:aws:" in json.dumps(template)] == []


def test_all_that_china_lacks_of_ours_is_the_user_pool(china: Assembly) -> None:
    """Routing rules, WAF, Scheduler are there, by the CDK's list of resource types per region; A4 replaces the pool."""
    report = json.loads((china.folder / "validation-report.json").read_text("utf-8"))
    found = [found for plugin in report["pluginReports"] for found in plugin["violations"]]
    missing = {one["description"].split("'")[1] for one in found if one["ruleName"] == "F3006"}
    assert missing == {"AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient", "AWS::Cognito::UserPoolGroup"}


def test_only_the_local_stage_lets_addresses_of_people_lead_to_its_own_machine() -> None:
    assert [name for name, stage in STAGES.items() if stage.outbound_loopback] == ["local"]
    assert STAGES["local"].outbound == {"OUTBOUND_LOOPBACK": "true"}
    assert STAGES["prod"].outbound == {}
