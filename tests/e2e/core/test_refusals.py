"""Who must not get in does not: refused, kept in the audit, nothing written (through HTTP, IAM enforced)."""

import base64
import hashlib
import hmac
import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from enghub.core.clock import system_clock
from enghub_cli.context import Cloud
from tests.cloud import home

pytestmark = pytest.mark.e2e
LATER = ("REFUSAL", "OUTBOX", "INBOX", "BOARD", "LEFT_BEHIND")
"""What is written for a refusal, or by consumers in their own time."""
OTHERS = re.compile(r"T#(?!owner#|stranger#|-#)")
"""Partitions of tenants of other tests, for which sweeps and rounds go on."""
ORDERS, REPORTS = "/api/v1/work-orders", "/api/v1/production/report"


@pytest.fixture(scope="module")
def own_token(cloud: Cloud) -> str:
    return cloud.token(tenant="owner", factories=("f1",), user="owner-1", roles=("PLANNER", "SHIFT_LEAD"))


@pytest.fixture(scope="module")
def order_id(cloud: Cloud, own_token: str) -> str:
    """A work order of tenant owner, in production."""
    number = f"WO-{uuid4().hex[:8]}"
    plan = {"workOrderId": number, "productId": "P-1", "plannedQuantity": 10, "dueDate": "2026-12-24", "lineId": "L1"}
    plan["stationId"] = "ST-1"
    with cloud.http(own_token) as client:
        made = client.post(ORDERS, json=plan)
        assert made.status_code == 201, made.text
        for version, step in ((1, "release"), (2, "start")):
            assert client.post(f"{ORDERS}/{number}/{step}", json={"version": version}).status_code == 200
    return number


def items(cloud: Cloud, context: str, entity: str | None = None) -> list[dict[str, Any]]:
    """All items of a context's table that a request may write at once, or only those of one entity."""
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=f"enghub-local-{context}")
    found = [item for page in pages for item in page["Items"]]
    if entity:
        return [item for item in found if item["entity"]["S"] == entity]
    ours = (item for item in found if not OTHERS.match(item["pk"]["S"]))
    return sorted((item for item in ours if not item["entity"]["S"].startswith(LATER)), key=str)


def a_report(order_id: str) -> dict[str, Any]:
    return {
        "workOrderId": order_id,
        "goodQty": 1,
        "defectQty": 0,
        "operation": "OP-10",
        "station": "ST-1",
        "shift": "day",
        "reportTime": system_clock().isoformat(),
    }


def send(cloud: Cloud, order_id: str, bearer: str | None) -> httpx.Response:
    with cloud.http(bearer) as client:
        return client.post(REPORTS, json=a_report(order_id), headers={"Idempotency-Key": uuid4().hex})


@pytest.fixture(scope="module")
def issuers_key(cloud: Cloud) -> bytes:
    """The user pool's own signing key, which the emulator keeps in its folder."""
    (path,) = home().folder.rglob(f"{cloud.pool.pool_id}-id.pem")
    return path.read_bytes()


def forged(own_token: str, kind: str) -> str | None:
    """A token that looks like the owner's but is none: by the wrong algorithm, key or time."""
    head, claims = jwt.get_unverified_header(own_token), jwt.decode(own_token, options={"verify_signature": False})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    match kind:
        case "missing":
            return None
        case "nonsense":
            return "not.a.token"
        case "another key":
            return jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": head["kid"]})
        case "algorithm none":
            return jwt.encode(claims, "", algorithm="none", headers={"kid": head["kid"]})
        case "algorithm HS256":
            return _hs256({**head, "alg": "HS256"}, claims, json.dumps(head).encode())
    message = f"there is no kind {kind}"
    raise ValueError(message)


def _hs256(head: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    signed = part(json.dumps(head).encode()) + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.new(secret, signed, hashlib.sha256).digest())).decode()


