"""A rule is written, tested and activated in the settings; the next incident runs by its clocks (OPS-10, CFG-15)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from enghub.core.clock import from_text
from enghub_cli.context import Cloud
from tests.waiting import until

pytestmark = pytest.mark.e2e
RULE = "/api/v1/settings/business-rules/incident.targets"
AGREED = {
    "name": "Agreed with the plant",
    "kind": "SLA",
    "inputs": ["severity", "service"],
    "outputs": ["respond"],
    "rows": [{"when": {"severity": "'P1'", "service": "'erp'"}, "then": {"respond": "10"}}],
    "tests": [{"name": "erp", "inputs": {"severity": "P1", "service": "erp"}, "expect": [{"respond": 10}]}],
}


def done(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def test_an_activated_rule_sets_the_clocks_of_the_next_incident(cloud: Cloud) -> None:
    token = cloud.token(tenant=f"t{uuid4().hex[:10]}", factories=(), user="lena", roles=("TENANT_ADMIN",))
    with cloud.http(token) as client:
        done(client.put(RULE, json=AGREED))
        done(client.post(f"{RULE}/activate", json={"version": 1}))

        def minutes() -> float:
            body = {"serviceId": "erp", "title": "Orders cannot be posted", "severity": "P1"}
            key = {"Idempotency-Key": uuid4().hex}
            found = done(client.post("/api/v1/golive/incidents", json=body, headers=key), 201)
            due = next(one["dueAt"] for one in found["clocks"] if one["name"] == "respond")
            return (from_text(due) - from_text(found["openedAt"])) / timedelta(minutes=1)

        done(client.put("/api/v1/golive/services/erp", json={"name": "ERP", "policyId": "standard"}))
        until(lambda: minutes() == 10, 30)
