"""How often one may call: per user and tenant, over warm functions, cheap for hot routes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core import audit, entrypoints, http, limits
from enghub.core.errors import RateLimited
from enghub.core.rights import Right
from tests.factories.http import Context, a_principal, a_request, invoke

READ = Right("order:read", roles=("TESTER",))
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits, "system_clock", clock)
    return clock


@pytest.fixture
def get(account: Callable[..., str], clock: Clock) -> Callable[..., tuple[int, dict[str, Any], dict[str, Any]]]:
    account("mes", RATE_LIMITS="read=60 write=10 tenant=3")
    limits.forget()
    app = http.resolver()

    @app.get("/orders", right=READ)
    def read() -> dict[str, str]:
        return {"user": http.call(app).principal.user_id}

    handler: Any = entrypoints.http(app)

    def call(user: str = "emp-001", tenant: str = "acme") -> tuple[int, dict[str, Any], dict[str, Any]]:
        event = a_request("GET", "/orders", caller=a_principal("order:read", user=user, tenant=tenant))
        status, body = invoke(handler, event)
        return status, body, handler(event, Context())["multiValueHeaders"] if status == 429 else {}

    return call


def test_a_user_has_a_minutes_worth_and_is_told_when_to_come_back(get: Any, clock: Clock) -> None:
    answers = [get() for _ in range(70)]
    assert [status for status, _, _ in answers] == [200] * 60 + [429] * 10
    _, body, headers = answers[-1]
    assert (body["code"], body["details"]["retryAfterSeconds"], headers["Retry-After"]) == ("42901", 1, ["1"])
    clock.now += timedelta(seconds=10)
    assert [get()[0] for _ in range(11)] == [200] * 10 + [429]


def test_others_are_not_held_up(get: Any) -> None:
    assert [get()[0] for _ in range(61)][-1] == 429
    assert get(user="emp-002")[0] == 200
    assert get(user="emp-001", tenant="globex")[0] == 200


def test_a_tenant_has_the_worth_of_its_users(get: Any) -> None:
    statuses = [get(user=f"emp-{number % 10}")[0] for number in range(200)]
    assert statuses.count(200) == 180
    assert get(tenant="globex")[0] == 200


def test_another_function_sees_what_was_charged(get: Any) -> None:
    assert [get()[0] for _ in range(60)] == [200] * 60
    limits._known.clear()  # a second function, that knows nothing
    assert [get()[0] for _ in range(7)].count(429) >= 1


def test_ten_calls_cost_one_write(get: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[Any] = []
    monkeypatch.setattr(limits, "transact", lambda *found: writes.append(found))
    assert [get()[0] for _ in range(30)] == [200] * 30
    assert len(writes) == 5 + 1  # a tenth of the user's 60 each time, and of the tenant's 180 once


def test_refused_calls_count_so_that_they_fill_no_audit(get: Any) -> None:
    app = http.resolver()

    @app.get("/secrets", right=Right("secret:read", roles=()))
    def read() -> None: ...

    handler: Any = entrypoints.http(app)
    event = a_request("GET", "/secrets", caller=a_principal("order:read"))
    statuses = [invoke(handler, event)[0] for _ in range(70)]
    assert (statuses.count(403), statuses.count(429)) == (60, 10)
    assert len(audit.refusals("acme", f"{datetime.now(UTC):%Y-%m-%d}")) == 60


def test_without_figures_nothing_is_limited(account: Callable[..., str]) -> None:
    account("mes")
    limits.forget()
    for _ in range(1_000):
        limits.take(a_principal(), "read")


@given(st.lists(st.tuples(st.integers(1, 20), st.floats(0, 30)), max_size=60))
def test_no_minute_has_more_than_two_buckets_full(calls: list[tuple[int, float]]) -> None:
    """A bucket that was full, and what came in while it was emptied: never more than that in any minute."""
    per_minute, now, full_at = 60, 0.0, 0.0
    taken: list[tuple[float, int]] = []
    for number, pause in calls:
        now += pause
        try:
            full_at = limits.charged(full_at, now, number, per_minute)
        except RateLimited:
            continue
        taken.append((now, number))
    for start, _ in taken:
        assert sum(number for at, number in taken if start <= at < start + limits.MINUTE) <= 2 * per_minute


def test_a_call_that_was_refused_is_not_owed(get: Any) -> None:
    assert [get()[0] for _ in range(60)] == [200] * 60
    limits._known.clear()  # a second function, that learns only when it charges that nothing is left
    assert [get()[0] for _ in range(8)] == [200] * 5 + [429] * 3
    assert limits._known["acme", "emp-001", "read"].pending == 5
