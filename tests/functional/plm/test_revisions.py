"""A changed notice under a known number is a revision: kept, shown, ordered (PLM-07; C20, PF14)."""

from datetime import date, timedelta
from typing import Any

from enghub.core.clock import system_clock
from tests.factories.plm import a_notification, deliver, get, post, process
from tests.factories.stored import commands, events, items

PATH = "/api/v1/plm/change-orders/ECN-7"
_done: set[str] = set()


def sent(**fields: Any) -> str:
    """Deliver a notice of ECN-7 and let its command be handled; returns what was answered."""
    status, body = deliver(a_notification("ECN-7", **fields))
    assert status in {200, 202}, body
    for command in commands("process_change"):
        if command["message_id"] not in _done:
            _done.add(command["message_id"])
            assert process(command) == []
    answer: str = body["data"]["status"]
    return answer


def order() -> dict[str, Any]:
    found: dict[str, Any] = get("read_changes", PATH)[1]["data"]
    return found


def kept() -> list[tuple[str, str]]:
    found = get("read_changes", f"{PATH}/revisions")[1]["data"]["items"]
    return sorted((one["revision"], one["standing"]) for one in found)


def test_a_newer_revision_is_in_force_and_the_one_before_it_is_kept() -> None:
    assert sent(revision="A") == "accepted"
    assert sent(revision="B", affectedProducts=["SNS-4000-0002"]) == "accepted"
    assert (order()["revision"], order()["revisions"], order()["processingStatus"]) == ("B", 2, "PROCESSED")
    assert order()["changePoint"]["affectedProducts"] == ["SNS-4000-0002"]
    assert kept() == [("A", "SUPERSEDED")]
    assert len(events("ChangePointCreated")) == 2
    assert len(items("CHANGE_POINT")) == 1


def test_a_revision_that_arrives_late_is_history_without_effect() -> None:
    cancelled = {"revision": "2", "issuedAt": "2026-03-01T10:05:00Z", "plmStatus": "CANCELLED"}
    first = {"revision": "1", "issuedAt": "2026-03-01T10:00:00Z"}
    assert sent(**cancelled) == "accepted"
    assert sent(**first) == "superseded"
    assert sent(**first) == "alreadyProcessed"
    assert (order()["plmStatus"], order()["changePoint"]["isCancelled"]) == ("CANCELLED", True)
    assert kept() == [("1", "SUPERSEDED")]
    assert events("ChangePointCreated") == []
    assert len(events("ChangePointCancelled")) == 1


def test_revisions_are_ordered_as_the_field_does_and_else_by_issue_time() -> None:
    sent(revision="Z")
    assert sent(revision="AA") == "accepted"
    assert sent(revision="B") == "superseded"
    assert sent(revision="AA", issuedAt="2026-03-01T10:00:00Z", ecnTitle="?") == "parked"


def test_other_content_without_revision_and_time_waits_for_a_person() -> None:
    sent()
    assert sent(ecnTitle="another title") == "parked"
    assert sent(ecnTitle="another title") == "alreadyProcessed"
    assert order()["ecnTitle"] != "another title"
    assert len(events("ChangeOrderParked")) == 1
    (waiting,) = get("read_changes", f"{PATH}/revisions")[1]["data"]["items"]
    adopt = f"{PATH}/revisions/{waiting['revisionId']}/adopt"
    for _ in range(2):
        status, body = post("retry_change", adopt, {"reason": "asked the designer"})
        assert (status, body["data"]["ecnTitle"], body["data"]["revisions"]) == (202, "another title", 2)
    assert post("retry_change", f"{PATH}/revisions/nothing/adopt", {"reason": "x"})[0] == 404


def test_a_change_with_effect_in_the_past_is_in_force_from_when_it_was_known() -> None:
    today = system_clock().date()
    sent(effectiveDate=str(today - timedelta(days=19)))
    assert date.fromisoformat(order()["changePoint"]["inForceFrom"]) == today
    sent(revision="B", issuedAt="2026-03-01T10:00:00Z", effectiveDate=str(today + timedelta(days=9)))
    later = str(today + timedelta(days=9))
    assert kept() in ([("B", "PARKED")], [("", "SUPERSEDED")])
    assert order()["changePoint"]["inForceFrom"] in {str(today), later}


def test_quality_and_planning_are_told_by_the_notice_service() -> None:
    sent()
    (notice,) = events("NoticeRequested")
    assert (notice["data"]["notice_type"], notice["data"]["severity"]) == ("plm.change_point_created", "WARNING")
    assert notice["data"]["roles"] == ["QUALITY_ENGINEER", "PLANNER"]
