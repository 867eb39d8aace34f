"""A version of a BOM stored whole, with the index of where its parts are used, and one line changed."""

import json
from typing import Any

from tests.factories.http import a_principal, a_request
from tests.factories.plm import call
from tests.faults.harness import Flow, register

ADMIN = a_principal("bom:read", "bom:change")
VERSION = "/api/v1/plm/boms/CAR/versions/A"


def put(_: Any = None) -> Any:
    lines = [{"sequence": at, "component": f"P{at}", "quantity": 1} for at in range(1, 4)]
    return call("change_boms", a_request("PUT", VERSION, {"lines": lines, "revision": 0}, caller=ADMIN))


def line(_: Any) -> Any:
    body = json.dumps({"component": "NEW", "quantity": 2})
    return call("change_boms", a_request("PUT", f"{VERSION}/lines/2", body, caller=ADMIN))


register(Flow("store a BOM", "plm", lambda: None, put))
register(Flow("change a line of a BOM", "plm", put, line))
