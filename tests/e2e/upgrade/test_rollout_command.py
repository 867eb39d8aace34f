"""`enghub upgrade rollout` as an operator uses it: 0 done or waits, 1 stopped, 2 refused (UPG-11)."""

from pathlib import Path

import pytest

from enghub_cli.context import Cloud
from tests.e2e.upgrade.test_command import enghub
from tests.workflows.upgrade.test_roll_out_fleet import Fleet

pytestmark = pytest.mark.e2e


@pytest.fixture
def fleet(cloud: Cloud, tmp_path: Path) -> Fleet:
    return Fleet(cloud, tmp_path)


def test_an_operator_starts_follows_resumes_and_aborts(fleet: Fleet) -> None:
    fleet.add("A", ready=False)
    fleet.add("B")
    options = ("--to", "2.16.5", "--tag", "region=eu", "--canary", "A", "--confirm-waves", "--follow")
    stopped = enghub(fleet, "rollout", "start", "Europe", *options)
    assert stopped.exit_code == 1, stopped.output
    assert "Wave 1: 1 of 1 sites failed (100%, limit 0%): A" in stopped.output
    rollout_id = fleet.call("GET", "/rollouts")["items"][0]["rolloutId"]
    assert f"enghub upgrade rollout resume {rollout_id}" in stopped.output
    fleet.make_ready("A")
    waits = enghub(fleet, "rollout", "resume", rollout_id, "--follow")
    assert waits.exit_code == 0, waits.output
    assert f"enghub upgrade rollout confirm {rollout_id}" in waits.output
    assert enghub(fleet, "rollout", "abort", rollout_id).exit_code == 0
    assert enghub(fleet, "rollout", "status", rollout_id).exit_code == 1
    assert enghub(fleet, "rollout", "pause", rollout_id).exit_code == 2


def test_a_tag_without_a_value_is_refused_in_one_line(fleet: Fleet) -> None:
    refused = enghub(fleet, "rollout", "start", "Europe", "--to", "2.16.5", "--tag", "eu")
    assert (refused.exit_code, refused.output.strip()) == (2, "enghub: --tag eu: write name=value")
