"""What the product watches on the floor (MES-19): stuck orders, more reports than a factory ever makes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from enghub.core.notices import NoticeRequested, Severity
from enghub.mes.factories import Factory
from enghub.mes.plant.model import ReportingRules
from enghub.mes.work_orders.model import WorkOrder

DAY = timedelta(hours=24)
"""So often an order that is stuck is told again."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many reports a factory had by when."""

    factory: Factory
    reports: int
    at: datetime
    revision: int = 1


def stuck(orders: Iterable[WorkOrder], now: datetime, rules: ReportingRules) -> list[NoticeRequested]:
    """Return a notice for each order that is in production for longer than its factory says; told once a day each."""
    after = timedelta(hours=rules.stuck_hours)
    found = []
    for order in orders:
        started = order.started_at
        if started is None or now - started <= after:
            continue
        days = max((now - started) // DAY, 1)
        facts = {
            "order": order.work_order_id,
            "product": order.product_id,
            "line": order.line_id,
            "station": order.station_id,
            "started": started.isoformat(timespec="minutes"),
            "good": str(order.good),
            "planned": str(order.planned_quantity),
        }
        found.append(
            NoticeRequested(
                notice_type="mes.work_order_stuck",
                severity=Severity.CRITICAL,
                subject=f"work_order/{order.work_order_id}",
                facts=facts,
                roles=("PLANNER", "SHIFT_LEAD"),
                dedupe_key=f"stuck/{order.factory.factory_id}/{order.work_order_id}/{days}",
            )
        )
    return found


def throughput(before: Tally | None, now: Tally, rules: ReportingRules) -> NoticeRequested | None:
    """Return a notice where a factory reported more in a minute than it says, since the last look.

    It is a terminal gone wild, or a day to look at the service.
    """
    if before is None:
        return None
    minutes = max((now.at - before.at).total_seconds() / 60, 1)
    rate = (now.reports - before.reports) / minutes
    if rate <= rules.most_a_minute:
        return None
    return NoticeRequested(
        notice_type="mes.throughput_high",
        severity=Severity.WARNING,
        subject=f"factory/{now.factory.factory_id}",
        facts={"factory": now.factory.factory_id, "reportsPerMinute": round(rate), "limit": rules.most_a_minute},
        roles=("SYSTEM_ADMIN",),
        dedupe_key=f"throughput/{now.factory.factory_id}/{now.at:%Y-%m-%dT%H}",
    )
