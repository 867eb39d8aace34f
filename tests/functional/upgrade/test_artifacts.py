"""Packages reach the artifact store by a signed upload of exactly one content (UPG-17)."""

import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest

from enghub.core import audit
from enghub.kit.files import uploads
from tests.conftest import REGION
from tests.factories.handlers import sample_event
from tests.factories.http import Context, a_principal
from tests.functional.upgrade.conftest import Upgrade

BUCKET = "enghub-test"
PATH = "/api/v1/upgrade/artifacts"
CONTENT = b"hello"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def hub(upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch) -> Upgrade:
    monkeypatch.setenv("BUCKET_NAME", BUCKET)
    uploads._client.cache_clear()
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return upgrade


def ask(hub: Upgrade, path: str = "packages/2.16.5.zip", **changes: Any) -> tuple[int, Any]:
    body = {"path": path, "sizeBytes": len(CONTENT), "sha256": SHA256, **changes}
    return hub.send("put_artifact", "POST", PATH, body)


def test_the_signature_covers_tenant_path_length_checksum_and_ten_minutes(hub: Upgrade) -> None:
    answer = hub.handler("put_artifact")(sample_event("upgrade", "put_artifact"), Context())
    assert answer["statusCode"] == 201
    found = json.loads(answer["body"])["data"]
    url = urlsplit(found["url"])
    query = parse_qs(url.query)
    assert url.netloc.startswith(f"{BUCKET}.s3.{REGION}.")
    assert unquote(url.path) == "/upgrade/artifacts/acme/packages/2.16.5.zip"
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-SignedHeaders"] == ["content-length;host;x-amz-checksum-sha256"]
    assert query["X-Amz-Expires"] == ["600"]
    assert set(found["headers"]) == {"Content-Length", "x-amz-checksum-sha256"}
    assert found["headers"]["Content-Length"] == "5"


@pytest.mark.parametrize(
    "path",
    ["../other/x.zip", "/etc/passwd", "a//b", "a/./b", "C:/x", "a\\b", "a\nb", "backups/EU/x", "Backups/x", "logs/x"],
)
def test_a_path_that_leaves_the_tenant_or_belongs_to_the_upgrades_is_refused(hub: Upgrade, path: str) -> None:
    status, answer = ask(hub, path)
    assert (status, answer["details"]["field"]) == (400, "path")


@pytest.mark.parametrize(
    ("field", "value"), [("sizeBytes", 0), ("sizeBytes", 5 * 1024**3 + 1), ("sizeBytes", "5"), ("sha256", "abc")]
)
def test_size_and_checksum_must_be_possible(hub: Upgrade, field: str, value: Any) -> None:
    status, answer = ask(hub, **{field: value})
    assert (status, answer["details"]["field"]) == (400, field)


def test_who_may_upload_what_is_in_the_audit_and_a_repeat_is_a_link_more(hub: Upgrade) -> None:
    assert [ask(hub)[0], ask(hub, sizeBytes=6)[0]] == [201, 201]
    entries = audit.history("acme", "artifact/-/packages/2.16.5.zip")
    assert [(e.action, e.user_id, e.after["size_bytes"]) for e in entries] == [
        ("artifact.put", "emp-001", 5),
        ("artifact.put", "emp-001", 6),
    ]
    assert audit.broken_at(entries) is None


def test_it_needs_the_right_to_manage_upgrades(hub: Upgrade) -> None:
    body = {"path": "a.zip", "sizeBytes": 1, "sha256": SHA256}
    assert hub.send("put_artifact", "POST", PATH, body, caller=a_principal("upgrade:read"))[0] == 403
