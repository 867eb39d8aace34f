"""`enghub upgrade rehearse` as an operator uses it: 0 whole, 1 not, 2 refused; `plan` shows the times (UPG-09)."""

from pathlib import Path

import pytest

from enghub_cli.context import Cloud
from tests.e2e.upgrade.test_command import WANTED, enghub
from tests.workflows.upgrade.test_rehearse_upgrade import UP, Rehearsals
from tests.workflows.upgrade.test_rehearse_upgrade import WANTED as ASKED

pytestmark = pytest.mark.e2e


@pytest.fixture
def hub(cloud: Cloud, tmp_path: Path) -> Rehearsals:
    return Rehearsals(cloud, tmp_path / "site.db")


def test_an_operator_rehearses_follows_and_finds_the_times_in_the_plan(hub: Rehearsals) -> None:
    hub.ready(UP)
    assert "never rehearsed: enghub upgrade rehearse" in enghub(hub, "plan", *WANTED).output
    whole = enghub(hub, "rehearse", *WANTED, "--row-limit", "10", "--follow")
    assert whole.exit_code == 0, whole.output
    assert "It goes up, comes back as it was, and goes up again" in whole.output
    assert "Not copied: table items: only its first 10 rows were copied (rowLimit)" in whole.output
    planned = enghub(hub, "plan", *WANTED).output
    rehearsal_id = hub.call("POST", "/plan", ASKED)["rehearsal"]["rehearsalId"]
    assert f", whole ({rehearsal_id})" in planned
    shown = enghub(hub, "rehearsal", rehearsal_id)
    assert (shown.exit_code, "It goes up" in shown.output) == (0, True)
    assert "up 0." in planned
    unknown = enghub(hub, "rehearse", "--from", "2.16.4", "--to", "9.9.9", "--site", "EU")
    assert unknown.exit_code == 2, unknown.output
