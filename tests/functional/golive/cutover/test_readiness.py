"""Readiness through the API: from the template to go (OPS-01, OPS-02, OPS-03)."""

import hashlib
from typing import Any

import boto3
import pytest

from enghub.golive.content.model import readiness_items
from tests.conftest import REGION
from tests.factories import stored
from tests.factories.go_lives import ENGINEER, Installation, a_go_live
from tests.functional.golive.cutover.conftest import BUCKET

NOTE = {"kind": "note", "value": "seen on the console"}


def item(hub: Installation, go_live: str, item_id: str) -> Any:
    found = hub.data("GET", f"{go_live}/items")["items"]
    return next(one for one in found if one["itemId"] == item_id)


def show(hub: Installation, go_live: str, item_id: str, **measures: float) -> Any:
    body = {**NOTE, "measures": measures} if measures else NOTE
    return hub.data("POST", f"{go_live}/items/{item_id}/evidence", body, caller=ENGINEER)


def sign_off(hub: Installation, go_live: str, item_id: str, **measures: float) -> Any:
    shown = show(hub, go_live, item_id, **measures)
    return hub.data("POST", f"{go_live}/items/{item_id}/sign-off", {"seen": shown["latest"]["hash"]})


def values(entry: Any) -> dict[str, float]:
    """Return measures that meet an item's criteria."""
    step = {"<": -0.5, ">": 0.5}
    return {one["measure"]: float(one["value"]) + step.get(one["operator"], 0) for one in entry.get("criteria", ())}


KEPT = {"database-2", "services-2", "data-1", "backup-2"}
"""One item of each window; the others are left out where a test goes the whole way."""


def small(hub: Installation) -> str:
    """Make a go-live with one item a window."""
    without = [entry["id"] for _, _, entry in readiness_items() if entry["id"] not in KEPT]
    return f"/go-lives/{hub.data('POST', '/go-lives', a_go_live(without=without))['goLiveId']}"


def sign_off_all(hub: Installation, go_live: str) -> None:
    for _, _, entry in readiness_items():
        if entry["id"] in KEPT:
            sign_off(hub, go_live, entry["id"], **values(entry))
    for window in ("weeks4", "weeks2", "week1", "days3"):
        hub.data("POST", f"{go_live}/windows/{window}/close", {})


def test_a_go_live_brings_the_documents_checklist_with_due_days_from_its_date(hub: Installation) -> None:
    made = hub.data("POST", "/go-lives", a_go_live())
    assert [window["due"] for window in made["windows"]] == ["2026-11-13", "2026-11-27", "2026-12-04", "2026-12-09"]
    found = hub.data("GET", f"/go-lives/{made['goLiveId']}/items")["items"]
    assert len(found) == 91
    assert [one["line"] for one in found] == [entry["line"] for _, _, entry in readiness_items()]
    assert found[0]["overdue"] is True, "weeks4 was due on Friday the 13th, today is the 28th"
    assert found[-1]["overdue"] is False


def test_an_item_is_due_on_a_working_day_of_the_calendar(hub: Installation) -> None:
    from enghub.golive.calendars.model import Span, WorkingCalendar, Year  # noqa: PLC0415
    from enghub.golive.wiring import calendars  # noqa: PLC0415
    from tests.factories.http import an_origin  # noqa: PLC0415

    year = Year(2026, ("2026-10-01/2026-10-07",), ("2026-10-10",))
    calendar = WorkingCalendar("acme", "sh", "Shanghai", "Asia/Shanghai", (Span("09:00", "18:00"),), years=(year,))
    calendars.cache_clear()
    calendars().put("sh", calendar, None, an_origin())
    wanted = a_go_live(liveAt="2026-10-10T00:00:00+08:00", calendarId="sh")
    made = hub.data("POST", "/go-lives", wanted)
    assert made["windows"][3]["due"] == "2026-09-30", (
        "3 days before the 10th is a holiday, the last day before is the 30th"
    )
    assert made["calendarEnds"] is None
    later = hub.data("POST", "/go-lives", a_go_live(liveAt="2027-03-06T00:00:00+08:00", calendarId="sh"))
    assert later["calendarEnds"] == "2026-12-31", "a year without data is told"


