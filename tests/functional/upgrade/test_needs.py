"""A site that states less than a version needs is refused; the plan says what is enough (UPG-01, UPG-04)."""

import pytest

from tests.factories.upgrade import baseline
from tests.functional.upgrade.conftest import Upgrade


@pytest.mark.parametrize(
    ("resources", "verdict", "status"),
    [({"disk": "9GB"}, "not enough", 422), ({"disk": "10 GB"}, "enough", 202), ({}, "not stated", 202)],
)
def test_a_site_with_less_than_a_version_needs_is_refused_and_the_plan_says_so(
    upgrade: Upgrade, resources: dict[str, str], verdict: str, status: int
) -> None:
    needed = {"min_source_version": "2.16.4", "required_resources": {"disk": "10GB"}, "required_components": ["ft"]}
    upgrade.upload(baseline(dependencies=needed))
    upgrade.site(resources=resources)
    body = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5", "siteId": "EU"}
    plan = upgrade.send("plan_upgrade", "POST", "/api/v1/upgrade/plan", body)[1]["data"]
    wanted = {"version": "2.16.5", "name": "disk", "amount": "10GB", "there": resources.get("disk")}
    assert plan["requiredResources"] == [{**wanted, "verdict": verdict}]
    assert plan["requiredComponents"] == [{"version": "2.16.5", "name": "ft", "verdict": "not stated"}]
    answer = upgrade.execute("2.16.5")
    assert answer[0] == status, answer
    if status == 422:
        assert (answer[1]["details"]["error"], answer[1]["details"]["field"]) == (
            "RESOURCES_NOT_ENOUGH",
            "resources.disk",
        )
        assert "2.16.5: disk 9GB < 10GB" in answer[1]["message"]


def test_a_site_with_a_wrong_amount_is_refused_naming_the_field(upgrade: Upgrade) -> None:
    body = {"name": "EU", "dialect": "sqlite", "resources": {"memory": "2 cores"}}
    status, answer = upgrade.send("change_site", "PUT", "/api/v1/upgrade/sites/EU", body)
    assert (status, answer["details"]["error"]) == (400, "VALIDATION_ERROR")
    assert answer["details"]["field"] == "resources.memory"
