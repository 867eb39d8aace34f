"""Facts of other contexts in the table: never an older one over a newer, gaps shown, rebuilt and proved."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from enghub.core.projections.dynamo import Facts
from enghub.core.projections.model import AsOf, Fact
from tests.factories.http import NOW
from tests.fakes.one_at_a_time import one_call_at_a_time

PRODUCTS = Facts("products")
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _table(account: Callable[..., str]) -> None:
    account("mes")


def a_fact(version: int, subject: str = "P-1") -> Fact:
    return Fact(subject, version, f"{subject} {version}", NOW + timedelta(minutes=version), NOW)


def test_facts_in_any_order_and_twice_leave_the_newest() -> None:
    assert [PRODUCTS.take("acme", a_fact(version)) for version in (2, 4, 2, 3, 4)] == [True, True, False, True, False]
    known = PRODUCTS.get("acme", "P-1")
    assert known is not None
    assert (known.version, known.body, known.missing) == (4, "P-1 4", ())
    assert (PRODUCTS.get("globex", "P-1"), Facts("other").get("acme", "P-1")) == (None, None)


def test_gaps_are_shown_until_they_are_filled() -> None:
    for version in (1, 4):
        PRODUCTS.take("acme", a_fact(version))
    PRODUCTS.take("acme", a_fact(1, "P-2"))
    assert PRODUCTS.as_of("acme") == AsOf(NOW + timedelta(minutes=4), 1)
    assert [fact.missing for fact in PRODUCTS.with_gaps("acme")] == [(2, 3)]
    for version in (3, 2):
        PRODUCTS.take("acme", a_fact(version))
    assert PRODUCTS.as_of("acme") == AsOf(NOW + timedelta(minutes=4), 0)
    assert PRODUCTS.as_of("globex") == AsOf(None, 0)


def test_writers_at_once_lose_nothing() -> None:
    with one_call_at_a_time(), ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda version: PRODUCTS.take("acme", a_fact(version)), [1, *range(8, 1, -1)]))
    known = PRODUCTS.get("acme", "P-1")
    assert known is not None
    assert known.version == 8


def test_a_rebuild_repairs_what_was_lost_wrong_or_never_was_and_proves_it() -> None:
    source = [a_fact(version, f"P-{version}") for version in range(1, 5)]
    for fact in source[1:]:
        PRODUCTS.take("acme", fact)
    PRODUCTS.take("acme", a_fact(9, "P-2"))
    PRODUCTS.take("acme", a_fact(1, "never there"))
    PRODUCTS._store("acme", PRODUCTS.get("acme", "P-3"), replace(source[2], body="wrong"))
    found = PRODUCTS.rebuild("acme", lambda: source, LATER)
    assert (found.subjects, found.corrected, found.moving, found.agrees) == (4, 3, 0, True)
    assert PRODUCTS.get("acme", "never there") is None
    newest = {fact.subject: fact.body for fact in source} | {"P-2": a_fact(9, "P-2").body}  # the source told it before
    assert {subject: PRODUCTS.get("acme", subject).body for subject in newest} == newest  # type: ignore[union-attr]
    assert PRODUCTS.rebuild("acme", lambda: source, LATER + timedelta(hours=1)).corrected == 0


def test_what_just_came_is_not_judged() -> None:
    PRODUCTS.take("acme", a_fact(1))
    found = PRODUCTS.rebuild("acme", list, NOW + timedelta(seconds=30))
    assert (found.corrected, found.moving) == (0, 1)
    assert PRODUCTS.get("acme", "P-1") is not None
