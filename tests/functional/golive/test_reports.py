"""Weekly and monthly operations reports, asked for and by themselves (OPS-20)."""

from datetime import UTC, datetime, timedelta

import pytest

from enghub.golive.reports import wiring
from enghub.golive.reports.model import ReportKind, ReportPlan
from tests.factories import stored
from tests.functional.golive.conftest import Golive
from tests.functional.golive.test_incidents import declared, escalated

WEEK = {"day": "2026-11-25", "zone": "Asia/Shanghai"}


@pytest.fixture
def busy(staffed: Golive) -> Golive:
    """Sat 28 Nov 2026, Shanghai 18:00: one acknowledged after 5 min, over after 30; one at 23:00, escalated, open."""
    first = declared(staffed)
    staffed.now += timedelta(minutes=5)
    staffed.data("POST", f"/incidents/{first}/acknowledge")
    staffed.now += timedelta(minutes=25)
    staffed.data("POST", f"/incidents/{first}/resolve", {"text": "restarted"})
    staffed.now = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)
    escalated(staffed, declared(staffed, title="Stock is wrong", severity="P2"))
    return staffed


def test_a_week_is_told_with_what_is_left(busy: Golive) -> None:
    found = busy.data("GET", "/operations-reports/weekly", query=WEEK)
    assert (found["startsAt"], found["endsAt"]) == ("2026-11-22T16:00:00.000000Z", "2026-11-29T16:00:00.000000Z")
    figures = found["figures"]
    assert (figures["count"], figures["mttaSeconds"], figures["mttrSeconds"], figures["open"]) == (2, 300, 1800, 1)
    assert found["before"]["count"] == 0
    assert found["woken"] == [{"user": "ana", "pages": 2, "atNight": 1}, {"user": "bo", "pages": 1, "atNight": 1}]
    assert (len(found["openIncidents"]), len(found["withoutCause"])) == (1, 1)
    lines = found["text"].splitlines()
    assert lines[0] == "Operations 2026-11-23 to 2026-11-29: 2 incidents (0 before)"
    assert lines[4] == "paged: ana 2 times, 1 at night, bo 1 times, 1 at night"
    assert lines[5] == "still open: Stock is wrong; without a cause: Orders cannot be posted"


def test_figures_are_of_every_incident_and_who_was_woken_of_the_first_ones(
    busy: Golive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "MOST", 1)
    found = busy.data("GET", "/operations-reports/weekly", query=WEEK)
    assert (found["figures"]["count"], found["isCut"]) == (2, True)
    assert found["woken"] == [{"user": "ana", "pages": 1, "atNight": 0}]


def test_the_week_after_is_held_against_it(busy: Golive) -> None:
    found = busy.data("GET", "/operations-reports/weekly", query={**WEEK, "day": "2026-11-30"})
    assert (found["figures"]["count"], found["before"]["count"]) == (0, 2)
    month = busy.data("GET", "/operations-reports/monthly", query=WEEK, headers={"Accept-Language": "zh"})
    assert month["text"].startswith("运维报告 2026-11-01 至 2026-11-30：故障 2 起")


def test_it_comes_by_itself_on_monday_morning_and_again(busy: Golive) -> None:
    body = {"zone": "Asia/Shanghai", "at": "09:00"}
    assert busy.data("PUT", "/operations-reports/weekly", body)["version"] == 1
    assert busy.due("report/weekly", "operations_report") == datetime(2026, 11, 30, 1, tzinfo=UTC)
    busy.wake("report/weekly", "operations_report", times=2)
    (told,) = [one["data"] for one in stored.events("NoticeRequested") if one["data"]["notice_type"].endswith("report")]
    assert told["roles"] == ["OPS_LEAD"]
    assert "2 incidents" in told["facts"]["en"]
    assert "2 起" in told["facts"]["zh"]
    assert busy.due("report/weekly", "operations_report") == datetime(2026, 12, 7, 1, tzinfo=UTC)
    busy.data("DELETE", "/operations-reports/weekly")
    assert busy.due("report/weekly", "operations_report") is None


@pytest.mark.parametrize(
    ("kind", "after", "due", "first"),
    [
        ("weekly", "2026-11-30T00:59:59Z", "2026-11-30T01:00:00Z", "2026-11-23"),
        ("weekly", "2026-11-30T01:00:00Z", "2026-12-07T01:00:00Z", "2026-11-30"),
        ("monthly", "2026-12-31T00:00:00Z", "2027-01-01T01:00:00Z", "2026-12-01"),
        ("monthly", "2027-01-01T01:00:00Z", "2027-02-01T01:00:00Z", "2027-01-01"),
    ],
)
def test_when_a_report_is_due_and_of_what(kind: str, after: str, due: str, first: str) -> None:
    plan = ReportPlan("acme", ReportKind(kind), "Asia/Shanghai", "09:00")
    at = plan.next(datetime.fromisoformat(after))
    assert at == datetime.fromisoformat(due)
    assert plan.covers(at).start == datetime.fromisoformat(f"{first}T00:00:00+08:00")
