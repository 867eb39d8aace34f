"""Large planning runs, with every fault at every call: taken, ordered, planned chunk by chunk, taken up."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from enghub.mes.large_plans import model
from enghub.mes.planning import service
from tests.factories.http import Context
from tests.factories.quality import Quality
from tests.faults.harness import Flow, register

BASE = "/api/v1/planning"
BODY = {
    "today": "2026-04-01",
    "holidays": [],
    "demands": [{"itemId": "A", "dueDate": "2026-05-05", "quantity": 9, "reference": "SO-1"}],
}


@contextmanager
def small() -> Iterator[None]:
    """Three items are a large run, of chunks of one item."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "MOST_ITEMS", 2)
        patch.setattr(model, "MOST_OF_A_CHUNK", 1)
        yield


def described() -> Quality:
    quality = Quality()
    for item, parts in (("A", ["B", "C"]), ("B", ["C"]), ("C", [])):
        body = {"leadDays": 0, "components": [{"itemId": one, "quantity": 2} for one in parts]}
        status, answer = quality.call("plan_requirements", "PUT", f"{BASE}/items/{item}", body)
        assert status == 200, answer
    return quality


def taken(quality: Quality) -> tuple[int, Any]:
    headers = {"Idempotency-Key": "k"}
    return quality.call("plan_requirements", "POST", f"{BASE}/runs", BODY, headers=headers)


def open_run() -> tuple[Quality, str]:
    quality = described()
    return quality, taken(quality)[1]["data"]["runId"]


def step(state: tuple[Quality, str]) -> Any:
    quality, run_id = state
    task = {"tenant_id": "acme", "factory_id": "sh-01", "run_id": run_id, "turn": 1, "steps": 0}
    return quality.handler("advance_planning")(task, Context())


def whole_run(state: tuple[Quality, str]) -> None:
    for _ in range(9):
        if not step(state)["more"]:
            return


def half_planned() -> tuple[Quality, str]:
    state = open_run()
    step(state)
    step(state)
    return state


def planned_once(state: tuple[Quality, str]) -> None:
    quality, run_id = state
    path = f"{BASE}/runs/{run_id}"
    run = quality.call("read_planning", "GET", path)[1]["data"]
    found = quality.call("read_planning", "GET", f"{path}/suggestions")[1]["data"]["items"]
    assert (run["state"], run["suggestions"]) == ("DONE", 3)
    assert [(one["itemId"], one["quantity"]) for one in found] == [("A", 9), ("B", 18), ("C", 54)]


register(Flow("take a large planning run", "mes", described, taken, around=small))
register(
    Flow(
        "put the items of a large run in order",
        "mes",
        open_run,
        step,
        settle=whole_run,
        must=planned_once,
        around=small,
        counts=frozenset({"layout"}),
    )
)
register(
    Flow(
        "plan a chunk of a large run",
        "mes",
        half_planned,
        step,
        settle=whole_run,
        must=planned_once,
        around=small,
    )
)
