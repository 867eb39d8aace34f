"""The chapters of the demo on machines, load and costs, told to the functions themselves (MES-07, MES-12, MES-15)."""

import json
import re
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
from rich.console import Console

from enghub_cli.story import machines
from enghub_cli.story.teller import Teller
from tests.factories.http import a_principal, a_request, invoke
from tests.factories.mes import Floor

ROOT = Path(__file__).parents[3]
ROUTES = json.loads((ROOT / "docs/openapi.json").read_text("utf-8"))["paths"]
ROLES = json.loads((ROOT / "functions/core/authorize/roles.json").read_text("utf-8"))


def function_of(method: str, path: str) -> str:
    """Return the function that answers, as the published document names it."""
    for template, said in ROUTES.items():
        if method.lower() in said and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            function: str = said[method.lower()]["x-enghub-function"].removeprefix("mes/")
            return function
    raise LookupError(path)


def cloud_of(floor: Floor) -> Any:
    """Return a cloud whose API are the functions; a token is who calls."""

    def answer(request: httpx.Request) -> httpx.Response:
        caller = json.loads(request.headers["Authorization"])
        rights = {right for role in caller["roles"] for right in ROLES[role]}
        who = a_principal(*rights, user=caller["user"], factories=tuple(caller["factories"]))
        body = json.loads(request.content) if request.content else None
        query = dict(request.url.params) or None
        headers = {"Idempotency-Key": key} if (key := request.headers.get("Idempotency-Key")) else None
        function = floor.handler(function_of(request.method, request.url.path))
        event = a_request(request.method, request.url.path, body, caller=who, headers=headers, query=query)
        status, data = invoke(function, event)
        return httpx.Response(status, json=data)

    def http(token: str) -> httpx.Client:
        return httpx.Client(
            transport=httpx.MockTransport(answer), base_url="http://hub", headers={"Authorization": token}
        )

    return SimpleNamespace(http=http, token=lambda **who: json.dumps(who))


def test_what_stood_what_waits_and_what_it_cost_is_told(floor: Floor) -> None:
    said = StringIO()
    tell = Teller(cloud_of(floor), Console(file=said, width=400), run="01")
    machines.machine_breaks(tell)
    machines.load_is_seen(tell)
    machines.order_has_its_cost(tell)
    text = said.getvalue()
    for shown in ('"failures": 1, "meanTimeToRestoration": 3600', "ORDERS_BEFORE", '"waitsFor": ["WO-1"]'):
        assert shown in text
    # 1,200 s of set-up and 100 pieces of 150 s, at 36 and 72 an hour
    assert '"labour": 162' in text
    assert '"machine": 324' in text
    assert "NEITHER_ISSUED_NOR_BOM" in text
