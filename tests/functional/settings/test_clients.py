"""What clients read in one go, what they say of it, who is behind (CFG-11, CFG-12)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enghub.core import clock
from enghub.settings.clients import service, wiring
from tests.factories import flags, stored
from tests.factories.clients import (
    CLIENT,
    EVERYBODY,
    NONE,
    a_receipt,
    changed,
    data,
    deleted,
    sent,
    snapshot,
)
from tests.factories.handlers import sample_event
from tests.factories.http import Context, a_principal
from tests.factories.queues import a_batch, failed
from tests.factories.settings import ADMIN, answer, handler, make_field_key

SECRET = "Zq7-kept-from-everybody"


@pytest.fixture(autouse=True)
def table(account: Callable[..., str]) -> None:
    account("settings")
    wiring.snapshots.cache_clear()
    wiring.clients.cache_clear()


def shown(found: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {one["configKey"]: (one["now"]["configValue"], one["now"]["layer"]) for one in found["settings"]}


def refused(*args: Any, **options: Any) -> tuple[int, dict[str, Any]]:
    found = sent(*args, **options)
    return found["statusCode"], json.loads(found["body"])["details"]


# --- the snapshot ---


def test_one_read_holds_the_nearest_values_of_three_layers_and_all_flags() -> None:
    changed("line.speed", "3", layer="global", configType="NUMBER")
    changed("line.speed", "5", configType="NUMBER")
    changed("line.name", "七号线", layer="global")
    changed("office.name", "A")
    flags.data("POST", body={"flagKey": "new-ui", "isEnabled": True, "targetRules": {"percentage": 5}})
    found = snapshot(keys="line.*")
    assert shown(found) == {"line.speed": ("5", "tenant"), "line.name": ("七号线", "global")}
    assert [one["key"] for one in found["flags"]] == ["new-ui"]
    assert (found["tenantId"], found["userId"], found["environment"]) == ("acme", "machine", "PROD")
    assert snapshot(environment="TEST")["flags"] == []


def test_a_user_gets_their_own_layer_and_nobody_elses() -> None:
    answer("POST", body={"configKey": "line.speed", "configValue": "9"}, layer="user")  # of ADMIN
    assert shown(snapshot()) == {}
    assert shown(snapshot(EVERYBODY)) == {"line.speed": ("9", "user")}


def test_what_is_planned_is_told_beforehand_with_what_comes_after_it() -> None:
    now = clock.system_clock()
    start, end = now + timedelta(hours=1), now + timedelta(hours=2)
    changed("line.speed", "3", configType="NUMBER")
    times = {"effectiveTime": start.isoformat(), "expireTime": end.isoformat()}
    changed("line.speed", "9", effectiveMode="SCHEDULED", **times)
    changed("line.mode", "night", effectiveMode="SCHEDULED", effectiveTime=start.isoformat())
    mode, speed = snapshot()["settings"]
    assert (mode["now"]["configValue"], mode["now"]["layer"]) == (None, None)
    assert [one["configValue"] for one in mode["changes"]] == ["night"]
    assert speed["now"]["configValue"] == "3"
    assert [(one["configValue"], datetime.fromisoformat(one["at"])) for one in speed["changes"]] == [
        ("9", start),
        ("3", end),
    ]


def test_a_secret_is_a_mask_now_and_as_it_is_planned() -> None:
    make_field_key()
    changed("smtp.password", SECRET, isEncrypted=True)
    later = (clock.system_clock() + timedelta(hours=1)).isoformat()
    changed("smtp.password", f"{SECRET}-2", isEncrypted=True, effectiveMode="SCHEDULED", effectiveTime=later)
    found = sent("GET", "/snapshot", caller=EVERYBODY)
    assert SECRET not in found["body"]
    (one,) = json.loads(found["body"])["data"]["settings"]
    assert one["now"]["isEncrypted"]
    assert [each["configValue"] for each in (one["now"], *one["changes"])] == ["******"] * 2


def etag_of(**query: str) -> str:
    found = sent("GET", "/snapshot", query=query)
    assert found["statusCode"] == 200, found["body"]
    tag: str = found["multiValueHeaders"]["ETag"][0]
    return tag


def asked(tag: str, caller: Any = CLIENT, **query: str) -> int:
    status: int = sent("GET", "/snapshot", caller=caller, headers={"If-None-Match": tag}, query=query)["statusCode"]
    return status


def test_a_second_read_is_304_until_something_of_the_callers_changes() -> None:
    changed("line.speed", "3")
    tag = etag_of()
    assert asked(tag) == 304
    answer("POST", body={"configKey": "line.speed", "configValue": "9"}, layer="user")
    assert asked(tag) == 304, "another user's own"
    changed("line.speed", "4")
    assert asked(tag) == 200
    tag = etag_of()
    deleted("line.speed")
    assert asked(tag) == 200
    tag = etag_of()
    flags.data("POST", body={"flagKey": "new-ui"})
    wiring.snapshots().forget()
    assert asked(tag) == 200


def test_an_etag_is_of_one_user_and_one_question() -> None:
    tag = etag_of(keys="line.*")
    assert asked(tag, keys="line.*") == 304
    assert asked(tag) == 200
    assert asked(tag, keys="line.*", environment="TEST") == 200
    assert asked(tag, EVERYBODY, keys="line.*") == 200


@pytest.mark.parametrize("keys", ["line*x", "1st", "a b", "", "é*", "../x", "line.*#"])
def test_a_key_that_is_none_is_refused_by_name(keys: str) -> None:
    status, details = refused("GET", "/snapshot", query={"keys": keys})
    assert status == 400
    assert details["field"].startswith("keys")


def test_more_than_an_answer_holds_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        changed(f"line.{number}", "x" * 100)
    monkeypatch.setattr(service, "MOST_KEYS", 3)
    status, details = refused("GET", "/snapshot")
    assert (status, details["field"], details["found"]) == (422, "keys", 4)
    assert len(snapshot(keys="line.1")["settings"]) == 1
    monkeypatch.setattr(service, "MOST_CHARACTERS", 99)
    assert refused("GET", "/snapshot", query={"keys": "line.1"})[0] == 422


def test_reading_takes_both_rights_and_a_tenant() -> None:
    for rights in (("config:read",), ("flag:evaluate",), ()):
        assert sent("GET", "/snapshot", caller=a_principal(*rights))["statusCode"] == 403
    assert sent("GET", "/snapshot", caller=a_principal("config:read", "flag:evaluate", tenant="*"))["statusCode"] == 403
    assert sent("GET", "/clients", caller=CLIENT)["statusCode"] == 403


# --- counting ---


def test_a_redelivered_event_counts_once_more_and_never_less() -> None:
    changed("line.speed", "3")
    first = snapshot()["revision"]
    (event,) = stored.events("ConfigurationChanged")
    assert failed(handler("push_changes")(a_batch(event, event), Context())) == []
    assert (first, snapshot()["revision"]) == ("0.0.0.1.0", "0.0.0.3.0")


# --- receipts ---


def clients(caller: Any = EVERYBODY) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data("GET", "/clients", caller=caller)["items"]
    return found


def test_receipts_say_who_has_which_revision_and_who_is_behind() -> None:
    changed("line.speed", "3")
    current = snapshot()["revision"]
    data("POST", "/receipts", a_receipt(revision=current, activeRevision=current))
    data("POST", "/receipts", a_receipt(clientId="line-8"))
    assert [(one["clientId"], one["userId"], one["isBehind"]) for one in clients()] == [
        ("line-7", "machine", False),
        ("line-8", "machine", True),
    ]
    changed("line.speed", "4", layer="global")
    assert [one["isBehind"] for one in clients()] == [True, True]
    assert clients()[0]["currentRevision"] == "0.0.1.1.0"
    assert clients(a_principal("settings_client:read", tenant="globex")) == []


def test_a_change_of_another_user_or_environment_puts_nobody_behind() -> None:
    data("POST", "/receipts", a_receipt())
    flags.data("POST", body={"flagKey": "new-ui", "environment": "TEST"})
    answer("POST", body={"configKey": "line.speed", "configValue": "9"}, layer="user")
    assert [one["isBehind"] for one in clients()] == [False]
    flags.data("POST", body={"flagKey": "new-ui"})
    assert [one["isBehind"] for one in clients()] == [True]


def test_a_repeat_keeps_since_when_and_tells_nobody_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    said = a_receipt(revision="0.0.0.1.0", status="TAKEN_BACK", problem="check_limits: too fast")
    first = data("POST", "/receipts", said)
    later = datetime.now(UTC) + timedelta(minutes=5)
    monkeypatch.setattr(clock, "_now", lambda _: later)
    again = data("POST", "/receipts", said)
    assert first["since"] == again["since"]
    (notice,) = stored.events("NoticeRequested")
    assert notice["data"]["notice_type"] == "settings.activation_failed"
    assert notice["data"]["severity"] == "CRITICAL"
    assert notice["data"]["facts"]["problem"] == "check_limits: too fast"
    assert (clients()[0]["status"], clients()[0]["isBehind"]) == ("TAKEN_BACK", False)
    data("POST", "/receipts", a_receipt(revision="0.0.0.1.0", activeRevision="0.0.0.1.0"))
    assert len(stored.events("NoticeRequested")) == 1
    assert clients()[0]["status"] == "ACTIVE"


def test_nobody_speaks_for_another_users_client() -> None:
    data("POST", "/receipts", a_receipt())
    data(
        "POST", "/receipts", a_receipt(status="FAILED", problem="no"), caller=a_principal("config:read", user="mallory")
    )
    assert {(one["userId"], one["status"]) for one in clients()} == {("machine", "ACTIVE"), ("mallory", "FAILED")}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("clientId", ""),
        ("clientId", "a#b"),
        ("clientId", "x" * 101),
        ("revision", "1.2.3"),
        ("revision", "1e9.0.0.0.0"),
        ("activeRevision", "9" * 80),
        ("status", "GONE"),
        ("problem", "x" * 1_001),
        ("library", "x" * 61),
    ],
)
def test_a_malformed_receipt_is_refused_by_its_field(field: str, value: str) -> None:
    status, details = refused("POST", "/receipts", a_receipt(**{field: value}))
    assert (status, details["field"]) == (400, field)
    assert clients() == []


def test_a_client_gone_for_a_week_leaves_the_list() -> None:
    data("POST", "/receipts", a_receipt())
    (item,) = stored.items("SETTINGS_CLIENT")
    left = int(item["expires_at"]) - datetime.now(UTC).timestamp()
    assert timedelta(days=6) < timedelta(seconds=left) <= timedelta(days=7)


def test_the_sample_reads_what_the_admin_gets() -> None:
    answer("POST", body={"configKey": "session.timeout", "configValue": "3600"}, caller=ADMIN)
    found = handler("serve_clients")(sample_event("settings", "serve_clients"), Context())
    assert shown(json.loads(found["body"])["data"]) == {"session.timeout": ("3600", "tenant")}
    assert handler("push_changes")(sample_event("settings", "push_changes"), Context()) == {"batchItemFailures": []}


def test_nothing_known_is_the_first_revision() -> None:
    assert snapshot()["revision"] == NONE
