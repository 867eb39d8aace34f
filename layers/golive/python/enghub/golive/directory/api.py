"""Contacts, working calendars, important dates and the directory on the wire (OPS-19)."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.i18n import Text
from enghub.core.setup.api import Clock, MailAddress, Version, Zone
from enghub.golive.calendars.model import Due, Span, WorkingCalendar, Year
from enghub.golive.contacts.model import Contact, ContactKind
from enghub.golive.dates.model import DateKind, ImportantDate
from enghub.golive.directory.model import Entry, EntryKind
from enghub.kit.calendars.intervals import Interval
from enghub.kit.calendars.rules import InvalidRule

PageSize = Annotated[int, Field(ge=1, le=100)]
_DAYS = Text(
    "write a day or a span: 2026-02-14 or 2026-02-15/2026-02-23",
    "请填写日期或时段：2026-02-14 或 2026-02-15/2026-02-23",
)
_RULE = Text("it is no recurring rule that is served: {why}", "不是受支持的重复规则：{why}")
_WALL = Text("write a local time without offset, as 2026-11-28T09:00", "请填写不带时区的本地时间，如 2026-11-28T09:00")


def _days(text: str) -> str:
    first, _, last = text.partition("/")
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError as error:
        raise wire.Unfit(_DAYS) from error
    if not 0 <= (end - start).days < 366:
        raise wire.Unfit(_DAYS)
    return text


def wall(text: str) -> str:
    """Return a local time without a zone, as it is kept; refuse others (for AfterValidator)."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise wire.Unfit(_WALL) from error
    if found.tzinfo is not None or found.second or found.microsecond or not 1970 <= found.year < 3000:
        raise wire.Unfit(_WALL)
    return found.isoformat(timespec="minutes")


Wall = Annotated[str, Field(min_length=16, max_length=16), AfterValidator(wall)]
Days = Annotated[str, Field(min_length=10, max_length=21), AfterValidator(_days)]
Phone = Annotated[str, wire.form(r"^[0-9+][0-9 ()/.-]*$", Text("a telephone number", "电话号码"), max_length=40)]


class PutOperationsContactRequest(wire.Request):
    """Whom operations can reach."""

    name: wire.ShortText
    kind: ContactKind = ContactKind.PERSON
    role: Annotated[str, Field(max_length=100)] = ""
    phone: Phone | None = None
    email: MailAddress | None = None
    zone: Zone = "UTC"
    escalate_for: Annotated[str, Field(max_length=500)] = ""
    version: Version | None = None

    def to_contact(self, tenant_id: str, contact_id: str) -> Contact:
        """Return the contact."""
        return Contact(
            tenant_id=tenant_id,
            contact_id=contact_id,
            name=self.name,
            kind=self.kind,
            role=self.role,
            phone=self.phone or "",
            email=self.email or "",
            zone=self.zone,
            escalate_for=self.escalate_for,
        )


class SpanPart(wire.Request):
    """Hours of a day by the wall clock; an end at or before the start is the next day's."""

    start: Clock
    end: Clock


class YearPart(wire.Request):
    """What is known of a year: days off, and days worked instead."""

    year: Annotated[wire.Count, Field(ge=1970, le=2999)]
    holidays: Annotated[tuple[Days, ...], Field(max_length=100)] = ()
    make_up_days: Annotated[tuple[Days, ...], Field(max_length=100)] = ()


class PutCalendarRequest(wire.Request):
    """When people of one place work."""

    name: wire.ShortText
    zone: Zone
    hours: Annotated[tuple[SpanPart, ...], Field(min_length=1, max_length=10)]
    weekdays: Annotated[tuple[Annotated[wire.Count, Field(le=6)], ...], Field(min_length=1, max_length=7)] = (
        0,
        1,
        2,
        3,
        4,
    )
    years: Annotated[tuple[YearPart, ...], Field(max_length=30)] = ()
    version: Version | None = None

    def to_calendar(self, tenant_id: str, calendar_id: str) -> WorkingCalendar:
        """Return the calendar."""
        return WorkingCalendar(
            tenant_id=tenant_id,
            calendar_id=calendar_id,
            name=self.name,
            zone=self.zone,
            hours=tuple(Span(span.start, span.end) for span in self.hours),
            weekdays=tuple(sorted(set(self.weekdays))),
            years=tuple(Year(one.year, one.holidays, one.make_up_days) for one in self.years),
        )


class PutDateRequest(wire.Request):
    """Something that happens once, or again and again."""

    title: wire.ShortText
    kind: DateKind
    zone: Zone
    start: Wall
    minutes: Annotated[wire.Count, Field(ge=1, le=60 * 24 * 60)] = 60
    rule: Annotated[str, Field(max_length=500)] = ""
    place: Annotated[str, Field(max_length=200)] = ""
    notes: Annotated[str, Field(max_length=1000)] = ""
    version: Version | None = None

    @model_validator(mode="after")
    def _rule_is_served(self) -> Self:
        try:
            self.to_date("-", "-").recurring()
        except InvalidRule as error:
            raise wire.Unfit(_RULE, field="rule", why=str(error)) from error
        return self

    def to_date(self, tenant_id: str, date_id: str) -> ImportantDate:
        """Return the date."""
        return ImportantDate(
            tenant_id=tenant_id,
            date_id=date_id,
            title=self.title,
            kind=self.kind,
            zone=self.zone,
            start=self.start,
            minutes=self.minutes,
            rule=self.rule,
            place=self.place,
            notes=self.notes,
        )


