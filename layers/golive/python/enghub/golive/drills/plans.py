"""The plan of drills: everybody once a quarter, each team once a month, newcomers in their second week (OPS-16). Pure.

The document's first drill of everybody is in the third month after a go-live. Months are counted from the first of the
month: a plan that begins on the 31st leaves out none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from enghub.golive.content.model import Entry, content
from enghub.golive.drills.model import DrillKind, Hours
from enghub.kit.calendars.intervals import Interval
from enghub.kit.calendars.rules import RecurringRule
from enghub.kit.calendars.zones import day_of, start_of_day, zone


@dataclass(frozen=True, slots=True)
class Team:
    """People who train together."""

    team_id: str
    participants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrillPlan:
    """When a tenant trains, and against what."""

    tenant_id: str
    plan_id: str
    integration_id: str
    hours: Hours
    starts_on: date
    """The go-live: the first drill of everybody is in the third month after it."""
    everybody: tuple[str, ...]
    teams: tuple[Team, ...] = ()
    calendar_id: str = ""
    is_deleted: bool = False

    @property
    def subject(self) -> str:
        """Its name among timers."""
        return f"drill-plan/{self.plan_id}"

    @property
    def aim(self) -> "Aim":
        """Against what its drills run."""
        return Aim(self.integration_id, self.hours, self.calendar_id)


@dataclass(frozen=True, slots=True)
class Aim:
    """Against what a drill runs, and in which hours."""

    integration_id: str
    hours: Hours
    calendar_id: str = ""
    payload: str = ""
    """The sender's own body as JSON; made from the scenario when empty."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A drill that is to be made: who, what, in which days."""

    kind: DrillKind
    scenario: str
    group: str
    participants: tuple[str, ...]
    unannounced: bool
    first: date
    last: date


def frequency(kind: str) -> Entry:
    """Return what the document says of how often: ``everybody``, ``team``, ``newcomer``."""
    return next(one for one in content("drills")["frequencies"] if one["id"] == kind)


def scenarios() -> list[Entry]:
    """Return the document's four drills, by quarter."""
    return sorted(content("drills")["drills"], key=lambda one: one["quarter"])


def scenario(name: str) -> Entry:
    """Return one of them.

    Raises:
        KeyError
    """
    return {one["id"]: one for one in scenarios()}[name]


def next_month(plan: DrillPlan, at: datetime) -> datetime:
    """Return when the next month of a plan begins."""
    tz = zone(plan.hours.zone)
    today = max(day_of(at, tz), plan.starts_on)
    return start_of_day((today.replace(day=1) + timedelta(days=32)).replace(day=1), tz)


def slots(plan: DrillPlan, month: date) -> Iterator[Slot]:
    """Yield the drills of the month that begins on a day."""
    days = {"first": month, "last": (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)}
    place, every = _place(plan, month, "team"), scenarios()
    if place is not None:
        for team in plan.teams:
            said = every[place % len(every)]
            yield Slot(DrillKind.TEAM, said["id"], team.team_id, team.participants, unannounced=False, **days)
    place = _place(plan, month, "everybody")
    if place is not None and plan.everybody:
        said = every[place % len(every)]
        hidden = bool(said.get("unannounced"))
        yield Slot(DrillKind.EVERYBODY, said["id"], "", plan.everybody, unannounced=hidden, **days)


def _place(plan: DrillPlan, month: date, kind: str) -> int | None:
    """Return how many such drills came before in this plan, None where none is due in the month."""
    begin = datetime(plan.starts_on.year, plan.starts_on.month, 1)  # noqa: DTZ001 - the wall of the rule's zone
    rule = RecurringRule(frequency(kind)["rule"], begin, UTC)
    end = datetime(month.year, month.month, month.day, tzinfo=UTC) + timedelta(days=1)
    found = rule.within(Interval(begin.replace(tzinfo=UTC) + timedelta(days=1), end))
    return len(found) - 1 if found and found[-1].date() == month else None


def newcomer(user: str, started_on: date) -> Slot:
    """Return the drill of a newcomer: in their second week, about the first of the document's scenarios."""
    first = started_on + timedelta(days=frequency("newcomer")["daysAfterStart"])
    said = scenarios()[0]["id"]
    return Slot(DrillKind.NEWCOMER, said, user, (user,), unannounced=False, first=first, last=first + timedelta(days=6))
