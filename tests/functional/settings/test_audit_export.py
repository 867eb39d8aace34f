"""The audit as OCSF JSON lines: each event as the schema wants it, nothing lost between pages (CFG-28)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from enghub.core import clock
from enghub.core.clock import system_clock
from enghub.core.identity import Principal
from enghub.core.security import edge
from tests.factories.handlers import ROOT
from tests.factories.http import a_principal
from tests.factories.settings import EVERYTHING, answer, make_field_key, sent_to

SCHEMA = json.loads((ROOT / "tests/data/ocsf/1.6.0.json").read_text("utf-8"))
OBJECTS = {"metadata": "metadata", "user": "user", "actor": "actor", "entity": "managed_entity", "api": "api"} | {
    "src_endpoint": "network_endpoint",
    "service": "service",
    "session": "session",
    "product": "product",
}
ADMIN = a_principal(
    "config:read", *EVERYTHING, "grant:change", "session:own", "audit:export", "security_policy:read", user="admin"
)


@pytest.fixture(autouse=True)
def table(account: Callable[..., str]) -> None:
    account("settings", SECURITY_TABLE="enghub-test-settings", SECURITY_DEFAULTS="idle=1800 sessions=3 mfa=false")


def exported(caller: Principal = ADMIN, **query: str) -> tuple[list[dict[str, Any]], str | None]:
    period = {
        "from": (system_clock() - timedelta(days=1)).isoformat(),
        "to": (system_clock() + timedelta(days=1)).isoformat(),
    }
    found = sent_to("export_audit", "GET", "/api/v1/settings/audit/ocsf", caller=caller, query={**period, **query})
    assert found["statusCode"] == 200, found["body"]
    assert found["multiValueHeaders"]["Content-Type"] == ["application/x-ndjson"]
    cursor = found["multiValueHeaders"].get("X-Next-Cursor", [None])[0]
    return [json.loads(line) for line in found["body"].splitlines()], cursor


def problems(event: dict[str, Any]) -> Iterator[str]:
    """Yield what the schema refuses of an event: missing or unknown attributes, activity or type_uid."""
    kind = SCHEMA["events"][str(event["class_uid"])]
    yield from _problems(event, kind, "event")
    if event["activity_id"] not in kind["activities"]:
        yield f"activity {event['activity_id']}"
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        yield "type_uid"
    if event["category_uid"] != event["class_uid"] // 1000 or event["metadata"]["version"] != "1.6.0":
        yield "category or version"


def _problems(found: dict[str, Any], kind: dict[str, Any], place: str) -> Iterator[str]:
    yield from (f"{place} lacks {name}" for name in kind["required"] if found.get(name) in (None, "", [], {}))
    yield from (f"{place} has {name}" for name in found if name not in kind["attributes"])
    if kind["at_least_one"] and not any(found.get(name) for name in kind["at_least_one"]):
        yield f"{place} has none of {kind['at_least_one']}"
    for name, inner in found.items():
        if isinstance(inner, dict) and name in OBJECTS:
            yield from _problems(inner, SCHEMA["objects"][OBJECTS[name]], f"{place}.{name}")


def a_day_of_everything() -> None:
    make_field_key()
    admin = replace(ADMIN, session="s1", authenticated_at=system_clock())
    assert answer("POST", "", {"configKey": "line.speed", "configValue": "3"}, caller=admin)["statusCode"] == 201
    answer("PATCH", "/line.speed", {"configValue": "4", "changeReason": "faster"}, caller=admin, layer="tenant")
    answer("POST", "", {"configKey": "db.password", "configValue": "hunter2", "isEncrypted": True}, caller=admin)
    answer("GET", "/db.password", caller=admin, layer="tenant", reveal="true")
    answer("DELETE", "/line.speed", caller=admin, layer="tenant")
    grant = {"verbs": ["UPDATE"], "level": "MODULE", "scope": "line", "reason": "night"}
    made = sent_to("serve_grants", "POST", "/api/v1/settings/grants/li", grant, caller=admin)
    assert made["statusCode"] == 201, made["body"]
    edge.forget()
    sent_to("serve_security", "DELETE", "/api/v1/settings/sessions/current", caller=admin)
    answer("DELETE", "/db.password", caller=a_principal("config:read", user="li"), layer="tenant")


def test_every_event_is_as_the_schema_wants_it_and_tells_who_did_what() -> None:
    a_day_of_everything()
    events, cursor = exported()
    assert cursor is None
    assert [(event["message"], list(problems(event))) for event in events if list(problems(event))] == []
    told = {event["message"]: event for event in events}
    assert told["session.started"]["type_uid"] == 300_201
    assert told["session.ended"]["type_uid"] == 300_202
    assert (told["grants.granted"]["type_uid"], told["grants.granted"]["privileges"]) == (
        300_501,
        ["MODULE:line:UPDATE"],
    )
    assert told["config.created"]["type_uid"] == 300_401
    updated = told["config.updated"]
    assert (updated["type_uid"], updated["comment"], updated["actor"]["user"]["uid"]) == (300_403, "faster", "admin")
    assert updated["src_endpoint"] == {"ip": "192.0.2.7"}
    assert told["config.deleted"]["type_uid"] == 300_404
    assert told["config_secret.revealed"]["type_uid"] == 300_402
    assert "hunter2" not in json.dumps(events)
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)


def test_refused_requests_are_api_activity_that_failed() -> None:
    a_day_of_everything()
    (event,) = exported(kind="refusals")[0]
    assert list(problems(event)) == []
    assert (event["type_uid"], event["status_code"], event["actor"]["user"]["uid"]) == (600_304, "FORBIDDEN", "li")
    assert event["api"] == {"operation": "DELETE /api/v1/system-config/db.password"}


def test_pages_hold_everything_once_over_many_days(monkeypatch: pytest.MonkeyPatch) -> None:
    now = system_clock()
    for day in range(5):
        monkeypatch.setattr(clock, "_now", lambda _, day=day: now + timedelta(days=day * 20))
        for number in range(3):
            answer("POST", "", {"configKey": f"n.{day}.{number}", "configValue": "1"}, caller=ADMIN)
    period = {"from": now.isoformat(), "to": (now + timedelta(days=81)).isoformat(), "pageSize": "4"}
    names: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        events, cursor = exported(ADMIN, **period, **({"cursor": cursor} if cursor else {}))
        names += [event["entity"]["name"] for event in events if event["message"] == "config.created"]
        pages += 1
        assert len(events) <= 4
    assert sorted(names) == sorted(f"tenant/-/n.{day}.{number}" for day in range(5) for number in range(3))
    assert pages >= 4


def test_an_export_is_in_the_audit_itself_once() -> None:
    events, _ = exported(pageSize="1")
    assert events[0]["message"] == "audit_export.exported"
    assert events[0]["unmapped"]["after"]["kind"] == "changes"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"to": "2020-01-01T00:00:00Z"}, "to"),
        ({"from": "yesterday"}, "from"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "1999-01-01."}, "cursor"),
        ({"kind": "all"}, "kind"),
        ({"pageSize": "501"}, "pageSize"),
    ],
)
def test_a_period_that_is_none_is_refused_by_its_field(query: dict[str, str], field: str) -> None:
    period = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", **query}
    found = sent_to("export_audit", "GET", "/api/v1/settings/audit/ocsf", caller=ADMIN, query=period)
    assert (found["statusCode"], json.loads(found["body"])["details"]["field"]) == (400, field)


def test_nobody_exports_anothers_audit() -> None:
    answer("POST", "", {"configKey": "line.speed", "configValue": "3"}, caller=ADMIN)
    other = a_principal("audit:export", tenant="globex")
    assert [event["message"] for event in exported(other)[0]] == ["audit_export.exported"]
    query = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "layer": "global"}
    refused = sent_to("export_audit", "GET", "/api/v1/settings/audit/ocsf", caller=ADMIN, query=query)
    assert json.loads(refused["body"])["details"]["permission"] == "audit:export:global"
