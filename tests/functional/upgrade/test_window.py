"""A step with hours of its own waits for them, and says so (source document, chapters 1.2 and 1.4)."""

from collections.abc import Callable
from datetime import timedelta

from enghub.core.clock import system_clock
from enghub.upgrade.phases import Stage
from tests.factories.upgrade import baseline, step
from tests.functional.upgrade.conftest import Upgrade
from tests.functional.upgrade.test_what_an_operator_sees import later

__all__ = ["later"]


def test_a_step_waits_for_its_hours_and_begins_in_them(upgrade: Upgrade, later: Callable[[timedelta], None]) -> None:
    opens = system_clock() + timedelta(hours=3)
    window = {"begin": f"{opens:%H:%M}", "end": f"{opens + timedelta(hours=1):%H:%M}"}
    first = step("enghub.SqlScripts", "first", sql_scripts=["a.sql"], window=window)
    upgrade.upload(baseline(upgrade_steps={"post_upgrade": [first]}), {"a.sql": "CREATE TABLE a (n INTEGER);"})
    upgrade.site()
    execution_id = upgrade.started("2.16.5")
    for _ in range(3):
        answer = upgrade.task("run_slice", executionId=execution_id, run=1, stage=Stage.POST_UPGRADE.value)
        assert (answer["outcome"], answer["waitSeconds"]) == ("more", 60)
    seen = upgrade.status(execution_id)
    assert seen["status"] == "RUNNING"
    assert f"Step 2.16.5/first waits for its hours, it begins at {opens:%Y-%m-%d %H:%M} UTC" in seen["summary"]
    lines = upgrade.send("read_upgrades", "GET", f"/api/v1/upgrade/log/{execution_id}")[1]["data"]["items"]
    assert len([line for line in lines if "waits for its hours" in line["message"]]) == 1
    later(timedelta(hours=3, minutes=1))
    assert upgrade.work(execution_id) == "SUCCEEDED"
    assert "waits" not in upgrade.status(execution_id)["summary"]
