"""What follows from a change of a working calendar: an event, and a timer before its data ends (OPS-19)."""

from datetime import datetime

from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.core.setup.service import Follows
from enghub.core.timers.model import CancelTimer, SetTimer, TimerChange
from enghub.golive.calendars.model import WorkingCalendar
from enghub.golive.published import WorkingCalendarChanged

PURPOSE = "calendar_ends"
ROLES = ("OPS_LEAD",)


def subject(calendar_id: str) -> str:
    """Return the calendar's name among timers and notices."""
    return f"calendar/{calendar_id}"


def follows(after: WorkingCalendar, _before: WorkingCalendar | None, origin: Origin) -> Follows:
    """Return event and timer of a change."""
    last = after.covered_until()
    changed = WorkingCalendarChanged(
        calendar_id=after.calendar_id,
        name=after.name,
        zone=after.zone,
        covered_until=last.isoformat() if last else None,
        is_deleted=after.is_deleted,
    )
    return Follows((changed.envelope(origin),), (_timer(after, origin.at),))


def _timer(calendar: WorkingCalendar, now: datetime) -> TimerChange:
    at = None if calendar.is_deleted else calendar.warns_at()
    about = subject(calendar.calendar_id)
    return CancelTimer(about, PURPOSE) if at is None else SetTimer(about, PURPOSE, max(at, now))


def ending(calendar: WorkingCalendar) -> NoticeRequested:
    """Return the notice that the calendar's data ends."""
    last = calendar.covered_until()
    until = last.isoformat() if last else "-"
    return NoticeRequested(
        notice_type="golive.calendar_ends",
        severity=Severity.WARNING,
        subject=subject(calendar.calendar_id),
        facts={"name": calendar.name, "calendar_id": calendar.calendar_id, "until": until},
        roles=ROLES,
        dedupe_key=f"calendar_ends/{calendar.calendar_id}/{until}",
    )
