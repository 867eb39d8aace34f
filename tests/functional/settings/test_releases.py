"""Gray releases through their functions: started by hand, advanced by their timer (CFG-10; REQ-008 8.2.4)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from enghub.core import audit
from enghub.core.clock import system_clock
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer, Timer, TimerState, Wake
from enghub.settings import release_wiring
from enghub.settings.evaluations import wiring as evaluation_wiring
from enghub.settings.flags.model import Environment, FlagSet
from enghub.settings.releases.model import Group, Measurement
from tests.factories import flags
from tests.factories.flags import evaluated
from tests.factories.http import a_principal
from tests.factories.releases import DOCUMENTED, Told, send
from tests.factories.stored import waiting

GOOD = Measurement(Group(1000, 1, 20.0), Group(9000, 9, 20.0))
BAD = Measurement(Group(1000, 200, 20.0), Group(9000, 9, 20.0))


@pytest.fixture
def metrics(account: Any) -> Iterator[Told]:
    account("settings")
    for made in (
        evaluation_wiring.snapshots,
        evaluation_wiring.usage,
        evaluation_wiring.evaluations,
        release_wiring.releases,
    ):
        made.cache_clear()
    told = Told(GOOD)
    service, whole = replace(release_wiring.releases(), metrics=told), release_wiring.releases
    release_wiring.releases = lambda: service  # type: ignore[assignment]
    flags.data("POST", body={"flagKey": "new_feature_v2"})
    yield told
    release_wiring.releases = whole


def data(*args: Any, **options: Any) -> dict[str, Any]:
    found = send(*args, **options)
    assert found["statusCode"] < 300, found["body"]
    shown: dict[str, Any] = json.loads(found["body"])["data"]
    return shown


def refused(*args: Any, **options: Any) -> tuple[int, str]:
    found = send(*args, **options)
    return found["statusCode"], json.loads(found["body"])["code"]


def started(**fields: Any) -> str:
    made: str = data("POST", body={**DOCUMENTED, **fields})["releaseId"]
    data("POST", f"/{made}/start", {})
    return made


def timer_of(release_id: str) -> Timer | None:
    found = timers.read(Wake("acme", f"gray_release/PROD/{release_id}", "advance_release"))
    return found if found is not None and found.state is TimerState.WAITING else None


def ring(release_id: str, at: datetime) -> None:
    """Let the release's timer ring: as the queue of timers and the queue of commands bring it, the second one twice."""
    timer = timer_of(release_id)
    assert timer is not None
    assert timer.due <= at
    due = DueTimer("acme", timer.subject, timer.purpose, timer.due, timer.version, timer.payload)
    release_wiring.timer_handlers()["advance_release"](due)
    for _ in range(2):
        release_wiring.releases().advance(FlagSet("acme", Environment.PROD), release_id, due.payload["turn"], at)


def run(release_id: str, hours: float) -> dict[str, Any]:
    """Let a look happen so many hours from now."""
    ring(release_id, system_clock() + timedelta(hours=hours, seconds=1))
    return data("GET", f"/{release_id}")


def test_the_documented_requests(metrics: Told) -> None:
    found = data("POST", body=DOCUMENTED, headers={"Idempotency-Key": "k"})
    assert (found["status"], found["currentPercentage"], found["metricsConfig"]["source"]) == ("DRAFT", 0, "CLOUDWATCH")
    assert data("POST", body=DOCUMENTED, headers={"Idempotency-Key": "k"})["releaseId"] == found["releaseId"]
    changed = data("PUT", f"/{found['releaseId']}/strategy", {"targetPercentage": 20, "incrementStep": 10})
    assert changed["strategyConfig"]["targetPercentage"] == 20
    assert changed["strategyConfig"]["incrementInterval"] == 3600
    assert [one["releaseId"] for one in data("GET")["items"]] == [found["releaseId"]]
    assert refused("POST", body={**DOCUMENTED, "featureKey": "gone"}) == (404, "40401")
    assert refused("POST", "/none/start", {}) == (404, "40401")
    assert refused("POST", f"/{found['releaseId']}/resume", {}) == (422, "42201")
    assert not metrics.asked


def test_it_grows_holds_at_the_target_and_goes_on_when_that_is_raised(metrics: Told) -> None:
    release = started()
    assert run(release, 0)["currentPercentage"] == 5
    assert evaluated("new_feature_v2", targetingKey="u")["variant"] in {"on", "off"}
    assert flags.data("GET", "/new_feature_v2")["targetRules"]["percentage"] == 5
    assert run(release, 1)["currentPercentage"] == 10
    held = run(release, 2)
    assert (held["status"], held["currentPercentage"], held["why"]) == ("ACTIVE", 10, "AT_TARGET")
    data("PUT", f"/{release}/strategy", {"targetPercentage": 100, "incrementStep": 90})
    assert run(release, 3)["currentPercentage"] == 100
    assert run(release, 4)["status"] == "COMPLETED"
    assert flags.data("GET", "/new_feature_v2")["targetRules"]["percentage"] == 100
    assert metrics.asked[0] == ("on", "off")
    entries = [audit.entry("acme", f"gray_release/-/PROD/{release}", number) for number in range(1, 7)]
    verbs = [one.action.partition(".")[2] for one in entries if one]
    assert verbs == ["created", "started", "grown", "grown", "planned", "grown"]


