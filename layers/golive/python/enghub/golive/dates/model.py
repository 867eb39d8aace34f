"""Important dates, milestones and recurring meetings (OPS-19). No I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from enghub.kit.calendars.intervals import Interval
from enghub.kit.calendars.rules import RecurringRule
from enghub.kit.calendars.zones import instant, zone


class DateKind(StrEnum):
    """What a date is."""

    MILESTONE = "MILESTONE"
    MEETING = "MEETING"
    FREEZE = "FREEZE"
    """Nothing is changed in this time."""


@dataclass(frozen=True, slots=True)
class ImportantDate:
    """Something that happens once, or again and again by a rule of RFC 5545."""

    tenant_id: str
    date_id: str
    title: str
    kind: DateKind
    zone: str
    start: str
    """By the wall clock of ``zone``: 2026-11-28T09:00."""
    minutes: int = 60
    rule: str = ""
    """``FREQ=WEEKLY;BYDAY=MO``; empty for once."""
    place: str = ""
    notes: str = ""
    is_deleted: bool = False

    def recurring(self) -> RecurringRule | None:
        """Return the rule.

        Raises:
            InvalidRule: it is none that is served.
        """
        return RecurringRule(self.rule, self._wall, zone(self.zone)) if self.rule else None

    def within(self, span: Interval, limit: int = 200) -> tuple[Interval, ...]:
        """Return when it happens in ``span``, in order; what began before and lasts into it counts."""
        length = timedelta(minutes=self.minutes)
        rule = self.recurring()
        earlier = Interval(span.start - length, span.end)
        starts = rule.within(earlier, limit) if rule else (instant(self._wall, zone(self.zone)),)
        found = (Interval(at, at + length) for at in starts)
        return tuple(one for one in found if one.start < span.end and one.end > span.start)

    @property
    def _wall(self) -> datetime:
        return datetime.fromisoformat(self.start)
