"""Stops and a station's figures through the functions (MES-12, MES-27)."""

from typing import Any

from tests.factories.http import a_principal
from tests.factories.mes import Floor

STOP = {"stationId": "ST-SMT-01", "startedAt": "2026-03-02T02:00:00Z", "endedAt": "2026-03-02T02:12:00Z"}
DAY = {"from": "2026-03-02", "to": "2026-03-02"}


def stop(floor: Floor, path: str = "", **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {name: value for name, value in ({**STOP, **fields} if not path else fields).items() if value is not None}
    return floor.call("change_stops", "POST", f"/api/v1/plant/stops{path}", body)


def reason(floor: Floor, code: str, **fields: Any) -> int:
    return floor.call("change_stops", "PUT", f"/api/v1/plant/stop-reasons/{code}", {"name": code, **fields})[0]


def station(floor: Floor, what: str) -> dict[str, Any]:
    status, body = floor.call("read_stops", "GET", f"/api/v1/plant/stations/ST-SMT-01/{what}", query=DAY)
    assert status == 200, body
    data: dict[str, Any] = body["data"]
    return data


def test_a_stop_begins_is_explained_and_ends(floor: Floor, told: Any) -> None:
    floor.plant()
    assert [reason(floor, "MACHINE"), reason(floor, "JAM", parent="MACHINE", isFailure=True)] == [200, 200]
    begun = stop(floor, endedAt=None)[1]["data"]
    assert (begun["lineId"], begun["endedAt"], told()[-1][0]) == ("SMT-1", None, "LineStopped")
    path = f"/{begun['stopId']}"
    assert stop(floor, f"{path}/reason", version=1, reason="JAM")[1]["data"]["isFailure"] is True
    assert stop(floor, f"{path}/reason", version=2, reason="MAGIC")[0] == 400
    assert stop(floor, f"{path}/end", version=2, endedAt="2026-03-02T01:00:00Z")[0] == 400
    ended = stop(floor, f"{path}/end", version=2, endedAt="2026-03-02T02:12:00Z")
    assert (ended[0], ended[1]["data"]["seconds"]) == (200, 720)
    assert (told()[-1][0], told()[-1][1]["seconds"], told()[-1][1]["reason"]) == ("LineStarted", 720, "JAM")
    assert stop(floor, f"{path}/end", version=2, endedAt="2026-03-02T02:12:00Z")[1]["data"] == ended[1]["data"]
    assert stop(floor, f"{path}/end", version=3)[1]["details"]["error"] == "STOP_ENDS_ALREADY"
    (loss,) = station(floor, "losses")["items"]
    assert (loss["reason"], loss["seconds"], loss["microStops"]) == ("JAM", 720, 0)


def test_a_stop_sent_twice_is_stored_once(floor: Floor) -> None:
    floor.plant()
    first, again = stop(floor, stopId="tablet-1"), stop(floor, stopId="tablet-1")
    assert first[1]["data"] == again[1]["data"]
    assert len(station(floor, "losses")["items"]) == 1


def test_a_stations_figures_follow_from_shifts_stops_and_the_ledger(floor: Floor) -> None:
    floor.plant()
    floor.started(standardSeconds=30)
    floor.report(goodQty=90, defectQty=10, defectTypes=["scratch"])
    stop(floor)
    found = station(floor, "kpis")
    day, night = found["items"]
    assert (day["shift"], day["figures"]["plannedBusyTime"], day["figures"]["stoppedTime"]) == ("day", 39600, 720)
    figures = day["figures"]
    assert (figures["availability"], figures["qualityRatio"]) == (0.981818, 0.9)
    assert figures["effectiveness"] == round(100 * 30 / (39600 - 720), 6)
    assert (night["figures"]["qualityRatio"], night["figures"]["oee"]) == (None, None)
    assert found["whole"]["plannedBusyTime"] == 79200


def test_stops_need_a_station_and_a_right(floor: Floor) -> None:
    assert stop(floor)[0] == 404
    floor.plant()
    caller = a_principal("plant:read")
    assert floor.call("change_stops", "POST", "/api/v1/plant/stops", STOP, caller=caller)[0] == 403
    assert reason(floor, "A", parent="B") == 400
