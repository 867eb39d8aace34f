"""The security policy at the edge of another context, on the deployed hub (CFG-19)."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from enghub_cli.context import Cloud
from tests.waiting import until

pytestmark = pytest.mark.e2e
ORDERS = "/api/v1/work-orders?productId=PROD-A001"
POLICY = "/api/v1/settings/security-policy"


def error(answer: httpx.Response) -> str:
    details: dict[str, Any] = answer.json().get("details", {})
    return str(details.get("error", answer.status_code))


def test_a_list_of_addresses_and_the_end_of_a_session_are_in_force_in_every_context(cloud: Cloud) -> None:
    who: dict[str, Any] = {"tenant": f"t-{uuid4().hex[:8]}", "factories": ("sh-01",)}
    admin = cloud.token(**who, user="tina", roles=("TENANT_ADMIN",))
    planner = cloud.token(**who, user="li", roles=("PLANNER",))
    with cloud.http(admin) as settings, cloud.http(planner) as floor:
        assert floor.get(ORDERS).status_code == 200
        (session,) = settings.get("/api/v1/settings/sessions", params={"userId": "li"}).json()["data"]["items"]
        assert session["sourceIp"]
        body = {"ipAllowList": ["203.0.113.0/24"], "force": ["ipAllowList"], "changeReason": "a drill"}
        assert error(settings.put(POLICY, json={**body, "force": []})) == "LOCK_OUT"
        settings.put(POLICY, json=body).raise_for_status()
        until(lambda: error(floor.get(ORDERS)) == "ADDRESS_NOT_ALLOWED", seconds=30)
        until(lambda: error(settings.get(POLICY)) == "ADDRESS_NOT_ALLOWED", seconds=30)
    who["tenant"] += "b"
    signed_in = cloud.token(**who, user="li", roles=("PLANNER",))
    with cloud.http(signed_in) as floor:
        assert floor.get(ORDERS).status_code == 200
        assert floor.delete("/api/v1/settings/sessions/current").status_code == 200
        until(lambda: error(floor.get(ORDERS)) == "SESSION_ENDED", seconds=30)
