"""Objectives by their timers: what burns too fast pages, and is over by itself (OPS-18)."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from enghub.core.timers.dynamo import read
from enghub.core.timers.model import TimerState, Wake
from enghub.golive.slo import wiring
from tests.factories import stored
from tests.factories.http import Context
from tests.factories.queues import failed
from tests.fakes.versions_server import Versions, versions_server
from tests.functional.golive.conftest import Golive

OBJECTIVE = {
    "serviceId": "erp",
    "name": "ERP answers",
    "kind": "AVAILABILITY",
    "target": 99.9,
    "since": "2026-11-01T00:00:00Z",
}
WINDOWS = ("300s", "1800s", "3600s", "7200s", "21600s", "86400s", "259200s", "2592000s")


@pytest.fixture
def server(staffed: Golive, monkeypatch: pytest.MonkeyPatch) -> Iterator[Versions]:
    monkeypatch.setenv("OUTBOUND_LOOPBACK", "true")
    wiring.setup.cache_clear()
    with versions_server() as found:
        yield found


def promised(golive: Golive, server: Versions, **changed: Any) -> dict[str, Any]:
    body = {**OBJECTIVE, "url": server.url, "total": "total[$window]", "bad": "bad[$window]", **changed}
    return golive.data("PUT", "/slo/objectives/erp-up", body)


def counts(server: Versions, total: int, bad: int) -> None:
    """Every window has the same counts."""
    server.values = {"total": str(total), "bad": str(bad)}


def look(golive: Golive) -> dict[str, Any]:
    """Turn the clock to the objective's timer, wake it, and take the look it asks for; return how it stands."""
    before = len(stored.commands("take_looks"))
    assert golive.wake("slo/erp-up", "slo_look") == []
    [command] = stored.commands("take_looks")[before:]
    take(golive, command)
    standing: dict[str, Any] = golive.data("GET", "/slo/objectives/erp-up")["standing"]
    return standing


def take(golive: Golive, command: dict[str, Any]) -> None:
    record = {"messageId": "m", "body": json.dumps(command), "attributes": {"ApproximateReceiveCount": "1"}}
    assert failed(golive.handler("take_looks")({"Records": [record]}, Context())) == []


def incidents() -> list[tuple[str, str]]:
    return [(one["severity"], one["state"]) for one in stored.items("INCIDENT")]


def test_what_burns_too_fast_pages_once_and_is_over_by_itself(golive: Golive, server: Versions) -> None:
    promised(golive, server)
    counts(server, 10_000, 5)
    assert look(golive)["severity"] == "QUIET"
    assert {one.partition("[")[2].rstrip("]") for one in server.asked} == set(WINDOWS)
    counts(server, 10_000, 145)
    assert look(golive)["severity"] == "PAGE"
    look(golive)
    assert incidents() == [("P1", "OPEN")]
    assert golive.pages() == [["ana"]], "a minute later nobody is paged again for the same"
    counts(server, 10_000, 5)
    assert look(golive)["severity"] == "QUIET"
    assert incidents() == [("P1", "RESOLVED")]
    counts(server, 10_000, 145)
    look(golive)
    assert sorted(incidents()) == [("P1", "OPEN"), ("P1", "RESOLVED")], "it burns anew"


@pytest.mark.parametrize(
    ("bad", "severity"), [(144, "PAGE"), (61, "PAGE"), (60, "TICKET"), (11, "TICKET"), (10, "QUIET")]
)
def test_greater_than_means_it(golive: Golive, server: Versions, bad: int, severity: str) -> None:
    promised(golive, server)
    counts(server, 10_000, bad)
    found = look(golive)
    assert found["severity"] == severity
    assert found["rates"][0]["fires"] is False, "14.4 at 144 of 10,000 does not fire"


def test_silence_and_errors_neither_fire_nor_clear(golive: Golive, server: Versions) -> None:
    promised(golive, server)
    counts(server, 3, 1)
    found = look(golive)
    assert (found["severity"], found["rates"][0]["answer"]) == ("QUIET", "TOO_FEW")
    counts(server, 10_000, 145)
    look(golive)
    for total in (0, 50):
        counts(server, total, 0)
        assert look(golive)["severity"] == "PAGE"
    server.metrics_status = 503
    found = look(golive)
    assert (found["severity"], found["problem"][:8]) == ("PAGE", "NoNumber")
    assert incidents() == [("P1", "OPEN")]


