"""How fast each severity is answered and mended, as data (OPS-10; source document 10.2). No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from enghub.golive.calendars.model import Due, WorkingCalendar


class IncidentSeverity(StrEnum):
    """P0 is the worst."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return int(self.value[1])


RESPOND, MEETING, DIAGNOSIS, WORKAROUND, RESOLVE, UPDATE = (
    *("respond", "meeting", "diagnosis", "workaround", "resolve", "update"),
)
UNTIL_ACKNOWLEDGED = frozenset({RESPOND})
STEPS = frozenset({MEETING, DIAGNOSIS, WORKAROUND})
"""Clocks that stop when somebody says that it is done."""


@dataclass(frozen=True, slots=True)
class Target:
    """One clock of a severity: so many minutes, or working days; by the clock on the wall or in working time."""

    severity: IncidentSeverity
    name: str
    minutes: int = 0
    days: int = 0
    is_working_time: bool = False

    def due(self, at: datetime, calendar: WorkingCalendar | None) -> Due:
        """Return when it runs out; without a calendar working time runs round the clock."""
        if not self.is_working_time or calendar is None:
            return Due(at + timedelta(minutes=self.minutes, days=self.days))
        return calendar.due(at, timedelta(minutes=self.minutes) + self.days * calendar.day_length)


TARGETS = (
    Target(IncidentSeverity.P0, RESPOND, 5),
    Target(IncidentSeverity.P0, MEETING, 5),
    Target(IncidentSeverity.P0, UPDATE, 15),
    Target(IncidentSeverity.P0, RESOLVE, 60),
    Target(IncidentSeverity.P1, RESPOND, 30),
    Target(IncidentSeverity.P1, DIAGNOSIS, 30),
    Target(IncidentSeverity.P1, WORKAROUND, 60),
    Target(IncidentSeverity.P1, RESOLVE, 240),
    Target(IncidentSeverity.P2, RESPOND, 120, is_working_time=True),
    Target(IncidentSeverity.P2, RESOLVE, days=1, is_working_time=True),
    Target(IncidentSeverity.P3, RESPOND, days=5, is_working_time=True),
)
"""P3 is mended in the next iteration: a plan, no clock."""


CLOCKS = frozenset({RESPOND, MEETING, DIAGNOSIS, WORKAROUND, RESOLVE, UPDATE})
IN_WORKING_TIME = frozenset({IncidentSeverity.P2, IncidentSeverity.P3})


def targets_of(severity: IncidentSeverity, agreed: Mapping[str, int]) -> tuple[Target, ...]:
    """Return the targets of a severity; a clock that ``agreed`` names runs so many minutes instead."""
    built_in = [one for one in TARGETS if one.severity is severity and one.name not in agreed]
    working = severity in IN_WORKING_TIME
    return (*built_in, *(Target(severity, name, minutes, is_working_time=working) for name, minutes in agreed.items()))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when somebody declares an incident."""

    users_affected_percent: Decimal | None = None
    response_seconds: Decimal | None = None
    is_down: bool = False
    has_data_loss: bool = False
    is_security_breach: bool = False
    is_core_function: bool | None = None


def proposed(facts: Facts) -> IncidentSeverity:
    """Return the severity that the document's criteria propose; where several hold, the worst."""
    if facts.is_down or facts.has_data_loss or facts.is_security_breach:
        return IncidentSeverity.P0
    many = facts.users_affected_percent is not None and facts.users_affected_percent > 30
    slow = facts.response_seconds is not None and facts.response_seconds > 5
    if many or slow or facts.is_core_function:
        return IncidentSeverity.P1
    touched = facts.users_affected_percent is not None and facts.users_affected_percent > 0
    return IncidentSeverity.P2 if touched or facts.is_core_function is False else IncidentSeverity.P3
