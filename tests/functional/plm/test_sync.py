"""Product sync through its functions, down to the table, against the sandbox PLM (PLM-01, PLM-03, PLM-04)."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import tenacity
import urllib3
from botocore.exceptions import ReadTimeoutError

from enghub.core import audit, aws, clock
from enghub.core.clock import system_clock
from enghub.core.errors import Unavailable
from enghub.plm.connections.store import Connections
from enghub.plm.gateways import plm_rest, wiring
from enghub.plm.gateways.plm_rest import RestPlm, RestPlms
from enghub.plm.products.dynamo import DynamoProducts
from enghub.plm.products.gone.dynamo import DynamoGone
from enghub.plm.products.imports import ProductImport
from enghub.plm.syncs.dynamo import DynamoSyncRuns
from enghub.plm.syncs.plm_steps import PlmSteps
from enghub.plm.syncs.steps import LOST
from enghub.sandbox.plm import catalogue
from enghub.sandbox.plm.catalogue import Touch
from enghub.sandbox.plm.scenario import Scenario
from tests.factories.http import Context, a_principal
from tests.factories.plm import STRANGER, get, handler, post, queued, task
from tests.factories.stored import commands, events, items
from tests.fakes.plm_server import Answer, PlmServer
from tests.functional.plm.conftest import in_threads

SYNC = "/api/v1/plm/sync"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> PlmServer:
    """The PLM that the connection ``default`` reaches; attempts follow each other at once."""
    found = PlmServer()
    plms = RestPlms(Connections.here(), found)
    quick = lambda self, connection, tenant_id: RestPlm(  # noqa: E731
        self.connections.api(connection, tenant_id), self.client, wait=tenacity.wait_none()
    )
    monkeypatch.setattr(RestPlms, "of", quick)
    steps = PlmSteps(
        DynamoSyncRuns(), plms, ProductImport(DynamoProducts(), lambda _: None), system_clock, DynamoGone()
    )
    monkeypatch.setattr(wiring, "plm_steps", lambda: steps)
    return found


def requested(mode: str = "FULL", batch_type: str = "LIGHT", key: str | None = None) -> str:
    headers = {"Idempotency-Key": key} if key else None
    status, body = post("start_sync", SYNC, {"mode": mode, "batchType": batch_type}, headers=headers)
    assert status == 202, body
    run_id: str = body["data"]["runId"]
    return run_id


def executed(run_id: str, batch: dict[str, Any] | None = None, pass_number: int = 1) -> dict[str, Any]:
    """Do what the state machine does."""
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": run_id, "pass_number": pass_number}
    if batch is not None:
        one(run, batch)
        return task("finish_sync", {**run, "fault": None})
    task("plan_sync", run)
    cursor, more = {"after": None, "next_number": 1}, True
    while more:
        listed = task("list_batches", {**run, "cursor": cursor})
        for found in listed["batches"]:
            one(run, found)
        cursor, more = listed["cursor"], listed["more"]
    return task("finish_sync", {**run, "fault": None})


def one(run: dict[str, Any], batch: dict[str, Any]) -> None:
    try:
        task("sync_batch", {**run, "batch": batch})
    except Unavailable as error:
        task("record_failed_batch", {**run, "batch": batch, "reason": str(error)})


def report(run_id: str, **query: str) -> dict[str, Any]:
    status, body = get("read_syncs", f"{SYNC}/{run_id}", query)
    assert status == 200, body
    data: dict[str, Any] = body["data"]
    return data


def synced(mode: str = "FULL", batch_type: str = "LIGHT") -> dict[str, Any]:
    run_id = requested(mode, batch_type)
    executed(run_id)
    return report(run_id)


# --- a run ---


def test_a_full_sync_takes_every_good_product_and_lists_every_bad_one(server: PlmServer) -> None:
    data = synced()
    assert (data["status"], data["failure"]) == ("SUCCEEDED", None)
    assert data["batches"] == {"total": 2, "pending": 0, "done": 2, "failed": 0, "complete": True}
    assert data["records"] == {"created": 195, "updated": 0, "unchanged": 0, "rejected": 5}
    assert Counter(rejected["reason"] for rejected in data["rejected"]) == {
        "REQUIRED": 1,
        "FORMAT": 2,
        "UNKNOWN_VALUE": 1,
        "DUPLICATE": 1,
    }
    missing = next(rejected for rejected in data["rejected"] if rejected["reason"] == "REQUIRED")
    assert (missing["objectId"], missing["field"], missing["message"]) == (
        "OBJ-0000017",
        "productName",
        "productName is missing",
    )


def test_rejected_records_come_page_by_page_and_in_the_readers_language(server: PlmServer) -> None:
    run_id = synced()["runId"]
    first = report(run_id, pageSize="3")
    rest = report(run_id, pageSize="3", cursor=first["cursor"])
    assert (len(first["rejected"]), len(rest["rejected"]), rest["cursor"]) == (3, 2, None)
    _, body = get("read_syncs", f"{SYNC}/{run_id}", headers={"Accept-Language": "zh"})
    assert "缺少必填字段 productName" in [rejected["message"] for rejected in body["data"]["rejected"]]


def test_an_incremental_sync_asks_only_for_what_changed_since_the_last_success(server: PlmServer) -> None:
    synced()
    server.scenario = replace(server.scenario, touches=(Touch(20, 34, system_clock()),))
    data = synced("INCREMENTAL")
    assert data["since"] is not None
    assert data["records"] == {"created": 0, "updated": 15, "unchanged": 0, "rejected": 0}
    assert data["batches"]["total"] == 1
    names = get("read_products", "/api/v1/plm/products", {"productCode": catalogue.record(20)["productCode"]})
    assert "change 1" in names[1]["data"]["items"][0]["plmProductName"]


def test_the_first_incremental_sync_takes_everything(server: PlmServer) -> None:
    data = synced("INCREMENTAL")
    assert (data["since"], data["records"]["created"]) == (None, 195)


def test_a_second_full_sync_writes_nothing_that_did_not_change(server: PlmServer) -> None:
    synced()
    before = items("PRODUCT")
    data = synced()
    assert data["records"] == {"created": 0, "updated": 0, "unchanged": 195, "rejected": 5}
    assert items("PRODUCT") == before


@pytest.mark.parametrize(
    ("batch_type", "batches", "size"), [("LIGHT", 12, 100), ("MEDIUM", 3, 500), ("HEAVY", 2, 1000)]
)
def test_batches_hold_100_500_or_1000_records(server: PlmServer, batch_type: str, batches: int, size: int) -> None:
    server.scenario = Scenario(products=1200)
    run_id = requested("FULL", batch_type)
    task("plan_sync", {"tenant_id": "acme", "run_id": run_id, "pass_number": 1})
    listed = task(
        "list_batches",
        {"tenant_id": "acme", "run_id": run_id, "pass_number": 1, "cursor": {"after": None, "next_number": 1}},
    )
    assert (len(listed["batches"]), listed["more"]) == (batches, False)
    assert report(run_id)["batchSize"] == size


def test_a_long_run_is_listed_in_pieces_and_goes_on_in_a_fresh_execution(server: PlmServer) -> None:
    server.scenario = Scenario(products=100_150)
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": requested(), "pass_number": 1}
    task("plan_sync", run)
    cursor, listings = {"after": None, "next_number": 1}, []
    while True:
        listed = task("list_batches", {**run, "cursor": cursor})
        assert len(json.dumps(listed)) < 8_000
        listings.append(listed)
        cursor = listed["cursor"]
        if not listed["more"]:
            break
    ranges = [batch for listed in listings for batch in listed["batches"]]
    assert [batch["number"] for batch in ranges] == list(range(1, 1003))
    assert [batch["after"] for batch in ranges[1:]] == [batch["up_to"] for batch in ranges[:-1]]
    assert (ranges[0]["after"], ranges[-1]["up_to"]) == (None, None)
    assert [place for place, listed in enumerate(listings) if listed["hand_over"]] == [11, 23]


def test_products_made_while_the_run_goes_on_push_none_out_of_it(server: PlmServer) -> None:
    run_id = requested()
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": run_id, "pass_number": 1}
    task("plan_sync", run)
    listed = task("list_batches", {**run, "cursor": {"after": None, "next_number": 1}})
    server.scenario = replace(server.scenario, products=260, touches=(Touch(0, 199, system_clock()),))
    for batch in reversed(listed["batches"]):
        one(run, batch)
    task("finish_sync", {**run, "fault": None})
    counts = report(run_id)["records"]
    assert sum(counts.values()) == 260


# --- a batch ---


def test_a_failed_batch_stops_no_other_and_can_be_run_again_alone(server: PlmServer) -> None:
    server.scenario = replace(server.scenario, broken_object="OBJ-0000150")
    data = synced()
    assert (data["status"], data["failure"]) == ("FAILED", "1 of 2 batches failed")
    assert [batch["number"] for batch in data["failedBatches"]] == [2]
    assert data["records"]["created"] == 97
    assert [event["event_type"] for event in events()] == ["ProductSyncFailed"]

    server.scenario = replace(server.scenario, broken_object="")
    status, body = post("start_sync", f"{SYNC}/{data['runId']}/batches/2/rerun")
    assert (status, body["data"]["status"]) == (202, "RUNNING")
    command = commands("launch_sync")[-1]["payload"]
    assert command == {"run_id": data["runId"], "pass_number": 2, "batch": 2}
    executed(data["runId"], {"number": 2, "after": "OBJ-0000099", "up_to": None}, 2)
    healed = report(data["runId"])
    assert (healed["status"], healed["records"]["created"], healed["batches"]["failed"]) == ("SUCCEEDED", 195, 0)
    assert [event["event_type"] for event in events()] == ["ProductSyncFailed", "ProductSyncCompleted"]


def test_the_watermark_stays_when_a_batch_failed(server: PlmServer) -> None:
    synced()
    (before,) = items("WATERMARK")
    server.scenario = replace(server.scenario, broken_object="OBJ-0000150", touches=(Touch(140, 160, system_clock()),))
    assert synced("INCREMENTAL")["status"] == "FAILED"
    assert items("WATERMARK") == [before]
    server.scenario = replace(server.scenario, broken_object="")
    assert synced("INCREMENTAL")["records"]["updated"] == 21
    assert items("WATERMARK")[0]["at"] > before["at"]


def test_a_batch_done_twice_counts_and_writes_as_once(server: PlmServer) -> None:
    run_id = requested()
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": run_id, "pass_number": 1}
    task("plan_sync", run)
    listed = task("list_batches", {**run, "cursor": {"after": None, "next_number": 1}})
    one(run, listed["batches"][0])
    first = (report(run_id)["records"], items("PRODUCT"), report(run_id)["rejected"])
    one(run, listed["batches"][0])
    assert (report(run_id)["records"], items("PRODUCT"), report(run_id)["rejected"]) == first
    assert first[0] == {"created": 97, "updated": 0, "unchanged": 0, "rejected": 3}


def test_a_batch_interrupted_half_way_counts_as_one_that_was_not(
    server: PlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = requested()
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": run_id, "pass_number": 1}
    task("plan_sync", run)
    (batch, *_) = task("list_batches", {**run, "cursor": {"after": None, "next_number": 1}})["batches"]
    real, saved = DynamoProducts.save, []

    def crash_on_the_second(self: Any, tenant_id: str, working: Any, stamp: Any) -> None:
        real(self, tenant_id, working, stamp)
        saved.append(1)
        if len(saved) == 2:
            raise RuntimeError("the process was killed")

    with monkeypatch.context() as broken:
        broken.setattr(DynamoProducts, "save", crash_on_the_second)
        with pytest.raises(RuntimeError):
            task("sync_batch", {**run, "batch": batch})
    one(run, batch)
    assert report(run_id)["records"] == {"created": 97, "updated": 0, "unchanged": 0, "rejected": 3}


def test_a_record_mended_in_the_plm_leaves_the_report_of_a_batch_run_again(server: PlmServer) -> None:
    run_id = requested()
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": run_id, "pass_number": 1}
    task("plan_sync", run)
    (batch, *_) = task("list_batches", {**run, "cursor": {"after": None, "next_number": 1}})["batches"]
    one(run, batch)
    assert len(items("SYNC_REJECTED")) == 3
    runs = DynamoSyncRuns()
    runs.save_rejections("acme", run_id, 1, [], system_clock())
    assert items("SYNC_REJECTED") == []


def test_a_batch_that_is_done_stays_done_when_only_its_answer_was_lost(server: PlmServer) -> None:
    run_id = requested()
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": run_id, "pass_number": 1}
    task("plan_sync", run)
    (batch, *_) = task("list_batches", {**run, "cursor": {"after": None, "next_number": 1}})["batches"]
    one(run, batch)
    task("record_failed_batch", {**run, "batch": batch, "reason": "States.Timeout"})
    assert report(run_id)["batches"]["failed"] == 0


@pytest.mark.usefixtures("atomic")
def test_overlapping_runs_do_each_other_no_harm(server: PlmServer) -> None:
    runs = [requested() for _ in range(3)]
    steps, sync_steps = wiring.plm_steps(), wiring.steps()

    def whole(run_id: str) -> None:
        sync_steps.plan("acme", run_id, 1)
        for found in steps.list_batches("acme", run_id, 1, None, 1).ranges:
            steps.sync("acme", run_id, 1, found)
        sync_steps.finish("acme", run_id, 1, None)

    waiting = iter(runs)
    in_threads(lambda: whole(next(waiting)), 3)
    reports = [report(run_id) for run_id in runs]
    assert [found["status"] for found in reports] == ["SUCCEEDED"] * 3
    assert sum(found["records"]["created"] for found in reports) == 195
    assert len(items("PRODUCT")) == len({(item["code"], item["product_version"]) for item in items("PRODUCT")})


# --- the steps under repetition ---


def test_every_step_may_be_repeated(server: PlmServer) -> None:
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": requested(), "pass_number": 1}
    assert task("plan_sync", run) == task("plan_sync", run)
    first = task("list_batches", {**run, "cursor": {"after": None, "next_number": 1}})
    assert task("list_batches", {**run, "cursor": {"after": None, "next_number": 1}}) == first
    for batch in first["batches"]:
        one(run, batch)
    assert task("finish_sync", {**run, "fault": None}) == task("finish_sync", {**run, "fault": None})
    assert len(events()) == 1


def test_a_repeated_listing_that_finds_fewer_objects_leaves_no_batch_of_the_first_behind(server: PlmServer) -> None:
    server.scenario = Scenario(products=250)
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": requested(), "pass_number": 1}
    task("plan_sync", run)
    first: dict[str, Any] = {**run, "cursor": {"after": None, "next_number": 1}}
    assert len(task("list_batches", first)["batches"]) == 3  # its answer is lost
    server.scenario = Scenario(products=150)
    for batch in task("list_batches", first)["batches"]:
        one(run, batch)
    assert task("finish_sync", {**run, "fault": None})["status"] == "SUCCEEDED"
    assert report(run["run_id"])["batches"]["total"] == 2


def test_a_repeated_listing_that_finds_nothing_leaves_an_empty_run(server: PlmServer) -> None:
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": requested(), "pass_number": 1}
    task("plan_sync", run)
    first: dict[str, Any] = {**run, "cursor": {"after": None, "next_number": 1}}
    task("list_batches", first)
    server.scenario = Scenario(products=0)
    assert task("list_batches", first)["batches"] == []
    assert task("finish_sync", {**run, "fault": None})["status"] == "SUCCEEDED"


def rerun(server: PlmServer) -> dict[str, Any]:
    """Return the first pass of a run whose second batch failed and is asked for again."""
    server.scenario = replace(server.scenario, broken_object="OBJ-0000150")
    run_id = synced()["runId"]
    server.scenario = replace(server.scenario, broken_object="")
    assert post("start_sync", f"{SYNC}/{run_id}/batches/2/rerun")[0] == 202
    return {"tenant_id": "acme", "run_id": run_id, "pass_number": 1}


@pytest.mark.parametrize("late", ["plan_sync", "list_batches", "sync_batch", "record_failed_batch", "finish_sync"])
def test_a_late_task_of_an_earlier_pass_changes_nothing_of_the_next(server: PlmServer, late: str) -> None:
    first = rerun(server)
    before = items("SYNC_RUN"), items("SYNC_BATCH"), items("RUN_LEASE"), len(events())
    batch = {"number": 2, "after": "OBJ-0000099", "up_to": None}
    cursor = {"after": None, "next_number": 1}
    task(late, {**first, "batch": batch, "cursor": cursor, "reason": "late", "fault": None})
    assert (items("SYNC_RUN"), items("SYNC_BATCH"), items("RUN_LEASE"), len(events())) == before
    executed(first["run_id"], batch, 2)
    assert report(first["run_id"])["status"] == "SUCCEEDED"
    assert [event["event_type"] for event in events()] == ["ProductSyncFailed", "ProductSyncCompleted"]


def swept_at(monkeypatch: pytest.MonkeyPatch, later: timedelta) -> dict[str, Any]:
    """Run the sweep when ``later`` has passed."""
    steps = replace(wiring.steps(), clock=lambda: system_clock() + later)
    with monkeypatch.context() as patch:
        patch.setattr(wiring, "steps", lambda: steps)
        answer: dict[str, Any] = handler("sweep_syncs")({}, Context())
    return answer


def test_a_run_whose_execution_was_stopped_ends_and_can_be_run_again(
    server: PlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": requested(), "pass_number": 1}
    task("plan_sync", run)
    listed = task("list_batches", {**run, "cursor": {"after": None, "next_number": 1}})
    one(run, listed["batches"][0])  # then somebody stops the execution
    status, _ = post("start_sync", f"{SYNC}/{run['run_id']}/batches/2/rerun")
    assert status == 409
    assert swept_at(monkeypatch, timedelta(minutes=29))["given_up"] == 0
    assert swept_at(monkeypatch, timedelta(minutes=31))["given_up"] == 1
    data = report(run["run_id"])
    assert (data["status"], data["failure"]) == ("FAILED", LOST)
    assert [event["event_type"] for event in events()] == ["ProductSyncFailed"]
    assert post("start_sync", f"{SYNC}/{run['run_id']}/batches/2/rerun")[0] == 202
    executed(run["run_id"], listed["batches"][1], 2)
    assert report(run["run_id"])["status"] == "SUCCEEDED"
    assert items("RUN_LEASE") == []


def test_a_run_that_never_began_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = requested()
    assert swept_at(monkeypatch, timedelta(hours=1))["given_up"] == 1
    assert report(run_id)["status"] == "FAILED"


def test_a_run_that_works_is_never_lost(server: PlmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": requested(), "pass_number": 1}
    task("plan_sync", run)
    listed = task("list_batches", {**run, "cursor": {"after": None, "next_number": 1}})
    steps = replace(wiring.plm_steps(), clock=lambda: system_clock() + timedelta(minutes=25))
    with monkeypatch.context() as patch:
        patch.setattr(wiring, "plm_steps", lambda: steps)
        task("sync_batch", {**run, "batch": listed["batches"][0]})
    assert swept_at(monkeypatch, timedelta(minutes=50))["given_up"] == 0


def test_a_lost_run_that_cannot_be_ended_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, whole = requested(), requested()
    real = DynamoSyncRuns.finish

    def refuse(self: Any, commit: Any) -> None:
        if commit.after.run_id == broken:
            raise Unavailable
        real(self, commit)

    with monkeypatch.context() as patch:
        patch.setattr(DynamoSyncRuns, "finish", refuse)
        with pytest.raises(Unavailable):
            swept_at(monkeypatch, timedelta(hours=1))
    assert [report(run_id)["status"] for run_id in (broken, whole)] == ["REQUESTED", "FAILED"]


def test_a_run_that_broke_off_says_why(server: PlmServer) -> None:
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": requested(), "pass_number": 1}
    task("plan_sync", run)
    task("finish_sync", {**run, "fault": "listing the products failed: States.TaskFailed"})
    data = report(run["run_id"])
    assert (data["status"], data["failure"]) == ("FAILED", "listing the products failed: States.TaskFailed")
    assert events()[0]["data"]["failure"] == data["failure"]


def test_the_audit_knows_who_asked_and_how_it_ended(server: PlmServer) -> None:
    run_id = synced()["runId"]
    entries = audit.history("acme", f"sync_run/-/{run_id}")
    assert [(entry.action, entry.user_id) for entry in entries] == [
        ("sync_run.requested", "emp-007"),
        ("sync_run.succeeded", "system:sync-products"),
    ]
    assert audit.broken_at(entries) is None


# --- asking for a run ---


def test_the_same_request_sent_twice_asks_for_one_run(server: PlmServer) -> None:
    assert requested(key="s-1") == requested(key="s-1")
    assert len(items("SYNC_RUN")) == len(commands("launch_sync")) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"mode": "EVERYTHING"}, 400),
        ({"mode": "FULL", "batchType": "HUGE"}, 400),
        ({"mode": "FULL", "connection": "../x"}, 400),
        ({"mode": "FULL", "connection": "nobody"}, 404),
    ],
)
def test_a_request_that_names_nothing_known_is_refused(body: dict[str, str], status: int) -> None:
    assert post("start_sync", SYNC, body)[0] == status
    assert not items("SYNC_RUN")


def test_a_tenant_cannot_sync_from_the_plm_of_another() -> None:
    status, body = post("start_sync", SYNC, {"mode": "FULL"}, caller=STRANGER)
    assert (status, body["details"]["error"]) == (404, "CONNECTION_NOT_FOUND")


def test_syncing_needs_its_permission(server: PlmServer) -> None:
    assert post("start_sync", SYNC, {"mode": "FULL"}, caller=a_principal("sync:read"))[0] == 403
    run_id = requested()
    assert get("read_syncs", f"{SYNC}/{run_id}", caller=a_principal("sync:start"))[0] == 403
    assert get("read_syncs", f"{SYNC}/{run_id}", caller=STRANGER)[0] == 404


def test_a_batch_is_run_again_only_if_it_failed_in_a_run_that_ended(server: PlmServer) -> None:
    run_id = requested()
    assert post("start_sync", f"{SYNC}/{run_id}/batches/1/rerun")[0] == 404
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": run_id, "pass_number": 1}
    task("plan_sync", run)
    task("list_batches", {**run, "cursor": {"after": None, "next_number": 1}})
    assert post("start_sync", f"{SYNC}/{run_id}/batches/1/rerun")[1]["details"]["error"] == "SYNC_STILL_RUNNING"
    executed(run_id)
    assert post("start_sync", f"{SYNC}/{run_id}/batches/1/rerun")[1]["details"]["error"] == "SYNC_BATCH_NOT_FAILED"


# --- launching ---


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    client = boto3.client("stepfunctions")
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
    arn = client.create_state_machine(
        name="sync", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/states"
    )["stateMachineArn"]
    monkeypatch.setenv("STATE_MACHINE_ARN_SYNC_PRODUCTS", arn)

    def executions() -> list[tuple[str, dict[str, Any]]]:
        found = client.list_executions(stateMachineArn=arn)["executions"]
        inputs = (client.describe_execution(executionArn=one["executionArn"]) for one in found)
        return sorted((one["name"], json.loads(one["input"])) for one in inputs)

    return executions


def test_a_launch_command_starts_one_execution_however_often_it_arrives(machine: Any) -> None:
    run_id = requested()
    (command,) = commands("launch_sync")
    for _ in range(3):
        assert handler("launch_sync")(queued(command, command), Context()) == {"batchItemFailures": []}
    ((name, start),) = machine()
    assert name == f"{run_id}-1-1"
    assert start == {
        "tenant_id": "acme",
        "run_id": run_id,
        "pass_number": 1,
        "step": "PLAN",
        "batch": None,
        "cursor": {"after": None, "next_number": 1},
    }


def test_a_late_command_of_an_earlier_pass_starts_nothing(server: PlmServer, machine: Any) -> None:
    server.scenario = replace(server.scenario, broken_object="OBJ-0000150")
    run_id = synced()["runId"]
    (first,) = commands("launch_sync")
    post("start_sync", f"{SYNC}/{run_id}/batches/2/rerun")
    second = commands("launch_sync")[-1]
    handler("launch_sync")(queued(first, second), Context())
    ((name, start),) = machine()
    assert (name, start["step"], start["batch"]["number"]) == (f"{run_id}-2-1", "BATCH", 2)


def test_a_long_run_goes_on_in_the_same_next_execution_however_often_it_is_asked(machine: Any) -> None:
    run_id = requested()
    cursor = {"after": "OBJ-0099999", "next_number": 481}
    for _ in range(2):
        task("continue_sync", {"tenant_id": "acme", "run_id": run_id, "pass_number": 1, "cursor": cursor})
    ((name, start),) = machine()
    assert (name, start["step"], start["cursor"]) == (f"{run_id}-1-2", "LIST", cursor)


@pytest.mark.parametrize(("day", "mode"), [(28, "INCREMENTAL"), (29, "FULL"), (30, "INCREMENTAL")])
def test_the_night_asks_once_for_each_connection_on_sundays_for_all(
    monkeypatch: pytest.MonkeyPatch, day: int, mode: str
) -> None:
    monkeypatch.setattr(clock, "_now", lambda _: datetime(2026, 11, day, 2, tzinfo=UTC))
    monkeypatch.setenv("PLM_CONNECTIONS", "default")
    for _ in range(2):
        handler("schedule_sync")({}, Context())
    (run,) = items("SYNC_RUN")
    assert (run["trigger"], run["mode"], run["tenant_id"]) == ("SCHEDULE", mode, "acme")
    assert len(commands("launch_sync")) == 1


def test_a_connection_that_cannot_be_read_keeps_no_other_from_its_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLM_CONNECTIONS", "gone, default")
    with pytest.raises(Unavailable):
        handler("schedule_sync")({}, Context())
    assert len(items("SYNC_RUN")) == 1


def test_a_secret_store_that_does_not_answer_in_time_keeps_no_other_connection_from_its_sync(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLM_CONNECTIONS", "slow, default")
    real = aws.client("secretsmanager").get_secret_value

    def slow(**asked: str) -> Any:
        if asked["SecretId"].endswith("/slow"):
            raise ReadTimeoutError(endpoint_url="https://secretsmanager")
        return real(**asked)

    monkeypatch.setattr(aws.client("secretsmanager"), "get_secret_value", slow)
    with pytest.raises(Unavailable):
        handler("schedule_sync")({}, Context())
    assert [run["connection"] for run in items("SYNC_RUN")] == ["default"]
    status, body = post("start_sync", SYNC, {"mode": "FULL", "connection": "slow"})
    assert (status, body["code"]) == (503, "50301")


# --- the PLM ---


def test_the_plm_is_asked_three_times_before_a_batch_fails(server: PlmServer) -> None:
    plm = wiring.plm_steps().plms.of("default", "acme")
    server.failures = [503, 500]
    assert len(plm.products(None, None, None, 10).records) == 10
    server.failures = [503, 503, 503, 503]
    with pytest.raises(Unavailable):
        plm.products(None, None, None, 10)
    assert len(server.queries) == 6


def test_a_refusal_of_the_plm_is_not_asked_again(server: PlmServer) -> None:
    server.failures = [403]
    with pytest.raises(Unavailable, match="HTTP 403"):
        wiring.plm_steps().plms.of("default", "acme").products(None, None, None, 10)
    assert len(server.queries) == 1


def test_attempts_wait_two_seconds_and_then_four() -> None:
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    waited = []
    for _ in range(2):
        waited.append(plm_rest.waits()(state))
        state.attempt_number += 1
    assert waited == [2, 4]


# --- finding products ---


def products(**query: str) -> list[dict[str, Any]]:
    status, body = get("read_products", "/api/v1/plm/products", query)
    assert status == 200, body
    found: list[dict[str, Any]] = body["data"]["items"]
    return found


def test_mappings_are_found_by_code_by_material_and_by_status(server: PlmServer) -> None:
    synced()
    code = catalogue.record(2)["productCode"]
    both = products(productCode=code)
    assert [found["plmProductVersion"] for found in both] == ["A", "B"]
    assert products(materialCode=f"MAT-{code}") == both
    assert products(materialId=both[0]["qmsMaterialId"]) == both
    assert both[0]["syncStatus"] == "SYNCED"
    pending = products(syncStatus="PENDING", pageSize="100")
    assert {found["lifecycleState"] for found in pending} == {"IN_WORK"}
    assert {found["qmsMaterialId"] for found in pending} == {None}
    failed = products(syncStatus="FAILED")
    assert all(found["failure"] for found in failed)
    assert len(failed) == 2


def test_mappings_of_a_status_come_page_by_page_each_once(server: PlmServer) -> None:
    synced()
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        _, body = get("read_products", "/api/v1/plm/products", {"syncStatus": "SYNCED", "pageSize": "37", **cursor})
        found += [f"{item['plmProductCode']} {item['plmProductVersion']}" for item in body["data"]["items"]]
        if body["data"]["cursor"] is None:
            break
        cursor = {"cursor": body["data"]["cursor"]}
    assert len(found) == len(set(found)) == sum(item["status"] == "SYNCED" for item in items("PRODUCT"))


@pytest.mark.parametrize(
    "query",
    [{}, {"productCode": "A", "syncStatus": "SYNCED"}, {"syncStatus": "ODD"}, {"syncStatus": "SYNCED", "cursor": "9."}],
)
def test_a_search_without_a_clear_question_is_refused(query: dict[str, str]) -> None:
    assert get("read_products", "/api/v1/plm/products", query)[0] == 400


def test_nobody_finds_the_products_of_another_tenant(server: PlmServer) -> None:
    synced()
    query = {"productCode": catalogue.record(2)["productCode"]}
    _, body = get("read_products", "/api/v1/plm/products", query, caller=STRANGER)
    assert body["data"]["items"] == []


# --- the PLM's odd days ---


class OddPlm(PlmServer):
    """Answers something that is no page of records."""

    data: bytes = b""

    def request(self, *_: Any, **__: Any) -> Answer:
        if self.data == b"cut":
            raise urllib3.exceptions.ProtocolError("connection broken")
        return Answer(200, self.data)


@pytest.mark.parametrize("data", [b"cut", b"", b"<html>", b"[]", b"{}", b'{"items": 7}', b'{"items": [1]}', b"\xff"])
def test_an_answer_that_is_no_page_of_records_is_a_failure_of_the_plm(data: bytes) -> None:
    odd = OddPlm()
    odd.data = data
    plm = RestPlm(Connections.here().api("default"), odd, wait=tenacity.wait_none())
    with pytest.raises(Unavailable):
        plm.products(None, None, None, 10)
