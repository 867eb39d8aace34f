"""Rules of stock (MES-13)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.mes.stock.model import Balance, Lot, Place, TooLarge, first_expired, kits, split, trace
from tests.factories.mes import FACTORY

D = Decimal


def a_lot(name: str, expires: str | None, day: int = 1, holds: tuple[str, ...] = ()) -> Lot:
    expires_on = date.fromisoformat(expires) if expires else None
    return Lot(FACTORY, name, "M", "pcs", datetime(2026, 8, day, tzinfo=UTC), expires_on=expires_on, holds=holds)


LOTS = {
    lot.lot_id: lot
    for lot in (
        a_lot("L1", "2026-10-30"),
        a_lot("L2", "2026-10-29", 2),
        a_lot("L3", None),
        a_lot("L4", "2026-09-01"),
        a_lot("L5", "2026-10-05", holds=("ocap/1",)),
    )
}
STOCK = [
    Balance(FACTORY, "M", Place("W", "A", name), D(quantity), D(quantity))
    for name, quantity in (("L1", 5), ("L2", 3), ("L3", 10), ("L4", 9), ("L5", 4))
]


def test_first_expired_first_out() -> None:
    """MF17."""
    today = date(2026, 10, 1)
    taken, free = first_expired(STOCK, LOTS, D(12), today)
    assert [(one.place.lot_id, int(one.quantity)) for one in taken] == [("L2", 3), ("L1", 5), ("L3", 4)]
    assert free == 18
    assert first_expired(STOCK, LOTS, D(19), today) == ([], D(18))


def test_the_day_of_expiry_is_still_good() -> None:
    assert [one.place.lot_id for one in first_expired(STOCK, LOTS, D(1), date(2026, 9, 1))[0]] == ["L4"]
    assert first_expired(STOCK, LOTS, D(1), date(2026, 10, 30))[0][0].place.lot_id == "L1"
    assert first_expired(STOCK, LOTS, D(1), date(2026, 10, 31))[0][0].place.lot_id == "L3"


def test_kits_are_counted_down_and_what_is_promised_is_not_free() -> None:
    """MF23."""
    assert kits({"A": D(9), "B": D(40)}, {"A": D(2), "B": D(3)}) == (4, {})
    assert kits({"A": D(8 - 14), "B": D(4258 - 168)}, {"A": D(2), "B": D(3)}) == (0, {"A": D(6)})
    assert kits({}, {"A": D("0.5")}) == (0, {})


def test_parts_add_up() -> None:
    """MF16 c."""
    assert split(D(10), 3) == [D("3.3333"), D("3.3333"), D("3.3334")]
    assert split(D("0.0001"), 2) == [D(0), D("0.0001")]


@given(st.decimals(0, 10**6, places=4), st.integers(1, 50))
def test_no_part_is_lost(total: Decimal, parts: int) -> None:
    found = split(total, parts)
    assert sum(found) == total
    assert max(found) - min(found) <= D("0.0001")


REBUILT = {
    "lot:S7": ["order:W1"],
    "order:W1": ["lot:F1"],
    "lot:F1": ["order:W2", "customer:A"],
    "order:W2": ["lot:F1", "lot:F2"],
    "lot:F2": ["customer:B"],
}


def test_a_trace_ends_where_lots_are_rebuilt() -> None:
    """MF18: S7 went into F1, which was stripped and rebuilt by W2, which also made F2."""
    found = trace("lot:S7", lambda nodes: {node: REBUILT.get(node, []) for node in nodes}, 100)
    assert (found.lots, found.work_orders, found.customers) == (("F1", "F2"), ("W1", "W2"), ("A", "B"))
    back: dict[str, list[str]] = {}
    for node, targets in REBUILT.items():
        for target in targets:
            back.setdefault(target, []).append(node)
    found = trace("lot:F2", lambda nodes: {node: back.get(node, []) for node in nodes}, 100)
    assert (set(found.lots), set(found.work_orders)) == ({"F1", "S7"}, {"W1", "W2"})
    with pytest.raises(TooLarge):
        trace("lot:S7", lambda nodes: {node: REBUILT.get(node, []) for node in nodes}, 3)


def test_a_hold_that_comes_after_its_release_means_nothing() -> None:
    lot = a_lot("L1", None).held("inspection/1").released("inspection/1", for_good=True)
    assert (lot.holds, lot.settled) == ((), ("inspection/1",))
    twice = a_lot("L1", None).held("a").held("b").held("a").released("a")
    assert (twice.holds, twice.settled) == (("b",), ())
