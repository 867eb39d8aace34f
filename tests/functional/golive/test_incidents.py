"""Incidents through the API: paged, escalated on time, acknowledged, resolved (OPS-10, OPS-12); GF7, GF8."""

import json
from datetime import UTC, datetime, timedelta

from enghub.golive.incidents import dynamo
from enghub.golive.incidents.model import broken_at
from tests.factories import stored
from tests.factories.http import Context, a_principal
from tests.factories.queues import a_batch, failed
from tests.functional.golive.conftest import RIGHTS, STANDARD, Golive

DOWN = {"serviceId": "erp", "title": "Orders cannot be posted", "severity": "P1"}
NIGHT = datetime(2027, 10, 31, 0, 50, tzinfo=UTC)
"""02:50 in Berlin, ten minutes before clocks go back."""


def declared(golive: Golive, **more: object) -> str:
    found: str = golive.data("POST", "/incidents", {**DOWN, **more})["incidentId"]
    return found


def escalated(golive: Golive, incident: str, times: int = 1) -> list[str]:
    return golive.wake(f"incident/{incident}", "incident_escalate", times)


def test_an_unacknowledged_p1_goes_up_level_by_level_on_time(staffed: Golive) -> None:
    staffed.now = NIGHT
    incident = declared(staffed)
    assert staffed.pages() == [["ana"]]
    assert staffed.due(f"incident/{incident}", "incident_escalate") == NIGHT + timedelta(minutes=15)
    assert escalated(staffed, incident, times=2) == [], "delivered twice"
    assert staffed.pages() == [["ana"], ["bo"]]
    staffed.now += timedelta(seconds=3)
    assert staffed.due(f"incident/{incident}", "incident_escalate") == NIGHT + timedelta(minutes=30)
    escalated(staffed, incident)
    escalated(staffed, incident)
    assert staffed.pages() == [["ana"], ["bo"], ["cy"]]
    told = [one["data"]["notice_type"] for one in stored.events("NoticeRequested")]
    assert told.count("golive.escalation_exhausted") == 1


def test_who_acknowledges_in_time_stops_it(staffed: Golive) -> None:
    incident = declared(staffed)
    staffed.now += timedelta(minutes=14, seconds=59)
    found = staffed.data("POST", f"/incidents/{incident}/acknowledge")
    assert (found["state"], found["acknowledgedBy"]) == ("ACKNOWLEDGED", "lead")
    assert staffed.due(f"incident/{incident}", "incident_escalate") is None
    respond = next(clock for clock in found["clocks"] if clock["name"] == "respond")
    assert respond["metAt"] is not None
    assert staffed.due(f"incident/{incident}/respond", "incident_clock") is None
    staffed.data("POST", f"/incidents/{incident}/acknowledge")
    assert len(stored.events("IncidentChanged")) == 2, "again changes nothing"


def test_p0_pages_everybody_at_once_and_opens_its_clocks(staffed: Golive) -> None:
    incident = declared(staffed, severity=None, facts={"isDown": True})
    assert sorted(staffed.pages()[0]) == ["ana", "bo", "cy", "lead"]
    found = staffed.data("GET", f"/incidents/{incident}")
    assert (found["severity"], {clock["name"] for clock in found["clocks"]}) == (
        "P0",
        {"respond", "meeting", "update", "resolve"},
    )
    staffed.wake(f"incident/{incident}/meeting", "incident_clock")
    staffed.data("POST", f"/incidents/{incident}/steps/meeting", {"text": "all there"})
    clocks = {clock["name"]: clock for clock in staffed.data("GET", f"/incidents/{incident}")["clocks"]}
    assert clocks["meeting"]["breachedAt"] is not None
    told = [one["data"] for one in stored.events("NoticeRequested") if one["data"]["notice_type"] == "golive.breach"]
    assert [one["facts"]["clock"] for one in told] == ["meeting"]


def test_an_update_moves_the_next_one(staffed: Golive) -> None:
    incident = declared(staffed, severity="P0")
    staffed.now += timedelta(minutes=10)
    staffed.data("POST", f"/incidents/{incident}/updates", {"text": "we look"})
    assert staffed.due(f"incident/{incident}/update", "incident_clock") == staffed.now + timedelta(minutes=15)