@pytest.fixture(scope="module")
def sent() -> list[str]:
    """The kinds of bad tokens that were sent already."""
    return []


@pytest.mark.parametrize("kind", ["missing", "nonsense", "another key", "algorithm none", "algorithm HS256"])
def test_a_request_without_a_good_token_is_refused_and_kept(
    cloud: Cloud, own_token: str, order_id: str, sent: list[str], kind: str
) -> None:
    before = items(cloud, "mes")
    answer = send(cloud, order_id, forged(own_token, kind))
    sent.append(kind)
    assert (answer.status_code, answer.json()["code"]) == (401, "40101")
    kept = [item for item in items(cloud, "core", "REFUSAL") if item["path"]["S"].endswith(REPORTS)]
    # An authorizer that goes on counts those of one source and writes when their number doubles (decision 0037).
    assert 2 * sum(int(item["times"]["N"]) for item in kept) >= len(sent)
    assert items(cloud, "mes") == before


def test_an_expired_token_of_the_issuer_itself_is_refused_for_its_age(
    cloud: Cloud, own_token: str, order_id: str, issuers_key: bytes
) -> None:
    head, claims = jwt.get_unverified_header(own_token), jwt.decode(own_token, options={"verify_signature": False})

    def signed(hours: int) -> str:
        times = {"iat": system_clock() - timedelta(hours=3), "exp": system_clock() + timedelta(hours=hours)}
        return jwt.encode({**claims, **times}, issuers_key, algorithm="RS256", headers={"kid": head["kid"]})

    with cloud.http(signed(hours=1)) as client:
        assert client.get(f"{ORDERS}/{order_id}").status_code == 200
    before = items(cloud, "mes")
    assert send(cloud, order_id, signed(hours=-2)).status_code == 401
    newest = max(items(cloud, "core", "REFUSAL"), key=lambda item: item["sk"]["S"])
    assert newest["detail"]["S"] == "ExpiredSignatureError"
    assert items(cloud, "mes") == before


def test_a_foreign_tenants_token_sees_and_changes_nothing(cloud: Cloud, own_token: str, order_id: str) -> None:
    token = cloud.token(tenant="stranger", factories=("f1",), user="stranger-1", roles=("PLANNER", "SHIFT_LEAD"))
    before = items(cloud, "mes")
    with cloud.http(token) as client:
        answers = [
            client.get(f"{ORDERS}/{order_id}"),
            client.post(f"{ORDERS}/{order_id}/pause", json={"version": 3}),
            client.post(REPORTS, json=a_report(order_id), headers={"Idempotency-Key": uuid4().hex}),
        ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    mine = [item for item in items(cloud, "mes", "REFUSAL") if item["tenant_id"]["S"] == "stranger"]
    assert sorted(item["path"]["S"] for item in mine) == sorted([f"{ORDERS}/{order_id}/pause", REPORTS])
    assert items(cloud, "mes") == before


def test_another_factorys_worker_and_a_missing_role_are_refused_and_kept(
    cloud: Cloud, own_token: str, order_id: str
) -> None:
    before = items(cloud, "mes")
    viewer = cloud.token(tenant="owner", factories=("f1",), user="viewer-1", roles=("CONFIG_VIEWER",))
    assert send(cloud, order_id, viewer).status_code == 403
    elsewhere = cloud.token(tenant="owner", factories=("f2",), user="elsewhere-1", roles=("SHIFT_LEAD",))
    with cloud.http(elsewhere) as client:
        headers = {"Idempotency-Key": uuid4().hex, "X-Factory-Id": "f1"}
        assert client.post(REPORTS, json=a_report(order_id), headers=headers).status_code == 403
    kept = {item["user_id"]["S"]: item["error"]["S"] for item in items(cloud, "mes", "REFUSAL")}
    assert kept["viewer-1"] == kept["elsewhere-1"] == "FORBIDDEN"
    assert items(cloud, "mes") == before
