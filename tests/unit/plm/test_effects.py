"""The effect of a change by rule: which orders wait, dispositions with cost, agreement, application (PLM-26)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.kit.approvals.errors import OwnApproval, SeenAnother
from enghub.kit.approvals.model import Decider, Verdict
from enghub.plm.effects.errors import DispositionMissing, EffectStateRefused, LineUnknown, SerialMissing
from enghub.plm.effects.model import (
    OF_STOCK,
    Disposition,
    Effect,
    EffectMode,
    EffectStatus,
    order_line,
    stock_line,
)
from enghub.plm.floor.model import OrderOnFloor, StockOnFloor

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
QUALITY, CHIEF = Decider("quan", ("QUALITY_ENGINEER",)), Decider("chief", ("PLM_ADMIN",))


def order(status: str, good: int = 0) -> OrderOnFloor:
    planned = Decimal(100)
    return OrderOnFloor("WO-1", "sh-01", "CAR", status, planned, Decimal(good), date(2026, 3, 9), None, NOW, NOW)


STOCK = StockOnFloor("CAR", "sh-01", "LOT-1", "W1", "A-01", Decimal(40), NOW)


@pytest.mark.parametrize(
    ("mode", "waits"),
    [
        (EffectMode.NEXT_BATCH, {"CREATED", "RELEASED"}),
        (EffectMode.AT_SERIAL, {"CREATED", "RELEASED"}),
        (EffectMode.REMAINING_QUANTITY, {"CREATED", "RELEASED", "IN_PROGRESS", "PAUSED"}),
        (EffectMode.IMMEDIATELY, {"CREATED", "RELEASED", "IN_PROGRESS", "PAUSED"}),
    ],
)
def test_who_waits_follows_from_the_effect_point(mode: EffectMode, waits: set[str]) -> None:
    every = ("CREATED", "RELEASED", "IN_PROGRESS", "PAUSED")
    assert {status for status in every if order_line(order(status), mode).disposition is Disposition.HOLD} == waits


def test_of_an_order_that_runs_the_rest_is_hit_and_never_less_than_nothing() -> None:
    line = order_line(order("IN_PROGRESS", 30), EffectMode.REMAINING_QUANTITY)
    assert int(line.quantity) == 70
    assert int(order_line(order("IN_PROGRESS", 130), EffectMode.REMAINING_QUANTITY).quantity) == 0


def an_effect(mode: EffectMode = EffectMode.NEXT_BATCH, serial: str = "") -> Effect:
    lines = (order_line(order("IN_PROGRESS"), mode), stock_line(1, STOCK), stock_line(2, STOCK))
    return Effect("acme", "ECN-7", "e-1", mode, "lead", NOW, lines, serial)


def disposed(how: Disposition, cost: str | None = None) -> Effect:
    effect = an_effect()
    for line in ("STOCK-1", "STOCK-2"):
        effect = effect.disposed(line, how, None if cost is None else Decimal(cost), "", NOW)
    return effect


def test_a_change_at_a_serial_names_it() -> None:
    with pytest.raises(SerialMissing):
        an_effect(EffectMode.AT_SERIAL, " ")
    assert an_effect(EffectMode.AT_SERIAL, "SN-1000").status(NOW) is EffectStatus.PLANNED


def test_every_place_of_stock_is_disposed_of_before_it_is_agreed() -> None:
    with pytest.raises(DispositionMissing, match="STOCK-1, STOCK-2"):
        an_effect().asked("lead", NOW)
    for wrong in ("STOCK-3", "ORDER-sh-01-WO-1"):
        with pytest.raises(LineUnknown):
            an_effect().disposed(wrong, Disposition.SCRAP, None, "", NOW)
    with pytest.raises(EffectStateRefused, match="PLANNED"):
        disposed(Disposition.USE_UP).applied(NOW)


def test_scrap_and_cost_need_a_second_voice_using_up_does_not() -> None:
    plain = disposed(Disposition.USE_UP).asked("lead", NOW).decided(QUALITY, Verdict.APPROVE, "", NOW)
    assert plain.status(NOW) is EffectStatus.APPROVED
    dear = disposed(Disposition.REWORK, "1.25").asked("lead", NOW)
    assert str(dear.cost) == "100.00"
    half = dear.decided(QUALITY, Verdict.APPROVE, "", NOW)
    assert half.status(NOW) is EffectStatus.ASKED
    whole = half.decided(CHIEF, Verdict.APPROVE, "", NOW)
    assert whole.applied(NOW).status(NOW) is EffectStatus.APPLIED
    assert (
        disposed(Disposition.SCRAP).asked("lead", NOW).decided(QUALITY, Verdict.APPROVE, "", NOW).status(NOW)
        is EffectStatus.ASKED
    )
    with pytest.raises(OwnApproval):
        disposed(Disposition.SCRAP).asked("chief", NOW).decided(CHIEF, Verdict.APPROVE, "", NOW)


def test_a_changed_disposition_is_agreed_to_anew() -> None:
    agreed = disposed(Disposition.USE_UP).asked("lead", NOW).decided(QUALITY, Verdict.APPROVE, "", NOW)
    changed = agreed.disposed("STOCK-1", Disposition.SCRAP, Decimal(2), "cracks", NOW)
    assert changed.status(NOW) is EffectStatus.PLANNED
    with pytest.raises(EffectStateRefused):
        changed.applied(NOW)
    asked = disposed(Disposition.USE_UP).asked("lead", NOW)
    with pytest.raises(SeenAnother):
        asked.disposed("STOCK-1", Disposition.RETURN, None, "", NOW).decided(QUALITY, Verdict.APPROVE, "", NOW)


def test_what_is_applied_stays_and_is_not_disposed_of_any_more() -> None:
    effect = disposed(Disposition.USE_UP).asked("lead", NOW).decided(QUALITY, Verdict.APPROVE, "", NOW).applied(NOW)
    assert effect.applied(NOW) is effect
    with pytest.raises(EffectStateRefused, match="APPLIED"):
        effect.disposed("STOCK-1", Disposition.SCRAP, None, "", NOW)


@given(st.lists(st.tuples(st.sampled_from(OF_STOCK), st.integers(0, 10_000), st.integers(0, 10**6)), max_size=20))
def test_the_cost_is_the_sum_of_its_lines(found: list[tuple[Disposition, int, int]]) -> None:
    lines = tuple(
        replace(
            stock_line(n, replace(STOCK, quantity=Decimal(pieces))),
            disposition=how,
            cost_per_piece=Decimal(cents) / 100,
        )
        for n, (how, pieces, cents) in enumerate(found)
    )
    effect = replace(an_effect(), lines=lines)
    assert effect.cost * 100 == sum(pieces * cents for _, pieces, cents in found)
