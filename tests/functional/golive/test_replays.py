"""Who would have been paged, beside who was (OPS-22)."""

from datetime import timedelta
from typing import Any

import pytest

from enghub.golive.replays import wiring
from tests.functional.golive.conftest import STANDARD, STEP, Golive, always
from tests.functional.golive.test_incidents import declared

PERIOD = {"from": "2026-11-28T00:00:00Z", "to": "2026-11-29T00:00:00Z"}
FAST = {
    "name": "Fast",
    "steps": [{**STEP, "delayMinutes": 5}, {**STEP, "targets": [{"kind": "USER", "targetId": "cy"}]}],
}


def replay(golive: Golive, **proposed: Any) -> dict[str, Any]:
    return golive.data("POST", "/replays", {**PERIOD, **proposed})


def courses(answer: dict[str, Any]) -> list[tuple[list[Any], list[Any]]]:
    def of(pages: Any, opened: str) -> list[Any]:
        return [(page["at"][11:16], page["users"]) for page in pages]

    return [(of(one["happened"], ""), of(one["proposed"], "")) for one in answer["items"]]


@pytest.fixture
def night(staffed: Golive) -> Golive:
    """Opened 10:00, second line 10:15, acknowledged 10:20, over 10:30."""
    incident = declared(staffed)
    path = f"/incidents/{incident}"
    staffed.wake(f"incident/{incident}", "incident_escalate")
    staffed.now += timedelta(minutes=5)
    staffed.data("POST", f"{path}/acknowledge")
    staffed.now += timedelta(minutes=10)
    staffed.data("POST", f"{path}/resolve", {"text": "restarted"})
    staffed.now += timedelta(hours=1)
    return staffed


def test_the_same_policy_gives_what_happened(night: Golive) -> None:
    answer = replay(night, policy=STANDARD)
    (one,) = answer["items"]
    assert one["isSame"]
    assert courses(answer) == [([("10:00", ["ana"]), ("10:15", ["bo"])],) * 2]


def test_another_policy_is_held_beside_what_happened(night: Golive) -> None:
    answer = replay(night, policy=FAST)
    proposed = courses(answer)[0][1]
    assert proposed == [("10:00", ["ana"]), ("10:05", ["cy"])], "10:20 is the acknowledgement: no third page"
    assert answer["people"] == [
        {"user": "ana", "happened": 1, "proposed": 1},
        {"user": "bo", "happened": 1, "proposed": 0},
        {"user": "cy", "happened": 0, "proposed": 1},
    ]
    assert not answer["items"][0]["isSame"]


def test_another_rota_counts_as_if_it_had_been_in_force(night: Golive) -> None:
    rota = {"scheduleId": "ops", "name": "Ops", "zone": "UTC", "levels": [always("dee"), always("bo")]}
    assert courses(replay(night, schedules=[rota]))[0][1] == [("10:00", ["dee"]), ("10:15", ["bo"])]
    levels = night.data("GET", "/schedules/ops/on-call")["levels"]
    assert [one["users"] for one in levels] == [["ana"], ["bo"], ["cy"]], "a replay stores nothing"


def test_it_is_said_to_people_in_their_language(night: Golive) -> None:
    body = {**PERIOD, "policy": FAST}
    english = night.data("POST", "/replays", body)["text"].splitlines()
    assert english[0] == "1 incidents, 1 differ; pages: ana 1 -> 1, bo 1 -> 0, cy 0 -> 1"
    assert english[1].endswith("ana after 0 min, bo after 15 min -> ana after 0 min, cy after 5 min")
    chinese = night.data("POST", "/replays", body, headers={"Accept-Language": "zh"})["text"]
    assert "0 分钟后呼叫 ana, 5 分钟后呼叫 cy" in chinese


def test_what_one_answer_cannot_hold_comes_with_its_cursor(staffed: Golive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "MOST", 2)
    made = []
    for _ in range(5):
        made.append(declared(staffed))
        staffed.now += timedelta(minutes=1)
    seen: list[str] = []
    proposed: dict[str, Any] = {"policy": FAST}
    while True:
        answer = replay(staffed, **proposed)
        seen += [one["incidentId"] for one in answer["items"]]
        assert answer["isCut"] == (answer["cursor"] is not None)
        assert answer["text"].endswith("with the cursor of this answer") == answer["isCut"]
        if answer["cursor"] is None:
            break
        proposed["cursor"] = answer["cursor"]
    assert seen == made
    other = {**PERIOD, "policy": FAST, "cursor": "bm90aGluZw=="}
    status, details = staffed.refused("POST", "/replays", other)
    assert (status, details["field"]) == (400, "cursor")


def test_nobody_answering_is_seen_and_every_severity_pages_anew(staffed: Golive) -> None:
    incident = declared(staffed, severity="P2")
    staffed.now += timedelta(minutes=1)
    staffed.data("POST", f"/incidents/{incident}/severity", {"severity": "P0"})
    staffed.now += timedelta(days=1)
    (one,) = replay(staffed, policy={**FAST, "repeat": 0, "fallback": ["lead"]})["items"]
    assert [page["users"] for page in one["proposed"]] == [["ana"], ["ana", "cy", "lead"]]
    assert (one["proposedUnanswered"], one["happenedUnanswered"]) == (True, False)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (PERIOD, "policy"),
        ({**PERIOD, "to": "2027-11-29T00:00:00Z", "policy": FAST}, "to"),
        ({**PERIOD, "policy": {**FAST, "steps": []}}, "policy.steps"),
    ],
)
def test_what_cannot_be_replayed_is_refused_by_its_field(staffed: Golive, body: Any, field: str) -> None:
    status, details = staffed.refused("POST", "/replays", body)
    assert (status, details["field"]) == (400, field)
