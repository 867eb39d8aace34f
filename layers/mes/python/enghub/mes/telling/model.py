"""What planners and shift leads hear of orders (MES-04): planned, complete, held by an engineering change. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from enghub.core.notices import NoticeRequested, Severity
from enghub.mes.costing.model import OrderCost

MOST_NAMED = 50
"""Orders that one notice names."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What a completion report says of an order."""

    work_order_id: str
    product_id: str
    planned: Decimal
    good: Decimal
    scrap: Decimal
    rework: Decimal
    due_on: date
    started_at: datetime | None
    completed_at: datetime | None

    def figures(self, zone: tzinfo) -> Mapping[str, Any]:
        """Return the report: rate and yield in per cent, hours from start to end, days late by the factory's calendar.

        What cannot be told (nothing made, no times) is null.
        """
        made = self.good + self.scrap
        hours, late = None, None
        if self.started_at is not None and self.completed_at is not None:
            hours = round((self.completed_at - self.started_at).total_seconds() / 3600, 2)
        if self.completed_at is not None:
            late = max((self.completed_at.astimezone(zone).date() - self.due_on).days, 0)
        return {
            "order": self.work_order_id,
            "product": self.product_id,
            "planned": str(self.planned),
            "good": str(self.good),
            "scrap": str(self.scrap),
            "rework": str(self.rework),
            "completionPercent": float(round(self.good * 100 / self.planned, 2)),
            "yieldPercent": float(round(self.good * 100 / made, 2)) if made else None,
            "hours": hours,
            "daysLate": late,
            "due": self.due_on.isoformat(),
        }


def cost_facts(cost: OrderCost) -> Mapping[str, Any]:
    """Return what the order cost and where each figure comes from; null is what cannot be told yet."""
    lines = (
        f"{one.kind.value} {one.subject}{f' {one.operation}' if one.operation else ''}: "
        f"{one.quantity} ({one.source.value}) x {one.price} (from {one.valid_from}, version {one.cost_version})"
        for one in cost.lines[:MOST_NAMED]
    )
    return {
        "currency": cost.currency,
        "cost": _text(cost.total),
        "costPerPiece": _text(cost.per_piece),
        "costOfScrap": _text(cost.of_scrap),
        "costOfMaterial": _text(cost.material),
        "costOfLabour": _text(cost.labour),
        "costOfMachines": _text(cost.machine),
        "costLacks": ", ".join(cost.lacking[:MOST_NAMED]) or None,
        "costFrom": "; ".join(lines) or None,
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def completion_report(order: Completed, zone: tzinfo, factory_id: str, cost: OrderCost) -> NoticeRequested:
    """Return the report that planners and shift leads get."""
    return NoticeRequested(
        notice_type="mes.completion_report",
        severity=Severity.INFO,
        subject=f"work_order/{order.work_order_id}",
        facts={"factory": factory_id, **order.figures(zone), **cost_facts(cost)},
        roles=("PLANNER", "SHIFT_LEAD"),
        dedupe_key=f"completion/{factory_id}/{order.work_order_id}",
        digestable=True,
    )


def planned(work_order_id: str, product_id: str, quantity: Decimal, factory_id: str) -> NoticeRequested:
    """Return what planners hear of a new order."""
    return NoticeRequested(
        notice_type="mes.work_order_planned",
        severity=Severity.INFO,
        subject=f"work_order/{work_order_id}",
        facts={"factory": factory_id, "order": work_order_id, "product": product_id, "planned": str(quantity)},
        roles=("PLANNER",),
        dedupe_key=f"planned/{factory_id}/{work_order_id}",
        digestable=True,
    )


def orders_held(ecn_number: str, title: str, orders: Sequence[str], factory_id: str) -> NoticeRequested:
    """Return what planners and shift leads hear of orders that a change holds."""
    return NoticeRequested(
        notice_type="mes.orders_held",
        severity=Severity.WARNING,
        subject=f"change/{ecn_number}"[:200],
        facts={
            "factory": factory_id,
            "change": ecn_number,
            "title": title[:300],
            "orders": ", ".join(orders[:MOST_NAMED]),
            "count": len(orders),
        },
        roles=("PLANNER", "SHIFT_LEAD"),
        dedupe_key=f"held/{factory_id}/{ecn_number}"[:200],
    )
