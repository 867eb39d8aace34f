"""A document made, a file allowed and completed, links changed, taken out of use (PLM-17)."""

import hashlib
from dataclasses import dataclass
from typing import Any

import boto3

from enghub.kit.files import uploads
from tests.factories.http import a_principal, a_request
from tests.factories.plm import call
from tests.factories.stored import events, items
from tests.faults.harness import Flow, register

BASE, BUCKET = "/api/v1/plm/documents", "enghub-test-files"
QUAN = a_principal("document:read", "document:change")
PDF = b"%PDF-1.7\n%%EOF\n"
FILES = {"BUCKET_NAME": BUCKET}


@dataclass
class Sent:
    """A document, and the upload whose file has arrived."""

    document_id: str
    upload_id: str = ""


def send(method: str, path: str, body: Any = None, **headers: str) -> Any:
    return call("change_documents", a_request(method, f"{BASE}{path}", body, caller=QUAN, headers=headers))


def create(_: Any = None) -> Any:
    body = {"title": "Control plan", "kind": "CONTROL_PLAN", "links": [{"kind": "PRODUCT", "id": "ECU-1"}]}
    return send("POST", "", body, **{"Idempotency-Key": "document-1"})


def made() -> Sent:
    uploads._client.cache_clear()
    boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
    return Sent(create()[1]["data"]["documentId"])


def allow(state: Sent) -> Any:
    body = {"fileName": "a.pdf", "mediaType": "application/pdf", "sizeBytes": len(PDF)}
    return send("POST", f"/{state.document_id}/uploads", {**body, "sha256": hashlib.sha256(PDF).hexdigest()})


def sent(content: bytes = PDF) -> Sent:
    state = made()
    state.upload_id = allow(state)[1]["data"]["uploadId"]
    key = f"plm/uploads/acme/{state.document_id}/{state.upload_id}"
    boto3.client("s3", "us-east-1").put_object(Bucket=BUCKET, Key=key, Body=content)
    return state


def complete(state: Sent) -> Any:
    return send("POST", f"/{state.document_id}/uploads/{state.upload_id}/completion")


def link(state: Sent) -> Any:
    return send("PUT", f"/{state.document_id}/links", {"links": [{"kind": "PRODUCT", "id": "ECU-2"}]})


def withdraw(state: Sent) -> Any:
    return send("POST", f"/{state.document_id}/withdrawal", {"reason": "Replaced"})


def one_version(_: Sent) -> None:
    assert len(events("DocumentVersionAdded")) == len(items("DOCUMENT_VERSION")) == 1


def none(_: Sent) -> None:
    assert events("DocumentVersionAdded") == items("DOCUMENT_VERSION") == []


register(Flow("create a document", "plm", lambda: None, create, environment=FILES))
register(Flow("complete an upload", "plm", sent, complete, must=one_version, environment=FILES))
register(Flow("complete a damaged upload", "plm", lambda: sent(PDF[:-1]), complete, must=none, environment=FILES))
register(Flow("link a document", "plm", made, link, environment=FILES))
register(Flow("withdraw a document", "plm", made, withdraw, environment=FILES))
