"""What comes after a go-live: checks by the clock, what users say, the final review (OPS-09). No I/O.

All checks are planned when the cut-over ends well. One timer wakes at the next moment at which something is asked for
or late; a wake-up that comes late tells at once what was missed, once. Hours count as they pass, days by the clock on
the wall of the go-live's zone: a daily report stays at its time when clocks change.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import TypeAdapter

from enghub.golive.aftercare.errors import AftercareOver, CheckNotFound, ChecksLeft, CheckTooEarly
from enghub.golive.content.model import Entry, content
from enghub.kit.calendars.zones import instant, local, zone

DAY = timedelta(days=1)
RESULT_CHARS = 2000
REVIEW = "review"
"""The kind of the check that the final review itself answers."""


class CheckState(StrEnum):
    """Where a check stands."""

    OPEN = "OPEN"
    PASSED = "PASSED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Check:
    """One check, or one report of a row: asked for at ``asks_at``, late after ``due``."""

    check_id: str
    period: str
    kind: str
    en: str
    zh: str
    asks_at: datetime
    due: datetime
    line: int
    state: CheckState = CheckState.OPEN
    asked: bool = False
    late: bool = False
    by: str = ""
    at: datetime | None = None
    result: str = ""


class AftercareState(StrEnum):
    """Where it stands."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Review:
    """The final review."""

    by: str
    at: datetime
    lessons: str
    went_well: str
    retire_old_system: bool


@dataclass(frozen=True, slots=True)
class Aftercare:
    """What comes after one go-live."""

    tenant_id: str
    go_live_id: str
    run_id: str
    began_at: datetime
    zone: str
    owners: tuple[str, ...]
    checks: tuple[Check, ...]
    state: AftercareState = AftercareState.RUNNING
    review: Review | None = None
    reason: str = ""
    ended_at: datetime | None = None

    def demand(self) -> None:
        """Refuse what needs one that goes on.

        Raises:
            AftercareOver
        """
        if self.state is not AftercareState.RUNNING:
            raise AftercareOver(state=self.state.value)

    def answered(self, check_id: str, by: str, at: datetime, *, passed: bool, result: str) -> "Aftercare":
        """Return it with a check answered; a later answer replaces an earlier one.

        Raises:
            AftercareOver, CheckNotFound, CheckTooEarly
        """
        self.demand()
        found = next((one for one in self.checks if one.check_id == check_id), None)
        if found is None:
            raise CheckNotFound(check_id=check_id)
        if at < found.asks_at:
            raise CheckTooEarly(check_id=check_id, at=f"{found.asks_at:%Y-%m-%dT%H:%MZ}")
        state = CheckState.PASSED if passed else CheckState.FAILED
        if (found.state, found.result) == (state, result):
            return self
        return self._with(replace(found, state=state, by=by, at=at, result=result[:RESULT_CHARS]))

    def _with(self, changed: Check) -> "Aftercare":
        checks = tuple(changed if one.check_id == changed.check_id else one for one in self.checks)
        return replace(self, checks=checks)

    def next_at(self) -> datetime | None:
        """Return when something is asked for, or late, the next time."""
        moments = [one.asks_at for one in self.checks if not one.asked]
        moments += [one.due for one in self.checks if one.state is CheckState.OPEN and not one.late]
        return min(moments, default=None)

    def woken(self, now: datetime) -> tuple["Aftercare", tuple[Check, ...], tuple[Check, ...]]:
        """Return it as it is at an instant, with the checks to ask for and those that are late now, each told once."""
        ask = tuple(one for one in self.checks if not one.asked and one.asks_at <= now)
        names = {one.check_id for one in ask}
        late = tuple(one for one in self.checks if one.state is CheckState.OPEN and not one.late and one.due <= now)
        overdue = {one.check_id for one in late}
        checks = tuple(
            replace(one, asked=one.asked or one.check_id in names, late=one.late or one.check_id in overdue)
            for one in self.checks
        )
        still = tuple(one for one in ask if one.state is CheckState.OPEN and one.check_id not in overdue)
        return replace(self, checks=checks), still, late

    def reviewed(self, review: Review) -> "Aftercare":
        """Return it ended by its final review, which answers the check of that kind.

        Raises:
            AftercareOver, ChecksLeft
        """
        self.demand()
        left = [one.check_id for one in self.checks if one.state is CheckState.OPEN and one.kind != REVIEW]
        if left:
            raise ChecksLeft(count=len(left), checks=", ".join(left[:5]))
        done = self
        for one in self.checks:
            if one.kind == REVIEW:
                said = replace(one, state=CheckState.PASSED, by=review.by, at=review.at, result=review.lessons)
                done = done._with(said)
        return replace(done, state=AftercareState.DONE, review=review, ended_at=review.at)

    def cancelled(self, reason: str, at: datetime) -> "Aftercare":
        """Return it given up, because the go-live was rolled back or cancelled."""
        return replace(self, state=AftercareState.CANCELLED, reason=reason, ended_at=at)


def planned(began_at: datetime, zone_name: str) -> tuple[Check, ...]:
    """Return every check after a go-live, in the order of their times."""
    found = (check for period in content("after")["periods"] for check in _of_period(period, began_at, zone_name))
    return tuple(sorted(found, key=lambda one: (one.asks_at, one.line, one.check_id)))


def _of_period(period: Entry, began_at: datetime, zone_name: str) -> Iterator[Check]:
    tz = zone(zone_name)

    def day(number: float) -> datetime:
        return instant(local(began_at, tz) + number * DAY, tz)

    start, end = day(period["fromDay"]), day(period["toDay"])
    for said in period["checks"]:
        if "every" not in said:
            yield _check(said, period, "", start, end)
            continue
        every: timedelta = TypeAdapter(timedelta).validate_python(said["every"])
        days, number = every % DAY == timedelta(), 1
        while True:
            at, until = (
                day(period["fromDay"] + step * (every / DAY)) if days else start + step * every
                for step in (number, number + 1)
            )
            if at > end:
                break
            yield _check(said, period, f"-{number:02}", at, until)
            number += 1


def _check(said: Entry, period: Entry, suffix: str, asks_at: datetime, due: datetime) -> Check:
    names = (f"{said['id']}{suffix}", period["id"], said["kind"], said["en"], said["zh"])
    return Check(*names, asks_at, due, said["line"])
