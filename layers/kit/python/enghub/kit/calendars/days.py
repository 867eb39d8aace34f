"""Working days: the week's, less holidays, plus the days worked instead (China's 调休). Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

DAY = timedelta(days=1)
MONDAY_TO_FRIDAY = frozenset(range(5))
FURTHEST_DAYS = 3_700
"""A calendar in which ten years hold no working day is a mistake."""


class NoWorkingDay(ValueError):
    """The calendar has no working day within ten years."""


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked. A make-up day is worked whatever else is said of it."""

    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    """0 is Monday."""
    holidays: frozenset[date] = frozenset()
    make_up: frozenset[date] = frozenset()

    @classmethod
    def of(cls, data: Mapping[str, Any], weekdays: Iterable[int] = MONDAY_TO_FRIDAY) -> "WorkingDays":
        """Read ``{"holidays": ["2026-02-15/2026-02-23", ...], "makeUpDays": ["2026-02-14", ...]}``: days and spans.

        Raises:
            ValueError: a text is no day and no span of days; it is named.
        """
        holidays, make_up = (frozenset(_days(data.get(name, ()))) for name in ("holidays", "makeUpDays"))
        return cls(frozenset(weekdays), holidays, make_up)

    def __contains__(self, day: date) -> bool:
        return day in self.make_up or (day.weekday() in self.weekdays and day not in self.holidays)

    def add(self, day: date, count: int) -> date:
        """Return the ``count``-th working day after ``day`` (before it, if negative); 0: ``day`` or the next one.

        Raises:
            NoWorkingDay: there is none within ten years of another.
        """
        step = -DAY if count < 0 else DAY
        found = day if count else day - DAY
        for _ in range(abs(count) or 1):
            found = self._next(found + step, step)
        return found

    def between(self, first: date, until: date) -> int:
        """Return how many days from ``first`` until just before ``until`` are worked."""
        return sum(first + number * DAY in self for number in range((until - first).days))

    def _next(self, day: date, step: timedelta) -> date:
        for _ in range(FURTHEST_DAYS):
            if day in self:
                return day
            day += step
        message = f"no working day within ten years of {day}"
        raise NoWorkingDay(message)


def _days(texts: Iterable[str]) -> Iterator[date]:
    for text in texts:
        first, _, last = text.partition("/")
        try:
            start, end = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError as error:
            message = f"{text!r} is no day (2026-02-14) and no span of days (2026-02-15/2026-02-23)"
            raise ValueError(message) from error
        if not 0 <= (end - start).days < 366:
            message = f"{text!r} ends before it begins, or lasts a year"
            raise ValueError(message)
        yield from (start + number * DAY for number in range((end - start).days + 1))
