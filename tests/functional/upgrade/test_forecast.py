"""The plan of one site knows what the others took (UPG-04)."""

from typing import Any

from tests.functional.upgrade.conftest import Upgrade
from tests.functional.upgrade.fleet import Fleet


def planned(hub: Upgrade, site_id: str) -> dict[str, Any]:
    body = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5", "siteId": site_id}
    status, answer = hub.send("plan_upgrade", "POST", "/api/v1/upgrade/plan", body)
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


def test_a_plan_forecasts_from_the_other_sites_of_the_same_kind(fleet_of: Fleet) -> None:
    hub = fleet_of.hub
    names = fleet_of.sites(4)
    hub.site("PG", dialect="postgresql")
    assert planned(hub, "S04")["forecast"] is None
    for name in names[:2]:
        hub.database = hub.database.with_name(f"{name}.db")
        assert hub.work(hub.started("2.16.5", siteId=name)) == "SUCCEEDED"
    found = planned(hub, "S04")
    assert found["forecast"]["sites"] == 2
    assert found["forecast"]["unknownSteps"] == []
    assert found["forecast"]["outageSeconds"] <= found["forecast"]["seconds"] <= found["forecast"]["slowestSeconds"]
    assert {step["elsewhere"]["sites"] for step in found["steps"]} == {2}
    assert planned(hub, "PG")["forecast"] is None, "another kind of database takes other times"
