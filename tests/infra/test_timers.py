"""What a context that uses timers deploys: least privilege, alarms, and nothing that breaks a rule of all stacks."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from infra import rules
from infra.app import context_from_file
from infra.constructs.context_stack import ContextStack
from infra.constructs.timers import add_timers
from infra.rules import RULES, Rule, Template, add_checks, resources
from infra.sources import Sources
from infra.stacks.state import StateStack
from infra.stage import STAGES

pytestmark = pytest.mark.xdist_group("infra")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Synthesise a context with one function that timers wake, with cdk-nag watching."""
    built = tmp_path_factory.mktemp("layers")
    (built / "vendor" / "python").mkdir(parents=True)
    app = App(outdir=str(tmp_path_factory.mktemp("cdk.out")), context=context_from_file())
    state = StateStack(app, STAGES["prod"], Sources(built=built))
    stack = ContextStack(app, "mes", STAGES["prod"], state)
    add_timers(stack, stack.function("update_shift_board"))
    stack.finish([], "")
    add_checks(app)
    folder = Path(app.synth().directory)
    loaded: Template = json.loads((folder / "enghub-prod-mes.template.json").read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_context_with_timers_breaks_no_rule(template: Template, rule: Rule) -> None:
    assert list(rule(template)) == []


def statements(template: Template, role: str) -> dict[str, Any]:
    """Return action to statement, of the policies of the roles whose name contains ``role``."""
    return {
        action: statement
        for name, statement in rules.statements(template)
        if role in name
        for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    }


def test_schedules_may_send_wake_ups_and_nothing_else(template: Template) -> None:
    found = statements(template, "Roletimers")
    assert set(found) == {"sqs:SendMessage", "kms:GenerateDataKey", "kms:Decrypt"}
    assert found["sqs:SendMessage"]["Resource"]["Fn::GetAtt"][0].startswith("Queueenghubprodmestimers")


def test_the_function_that_makes_schedules_passes_that_one_role_to_the_scheduler_alone(template: Template) -> None:
    found = statements(template, "armtimers")
    assert found["iam:PassRole"]["Resource"]["Fn::GetAtt"][0].startswith("Roletimers")
    assert found["iam:PassRole"]["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    assert "schedule/enghub-prod/mes-*" in json.dumps(found["scheduler:CreateSchedule"]["Resource"])
    assert not {"dynamodb:PutItem", "dynamodb:Query"} & set(found)


def test_a_slow_subject_holds_up_no_other(template: Template) -> None:
    read = {str(source["EventSourceArn"]): source for _, source in resources(template, "Lambda::EventSourceMapping")}
    sources = [source for queue, source in read.items() if "timers" in queue and not re.search("arm|dead", queue)]
    assert [source["BatchSize"] for source in sources] == [1]
