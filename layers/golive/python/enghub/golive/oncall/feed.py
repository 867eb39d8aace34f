"""The iCalendar feed of shifts and milestones (OPS-12, OPS-19; RFC 5545)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from icalendar import Calendar, Event

from enghub.golive.oncall.rota import Shift
from enghub.kit.calendars.intervals import Interval

REFRESH = "PT1H"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a feed; times in UTC."""

    uid: str
    title: str
    interval: Interval
    place: str = ""


def of_shifts(schedule_id: str, name: str, shifts: Iterable[Shift], user: str = "") -> list[Entry]:
    """Return the shifts of a schedule, or those of one user; nobody's time is left out."""
    return [
        Entry(
            f"{schedule_id}-{shift.level}-{shift.interval.start:%Y%m%dT%H%M%SZ}@enghub",
            f"{name} L{shift.level}: {', '.join(shift.users)}",
            shift.interval,
        )
        for shift in shifts
        if shift.users and (not user or user in shift.users)
    ]


def render(name: str, entries: Iterable[Entry], now: datetime) -> bytes:
    """Return the feed; every event says its own time, so that no client has to know our rules."""
    calendar = Calendar()
    calendar.add("PRODID", "-//EngHub//On call//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    calendar.add("REFRESH-INTERVAL;VALUE=DURATION", REFRESH)
    for entry in entries:
        event = Event()
        event.add("UID", entry.uid)
        event.add("DTSTAMP", now)
        event.add("DTSTART", entry.interval.start)
        event.add("DTEND", entry.interval.end)
        event.add("SUMMARY", entry.title)
        if entry.place:
            event.add("LOCATION", entry.place)
        calendar.add_component(event)
    return bytes(calendar.to_ical())
