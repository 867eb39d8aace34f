"""Business rules, and calls of their functions as the gateway makes them."""

import json
from dataclasses import replace
from typing import Any

from tests.factories.http import a_principal
from tests.factories.settings import sent_to

BASE = "/api/v1/settings/business-rules"
MANAGER = a_principal("business_rule:read", "business_rule:change", "business_rule:change:global", user="manager")
APPROVER = replace(
    a_principal("approval:read", "approval_rule:change", "change_request:decide", user="bob"), roles=("SECOND",)
)
ROWS = [
    {"when": {"qty": "> 100"}, "then": {"line": "'L1'", "hours": "qty / 50"}},
    {"when": {"qty": "<= 100", "shift": "'night'"}, "then": {"line": "'L2'", "hours": "8"}},
]
MANY = {"name": "many", "inputs": {"qty": 200, "shift": "day"}, "expect": [{"line": "L1", "hours": 4}]}
NIGHT = {"name": "few at night", "inputs": {"qty": 5, "shift": "night"}, "expect": [{"line": "L2", "hours": 8}]}
NOBODY = {"name": "few by day", "inputs": {"qty": 5, "shift": "day"}, "expect": []}


def a_rule(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Night orders",
        "kind": "DISPATCH",
        "inputs": ["qty", "shift"],
        "outputs": ["line", "hours"],
        "rows": ROWS,
        "tests": [MANY, NIGHT, NOBODY],
        **fields,
    }


def sent(method: str, path: str, body: Any = None, caller: Any = MANAGER, **more: Any) -> tuple[int, Any]:
    """Send one request below /api/v1/settings/business-rules; return status and body."""
    reads = method == "GET" or path.endswith(("/test", "/simulate", "/explain"))
    function = "read_rules" if reads else "change_rules"
    headers = more.pop("headers", None)
    found = sent_to(function, method, BASE + path, body, caller=caller, headers=headers, query=more)
    return found["statusCode"], json.loads(found["body"])


def data(*args: Any, **kwargs: Any) -> Any:
    """Send a request that succeeds; return the data of its answer."""
    status, body = sent(*args, **kwargs)
    assert status < 300, body
    return body["data"]


def decides(*args: Any, **kwargs: Any) -> Any:
    """Ask the functions of approvals."""
    found = sent_to("decide_change", *args, caller=APPROVER, **kwargs)
    assert found["statusCode"] == 200, found["body"]
    return json.loads(found["body"])["data"]
