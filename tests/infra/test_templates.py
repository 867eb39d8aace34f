"""What holds for every resource of every stack."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.constructs import alarms
from infra.rules import RULES, Rule, open_routes, resources
from infra.sources import ROOT
from infra.stage import CONTEXTS, CORE
from tests.infra.conftest import Assembly

pytestmark = pytest.mark.xdist_group("infra")

PUBLIC = {
    "GET /api/v1/golive/feeds/on-call",
    "GET /api/v1/golive/status",
    "GET /api/v1/golive/status/subscription",
    "POST /api/v1/golive/status/subscribe",
    "POST /api/v1/golive/status/subscription",
    "POST /api/v1/golive/intake/alertmanager",
    "POST /api/v1/golive/intake/heartbeat",
    "POST /api/v1/golive/intake/sns",
    "POST /api/v2/alerts",
    "POST /v2/alerts",
    "POST /v2/alerts/{alias}/acknowledge",
    "POST /v2/alerts/{alias}/close",
    "POST /v2/enqueue",
    "GET /api/v1/notices/acknowledge",
    "POST /api/v1/notices/acknowledge",
    "POST /api/v1/integration/plm/change-notification",
    "GET /api/v1/plm/supplier",
    "POST /api/v1/plm/supplier/uploads",
    "POST /api/v1/plm/supplier/documents/{documentId}/uploads/{uploadId}/completion",
}
"""The routes that need no token; each verifies its caller itself."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_stack_breaks_a_rule(assembly: Assembly, rule: Rule) -> None:
    assert [f"{name}: {line}" for name, template in assembly.templates.items() for line in rule(template)] == []


def test_only_the_listed_routes_are_public(assembly: Assembly) -> None:
    found = {route for template in assembly.templates.values() for route in open_routes(template)}
    assert found == PUBLIC


def test_aws_solutions_finds_nothing_that_nobody_acknowledged(assembly: Assembly) -> None:
    report = json.loads((assembly.folder / "validation-report.json").read_text("utf-8"))
    conclusions = {plugin["pluginName"]: plugin["conclusion"] for plugin in report["pluginReports"]}
    assert conclusions["AwsSolutions"] == "success"
    assert sum(len(template["Resources"]) for template in assembly.templates.values()) > 30


def test_cfn_lint_accepts_the_templates(assembly: Assembly) -> None:
    files = [str(file) for file in sorted(assembly.folder.glob("*.template.json"))]
    lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([str(lint), *files], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_table_survives_its_stack_in_production(assembly: Assembly) -> None:
    state = assembly.templates["enghub-prod-state"]
    kept = {
        part["Properties"]["TableName"]: (part["DeletionPolicy"], part["Properties"]["DeletionProtectionEnabled"])
        for part in state["Resources"].values()
        if part["Type"] == "AWS::DynamoDB::Table"
    }
    assert kept == {f"enghub-prod-{name}": ("RetainExceptOnCreate", True) for name in (CORE, *CONTEXTS)}


def test_users_may_not_change_their_tenant(assembly: Assembly) -> None:
    ((_, client),) = resources(assembly.templates["enghub-prod-state"], "Cognito::UserPoolClient")
    assert client["WriteAttributes"] == ["locale"]


def test_what_only_aws_has_is_behind_the_condition(assembly: Assembly) -> None:
    for template in assembly.templates.values():
        for name, part in template["Resources"].items():
            if part["Type"].startswith("AWS::WAFv2::"):
                assert part.get("Condition") == "OnAws", name


def test_every_kind_of_alarm_has_a_runbook_and_every_runbook_is_written() -> None:
    for kind in alarms.KINDS:
        text = (ROOT / "docs" / "runbooks" / f"{kind.runbook}.md").read_text("utf-8")
        assert len(text.split()) > 40, kind.runbook


def test_an_api_over_a_second_and_a_queue_over_ten_thousand_are_told(assembly: Assembly) -> None:
    """MES-19: CRITICAL and WARNING, to the topic, for every API and every queue that work waits in."""
    for name, template in assembly.templates.items():
        found = [one for _, one in resources(template, "CloudWatch::Alarm")]
        slow = [
            one for one in found if one["AlarmDescription"].startswith("Critical: the API takes more than a second")
        ]
        assert len(slow) == len(list(resources(template, "ApiGateway::RestApi"))), name
        for one in slow:
            assert (one["Threshold"], one["ExtendedStatistic"], one["Period"]) == (1_001, "p95", 300)
            assert one["AlarmActions"]
        deep = [one for one in found if one["AlarmDescription"].startswith("Warning: more than 10,000 messages")]
        aged = [one for one in found if "queue-age" in one["AlarmName"]]
        assert [sum("MetricStat" in part for part in one["Metrics"]) for one in deep] == [
            sum("MetricStat" in part for part in one["Metrics"]) for one in aged
        ], name
        assert all(one["Threshold"] == 10_001 and one["AlarmActions"] for one in deep)


def test_whoever_gives_slots_away_knows_the_stages_number(assembly: Assembly) -> None:
    """They import `enghub.upgrade.queue.wiring`; without the setting they would fall back to the code's own number."""
    known = {
        function["FunctionName"].removeprefix("enghub-prod-upgrade-"): variables["UPGRADE_SLOTS"]
        for _, function in resources(assembly.templates["enghub-prod-upgrade"], "Lambda::Function")
        if "UPGRADE_SLOTS" in (variables := function["Environment"]["Variables"])
    }
    givers = ("execute-upgrade", "control-upgrade", "admit-upgrades", "sweep-upgrades", "advance-rollout")
    readers = ("read-upgrades", "read-queue", "change-queue", "watch-upgrades")
    assert known == dict.fromkeys((*givers, *readers), "5")
