"""What ``add_timers`` deploys, with an example function: from the table's outbox to the effect, with IAM on."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from enghub.core.clock import system_clock
from enghub.core.timers.model import CancelTimer, SetTimer, Wake
from enghub_cli.cloud.deploy import deploy
from enghub_cli.context import Cloud
from infra.app import context_from_file
from infra.constructs.context_stack import ContextStack
from infra.constructs.timers import add_timers
from infra.sources import ROOT, Sources
from infra.stacks.state import StateStack
from infra.stage import SANDBOX, STAGES
from tests.conftest import forget_clients
from tests.factories.timers import StoredTimers
from tests.waiting import until

pytestmark = pytest.mark.e2e

STAGE = replace(STAGES["local"], name="timers")
TABLE = STAGE.name_of(SANDBOX)
SECOND = timedelta(seconds=1)
EXAMPLE = """
from enghub.core.clock import system_clock
from enghub.core.dynamo import Attr
from enghub.core.timers import aws, dynamo
from enghub.core.transactions import Update, transact


def ring(due):
    if due.payload.get("poison"):
        raise ValueError("this subject cannot be dealt with")
    counted = Update((f"EFFECT#{due.subject}", "EFFECT"), [Attr("times").add(1)])
    transact(counted, dynamo.fired(due, system_clock()))


lambda_handler = aws.wake_handler({"ring": ring})
"""


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Deploy a state and a context with timers beside the hub, as a stage of their own."""
    root = tmp_path_factory.mktemp("sources")
    (root / "layers").symlink_to(ROOT / "layers")
    shutil.copytree(ROOT / "functions" / "core", root / "functions" / "core")
    example = root / "functions" / SANDBOX / "ring" / "handler.py"
    example.parent.mkdir(parents=True)
    example.write_text(EXAMPLE, "utf-8")
    app = App(outdir=str(tmp_path_factory.mktemp("cdk.out")), context=context_from_file())
    state = StateStack(app, STAGE, Sources(root))
    stack = ContextStack(app, SANDBOX, STAGE, state)
    add_timers(stack, stack.function("ring"))
    stack.finish([], "")
    deploy(cloud.running.endpoint, Path(app.synth().directory), lambda _stack, _what: None)


@pytest.fixture
def store(deployed: None, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoredTimers]:
    for variable, value in {
        **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test"),
        **dict.fromkeys(("AWS_DEFAULT_REGION", "AWS_REGION"), "us-east-1"),
        **{"AWS_ENDPOINT_URL": cloud.running.endpoint, "STAGE": "timers", "CONTEXT": SANDBOX, "TABLE_NAME": TABLE},
    }.items():
        monkeypatch.setenv(variable, value)
    forget_clients()
    yield StoredTimers()
    forget_clients()


def test_timers_ring_once_and_a_poison_one_holds_up_none(store: StoredTimers) -> None:
    due = system_clock() + 3 * SECOND
    store.change(SetTimer("order/poison", "ring", due, {"poison": True}), system_clock())
    for number in range(12):
        store.change(SetTimer(f"order/{number}", "ring", due), system_clock())
    store.change(CancelTimer("order/0", "ring"), system_clock())
    until(lambda: all(store.effects(f"order/{number}") for number in range(1, 12)), seconds=60)
    assert [store.effects(f"order/{number}") for number in range(12)] == [0, *[1] * 11]


def test_a_far_timer_has_a_schedule_of_its_own_until_it_is_cancelled(store: StoredTimers, cloud: Cloud) -> None:
    scheduler: Any = cloud.client("scheduler")
    name = f"{SANDBOX}-{Wake('acme', 'order/far', 'ring').name}"

    def schedules() -> list[dict[str, Any]]:
        found = scheduler.list_schedules(GroupName=STAGE.name_of(), NamePrefix=name)["Schedules"]
        return [scheduler.get_schedule(Name=one["Name"], GroupName=one["GroupName"]) for one in found]

    for hours in (5, 6):
        due = (system_clock() + timedelta(hours=hours)).replace(microsecond=0)
        store.change(SetTimer("order/far", "ring", due), system_clock())
        at = f"at({due - timedelta(seconds=90):%Y-%m-%dT%H:%M:%S})"
        until(lambda at=at: [one for one in schedules() if one["ScheduleExpression"] == at])  # type: ignore[misc]
    store.change(CancelTimer("order/far", "ring"), system_clock())
    until(lambda: not schedules())
