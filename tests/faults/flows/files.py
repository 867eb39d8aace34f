"""A file dropped into the exchange bucket: taken, landed by its run, reported (PLM-21)."""

import json
from functools import partial
from typing import Any

import boto3

from enghub.plm.exchange.model import Dropped
from tests.conftest import REGION
from tests.factories.http import Context
from tests.factories.plm import a_record, handler, put_secrets, queued, task
from tests.factories.stored import items
from tests.faults.harness import Flow, register, retried

BUCKET = "enghub-test-files"
KEY = "plm/exchange/acme/default/night.json"
COMMITS = frozenset({"version"})
"""A listing that is repeated after a lost answer is one more write of its run."""


PART_LIST = "plm/exchange/acme/default/boms/ECU-1@A.csv"


def dropped_list() -> dict[str, Any]:
    put_secrets()
    store = boto3.client("s3", REGION)
    store.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    text = b"productCode,bomVersion,component,quantity\nECU-1,A,R-1,2\nECU-2,A,R-1,NaN\nECU-2,A,R-2,1\n"
    made = store.put_object(Bucket=BUCKET, Key=PART_LIST, Body=text)
    return {
        "time": "2026-03-04T11:59:00Z",
        "detail": {"object": {"key": PART_LIST, "size": len(text), "etag": made["ETag"].strip('"')}},
    }


def dropped() -> dict[str, Any]:
    put_secrets()
    store = boto3.client("s3", REGION)
    store.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    records = [a_record(number) for number in range(1, 4)] + [a_record(4, unit="")]
    made = store.put_object(Bucket=BUCKET, Key=KEY, Body=json.dumps(records).encode())
    return {"detail": {"object": {"key": KEY, "size": 2000, "etag": made["ETag"].strip('"')}}}


def take(message: dict[str, Any]) -> list[str]:
    failed = handler("take_plm_file")(queued(message), Context())["batchItemFailures"]
    return [json.dumps(one) for one in failed]


def requested(event: dict[str, Any] | None = None) -> str:
    event = event or dropped()
    assert take(event) == []
    found = Dropped.of(event["detail"]["object"])
    assert found is not None
    return found.run_id


def landed(run_id: str) -> Any:
    """Do what the state machine does."""
    run = {"tenant_id": "acme", "run_id": run_id, "pass_number": 1}
    retried(lambda: task("plan_sync", run))
    listed = retried(partial(task, "list_batches", {**run, "cursor": {"after": None, "next_number": 1}}))
    for batch in listed["batches"]:
        retried(partial(task, "sync_batch", {**run, "batch": batch}))
    return retried(lambda: task("finish_sync", {**run, "fault": None}))


def products_are_there(_: Any) -> None:
    assert len(items("PRODUCT")) == 4


def one_bom_is_there(_: Any) -> None:
    assert [one["pk"] for one in items("BOM")] == ["T#acme#BOM#ECU-1"]


def ended() -> dict[str, Any]:
    run_id = requested()
    landed(run_id)
    return {"message_id": "m-1", "tenant_id": "acme", "payload": {"run_id": run_id}}


IN = {"BUCKET_NAME": BUCKET}
register(Flow("take a file", "plm", dropped, take, environment=IN))
register(Flow("land a file", "plm", requested, landed, must=products_are_there, environment=IN, counts=COMMITS))
register(Flow("take a part list", "plm", dropped_list, take, environment=IN))
register(
    Flow(
        "land a part list",
        "plm",
        lambda: requested(dropped_list()),
        landed,
        must=one_bom_is_there,
        environment=IN,
        counts=COMMITS,
    )
)
register(Flow("report a file", "plm", ended, take, environment=IN))
