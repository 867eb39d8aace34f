"""Reopens the PPAP elements that an engineering change touches (PLM-14).

Trigger: queue reopen_ppaps, from the bus: ChangePointCreated of enghub.plm. The same change again reopens nothing.
Runbook: docs/runbooks/plm-ppap.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.plm.consumed import ChangePointCreated
from enghub.plm.gateways.ppaps import ppaps


def reopen(event: Envelope, point: ChangePointCreated) -> None:
    """Reopen those of every affected product."""
    origin = Origin(event.tenant_id, event.factory_id, "system:reopen-ppaps", event.timestamp, event.event_id)
    for product in point.affected_products:
        ppaps().reopen(product, f"{point.ecn_number} {event.event_id}", point.type, origin)


lambda_handler = entrypoints.events(on(ChangePointCreated, reopen))
