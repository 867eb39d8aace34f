"""Rules of the exchange with the ERP: rates, breaker, what differs (MES-16)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core.i18n import Text
from enghub.mes.erp.model import PROBES, Health, Service, State
from enghub.mes.exchange.model import Kind, Message, MessageState, Received, compare, completion_rate
from tests.factories.mes import FACTORY

D = Decimal
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
AWAY = Text("HTTP 503", "HTTP 503")


@pytest.mark.parametrize(
    ("good", "planned", "rate"),
    [("95", "100", "95"), ("1", "3", "33.33"), ("2", "3", "66.67"), ("0", "7", "0"), ("38", "37", "102.7")],
)
def test_completion_is_good_pieces_of_the_plan_in_per_cent(good: str, planned: str, rate: str) -> None:
    assert completion_rate(D(good), D(planned)) == D(rate)


def a_message(number: int, state: MessageState = MessageState.ACKNOWLEDGED, value: int = 1) -> Message:
    taken = NOW if state is MessageState.ACKNOWLEDGED else None
    return Message(
        FACTORY,
        f"m{number}",
        Service.STOCK_MOVEMENTS,
        f"L{number}",
        D(value),
        "{}",
        NOW,
        NOW,
        state=state,
        acknowledged_at=taken,
    )


def theirs(number: int, value: int = 1) -> Received:
    return Received(f"m{number}", f"L{number}", D(value), f"ACK-m{number}")


def test_every_way_in_which_hub_and_erp_differ_has_its_name() -> None:
    ours = [a_message(1), a_message(2), a_message(3, value=5), a_message(4, MessageState.WAITING), a_message(5)]
    found = compare(ours, [theirs(1), theirs(3, 7), theirs(4), theirs(9)], NOW)
    assert {(one.kind, one.message_id) for one in found} == {
        (Kind.LOST, "m2"),
        (Kind.DIFFERENT, "m3"),
        (Kind.UNANSWERED, "m4"),
        (Kind.LOST, "m5"),
        (Kind.UNKNOWN, "m9"),
    }


def test_what_an_erp_that_lags_cannot_know_yet_is_not_lost() -> None:
    assert compare([a_message(1)], [], NOW - timedelta(seconds=1)) == []
    assert [one.kind for one in compare([a_message(1)], [], NOW)] == [Kind.LOST]


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_a_comparison_names_each_difference_once_and_nothing_else(ours: set[int], there: set[int]) -> None:
    found = compare([a_message(one) for one in ours], [theirs(one) for one in there], NOW)
    assert len(found) == len({one.message_id for one in found})
    assert {one.message_id for one in found} == {f"m{one}" for one in ours ^ there}


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_a_service_is_down_from_its_first_failure_until_its_next_answer(answers: list[bool]) -> None:
    health, since = Health(FACTORY, Service.BOM), None
    for number, is_good in enumerate(answers):
        at = NOW + timedelta(hours=number)
        health = health.answered(at, 10, at) if is_good else health.failed(AWAY, at)
        since = None if is_good else since or at
        assert (health.is_down, health.since if health.is_down else None) == (not is_good, since)
        assert health.revision == number + 1
    if health.is_down:
        assert not health.may_be_called(at)
        assert health.may_be_called(at + PROBES[-1])


def test_the_pauses_before_a_probe_grow_to_five_minutes() -> None:
    health, waits = Health(FACTORY, Service.BOM), []
    for _ in range(6):
        health = health.failed(AWAY, NOW)
        waits.append(health.retry_after(NOW))
    assert waits == [30, 60, 120, 300, 300, 300]


@pytest.mark.parametrize(
    ("milliseconds", "age", "state"),
    [
        (3000, 0, State.UP),
        (3001, 0, State.SLOW),
        (10, 300, State.UP),
        (10, 301, State.LAGGING),
        (9999, 301, State.LAGGING),
    ],
)
def test_slow_is_over_three_seconds_and_lagging_over_five_minutes(milliseconds: int, age: int, state: State) -> None:
    assert Health(FACTORY, Service.BOM).answered(NOW - timedelta(seconds=age), milliseconds, NOW).state is state
