"""Quality feedback through the deployed hub: complaints, the day's run, the sandbox PLM told once (PLM-16)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from enghub.core.clock import system_clock
from enghub_cli.context import Cloud
from tests.e2e.plm.conftest import Plm
from tests.waiting import until

pytestmark = pytest.mark.e2e
BASE = "/api/v1/plm/feedback"


def test_five_complaints_become_a_suggestion_that_the_plm_has_once(cloud: Cloud, plm: Plm) -> None:
    bearer = cloud.token(tenant="acme", factories=("sh-01",), user="quan", roles=("QUALITY_ENGINEER",))
    product, today = f"GW-{uuid4().hex[:6].upper()}", system_clock().date()
    plm.scenario(fail_next=1)
    with cloud.http(bearer) as quality:
        complaint = {"productCode": product, "foundOn": str(today - timedelta(days=1)), "source": "FIELD"}
        for number in range(5):
            body = {**complaint, "cause": "DESIGN-CREEPAGE", "quantity": number + 1}
            for _ in range(2):
                answer = quality.post(f"{BASE}/issues", json=body, headers={"Idempotency-Key": f"{product}-{number}"})
                assert answer.status_code == 201, answer.text
        assert quality.post(f"{BASE}/runs", json={"day": str(today)}).status_code == 202

        def told() -> dict[str, Any] | None:
            answer = quality.get(f"{BASE}/runs/{today}")
            found: dict[str, Any] = answer.json()["data"] if answer.status_code == 200 else {}
            return found if found.get("plmSync") == "SYNCED" else None

        run = until(told, seconds=90, every=0.5)
        assert run["attempts"] == 2, "the PLM failed once: a timer asked again"
        (one,) = quality.get(f"{BASE}/suggestions", params={"productCode": product}).json()["data"]["items"]
        assert (one["findings"]["issues"], one["findings"]["quantity"]) == (5, 15)
        assert quality.get(f"{BASE}/products/{product}", params={"day": str(today)}).json()["data"]["issues"] == 5
    taken = [requests for _, requests in plm.control("PUT", "scenario", {})["improvements"]]
    assert sum(one["suggestionId"] in requests for requests in taken) == 1
