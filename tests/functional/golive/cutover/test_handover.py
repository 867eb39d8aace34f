"""A hand-over through the API: 32 items, two weeks, both sides (OPS-17)."""

from datetime import UTC, datetime, timedelta

import pytest

from enghub.golive.handover import wiring
from tests.factories import stored
from tests.factories.go_lives import Installation
from tests.factories.http import a_principal
from tests.functional.golive.cutover.test_aftercare import told, waits, wake

DORA = a_principal("golive:read", "golive:work", user="dora")
OMAR = a_principal("golive:read", "golive:work", user="omar")
PLAN = {"startsOn": "2026-12-14", "zone": "Asia/Shanghai", "development": ["dora"], "operations": ["omar", "olga"]}


@pytest.fixture
def path(hub: Installation, go_live: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TIMERS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/timers")
    wiring.handovers.cache_clear()
    hub.data("PUT", f"{go_live}/handover", PLAN)
    return f"{go_live}/handover"


def subject(path: str) -> str:
    return f"handover/{path.split('/')[2]}"


def test_the_lists_come_with_the_product(hub: Installation, path: str) -> None:
    found = hub.data("GET", path)
    assert (len(found["items"]), len(found["openItems"]), found["aloneOn"]) == (32, 32, "2026-12-28")
    assert {one["listId"] for one in found["items"]} == {
        *("documents", "manuals", "configuration", "tools", "access", "alarms")
    }
    assert hub.data("PUT", path, PLAN)["version"] == 1, "the same request again"
    assert hub.refused("PUT", path, {**PLAN, "startsOn": "2026-12-21"})[0] == 409, "it is there already"
    assert hub.refused("GET", "/go-lives/none/handover")[0] == 404
    both = hub.refused("PUT", path, {**PLAN, "operations": ["dora"], "version": 1})
    assert (both[0], both[1]["field"], both[1]["user"]) == (400, "operations", "dora")


def test_people_are_told_each_day_who_leads_and_what_is_missing(hub: Installation, path: str) -> None:
    assert waits(subject(path), "handover_review") == datetime(2026, 12, 13, 16, tzinfo=UTC)
    assert wake(hub, subject(path), "handover_review", times=2) == []
    assert wake(hub, subject(path), "handover_review", times=2) == []
    days = told("handover_day")
    assert [one["missing"] for one in days] == ["2026-12-14", "2026-12-14"]
    assert hub.data("GET", path)["leads"] == ["dora"]
    body = {"day": "2026-12-14", "text": "three questions", "problems": 3}
    assert hub.data("POST", f"{path}/reviews", body, caller=DORA)["missingReviews"] == []
    hub.later(days=9)
    wake(hub, subject(path), "handover_review")
    assert len(told("handover_day")) == 3, "what was missed is told once"
    found = hub.data("GET", path)
    assert (found["leads"], found["backup"]) == (["omar", "olga"], ["dora"])
    assert waits(subject(path), "handover_review") == datetime(2026, 12, 24, 9, tzinfo=UTC)


def test_from_the_first_item_to_acceptance(hub: Installation, path: str) -> None:
    handed = {"state": "HANDED", "where": "https://wiki.example.com/ops"}
    hub.data("POST", f"{path}/items/documents-1", handed, caller=DORA)
    assert [one["item"] for one in told("handover_item")] == ["documents-1"]
    assert hub.refused("POST", f"{path}/items/documents-1", {"state": "ACCEPTED"}, caller=DORA)[0] == 403
    for item in hub.data("GET", path)["openItems"]:
        hub.data("POST", f"{path}/items/{item}", handed, caller=DORA)
        hub.data("POST", f"{path}/items/{item}", {"state": "ACCEPTED"}, caller=OMAR)
    seen = hub.data("GET", path)["hash"]
    status, left = hub.refused("POST", f"{path}/sign-off", {"seen": seen}, caller=OMAR)
    assert (status, left["items"], left["reviews"]) == (422, 0, 10)
    hub.now = datetime(2026, 12, 28, 2, tzinfo=UTC)
    for number in range(12):
        day = datetime(2026, 12, 14, tzinfo=UTC) + timedelta(days=number)
        if day.weekday() < 5:
            found = hub.data("POST", f"{path}/reviews", {"day": f"{day:%Y-%m-%d}", "text": "calm"}, caller=DORA)
    hub.data("POST", f"{path}/sign-off", {"seen": found["hash"]}, caller=OMAR)
    done = hub.data("POST", f"{path}/sign-off", {"seen": found["hash"], "remarks": "well done"}, caller=DORA)
    assert done["acceptedAt"] is not None
    assert waits(subject(path), "handover_review") is None
    assert [one["data"]["items"] for one in stored.events("HandoverAccepted")] == [32]
    assert hub.refused("POST", f"{path}/items/tools-1", {"state": "OPEN"}, caller=OMAR)[0] == 409
