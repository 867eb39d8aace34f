"""The function that measures live and waiting upgrades, with its own rights (UPG-10, UPG-20)."""

import json

import pytest

from enghub_cli.context import Cloud

pytestmark = pytest.mark.e2e


def test_it_may_read_live_upgrades_and_the_queue(cloud: Cloud) -> None:
    answer = cloud.client("lambda").invoke(FunctionName="enghub-local-upgrade-watch-upgrades", Payload=b"{}")
    found = json.loads(answer["Payload"].read())
    assert found.keys() == {"count", "longest_seconds", "waiting_seconds", "stuck_seconds"}, found
