"""Clients of settings: calls of their routes, and the counting that follows a change."""

import json
from typing import Any

from enghub.core.identity import Principal
from tests.factories import settings, stored
from tests.factories.flags import FLAG_RIGHTS
from tests.factories.http import Context, a_principal
from tests.factories.queues import a_batch, failed
from tests.factories.settings import EVERYTHING, handler, sent_to

CLIENT = a_principal("config:read", "flag:evaluate", user="machine")
EVERYBODY = a_principal(*EVERYTHING, *FLAG_RIGHTS, "config:read", "settings_client:read", user="admin")
NONE = "0.0.0.0.0"
_followed: set[str] = set()


def sent(method: str, path: str, body: Any = None, *, caller: Principal = CLIENT, **options: Any) -> dict[str, Any]:
    """Send a request below /api/v1/settings."""
    return sent_to("serve_clients", method, f"/api/v1/settings{path}", body, caller=caller, **options)


def data(*args: Any, **kwargs: Any) -> dict[str, Any]:
    """Send a request that succeeds, and return the data of its answer."""
    found = sent(*args, **kwargs)
    assert found["statusCode"] == 200, found["body"]
    shown: dict[str, Any] = json.loads(found["body"])["data"]
    return shown


def snapshot(caller: Principal = CLIENT, **query: str) -> dict[str, Any]:
    """Return a client's snapshot."""
    return data("GET", "/snapshot", caller=caller, query=query)


def a_receipt(**fields: Any) -> dict[str, Any]:
    return {"clientId": "line-7", "revision": NONE, "activeRevision": NONE, "status": "ACTIVE", **fields}


def changed(config_key: str, value: str, *, layer: str = "tenant", **fields: Any) -> None:
    """Save a setting, as a new item or a new version, and let its change be counted."""
    body = {"configKey": config_key, "configValue": value, **fields}
    found = settings.answer("POST", body=body, caller=EVERYBODY, layer=layer)
    if found["statusCode"] == 409:
        del body["configKey"]
        found = settings.answer("PATCH", f"/{config_key}", body, caller=EVERYBODY, layer=layer)
    assert found["statusCode"] < 300, found["body"]
    follow()


def deleted(config_key: str, layer: str = "tenant") -> None:
    """Delete a setting, and let it be counted."""
    found = settings.answer("DELETE", f"/{config_key}", caller=EVERYBODY, layer=layer)
    assert found["statusCode"] < 300, found["body"]
    follow()


def follow() -> None:
    """Bring every event that was not brought yet to who counts changes."""
    events = [one for one in stored.events("ConfigurationChanged") if one["event_id"] not in _followed]
    _followed.update(one["event_id"] for one in events)
    if events:
        assert failed(handler("push_changes")(a_batch(*events), Context())) == []
