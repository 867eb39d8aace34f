"""Schedules, staged changes, history, going back and explanations through their functions (CFG-04 to 06, CFG-29)."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from enghub.core import audit, clock
from enghub.core.marks import AlreadyHandled
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer, Wake
from enghub.settings.configs import wiring
from tests.factories.http import a_principal
from tests.factories.settings import EVERYTHING, SESSION_TIMEOUT, answer
from tests.factories.stored import waiting


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")


def send(*args: Any, **kwargs: Any) -> tuple[int, dict[str, Any]]:
    found = answer(*args, **kwargs)
    return found["statusCode"], json.loads(found["body"])


def data(*args: Any, **kwargs: Any) -> Any:
    status, body = send(*args, **kwargs)
    assert status < 300, body
    return body["data"]


def refused(*args: Any, **kwargs: Any) -> tuple[str, dict[str, Any]]:
    status, body = send(*args, **kwargs)
    assert status >= 400, body
    return body["code"], body["details"]


def in_hours(hours: float) -> str:
    return clock.to_text(clock.system_clock() + timedelta(hours=hours))


def text(config_key: str, value: str, **fields: Any) -> dict[str, Any]:
    return {"configKey": config_key, "configValue": value, **fields}


def test_the_documented_change_needs_no_version_and_is_planned_to_the_second() -> None:
    data("POST", body=SESSION_TIMEOUT)
    documented = {
        "configValue": "7200",
        "effectiveMode": "SCHEDULED",
        "effectiveTime": "2093-08-15T00:00:00Z",
        "changeReason": "延长会话时间以提升用户体验",
    }
    planned = data("PUT", "/session.timeout", documented)
    assert (planned["configValue"], planned["state"], planned["versionInForce"]) == ("7200", "in force", 1)
    found = data("GET", "/session.timeout")
    assert (found["configValue"], found["version"]) == ("3600", 1)
    assert found["nextChange"] == {
        "at": "2093-08-15T00:00:00.000000Z",
        "configValue": "7200",
        "layer": "tenant",
        "version": 2,
    }
    last = audit.history("acme", "config/-/tenant/-/session.timeout")[-1]
    assert (last.after["unconditional"], last.reason) == (True, documented["changeReason"])
    assert data("PUT", "/session.timeout", documented)["version"] == 2


def due_timer(config_key: str) -> DueTimer:
    found = timers.read(Wake("acme", f"config/tenant/-/{config_key}", "config_boundary"))
    assert found is not None
    return DueTimer(found.tenant_id, found.subject, found.purpose, found.due, found.version, found.payload)


def test_a_beginning_and_an_expiry_are_told_once_each_by_their_timer() -> None:
    data("POST", body=text("theme", "A"))
    window = {"effectiveMode": "SCHEDULED", "effectiveTime": in_hours(1), "expireTime": in_hours(2)}
    data("PATCH", "/theme", {"configValue": "B", **window})
    wake = wiring.timer_handlers()["config_boundary"]
    told = len(waiting())
    first = due_timer("theme")
    wake(first)
    assert data("GET")["items"][0]["configValue"] == "B"
    with pytest.raises(AlreadyHandled):
        wake(first)
    second = due_timer("theme")
    assert second.due > first.due
    wake(second)
    assert data("GET")["items"][0]["configValue"] == "A"
    events = [json.loads(record.body)["data"] for record in waiting()[told:] if "event_type" in record.body]
    assert [(event["version_in_force"], event["fields"]) for event in events] == [(2, []), (1, [])]


def test_a_wall_clock_time_is_that_of_the_zone_named() -> None:
    zoned = {"effectiveMode": "SCHEDULED", "effectiveTime": "2087-03-30T02:30:00", "timeZone": "Europe/Berlin"}
    data("POST", body=text("a", "1"))
    planned = data("PATCH", "/a", {"configValue": "2", **zoned})
    assert (planned["effectiveTime"], planned["timeZone"]) == ("2087-03-30T01:00:00.000000Z", "Europe/Berlin")
    kept = data("PATCH", "/a", {"configValue": "3"})
    assert (kept["effectiveTime"], kept["timeZone"]) == ("2087-03-30T01:00:00.000000Z", "Europe/Berlin")
    code, details = refused("PATCH", "/a", {**zoned, "timeZone": None, "version": kept["version"]})
    assert (code, details["field"], details["suggestion"]) == ("40001", "effectiveTime", "2087-03-30T02:30:00Z")


def test_staged_changes_are_confirmed_together_or_not_at_all() -> None:
    for name in ("a", "b"):
        data("POST", body=text(name, "1"))
        staged = data("PATCH", f"/{name}", {"configValue": "2", "effectiveMode": "MANUAL", "version": 1})
        assert (staged["effectiveTime"], staged["versionInForce"]) == (None, 1)
    assert data("GET", "/a")["configValue"] == "1"
    wrong = {"configs": [{"configKey": "a", "version": 2}, {"configKey": "b", "version": 1}]}
    assert refused("POST", "/confirm", wrong)[1]["errors"][0]["index"] == 1
    assert data("GET", "/a")["configValue"] == "1"
    both = {"configs": [{"configKey": name, "version": 2} for name in ("a", "b")]}
    assert [one["version"] for one in data("POST", "/confirm", both)["changed"]] == [3, 3]
    assert [data("GET", f"/{name}")["configValue"] for name in ("a", "b")] == ["2", "2"]
    again = {"configs": [{"configKey": "a", "version": 3}]}
    assert refused("POST", "/confirm", again)[1]["errors"][0]["field"] == "version"


def test_versions_are_listed_compared_and_brought_back_even_after_a_deletion() -> None:
    data("POST", body=SESSION_TIMEOUT)
    data("PATCH", "/session.timeout", {"configValue": "7200", "tags": ["x"], "changeReason": "longer"})
    data("DELETE", "/session.timeout")
    page = data("GET", "/session.timeout/history", pageSize="2")
    assert [(v["version"], v["operation"]) for v in page["items"]] == [(3, "DELETE"), (2, "UPDATE")]
    rest = data("GET", "/session.timeout/history", pageSize="2", cursor=page["nextCursor"])
    assert [(v["version"], v["changeReason"]) for v in rest["items"]] == [(1, "")]
    compared = data("GET", "/session.timeout/compare", fromVersion="1", toVersion="2")["differences"]
    assert compared == [
        {"field": "configValue", "before": "3600", "after": "7200"},
        {"field": "tags", "before": ["security", "session"], "after": ["x"]},
    ]
    assert data("GET", "/session.timeout/versions/2")["configValue"] == "7200"
    assert refused("GET", "/session.timeout/versions/9")[0] == "40401"
    code, details = refused("POST", "/session.timeout/rollback", {"toVersion": 3})
    assert (code, details["suggestion"]) == ("40001", 2)
    back = data("POST", "/session.timeout/rollback", {"toVersion": 1, "version": 3, "changeReason": "needed"})
    assert (back["version"], back["operation"], back["verified"], back["tags"]) == (
        4,
        "ROLLBACK",
        True,
        ["security", "session"],
    )
    assert data("GET", "/session.timeout")["configValue"] == "3600"


def test_several_go_back_together_and_one_that_cannot_stops_all() -> None:
    for name in ("a", "b"):
        data("POST", body=text(name, "1"))
        data("PATCH", f"/{name}", {"configValue": "2"})
    items = [{"configKey": "a", "toVersion": 1, "version": 2}, {"configKey": "b", "toVersion": 1, "version": 1}]
    assert refused("POST", "/rollback", {"configs": items})[1]["errors"][0]["code"] == "40902"
    assert data("GET", "/a")["configValue"] == "2"
    items[1]["version"] = 2
    assert [one["version"] for one in data("POST", "/rollback", {"configs": items})["changed"]] == [3, 3]
    assert [data("GET", f"/{name}")["configValue"] for name in ("a", "b")] == ["1", "1"]


def test_a_value_is_explained_now_and_at_a_time_with_the_author_of_every_layer() -> None:
    data("POST", body=text("theme", "grey"), layer="global", caller=a_principal(*EVERYTHING, user="root"))
    before = datetime.now().astimezone().isoformat()
    data("POST", body=text("theme", "blue"), caller=a_principal(*EVERYTHING, user="tina"))
    data(
        "PATCH",
        "/theme",
        {"configValue": "red", "changeReason": "campaign"},
        caller=a_principal(*EVERYTHING, user="tom"),
    )
    now = data("GET", "/theme/explain")
    assert (now["configValue"], now["layer"]) == ("red", "tenant")
    tenant, everybody = now["layers"]
    assert (tenant["answers"], tenant["version"], tenant["changedBy"], tenant["changeReason"]) == (
        True,
        2,
        "tom",
        "campaign",
    )
    assert (everybody["answers"], everybody["changedBy"]) == (False, "acme/root")
    then = data("GET", "/theme/explain", at=before)
    assert (then["configValue"], then["layer"], len(then["layers"])) == ("grey", "global", 1)
    assert refused("GET", "/theme/explain", at="2001-01-01T00:00:00Z")[0] == "40401"


def test_a_conflict_names_both_people() -> None:
    data("POST", body=text("a", "1"))
    data("PATCH", "/a", {"configValue": "2", "version": 1}, caller=a_principal(*EVERYTHING, user="tina"))
    late = a_principal(*EVERYTHING, user="tom")
    code, details = refused("PATCH", "/a", {"configValue": "3", "version": 1}, caller=late)
    assert (code, details["changedBy"], details["yourUser"]) == ("40902", "tina", "tom")
    assert (details["theirs"]["configValue"], details["yours"]["configValue"]) == ("2", "3")


@pytest.mark.parametrize(
    ("body", "suggestion"),
    [
        (text("a", "yes", configType="BOOLEAN"), "true"),
        (text("a", "1,200 s", configType="NUMBER"), "1200"),
        (text("a", "90", configType="NUMBER", validationRule={"type": "range", "min": 300, "max": 86400}), "300"),
        (text("a", "99999", configType="NUMBER", validationRule={"type": "range", "min": 1, "max": 86400}), "86400"),
        (text("a", "blu", validationRule={"type": "enum", "values": ["red", "blue"]}), "blue"),
        (text("1 bad key!", "x"), "k.1.bad.key"),
        (text("batch", "x"), "batch.value"),
    ],
)
def test_what_is_refused_comes_with_a_value_that_is_possible(body: dict[str, Any], suggestion: str) -> None:
    details = refused("POST", body=body)[1]
    assert details["suggestion"] == suggestion
    data("POST", body={**body, details["field"]: suggestion})


def test_a_batch_may_be_planned_as_a_whole() -> None:
    for name in ("a", "b"):
        data("POST", body=text(name, "1"))
    batch = {
        "configs": [text("a", "2", scope="GLOBAL"), text("b", "2", effectiveMode="IMMEDIATE")],
        "effectiveMode": "SCHEDULED",
        "effectiveTime": "2090-01-01T00:00:00Z",
    }
    data("POST", "/batch", batch)
    assert [data("GET", f"/{name}")["configValue"] for name in ("a", "b")] == ["1", "2"]
