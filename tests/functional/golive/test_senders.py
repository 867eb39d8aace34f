"""A sender that falls silent is told from alerts that are over (OPS-11)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.factories import alert_costs, stored
from tests.functional.golive.conftest import BASE, Golive, integrated
from tests.functional.golive.test_intake import HOOK, an_alert, hook, incidents

BEAT = f"{BASE}/intake/heartbeat"
TIMER = ("integration/alertmanager", "sender_silent")
WATCHED = {"heartbeat": {"minutes": 10, "severity": "P1", "labels": {"alertname": "Watchdog"}}}


def told(golive: Golive) -> list[str]:
    kinds = [one["data"]["notice_type"] for one in stored.events("NoticeRequested")]
    return [one.removeprefix("golive.sender_") for one in kinds if one.startswith("golive.sender_")]


def test_silence_is_an_incident_and_no_recovery(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER", **WATCHED)
    staffed.post(HOOK, hook(an_alert("a", severity="warning")), key)
    began = staffed.now
    staffed.wake(*TIMER)
    assert (staffed.now - began, len(incidents(staffed))) == (timedelta(minutes=11), 2)
    silent, firing = incidents(staffed)
    assert (silent["severity"], silent["declaredBy"]) == ("P1", "alertmanager")
    assert "10 min" in silent["title"]
    assert firing["state"] == "OPEN", "what fired before is not over because nobody says so"
    assert told(staffed) == ["silent"]
    pulse = staffed.data("GET", "/integrations/alertmanager/pulse")
    assert pulse["incidentId"] == silent["incidentId"]
    assert pulse["heardAt"].startswith("2026-11-28T10:00:00")


def test_it_ends_when_the_sender_speaks_again_by_whatever_it_says(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER", **WATCHED)
    staffed.wake(*TIMER)
    assert [one["state"] for one in incidents(staffed)] == ["OPEN"], "also one that was never heard of"
    staffed.now += timedelta(minutes=30)
    assert staffed.post(BEAT, {}, key)[0] == 200
    assert [one["state"] for one in incidents(staffed)] == ["RESOLVED"]
    assert told(staffed) == ["silent", "speaks"]
    assert staffed.due(*TIMER) == staffed.now + timedelta(minutes=11)
    staffed.wake(*TIMER)
    assert [one["state"] for one in incidents(staffed)] == ["OPEN", "RESOLVED"], "another silence is another incident"


def test_a_watchdog_is_a_sign_of_life_and_never_an_incident(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER", **WATCHED)
    for _ in range(5):
        staffed.now += timedelta(minutes=4)
        assert staffed.post(HOOK, hook(an_alert("Watchdog")), key)[0] == 200
    assert (incidents(staffed), stored.items("ALERT")) == ([], [])
    staffed.wake(*TIMER)
    assert incidents(staffed) == [], "it waits until ten minutes after the last sign"
    assert staffed.due(*TIMER) == staffed.now + timedelta(minutes=11)


def test_people_may_end_it_before_and_it_does_not_come_back_for_the_same_silence(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER", **WATCHED)
    staffed.wake(*TIMER, times=2)
    (one,) = incidents(staffed)
    staffed.data("POST", f"/incidents/{one['incidentId']}/resolve", {"text": "planned"})
    staffed.post(BEAT, {}, key)
    assert [one["state"] for one in incidents(staffed)] == ["RESOLVED"]


def test_signs_of_life_cost_a_read_and_rarely_a_write(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER", **WATCHED)
    with alert_costs.counted() as cost:
        for _ in range(20):
            staffed.now += timedelta(seconds=6)
            staffed.post(BEAT, {}, key)
    assert cost.write_units <= 6, "two minutes: a minute's granularity"


def test_without_a_heartbeat_nobody_waits(staffed: Golive) -> None:
    key = integrated(staffed, "ALERTMANAGER", **WATCHED)
    body = {"name": "am", "protocol": "ALERTMANAGER", "serviceId": "erp", "version": 1}
    staffed.data("PUT", "/integrations/alertmanager", body)
    assert staffed.due(*TIMER) is None
    assert staffed.post(BEAT, {}, key)[0] == 200
    assert staffed.data("GET", "/integrations/alertmanager/pulse")["heardAt"] is None
    assert staffed.post(BEAT, {}, "x" + key[1:])[0] == 401


@pytest.mark.parametrize("minutes", [0, 10_081, "5"])
def test_a_heartbeat_has_a_length(staffed: Golive, minutes: Any) -> None:
    body = {"name": "a", "protocol": "ALERTMANAGER", "serviceId": "erp", "heartbeat": {"minutes": minutes}}
    status, details = staffed.refused("PUT", "/integrations/a", body)
    assert (status, details["field"]) == (400, "heartbeat.minutes")
