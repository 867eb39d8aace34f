"""Makes schedules of what PagerDuty, Opsgenie or Grafana OnCall export, and of the document's duty (OPS-12, OPS-23).

Trigger: POST /api/v1/golive/on-call-imports, a dry run or stored; POST /api/v1/golive/schedules/{id}/built-in.
Runbook: docs/runbooks/golive.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.core.lazy import lazy
from enghub.core.setup.api import Name
from enghub.golive import rights
from enghub.golive.duty.api import BuiltInRequest
from enghub.golive.forms import BASE
from enghub.golive.importers.api import ImportRequest, ImportResponse
from enghub.golive.oncall.answers import ScheduleResponse, WarningResponse
from enghub.golive.oncall.wiring import oncall

if TYPE_CHECKING:
    from enghub.golive.importers import service, wiring
else:  # for imports alone
    service, wiring = lazy("enghub.golive.importers.service"), lazy("enghub.golive.importers.wiring")

app = http.resolver()


@app.post(f"{BASE}/on-call-imports", right=rights.MANAGE_ONCALL)
def import_on_call(request: ImportRequest) -> ImportResponse:
    """Return what an export of another system becomes, and what differs; with the hash that was seen, store it."""
    call = http.call(app)
    found = service.plan(request.export(), request.users, call.principal.tenant_id, call.origin.at)
    if request.seen is not None:
        wiring.importing().store(found, request.seen, call.origin)
    return ImportResponse.of(found, call.language, is_stored=request.seen is not None)


@app.post(f"{BASE}/schedules/<schedule_id>/built-in", right=rights.MANAGE_ONCALL)
def put_built_in_schedule(schedule_id: Annotated[Name, Path()], request: BuiltInRequest) -> ScheduleResponse:
    """Store the document's table, or its phases after a go-live, as a schedule; the answer warns as any rota's does."""
    call = http.call(app)
    wanted = request.to_schedule(call.principal.tenant_id, schedule_id, call.origin.at)
    kept, warnings = oncall().put(wanted, request.version, call.origin)
    return ScheduleResponse.of(kept, tuple(WarningResponse.of(one, call.language) for one in warnings))


lambda_handler = entrypoints.http(app)
