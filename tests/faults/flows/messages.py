"""Messages that a bridge brings from a broker: taken, landed by their run (PLM-25)."""

import base64
import json
from typing import Any

import boto3

from enghub.core import limits
from tests.conftest import REGION
from tests.factories.http import a_principal, a_request
from tests.factories.plm import a_record, call, put_secrets
from tests.faults.flows.files import BUCKET, COMMITS, IN, landed, one_bom_is_there
from tests.faults.harness import Flow, register

BRIDGE = a_principal("plm_message:send", user="bridge-1")
PATH = "/api/v1/plm/connections/default/messages"
LINES = [{"component": "R-1", "quantity": "2"}]


def waiting() -> list[dict[str, Any]]:
    put_secrets()
    limits.forget()
    boto3.client("s3", REGION).create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    bodies = [
        json.dumps({**a_record(1), "productCode": "ECU-1", "bomLines": LINES, "bomVersion": "A"}).encode(),
        b"{broken",
    ]
    return [{"messageId": f"m-{at}", "data": base64.b64encode(one).decode()} for at, one in enumerate(bodies)]


def take(messages: list[dict[str, Any]]) -> Any:
    return call("start_sync", a_request("POST", PATH, {"messages": messages}, caller=BRIDGE))


def requested() -> str:
    status, body = take(waiting())
    assert status == 202, body
    return str(body["data"]["runId"])


register(Flow("take messages", "plm", waiting, take, environment=IN, counts=frozenset({"full_at", "expires_at"})))
register(Flow("land messages", "plm", requested, landed, must=one_bom_is_there, environment=IN, counts=COMMITS))
