"""The iCalendar feed of a schedule's shifts and of the tenant's milestones (OPS-12, OPS-19).

Trigger: GET /api/v1/golive/feeds/on-call, public: calendars cannot sign in, so the key in the query is the proof.
No log of ours holds a query.
Runbook: docs/runbooks/golive.md.
"""

from datetime import timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from enghub.core import entrypoints, http
from enghub.core.clock import system_clock
from enghub.core.errors import Unauthenticated
from enghub.golive.directory import dynamo as directory
from enghub.golive.forms import BASE
from enghub.golive.keys import dynamo as keys
from enghub.golive.keys.model import KeyKind
from enghub.golive.oncall import feed, wiring
from enghub.kit.calendars.intervals import Interval

PUBLIC = "calendars cannot sign in: the key in the query is the proof"
BACK, AHEAD = timedelta(days=7), timedelta(days=90)
CALENDAR: OpenAPIResponse = {"description": "The feed", "content": {"text/calendar": {"schema": {"type": "string"}}}}
app = http.resolver()


@app.get(f"{BASE}/feeds/on-call", public=PUBLIC, responses={200: CALENDAR}, security=[{"feedKey": []}])
def read_on_call_feed(
    key: Annotated[str, Query(max_length=400)], user: Annotated[str, Query(max_length=128)] = ""
) -> Response[str]:
    """Return the shifts from a week ago to 90 days ahead, of everybody or of one user, and the milestones."""
    now, found = system_clock(), keys.find(key)
    if found is None or not found.opens(KeyKind.FEED, now):
        raise Unauthenticated
    span = Interval(now - BACK, now + AHEAD)
    schedule = wiring.oncall().schedule(found.tenant_id, found.about).value
    rota = wiring.oncall().rota(found.tenant_id, found.about, span)
    entries = feed.of_shifts(schedule.schedule_id, schedule.name, rota.shifts(span), user)
    for kept in directory.dates().all(found.tenant_id):
        one = kept.value
        entries += [
            feed.Entry(f"{one.date_id}-{part.start:%Y%m%dT%H%M%SZ}@enghub", one.title, part, one.place)
            for part in one.within(span)
        ]
    body = feed.render(schedule.name, entries, now).decode()
    return Response(200, "text/calendar; charset=utf-8", body, headers={"Cache-Control": "private, max-age=900"})


lambda_handler = entrypoints.http(app)
