"""Calls of stations for help are alerts of the services that serve their line (MES-27, OPS-12)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from enghub.core.events import Envelope
from enghub.core.lazy import lazy
from enghub.golive.alerts.model import Alert, Status
from enghub.golive.consumed import AndonTold
from enghub.golive.incidents import dynamo as incidents
from enghub.golive.production.model import concerns

if TYPE_CHECKING:
    from enghub.golive.alerts import own
else:  # most calls concern no service
    own = lazy("enghub.golive.alerts.own")

SAYS = {"ACKNOWLEDGED": (Status.FIRING, Status.ACKNOWLEDGED), "RESOLVED": (Status.RESOLVED,)}
"""Whoever came may be heard of before the call itself."""
PAGE = "page"


def called(event: Envelope, told: AndonTold) -> None:
    """Page who is on call for the line; whoever comes stops that, and the end of the call ends it.

    Which call a message speaks of, its key and since when say: one that is overtaken changes nothing.
    """
    place = f"{event.factory_id}/{told.line_id}"
    key = f"andon/{event.factory_id}/{told.call_id}"
    title = f"Andon {told.kind}: {place} {told.station_id}"
    for service_id in _serving(event.tenant_id, place):
        for status in SAYS.get(told.state, (Status.FIRING,)):
            own.say(event.tenant_id, service_id, Alert(key, status, title, PAGE, {"alert": key}, told.raised_at))


def _serving(tenant_id: str, place: str) -> Iterator[str]:
    for kept in incidents.services().all(tenant_id):
        if concerns(kept.value.lines, place):
            yield kept.value.service_id
