"""What the plant's events say of stops (OPS-10)."""

from enghub.core.events import Envelope
from enghub.golive.consumed import LineTold
from enghub.golive.production import dynamo
from enghub.golive.production.model import Stop


def stopped(event: Envelope, told: LineTold) -> None:
    """Note that a line stands still; what was planned concerns nobody at night."""
    if not told.is_planned:
        dynamo.began(_stop(event, told))


def started(event: Envelope, told: LineTold) -> None:
    """Note that it produces again."""
    if not told.is_planned:
        dynamo.ended(_stop(event, told))


def _stop(event: Envelope, told: LineTold) -> Stop:
    return Stop(
        tenant_id=event.tenant_id,
        factory_id=event.factory_id,
        stop_id=told.stop_id,
        line_id=told.line_id,
        station_id=told.station_id or "",
        reason=told.reason or "",
        work_order_id=told.work_order_id or "",
        started_at=told.started_at,
        ended_at=getattr(told, "ended_at", None),
    )
