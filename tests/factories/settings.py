"""Configuration items, and calls of the settings functions as the gateway makes them."""

import json
import os
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import boto3

from enghub.core.commits import Kept
from enghub.core.identity import Principal
from enghub.settings.configs import commits
from enghub.settings.configs.commits import ConfigCommit
from enghub.settings.configs.model import Address, Config, Content, Layer, Owner
from tests.factories.handlers import load_handler
from tests.factories.http import NOW, Context, a_principal, a_request, an_origin

BASE = "/api/v1/system-config"
EVERYTHING = tuple(
    f"config:{action}{layer}"
    for action in ("create", "update", "delete", "reveal")
    for layer in ("", ":global", ":own")
)
ADMIN = a_principal("config:read", *EVERYTHING, user="admin")
SESSION_TIMEOUT = {
    "configKey": "session.timeout",
    "configValue": "3600",
    "configType": "NUMBER",
    "scope": "GLOBAL",
    "effectiveMode": "IMMEDIATE",
    "description": "会话超时时间（秒）",
    "tags": ["security", "session"],
    "validationRule": {"type": "range", "min": 300, "max": 86400},
}


@cache
def handler(name: str) -> Any:
    """Return the Lambda handler of one settings function, warm after its first use."""
    return load_handler("settings", name)


_FUNCTION_OF = {"GET": "read_configs", "POST": "create_config", "PUT": "change_config", "PATCH": "change_config"}


def answer(
    method: str,
    path: str = "",
    body: Any = None,
    *,
    caller: Principal | None = ADMIN,
    headers: dict[str, str] | None = None,
    **query: str,
) -> dict[str, Any]:
    """Send one request and return the raw answer; ``path`` is below /api/v1/system-config."""
    function = "change_config" if path == "/batch" else _FUNCTION_OF.get(method, "change_config")
    if method == "POST" and path.endswith(("/rollback", "/confirm")):
        function = "restore_config"
    if path == "/impact":
        function = "read_configs"
    if path.startswith("/api/"):
        return sent_to("decide_change", method, path, body, caller=caller, headers=headers, query=query)
    return sent_to(function, method, BASE + path, body, caller=caller, headers=headers, query=query)


def data(*arguments: Any, **options: Any) -> Any:
    """Send one request as ``answer`` does, and return the data of what must be a success."""
    found = answer(*arguments, **options)
    assert found["statusCode"] < 300, found["body"]
    return json.loads(found["body"])["data"]


def sent_to(
    function: str,
    method: str,
    path: str,
    body: Any = None,
    *,
    caller: Principal | None = ADMIN,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Send one request to a function by its whole path."""
    event = a_request(method, path, body, caller=caller, headers=headers, query=query or None)
    found: dict[str, Any] = handler(function)(event, Context())
    return found


def make_field_key() -> None:
    """Make the key of secrets, as the state stack does."""
    kms = boto3.client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=os.environ["FIELD_KEY_ARN"], TargetKeyId=key_id)


def an_address(config_key: str = "session.timeout", layer: Layer = Layer.TENANT, user: str = "emp-001") -> Address:
    return Address(Owner.of(layer, "acme", user), config_key)


def a_creation(address: Address | None = None, value: str = "3600", **content: Any) -> ConfigCommit:
    address = address or an_address()
    origin = commits.recorded(address.owner, an_origin())
    return commits.created(address, Content(value=value, **content), None, origin, "first")


def an_update(kept: Kept[Config], value: str, minutes: int = 1, **content: Any) -> ConfigCommit:
    config = kept.value
    origin = commits.recorded(config.address.owner, an_origin(at=NOW + timedelta(minutes=minutes)))
    return commits.updated(kept, replace(config.content, value=value, **content), origin, "then")
