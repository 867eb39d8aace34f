"""What follows from orders and changes by event: planners hear, changes hold (MES-01, MES-04, PLM-07, PLM-26)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from enghub.core import ids, outbox
from enghub.core.clock import system_clock, to_text
from enghub.mes.telling.model import Completed
from tests.factories.http import Context
from tests.factories.mes import Floor
from tests.factories.queues import a_batch, failed, shuffled_with_doubles
from tests.factories.stored import events, waiting

SHANGHAI = ZoneInfo("Asia/Shanghai")


def told(kind: str) -> list[dict[str, Any]]:
    notices = [event["data"] for event in events("NoticeRequested")]
    return [one for one in notices if one["notice_type"] == kind]


def hear(floor: Floor, function: str, *envelopes: Mapping[str, Any]) -> None:
    assert failed(floor.handler(function)(a_batch(*envelopes), Context())) == []


def a_change(kind: str = "ChangePointCreated", number: str = "ECN-1", **data: Any) -> dict[str, Any]:
    """An event of the PLM integration."""
    fields = {"ecn_number": number, "change_point_id": f"CP-{number}", "category": "CRITICAL", "title": "Crack", **data}
    if kind == "ChangePointCreated":
        fields = {"affected_products": ["PROD-A001"], "type": "MATERIAL", "effective_batch": "", **fields}
    return {
        "event_id": ids.new_id(system_clock()),
        "event_type": kind,
        "timestamp": to_text(system_clock()),
        "tenant_id": "acme",
        "factory_id": "sh-01",
        "source_service": "enghub.plm",
        "data": fields,
        "version": "1.0",
    }


def holds(floor: Floor, number: str = "WO-1") -> list[tuple[str, str, str]]:
    found = floor.read(number)[1]["data"]["holds"]
    return [(one["source"], one["reason"], one["by"]) for one in found]


def test_planners_hear_of_new_orders_and_what_they_made_once(floor: Floor) -> None:
    floor.started(plannedQuantity=100)
    floor.report(goodQty=76, defectQty=4, defectTypes=["scratch"])
    floor.step("WO-1", "complete", 3)
    heard = [outbox.body_of(record) for record in waiting() if record.channel == "bus"]
    hear(floor, "tell_planners", *shuffled_with_doubles(heard))
    (planned,) = told("mes.work_order_planned")
    assert (planned["roles"], planned["facts"]["order"]) == (["PLANNER"], "WO-1")
    (report,) = told("mes.completion_report")
    facts = report["facts"]
    assert (facts["good"], facts["scrap"], facts["planned"]) == ("76", "4", "100")
    assert (facts["completionPercent"], facts["yieldPercent"], facts["due"]) == (76.0, 95.0, "2026-03-04")


def done(**fields: Any) -> Completed:
    at = datetime(2026, 3, 4, 15, 59, tzinfo=UTC)
    given: dict[str, Any] = {"due_on": date(2026, 3, 4), "started_at": at - timedelta(hours=7.5), "completed_at": at}
    quantities = {"planned": Decimal(3), "good": Decimal(1), "scrap": Decimal(0), "rework": Decimal(0)}
    return Completed("WO-1", "P", **{**quantities, **given, **fields})


def test_a_report_counts_lateness_by_the_factorys_day_and_says_null_where_nothing_can_be_told() -> None:
    assert (done().figures(SHANGHAI)["daysLate"], done().figures(SHANGHAI)["hours"]) == (0, 7.5)
    late = done(completed_at=datetime(2026, 3, 4, 16, 0, tzinfo=UTC))
    assert (late.figures(SHANGHAI)["daysLate"], late.figures(UTC)["daysLate"]) == (1, 0)
    nothing = done(good=Decimal(0), started_at=None, completed_at=None).figures(UTC)
    assert (nothing["yieldPercent"], nothing["hours"], nothing["daysLate"]) == (None, None, None)
    assert done().figures(UTC)["completionPercent"] == 33.33


def test_a_critical_change_holds_open_orders_of_what_it_affects_until_it_is_withdrawn(floor: Floor) -> None:
    floor.started()
    floor.create(workOrderId="WO-2", productId="OTHER")
    floor.create(workOrderId="WO-3")
    change = a_change()
    for _ in range(2):
        hear(floor, "hold_orders", change)
    assert holds(floor) == holds(floor, "WO-3") == [("ecn/ECN-1", "Crack", "system:engineering-change")]
    assert holds(floor, "WO-2") == []
    assert floor.report(reportTime=to_text(system_clock()))[1]["details"]["error"] == "ORDER_ON_HOLD"
    (notice,) = told("mes.orders_held")
    assert (notice["facts"]["orders"], notice["facts"]["count"], notice["roles"]) == (
        "WO-1, WO-3",
        2,
        ["PLANNER", "SHIFT_LEAD"],
    )
    hear(floor, "hold_orders", a_change("ChangePointCancelled"))
    assert holds(floor) == holds(floor, "WO-3") == []


@pytest.mark.parametrize("category", ["MAJOR", "MINOR", "GENERAL"])
def test_other_changes_hold_nothing(floor: Floor, category: str) -> None:
    floor.create()
    hear(floor, "hold_orders", a_change(category=category))
    assert holds(floor) == []


def test_a_change_that_was_withdrawn_before_it_was_heard_of_holds_nothing(floor: Floor) -> None:
    floor.create()
    hear(floor, "hold_orders", a_change("ChangePointCancelled"), a_change())
    assert holds(floor) == []
    hear(floor, "hold_orders", a_change(number="ECN-2"))
    assert [source for source, *_ in holds(floor)] == ["ecn/ECN-2"]


def test_what_a_person_lifted_is_not_held_again_by_an_event_that_comes_twice(floor: Floor) -> None:
    floor.create()
    change = a_change()
    hear(floor, "hold_orders", change)
    assert floor.hold("WO-1", 2, "lift-hold", source="ecn/ECN-1")[0] == 200
    hear(floor, "hold_orders", change)
    assert holds(floor) == []


def test_an_order_that_ended_is_not_held(floor: Floor) -> None:
    floor.create()
    floor.step("WO-1", "cancel", 1)
    hear(floor, "hold_orders", a_change())
    assert holds(floor) == []
    assert told("mes.orders_held") == []


def an_effect(*orders: str, effect_id: str = "E-1") -> dict[str, Any]:
    return a_change(
        "ChangeEffectPlanned", effect_id=effect_id, mode="NEXT_BATCH", serial="", held_orders=list(orders), title="FKM"
    )


def applied(effect_id: str = "E-1") -> dict[str, Any]:
    return a_change("ChangeApplied", effect_id=effect_id, applied_at=to_text(system_clock()), serial="")


def test_an_effect_holds_the_orders_that_it_names_until_the_change_is_applied(floor: Floor) -> None:
    floor.create()
    floor.create(workOrderId="WO-2")
    effect = an_effect("WO-2", "WO-UNKNOWN")
    hear(floor, "hold_orders", effect, effect)
    assert (holds(floor), [source for source, *_ in holds(floor, "WO-2")]) == ([], ["ecn/ECN-1"])
    assert [one["facts"]["orders"] for one in told("mes.orders_held")] == ["WO-2"]
    for _ in range(2):
        hear(floor, "hold_orders", applied())
    assert holds(floor, "WO-2") == []
    hear(floor, "hold_orders", effect)
    assert holds(floor, "WO-2") == [], "an event that comes again"


@pytest.mark.parametrize("over", [applied, lambda: a_change("ChangePointCancelled")], ids=["applied", "withdrawn"])
def test_an_effect_that_is_over_before_it_was_heard_of_holds_nothing(floor: Floor, over: Any) -> None:
    floor.create()
    hear(floor, "hold_orders", over(), an_effect("WO-1"))
    assert holds(floor) == []