def test_reopening_continues_the_clock(staffed: Golive) -> None:
    """GF11 d: 4 h from 13:00, over 14:00 to 16:00: breach at 19:00, not 17:00."""
    staffed.now = datetime(2026, 12, 1, 13, tzinfo=UTC)
    incident = declared(staffed)
    staffed.now += timedelta(hours=1)
    staffed.data("POST", f"/incidents/{incident}/resolve", {"text": "restarted"})
    assert staffed.due(f"incident/{incident}/resolve", "incident_clock") is None
    staffed.now += timedelta(hours=2)
    found = staffed.data("POST", f"/incidents/{incident}/reopen", {"text": "again"})
    assert staffed.due(f"incident/{incident}/resolve", "incident_clock") == datetime(2026, 12, 1, 19, tzinfo=UTC)
    assert len(found["periods"]) == 2
    assert staffed.pages() == [["ana"], ["ana"]]


def test_the_policy_is_frozen_at_opening(staffed: Golive) -> None:
    incident = declared(staffed)
    other = {"name": "Other", "steps": [{"targets": [{"kind": "USER", "targetId": "lead"}]}], "version": 1}
    staffed.data("PUT", "/policies/standard", other)
    escalated(staffed, incident)
    assert staffed.pages() == [["ana"], ["bo"]]


def test_a_page_is_acknowledged_by_its_link_once(staffed: Golive) -> None:
    incident = declared(staffed)
    data = {
        "notice_id": "n",
        "notice_type": "golive.page",
        "subject": f"incident/{incident}",
        "asked_by": "golive",
        "by": "ana",
        "at": "2026-11-28T10:00:00Z",
    }
    event = {
        "event_id": "e1",
        "event_type": "NoticeAcknowledged",
        "timestamp": "2026-11-28T10:00:00.000000Z",
        "tenant_id": "acme",
        "factory_id": "",
        "source_service": "enghub.notices",
        "data": data,
        "version": "1.0",
    }
    for _ in range(2):
        assert failed(staffed.handler("note_acknowledged")(a_batch(event), Context())) == []
    found = staffed.data("GET", f"/incidents/{incident}")
    assert (found["state"], found["acknowledgedBy"]) == ("ACKNOWLEDGED", "ana")


def test_a_worse_severity_pages_anew(staffed: Golive) -> None:
    incident = declared(staffed, severity="P2")
    staffed.data("POST", f"/incidents/{incident}/acknowledge")
    found = staffed.data("POST", f"/incidents/{incident}/severity", {"severity": "P0"})
    assert (found["state"], found["severity"]) == ("OPEN", "P0")
    assert sorted(staffed.pages()[-1]) == ["ana", "bo", "cy", "lead"]


def test_a_nights_incident_becomes_a_draft_with_proof(staffed: Golive) -> None:
    incident = declared(staffed, impact="line L1 stopped")
    staffed.now += timedelta(minutes=4)
    staffed.data("POST", f"/incidents/{incident}/acknowledge", caller=a_principal(*RIGHTS, user="ana"))
    staffed.data("PUT", f"/incidents/{incident}/roles/COMMANDER", {"user": "bo"})
    staffed.data("POST", f"/incidents/{incident}/notes", {"text": "disk full"})
    staffed.data("POST", f"/incidents/{incident}/mitigate", {"text": "space made"})
    staffed.now += timedelta(minutes=26)
    staffed.data("POST", f"/incidents/{incident}/resolve", {"text": "done"})
    staffed.data("POST", f"/incidents/{incident}/close", {"text": "log rotation was off"})
    promised = {"title": "rotate the logs", "owner": "bo", "dueAt": "2026-12-15T00:00:00Z"}
    staffed.data("POST", "/actions", {**promised, "about": f"incident/{incident}"})
    staffed.data("POST", "/actions", {**promised, "about": "incident/another"})
    draft = staffed.data("GET", f"/incidents/{incident}/post-mortem")
    assert [(one["title"], one["owner"], one["state"]) for one in draft["actions"]] == [
        ("rotate the logs", "bo", "OPEN")
    ]
    assert (draft["minutesBroken"], draft["minutesToAcknowledge"], draft["impact"]) == (30, 4, "line L1 stopped")
    entries = dynamo.whole_timeline("acme", incident)
    assert broken_at(entries) is None
    assert [one["hash"] for one in draft["moments"]] == [one.hash for one in entries]
    page = staffed.data("GET", f"/incidents/{incident}/timeline", query={"pageSize": "2"})
    assert [one["kind"] for one in page["items"]] == ["opened", "paged"]
    figures = staffed.data("GET", "/incident-statistics")
    assert (figures["mttaSeconds"], figures["mttrSeconds"]) == (240, 1800)
    assert staffed.refused("POST", f"/incidents/{incident}/reopen", {"text": "x"})[0] == 409


