"""The function that measures live upgrades, with its own rights (UPG-20)."""

import json

import pytest

from enghub_cli.context import Cloud

pytestmark = pytest.mark.e2e


def test_it_may_query_the_index_of_live_upgrades(cloud: Cloud) -> None:
    answer = cloud.client("lambda").invoke(FunctionName="enghub-local-upgrade-watch-upgrades", Payload=b"{}")
    found = json.loads(answer["Payload"].read())
    assert found.keys() == {"count", "longest_seconds"}, found
