"""The audit chain shows every removed, edited or inserted entry."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from enghub.core import audit
from enghub.core.audit import AuditEntry, AuditRecord, Link
from enghub.core.transactions import ConditionFailed, transact
from tests.factories.http import an_origin


@pytest.fixture(autouse=True)
def table(account: Callable[..., str]) -> str:
    return account("mes")


def a_chain(length: int = 3) -> list[AuditRecord]:
    link = Link()
    for number in range(length):
        entry = AuditEntry(an_origin(), "UPDATE", "WO-1", {"n": number}, {"n": number + 1}, link, "because")
        transact(audit.to_put(entry))
        link = entry.link
    return audit.history("acme", "WO-1")


def test_an_untouched_chain_is_whole() -> None:
    entries = a_chain()
    assert [int(entry.sequence) for entry in entries] == [1, 2, 3]
    assert audit.broken_at(entries) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user_id", "mallory"),
        ("after", {"n": 9}),
        ("before", None),
        ("reason", ""),
        ("action", "READ"),
        ("source_ip", "x"),
    ],
)
def test_an_edited_entry_shows(name: str, value: Any) -> None:
    entries = a_chain()
    entries[1] = replace(entries[1], **{name: value})
    assert audit.broken_at(entries) == 2


def test_a_removed_entry_shows() -> None:
    entries = a_chain()
    assert audit.broken_at([entries[0], entries[2]]) == 3


def test_a_second_entry_of_the_same_number_is_refused() -> None:
    a_chain(1)
    with pytest.raises(ConditionFailed):
        transact(audit.to_put(AuditEntry(an_origin(), "UPDATE", "WO-1", None, None, Link())))
