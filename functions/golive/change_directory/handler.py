"""Sets up contacts, calendars, dates, where documents and tools are, reports that come by themselves (OPS-19, OPS-20).

Trigger: PUT and DELETE /api/v1/golive/{contacts|calendars|dates|directory|operations-reports}/{...}.
Runbook: docs/runbooks/golive.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.setup.api import Name, UserId
from enghub.golive import rights, wiring
from enghub.golive.directory.api import (
    CalendarResponse,
    DateResponse,
    EntryResponse,
    OperationsContactResponse,
    PutCalendarRequest,
    PutDateRequest,
    PutEntryRequest,
    PutOperationsContactRequest,
)
from enghub.golive.forms import BASE
from enghub.golive.reports import wiring as reports
from enghub.golive.reports.api import PutReportRequest, ReportPlanResponse
from enghub.golive.reports.model import ReportKind

app = http.resolver()

ContactId = Annotated[UserId, Path(pattern=r"^[^/]+$")]
Id = Annotated[Name, Path()]
Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]


@app.put(f"{BASE}/contacts/<contact_id>", right=rights.MANAGE_DIRECTORY)
def put_operations_contact(contact_id: ContactId, request: PutOperationsContactRequest) -> OperationsContactResponse:
    """Store a contact."""
    call = http.call(app)
    wanted = request.to_contact(call.principal.tenant_id, contact_id)
    return OperationsContactResponse.of(wiring.contacts().put(contact_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/contacts/<contact_id>", right=rights.MANAGE_DIRECTORY, status_code=204)
def delete_operations_contact(contact_id: ContactId, version: Seen = None) -> None:
    """Take a contact away."""
    wiring.contacts().delete(contact_id, version, http.call(app).origin)


@app.put(f"{BASE}/calendars/<calendar_id>", right=rights.MANAGE_DIRECTORY)
def put_calendar(calendar_id: Id, request: PutCalendarRequest) -> CalendarResponse:
    """Store a working calendar; 60 days before its data ends people are told."""
    call = http.call(app)
    wanted = request.to_calendar(call.principal.tenant_id, calendar_id)
    return CalendarResponse.of(wiring.calendars().put(calendar_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/calendars/<calendar_id>", right=rights.MANAGE_DIRECTORY, status_code=204)
def delete_calendar(calendar_id: Id, version: Seen = None) -> None:
    """Take a working calendar away."""
    wiring.calendars().delete(calendar_id, version, http.call(app).origin)


@app.put(f"{BASE}/dates/<date_id>", right=rights.MANAGE_DIRECTORY)
def put_date(date_id: Id, request: PutDateRequest) -> DateResponse:
    """Store an important date or a recurring meeting."""
    call = http.call(app)
    wanted = request.to_date(call.principal.tenant_id, date_id)
    return DateResponse.of(wiring.dates().put(date_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/dates/<date_id>", right=rights.MANAGE_DIRECTORY, status_code=204)
def delete_date(date_id: Id, version: Seen = None) -> None:
    """Take a date away."""
    wiring.dates().delete(date_id, version, http.call(app).origin)


@app.put(f"{BASE}/directory/<entry_id>", right=rights.MANAGE_DIRECTORY)
def put_entry(entry_id: Id, request: PutEntryRequest) -> EntryResponse:
    """Store where a document or a tool is."""
    call = http.call(app)
    wanted = request.to_entry(call.principal.tenant_id, entry_id)
    return EntryResponse.of(wiring.entries().put(entry_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/directory/<entry_id>", right=rights.MANAGE_DIRECTORY, status_code=204)
def delete_entry(entry_id: Id, version: Seen = None) -> None:
    """Take an entry away."""
    wiring.entries().delete(entry_id, version, http.call(app).origin)


@app.put(f"{BASE}/operations-reports/<kind>", right=rights.MANAGE_DIRECTORY)
def put_operations_report(kind: Annotated[ReportKind, Path()], request: PutReportRequest) -> ReportPlanResponse:
    """Let a report come by itself, weekly or monthly, to OPS_LEAD."""
    call = http.call(app)
    wanted = request.to_plan(call.principal.tenant_id, kind)
    return ReportPlanResponse.of(reports.plans().put(kind.value, wanted, request.version, call.origin))


@app.delete(f"{BASE}/operations-reports/<kind>", right=rights.MANAGE_DIRECTORY, status_code=204)
def delete_operations_report(kind: Annotated[ReportKind, Path()], version: Seen = None) -> None:
    """Let a report come no more."""
    reports.plans().delete(kind.value, version, http.call(app).origin)


lambda_handler = entrypoints.http(app)
