"""Production takes what succeeded in test, by its checksum, or a named person's word (UPG-23)."""

import pytest

from enghub.upgrade.promotion.errors import NotProven
from enghub.upgrade.promotion.model import Waiver, promoted
from tests.factories.http import Context, a_principal, a_request
from tests.factories.upgrade import baseline
from tests.functional.upgrade.conftest import Upgrade
from tests.functional.upgrade.fleet import WORKS, Fleet

REASON = "agreed with the plant's manager, hot fix for the press"


@pytest.mark.parametrize("environment", ["prod", "PROD", "Production"])
def test_production_wants_proof_of_every_version(environment: str) -> None:
    sums = {"1.0.1": "a", "1.0.2": "b"}
    assert promoted(environment, sums, {"a", "b"}, None, "ada") is None
    with pytest.raises(NotProven, match=r"1\.0\.2"):
        promoted(environment, sums, {"a"}, None, "ada")
    assert promoted(environment, sums, {"a"}, REASON, "ada") == Waiver("ada", REASON, ("1.0.2",))


@pytest.mark.parametrize("environment", ["test", "dev", "staging"])
def test_elsewhere_nothing_is_asked(environment: str) -> None:
    assert promoted(environment, {"1.0.1": "a"}, (), None, "ada") is None


def _package(hub: Upgrade, script: str = "SELECT 1") -> None:
    hub.upload(baseline(upgrade_steps={"startup_pre_process": [WORKS]}), {"s.sql": script})


def test_what_succeeded_in_test_is_promoted_and_what_changed_since_is_not(upgrade: Upgrade) -> None:
    _package(upgrade)
    upgrade.site("T1")
    upgrade.site("EU")
    status, answer = upgrade.execute("2.16.5", body={"environment": "prod"})
    assert status == 422
    assert "2.16.5 did not" in answer["message"]
    tested = upgrade.started("2.16.5", siteId="T1")
    assert upgrade.work(tested) == "SUCCEEDED"
    _package(upgrade, "SELECT 2")
    assert upgrade.execute("2.16.5", body={"environment": "prod"})[0] == 422, "another checksum"
    _package(upgrade)
    promoted_id = upgrade.started("2.16.5", environment="prod")
    assert upgrade.report(promoted_id)["promotionWaiver"] is None


def test_a_waiver_stands_in_the_report_with_its_name(upgrade: Upgrade) -> None:
    _package(upgrade)
    upgrade.site("EU")
    execution_id = upgrade.started("2.16.5", environment="prod", promotionWaiver=REASON)
    waiver = upgrade.report(execution_id)["promotionWaiver"]
    assert waiver == {"userId": "emp-001", "reason": REASON, "versions": ["2.16.5"]}


def test_a_rollout_to_production_leaves_out_what_was_not_proven_and_says_why(fleet_of: Fleet) -> None:
    fleet_of.start(siteIds=fleet_of.sites(2), environment="prod", maxFailureRate=1)
    fleet_of.drive()
    for row in fleet_of.seen["siteProgress"]:
        assert row["status"] == "FAILED"
        assert "takes only what succeeded in test" in row["reason"]


def test_the_page_names_who_accepted_what(upgrade: Upgrade) -> None:
    _package(upgrade)
    upgrade.site("EU")
    execution_id = upgrade.started("2.16.5", environment="prod", promotionWaiver="<b>agreed</b> with the plant")
    path, reader = f"/api/v1/upgrade/report/{execution_id}", a_principal("upgrade:read")
    event = a_request("GET", path, query={"format": "html"}, caller=reader)
    page = upgrade.handler("read_report")(event, Context())["body"]
    assert "Not proven in test" in page
    assert "emp-001" in page
    assert "&lt;b&gt;agreed&lt;/b&gt; with the plant" in page
