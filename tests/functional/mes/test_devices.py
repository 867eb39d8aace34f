"""Devices through the functions: registered, counted, parked and sent again (MES-24; MF20)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enghub.core import clock
from enghub.core.clock import system_clock
from enghub.core.parked import dynamo
from enghub.core.parked.model import Status
from tests.factories.http import Context, a_principal
from tests.factories.mes import PERMISSIONS, Floor

SECOND = timedelta(seconds=1)


@pytest.fixture
def press(floor: Floor) -> Floor:
    """A floor whose press counts for the order in production."""
    floor.plant()
    floor.started(plannedQuantity=1000)
    assert put(floor)[0] == 200
    return floor


def put(floor: Floor, device: str = "press-7", caller: Any = None, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"name": device, "stationId": "ST-SMT-01", "operation": "OP-10", "counterBits": 16, **fields}
    return floor.call("change_devices", "PUT", f"/api/v1/plant/devices/{device}", body, caller=caller)


def now_ms(seconds: int = 0) -> int:
    return int((system_clock() + seconds * SECOND).timestamp() * 1000)


def send(floor: Floor, *counts: tuple[int, int], device: str = "press-7") -> list[str]:
    messages = [{"deviceId": device, "payload": {"count": count, "stamp": stamp}} for count, stamp in counts]
    status, body = floor.call(
        "receive_device_messages", "POST", "/api/v1/plant/devices/messages", {"messages": messages}
    )
    assert status == 200, body
    items: list[str] = body["data"]["items"]
    return items


def good(floor: Floor) -> float:
    found: float = floor.read("WO-1")[1]["data"]["goodQuantity"]
    return found


def parked(tenant: str = "acme") -> list[tuple[str, str]]:
    """Return subject and reason of the messages that wait."""
    found, _ = dynamo.find(tenant, Status.PARKED, 10, None)
    return sorted((one.subject, one.reason.partition(":")[0]) for one in found)


def test_readings_become_reports_of_the_ledger_once_each(press: Floor) -> None:
    start = now_ms(-60)
    assert send(press, (100, start), (130, start + 1000), (160, start + 3000)) == ["FIRST", "COUNTED", "COUNTED"]
    assert send(press, (130, start + 1000), (160, start + 3000)) == ["LATE_OR_REPEATED"] * 2
    assert good(press) == 60
    counter = press.call("read_devices", "GET", "/api/v1/plant/devices/press-7/counter")[1]["data"]
    assert (counter["value"], counter["pendingPieces"], counter["flags"]["LATE_OR_REPEATED"]) == (160, 0, 2)


def test_the_queue_of_the_iot_rule_counts_like_the_bridge(press: Floor) -> None:
    def record(count: int, stamp: int) -> dict[str, Any]:
        body = {"count": count, "stamp": stamp, "enghubDevice": "press-7", "enghubReceivedAt": now_ms()}
        return {"messageId": str(stamp), "body": json.dumps(body), "attributes": {"ApproximateReceiveCount": "1"}}

    start = now_ms(-60)
    event = {"Records": [record(10, start), record(25, start + 1000)]}
    assert press.handler("ingest_device_message")(event, Context()) == {"batchItemFailures": []}
    assert good(press) == 15


def test_an_identity_belongs_to_one_factory(press: Floor) -> None:
    stranger = a_principal(*PERMISSIONS, tenant="globex")
    assert put(press, caller=stranger)[0] == 400  # it has no such station
    assert put(press, stationId="ST-9", version=1)[0] == 400
    assert put(press, name="again", version=1)[0] == 200


def test_what_a_person_has_to_look_at_is_parked_with_device_time_and_reason(press: Floor) -> None:
    """MF20: seconds where milliseconds are expected; a device a year ahead; a device nobody knows."""
    seconds = now_ms(-30) // 1000
    assert send(press, (100, seconds), (100, now_ms(365 * 86_400))) == ["PARKED", "PARKED"]
    assert send(press, (1, now_ms()), device="ghost") == ["PARKED"]
    assert good(press) == 0
    assert parked() == [
        ("ghost", "UNKNOWN_DEVICE"),
        ("press-7", "DEVICE_CLOCK_WRONG"),
        ("press-7", "DEVICE_CLOCK_WRONG"),
    ]
    assert put(press, timeUnit="s", version=1)[0] == 200
    found, _ = dynamo.find("acme", Status.PARKED, 10, None)
    again = next(json.loads(one.body) for one in found if str(seconds) in one.body)
    record = {"messageId": "again", "body": json.dumps(again), "attributes": {"ApproximateReceiveCount": "1"}}
    assert press.handler("ingest_device_message")({"Records": [record]}, Context()) == {"batchItemFailures": []}
    counter = press.call("read_devices", "GET", "/api/v1/plant/devices/press-7/counter")[1]["data"]
    assert (counter["value"], counter["readAt"]) == (100, clock.to_text(datetime.fromtimestamp(seconds, UTC)))


def test_messages_need_their_right(press: Floor) -> None:
    caller = a_principal("plant:read")
    body = {"messages": [{"deviceId": "press-7", "payload": {}}]}
    path = "/api/v1/plant/devices/messages"
    assert press.call("receive_device_messages", "POST", path, body, caller=caller)[0] == 403
