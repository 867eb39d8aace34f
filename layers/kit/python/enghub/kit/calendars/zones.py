"""Time zones and wall clocks: which instant a local time means, also when clocks change. Pure.

One rule for every change: a wall-clock time means the first instant at which the clocks there show it or later. So a
local time that is missing means the first instant after the gap, and one that comes twice means its first occurrence.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

_NAME = re.compile(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+){0,2}")
MIDNIGHT = time()
SECOND = timedelta(seconds=1)


class UnknownZone(ValueError):
    """There is no time zone of this name in the IANA database."""


@cache
def zone(name: str) -> ZoneInfo:
    """Return the IANA time zone ``name`` (``Asia/Shanghai``) from the locked package tzdata, never the machine's files.

    Raises:
        UnknownZone: the text names none.
    """
    if _NAME.fullmatch(name):
        file = files("tzdata").joinpath("zoneinfo", *name.split("/"))
        if file.is_file():
            with file.open("rb") as opened:
                if opened.read(4) == b"TZif":
                    opened.seek(0)
                    return ZoneInfo.from_file(opened, key=name)
    message = f"{name!r} is no time zone: use a name such as Asia/Shanghai"
    raise UnknownZone(message)


def local(instant: datetime, tz: tzinfo) -> datetime:
    """Return what the clocks in ``tz`` show at ``instant``, without a zone."""
    return instant.astimezone(tz).replace(tzinfo=None)


def instant(wall: datetime, tz: tzinfo) -> datetime:
    """Return, in UTC, the first instant at which the clocks in ``tz`` show ``wall`` (no zone) or later."""
    earlier = wall.replace(tzinfo=tz, fold=0).astimezone(UTC)
    if local(earlier, tz) == wall.replace(fold=0):
        return earlier
    low, high = (at.replace(microsecond=0) for at in (wall.replace(tzinfo=tz, fold=1).astimezone(UTC), earlier))
    while high - low > SECOND:  # the clocks jump somewhere in (low, high]: the first instant after the jump
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (middle, high) if local(middle, tz) < wall else (low, middle)
    return high


def start_of_day(day: date, tz: tzinfo) -> datetime:
    """Return the first instant of ``day`` in ``tz``: midnight, or after it where clocks change at midnight."""
    return instant(datetime.combine(day, MIDNIGHT), tz)


def day_of(at: datetime, tz: tzinfo) -> date:
    """Return the date that the calendar in ``tz`` shows at ``at``."""
    return at.astimezone(tz).date()
