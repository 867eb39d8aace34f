"""Quality feedback through its functions: counted by events, made at 02:00, told to the PLM once (PLM-16)."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from enghub.core import clock
from enghub.core.clock import from_text, system_clock
from enghub.core.timers.dynamo import read
from enghub.core.timers.model import Timer, Wake
from enghub.kit.outbound.calls import Answer
from enghub.kit.outbound.errors import OutboundFailed
from enghub.plm.connections.store import Connections
from enghub.plm.feedback.dynamo import DynamoFeedback
from enghub.plm.feedback.service import QualityFeedback
from enghub.plm.feedback.wiring import surroundings
from enghub.plm.gateways.feedback import CalledFeedback
from enghub.plm.gateways.plm_calls import PlmCalls
from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import a_notification, call, deliver, handler, process, queued
from tests.factories.stored import commands, events, items

PUBLISHED = Path(__file__).parents[3] / "events" / "published"
QUALITY = a_principal("feedback:read", "feedback:change", "plm_setup:change", "bom:change", user="quan")
BASE = "/api/v1/plm/feedback"
FUNCTIONS = ("count_quality_issues", "change_feedback", "read_feedback", "run_feedback", "push_feedback", "wake_timers")
NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)


class Plm:
    """The PLM's side behind the one way out; answers as told, then takes what it is told, by key."""

    def __init__(self) -> None:
        self.taken: dict[str, list[dict[str, Any]]] = {}
        self.answers: list[int | Exception] = []
        self.lost = 0
        self.calls = 0

    def request(self, _method: str, url: str, *, headers: Mapping[str, str], body: bytes, **_: Any) -> Answer:
        self.calls += 1
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return Answer(answer, {}, b"", 1)
        assert url.endswith("/improvements")
        self.taken[headers["Idempotency-Key"]] = json.loads(body)["requests"]
        if self.lost:
            self.lost -= 1
            raise OutboundFailed("ReadTimeout")
        return Answer(200, {}, b"", 1)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    now = [NOW]
    monkeypatch.setattr(clock, "_now", lambda _zone: now[0])
    return now


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch, time: list[datetime]) -> Plm:
    server = Plm()
    calls = PlmCalls(Connections.here(), server)  # type: ignore[arg-type]
    made = QualityFeedback(DynamoFeedback(), CalledFeedback(lambda: calls), surroundings(), system_clock)
    for name in FUNCTIONS:
        handler(name)
        monkeypatch.setattr(f"functions.plm.{name}.handler.feedback", lambda: made)
    assert time
    return server


def ask(method: str, path: str, body: Any = None, **options: Any) -> tuple[int, dict[str, Any]]:
    name = "read_feedback" if method == "GET" else "change_feedback"
    caller = options.pop("caller", QUALITY)
    return call(name, a_request(method, f"{BASE}/{path}", body, caller=caller, **options))


def tell(event_type: str, number: int, times: int = 2, **data: Any) -> None:
    event = json.loads((PUBLISHED / f"{event_type}.1.0.json").read_text("utf-8"))
    event = {**event, "event_id": f"01KK6D3Z1N8V6T3P2M1ZX{number:05d}", "data": {**event["data"], **data}}
    for _ in range(times):
        body = {"detail-type": event_type, "detail": event}
        assert handler("count_quality_issues")(queued(body), Context())["batchItemFailures"] == []


def defects(number: int, day: str, *causes: str, product: str = "CAR", pieces: int = 2, **more: Any) -> None:
    tell("DefectReported", number, product_id=product, shift_date=day, defect_types=causes, defect_qty=pieces, **more)


def five(cause: str = "DESIGN-GAP", product: str = "CAR", first: int = 0) -> None:
    for number in range(5):
        defects(first + number, f"2026-03-{20 + number}", cause, product=product)


def run(day: str) -> dict[str, Any]:
    assert ask("POST", "runs", {"day": day})[0] == 202
    return worked(day)


def worked(day: str) -> dict[str, Any]:
    """Let the commands be worked off, each twice."""
    for queue in ("run_feedback", "push_feedback"):
        for command in commands(queue):
            for _ in range(2):
                assert handler(queue)(queued(command), Context())["batchItemFailures"] == []
    found: dict[str, Any] = ask("GET", f"runs/{day}")[1]["data"]
    return found


