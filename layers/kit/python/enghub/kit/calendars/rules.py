"""Recurring rules (RFC 5545 RRULE) by the wall clock of a zone, bounded.

The rule runs on local times and each is then made an instant (``zones.instant``): 9:00 stays 9:00 all year.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import dropwhile, islice
from typing import Any, cast

from dateutil.rrule import rrule, rrulestr

from enghub.kit.calendars.intervals import Interval
from enghub.kit.calendars.zones import instant, local

HORIZON = timedelta(days=3_653)
"""Nothing is looked for further ahead: a rule may name a day that never comes."""
LONGEST = 500
_ALWAYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYHOUR", "BYMINUTE"}
_RARE = {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"}
SERVED = {"DAILY": _ALWAYS, "WEEKLY": _ALWAYS, "MONTHLY": _ALWAYS | _RARE, "YEARLY": _ALWAYS | _RARE}
"""The parts of a rule by its frequency. With others a rule may look through 8,000 years for a day that never comes."""
_RANGES = {
    "INTERVAL": (1, 1_000),
    "COUNT": (1, 10_000),
    "BYMONTH": (1, 12),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
}
_UNTIL = re.compile(r"UNTIL=(\d{8}T\d{6})Z")


class InvalidRule(ValueError):
    """The text is no recurring rule that is served; the error says why."""


@dataclass(frozen=True, slots=True)
class RecurringRule:
    """``FREQ=WEEKLY;BYDAY=MO,TH`` and so on, from ``start`` (wall clock, no zone) in ``tz``."""

    rule: str
    start: datetime
    tz: tzinfo

    def __post_init__(self) -> None:
        self._local()

    def after(self, at: datetime) -> datetime | None:
        """Return the first occurrence after ``at``; None when there is none within ten years.

        Clocks that go back show times of before ``at`` again, so the first local time found may be past.
        """
        return next((found for found in self._from(at, at + HORIZON) if found > at), None)

    def within(self, span: Interval, limit: int = 1_000) -> tuple[datetime, ...]:
        """Return the first ``limit`` occurrences in ``span``, in order, within ten years of its start."""
        until = min(span.end, span.start + HORIZON)
        found = dict.fromkeys(at for at in self._from(span.start, until) if at in span)
        return tuple(islice(found, limit))

    def _from(self, at: datetime, until: datetime) -> Iterator[datetime]:
        """Yield occurrences from a little before ``at`` to a little after ``until``."""
        rule: Any = self._local()  # the stubs do not know its end and count
        ends = [end for end in (rule._until, local(until, self.tz)) if end is not None]
        walls = islice(rule.replace(count=None, until=min(ends)), rule._count)
        first = local(at, self.tz)
        return (instant(wall, self.tz) for wall in dropwhile(lambda wall: wall < first, walls))

    def _local(self) -> rrule:
        _check(self.rule)
        try:
            made = rrulestr(_UNTIL.sub(self._until, self.rule), dtstart=self.start)
        except (ValueError, TypeError, AttributeError) as error:
            message = f"{self.rule!r} is no recurring rule: {error}"
            raise InvalidRule(message) from error
        return cast("rrule", made)

    def _until(self, found: re.Match[str]) -> str:
        """Return the end of a rule, which is written in UTC, by the wall clock."""
        at = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return f"UNTIL={local(at, self.tz):%Y%m%dT%H%M%S}"


def _check(rule: str) -> None:
    """Refuse what would not end, or not be one rule, before it is run.

    Raises:
        InvalidRule: naming the part.
    """
    parts = dict(part.partition("=")[::2] for part in rule.removeprefix("RRULE:").upper().split(";"))
    served = SERVED.get(parts.get("FREQ", ""))
    if len(rule) > LONGEST or served is None:
        message = f"a rule has at most {LONGEST} characters and recurs {', '.join(SERVED)}: FREQ=WEEKLY;BYDAY=MO"
        raise InvalidRule(message)
    for name, text in parts.items():
        if name not in served:
            message = f"{name!r} is not served in a rule with FREQ={parts['FREQ']}"
            raise InvalidRule(message)
        low, high = _RANGES.get(name, (0, 0))
        if high and not all(one.isdecimal() and low <= int(one) <= high for one in text.split(",")):
            message = f"{name} of a rule is {low} to {high}, not {text!r}"
            raise InvalidRule(message)
