"""The security policy before every request: addresses, sessions, second factors; its cost in calls (CFG-19)."""

import json
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enghub.core import audit, clock, dynamo, entrypoints, http
from enghub.core.errors import Unavailable
from enghub.core.identity import Principal
from enghub.core.rights import Right
from enghub.core.security import dynamo as store
from enghub.core.security import edge
from enghub.core.security.model import Layer
from tests.factories.http import Context, a_principal, a_request

START = datetime(2026, 3, 2, 10, 0, 5, tzinfo=UTC)
SETTINGS = "enghub-test-settings"
READ = Right("order:read", roles=("TESTER",))


class World:
    """A function of another context, and the table of settings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = START
        self.calls: Counter[str] = Counter()
        monkeypatch.setattr(clock, "_now", lambda _: self.now)
        app = http.resolver()

        @app.get("/orders", right=READ)
        def read() -> dict[str, str]:
            return {"user": http.call(app).principal.user_id}

        @app.post("/orders", right=READ, sensitive="yes")
        def change() -> dict[str, str]:
            return {}

        @app.get("/open", public="a page for everybody")
        def show() -> dict[str, str]:
            return {}

        self.handler: Any = entrypoints.http(app)

    def count(self) -> None:
        self.calls.clear()
        events = dynamo.connection().client.meta.events
        events.register_first("before-call.dynamodb", lambda model, **_: self.calls.update([model.name]), "counted")

    def later(self, **passed: float) -> "World":
        self.now += timedelta(**passed)
        return self

    def ask(
        self, who: Principal, method: str = "GET", path: str = "/orders", source: str = "192.0.2.7"
    ) -> dict[str, Any]:
        event = a_request(method, path, caller=who)
        event["requestContext"]["identity"]["sourceIp"] = source
        found: dict[str, Any] = self.handler(event, Context())
        return {**found, **json.loads(found["body"])}

    def status(self, *args: Any, **kwargs: Any) -> int:
        found: int = self.ask(*args, **kwargs)["statusCode"]
        return found

    def policy(self, revision: int = 1, tenant: str = "acme", **said: Any) -> None:
        store.keep_layer(tenant, Layer(((self.now, said),), revision))


@pytest.fixture
def world(account: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> World:
    account("settings")
    account("mes", SECURITY_TABLE=SETTINGS, SECURITY_DEFAULTS="idle=1800 sessions=3")
    return World(monkeypatch)


def li(session: str = "s1", minutes: int = 0, user: str = "li", **more: Any) -> Principal:
    who = replace(a_principal("order:read", user=user), session=session)
    return replace(who, authenticated_at=START + timedelta(minutes=minutes), **more)


def audited(user: str = "li") -> list[tuple[str, str]]:
    """Return what the audit of sessions says; it lies in the table of settings."""
    pk = audit.partition("acme", f"session/-/{user}")
    found = dynamo.connection().query(SETTINGS, pk, consistent_read=True)["Items"]
    entries = [audit.read(one) for one in found]
    assert audit.broken_at(entries) is None
    return [(one.action, one.reason) for one in entries]


def told() -> list[tuple[str, str]]:
    found = dynamo.connection().scan(SETTINGS)["Items"]
    bodies = [json.loads(one["body"]["S"]) for one in found if one["entity"]["S"] == "OUTBOX"]
    return [(one["data"]["action"], one["data"]["reason"]) for one in bodies]


def test_an_address_outside_the_list_is_refused_whatever_it_asks_for(world: World) -> None:
    world.policy(networks=["203.0.113.0/24", "2001:db8::/32"])
    assert world.status(li(), source="203.0.113.9") == 200
    assert world.status(li(), source="2001:db8::7") == 200
    found = world.ask(li(), source="192.0.2.7")
    assert (found["statusCode"], found["code"], found["details"]["error"]) == (403, "40301", "ADDRESS_NOT_ALLOWED")
    assert world.ask(li(), "GET", "/no-such-route", "192.0.2.7")["details"]["error"] == "ADDRESS_NOT_ALLOWED"
    assert world.ask(li(), "POST", "/orders", "")["details"]["error"] == "ADDRESS_NOT_ALLOWED"


def test_a_refusal_is_audited_and_its_answer_and_log_name_no_address(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.policy(networks=["203.0.113.0/24"])
    found = world.ask(li(), source="198.51.100.77")
    (kept,) = audit.refusals("acme", "2026-03-02")
    assert (kept.error, kept.user_id, kept.source_ip) == ("ADDRESS_NOT_ALLOWED", "li", "198.51.100.77")
    said = capsys.readouterr()
    assert "addressRefused" in said.out
    assert "198.51.100.77" not in found["body"] + said.out + said.err


def test_other_tenants_and_public_routes_are_not_under_a_tenants_list(world: World) -> None:
    world.policy(networks=["203.0.113.0/24"])
    assert world.status(replace(li(), tenant_id="globex")) == 200
    event = a_request("GET", "/open")
    assert world.handler(event, Context())["statusCode"] == 200


def test_the_global_list_holds_until_the_tenant_says_another(world: World) -> None:
    world.policy(tenant="*", networks=["203.0.113.0/24"])
    assert world.status(li()) == 403
    world.policy(networks=[])
    assert world.status(li()) == 200


def test_a_change_is_in_force_within_thirty_seconds_and_a_refusal_looks_anew(world: World) -> None:
    assert world.status(li()) == 200
    world.policy(networks=["203.0.113.0/24"])
    assert world.later(seconds=19).status(li()) == 200
    assert world.later(seconds=2).status(li()) == 403
    world.policy(revision=2, networks=["192.0.2.0/24"])
    assert world.status(li()) == 200


def test_an_older_layer_never_replaces_a_newer_one(world: World) -> None:
    world.policy(revision=5, networks=["203.0.113.0/24"])
    world.policy(revision=4, networks=[])
    assert world.status(li()) == 403


def test_idle_time_is_counted_from_the_last_touch_and_the_minute_is_added(world: World) -> None:
    """SF20: used 10:00:05 and 10:00:50, then 10:30:40 (idle 29:50): goes on; in another session 10:31:51: over."""
    assert world.status(li("s1")) == world.status(li("s2")) == 200
    assert world.later(seconds=45).status(li("s1")) == world.status(li("s2")) == 200
    world.now = START.replace(minute=30, second=40)
    assert world.status(li("s1")) == 200
    world.now = START.replace(minute=31, second=51)
    over = world.ask(li("s2"))
    assert (over["statusCode"], over["code"], over["details"]["reason"]) == (401, "40101", "IDLE")
    assert world.ask(li("s2"))["details"]["reason"] == "ENDED"
    assert world.status(li("s1")) == 200
    assert world.status(li("s3", minutes=31)) == 200
    assert audited()[-2:] == [("session.ended", "IDLE"), ("session.started", "")]


def test_another_function_knows_that_a_session_is_used(world: World) -> None:
    assert world.status(li()) == 200
    edge.forget()
    for _ in range(4):
        assert world.later(minutes=20).status(li()) == 200
        edge.forget()
    assert audited() == [("session.started", "")]


def test_a_fourth_session_ends_the_first_within_twenty_seconds_everywhere(world: World) -> None:
    for number in range(3):
        assert world.later(seconds=1).status(li(f"s{number}", minutes=number)) == 200
    elsewhere = deepcopy(edge._users)
    assert world.status(li("s3", minutes=3)) == 200
    assert world.ask(li("s0"))["details"]["reason"] == "ENDED"
    assert [world.status(li(f"s{number}", minutes=number)) for number in (1, 2, 3)] == [200] * 3
    edge._users.update(elsewhere)  # a function that read before
    assert world.later(seconds=15).status(li("s0")) == 200
    assert world.later(seconds=6).status(li("s0")) == 401
    assert audited() == [("session.started", "")] * 3 + [("session.ended", "REPLACED"), ("session.started", "")]
    assert sorted(told()) == [("ENDED", "REPLACED")] + [("STARTED", "NONE")] * 4


def test_refreshed_tokens_are_of_the_same_session_and_many_at_once_begin_it_once(world: World) -> None:
    for _ in range(3):
        edge.forget()
        assert world.status(li()) == 200
    assert audited() == [("session.started", "")]


def test_a_move_to_another_address_is_audited(world: World) -> None:
    assert world.status(li()) == 200
    assert world.later(seconds=61).status(li(), source="203.0.113.9") == 200
    assert world.later(seconds=1).status(li(), source="192.0.2.7") == 200
    assert audited() == [("session.started", ""), ("session.changed", "ADDRESS")]


def test_programs_sign_in_as_often_as_they_like_and_pay_nothing(world: World) -> None:
    world.policy(program_users=["erp"])
    assert world.status(li("s0", user="erp")) == 200
    world.count()
    assert [world.status(li(f"s{number}", user="erp")) for number in range(20)] == [200] * 20
    assert world.later(hours=3).status(li("s0", user="erp")) == 200
    assert world.calls == {"BatchGetItem": 1}
    assert audited("erp") == []


def test_a_busy_session_costs_four_reads_and_one_write_a_minute(world: World) -> None:
    """240 requests in two minutes, as of a terminal that reports: one of 25 asks for anything."""
    assert world.status(li()) == 200
    world.count()
    for _ in range(240):
        assert world.later(seconds=0.5).status(li()) == 200
    assert world.calls == {"UpdateItem": 2, "BatchGetItem": 7}


def test_the_first_request_of_a_warm_session_costs_one_read(world: World) -> None:
    assert world.status(li()) == 200
    edge.forget()
    world.later(seconds=5).count()
    assert world.status(li()) == 200
    assert world.calls == {"BatchGetItem": 1}


def test_while_the_table_is_away_what_was_read_last_holds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.policy(networks=["192.0.2.0/24"])
    assert world.status(li()) == 200

    def away(*_: Any, **__: Any) -> Any:
        raise Unavailable

    monkeypatch.setattr(store, "read", away)
    assert world.later(seconds=90).status(li()) == 200
    assert world.status(li(user="new")) == 503
    edge.forget()
    assert world.status(li()) == 503


def test_a_sensitive_change_takes_a_second_factor_of_late(world: World) -> None:
    assert world.status(li(), "POST") == 200
    world.policy(mfa_required=True, mfa_max_age_seconds=600)
    world.later(seconds=25)
    found = world.ask(li(methods=("pwd",)), "POST")
    assert (found["statusCode"], found["details"]) == (
        401,
        {"error": "MFA_REQUIRED", "recently": " within the last 10 minutes", "maxAgeSeconds": 600},
    )
    told = found["multiValueHeaders"]["WWW-Authenticate"]
    assert told == ['Bearer error="insufficient_user_authentication", max_age=600']
    assert world.status(li(methods=("pwd",))) == 200
    assert world.status(li(methods=("pwd", "mfa")), "POST") == 200
    world.now = START + timedelta(seconds=601)
    assert world.status(li(methods=("mfa",)), "POST") == 401
    assert {one.error for one in audit.refusals("acme", "2026-03-02")} == {"MFA_REQUIRED"}


def test_without_a_table_of_policies_nothing_is_asked(
    account: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    account("mes")
    bare = World(monkeypatch)
    bare.count()
    assert bare.status(li()) == 200
    assert not bare.calls