def test_a_moved_go_live_moves_every_due_day(hub: Installation, go_live: str) -> None:
    moved = hub.data("PATCH", go_live, {"version": 1, "liveAt": "2026-12-19T00:00:00+08:00"})
    assert [window["due"] for window in moved["windows"]] == ["2026-11-20", "2026-12-04", "2026-12-11", "2026-12-16"]
    assert hub.data("PATCH", go_live, {"version": 1, "liveAt": "2026-12-19T00:00:00+08:00"})["version"] == 2
    assert hub.refused("PATCH", go_live, {"version": 1, "liveAt": "2026-12-26T00:00:00Z"})[0] == 409
    assert [event["data"]["go_live_id"] for event in stored.events("GoLiveMoved")] == [go_live.rsplit("/", 1)[1]]


def test_evidence_outside_its_criterion_is_not_signed_off_without_a_waiver(hub: Installation, go_live: str) -> None:
    path = f"{go_live}/items/database-2"
    shown = show(hub, go_live, "database-2", lag=1)
    assert (shown["state"], shown["lacking"]) == ("NOT_MET", ["lag < 1 s"])
    status, details = hub.refused("POST", f"{path}/sign-off", {"seen": shown["latest"]["hash"]})
    assert (status, details["error"], details["criterion"]) == (422, "CRITERION_NOT_MET", "lag < 1 s")
    waiver = {"reason": "the standby is on the old line until Friday", "until": "2026-12-04T10:00:00Z"}
    waived = hub.data("POST", f"{path}/waiver", waiver)
    assert (waived["state"], waived["waiver"]["by"], waived["waiver"]["reason"]) == ("WAIVED", "lena", waiver["reason"])
    hub.later(days=6)
    assert item(hub, go_live, "database-2")["state"] == "NOT_MET", "a waiver ends by itself"
    again = show(hub, go_live, "database-2", lag=0.999)
    assert hub.data("POST", f"{path}/sign-off", {"seen": again["latest"]["hash"]})["state"] == "SIGNED_OFF"


def test_new_evidence_voids_a_sign_off_and_an_old_hash_signs_nothing(hub: Installation, go_live: str) -> None:
    first = show(hub, go_live, "database-2", lag=0.2)
    hub.data("POST", f"{go_live}/items/database-2/sign-off", {"seen": first["latest"]["hash"]})
    hub.later(minutes=1)
    second = show(hub, go_live, "database-2", lag=0.3)
    assert (second["state"], second["signOff"]) == ("EVIDENCE", None)
    status, details = hub.refused("POST", f"{go_live}/items/database-2/sign-off", {"seen": first["latest"]["hash"]})
    assert (status, details["error"]) == (422, "EVIDENCE_CHANGED")
    kept = hub.data("GET", f"{go_live}/items/database-2/evidence")["items"]
    assert [one["measures"] for one in kept] == [{"lag": 0.3}, {"lag": 0.2}]


def test_the_same_evidence_again_is_kept_once(hub: Installation, go_live: str) -> None:
    assert [show(hub, go_live, "database-2", lag=0.2)["evidenceCount"] for _ in range(2)] == [1, 1]


def test_windows_close_in_order_and_only_when_nothing_blocks(hub: Installation, go_live: str) -> None:
    status, details = hub.refused("POST", f"{go_live}/windows/weeks2/close", {})
    assert (status, details["error"], details["windowId"]) == (422, "EARLIER_WINDOW_OPEN", "weeks4")
    status, details = hub.refused("POST", f"{go_live}/windows/weeks4/close", {})
    assert (status, details["error"], details["count"]) == (422, "WINDOW_BLOCKED", 26)


def test_the_whole_way_to_go(hub: Installation) -> None:
    go_live = small(hub)
    sign_off_all(hub, go_live)
    summary = hub.data("GET", f"{go_live}/summary")
    assert (summary["isReady"], summary["mayGo"]) == (True, False)
    body = {"answer": "GO", "seen": summary["hash"], "reason": "everything is signed off"}
    hub.data("POST", f"{go_live}/decision", body)
    assert hub.data("POST", f"{go_live}/decision", body)["version"] == 6, "the same decision again changes nothing"
    assert hub.data("GET", f"{go_live}/summary")["mayGo"] is True
    assert "GO: every gate is passed" in hub.data("GET", f"{go_live}/page")
    hub.later(minutes=1)
    show(hub, go_live, "database-2", lag=0.7)
    void = hub.data("GET", f"{go_live}/summary")
    assert (void["mayGo"], void["decision"]["isValid"], void["gates"][0]["isOpen"]) == (False, False, True)
    page = hub.data("GET", f"{go_live}/page", headers={"Accept-Language": "zh"})
    assert "已失效" in page
    assert "备库落后主库不足一秒" in page
    assert [event["data"]["answer"] for event in stored.events("GoLiveDecided")] == ["GO"]


