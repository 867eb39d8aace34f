"""What is measured: the hot operations of every context, with the limits that the specification sets them."""

import json
import uuid
from typing import Any

from bench.handlers import Case
from tests.factories.http import a_principal, a_request

CONFIG = "/api/v1/system-config"
CALLER = a_principal("config:read", "config:create", "config:update")


def _item() -> dict[str, Any]:
    return a_request("POST", "/items", {"name": "a", "quantity": 1})


BASELINES = (
    Case("baseline: empty handler", "bench/empty_handler", _item),
    Case("baseline: Powertools, one validated route", "bench/powertools_route", _item),
)


def _seed_config() -> None:
    from bench.handlers import load  # noqa: PLC0415
    from tests.factories.http import Context  # noqa: PLC0415

    body = {"configKey": "session.timeout", "configValue": "3600", "configType": "NUMBER"}
    load("settings/create_config")(a_request("POST", CONFIG, body, caller=CALLER), Context())


def _read_config() -> dict[str, Any]:
    return a_request("GET", f"{CONFIG}/session.timeout", caller=CALLER)


def _create_config() -> dict[str, Any]:
    body = {"configKey": f"bench.{uuid.uuid4().hex}", "configValue": json.dumps({"a": 1}), "configType": "JSON"}
    return a_request("POST", CONFIG, body, caller=CALLER)


CASES = (
    Case("settings: read a configuration item", "settings/read_configs", _read_config, _seed_config, limit_calls=1),
    Case("settings: create a configuration item", "settings/create_config", _create_config),
)