def suggestions(**query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask("GET", "suggestions", query=query)[1]["data"]["items"]
    return found


def timer(subject: str, purpose: str) -> Timer:
    found = read(Wake("acme", subject, purpose))
    assert found is not None, f"{subject} {purpose} is not set"
    return found


def ring(wake: Wake, time: list[datetime], at: datetime) -> None:
    time[0] = at
    for _ in range(2):
        assert handler("wake_timers")(queued(json.loads(wake.to_json())), Context())["batchItemFailures"] == []


def test_five_design_issues_become_a_suggestion_with_its_evidence(remote: Plm) -> None:
    five()
    defects(9, "2026-03-25", "SCRATCH")
    found = run("2026-03-31")
    assert (found["products"], found["issues"], len(found["suggestions"]), found["plmSync"]) == (1, 6, 1, "SYNCED")
    (one,) = suggestions(day="2026-03-31")
    assert (one["productCode"], one["priority"], one["findings"]["topCauses"]) == ("CAR", "LOW", ["DESIGN-GAP"])
    assert (one["findings"]["issues"], one["findings"]["otherIssues"], one["findings"]["quantity"]) == (5, 1, 10)
    assert one["findings"]["operations"] == [{"operation": "OP-10", "issues": 5}]
    (requests,) = remote.taken.values()
    assert [(told["productCode"], told["issueFrequency"], told["affectedQuantity"]) for told in requests] == [
        ("CAR", 5, "10")
    ]
    assert [told["data"]["product_code"] for told in events("DesignImprovementSuggested")] == ["CAR"]
    assert len(events("NoticeRequested")) == 1


def test_four_are_not_enough_and_the_others_do_not_count(remote: Plm) -> None:
    for number in range(4):
        defects(number, "2026-03-20", "DESIGN-GAP")
        defects(10 + number, "2026-03-20", "SCRATCH")
    found = run("2026-03-31")
    assert (found["suggestions"], found["plmSync"], remote.taken) == ([], "NONE", {})


def test_the_same_day_twice_makes_no_second_suggestion(remote: Plm) -> None:
    five()
    first = run("2026-03-31")
    five("DESIGN-NEW", first=50)
    assert run("2026-03-31") == first
    assert (len(suggestions(day="2026-03-31")), remote.calls) == (1, 1)


def test_the_next_day_confirms_what_is_open_and_suggests_what_is_new(remote: Plm) -> None:
    five()
    run("2026-03-30")
    five("DESIGN-GAP", "BIKE", 20)
    found = run("2026-03-31")
    assert (found["confirmed"], len(found["suggestions"])) == (1, 1)
    (one,) = suggestions(productCode="CAR")
    assert (one["madeOn"], one["lastSeenOn"], one["timesSeen"]) == ("2026-03-30", "2026-03-31", 2)
    assert [told["productCode"] for batch in remote.taken.values() for told in batch] == ["CAR", "BIKE"]


def test_a_declined_suggestion_is_made_again_only_by_another_day(remote: Plm) -> None:
    five()
    run("2026-03-30")
    (one,) = suggestions(productCode="CAR")
    path = f"suggestions/{one['suggestionId']}/decision"
    for _ in range(2):
        assert ask("POST", path, {"status": "DECLINED", "reason": "tool, not design"})[0] == 200
    assert ask("POST", path, {"status": "ACCEPTED", "reason": "on second thoughts"})[0] == 409
    run("2026-03-31")
    assert [found["status"] for found in suggestions(productCode="CAR")] == ["OPEN", "DECLINED"]
    assert remote.calls == 2


def test_a_report_taken_back_counts_no_more_also_when_that_is_heard_first(remote: Plm) -> None:
    five()
    tell(
        "ReportReversed",
        99,
        product_id="CAR",
        shift_date="2026-03-20",
        defect_types=["DESIGN-GAP"],
        defect_qty=2,
        operation="OP-10",
    )
    assert ask("GET", "products/CAR")[1]["data"]["issues"] == 4
    tell(
        "ReportReversed",
        98,
        product_id="BUS",
        shift_date="2026-03-20",
        defect_types=["DESIGN-GAP"],
        defect_qty=2,
        operation="OP-10",
    )
    defects(97, "2026-03-20", "DESIGN-GAP", product="BUS")
    found = ask("GET", "products/BUS")[1]["data"]
    assert (found["issues"], found["quantity"], found["pareto"]) == (0, 0, [])
    assert remote.calls == 0


def test_a_rejected_inspection_and_a_complaint_are_issues(remote: Plm) -> None:
    rules = {"designRule": 'source == "CUSTOMER" or cause == "REJECTED-FQC"', "minimumIssues": 2, "revision": 0}
    assert ask("PUT", "rules", rules)[0] == 200
    rejected: dict[str, Any] = {
        "part_id": "CAR",
        "kind": "FQC",
        "status": "REJECTED",
        "nonconforming": 3,
        "inspection_id": "I-1",
    }
    tell("InspectionDecided", 1, **rejected)
    tell("InspectionDecided", 2, **{**rejected, "status": "ACCEPTED"})
    told = {"productCode": "CAR", "foundOn": "2026-03-30", "source": "CUSTOMER", "cause": "NOISE", "quantity": 4}
    keyed = {"Idempotency-Key": "k-1"}
    answers = [ask("POST", "issues", told, headers=keyed) for _ in range(2)]
    assert [status for status, _ in answers] == [201, 201]
    assert len({body["data"]["issueId"] for _, body in answers}) == 1
    found = ask("GET", "products/CAR")[1]["data"]
    assert {one["cause"]: one["quantity"] for one in found["pareto"]} == {"NOISE": 4, "REJECTED-FQC": 3}
    path = f"issues/{answers[0][1]['data']['issueId']}/withdrawal"
    for _ in range(2):
        assert ask("POST", path, {"reason": "another customer's"})[1]["data"]["isWithdrawn"]
    assert ask("GET", "products/CAR")[1]["data"]["issues"] == 1
    assert remote.calls == 0


def test_at_two_of_the_tenants_zone_and_again_the_next_night(remote: Plm, time: list[datetime]) -> None:
    time[0] = from_text("2026-03-28T10:00:00Z")
    defects(1, "2026-03-20", "DESIGN-GAP")
    assert timer("feedback/daily", "feedback_daily").due == from_text("2026-03-29T02:00:00Z"), "of UTC until it is said"
    assert ask("PUT", "rules", {"zone": "Europe/Berlin", "revision": 1})[0] == 200
    night = timer("feedback/daily", "feedback_daily")
    assert (night.due, night.payload) == (from_text("2026-03-29T01:00:00Z"), {"day": "2026-03-29"})
    ring(night.wake, time, night.due + timedelta(seconds=5))
    assert [command["payload"] for command in commands("run_feedback")] == [{"day": "2026-03-29"}]
    assert timer("feedback/daily", "feedback_daily").due == from_text("2026-03-30T00:00:00Z")
    assert worked("2026-03-29")["issues"] == 1
    assert remote.calls == 0


def test_a_plm_that_is_away_hears_of_it_later_and_once_though_its_answer_was_lost(
    remote: Plm, time: list[datetime]
) -> None:
    five()
    remote.answers = [503, OutboundFailed("ConnectError")]
    found = run("2026-03-31")
    assert (found["plmSync"], found["attempts"], "503" in found["plmProblem"]) == ("PENDING", 1, True)
    for attempt in range(2, 5):
        waiting = timer("feedback/2026-03-31", "feedback_push")
        remote.lost = 1 if attempt == 3 else 0
        ring(waiting.wake, time, waiting.due)
        (*_, command) = commands("push_feedback")
        assert handler("push_feedback")(queued(command), Context())["batchItemFailures"] == []
    assert ask("GET", "runs/2026-03-31")[1]["data"]["plmSync"] == "SYNCED"
    assert (len(remote.taken), remote.calls) == (1, 4)


def test_what_the_plm_refuses_is_seen_and_not_asked_again(remote: Plm) -> None:
    five()
    remote.answers = [422]
    found = run("2026-03-31")
    assert (found["plmSync"], "422" in found["plmProblem"], remote.calls) == ("FAILED", True, 1)


def test_a_change_of_a_part_of_the_product_before_the_rise_is_named(remote: Plm) -> None:
    lines = [{"sequence": 10, "component": "RING", "quantity": 2}]
    path = "/api/v1/plm/boms/CAR/versions/A"
    assert call("change_boms", a_request("PUT", path, {"lines": lines}, caller=QUALITY))[0] == 200
    deliver(a_notification("ECN-7", affectedProducts=["RING"], effectiveDate="2026-03-10"))
    deliver(a_notification("ECN-8", affectedProducts=["OTHER"], effectiveDate="2026-03-10"))
    process(*commands("process_change"))
    for order in items("CHANGE_ORDER"):
        assert order["processing"] == "PROCESSED"
    for number in range(15):
        defects(number, "2026-04-12", "DESIGN-GAP")
    assert remote.calls == 0
    found = ask("GET", "products/CAR", query={"day": "2026-04-20"})[1]["data"]
    (change,) = found["changes"]
    assert (change["ecnNumber"], change["part"], change["inForceFrom"]) == ("ECN-7", "RING", "2026-03-31")
    assert (change["before"], change["after"], change["isShown"]) == (0, 15, True)


def test_bad_rules_days_and_strangers(remote: Plm) -> None:
    assert ask("PUT", "rules", {"designRule": "rand(3) > 1", "revision": 0})[0] == 422
    assert ask("PUT", "rules", {"designRule": "cause", "revision": 0})[0] == 422
    assert ask("PUT", "rules", {"zone": "Mars/Olympus", "revision": 0})[0] == 400
    assert ask("PUT", "rules", {"level": 1, "revision": 0})[0] == 400
    assert ask("PUT", "rules", {"revision": 4})[0] == 409
    assert ask("POST", "runs", {"day": "2026-04-02"})[0] == 422
    assert ask("GET", "runs/2026-03-31")[0] == 404
    five()
    run("2026-03-31")
    (one,) = suggestions(productCode="CAR")
    stranger = a_principal("feedback:read", tenant="globex")
    assert ask("GET", f"suggestions/{one['suggestionId']}", caller=stranger)[0] == 404
    reader = a_principal("feedback:read")
    assert ask("POST", "runs", {"day": "2026-03-31"}, caller=reader)[0] == 403
    assert remote.calls == 1


def test_a_day_is_read_as_counts_however_many_reports_there_were(remote: Plm) -> None:
    for number in range(40):
        defects(number, "2026-03-20", "SCRATCH")
    found = list(DynamoFeedback().days("acme", date(2026, 3, 1), date(2026, 3, 30)))
    assert [(one.reports, int(one.pieces)) for one in found] == [(40, 80)]
    assert remote.calls == 0
