"""The life of a change order (PLM-07, PLM-08)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core.config import load
from enghub.core.errors import VersionConflict
from enghub.plm.changes.errors import ChangeOrderNotFound, ChangeOrderNotParked, UnknownChangeType
from enghub.plm.changes.model import TYPES, ChangeCategory, ChangeOrder, Notification, Processing, category
from enghub.plm.changes.revisions import Reception
from enghub.plm.changes.service import Changes
from tests.factories.http import NOW, an_origin
from tests.fakes.plm import FakeChangeOrders


@pytest.fixture(autouse=True)
def _stage(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"STAGE": "test", "CONTEXT": "plm", "TABLE_NAME": "none"}.items():
        monkeypatch.setenv(name, value)
    load.cache_clear()


def a_change(ecn_type: str = "DESIGN_CHANGE", level: str = "MAJOR") -> Notification:
    return Notification("ECN-1", "Seal ring", ecn_type, level, ("P-1",))


def an_order(ecn_type: str = "DESIGN_CHANGE") -> ChangeOrder:
    return ChangeOrder("acme", "sh-01", "default", "receipt", a_change(ecn_type), NOW)


@given(st.text(max_size=30))
def test_every_type_has_a_change_point_or_is_unknown_by_name(ecn_type: str) -> None:
    if ecn_type in TYPES:
        assert an_order(ecn_type).become_change_point(NOW)[1].type is TYPES[ecn_type]
    else:
        with pytest.raises(UnknownChangeType) as unknown:
            an_order(ecn_type).become_change_point(NOW)
        assert unknown.value.details == {"ecn_type": ecn_type}


@given(st.one_of(st.sampled_from(list(ChangeCategory)).map(str), st.text(max_size=10)))
def test_a_level_is_itself_or_general(level: str) -> None:
    expected = level if level in {"MAJOR", "MINOR", "CRITICAL"} else "GENERAL"
    assert category(level).value == expected


def test_what_is_parked_or_waits_can_be_tried_again() -> None:
    parked = an_order("ODD").park("unknown", NOW)
    assert parked.retry("DESIGN_CHANGE").notification.ecn_type == "DESIGN_CHANGE"
    assert parked.retry(None).notification.ecn_type == "ODD"
    assert an_order().retry(None).processing is Processing.RECEIVED
    with pytest.raises(ChangeOrderNotParked):
        an_order().become_change_point(NOW)[0].retry("DESIGN_CHANGE")


deliveries = st.lists(st.sampled_from(["receive", "process", "retry wrongly", "retry rightly"]), max_size=25)


@given(deliveries, st.booleans())
def test_any_order_of_deliveries_ends_in_one_change_point_or_a_parked_order(steps: list[str], known: bool) -> None:
    store = FakeChangeOrders()
    changes = Changes(store, lambda: NOW)
    accepted = 0
    for step in [*steps, "receive", "process"]:
        if step == "receive":
            change = a_change("DESIGN_CHANGE" if known else "ODD")
            accepted += changes.receive(change, "default", an_origin()) is Reception.ACCEPTED
            continue
        try:
            if step == "process":
                changes.process("acme", "ECN-1", "request")
            else:
                right = "DESIGN_CHANGE" if step == "retry rightly" else None
                changes.retry("ECN-1", right, "reason", an_origin(), None)
        except (ChangeOrderNotFound, ChangeOrderNotParked):
            continue
    order = store.orders["acme", "ECN-1"]
    assert accepted == len(store.orders) == 1
    assert order.processing in {Processing.PROCESSED, Processing.FAILED}
    assert len(store.points) == store.events.count("ChangePointCreated") == (order.processing is Processing.PROCESSED)


class SomebodyWritesBefore(FakeChangeOrders):
    """Somebody else writes just before we do."""

    def __init__(self, other: Any) -> None:
        super().__init__()
        self.other = other

    def save(self, *commit: Any) -> None:
        self.orders["acme", "ECN-1"] = self.other(self.orders["acme", "ECN-1"])
        super().save(*commit)


def test_who_comes_second_finds_the_work_done() -> None:
    store = SomebodyWritesBefore(lambda order: order.become_change_point(NOW)[0])
    changes = Changes(store, lambda: NOW)
    changes.receive(a_change(), "default", an_origin())
    assert changes.process("acme", "ECN-1", "request").processing is Processing.PROCESSED
    assert store.events == []


def test_an_order_that_changed_and_still_waits_is_left_to_the_next_delivery() -> None:
    store = SomebodyWritesBefore(lambda order: replace(order, version=order.version + 1))
    changes = Changes(store, lambda: NOW)
    changes.receive(a_change(), "default", an_origin())
    with pytest.raises(VersionConflict):
        changes.process("acme", "ECN-1", "request")
