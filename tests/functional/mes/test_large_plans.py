"""Runs that are too large for one call: taken at once, planned step by step, the same figures (MES-08)."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enghub.core import clock, outbox
from enghub.core.errors import Unavailable
from enghub.mes.gateways.workflows import StateMachine
from enghub.mes.large_plans import model
from enghub.mes.large_plans.dynamo import DynamoLargeRuns
from enghub.mes.planning import service
from tests.factories.handlers import sample_event
from tests.factories.http import Context
from tests.factories.quality import Quality
from tests.factories.stored import waiting
from tests.functional.mes.test_planning_api import BASE, put, quality

__all__ = ["quality"]
DEMANDS = (("A", 40), ("B", 7), ("A", 5))
COUNTS = ("demands", "items", "suggestions", "late", "messageCount", "messages")


def factory(quality: Quality) -> None:
    put(
        quality, "A", leadDays=3, scrap=0.3, components=[{"itemId": "P", "quantity": 2}, {"itemId": "R", "quantity": 1}]
    )
    put(quality, "B", leadDays=2, components=[{"itemId": "R", "quantity": 4}])
    put(quality, "P", isPhantom=True, components=[{"itemId": "R", "quantity": 1}])
    put(quality, "R", leadDays=40, lotRule={"multiple": 100})
    receipt = {"materialId": "R", "lotId": "L1", "warehouse": "W", "location": "A", "quantity": 60}
    quality.call("move_stock", "POST", "/api/v1/inventory/receipts", receipt)


def small(patch: pytest.MonkeyPatch) -> None:
    """Let a run of three items be a large one of chunks of one item."""
    patch.setattr(service, "MOST_ITEMS", 3)
    patch.setattr(model, "MOST_OF_A_CHUNK", 1)
    patch.setattr(model, "MOST_OF_A_PIECE", 2)


def asked(quality: Quality, key: str = "run-1", **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {
        "today": "2026-04-01",
        "holidays": ["2026-05-01"],
        "openOrders": [{"orderId": "PO-1", "itemId": "R", "dueDate": "2026-05-20", "quantity": 10}],
        "demands": [
            {"itemId": item, "dueDate": "2026-05-05", "quantity": quantity, "reference": f"SO-{n}"}
            for n, (item, quantity) in enumerate(DEMANDS)
        ],
        **fields,
    }
    headers = {"Idempotency-Key": key}
    status, answer = quality.call("plan_requirements", "POST", f"{BASE}/runs", body, headers=headers)
    return status, answer.get("data") or answer


def step(quality: Quality, run_id: str, turn: int = 1, steps: int = 0) -> bool:
    task = {"tenant_id": "acme", "factory_id": "sh-01", "run_id": run_id, "turn": turn, "steps": steps}
    more: bool = quality.handler("advance_planning")(task, Context())["more"]
    return more


def seen(quality: Quality, run_id: str) -> dict[str, Any]:
    data: dict[str, Any] = quality.call("read_planning", "GET", f"{BASE}/runs/{run_id}")[1]["data"]
    return data


def listed(quality: Quality, run_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    query: dict[str, str] = {"pageSize": "1"}
    while True:
        page = quality.call("read_planning", "GET", f"{BASE}/runs/{run_id}/suggestions", query=query)[1]["data"]
        found += page["items"]
        if page["cursor"] is None:
            return found
        query["cursor"] = page["cursor"]


def test_a_large_run_is_taken_planned_in_chunks_and_says_the_same_as_one_in_one_call(
    quality: Quality, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory(quality)
    status, whole = asked(quality)
    assert (status, whole["state"]) == (201, "DONE")
    small(monkeypatch)
    status, taken = asked(quality, "run-2")
    assert (status, taken["state"], taken["chunks"]) == (202, "PLANNING", 0)
    assert asked(quality, "run-2") == (202, taken)
    run_id = taken["runId"]
    progress = []
    while step(quality, run_id):
        now = seen(quality, run_id)
        progress.append((now["planned"], now["chunks"]))
        assert len(listed(quality, run_id)) == now["suggestions"]
    assert progress == [(0, 4), (1, 4), (2, 4), (3, 4)]
    done = seen(quality, run_id)
    assert done["state"] == "DONE"
    assert [done[name] for name in COUNTS] == [whole[name] for name in COUNTS]
    assert listed(quality, run_id) == listed(quality, whole["runId"])
    assert {one["itemId"]: one["why"]["fromStock"] for one in listed(quality, run_id)}["R"] == 60
    assert not step(quality, run_id)


def test_a_chunk_planned_again_has_the_stock_that_was_read_first(
    quality: Quality, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is gone between what a chunk adds and the run; then somebody takes the stock."""
    factory(quality)
    whole = listed(quality, asked(quality)[1]["runId"])
    small(monkeypatch)
    run_id = asked(quality, "run-2")[1]["runId"]
    for _ in range(4):
        assert step(quality, run_id)
    with monkeypatch.context() as gone:
        gone.setattr(DynamoLargeRuns, "save", lost)
        with pytest.raises(Unavailable):
            step(quality, run_id)
    assert len(listed(quality, run_id)) == seen(quality, run_id)["suggestions"] < len(whole)
    issue = {"materialId": "R", "lotId": "L1", "warehouse": "W", "location": "A", "quantity": 60}
    assert quality.call("move_stock", "POST", "/api/v1/inventory/issues", issue)[0] < 300
    assert not step(quality, run_id)
    assert listed(quality, run_id) == whole


