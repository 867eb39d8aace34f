"""A hub in this process, behind the very client of the commands; and a folder of everything."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from enghub.core.identity import Principal
from tests.factories.flags import a_document
from tests.factories.http import Context, a_principal, a_request
from tests.factories.rules import a_rule
from tests.factories.settings import EVERYTHING, handler

RIGHTS = (
    *("config:read", *EVERYTHING, "config_backup:keep", "config_backup:keep:global", "approval_rule:change"),
    *("flag:read", "flag:change", "flag:change:global", "flag:evaluate"),
    *("business_rule:read", "business_rule:change", "business_rule:change:global"),
)
ADMIN = a_principal(*RIGHTS, user="admin")


def serve(monkeypatch: pytest.MonkeyPatch, caller: Callable[[], Principal]) -> None:
    """Let the commands' requests reach the functions of this process, as ``caller``."""

    def answered(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        query = dict(parse_qsl(request.url.query.decode()))
        name = "keep_backups" if "/settings/backups" in path else "keep_folders"
        name = "read_configs" if path.endswith("/impact") else name
        kind = request.headers.get("content-type", "application/json")
        headers = {"Content-Type": kind}
        event = a_request(request.method, path, None, caller=caller(), headers=headers, query=query or None)
        body = request.read()
        if body:
            event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
        found = handler(name)(event, Context())
        return httpx.Response(found["statusCode"], text=found["body"])

    transport = httpx.MockTransport(answered)

    def request(method: str, url: str, **options: Any) -> httpx.Response:
        options.pop("trust_env")
        with httpx.Client(transport=transport) as client:
            return client.request(method, url, **options)

    monkeypatch.setattr(httpx, "request", request)


def a_flag_file(key: str = "new-ui", **fields: Any) -> dict[str, Any]:
    """Return what a flag's file holds."""
    document = a_document(key, **fields)
    document.pop("key")
    return {"flagName": key, "definition": document}


def put(folder: Path, name: str, said: Any) -> None:
    """Write one file of a folder."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(said if isinstance(said, str) else json.dumps(said), encoding="utf-8")


def everything(folder: Path) -> Path:
    """Write configuration, two flags of which one needs the other and a segment, and a business rule."""
    put(folder, "tenant/a.yaml", "host: plm.example\nflag: NO\n")
    put(folder, "tenant/flags/PROD/base.json", a_flag_file("base"))
    clause = {"attribute": "", "operator": "IN_SEGMENT", "values": ["pilots"]}
    needs = {
        "prerequisites": [{"flag": "base", "variants": ["on"]}],
        "rules": [{"ruleId": "pilots", "clauses": [clause], "serve": {"variant": "on"}}],
        "fallthrough": {"variant": "on", "percentage": 12.5},
    }
    put(folder, "tenant/flags/PROD/new-ui.json", a_flag_file("new-ui", **needs))
    pilots = {"description": "pilots", "definition": {"included": ["u-1"]}}
    put(folder, "tenant/segments/PROD/pilots.json", pilots)
    put(folder, "tenant/rules/dispatch.night.json", a_rule())
    return folder