def test_a_breach_takes_it_back_at_the_next_look_and_people_hear_of_it(metrics: Told) -> None:
    flags.data("PUT", "/new_feature_v2", {"isEnabled": True, "targetRules": {"percentage": 1}})
    before = flags.data("GET", "/new_feature_v2")["definition"]
    release = started()
    assert run(release, 0)["currentPercentage"] == 6
    metrics.says = BAD
    found = run(release, 0.1)
    shown = (found["status"], found["why"], found["verdict"], found["currentPercentage"])
    assert shown == ("CANCELLED", "ERROR_RATE", "FAIL", 1)
    after = flags.data("GET", "/new_feature_v2")["definition"]
    assert {**after, "version": 0} == {**before, "version": 0}
    told = [json.loads(one.body) for one in waiting() if "NoticeRequested" in one.body]
    assert [one["data"]["notice_type"] for one in told] == ["settings.release_rolled_back"]
    assert told[0]["data"]["severity"] == "CRITICAL"
    assert timer_of(release) is None


def test_no_traffic_and_unreadable_metrics_hold(metrics: Told) -> None:
    release = started()
    run(release, 0)
    metrics.says = Measurement()
    assert run(release, 5)["why"] == "TOO_FEW_REQUESTS"
    metrics.says = Measurement(failure="away")
    found = run(release, 6)
    shown = (found["status"], found["why"], found["verdict"], found["currentPercentage"])
    assert shown == ("ACTIVE", "METRICS_UNREADABLE", "ERROR", 5)
    metrics.says = GOOD
    assert run(release, 7)["currentPercentage"] == 10, "once it is known to be well, it goes on"


def test_people_pause_resume_and_cancel(metrics: Told) -> None:
    release = started()
    run(release, 0)
    data("POST", f"/{release}/pause", {})
    assert timer_of(release) is None
    assert data("POST", f"/{release}/resume", {})["status"] == "ACTIVE"
    assert run(release, 1)["currentPercentage"] == 10
    found = data("POST", f"/{release}/cancel", {})
    assert (found["status"], found["currentPercentage"]) == ("CANCELLED", 0)
    assert flags.data("GET", "/new_feature_v2")["isEnabled"] is False
    assert data("POST", f"/{release}/cancel", {})["version"] == found["version"], "a repeat finds it done"
    assert refused("POST", f"/{release}/resume", {}) == (422, "42201")
    assert refused("POST", f"/{release}/pause", {}, caller=a_principal("release:read"))[0] == 403
    assert metrics.asked


def test_one_release_holds_a_flag(metrics: Told) -> None:
    first = started()
    second = data("POST", body=DOCUMENTED)["releaseId"]
    assert refused("POST", f"/{second}/start", {}) == (409, "40901")
    data("POST", f"/{first}/complete", {})
    assert data("POST", f"/{second}/start", {})["status"] == "ACTIVE"
    assert not metrics.asked


def test_a_share_set_by_hand_is_not_written_over(metrics: Told) -> None:
    release = started()
    run(release, 0)
    flags.data("PUT", "/new_feature_v2", {"targetRules": {"percentage": 40}})
    found = run(release, 1)
    assert (found["status"], found["why"]) == ("PAUSED", "FLAG_CHANGED")
    assert flags.data("GET", "/new_feature_v2")["targetRules"]["percentage"] == 40
    assert data("POST", f"/{release}/resume", {})["currentPercentage"] == 40
    flags.data("PUT", "/new_feature_v2", {"description": "other fields may change"})
    assert run(release, 2)["status"] == "ACTIVE"
    assert metrics.asked


def test_it_waits_for_its_start(metrics: Told) -> None:
    begins = system_clock() + timedelta(hours=5)
    release = data("POST", body={**DOCUMENTED, "startTime": begins.isoformat()})["releaseId"]
    assert data("POST", f"/{release}/start", {})["currentPercentage"] == 0
    timer = timer_of(release)
    assert timer is not None
    assert timer.due == begins
    assert not metrics.asked


def test_the_report_shows_plan_and_actual_and_says_when_there_is_too_little(metrics: Told) -> None:
    release = started()
    run(release, 0)
    metrics.says = Measurement()
    run(release, 1)
    found = data("GET", f"/{release}/report")
    assert (found["actualPercentage"], found["comparison"]) == (5, "NOT_ENOUGH_DATA")
    assert [one["step"] for one in found["journal"]] == ["HOLD", "GROW", "STARTED", "CREATE"]
    assert [one["plannedPercentage"] for one in found["journal"][:2]] == [10, 5]
    metrics.says = BAD
    worse = data("GET", f"/{release}/report")
    assert (worse["comparison"], worse["treatment"]["requests"]) == ("WORSE", 1000)
    assert worse["pValue"] < 1e-6


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"strategyType": "USER_LIST"}, "strategyConfig.subjects"),
        ({"strategyConfig": {"subjects": ["u"]}}, "strategyConfig.subjects"),
        ({"startTime": "2026-12-02T00:00:00Z", "endTime": "2026-12-01T00:00:00Z"}, "endTime"),
        ({"metricsConfig": {"source": "PROMETHEUS", "requests": "a", "errors": "b"}}, "metricsConfig"),
        ({"strategyConfig": {"targetPercentage": 10.00001}}, "targetPercentage"),
        ({"strategyConfig": {"incrementInterval": 5}}, "strategyConfig.incrementInterval"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(metrics: Told, fields: dict[str, Any], field: str) -> None:
    found = send("POST", body={**DOCUMENTED, **fields})
    assert found["statusCode"] == 400, found["body"]
    assert json.loads(found["body"])["details"]["field"] == field
    assert data("GET")["items"] == []
    assert not metrics.asked
