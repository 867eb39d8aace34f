"""What the product watches on the floor (MES-19): stuck orders, more reports than a factory or station makes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from enghub.core.notices import NoticeRequested, Severity
from enghub.mes.alarms.model import Alarm, AlarmKind
from enghub.mes.boards.model import BoardKey, StationLoad
from enghub.mes.factories import Factory
from enghub.mes.plant.model import ReportingRules
from enghub.mes.reports.model import UNKNOWN_LINE
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


@dataclass(frozen=True, slots=True)
class Finding:
    """What people are told, and what is open on a line."""

    notice: NoticeRequested
    alarm: Alarm


def stuck(orders: Iterable[WorkOrder], now: datetime, rules: ReportingRules) -> list[Finding]:
    """Return a finding for each order in production for longer than its factory says; told once a day each."""
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
        notice = NoticeRequested(
            notice_type="mes.work_order_stuck",
            severity=Severity.CRITICAL,
            subject=f"work_order/{order.work_order_id}",
            facts=facts,
            roles=("PLANNER", "SHIFT_LEAD"),
            dedupe_key=f"stuck/{order.factory.factory_id}/{order.work_order_id}/{days}",
        )
        line = order.line_id or UNKNOWN_LINE
        found.append(Finding(notice, Alarm(started + after, AlarmKind.STUCK_ORDER, order.work_order_id, line)))
    return found


def over_capacity(
    load: StationLoad, board: BoardKey, capacity: Decimal, now: datetime, rules: ReportingRules
) -> Finding | None:
    """Return a finding where a station reported more of a shift than it can do in it, by its factory's share.

    ``capacity`` and the load are seconds of standard time; told once a shift. Where there is none, nothing can be told.
    """
    if not capacity or load.seconds <= capacity * rules.most_of_capacity:
        return None
    factory, shift = board.factory, f"{board.shift_on.isoformat()}/{board.shift}"
    notice = NoticeRequested(
        notice_type="mes.over_capacity",
        severity=Severity.WARNING,
        subject=f"station/{load.station_id}",
        facts={
            "station": load.station_id,
            "line": load.line_id,
            "day": board.shift_on.isoformat(),
            "shift": board.shift,
            "reportedMinutes": round(load.seconds / 60),
            "capacityMinutes": round(capacity / 60),
            "percent": round(load.seconds / capacity * 100),
            "limitPercent": round(rules.most_of_capacity * 100),
        },
        roles=("SHIFT_LEAD", "PLANNER"),
        dedupe_key=f"over_capacity/{factory.factory_id}/{load.station_id}/{shift}",
    )
    return Finding(notice, Alarm(now, AlarmKind.OVER_CAPACITY, f"{load.station_id}/{shift}", load.line_id))


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
