"""Uploading a package: only the content that was announced, with IAM and signatures checked (UPG-17)."""

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from enghub_cli.context import Cloud
from tests.e2e.upgrade.test_command import enghub
from tests.workflows.upgrade.test_upgrade_site import Hub

pytestmark = pytest.mark.e2e
CONTENT = b"a package"


@pytest.fixture
def hub(cloud: Cloud, tmp_path: Path) -> Hub:
    return Hub(cloud, tmp_path / "site.db")


def stored(hub: Hub) -> list[str]:
    (bucket,) = [b["Name"] for b in hub.cloud.client("s3").list_buckets()["Buckets"] if "files-" in b["Name"]]
    prefix = f"upgrade/artifacts/{hub.tenant}/"
    found = hub.cloud.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return [item["Key"].removeprefix(prefix) for item in found]


def test_the_command_puts_a_file_where_steps_find_it(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "p.zip"
    file.write_bytes(CONTENT)
    done = enghub(hub, "put-artifact", str(file), "packages/p.zip")
    assert done.exit_code == 0, done.output
    assert stored(hub) == ["packages/p.zip"]
    refused = enghub(hub, "put-artifact", str(file), "../p.zip")
    assert (refused.exit_code, stored(hub)) == (2, ["packages/p.zip"])


def upload(hub: Hub, content: bytes, **headers: str) -> httpx.Response:
    wanted: dict[str, Any] = {"path": "p.zip", "sizeBytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}
    signed = hub.call("POST", "/artifacts", wanted, 201)
    sent = {**signed["headers"], "Content-Length": str(len(content)), **headers}
    return httpx.put(signed["url"], content=content, headers=sent, trust_env=False)


def test_another_length_other_bytes_and_another_checksum_are_refused(hub: Hub) -> None:
    assert upload(hub, CONTENT + b"!").status_code == 403
    assert upload(hub, CONTENT[::-1]).status_code == 400
    assert upload(hub, CONTENT, **{"x-amz-checksum-sha256": "A" * 43 + "="}).status_code == 403
    assert stored(hub) == []
    assert upload(hub, CONTENT).status_code == 200
    assert stored(hub) == ["p.zip"]
