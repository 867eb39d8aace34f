"""Fifty people report on one work order at once, through the API, until it is full (issue 2, must show 3)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from uuid import uuid4

import httpx
import pytest

from enghub_cli.context import Cloud
from tests.factories.floor_api import FloorApi, a_report, done
from tests.waiting import until

pytestmark = pytest.mark.e2e

REPORTERS = 50
PLANNED = 200
BUSY = {429, 500, 502, 503, 504}
"""The gateway or DynamoDB had no room, or the answer is unknown: a terminal repeats with the same key."""


def outcomes_of(client: httpx.Client, number: str, worker: int, start: Barrier) -> list[tuple[str, float]]:
    """Report two to four pieces at a time until refused; returns every outcome with its quantity."""
    outcomes: list[tuple[str, float]] = []
    start.wait()
    for turn in count():
        quantity = 2 + (worker + turn) % 3
        key = uuid4().hex
        body = a_report(number, quantity, station=f"ST-{worker}", reportTime="2026-03-02T07:55:00Z")
        for _ in range(20):
            answer = client.post("/api/v1/production/report", json=body, headers={"Idempotency-Key": key})
            if answer.status_code not in BUSY:
                break
        if answer.status_code == 201:
            outcomes.append((answer.json()["data"]["reportId"], quantity))
            continue
        assert answer.status_code == 422, answer.text
        details = answer.json()["details"]
        assert details["error"] == "BEYOND_PLAN"
        assert details["remaining"] < quantity
        return [*outcomes, ("", quantity)]
    raise AssertionError


@pytest.fixture
def floor(cloud: Cloud) -> Iterator[FloorApi]:
    with FloorApi.of_a_new_tenant(cloud) as made:
        yield made


def test_fifty_reporters_fill_an_order_exactly(floor: FloorApi) -> None:
    lead, operator = floor.client("SHIFT_LEAD", "PLANNER"), floor.client("OPERATOR")
    number = floor.started_order(lead, PLANNED)
    start = Barrier(REPORTERS)
    with ThreadPoolExecutor(REPORTERS) as pool:
        work = [pool.submit(outcomes_of, operator, number, worker, start) for worker in range(REPORTERS)]
        outcomes = [outcome for future in work for outcome in future.result()]
    stored = {report_id: quantity for report_id, quantity in outcomes if report_id}

    order = done(lead.get(f"/api/v1/work-orders/{number}"))
    assert order["goodQuantity"] == sum(stored.values()) <= PLANNED
    assert order["goodQuantity"] + order["remaining"] == PLANNED
    assert order["remaining"] < 4
    assert len([outcome for outcome in outcomes if not outcome[0]]) == REPORTERS

    listed: dict[str, float] = {}
    query = {"workOrderId": number, "pageSize": "100"}
    while True:
        page = done(lead.get("/api/v1/production/reports", params=query))
        listed |= {report["reportId"]: report["goodQty"] for report in page["items"]}
        if page["cursor"] is None:
            break
        query["cursor"] = page["cursor"]
    assert listed == stored

    def board_is_complete() -> bool:
        board = done(lead.get("/api/v1/dashboard/shift-board", params={"date": "2026-03-02", "shift": "day"}))
        return [line["output"] for line in board["lines"]] == [order["goodQuantity"]]

    until(board_is_complete, seconds=120)
