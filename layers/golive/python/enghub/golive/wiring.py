"""Builds what all of this context share, once per process; each area has a ``wiring`` of its own beside it."""

from datetime import datetime
from functools import cache

from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.setup.service import Setup
from enghub.core.timers.model import DueTimer
from enghub.golive.calendars import service as calendar_rules
from enghub.golive.calendars.model import WorkingCalendar
from enghub.golive.calendars.model import check as check_calendar
from enghub.golive.contacts.model import Contact
from enghub.golive.dates.model import ImportantDate
from enghub.golive.directory import dynamo
from enghub.golive.directory.model import Entry

MOST_CONTACTS, MOST_CALENDARS, MOST_DATES, MOST_ENTRIES = 500, 50, 500, 500


@cache
def contacts() -> Setup[Contact]:
    """Return the use cases of contacts."""
    return Setup("contact", dynamo.contacts(), MOST_CONTACTS)


@cache
def calendars() -> Setup[WorkingCalendar]:
    """Return the use cases of working calendars."""
    return Setup("calendar", dynamo.calendars(), MOST_CALENDARS, check_calendar, calendar_rules.follows)


@cache
def dates() -> Setup[ImportantDate]:
    """Return the use cases of important dates."""
    return Setup("date", dynamo.dates(), MOST_DATES)


@cache
def entries() -> Setup[Entry]:
    """Return the use cases of the directory."""
    return Setup("entry", dynamo.entries(), MOST_ENTRIES)


def machine(tenant_id: str, at: datetime, factory_id: str = "") -> Origin:
    """Return the origin of what this context does by itself."""
    return Origin(tenant_id, factory_id, "golive", at, "")


def warn_of_calendar(due: DueTimer) -> None:
    """Tell that a calendar's data ends soon; the timer's effect."""
    now = system_clock()
    found = dynamo.calendars().get(due.tenant_id, due.subject.partition("/")[2])
    if found is not None and not found.value.is_deleted:
        dynamo.warn(due, now, calendar_rules.ending(found.value).envelope(machine(due.tenant_id, now)))
