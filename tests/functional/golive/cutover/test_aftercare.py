"""After a go-live: checks come by themselves, once, and end with their reason (OPS-09)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enghub.core.timers.dynamo import read
from enghub.core.timers.model import TimerState, Wake
from enghub.golive.actions import wiring as actions
from enghub.golive.aftercare import wiring
from tests.factories import stored
from tests.factories.go_lives import ENGINEER, Installation
from tests.factories.http import Context
from tests.factories.queues import failed
from tests.functional.golive.cutover.test_cutover import a_task
from tests.functional.golive.cutover.test_readiness import sign_off_all, small

DONE = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)


def wake(hub: Installation, subject: str, purpose: str, times: int = 1) -> list[str]:
    """Turn the clock to a timer's time and deliver its wake-up; return the messages that come again."""
    timer = read(Wake("acme", subject, purpose))
    assert timer is not None, f"no timer {subject} {purpose}"
    hub.now = max(hub.now, timer.due)
    record = {"messageId": "m", "body": timer.wake.to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
    answers = [hub.handler("wake_timers")({"Records": [record]}, Context()) for _ in range(times)]
    return [one for answer in answers for one in failed(answer)]


def waits(subject: str, purpose: str) -> datetime | None:
    timer = read(Wake("acme", subject, purpose))
    return timer.due if timer is not None and timer.state is TimerState.WAITING else None


def told(kind: str) -> list[dict[str, Any]]:
    found = [one["data"] for one in stored.events("NoticeRequested")]
    return [one["facts"] for one in found if one["notice_type"] == f"golive.{kind}"]


@pytest.fixture
def ended(hub: Installation, monkeypatch: pytest.MonkeyPatch) -> str:
    """A go-live whose cut-over has just ended well."""
    monkeypatch.setenv("TIMERS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/timers")
    wiring.aftercares.cache_clear()
    actions.actions.cache_clear()
    go_live = small(hub)
    sign_off_all(hub, go_live)
    seen = hub.data("GET", f"{go_live}/summary")["hash"]
    hub.data("POST", f"{go_live}/decision", {"answer": "GO", "seen": seen, "reason": "all is done"})
    hub.data("PUT", f"{go_live}/cutover-plan", {"tasks": [a_task("announce")]})
    run_cutover(hub, go_live)
    return go_live


def run_cutover(hub: Installation, go_live: str, **more: Any) -> None:
    run = hub.data("POST", f"{go_live}/cutover-runs", {"byClock": False, **more})["runId"]
    hub.execute(run)
    hub.data("POST", f"/cutover-runs/{run}/tasks/announce/end", {"passed": True}, caller=ENGINEER)


def subject(go_live: str) -> str:
    return f"aftercare/{go_live.rpartition('/')[2]}"


@pytest.fixture
def live(hub: Installation, ended: str) -> str:
    assert wake(hub, subject(ended), "aftercare_begin", times=2) == [], "delivered twice"
    return ended


def test_a_cutover_that_ends_well_begins_it_a_rehearsal_does_not(hub: Installation, ended: str) -> None:
    assert hub.refused("GET", f"{ended}/aftercare")[0] == 404
    assert waits(subject(ended), "aftercare_begin") == hub.now
    wake(hub, subject(ended), "aftercare_begin")
    found = hub.data("GET", f"{ended}/aftercare")
    assert (found["state"], len(found["checks"]), found["owners"]) == ("RUNNING", 31, ["lena"])
    assert [one["checkId"] for one in found["next"]] == ["day1-1", "day1-2", "day1-3", "day1-4"]
    assert hub.data("GET", ended)["state"] == "LIVE"
    other = small(hub)
    hub.data("PUT", f"{other}/cutover-plan", {"tasks": [a_task("announce")]})
    run_cutover(hub, other, rehearsal=True)
    assert waits(subject(other), "aftercare_begin") is None


def test_reports_are_asked_for_every_two_hours_once_each(hub: Installation, live: str) -> None:
    assert [one["count"] for one in told("aftercare_due")] == [4]
    for hour in (2, 4):
        assert waits(subject(live), "aftercare_check") == DONE + timedelta(hours=hour)
        assert wake(hub, subject(live), "aftercare_check", times=2) == []
        hub.later(seconds=2)
    due = [one["checks"].partition(":")[0] for one in told("aftercare_due")]
    assert due == ["day1-1", "day1-5-01", "day1-5-02"]
    assert [one["checks"].partition(":")[0] for one in told("aftercare_late")] == ["day1-5-01"]
    answer = {"passed": True, "result": "calm"}
    hub.data("POST", f"{live}/aftercare/checks/day1-5-02", answer, caller=ENGINEER)
    wake(hub, subject(live), "aftercare_check")
    assert len(told("aftercare_late")) == 1, "what was given in time is not late"


def test_a_wake_up_that_was_away_for_days_tells_once_what_was_missed(hub: Installation, live: str) -> None:
    hub.later(days=3)
    wake(hub, subject(live), "aftercare_check")
    late = told("aftercare_late")
    assert [one["count"] for one in late] == [17], "4 of the first day, 12 reports, 1 of the first week"
    assert waits(subject(live), "aftercare_check") == DONE + timedelta(days=4)


def test_it_is_cancelled_when_the_old_system_is_back(hub: Installation, live: str) -> None:
    found = hub.data("POST", f"{live}/aftercare/cancel", {"reason": "the old system is back"})
    assert (found["state"], found["next"], found["nextAt"]) == ("CANCELLED", [], None)
    assert waits(subject(live), "aftercare_check") is None
    assert hub.data("GET", live)["state"] == "PREPARING"
    assert hub.refused("POST", f"{live}/aftercare/checks/day1-1", {"passed": True, "result": "x"})[0] == 409
    assert [one["data"]["state"] for one in stored.events("AftercareEnded")] == ["CANCELLED"]


def test_it_is_cancelled_with_the_go_live(hub: Installation, live: str) -> None:
    hub.data("POST", f"{live}/cancel", {"reason": "given up"})
    assert wake(hub, subject(live), "aftercare_stop", times=2) == []
    assert hub.data("GET", f"{live}/aftercare")["reason"] == "given up"
    assert waits(subject(live), "aftercare_check") is None


def test_feedback_defects_and_satisfaction(hub: Installation, live: str) -> None:
    said = {"kind": "DEFECT", "area": "orders", "text": "cannot post", "isUrgent": True, "saidBy": "eve"}
    headers = {"Idempotency-Key": "call-17"}
    made = [hub.data("POST", f"{live}/feedback", said, headers=headers)["feedbackId"] for _ in range(2)]
    assert made[0] == made[1]
    assert [one["result"] for one in told("aftercare_failed")] == ["cannot post"]
    hub.later(seconds=1)
    hub.data("POST", f"{live}/feedback", {"kind": "QUESTION", "area": "stock", "text": "where is it"})
    moved = {"state": "IN_PROGRESS", "owner": "omar"}
    hub.data("POST", f"{live}/feedback/{made[0]}/progress", moved)
    refused = hub.refused("POST", f"{live}/feedback/{made[0]}/progress", {"state": "VERIFIED"})
    assert (refused[0], refused[1]["wanted"]) == (409, "VERIFIED")
    for user, score in (("eve", 2), ("eve", 5), ("fay", 3)):
        hub.data("POST", f"{live}/satisfaction", {"user": user, "score": score})
        hub.later(seconds=1)
    figures = hub.data("GET", f"{live}/aftercare/figures")
    assert (figures["defects"], figures["urgentOpen"]) == ({"IN_PROGRESS": 1}, 1)
    assert (figures["voters"], figures["meanScore"], figures["isSatisfied"]) == (2, 4.0, False)
    assert [one["area"] for one in hub.data("GET", f"{live}/feedback")["items"]] == ["stock", "orders"]


def test_the_final_review_needs_every_check_and_makes_actions(hub: Installation, live: str) -> None:
    promise = {"title": "tune the reports", "owner": "omar", "dueAt": "2027-02-01T00:00:00Z"}
    body = {"lessons": "rehearse twice", "retireOldSystem": True, "improvements": [promise]}
    left = hub.refused("POST", f"{live}/aftercare/review", body)
    assert (left[0], left[1]["count"]) == (422, 30)
    hub.later(days=30)
    for check in hub.data("GET", f"{live}/aftercare")["checks"]:
        if check["kind"] != "review":
            hub.data("POST", f"{live}/aftercare/checks/{check['checkId']}", {"passed": True, "result": "seen"})
    hub.data("POST", f"{live}/aftercare/review", body)
    found = hub.data("POST", f"{live}/aftercare/review", body)
    assert (found["state"], found["review"]["retireOldSystem"]) == ("DONE", True)
    assert hub.data("GET", live)["state"] == "DONE"
    (action,) = hub.data("GET", "/actions")["items"]
    assert (action["about"], action["owner"]) == (live[1:].replace("go-lives", "go-live"), "omar")
    assert wake(hub, f"action/{action['actionId']}", "action_overdue", times=2) == []
    assert [one["title"] for one in told("action_overdue")] == ["tune the reports"]
    end = {"state": "DONE", "note": "twice as fast"}
    assert hub.data("POST", f"/actions/{action['actionId']}/end", end)["endedBy"] == "lena"
    assert hub.refused("POST", f"/actions/{action['actionId']}/end", {"state": "DROPPED"})[0] == 409
    assert hub.data("GET", "/actions")["items"] == []
