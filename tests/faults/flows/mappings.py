"""Mapping rules of a connection: a version stored, activated, gone back from (PLM-23)."""

from typing import Any

from enghub.plm.mappings import wiring
from tests.factories.http import a_principal, a_request
from tests.factories.plm import call, put_secrets
from tests.faults.harness import Flow, register

BASE = "/api/v1/plm/connections/default/mappings/products"
ADMIN = a_principal("field_mapping:read", "field_mapping:change", user="emp-001")
RULES = {
    "fields": [{"field": "productName", "source": "title", "convert": "trim(value)"}],
    "tests": [{"name": "trimmed", "source": {"title": " a "}, "expect": {"productName": "a"}}],
    "version": 0,
}


def send(method: str, path: str, body: Any, key: str = "") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return call("change_plm_setup", a_request(method, f"{BASE}{path}", body, caller=ADMIN, headers=headers))


def put(_: Any = None) -> Any:
    return send("PUT", "", RULES)


def stored() -> str:
    put_secrets()
    wiring.compiled.cache_clear()
    assert put()[0] == 200
    found = call("read_plm_setup", a_request("GET", f"{BASE}/preview", caller=ADMIN))[1]
    return str(found["data"]["digest"])


def activate(digest: str) -> Any:
    return send("POST", "/activation", {"version": 1, "preview": digest}, "activate-1")


def active() -> None:
    assert activate(stored())[0] == 200


def go_back(_: Any) -> Any:
    return send("POST", "/rollback", {"version": 0, "reason": "the names were right"}, "back-1")


register(Flow("store mapping rules", "plm", put_secrets, put))
register(Flow("activate mapping rules", "plm", stored, activate))
register(Flow("go back to mapping rules of before", "plm", active, go_back))
