"""A PPAP made, an element put, submitted and decided."""

from typing import Any

from tests.factories.http import a_principal, a_request
from tests.factories.plm import call, put_secrets
from tests.faults.harness import Flow, register

ENGINEER = a_principal("ppap:read", "ppap:change", "ppap:decide")
BASE = "/api/v1/plm/ppaps"


def create(_: Any = None) -> Any:
    body = {"projectCode": "PRJ-7", "productCode": "ECU-1"}
    headers = {"Idempotency-Key": "ppap-1"}
    return call("change_ppaps", a_request("POST", BASE, body, caller=ENGINEER, headers=headers))


def made() -> str:
    put_secrets()
    identifier: str = create()[1]["data"]["ppapId"]
    return identifier


def ready() -> str:
    ppap_id = made()
    for number in range(1, 19):
        path = f"{BASE}/{ppap_id}/elements/{number}"
        assert call("change_ppaps", a_request("PUT", path, {"status": "READY"}, caller=ENGINEER))[0] == 200
    return ppap_id


def submit(ppap_id: str) -> Any:
    return call("change_ppaps", a_request("POST", f"{BASE}/{ppap_id}/submit", caller=ENGINEER))


def submitted() -> str:
    ppap_id = ready()
    assert submit(ppap_id)[0] == 200
    return ppap_id


def decide(ppap_id: str) -> Any:
    body = {"status": "APPROVED", "approvedOn": "2026-03-02", "approver": "Ada"}
    return call("change_ppaps", a_request("POST", f"{BASE}/{ppap_id}/decision", body, caller=ENGINEER))


register(Flow("create a PPAP", "plm", put_secrets, create))
register(Flow("submit a PPAP", "plm", ready, submit))
register(Flow("decide a PPAP", "plm", submitted, decide))
