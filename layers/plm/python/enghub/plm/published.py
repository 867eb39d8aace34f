"""The events this context promises; their schemas are in events/published."""

from typing import Any

from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.plm.changes.model import ChangeOrder, ChangePoint
from enghub.plm.syncs.model import SyncRun

SOURCE = "enghub.plm"


def change_point_created(origin: Origin, order: ChangeOrder, point: ChangePoint) -> Envelope:
    """An engineering change has become a change point."""
    return Envelope.of(
        origin,
        "ChangePointCreated",
        SOURCE,
        {
            "change_point_id": point.change_point_id,
            "ecn_number": order.ecn_number,
            "type": point.type.value,
            "category": point.category.value,
            "title": point.title,
            "affected_products": list(point.affected_products),
            "effective_date": point.effective_date.isoformat() if point.effective_date else None,
            "effective_batch": order.notification.effective_batch,
        },
    )


def change_order_parked(origin: Origin, order: ChangeOrder) -> Envelope:
    """An engineering change could not be processed and waits for a person."""
    return Envelope.of(
        origin,
        "ChangeOrderParked",
        SOURCE,
        {
            "ecn_number": order.ecn_number,
            "ecn_type": order.notification.ecn_type,
            "title": order.notification.title,
            "reason": order.failure or "",
        },
    )


def product_sync_finished(origin: Origin, run: SyncRun) -> Envelope:
    """A sync run ended: ProductSyncCompleted, or ProductSyncFailed when a batch or the run itself failed."""
    counts = run.counts
    data: dict[str, Any] = {
        "run_id": run.run_id,
        "connection": run.connection,
        "mode": run.mode.value,
        "trigger": run.trigger.value,
        "batches": run.batches,
        "failed_batches": run.failed_batches,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }
    if run.succeeded:
        return Envelope.of(origin, "ProductSyncCompleted", SOURCE, data)
    return Envelope.of(origin, "ProductSyncFailed", SOURCE, {**data, "failure": run.failure or ""})
