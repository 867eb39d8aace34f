"""APQP: a project made, its first gate asked for and signed by the last who has to (PLM-13)."""

from typing import Any

from enghub.core.identity import Principal
from enghub.plm.apqp.catalogue import OUTPUTS, Phase
from tests.factories.http import a_principal, a_request
from tests.factories.plm import call, put_secrets
from tests.faults.harness import Flow, register

BASE = "/api/v1/plm/apqp/projects"


def person(user: str, role: str) -> Principal:
    made = a_principal("apqp:change", "apqp:sign", user=user)
    return Principal(made.user_id, made.tenant_id, made.factory_ids, (role,), made.permissions, made.authenticated_at)


def send(method: str, path: str, body: Any, user: str = "lead", role: str = "PLM_ADMIN") -> Any:
    headers = {"Idempotency-Key": "project-1"} if not path else {}
    return call("change_apqp", a_request(method, f"{BASE}{path}", body, caller=person(user, role), headers=headers))


def create(_: Any = None) -> Any:
    body = {
        "projectCode": "PRJ-7",
        "productCode": "ECU-1",
        "title": "Brake controller",
        "signers": ["QUALITY_ENGINEER"],
    }
    return send("POST", "", body)


def ready() -> None:
    put_secrets()
    create()
    for code in OUTPUTS[Phase.PLAN]:
        assert send("PUT", f"/PRJ-7/deliverables/{code}", {"status": "DONE"})[0] == 200


def ask(_: Any = None) -> Any:
    return send("POST", "/PRJ-7/gates/1/request", {})


def asked() -> None:
    ready()
    assert ask()[0] == 200


def sign(_: Any) -> Any:
    return send("POST", "/PRJ-7/gates/1/decision", {"verdict": "APPROVE"}, "quan", "QUALITY_ENGINEER")


register(Flow("create an APQP project", "plm", put_secrets, create))
register(Flow("ask for an APQP gate", "plm", ready, ask))
register(Flow("sign an APQP gate", "plm", asked, sign))
