"""After a sync: poison records, products that are gone, rollback of a whole run (PLM-03, PLM-05; C7, C11, PF20)."""

import json
from datetime import timedelta
from typing import Any

import pytest
import tenacity

from enghub.core.clock import system_clock, to_text
from enghub.core.dynamo import Attr, get, table
from enghub.core.transactions import transact
from enghub.plm.connections.rules import ConnectionRules
from enghub.plm.connections.store import Connections
from enghub.plm.gateways import wiring
from enghub.plm.gateways.plm_rest import RestPlm, RestPlms
from enghub.plm.identities.model import IdentityRules
from enghub.plm.products.dynamo import DynamoProducts
from enghub.plm.products.gone.dynamo import DynamoGone
from enghub.plm.products.imports import ProductImport
from enghub.plm.setup.dynamo import RULES
from enghub.plm.syncs.dynamo import DynamoSyncRuns
from enghub.plm.syncs.plm_steps import PlmSteps
from tests.factories.http import Context, a_principal
from tests.factories.plm import a_record, handler, post, queued, task
from tests.factories.plm import get as read
from tests.factories.stored import commands, items
from tests.fakes.plm_server import Answer

SYNC = "/api/v1/plm/sync"
ADMIN = a_principal("sync:start", "sync:read", "sync:rollback", "product:read", user="emp-007")


class Plm:
    """A PLM that answers with these records, two to a page unless said."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.page, self.stands_still, self.requests = 2, False, 0

    def has(self, *records: dict[str, Any]) -> None:
        self.records = sorted(records, key=lambda record: str(record.get("objectId") or ""))

    def request(self, method: str, url: str, *, fields: Any, headers: Any, **options: Any) -> Any:
        self.requests += 1
        assert self.requests < 200, "asked without end"
        found = [one for one in self.records if self._wanted(one, fields)]
        page = found[: self.page]
        more = len(found) > self.page
        after = "OBJ-0000001" if self.stands_still else str(page[-1].get("objectId")) if more else None
        return Answer(200, json.dumps({"items": page, "after": after}).encode())

    @staticmethod
    def _wanted(record: dict[str, Any], fields: dict[str, str]) -> bool:
        identifier = str(record.get("objectId") or "")
        since = fields.get("updatedSince", "")
        later = str(record.get("updatedAt", "9")) >= since[:19]
        return (later and fields.get("after", "") < identifier <= fields.get("upTo", "~")) or (
            not identifier and "after" not in fields
        )


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Plm:
    server = Plm()
    monkeypatch.setattr(
        RestPlms,
        "of",
        lambda self, connection, tenant: RestPlm(
            self.connections.api(connection, tenant), self.client, wait=tenacity.wait_none()
        ),
    )
    products = ProductImport(DynamoProducts(), lambda _: None, wiring._products().rules)
    plms = RestPlms(Connections.here(), server)
    steps = PlmSteps(DynamoSyncRuns(), plms, products, system_clock, DynamoGone())
    monkeypatch.setattr(wiring, "plm_steps", lambda: steps)
    return server


def synced(mode: str = "FULL") -> dict[str, Any]:
    """Run a sync as the state machine does, and what follows it; returns its report."""
    _, body = post("start_sync", SYNC, {"mode": mode, "batchType": "LIGHT"}, caller=ADMIN)
    run = {"tenant_id": "acme", "run_id": body["data"]["runId"], "pass_number": 1}
    task("plan_sync", run)
    fault = None
    cursor: Any = {"after": None, "next_number": 1}
    try:
        listed = task("list_batches", {**run, "cursor": cursor})
        for batch in listed["batches"]:
            task("sync_batch", {**run, "batch": batch})
    except Exception as error:
        fault = str(error)
    task("finish_sync", {**run, "fault": fault})
    drain("mark_gone")
    return report(run["run_id"])


def report(run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = read("read_syncs", f"{SYNC}/{run_id}", caller=ADMIN)[1]["data"]
    return found


_done: set[str] = set()


def drain(queue: str) -> None:
    """Let a queue's consumer handle everything, twice each, as queues may."""
    while fresh := [one for one in commands(queue) if one["message_id"] not in _done]:
        for one in fresh:
            _done.add(one["message_id"])
            for _ in range(2):
                assert handler(queue)(queued(one), Context())["batchItemFailures"] == []


def images() -> dict[str, Any]:
    return {item["pk"] + item["sk"]: item for kind in ("PRODUCT", "MATERIAL") for item in items(kind)}


def rolled_back(run_id: str) -> dict[str, Any]:
    status, body = post("start_sync", f"{SYNC}/{run_id}/rollback", {"reason": "wrong source"}, caller=ADMIN)
    assert status == 202, body
    drain("rollback_sync")
    found: dict[str, Any] = report(run_id)["rollback"]
    return found


# --- poison ---


@pytest.mark.parametrize(
    ("poison", "field"),
    [
        ({"productName": "bad \ud800"}, "productName"),
        ({"objectId": None}, "objectId"),
        ({"objectId": 7}, "objectId"),
        ({"productCode": "SNS\u22124000"}, "productCode"),
        ({"productCode": None}, "productCode"),
        ({"unit": {"a": 1}}, "unit"),
    ],
)
def test_a_poison_record_is_rejected_by_name_and_the_rest_lands(
    source: Plm, poison: dict[str, Any], field: str
) -> None:
    source.has(a_record(1), {**a_record(2), **poison}, a_record(3))
    source.page = 10
    found = synced()
    assert (found["status"], found["records"]["created"], found["records"]["rejected"]) == ("SUCCEEDED", 2, 1)
    assert found["rejected"][0]["field"] == field


