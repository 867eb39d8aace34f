"""A supplier's link made, opened, a file through it completed, refused; the link revoked (PLM-28)."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3

from enghub.kit.files import uploads
from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import call, handler, put_secrets
from tests.factories.stored import events, items
from tests.faults.flows.documents import BUCKET, FILES, PDF
from tests.faults.harness import Flow, register

PPAPS, DOOR = "/api/v1/plm/ppaps", "/api/v1/plm/supplier"
COUNTS = frozenset({"revision"})
"""A use is taken and given back once more."""
QUAN = a_principal("ppap:change", user="quan")


@dataclass
class Held:
    """A link that a supplier holds, and an upload whose file has arrived."""

    ppap_id: str
    link_id: str
    token: str
    path: str = ""


def make() -> Held:
    put_secrets()
    uploads._client.cache_clear()
    boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
    body: dict[str, Any] = {"projectCode": "PRJ-7", "productCode": "ECU-1"}
    ppap = call("change_ppaps", a_request("POST", PPAPS, body, caller=QUAN))[1]["data"]["ppapId"]
    body = {"supplier": "S", "elements": [7], "expiresAt": "2026-03-20T00:00:00Z"}
    path = f"{PPAPS}/{ppap}/supplier-links"
    link = call("change_ppaps", a_request("POST", path, body, caller=QUAN))[1]["data"]
    return Held(ppap, link["linkId"], parse_qs(urlsplit(link["url"]).query)["token"][0])


def knock(held: Held, path: str, body: Any = None) -> Any:
    return call("serve_suppliers", a_request("POST", f"{DOOR}{path}", body, query={"token": held.token}))


def sent(content: bytes = PDF) -> Held:
    held = make()
    body = {"element": 7, "fileName": "a.pdf", "mediaType": "application/pdf", "sizeBytes": len(PDF)}
    upload = knock(held, "/uploads", {**body, "sha256": hashlib.sha256(PDF).hexdigest()})[1]["data"]
    key = f"plm/uploads/acme/{upload['documentId']}/{upload['uploadId']}"
    boto3.client("s3", "us-east-1").put_object(Bucket=BUCKET, Key=key, Body=content)
    held.path = f"/documents/{upload['documentId']}/uploads/{upload['uploadId']}/completion"
    return held


def complete(held: Held) -> Any:
    return knock(held, held.path, {})


def look(held: Held) -> Any:
    event = a_request("GET", DOOR, query={"token": held.token})
    answer = handler("serve_suppliers")(event, Context())
    return answer["statusCode"], {"body": answer["body"]}


def revoke(held: Held) -> Any:
    path = f"{PPAPS}/{held.ppap_id}/supplier-links/{held.link_id}/revocation"
    return call("change_ppaps", a_request("POST", path, {"reason": "x"}, caller=QUAN))


def one_use(_: Held) -> None:
    (link,) = items("SUPPLIER_LINK")
    assert (len(json.loads(link["taken"])), len(items("DOCUMENT_VERSION"))) == (1, 1)
    assert len(events("NoticeRequested")) == 1


def no_use(_: Held) -> None:
    (link,) = items("SUPPLIER_LINK")
    assert (json.loads(link["taken"]), items("DOCUMENT_VERSION")) == ([], [])


register(Flow("open a supplier's link", "plm", make, look, environment=FILES))
register(Flow("complete a supplier's file", "plm", sent, complete, must=one_use, environment=FILES, counts=COUNTS))
register(
    Flow(
        "complete a supplier's damaged file",
        "plm",
        lambda: sent(PDF[:-1]),
        complete,
        must=no_use,
        environment=FILES,
        counts=COUNTS,
    )
)
register(Flow("revoke a supplier's link", "plm", make, revoke, environment=FILES))
