"""Releases and proposals from request to done, moved by people and by upgrades (OPS-24)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from enghub.core.events import Envelope
from tests.factories import stored
from tests.factories.go_lives import Installation
from tests.factories.http import Context, a_principal
from tests.factories.queues import failed

RIGHTS = ("golive:read", "golive:release:request", "golive:work")
DEV, OPS, OTHER = (a_principal(*RIGHTS, user=name) for name in ("dev", "ops", "otto"))
RELEASE = {"title": "ERP 3.1", "system": "eu", "version": "2.16.5", "reviewers": ["ops"]}


def requested(hub: Installation, **changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = hub.data("POST", "/releases", {**RELEASE, **changed}, caller=DEV)
    return found


def do(hub: Installation, release: dict[str, Any], what: str, caller: Any, **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = hub.data("POST", f"/releases/{release['releaseId']}/{what}", body, caller=caller)
    return found


def approved(hub: Installation, **changed: Any) -> dict[str, Any]:
    release = requested(hub, **changed)
    hub.later(seconds=1)
    return do(hub, release, "review", OPS, verdict="APPROVE", seen=release["seen"])


def told() -> list[tuple[str, str, list[str]]]:
    found = [one["data"] for one in stored.events("NoticeRequested")]
    return [(one["notice_type"].removeprefix("golive."), one["facts"]["state"], one["users"]) for one in found]


def upgrade(hub: Installation, name: str, event_id: str = "01KK6D3Q4P0A1B2C3D4E5F6G21", **changed: Any) -> list[str]:
    """Let the upgrade of the site say something."""
    about = {"site_id": "eu", "environment": "prod", "source_version": "2.16.4", "target_version": "2.16.5"}
    detail = json.loads(
        Envelope(
            event_id=event_id,
            event_type=name,
            timestamp=datetime(2026, 11, 28, tzinfo=UTC),
            tenant_id="acme",
            factory_id="",
            source_service="enghub.upgrade",
            data={**about, "problem": None, **changed},
        ).to_json()
    )
    body = {"detail-type": name, "source": "enghub.upgrade", "detail": detail}
    record = {"messageId": "m", "body": json.dumps(body), "attributes": {"ApproximateReceiveCount": "1"}}
    return failed(hub.handler("follow_upgrades")({"Records": [record]}, Context()))


def state(hub: Installation, release: dict[str, Any]) -> str:
    return str(hub.data("GET", f"/releases/{release['releaseId']}")["state"])


def test_a_release_is_requested_reviewed_deployed_verified_and_done(hub: Installation) -> None:
    release = approved(hub)
    assert (release["state"], release["reviewedBy"], release["verifiers"]) == ("APPROVED", ["ops"], ["dev"])
    hub.later(minutes=1)
    assert do(hub, release, "start", OPS)["state"] == "STARTED"
    hub.later(minutes=1)
    assert do(hub, release, "finish", OPS, passed=True)["state"] == "CARRIED_OUT"
    hub.later(minutes=1)
    assert do(hub, release, "verify", DEV, passed=True, comment="looks right")["state"] == "DONE"
    assert do(hub, release, "verify", DEV, passed=True, comment="looks right")["state"] == "DONE", "again: nothing"
    assert told() == [
        ("release_waits", "REQUESTED", ["ops"]),
        ("release_waits", "CARRIED_OUT", ["dev"]),
        ("release_ended", "DONE", ["dev"]),
    ]
    actions = [one["data"]["action"] for one in stored.events("ReleaseChanged")]
    assert actions == ["requested", "reviewed", "started", "carried_out", "verified"]


def test_nobody_reviews_their_own_or_what_they_have_not_seen(hub: Installation) -> None:
    release = requested(hub, reviewers=["ops", "dev"])
    path = f"/releases/{release['releaseId']}/review"
    vote = {"verdict": "APPROVE", "seen": release["seen"]}
    assert hub.refused("POST", path, vote, caller=DEV)[0] == 403
    assert hub.refused("POST", path, vote, caller=OTHER)[0] == 403
    assert hub.refused("POST", path, {**vote, "seen": "0" * 64}, caller=OPS)[1]["error"] == "SEEN_ANOTHER"
    assert hub.refused("POST", path, {**vote, "verdict": "REJECT"}, caller=OPS)[0] == 400, "why?"
    refused = do(hub, release, "review", OPS, verdict="REJECT", seen=release["seen"], comment="Friday night")
    assert (refused["state"], refused["comment"]) == ("REFUSED", "Friday night")
    assert hub.refused("POST", f"/releases/{release['releaseId']}/start", {}, caller=OPS)[0] == 409


def test_a_review_that_nobody_answers_in_time_is_a_refusal(hub: Installation) -> None:
    release = requested(hub, reviewHours=24)
    hub.later(hours=24)
    assert state(hub, release) == "REFUSED"
    vote = {"verdict": "APPROVE", "seen": release["seen"]}
    assert hub.refused("POST", f"/releases/{release['releaseId']}/review", vote, caller=OPS)[0] == 409


def test_whoever_carried_it_out_does_not_verify_it(hub: Installation) -> None:
    release = approved(hub, verifiers=["dev", "ops"])
    do(hub, release, "start", OPS)
    do(hub, release, "finish", OPS, passed=True)
    path = f"/releases/{release['releaseId']}/verify"
    for caller in (OPS, OTHER):
        assert hub.refused("POST", path, {"passed": True}, caller=caller)[1]["error"] == "OWN_WORK"
    failed_ = do(hub, release, "verify", DEV, passed=False, comment="totals are wrong")
    assert failed_["state"] == "FAILED"
    assert do(hub, release, "start", OPS)["state"] == "STARTED", "another attempt"


def test_an_improvement_is_proposed_by_operations_and_assessed_by_development(hub: Installation) -> None:
    body = {"kind": "IMPROVEMENT", "title": "an index on orders", "system": "erp"}
    made = hub.data("POST", "/releases", body, caller=OPS)
    assert (made["reviewRoles"], made["reviewers"], made["verifiers"]) == (["UPGRADE_ADMIN"], [], ["ops"])
    developer = replace(DEV, roles=("UPGRADE_ADMIN",))
    assert do(hub, made, "review", developer, verdict="APPROVE", seen=made["seen"])["state"] == "APPROVED"
    do(hub, made, "start", DEV)
    do(hub, made, "finish", DEV, passed=True)
    assert do(hub, made, "verify", OPS, passed=True)["state"] == "DONE"


def test_an_upgrade_of_the_system_to_the_version_moves_it(hub: Installation) -> None:
    release, other = approved(hub), approved(hub, version="2.16.6")
    waiting, elsewhere = requested(hub), approved(hub, environment="test")
    assert upgrade(hub, "UpgradeStarted") == []
    assert [state(hub, one) for one in (release, other, waiting, elsewhere)] == [
        *("STARTED", "APPROVED", "REQUESTED", "APPROVED")
    ]
    assert upgrade(hub, "UpgradeFailed", "01KK6D3Q4P0A1B2C3D4E5F6G22", problem="disk full") == []
    assert hub.data("GET", f"/releases/{release['releaseId']}")["comment"] == "disk full"
    assert upgrade(hub, "UpgradeStarted") == [], "an event that comes again changes nothing"
    assert state(hub, release) == "FAILED"
    assert upgrade(hub, "UpgradeStarted", "01KK6D3Q4P0A1B2C3D4E5F6G23") == []
    assert upgrade(hub, "UpgradeSucceeded", "01KK6D3Q4P0A1B2C3D4E5F6G24") == []
    found = hub.data("GET", f"/releases/{release['releaseId']}")
    assert (found["state"], found["upgradeOf"], found["carriedOutBy"]) == ("CARRIED_OUT", "eu", "system:upgrade")
    do(hub, release, "verify", DEV, passed=True)
    assert upgrade(hub, "UpgradeStarted", "01KK6D3Q4P0A1B2C3D4E5F6G25") == []
    assert state(hub, release) == "DONE", "what is over is moved no more"


def test_one_is_withdrawn_unless_it_is_being_carried_out(hub: Installation) -> None:
    release = approved(hub)
    assert do(hub, release, "withdraw", DEV, reason="not now")["state"] == "WITHDRAWN"
    hub.later(minutes=1)
    running = approved(hub)
    do(hub, running, "start", OPS)
    assert hub.refused("POST", f"/releases/{running['releaseId']}/withdraw", {"reason": "no!"}, caller=DEV)[0] == 409
    assert [one["releaseId"] for one in hub.data("GET", "/releases")["items"]] == [
        running["releaseId"],
        release["releaseId"],
    ]


@pytest.mark.parametrize("field", ["title", "system"])
def test_a_request_names_what_it_lacks(hub: Installation, field: str) -> None:
    body = {name: value for name, value in RELEASE.items() if name != field}
    assert hub.refused("POST", "/releases", body, caller=DEV)[1]["field"] == field