class PutEntryRequest(wire.Request):
    """Where a document or a tool is."""

    title: wire.ShortText
    kind: EntryKind
    address: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(wire.printable)]
    notes: Annotated[str, Field(max_length=1000)] = ""
    version: Version | None = None

    def to_entry(self, tenant_id: str, entry_id: str) -> Entry:
        """Return the entry."""
        return Entry(tenant_id, entry_id, self.title, self.kind, self.address, self.notes)


# --- answers ---------------------------------------------------------------------------------------------------------


class OperationsContactResponse(wire.Response):
    """A contact."""

    contact_id: str
    name: str
    kind: ContactKind
    role: str
    phone: str | None
    email: str | None
    zone: str
    escalate_for: str
    version: int

    @classmethod
    def of(cls, kept: Kept[Contact]) -> "OperationsContactResponse":
        """Return the answer for a contact."""
        one = kept.value
        return cls(
            contact_id=one.contact_id,
            name=one.name,
            kind=one.kind,
            role=one.role,
            phone=one.phone or None,
            email=one.email or None,
            zone=one.zone,
            escalate_for=one.escalate_for,
            version=kept.revision,
        )


class SpanResponse(wire.Response):
    """Hours of a day."""

    start: str
    end: str


class YearResponse(wire.Response):
    """What is known of a year."""

    year: int
    holidays: tuple[str, ...]
    make_up_days: tuple[str, ...]


class CalendarResponse(wire.Response):
    """A working calendar; ``coveredUntil`` is the last day it has data of, None where it has none."""

    calendar_id: str
    name: str
    zone: str
    hours: tuple[SpanResponse, ...]
    weekdays: tuple[int, ...]
    years: tuple[YearResponse, ...]
    working_day_minutes: int
    covered_until: wire.Day | None
    version: int

    @classmethod
    def of(cls, kept: Kept[WorkingCalendar]) -> "CalendarResponse":
        """Return the answer for a calendar."""
        one = kept.value
        return cls(
            calendar_id=one.calendar_id,
            name=one.name,
            zone=one.zone,
            hours=tuple(SpanResponse(start=span.start, end=span.end) for span in one.hours),
            weekdays=one.weekdays,
            years=tuple(
                YearResponse(year=year.year, holidays=year.holidays, make_up_days=year.make_up_days)
                for year in one.years
            ),
            working_day_minutes=int(one.day_length.total_seconds() // 60),
            covered_until=one.covered_until(),
            version=kept.revision,
        )


class DueResponse(wire.Response):
    """When a clock runs out; ``calendarEnds`` where the answer reaches beyond the calendar's data: it may be later."""

    due_at: wire.Instant
    calendar_ends: wire.Day | None

    @classmethod
    def of(cls, due: Due) -> "DueResponse":
        """Return the answer for a clock."""
        return cls(due_at=due.at, calendar_ends=due.ends)


class DateResponse(wire.Response):
    """An important date."""

    date_id: str
    title: str
    kind: DateKind
    zone: str
    start: str
    minutes: int
    rule: str | None
    place: str
    notes: str
    version: int

    @classmethod
    def of(cls, kept: Kept[ImportantDate]) -> "DateResponse":
        """Return the answer for a date."""
        one = kept.value
        return cls(
            date_id=one.date_id,
            title=one.title,
            kind=one.kind,
            zone=one.zone,
            start=one.start,
            minutes=one.minutes,
            rule=one.rule or None,
            place=one.place,
            notes=one.notes,
            version=kept.revision,
        )


class OccurrenceResponse(wire.Response):
    """One time that a date happens."""

    starts_at: wire.Instant
    ends_at: wire.Instant

    @classmethod
    def of(cls, found: Interval) -> "OccurrenceResponse":
        """Return the answer for one time."""
        return cls(starts_at=found.start, ends_at=found.end)


class OccurrencesResponse(wire.Response):
    """When a date happens in a period."""

    items: tuple[OccurrenceResponse, ...]


class EntryResponse(wire.Response):
    """A document or a tool."""

    entry_id: str
    title: str
    kind: EntryKind
    address: str
    notes: str
    version: int

    @classmethod
    def of(cls, kept: Kept[Entry]) -> "EntryResponse":
        """Return the answer for an entry."""
        one = kept.value
        return cls(
            entry_id=one.entry_id,
            title=one.title,
            kind=one.kind,
            address=one.address,
            notes=one.notes,
            version=kept.revision,
        )


class OperationsContactsResponse(wire.Response):
    """A page of contacts; it may hold fewer, also none, while there is a cursor."""

    items: tuple[OperationsContactResponse, ...]
    cursor: str | None


class CalendarsResponse(wire.Response):
    """A page of calendars; it may hold fewer, also none, while there is a cursor."""

    items: tuple[CalendarResponse, ...]
    cursor: str | None


class DatesResponse(wire.Response):
    """A page of dates; it may hold fewer, also none, while there is a cursor."""

    items: tuple[DateResponse, ...]
    cursor: str | None


class EntriesResponse(wire.Response):
    """A page of entries; it may hold fewer, also none, while there is a cursor."""

    items: tuple[EntryResponse, ...]
    cursor: str | None
