"""Product sync through the deployed hub: API, outbox, queue, state machine, sandbox PLM (PLM-01, PLM-03, PLM-04)."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from enghub.sandbox.plm import catalogue
from tests.e2e.plm.conftest import Ear, Plm
from tests.waiting import until

pytestmark = pytest.mark.e2e
SYNC = "/api/v1/plm/sync"


def start(engineer: httpx.Client, mode: str, batch_type: str = "LIGHT") -> str:
    answer = engineer.post(SYNC, json={"mode": mode, "batchType": batch_type}, headers={"Idempotency-Key": uuid4().hex})
    assert answer.status_code == 202, answer.text
    run_id: str = answer.json()["data"]["runId"]
    return run_id


def ended(engineer: httpx.Client, run_id: str, not_status: str = "") -> dict[str, Any]:
    """Return the run's report once it has ended (and is no longer ``not_status``)."""

    def look() -> dict[str, Any] | None:
        data: dict[str, Any] = engineer.get(f"{SYNC}/{run_id}", params={"pageSize": 100}).json()["data"]
        return data if data["status"] in {"SUCCEEDED", "FAILED"} and data["status"] != not_status else None

    return until(look, seconds=150, every=0.5)


def test_full_then_incremental_with_rejected_records_listed(plm: Plm, engineer: httpx.Client, ear: Ear) -> None:
    first = ended(engineer, start(engineer, "FULL"))
    assert (first["status"], first["failure"]) == ("SUCCEEDED", None)
    assert first["batches"] == {"total": 3, "pending": 0, "done": 3, "failed": 0, "complete": True}
    assert first["records"]["rejected"] == 7
    assert sum(first["records"].values()) == 260
    assert {(one["objectId"], one["reason"]) for one in first["rejected"]} >= {
        ("OBJ-0000017", "REQUIRED"),
        ("OBJ-0000057", "FORMAT"),
        ("OBJ-0000097", "DUPLICATE"),
        ("OBJ-0000137", "UNKNOWN_VALUE"),
    }

    plm.control("POST", "touches", {"first": 100, "last": 119})
    second = ended(engineer, start(engineer, "INCREMENTAL"))
    assert second["since"] is not None
    assert second["records"] == {"created": 0, "updated": 20, "unchanged": 0, "rejected": 0}
    code = catalogue.record(100)["productCode"]
    (mapping, *_) = engineer.get("/api/v1/plm/products", params={"productCode": code}).json()["data"]["items"]
    assert mapping["plmProductName"].endswith("change 1")
    heard: list[str] = []

    def both() -> bool:
        heard.extend(event["event_type"] for event in ear.heard())
        return len(heard) >= 2

    until(both, seconds=30)
    assert heard == ["ProductSyncCompleted"] * 2


def test_a_failed_batch_leaves_the_others_alone_and_is_run_again_alone(plm: Plm, engineer: httpx.Client) -> None:
    plm.scenario(broken_object="OBJ-0000150")
    run_id = start(engineer, "FULL")
    broken = ended(engineer, run_id)
    assert (broken["status"], broken["failure"]) == ("FAILED", "1 of 3 batches failed")
    assert [batch["number"] for batch in broken["failedBatches"]] == [2]
    assert broken["batches"]["done"] == 2

    plm.scenario(broken_object="")
    answer = engineer.post(f"{SYNC}/{run_id}/batches/2/rerun")
    assert answer.status_code == 202, answer.text
    healed = ended(engineer, run_id, not_status="FAILED")
    assert (healed["status"], healed["batches"]["done"], healed["batches"]["failed"]) == ("SUCCEEDED", 3, 0)
    assert sum(healed["records"].values()) == 260


def test_a_plm_that_fails_now_and_then_fails_no_batch(plm: Plm, engineer: httpx.Client) -> None:
    plm.scenario(fail_next=2, delay_ms=50)
    assert ended(engineer, start(engineer, "FULL", "HEAVY"))["status"] == "SUCCEEDED"


def test_syncing_needs_the_right_and_the_own_plm(cloud: Any, plm: Plm) -> None:
    reader = cloud.token(tenant="acme", factories=("sh-01",), user="q", roles=("QUALITY_ENGINEER",))
    with cloud.http(reader) as http:
        assert http.post(SYNC, json={"mode": "FULL"}).status_code == 403
    stranger = cloud.token(tenant="globex", factories=("bj-01",), user="eve", roles=("PLM_ADMIN",))
    with cloud.http(stranger) as http:
        assert http.post(SYNC, json={"mode": "FULL"}).status_code == 404
