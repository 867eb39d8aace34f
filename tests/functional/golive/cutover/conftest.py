"""The context as others see it: people in front, addresses behind."""

from collections.abc import Callable, Iterator

import boto3
import pytest

from enghub.core import clock
from enghub.golive.cutover import wiring as cutover
from enghub.golive.readiness import wiring
from enghub.golive.verification import wiring as verification
from tests.conftest import REGION
from tests.factories.go_lives import Installation, a_go_live

BUCKET = "enghub-test-files"


@pytest.fixture
def hub(account: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    account("golive", OUTBOUND_LOOPBACK="true", BUCKET_NAME=BUCKET)
    boto3.client("s3", REGION).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    made = (wiring.go_lives, cutover.cutovers, cutover.executions, cutover.scenarios, verification.verifications)
    for one in made:
        one.cache_clear()
    found = Installation()
    monkeypatch.setattr(clock, "_now", lambda _zone: found.now)
    yield found
    for one in made:
        one.cache_clear()


@pytest.fixture
def go_live(hub: Installation) -> str:
    """The path of a go-live that was just made."""
    return f"/go-lives/{hub.data('POST', '/go-lives', a_go_live())['goLiveId']}"