def test_a_cursor_that_stands_still_ends_the_run_with_a_clear_error(source: Plm) -> None:
    source.has(*map(a_record, range(1, 9)))
    source.stands_still = True
    found = synced()
    assert found["status"] == "FAILED"
    assert "does not advance" in found["failure"]
    assert source.requests < 10


# --- overlap, and what is gone ---


def test_an_incremental_run_looks_back_as_far_as_the_connection_says(source: Plm) -> None:
    """A record committed now, stamped eleven minutes before the watermark (C11)."""
    source.has(a_record(1))
    synced()
    late = to_text(system_clock() - timedelta(minutes=11))[:19] + "Z"
    source.has(a_record(1), a_record(2, updatedAt=late))
    assert synced("INCREMENTAL")["records"]["created"] == 0
    transact(RULES.write(ConnectionRules("acme", "default", overlap_minutes=60), None))
    assert synced("INCREMENTAL")["records"]["created"] == 1


def test_only_a_complete_full_run_marks_what_is_gone_and_it_comes_back(source: Plm) -> None:
    source.has(*map(a_record, range(1, 6)))
    synced()
    source.has(a_record(1), a_record(3))
    assert synced("INCREMENTAL")["gone"] == 0
    source.stands_still = True
    source.has(*map(a_record, range(2, 9)))
    assert synced()["status"] == "FAILED"
    assert all("gone_at" not in item for item in items("PRODUCT"))
    source.stands_still = False
    source.has(a_record(1), a_record(3))
    assert synced()["gone"] == 3
    gone = {item["object_id"] for item in items("PRODUCT") if "gone_at" in item}
    assert gone == {f"OBJ-000000{number}" for number in (2, 4, 5)}
    source.has(*map(a_record, range(1, 6)))
    assert synced()["records"]["updated"] == 3
    assert all("gone_at" not in item for item in items("PRODUCT"))


def test_products_of_another_connection_are_not_judged(source: Plm) -> None:
    source.has(a_record(1), a_record(2))
    synced()
    (other,) = [item for item in items("PRODUCT") if item["object_id"] == "OBJ-0000002"]
    table().update_item(other["pk"], range_key=other["sk"], actions=[Attr("connection").set("second")])
    source.has(a_record(1))
    assert synced()["gone"] == 0


def test_part_numbers_are_compared_by_the_rules_of_the_connection(source: Plm) -> None:
    rules = ConnectionRules("acme", "default", IdentityRules(fold_case=True, map_look_alikes=True))
    transact(RULES.write(rules, None))
    source.has(a_record(1), a_record(2, productCode="sns\u22124000-0001"))
    found = synced()
    assert (found["records"]["created"], found["records"]["rejected"]) == (1, 1)
    assert (found["rejected"][0]["reason"], found["rejected"][0]["value"]) == ("DUPLICATE", "OBJ-0000001")


# --- rollback ---


def test_a_rollback_restores_byte_for_byte(source: Plm) -> None:
    source.has(*map(a_record, range(1, 60)))
    source.page = 100
    synced()
    before = images()
    later = {"updatedAt": "2026-03-01T09:00:00Z"}
    changed = [a_record(n, productName=f"changed {n}", **later) for n in range(1, 50)]
    source.has(*changed, *(a_record(n, lifecycleState="IN_WORK") for n in range(60, 63)))
    second = synced()
    assert (second["records"]["updated"], second["records"]["created"], second["gone"]) == (49, 3, 10)
    assert images() != before
    found = rolled_back(second["runId"])
    assert (found["status"], found["changedSince"]) == ("DONE", [])
    assert images() == before
    assert post("start_sync", f"{SYNC}/{second['runId']}/rollback", {"reason": "x"}, caller=ADMIN)[0] == 409


def test_a_rollback_refuses_with_a_list_what_changed_since_and_changes_nothing(source: Plm) -> None:
    source.has(a_record(1), a_record(2))
    first = synced()
    source.has(a_record(1), a_record(2, productName="newer", updatedAt="2026-03-01T09:00:00Z"))
    second = synced()
    before = images()
    found = rolled_back(first["runId"])
    assert found["status"] == "REFUSED"
    assert found["changedSince"] == ["PRODUCT SNS-4000-0002 version A", "MATERIAL MAT-SNS-4000-0002"]
    assert images() == before
    assert rolled_back(second["runId"])["status"] == "DONE"
    assert rolled_back(first["runId"])["status"] == "DONE", "what was in the way is gone: asked again it goes through"
    assert images() == {}


def test_a_rollback_needs_its_right_and_a_run_that_ended(source: Plm) -> None:
    source.has(a_record(1))
    run_id = synced()["runId"]
    weak = a_principal("sync:start")
    assert post("start_sync", f"{SYNC}/{run_id}/rollback", {"reason": "x"}, caller=weak)[0] == 403
    _, body = post("start_sync", SYNC, {"mode": "FULL"}, caller=ADMIN)
    running = body["data"]["runId"]
    assert post("start_sync", f"{SYNC}/{running}/rollback", {"reason": "x"}, caller=ADMIN)[0] == 409
    assert get(items("SYNC_RUN")[0]["pk"], "RUN") is not None