def test_items_that_change_meanwhile_count_for_the_next_run(quality: Quality, monkeypatch: pytest.MonkeyPatch) -> None:
    factory(quality)
    whole = listed(quality, asked(quality)[1]["runId"])
    small(monkeypatch)
    run_id = asked(quality, "run-2")[1]["runId"]
    step(quality, run_id)
    assert put(quality, "R", leadDays=1, version=1)[0] == 200
    while step(quality, run_id):
        pass
    assert listed(quality, run_id) == whole


def test_a_run_whose_execution_is_gone_goes_on_in_a_fresh_one_and_the_old_one_rests(
    quality: Quality, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory(quality)
    whole = listed(quality, asked(quality)[1]["runId"])
    small(monkeypatch)
    run_id = asked(quality, "run-2")[1]["runId"]
    for _ in range(3):
        step(quality, run_id)
    sweep = quality.handler("sweep_planning")
    assert sweep({}, Context())["taken_up"] == 0
    later = datetime.now(UTC) + timedelta(minutes=30)
    monkeypatch.setattr(clock, "_now", lambda _: later)
    assert sweep({}, Context())["taken_up"] == 1
    assert sweep({}, Context())["taken_up"] == 0
    sent = [outbox.body_of(one)["payload"] for one in waiting() if one.channel == "launch_planning"]
    assert [(one["run_id"], one["turn"]) for one in sent] == [(run_id, 1), (run_id, 2)]
    assert not step(quality, run_id, 1)
    while step(quality, run_id, 2):
        pass
    assert listed(quality, run_id) == whole


def test_before_a_history_is_full_a_run_goes_on_in_a_fresh_execution(
    quality: Quality, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory(quality)
    small(monkeypatch)
    run_id = asked(quality)[1]["runId"]
    assert step(quality, run_id, 1, 1998)
    assert not step(quality, run_id, 1, 1999)
    sent = [outbox.body_of(one)["payload"]["turn"] for one in waiting() if one.channel == "launch_planning"]
    assert sent == [1, 2]
    assert step(quality, run_id, 2)
    assert seen(quality, run_id)["planned"] == 2


def test_a_large_run_that_cannot_be_planned_fails_and_says_why(
    quality: Quality, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory(quality)
    put(quality, "R", version=1, components=[{"itemId": "A", "quantity": 1}])
    small(monkeypatch)
    run_id = asked(quality)[1]["runId"]
    assert not step(quality, run_id)
    found = seen(quality, run_id)
    assert (found["state"], found["suggestions"], listed(quality, run_id)) == ("FAILED", 0, [])
    assert "circle" in found["problem"]
    assert "循环" in found["problemZh"]


def test_more_demands_than_one_call_plans_make_a_large_run(quality: Quality) -> None:
    factory(quality)
    demand = {"itemId": "B", "dueDate": "2026-05-05", "quantity": 1, "reference": "SO"}
    status, taken = asked(quality, demands=[demand] * 2001, openOrders=[])
    assert (status, taken["state"], taken["demands"]) == (202, "PLANNING", 2001)
    while step(quality, taken["runId"]):
        pass
    done = seen(quality, taken["runId"])
    assert (done["state"], done["items"], done["suggestions"]) == ("DONE", 2, 2)
    found = listed(quality, taken["runId"])
    assert [(one["itemId"], one["quantity"]) for one in found] == [("B", 2001), ("R", 8000)]


def test_a_launch_command_starts_one_execution_however_often_it_comes(
    quality: Quality, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr(StateMachine, "launch", lambda _, name, given: started.append((name, given)))
    factory(quality)
    small(monkeypatch)
    run_id = asked(quality)[1]["runId"]
    (command,) = [one for one in waiting() if one.channel == "launch_planning"]
    for _ in range(2):
        answer = quality.handler("launch_planning")(queued(outbox.body_of(command)), Context())
        assert answer == {"batchItemFailures": []}
    told = {"tenant_id": "acme", "factory_id": "sh-01", "run_id": run_id, "turn": 1}
    assert started == [(f"{run_id}-1", told)] * 2
    while step(quality, run_id):
        pass
    quality.handler("launch_planning")(queued(outbox.body_of(command)), Context())
    assert len(started) == 2


def queued(command: Any) -> dict[str, Any]:
    """Return the event of a command's arrival."""
    event = copy.deepcopy(sample_event("mes", "launch_planning"))
    event["Records"][0]["body"] = json.dumps(command)
    return event


def lost(*_: Any) -> None:
    raise Unavailable