def test_the_page_says_when_the_budget_is_gone(golive: Golive, server: Versions) -> None:
    promised(golive, server)
    counts(server, 100_000, 2_000)  # burns 20 times: a full budget lasts 36 hours, and it is overdrawn
    found = look(golive)
    assert (found["budgetPercent"], found["goneAt"]) == (-1900, f"{golive.now:%Y-%m-%dT%H:%M:%S.%fZ}")
    [incident] = stored.items("INCIDENT")
    assert (
        incident["title"]
        == "ERP answers 99.9 %: burns 20.00 / 20.00 times too fast; the error budget of 30 days is gone"
    )


def test_counts_that_are_reported_are_looked_at_every_five_minutes(golive: Golive, server: Versions) -> None:
    golive.data("PUT", "/slo/objectives/erp-up", OBJECTIVE)
    begin = golive.now - timedelta(hours=1)
    for place in range(12):
        start = begin + timedelta(minutes=5 * place)
        body = {"start": start.isoformat(), "bad": 5 if place == 11 else 4, "total": 300}
        golive.data("POST", "/slo/objectives/erp-up/counts", body)
        golive.data("POST", "/slo/objectives/erp-up/counts", body)
    found = look(golive)
    assert found["rates"][0] == {"longMinutes": 60, "answer": "QUIET", "burns": "16.67 / 13.61", "fires": False}
    body = {"start": (golive.now - timedelta(minutes=10)).isoformat(), "bad": 8, "total": 300}
    golive.data("POST", "/slo/objectives/erp-up/counts", body)
    began = golive.now
    found = look(golive)
    assert golive.now - began == timedelta(minutes=5)
    assert found["rates"][0]["burns"] == "16.67 / 14.72", "windows end with the latest count"
    assert found["severity"] == "PAGE"
    assert Decimal(str(found["budgetPercent"])) == Decimal("-1372.22")
    golive.now += timedelta(hours=4)
    assert look(golive)["rates"][0]["answer"] == "NO_DATA", "counts that are too old are none of now"


def test_one_that_is_taken_away_is_over_and_looked_at_no_more(golive: Golive, server: Versions) -> None:
    version = promised(golive, server)["version"]
    counts(server, 10_000, 145)
    look(golive)
    assert golive.send("DELETE", "/slo/objectives/erp-up", query={"version": str(version)})[0] == 204
    assert golive.wake("slo/erp-up", "slo_look") == []
    take(golive, stored.commands("take_looks")[-1])
    assert incidents() == [("P1", "RESOLVED")]
    timer = read(Wake("acme", "slo/erp-up", "slo_look"))
    assert timer is not None
    assert timer.state is TimerState.FIRED


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"target": 93, "url": "", "total": "", "bad": ""}, "objective"),  # 14.4 times 7 % is never exceeded
        ({"bad": ""}, "total"),
        ({"kind": "LATENCY"}, "milliseconds"),
        ({"milliseconds": 200}, "milliseconds"),
        ({"target": 100}, "target"),
    ],
)
def test_bad_objectives_name_the_field(golive: Golive, server: Versions, changed: dict[str, Any], field: str) -> None:
    body = {**OBJECTIVE, "url": server.url, "total": "t", "bad": "b", **changed}
    status, details = golive.refused("PUT", "/slo/objectives/erp-up", body)
    assert (status, details["field"]) == (400, field)


def test_bad_counts_name_the_field(golive: Golive, server: Versions) -> None:
    golive.data("PUT", "/slo/objectives/erp-up", OBJECTIVE)
    for body, field in (
        ({"start": "2026-11-28T10:01:00Z", "bad": 0, "total": 1}, "start"),
        ({"start": "2026-11-28T10:00:00Z", "bad": 2, "total": 1}, "bad"),
    ):
        assert golive.refused("POST", "/slo/objectives/erp-up/counts", body)[1]["field"] == field
    assert golive.refused("PUT", "/slo/objectives/x", {**OBJECTIVE, "serviceId": "nobody"})[0] == 404
