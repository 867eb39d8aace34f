"""Levels, readiness, interim approvals and reopening of a PPAP (PLM-14; PF15)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from enghub.plm.ppaps.errors import (
    CustomerListMissing,
    InterimUnbounded,
    PpapNotReady,
    PpapStatusRefused,
    ReasonMissing,
)
from enghub.plm.ppaps.model import EDITION, ELEMENTS, Element, ElementStatus, Ppap, PpapApproval, PpapStatus

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
READY, NOT_APPLICABLE = ElementStatus.READY, ElementStatus.NOT_APPLICABLE


def a_ppap(level: int = 3, **fields: Any) -> Ppap:
    return Ppap("acme", "P-1", "PRJ-7", "ECU-1", level, NOW, **fields)


def ready(ppap: Ppap) -> Ppap:
    return replace(ppap, elements=tuple(Element(number, READY) for number in ELEMENTS))


def interim(**fields: Any) -> PpapApproval:
    return PpapApproval(PpapStatus.INTERIM, date(2026, 3, 2), "Ada", **fields)


def test_levels_submit_2_8_16_1_and_no_elements() -> None:
    counts = [
        sum(a_ppap(level, customer_elements=(18,)).duty(number) == "S" for number in ELEMENTS) for level in range(1, 6)
    ]
    assert counts == [2, 8, 16, 1, 0]
    assert [number for number in ELEMENTS if a_ppap(1).duty(number) == "S"] == [13, 18]
    assert a_ppap().edition == EDITION


def test_level_4_is_the_customer_s_list() -> None:
    with pytest.raises(CustomerListMissing):
        a_ppap(4)
    wanted = a_ppap(4, customer_elements=(7, 9))
    assert [number for number in ELEMENTS if wanted.duty(number) == "S"] == [7, 9, 18]


@pytest.mark.parametrize("level", [1, 2, 3, 5])
def test_what_is_retained_must_exist_too(level: int) -> None:
    with pytest.raises(PpapNotReady):
        a_ppap(level).submitted()
    some = ready(a_ppap(level)).with_element(Element(15))
    with pytest.raises(PpapNotReady, match="15"):
        some.submitted()
    assert ready(a_ppap(level)).submitted().status is PpapStatus.SUBMITTED


def test_not_applicable_needs_a_reason() -> None:
    with pytest.raises(ReasonMissing):
        ready(a_ppap()).with_element(Element(13, NOT_APPLICABLE))
    assert ready(a_ppap()).with_element(Element(13, NOT_APPLICABLE, reason="no appearance item")).missing == ()


@pytest.mark.parametrize(
    ("shipped", "day", "status"),
    [
        *((0, "2026-06-30", "INTERIM"), (0, "2026-07-01", "INTERIM_ENDED"), (4999, "2026-06-10", "INTERIM")),
        *((5000, "2026-06-10", "INTERIM_ENDED"), (9000, "2026-03-03", "INTERIM_ENDED")),
    ],
)
def test_an_interim_approval_ends_by_date_or_by_pieces(shipped: int, day: str, status: str) -> None:
    said = interim(until=date(2026, 6, 30), pieces=5000)
    found = replace(ready(a_ppap()).submitted().decided(said, "push", NOW), shipped=shipped)
    assert found.status_on(date.fromisoformat(day)).value == status
    assert found.submitted().status is PpapStatus.SUBMITTED, "only a resubmission leads to the full status"


def test_an_interim_approval_without_an_end_and_an_answer_to_nothing_are_refused() -> None:
    with pytest.raises(InterimUnbounded):
        ready(a_ppap()).submitted().decided(interim(), "push", NOW)
    with pytest.raises(PpapStatusRefused):
        a_ppap().decided(interim(pieces=1), "push", NOW)


def test_a_change_reopens_what_it_touches_once() -> None:
    approved = ready(a_ppap()).submitted().decided(PpapApproval(PpapStatus.APPROVED, NOW.date(), "Ada"), "p", NOW)
    again = approved.reopened("ECN-7", (7, 9), NOW)
    assert (again.status, again.missing) == (PpapStatus.PREPARING, (7, 9))
    done = ready(again)
    assert done.reopened("ECN-7", (7, 9), NOW) is done
    assert done.reopened("ECN-8", (), NOW) is done
