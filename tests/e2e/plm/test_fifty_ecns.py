"""Engineering changes through the deployed hub: webhook, outbox, queue, consumer, bus (PLM-06 to PLM-08)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from enghub_cli.context import STAGE, Cloud
from tests.e2e.plm.conftest import Ear, Plm
from tests.factories.plm import a_notification
from tests.waiting import until

pytestmark = pytest.mark.e2e


@pytest.fixture
def ecn() -> str:
    """A number of this test alone."""
    return f"ECN-{uuid4().hex[:10]}"


def stored(cloud: Cloud, entity: str, ecn: str) -> list[dict[str, Any]]:
    """Return the items of one entity about one change, from the whole table."""
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=f"enghub-{STAGE}-plm")
    found = (item for page in pages for item in page["Items"] if item["entity"]["S"] == entity)
    return [item for item in found if item.get("ecn_number", {}).get("S") == ecn]


def about(events: list[dict[str, Any]], ecn: str) -> list[str]:
    return [event["event_type"] for event in events if event["data"].get("ecn_number") == ecn]


def change(engineer: httpx.Client, ecn: str, status: str) -> dict[str, Any]:
    """Return the change once it has the status."""

    def look() -> dict[str, Any] | None:
        answer = engineer.get(f"/api/v1/plm/change-orders/{ecn}")
        data: dict[str, Any] = answer.json().get("data") or {}
        return data if data.get("processingStatus") == status else None

    return until(look, seconds=60)


def delivered(plm: Plm, ecn: str) -> tuple[str, int]:
    """Deliver as a PLM does: again, until it is answered; returns the answer and the number of tries.

    Fifty cold starts on a busy machine may outlast the function's time; on a quiet one each is answered at once.
    """
    for tries in range(1, 11):
        answer = plm.deliver(a_notification(ecn))
        if answer.status_code < 500:
            assert answer.status_code in {200, 202}, answer.text
            status: str = answer.json()["data"]["status"]
            assert answer.status_code == {"accepted": 202, "alreadyProcessed": 200}[status]
            return status, tries
    message = f"not answered: {answer.text}"
    raise AssertionError(message)


def test_the_same_ecn_fifty_times_at_once_is_one_change_one_change_point_one_event(
    cloud: Cloud, plm: Plm, engineer: httpx.Client, ear: Ear, ecn: str
) -> None:
    with ThreadPoolExecutor(50) as pool:
        deliveries = list(pool.map(lambda _: delivered(plm, ecn), range(50)))
    statuses = Counter(status for status, _ in deliveries)
    unanswered = sum(tries - 1 for _, tries in deliveries)
    assert statuses["accepted"] == 1 or (statuses["accepted"] == 0 and unanswered), statuses
    assert statuses["accepted"] + statuses["alreadyProcessed"] == 50
    found = change(engineer, ecn, "PROCESSED")
    assert found["changePoint"]["type"] == "MATERIAL"
    events = until(ear.heard, seconds=60)
    assert about(events, ecn) == ["ChangePointCreated"]
    assert about(ear.heard(), ecn) == []
    assert len(stored(cloud, "CHANGE_ORDER", ecn)) == len(stored(cloud, "CHANGE_POINT", ecn)) == 1


def test_an_unsigned_change_is_refused_and_leaves_nothing_but_the_audit(cloud: Cloud, plm: Plm, ecn: str) -> None:
    answer = plm.deliver(a_notification(ecn), secret="wrong")
    assert (answer.status_code, answer.json()["code"]) == (401, "40101")
    assert stored(cloud, "CHANGE_ORDER", ecn) == []
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=f"enghub-{STAGE}-plm")
    refusals = [item for page in pages for item in page["Items"] if item["entity"]["S"] == "REFUSAL"]
    assert "SIGNATURE_WRONG" in {item["detail"]["S"] for item in refusals}


def test_a_change_the_sandbox_sends_twice_is_processed_once(plm: Plm, engineer: httpx.Client, ecn: str) -> None:
    plm.scenario(webhook_times=2)
    deliveries = plm.control("POST", "changes", a_notification(ecn))["deliveries"]
    assert [delivery["status"] for delivery in deliveries] == [202, 200]
    assert change(engineer, ecn, "PROCESSED")["version"] == 2


def test_a_change_of_unknown_type_is_parked_corrected_and_processed(
    plm: Plm, engineer: httpx.Client, ear: Ear, ecn: str
) -> None:
    assert plm.deliver(a_notification(ecn, ecnType="FIRMWARE_CHANGE")).status_code == 202
    assert "FIRMWARE_CHANGE" in change(engineer, ecn, "FAILED")["failure"]
    parked = engineer.get("/api/v1/plm/change-orders", params={"processingStatus": "FAILED", "pageSize": 100})
    assert ecn in {item["ecnNumber"] for item in parked.json()["data"]["items"]}
    answer = engineer.post(
        f"/api/v1/plm/change-orders/{ecn}/retry", json={"reason": "wrong type", "ecnType": "PROCESS_CHANGE"}
    )
    assert answer.status_code == 202, answer.text
    assert change(engineer, ecn, "PROCESSED")["changePoint"]["type"] == "METHOD"
    heard: list[str] = []

    def both() -> bool:
        heard.extend(about(ear.heard(), ecn))
        return len(heard) >= 2

    until(both, seconds=60)
    assert heard == ["ChangeOrderParked", "ChangePointCreated"]


def test_changes_of_another_tenant_stay_unseen(cloud: Cloud, plm: Plm, engineer: httpx.Client, ecn: str) -> None:
    plm.deliver(a_notification(ecn))
    change(engineer, ecn, "PROCESSED")
    stranger = cloud.token(tenant="globex", factories=("bj-01",), user="eve", roles=("PLM_ADMIN",))
    with cloud.http(stranger) as http:
        assert http.get(f"/api/v1/plm/change-orders/{ecn}").status_code == 404
    with cloud.http() as http:
        assert http.get(f"/api/v1/plm/change-orders/{ecn}").status_code == 401