def test_the_same_declaration_again_opens_nothing_more(staffed: Golive) -> None:
    headers = {"Idempotency-Key": "night-of-the-28th"}
    made = [staffed.data("POST", "/incidents", DOWN, headers=headers)["incidentId"] for _ in range(2)]
    assert made[0] == made[1]
    assert len(stored.items("INCIDENT")) == 1


def test_a_page_says_what_to_type_next(staffed: Golive) -> None:
    declared(staffed, impact="line L1 stopped")
    (page,) = [one["data"] for one in stored.events("NoticeRequested") if one["data"]["notice_type"] == "golive.page"]
    assert page["facts"]["first_steps"] == "systemctl status erp"
    assert (page["facts"]["impact"], page["acknowledge"], page["severity"]) == ("line L1 stopped", True, "CRITICAL")
    assert json.dumps(page)


def test_an_acknowledgement_lapses_unless_somebody_says_something(staffed: Golive) -> None:
    staffed.data("PUT", "/policies/standard", {**STANDARD, "remindMinutes": 30, "version": 1})
    incident = declared(staffed)
    subject = f"incident/{incident}"
    first = staffed.data("POST", f"/incidents/{incident}/acknowledge")["acknowledgedAt"]
    staffed.now += timedelta(minutes=20)
    staffed.data("POST", f"/incidents/{incident}/notes", {"text": "still looking"})
    assert staffed.due(subject, "incident_escalate") == staffed.now + timedelta(minutes=30)
    assert escalated(staffed, incident, times=2) == []
    assert staffed.pages() == [["ana"], ["lead", "ana"]], "who acknowledged, and who is on call"
    found = staffed.data("GET", f"/incidents/{incident}")
    assert (found["state"], found["acknowledgedAt"]) == ("OPEN", first)
    escalated(staffed, incident)
    assert staffed.pages()[-1] == ["bo"], "then as ever"
    staffed.data("POST", f"/incidents/{incident}/acknowledge")
    staffed.data("POST", f"/incidents/{incident}/mitigate", {"text": "users are served"})
    assert staffed.due(subject, "incident_escalate") is None


def test_a_p0_opens_its_war_room_and_the_page_says_where(staffed: Golive) -> None:
    service = {"name": "ERP", "policyId": "standard", "warRoom": "https://meet.example.com/erp", "version": 1}
    staffed.data("PUT", "/services/erp", service)
    incident = declared(staffed)
    assert staffed.data("GET", f"/incidents/{incident}")["warRoom"] is None
    staffed.now += timedelta(minutes=1)
    found = staffed.data("POST", f"/incidents/{incident}/severity", {"severity": "P0"})
    assert found["warRoom"] == "https://meet.example.com/erp"
    (page,) = [
        one["data"]
        for one in stored.events("NoticeRequested")
        if one["data"]["notice_type"] == "golive.page" and len(one["data"]["users"]) > 1
    ]
    assert page["facts"]["war_room"] == "https://meet.example.com/erp"
    timeline = staffed.data("GET", f"/incidents/{incident}/timeline")["items"]
    (entry,) = [one["data"] for one in timeline if one["kind"] == "war_room"]
    assert entry["meet_by"].startswith("2026-11-28T10:06:00"), "five minutes after it became a P0"


def test_a_p1_is_diagnosed_in_half_an_hour(staffed: Golive) -> None:
    incident = declared(staffed)
    assert staffed.due(f"incident/{incident}/diagnosis", "incident_clock") == staffed.now + timedelta(minutes=30)
    staffed.now += timedelta(minutes=29)
    staffed.data("POST", f"/incidents/{incident}/steps/diagnosis", {"text": "the disk of the primary"})
    clocks = {one["name"]: one for one in staffed.data("GET", f"/incidents/{incident}")["clocks"]}
    assert (clocks["diagnosis"]["breachedAt"], clocks["workaround"]["metAt"]) == (None, None)
    assert staffed.due(f"incident/{incident}/diagnosis", "incident_clock") is None
