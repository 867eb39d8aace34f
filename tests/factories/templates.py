"""Templates of configuration, and calls of their functions as the gateway makes them."""

import json
from typing import Any

from tests.factories.forms import a_form
from tests.factories.http import Context, a_principal
from tests.factories.settings import EVERYTHING, handler, sent_to

BASE = "/api/v1/settings/templates"
KEEPER = a_principal(
    "config:read",
    "config_template:read",
    "config_template:change",
    "config_template:change:global",
    *EVERYTHING,
    user="keeper",
)


def a_template(**fields: Any) -> dict[str, Any]:
    return {
        "templateName": "Line defaults",
        "templateCategory": "line",
        "templateSchema": {
            "line": {
                "speed": {"type": "number", "min": 1, "max": 100},
                "name": {"type": "string", "min": 1, "max": 20, "description": "What people call it"},
                "beep": {"type": "boolean", "required": False},
            }
        },
        "defaultValues": {"line.speed": 10, "line.beep": True},
        "version": "1.0.0",
        **fields,
    }


def sent(method: str, path: str, body: Any = None, caller: Any = KEEPER, **query: str) -> tuple[int, Any]:
    """Send one request below /api/v1/settings/templates; return status and body."""
    function = "read_templates" if method == "GET" else "change_templates"
    found = sent_to(function, method, BASE + path, body, caller=caller, query=query)
    return found["statusCode"], json.loads(found["body"])


def imported(content: bytes, **parts: str) -> tuple[int, Any]:
    """Send a file."""
    event = a_form(f"{BASE}/import", {"file": ("t.json", content), **parts}, caller=KEEPER)
    found = handler("change_templates")(event, Context())
    return found["statusCode"], json.loads(found["body"])


def data(*args: Any, **kwargs: Any) -> Any:
    """Send a request that succeeds; return the data of its answer."""
    status, body = sent(*args, **kwargs)
    assert status < 300, body
    return body["data"]
