"""What is measured: the hot operations of every context, with the limits that the specification sets them."""

import json
import uuid
from typing import Any

from bench import by_hand
from bench.handlers import Case, load
from tests.factories import mes, plm
from tests.factories.handlers import sample_event
from tests.factories.http import Context, a_principal, a_request

CONFIG = "/api/v1/system-config"
CALLER = a_principal("config:read", "config:create", "config:update")
BOARD = "/api/v1/dashboard/shift-board"


def _new() -> str:
    return uuid.uuid4().hex


def _item() -> dict[str, Any]:
    return a_request("POST", "/items", {"name": "a", "quantity": 1})


def _create_config(key: str | None = None) -> dict[str, Any]:
    body = {"configKey": key or f"bench.{_new()}", "configValue": json.dumps({"a": 1}), "configType": "JSON"}
    return a_request("POST", CONFIG, body, caller=CALLER)


def _seed_config() -> None:
    load("settings/create_config")(_create_config("session.policy"), Context())


def _read_config() -> dict[str, Any]:
    return a_request("GET", f"{CONFIG}/session.policy", caller=CALLER)


def _change() -> dict[str, Any]:
    body = json.dumps(plm.a_notification(f"ECN-{_new()[:12]}"))
    return a_request("POST", plm.WEBHOOK, body, headers={"X-PLM-Signature": plm.signature(body)})


def _start_order() -> None:
    mes.Floor().started(plannedQuantity=1_000_000)


def _report() -> dict[str, Any]:
    caller = a_principal(*mes.PERMISSIONS)
    headers = {"Idempotency-Key": _new()}
    return a_request("POST", "/api/v1/production/report", mes.REPORT, caller=caller, headers=headers)


def _report_some() -> None:
    _start_order()
    load("mes/report_production")(_report(), Context())
    load("mes/update_shift_board")(_reported(), Context())


def _reported() -> dict[str, Any]:
    event = sample_event("mes", "update_shift_board")
    for record in event["Records"]:
        body = json.loads(record["body"])
        body["detail"]["event_id"] = _new()
        record["body"] = json.dumps(body)
    return event


def _read_board() -> dict[str, Any]:
    query = {"date": "2026-03-02", "shift": "day"}
    return a_request("GET", BOARD, caller=a_principal(*mes.PERMISSIONS), query=query)


REPORT_BY_HAND = "baseline: a report by hand, same AWS calls"
CONFIG_BY_HAND = "baseline: a configuration read by hand, same AWS call"
BASELINES = (
    Case("baseline: empty handler", "bench/empty_handler", _item),
    Case("baseline: Powertools, one validated route", "bench/powertools_route", _item),
    Case(REPORT_BY_HAND, "bench/report_by_hand", _report, by_hand.seed),
    Case(CONFIG_BY_HAND, "bench/config_by_hand", _read_config, by_hand.seed),
)

CASES = (
    Case(
        "plm: receive a change notification",
        "plm/receive_change_notification",
        _change,
        plm.put_secrets,
        limit_calls=1,
        limit_ms=5,
    ),
    Case(
        "mes: report production",
        "mes/report_production",
        _report,
        _start_order,
        limit_calls=2,
        limit_ms=10,
        by_hand=REPORT_BY_HAND,
    ),
    Case("mes: update the shift board", "mes/update_shift_board", _reported),
    Case("mes: read the shift board", "mes/read_shift_board", _read_board, _report_some, limit_calls=1),
    Case(
        "settings: read a configuration item",
        "settings/read_configs",
        _read_config,
        _seed_config,
        limit_calls=1,
        by_hand=CONFIG_BY_HAND,
    ),
    Case("settings: create a configuration item", "settings/create_config", _create_config),
)
