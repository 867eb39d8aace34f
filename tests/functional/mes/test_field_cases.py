"""Other members of the kinds of the field's traps, through the functions (docs/mes-cases.md)."""

from typing import Any

import pytest

from tests.factories.mes import SHANGHAI, Floor
from tests.factories.quality import Quality

PLANNING = "/api/v1/planning"


@pytest.fixture
def quality(account: Any) -> Quality:
    account("mes")
    return Quality()


def stop(floor: Floor, start: str, end: str) -> tuple[int, dict[str, Any]]:
    body = {"stationId": "ST-SMT-01", "startedAt": start, "endedAt": end, "reason": "BREAKDOWN"}
    return floor.call("change_stops", "POST", "/api/v1/plant/stops", body)


def test_a_failure_counts_once_where_it_first_took_working_time(floor: Floor) -> None:
    """MF9, MF10: begun at lunch (12:00-13:00 in Shanghai), and on a Sunday nobody works."""
    floor.plant(calendar={**SHANGHAI["calendar"], "weekdays": [0, 1, 2, 3, 4]})
    failure = {"name": "breakdown", "isFailure": True}
    floor.call("change_stops", "PUT", "/api/v1/plant/stop-reasons/BREAKDOWN", failure)
    assert stop(floor, "2026-03-02T04:30:00Z", "2026-03-02T05:20:00Z")[0] == 201
    assert stop(floor, "2026-02-28T12:00:00Z", "2026-03-02T00:10:00Z")[0] == 201
    path, days = "/api/v1/plant/stations/ST-SMT-01/kpis", {"from": "2026-03-02", "to": "2026-03-03"}
    found = floor.call("read_stops", "GET", path, query=days)[1]["data"]
    mean = "meanTimeToRestoration"
    assert [one["figures"][mean] for one in found["items"]] == [(20 + 10) * 60 / 2, None, None, None]
    before = floor.call("read_stops", "GET", path, query={"from": "2026-02-26", "to": "2026-03-01"})[1]["data"]
    assert before["whole"][mean] is None


def test_a_stop_that_ends_before_it_begins_is_refused_when_it_is_told(floor: Floor) -> None:
    """MF8: told whole, 22:26 to 20:56 of one date; nothing is stored."""
    floor.plant()
    floor.call("change_stops", "PUT", "/api/v1/plant/stop-reasons/BREAKDOWN", {"name": "breakdown"})
    status, answer = stop(floor, "2026-03-02T22:26:00Z", "2026-03-02T20:56:00Z")
    assert (status, answer["details"]["error"]) == (400, "STOP_ENDS_BEFORE_IT_BEGINS")
    path, day = "/api/v1/plant/stations/ST-SMT-01/losses", {"from": "2026-03-02", "to": "2026-03-03"}
    assert floor.call("read_stops", "GET", path, query=day)[1]["data"]["items"] == []


def test_a_run_plans_with_the_factorys_own_days_and_with_stock_that_may_be_used(quality: Quality) -> None:
    """MF6, MF17: its holidays and worked Saturdays without being told again; an expired lot is no stock."""
    calendar = {"zone": "Asia/Shanghai", "weekdays": [0, 1, 2, 3, 4]}
    days = {"holidays": ["2026-10-01/2026-10-07"], "makeUpDays": ["2026-10-10"]}
    quality.plant(calendar={**calendar, **days})
    quality.call("plan_requirements", "PUT", f"{PLANNING}/items/A", {"leadDays": 4})
    for lot, expiry in (("L1", "2026-09-19"), ("L2", "2026-09-20")):
        receipt = {"materialId": "A", "lotId": lot, "warehouse": "W", "location": "A", "quantity": 3}
        status, _ = quality.call("move_stock", "POST", "/api/v1/inventory/receipts", {**receipt, "expiryDate": expiry})
        assert status == 201
    wanted = [{"itemId": "A", "dueDate": "2026-10-12", "quantity": 10, "reference": "SO-1"}]

    def planned(**fields: Any) -> tuple[str, float]:
        body = {"today": "2026-09-20", "demands": wanted, **fields}
        status, answer = quality.call("plan_requirements", "POST", f"{PLANNING}/runs", body)
        assert status == 201, answer
        path = f"{PLANNING}/runs/{answer['data']['runId']}/suggestions"
        [order] = quality.call("read_planning", "GET", path)[1]["data"]["items"]
        return order["start"], order["quantity"]

    assert planned() == ("2026-09-30", 7)
    assert planned(holidays=[]) == ("2026-10-06", 7)


def test_a_material_is_kept_in_one_unit(quality: Quality) -> None:
    """MF16 b: 5 boxes are not 5 pieces; neither in its lot nor in another one of the material."""
    receipt = {"materialId": "M", "lotId": "L1", "warehouse": "W", "location": "A", "quantity": 1237, "unit": "pcs"}
    path = "/api/v1/inventory/receipts"
    assert quality.call("move_stock", "POST", path, receipt)[0] == 201
    for lot in ("L1", "L2"):
        box = {**receipt, "lotId": lot, "quantity": 25, "unit": "box"}
        status, answer = quality.call("move_stock", "POST", path, box)
        assert (status, answer["details"]["error"], answer["details"]["field"]) == (409, "UNIT_OF_ANOTHER", "unit")
    assert quality.call("move_stock", "POST", path, {**receipt, "lotId": "L2", "quantity": 2363})[0] == 201
    balance = quality.call("read_inventory", "GET", "/api/v1/inventory", query={"materialId": "M"})[1]["data"]
    assert balance["onHand"] == 25 * 144
