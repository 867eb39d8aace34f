"""Alerts as monitoring systems send them become incidents (OPS-11); golive-field GF12, GF13."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories import alert_costs, stored
from tests.functional.golive.conftest import BASE, Golive, integrated

HOOK, PROMETHEUS, EVENTS, OPSGENIE = f"{BASE}/intake/alertmanager", "/api/v2/alerts", "/v2/enqueue", "/v2/alerts"

LATER = "2026-11-28T10:02:00Z"


def an_alert(
    name: str, status: str = "firing", severity: str = "critical", start: str = "2026-11-28T09:59:00Z"
) -> dict[str, Any]:
    labels = {"alertname": name, "severity": severity}
    ends = "2026-11-28T10:30:00Z" if status == "resolved" else "0001-01-01T00:00:00Z"
    return {
        "status": status,
        "labels": labels,
        "annotations": {"summary": f"{name} is down"},
        "startsAt": start,
        "endsAt": ends,
    }


def hook(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": "4", "groupKey": "g", "status": "firing", "receiver": "r", "alerts": list(alerts), **more}


def incidents(golive: Golive) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = golive.data("GET", "/incidents")["items"]
    return found


def test_a_group_is_one_incident_and_ends_with_its_last_alert(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER")
    body = hook(an_alert("a"), an_alert("b"), truncatedAlerts=3)
    for _ in range(2):
        assert staffed.post(HOOK, body, key)[0] == 200
    (one,) = incidents(staffed)
    assert (one["state"], one["severity"], one["declaredBy"]) == ("OPEN", "P1", "alertmanager")
    assert staffed.pages() == [["ana"]]
    staffed.now += timedelta(minutes=10)
    staffed.post(HOOK, hook(an_alert("a", "resolved"), an_alert("b")), key)
    assert incidents(staffed)[0]["state"] == "OPEN"
    staffed.post(HOOK, hook(an_alert("b", "resolved")), key)
    assert incidents(staffed)[0]["state"] == "RESOLVED"
    assert staffed.due(f"incident/{one['incidentId']}", "incident_escalate") is None


def test_a_resolved_incident_swallows_no_new_alert_but_a_repeat_opens_none(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER")
    staffed.post(HOOK, hook(an_alert("a")), key)
    incident = incidents(staffed)[0]["incidentId"]
    staffed.now += timedelta(minutes=1)
    staffed.data("POST", f"/incidents/{incident}/resolve", {"text": "people said so"})
    staffed.now += timedelta(minutes=1)
    staffed.post(HOOK, hook(an_alert("a")), key)
    assert len(incidents(staffed)) == 1, "the same firing, sent again"
    staffed.post(HOOK, hook(an_alert("a"), an_alert("c")), key)
    assert [one["state"] for one in incidents(staffed)] == ["OPEN", "RESOLVED"]


def test_a_firing_whose_end_came_first_opens_nothing_and_a_new_one_does(staffed: Golive) -> None:
    """GF13: nothing would ever end what a message opened that was on its way for too long."""
    key = integrated(staffed, "ALERTMANAGER")
    staffed.post(HOOK, hook(an_alert("a", "resolved")), key)
    staffed.post(HOOK, hook(an_alert("a")), key)
    assert (incidents(staffed), staffed.pages()) == ([], [])
    staffed.post(HOOK, hook(an_alert("a", start=LATER)), key)
    assert [one["state"] for one in incidents(staffed)] == ["OPEN"]


def test_a_reopened_incident_has_its_alerts_again(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER")
    staffed.post(HOOK, hook(an_alert("a")), key)
    incident = incidents(staffed)[0]["incidentId"]
    staffed.now += timedelta(minutes=1)
    staffed.data("POST", f"/incidents/{incident}/resolve", {"text": "people said so"})
    staffed.data("POST", f"/incidents/{incident}/reopen", {"text": "it is not over"})
    staffed.now += timedelta(minutes=1)
    staffed.post(HOOK, hook(an_alert("b", start=LATER)), key)
    assert [one["incidentId"] for one in incidents(staffed)] == [incident]
    staffed.post(HOOK, hook(an_alert("a", "resolved"), an_alert("b", "resolved", start=LATER)), key)
    assert [one["state"] for one in incidents(staffed)] == ["RESOLVED"]


def test_a_reopened_incident_leaves_the_alerts_to_the_one_that_took_them_meanwhile(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER")
    staffed.post(HOOK, hook(an_alert("a")), key)
    first = incidents(staffed)[0]["incidentId"]
    staffed.now += timedelta(minutes=1)
    staffed.data("POST", f"/incidents/{first}/resolve", {"text": "people said so"})
    staffed.now += timedelta(minutes=1)
    staffed.post(HOOK, hook(an_alert("b", start=LATER)), key)
    staffed.data("POST", f"/incidents/{first}/reopen", {"text": "it is not over"})
    staffed.post(HOOK, hook(an_alert("a", "resolved"), an_alert("b", "resolved", start=LATER)), key)
    states = {one["incidentId"] == first: one["state"] for one in incidents(staffed)}
    assert states == {True: "OPEN", False: "RESOLVED"}


def test_a_worse_member_pages_again_a_like_one_does_not(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER", severities={"disaster": "P0"})
    staffed.post(HOOK, hook(an_alert("a", severity="warning")), key)
    staffed.post(HOOK, hook(an_alert("b", severity="warning")), key)
    assert staffed.pages() == [["ana"]]
    staffed.post(HOOK, hook(an_alert("c", severity="disaster")), key)
    assert sorted(staffed.pages()[1]) == ["ana", "bo", "cy", "lead"]
    (one,) = incidents(staffed)
    assert one["severity"] == "P0"


def test_a_silence_ends_by_itself_and_what_fires_then_pages(staffed: Golive) -> None:
    """GF12: fires 10:50 in a silence until 11:00, and is not told of again."""
    key = integrated(staffed, "ALERTMANAGER")
    silence = {"labels": {"alertname": "a"}, "start": "2026-11-28T10:00:00Z", "end": "2026-11-28T11:00:00Z"}
    staffed.data("PUT", "/silences/maintenance", silence)
    staffed.now = datetime(2026, 11, 28, 10, 50, tzinfo=UTC)
    staffed.post(HOOK, hook(an_alert("a")), key)
    (one,) = incidents(staffed)
    assert staffed.pages() == []
    assert one["quietUntil"].startswith("2026-11-28T11:00:00")
    staffed.wake(f"incident/{one['incidentId']}", "incident_escalate")
    assert staffed.now == datetime(2026, 11, 28, 11, tzinfo=UTC)
    assert staffed.pages() == [["ana"]]


def test_prometheus_pagerduty_and_opsgenie_are_answered_in_their_own_words(staffed: Golive) -> None:
    prometheus, pagerduty, opsgenie = (integrated(staffed, name) for name in ("PROMETHEUS", "PAGERDUTY", "OPSGENIE"))
    one = {**an_alert("p"), "endsAt": "2026-11-28T10:04:00Z"}
    assert staffed.post(PROMETHEUS, [one], prometheus)[0] == 200
    event = {
        "routing_key": pagerduty,
        "event_action": "trigger",
        "dedup_key": "db",
        "payload": {"summary": "s", "source": "h", "severity": "critical"},
    }
    assert staffed.post(EVENTS, event) == (202, {"status": "success", "message": "Event processed", "dedup_key": "db"})
    staffed.post(EVENTS, {"routing_key": pagerduty, "event_action": "acknowledge", "dedup_key": "db"})
    status, said = staffed.post(OPSGENIE, {"message": "m", "alias": "x", "priority": "P2"}, opsgenie, "GenieKey")
    assert (status, said["result"]) == (202, "Request will be processed")
    (found,) = incidents(staffed)
    assert found["state"] == "ACKNOWLEDGED", "one service, one incident"
    for path, body, key, scheme in (
        (PROMETHEUS, [{**one, "endsAt": "2026-11-28T09:59:30Z"}], prometheus, "Bearer"),
        (EVENTS, {"routing_key": pagerduty, "event_action": "resolve", "dedup_key": "db"}, "", ""),
    ):
        assert staffed.post(path, body, key, scheme)[0] in {200, 202}
        assert incidents(staffed)[0]["state"] == "ACKNOWLEDGED"
    assert staffed.post(f"{OPSGENIE}/x/close", {}, opsgenie, "GenieKey", query={"identifierType": "alias"})[0] == 202
    assert incidents(staffed)[0]["state"] == "RESOLVED"


def test_a_key_fixes_tenant_protocol_and_ends_when_revoked(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER")
    assert staffed.post(HOOK, hook(an_alert("a")), "x" + key[1:])[0] == 401
    assert staffed.post(HOOK, hook(an_alert("a")))[0] == 401
    assert staffed.post(PROMETHEUS, [an_alert("a")], key)[0] == 401
    assert staffed.post(EVENTS, {"routing_key": key, "event_action": "trigger"})[0] == 400
    (kept,) = staffed.data("GET", "/keys")["items"]
    assert key not in str(stored.items("ACCESS_KEY"))
    staffed.data("DELETE", f"/keys/{kept['keyHash']}", query={"minutes": "10"})
    assert staffed.post(HOOK, hook(an_alert("a")), key)[0] == 200
    staffed.now += timedelta(minutes=10)
    assert staffed.post(HOOK, hook(an_alert("b")), key)[0] == 401


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (HOOK, hook({**an_alert("a"), "labels": {}}), 400),
        (HOOK, "{", 400),
        (HOOK, {"alerts": "x" * (5 * 1024 * 1024)}, 413),
        (OPSGENIE, {"message": "m", "alias": "x" * 513}, 422),
    ],
)
def test_bad_alerts_write_nothing(staffed: Golive, path: str, body: Any, status: int) -> None:
    protocol = "OPSGENIE" if path == OPSGENIE else "ALERTMANAGER"
    key = integrated(staffed, protocol)
    found, said = staffed.post(path, body, key, "GenieKey" if path == OPSGENIE else "Bearer")
    assert (found, bool(said)) == (status, True)
    assert stored.items("ALERT") == []
    assert incidents(staffed) == []


def test_many_alerts_are_a_handful_of_incidents_at_a_constant_cost(staffed: Golive) -> None:
    """In posts of ten to five clusters; ``python -m bench.intake`` does 10,000 of them."""
    key = integrated(staffed, "ALERTMANAGER", groupBy=["cluster"])
    opened = alert_costs.cost_of(lambda body: staffed.post(HOOK, body, key)[0], 0, 10, 10)
    assert opened.calls < 60, "five incidents open"
    costs = [
        alert_costs.cost_of(lambda body: staffed.post(HOOK, body, key)[0], first, count, 10)
        for first, count in ((10, 10), (100, 30), (1000, 120))
    ]
    assert {
        (one.calls * 10 / count, one.write_units / count) for one, count in zip(costs, (10, 30, 120), strict=True)
    } == {(costs[0].calls, costs[0].write_units / 10)}, "an alert costs the same, however many there are already"
    assert costs[0].calls <= 10
    assert costs[0].write_units / 10 == 4, "the alert and the mark that it fires, in a transaction"
    assert len(incidents(staffed)) == 5
    assert len(stored.items("ALERT")) == 170, "none lost"
    assert len(staffed.pages()) == 5
    again = alert_costs.cost_of(lambda body: staffed.post(HOOK, body, key)[0], 0, 10, 10)
    assert again.write_units == 0, "sent again: read, not written"
