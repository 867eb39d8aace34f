"""`enghub upgrade queue` and `limit`, with the functions' own rights (UPG-10)."""

import json
from pathlib import Path

import pytest

from enghub_cli.context import Cloud
from tests.e2e.upgrade.test_command import enghub
from tests.workflows.upgrade.test_upgrade_site import Hub

pytestmark = pytest.mark.e2e


@pytest.fixture
def hub(cloud: Cloud, tmp_path: Path) -> Hub:
    return Hub(cloud, tmp_path / "site.db")


def test_an_administrator_sets_the_tenants_limit_and_gives_it_up(hub: Hub) -> None:
    assert enghub(hub, "queue").output.strip() == "0 of 5 run (the stage's); 0 wait"
    changed = enghub(hub, "limit", "8")
    assert (changed.exit_code, changed.output.strip()) == (0, "8 upgrades run at once; 0 run, 0 wait")
    assert json.loads(enghub(hub, "queue", "--json").output)["ownLimit"] == 8
    assert enghub(hub, "queue").output.strip() == "0 of 8 run (the tenant's, the stage's is 5); 0 wait"
    assert enghub(hub, "limit", "stage").output.startswith("5 upgrades run at once")


@pytest.mark.parametrize("number", ["0", "51", "many"])
def test_a_limit_out_of_bounds_is_refused_in_one_line(hub: Hub, number: str) -> None:
    refused = enghub(hub, "limit", number)
    assert (refused.exit_code, len(refused.output.strip().splitlines())) == (2, 1), refused.output
