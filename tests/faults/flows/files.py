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


def requested() -> str:
    event = dropped()
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
    ended = retried(lambda: task("finish_sync", {**run, "fault": None}))
    assert len(items("PRODUCT")) == 4
    return ended


def ended() -> dict[str, Any]:
    run_id = requested()
    landed(run_id)
    return {"message_id": "m-1", "tenant_id": "acme", "payload": {"run_id": run_id}}


IN = {"BUCKET_NAME": BUCKET}
register(Flow("take a file", "plm", dropped, take, environment=IN))
register(Flow("land a file", "plm", requested, landed, environment=IN, counts=COMMITS))
register(Flow("report a file", "plm", ended, take, environment=IN))