def test_go_is_refused_while_a_gate_blocks_and_no_go_is_not(hub: Installation, go_live: str) -> None:
    summary = hub.data("GET", f"{go_live}/summary")
    body = {"answer": "GO", "seen": summary["hash"], "reason": "we want to"}
    assert hub.refused("POST", f"{go_live}/decision", body)[1]["error"] == "NOT_READY"
    hub.data("POST", f"{go_live}/decision", {**body, "answer": "NO_GO"})
    assert "NO-GO" in hub.data("GET", f"{go_live}/page")


def test_an_item_of_ones_own_counts_like_those_of_the_template(hub: Installation) -> None:
    own = {"itemId": "plc-1", "windowId": "days3", "section": "plant", "en": "Lines are cleared", "zh": "产线已清线"}
    wanted = a_go_live(items=[own], without=["cache-1", "cache-2"])
    path = f"/go-lives/{hub.data('POST', '/go-lives', wanted)['goLiveId']}"
    found = hub.data("GET", f"{path}/items")["items"]
    assert len(found) == 90
    assert found[-1]["itemId"] == "plc-1"
    assert hub.refused("POST", "/go-lives", a_go_live(items=[own, own]))[1]["field"] == "items.1.itemId"
    assert hub.refused("POST", "/go-lives", a_go_live(without=["cache-9"]))[1]["field"] == "without.0"


def test_an_owner_is_somebody_of_the_team(hub: Installation, go_live: str) -> None:
    path = f"{go_live}/items/cache-1"
    status, details = hub.refused("PUT", path, {"owner": "ghost"})
    assert (status, details["error"]) == (400, "UNKNOWN_MEMBER")
    found = hub.data("PUT", path, {"owner": "omar", "due": "2026-11-30"})
    assert (found["owner"], found["due"], found["overdue"]) == ("omar", "2026-11-30", False)


def test_a_file_is_evidence_once_it_was_uploaded(hub: Installation, go_live: str) -> None:
    content = b"restore took 4 min 10 s"
    wanted = {"name": "restore.txt", "sizeBytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    allowed = hub.data("POST", f"{go_live}/items/database-5/uploads", wanted)
    body = {"kind": "file", "value": allowed["path"], "sha256": wanted["sha256"]}
    assert hub.refused("POST", f"{go_live}/items/database-5/evidence", body)[1]["field"] == "value"
    key = f"golive/evidence/acme/{allowed['path']}"
    boto3.client("s3", REGION).put_object(Bucket=BUCKET, Key=key, Body=content)
    assert hub.data("POST", f"{go_live}/items/database-5/evidence", body)["latest"]["value"] == allowed["path"]
    assert hub.refused("POST", f"{go_live}/items/database-1/evidence", body)[1]["field"] == "value"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/items/cache-1/evidence", {"kind": "note"}, "value"),
        ("/items/cache-1/evidence", {**NOTE, "measures": {"lag": "1"}}, "measures.lag"),
        ("/items/cache-1/sign-off", {"seen": "x"}, "seen"),
        ("/items/cache-1/waiver", {"reason": "later", "until": "2026-11-28T10:00:00Z"}, "until"),
        ("/decision", {"answer": "PERHAPS", "seen": "0" * 64, "reason": "why"}, "answer"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    hub: Installation, go_live: str, path: str, body: Any, field: str
) -> None:
    before = stored.items("READINESS_PROGRESS")
    status, details = hub.refused("POST", go_live + path, body)
    assert (status, details["field"]) == (400, field)
    assert stored.items("READINESS_PROGRESS") == before


def test_a_cancelled_go_live_changes_no_more(hub: Installation, go_live: str) -> None:
    hub.data("POST", f"{go_live}/cancel", {"reason": "the supplier is late"})
    assert hub.data("POST", f"{go_live}/cancel", {"reason": "the supplier is late"})["state"] == "CANCELLED"
    assert hub.refused("POST", f"{go_live}/items/cache-1/evidence", NOTE)[1]["error"] == "GO_LIVE_OVER"


def test_another_tenant_sees_nothing(hub: Installation, go_live: str) -> None:
    from tests.factories.http import a_principal  # noqa: PLC0415

    other = a_principal("golive:read", tenant="globex", user="eve")
    assert hub.refused("GET", go_live, caller=other)[0] == 404
    assert hub.data("GET", "/go-lives", caller=other)["items"] == []


def test_the_built_in_content_is_read_by_kind(hub: Installation) -> None:
    assert len(hub.data("GET", "/content/cutover")["content"]["stages"]) == 6
    assert hub.refused("GET", "/content/secrets")[1]["field"] == "kind"
