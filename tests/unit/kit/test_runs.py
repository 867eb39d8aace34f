"""Long processes: leases, and the round that deals with lost ones."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core.dynamo import Attr
from enghub.core.transactions import Update, transact
from enghub.kit.runs import dynamo as leases
from enghub.kit.runs.leases import Lease, Term
from enghub.kit.runs.sweep import Fate, Swept, sweep
from tests.factories.http import NOW

MINUTE = timedelta(minutes=1)
seconds = st.integers(0, 7200).map(lambda number: timedelta(seconds=number))


@given(seconds, seconds, seconds)
def test_a_lease_that_is_extended_when_due_is_never_lost(
    length: timedelta, renewed_at: timedelta, later: timedelta
) -> None:
    term = Term(length, renewed_at)
    until, at = term.until(NOW), NOW + later
    if term.is_due(until, at):
        until = term.until(at)
    assert term.is_lost(until, at) is (later > length and not term.is_due(term.until(NOW), at))
    assert not term.is_lost(None, at)
    assert term.is_due(None, at)


def test_what_is_extended_at_any_sign_of_life_is_always_due() -> None:
    assert Term(MINUTE).is_due(NOW + MINUTE, NOW)


def test_a_round_deals_with_each_by_itself() -> None:
    fates = {"a": Fate.TAKEN_UP, "b": Fate.GIVEN_UP, "d": Fate.ALIVE, "e": Fate.TAKEN_UP}
    assert sweep("abcde", lambda one: fates[one]) == Swept(taken_up=2, given_up=1, failed=1)


@pytest.fixture
def stored(account: Callable[..., str]) -> Callable[..., list[str]]:
    account("plm")

    def lost(minutes: int, kind: str = "sync") -> list[str]:
        return [lease.run_id for lease in leases.lost(kind, NOW + minutes * MINUTE)]

    return lost


def a_lease(run_id: str, minutes: int, turn: int = 1, kind: str = "sync") -> Lease:
    return Lease(kind, "acme", run_id, turn, NOW + minutes * MINUTE)


def test_leases_are_lost_when_they_ran_out_the_longest_over_first(stored: Callable[..., list[str]]) -> None:
    for run_id, minutes in (("late", 20), ("early", 10), ("alive", 40)):
        transact(leases.held(a_lease(run_id, minutes)))
    transact(leases.held(a_lease("other", 1, kind="rollout")))
    assert stored(30) == ["early", "late"]
    leases.extend(a_lease("early", 50))
    assert stored(30) == ["late"]
    transact(leases.released("sync", "acme", "late"))
    assert stored(99) == ["alive", "early"]


def test_an_earlier_turn_extends_nothing_and_one_that_ended_comes_not_back(stored: Callable[..., list[str]]) -> None:
    transact(leases.held(a_lease("run", 10, turn=2)))
    leases.extend(a_lease("run", 90, turn=1))
    leases.extend(a_lease("ended", 10))
    assert stored(30) == ["run"]


def test_a_lease_that_cannot_be_read_hides_no_other(stored: Callable[..., list[str]]) -> None:
    for number in range(3):
        transact(leases.held(a_lease(f"run-{number}", number)))
    key = leases.LEASES.key_of(a_lease("run-1", 1))
    transact(Update(key, [Attr("until").set("yesterday")]))
    assert stored(30) == ["run-0", "run-2"]
