"""Describing a plant through its functions (MES-07, MES-18)."""

from typing import Any

import pytest

from enghub.core import audit
from tests.factories.http import a_principal
from tests.factories.mes import PERMISSIONS, SHANGHAI, Floor


def put(floor: Floor, what: str, body: dict[str, Any], **options: Any) -> tuple[int, dict[str, Any]]:
    return floor.call("change_plant", "PUT", f"/api/v1/plant/{what}", body, **options)


def get(floor: Floor, what: str, **query: str) -> tuple[int, dict[str, Any]]:
    return floor.call("read_plant", "GET", f"/api/v1/plant/{what}", query=query)


def test_a_factory_is_described_and_its_shifts_follow(floor: Floor) -> None:
    assert get(floor, "factory")[1]["details"]["error"] == "PLANT_NOT_DESCRIBED"
    floor.plant()
    body = get(floor, "factory")[1]["data"]
    assert (body["calendar"]["zone"], body["version"]) == ("Asia/Shanghai", 1)
    shifts = get(floor, "shifts", **{"from": "2026-03-02", "to": "2026-03-02"})[1]["data"]["items"]
    assert [(one["shift"], one["start"], one["workingSeconds"]) for one in shifts] == [
        ("day", "2026-03-02T00:00:00.000000Z", 39600),
        ("night", "2026-03-02T12:00:00.000000Z", 39600),
    ]
    found = get(floor, "shift-at", at="2026-03-02T23:30:00Z")[1]["data"]["shift"]
    assert (found["shift"], found["shiftDate"]) == ("night", "2026-03-02")
    (entry,) = audit.history("acme", "plant/sh-01/sh-01")
    assert entry.action == "plant.created"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"zone": "Mars/Base"}, "no time zone"),
        (
            {
                "shifts": [
                    {"name": "a", "start": "22:00", "end": "04:00"},
                    {"name": "b", "start": "02:00", "end": "08:00"},
                ]
            },
            "overlap",
        ),
        ({"shifts": [{"name": "a", "start": "25:00", "end": "04:00"}]}, "a time as 22:00"),
        ({"holidays": ["2026-02-30"]}, "days that exist"),
        ({"weekdays": [7]}, "6 or less"),
    ],
)
def test_what_is_no_calendar_writes_nothing(floor: Floor, change: dict[str, Any], problem: str) -> None:
    status, body = put(floor, "factory", {**SHANGHAI, "calendar": {**SHANGHAI["calendar"], **change}})
    assert (status, problem in body["message"]) == (400, True), body
    assert get(floor, "factory")[0] == 404


def test_a_station_names_what_is_described(floor: Floor) -> None:
    status, body = put(floor, "stations/ST-1", {"name": "one", "lineId": "L-9"})
    assert (status, body["details"]["error"], body["details"]["field"]) == (400, "UNKNOWN_REFERENCE", "lineId")
    floor.plant()
    assert put(floor, "stations/ST-1", {"name": "one", "lineId": "SMT-1", "workCentreId": "WC-9"})[0] == 400
    assert put(floor, "work-centres/WC-1", {"name": "placing"})[0] == 200
    status, body = put(floor, "stations/ST-1", {"name": "one", "lineId": "SMT-1", "workCentreId": "WC-1"})
    assert (status, body["data"]["version"]) == (200, 1)
    assert put(floor, "stations/ST-1", {"name": "1", "lineId": "SMT-1", "shifts": ["noon"], "version": 1})[0] == 400
    assert put(floor, "stations/ST-1", {"name": "other", "lineId": "SMT-1"})[0] == 409
    assert [one["stationId"] for one in get(floor, "stations")[1]["data"]["items"]] == ["ST-1", "ST-SMT-01"]


def test_what_was_taken_away_is_gone_and_may_come_again(floor: Floor) -> None:
    floor.plant()
    assert floor.call("change_plant", "DELETE", "/api/v1/plant/lines/SMT-1", query={"version": "1"})[0] == 204
    assert get(floor, "lines/SMT-1")[0] == 404
    assert get(floor, "lines")[1]["data"]["items"] == []
    assert put(floor, "lines/SMT-1", {"name": "again"})[0] == 200


def test_a_lost_answer_is_given_again(floor: Floor) -> None:
    floor.plant()
    changed = {**SHANGHAI, "name": "new", "version": 1}
    first, again = put(floor, "factory", changed), put(floor, "factory", changed)
    assert (first[0], again[0], first[1]["data"]) == (200, 200, again[1]["data"])
    assert get(floor, "factory")[1]["data"]["version"] == 2


def test_a_day_of_overtime_changes_capacity(floor: Floor) -> None:
    floor.plant()
    put(floor, "stations/ST-SMT-01/capacity/2026-03-03", {"hours": 2.5, "reason": "repair"})
    query = {"from": "2026-03-02", "to": "2026-03-03"}
    items = get(floor, "stations/ST-SMT-01/capacity", **query)[1]["data"]["items"]
    assert [(one["date"], one["capacitySeconds"], one["reason"]) for one in items] == [
        ("2026-03-02", 79200, None),
        ("2026-03-03", 9000, "repair"),
    ]
    floor.call("change_plant", "DELETE", "/api/v1/plant/stations/ST-SMT-01/capacity/2026-03-03")
    items = get(floor, "stations/ST-SMT-01/capacity", **query)[1]["data"]["items"]
    assert items[1]["capacitySeconds"] == 79200
    status, body = get(floor, "stations/ST-SMT-01/capacity", **{"from": "2026-01-01", "to": "2026-12-31"})
    assert (status, body["details"]["error"]) == (400, "TOO_MANY_DAYS")


def test_strangers_see_and_change_nothing(floor: Floor) -> None:
    floor.plant()
    stranger = a_principal(*PERMISSIONS, tenant="globex")
    assert floor.call("read_plant", "GET", "/api/v1/plant/factory", caller=stranger)[0] == 404
    reader = a_principal("plant:read")
    assert put(floor, "lines/L-2", {"name": "x"}, caller=reader)[0] == 403
