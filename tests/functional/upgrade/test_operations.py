"""Every operation of upgrades with generated requests: no answer that its document does not account for."""

import boto3
import pytest

from tests.factories.http import a_principal
from tests.factories.operations import Gateway, operations, unexplained
from tests.functional.upgrade.conftest import Upgrade
from tools.rights import declared

EXPLAINED = {
    "upload_manifest": ".*",
    "validate_manifest": ".*",
    "start_rollout": "siteIds: name siteIds or tags",
}
"""A manifest is a document of its own, described in docs/upgrade-steps.md, and refused place by place."""


@pytest.mark.parametrize("operation", operations("upgrade"))
def test_every_answer_is_accounted_for(upgrade: Upgrade, operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUCKET_NAME", "enghub-test")
    boto3.client("s3").create_bucket(
        Bucket="enghub-test", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    upgrade.site()
    gateway = Gateway("upgrade", a_principal(*declared()))
    found = unexplained(gateway, operation, EXPLAINED, may_fail=operation == "get_health")
    assert not found, "\n".join(found)
