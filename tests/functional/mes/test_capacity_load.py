"""The load of a factory through its function (MES-07, MES-08)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from enghub.core import clock
from enghub.mes import rights
from tests.factories.http import a_principal
from tests.factories.mes import PERMISSIONS, Floor

CALLER = a_principal(*PERMISSIONS, rights.READ_PLANNING.name)


def load(floor: Floor, **query: str) -> dict[str, Any]:
    status, body = floor.call("read_load", "GET", "/api/v1/planning/load", caller=CALLER, query=query or None)
    assert status == 200, body
    data: dict[str, Any] = body["data"]
    return data


@pytest.fixture
def plant(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> Floor:
    """Shanghai on 2 March 2026 at 14:00: six hours of the day shift are left; both shifts have eleven."""
    monkeypatch.setattr(clock, "_now", lambda _: datetime(2026, 3, 2, 6, tzinfo=UTC))
    floor.plant(("ST-SMT-01", "ST-2"))
    return floor


def test_open_orders_load_their_stations_with_what_is_left(plant: Floor) -> None:
    plant.started(standardSeconds=360, dueDate="2026-03-02", routingId=None)
    plant.report(goodQty=30, reportTime="2026-03-02T05:00:00Z")
    plant.create(workOrderId="WO-2", standardSeconds=600, dueDate="2026-03-03", routingId=None)
    plant.create(workOrderId="WO-3", standardSeconds=None, routingId=None)
    found = load(plant, days="3")
    assert found["untimed"] == ["WO-3"]
    first, second = found["operations"]
    assert (first["workOrderId"], first["seconds"], first["end"], first["isLate"]) == (
        "WO-1",
        25_200,
        "2026-03-02",
        False,
    )
    assert (second["workOrderId"], second["seconds"], second["end"], second["isLate"]) == (
        "WO-2",
        60_000,
        "2026-03-03",
        False,
    )
    days = {one["stationId"]: one["items"] for one in found["stations"]}
    today, tomorrow, _ = days["ST-SMT-01"]
    assert (today["capacitySeconds"], today["placedSeconds"], today["load"]) == (61_200, 61_200, 1)
    assert (tomorrow["capacitySeconds"], tomorrow["placedSeconds"], tomorrow["isOverloaded"]) == (79_200, 24_000, False)
    assert [one["placedSeconds"] for one in days["ST-2"]] == [0, 0, 0]


def test_an_overload_is_shown_and_what_waits_for_whom(plant: Floor) -> None:
    plant.create(workOrderId="WO-1", standardSeconds=600, dueDate="2026-03-02", routingId=None)
    plant.create(workOrderId="WO-2", standardSeconds=600, dueDate="2026-03-03", routingId=None, plannedQuantity=200)
    found = load(plant, days="3", stationId="ST-SMT-01")
    assert [one["stationId"] for one in found["stations"]] == ["ST-SMT-01"]
    assert [one["isOverloaded"] for one in found["stations"][0]["items"]] == [False, True, False]
    late = found["operations"][1]
    assert (late["end"], late["whyLate"], late["waitsFor"]) == ("2026-03-04", ["ORDERS_BEFORE"], ["WO-1"])


def test_days_and_rights_are_checked(plant: Floor) -> None:
    refused = plant.call("read_load", "GET", "/api/v1/planning/load", caller=CALLER, query={"days": "91"})
    assert (refused[0], refused[1]["details"]["field"]) == (400, "days")
    assert plant.call("read_load", "GET", "/api/v1/planning/load", caller=a_principal("plant:read"))[0] == 403
