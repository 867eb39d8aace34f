"""Reads contacts, working calendars, important dates, and where documents and tools are (OPS-19).

Trigger: GET /api/v1/golive/{contacts|calendars|dates|directory}, one of each, .../calendars/{id}/due,
.../dates/{id}/occurrences.
Runbook: docs/runbooks/golive.md.
"""

from datetime import timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.core.setup.api import Name, UserId
from enghub.golive import rights, wiring
from enghub.golive.directory import dynamo
from enghub.golive.directory.api import (
    CalendarResponse,
    CalendarsResponse,
    DateResponse,
    DatesResponse,
    DueResponse,
    EntriesResponse,
    EntryResponse,
    OccurrenceResponse,
    OccurrencesResponse,
    OperationsContactResponse,
    OperationsContactsResponse,
)
from enghub.golive.forms import BASE, paged
from enghub.kit.calendars.intervals import Interval

app = http.resolver()

Size = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=1000)]
LONGEST = timedelta(days=400)
_ONE = Text("say minutes or days, one of them", "请填写 minutes 或 days 之一")
_SPAN = Text("write a time after `from`, at most 400 days later", "请填写晚于 from 且不超过 400 天的时间")


@app.get(f"{BASE}/contacts", right=rights.READ_GOLIVE)
def list_operations_contacts(page_size: Size = 50, cursor: Cursor = None) -> OperationsContactsResponse:
    """Return a page of contacts."""
    tenant_id = http.call(app).principal.tenant_id
    return OperationsContactsResponse(
        **paged(dynamo.contacts().page(tenant_id, page_size, cursor), OperationsContactResponse.of)
    )


@app.get(f"{BASE}/contacts/<contact_id>", right=rights.READ_GOLIVE)
def get_operations_contact(contact_id: Annotated[UserId, Path(pattern=r"^[^/]+$")]) -> OperationsContactResponse:
    """Return a contact."""
    return OperationsContactResponse.of(wiring.contacts().get(http.call(app).principal.tenant_id, contact_id))


@app.get(f"{BASE}/calendars", right=rights.READ_GOLIVE)
def list_calendars(page_size: Size = 50, cursor: Cursor = None) -> CalendarsResponse:
    """Return a page of working calendars."""
    tenant_id = http.call(app).principal.tenant_id
    return CalendarsResponse(**paged(dynamo.calendars().page(tenant_id, page_size, cursor), CalendarResponse.of))


@app.get(f"{BASE}/calendars/<calendar_id>", right=rights.READ_GOLIVE)
def get_calendar(calendar_id: Annotated[Name, Path()]) -> CalendarResponse:
    """Return a working calendar."""
    return CalendarResponse.of(wiring.calendars().get(http.call(app).principal.tenant_id, calendar_id))


@app.get(f"{BASE}/calendars/<calendar_id>/due", right=rights.READ_GOLIVE)
def get_due(
    calendar_id: Annotated[Name, Path()],
    at: Annotated[wire.Instant, Query()],
    minutes: Annotated[int | None, Query(ge=0, le=1_000_000)] = None,
    days: Annotated[int | None, Query(ge=1, le=1000)] = None,
) -> DueResponse:
    """Return when so many working minutes, or the working time of so many days, will have passed since ``at``."""
    calendar = wiring.calendars().get(http.call(app).principal.tenant_id, calendar_id).value
    if (minutes is None) == (days is None):
        raise Invalid(field="minutes", problem=_ONE)
    due = calendar.due(at, timedelta(minutes=minutes)) if minutes is not None else calendar.due_days(at, days or 1)
    return DueResponse.of(due)


@app.get(f"{BASE}/dates", right=rights.READ_GOLIVE)
def list_dates(page_size: Size = 50, cursor: Cursor = None) -> DatesResponse:
    """Return a page of important dates."""
    tenant_id = http.call(app).principal.tenant_id
    return DatesResponse(**paged(dynamo.dates().page(tenant_id, page_size, cursor), DateResponse.of))


@app.get(f"{BASE}/dates/<date_id>", right=rights.READ_GOLIVE)
def get_date(date_id: Annotated[Name, Path()]) -> DateResponse:
    """Return an important date."""
    return DateResponse.of(wiring.dates().get(http.call(app).principal.tenant_id, date_id))


@app.get(f"{BASE}/dates/<date_id>/occurrences", right=rights.READ_GOLIVE)
def list_occurrences(
    date_id: Annotated[Name, Path()],
    since: Annotated[wire.Instant, Query(alias="from")],
    until: Annotated[wire.Instant, Query(alias="to")],
) -> OccurrencesResponse:
    """Return when it happens in a period, 200 times at most."""
    if not since < until <= since + LONGEST:
        raise Invalid(field="to", problem=_SPAN)
    found = wiring.dates().get(http.call(app).principal.tenant_id, date_id).value
    return OccurrencesResponse(items=tuple(map(OccurrenceResponse.of, found.within(Interval(since, until)))))


@app.get(f"{BASE}/directory", right=rights.READ_GOLIVE)
def list_entries(page_size: Size = 50, cursor: Cursor = None) -> EntriesResponse:
    """Return a page of documents and tools."""
    tenant_id = http.call(app).principal.tenant_id
    return EntriesResponse(**paged(dynamo.entries().page(tenant_id, page_size, cursor), EntryResponse.of))


@app.get(f"{BASE}/directory/<entry_id>", right=rights.READ_GOLIVE)
def get_entry(entry_id: Annotated[Name, Path()]) -> EntryResponse:
    """Return a document or a tool."""
    return EntryResponse.of(wiring.entries().get(http.call(app).principal.tenant_id, entry_id))


lambda_handler = entrypoints.http(app)
