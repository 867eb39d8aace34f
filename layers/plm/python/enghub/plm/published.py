"""The events this context promises, version 1.0 of each; their schemas are in ``events/published``.

Fields are added, never renamed or removed; a breaking change makes a new version. Times are ISO 8601 in UTC.
"""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.json_schema import WithJsonSchema

from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.plm.changes.model import ChangeCategory, ChangeOrder, ChangePoint, ChangePointType
from enghub.plm.syncs.model import Mode, SyncRun, Trigger

SOURCE = "enghub.plm"

Moment = Annotated[datetime, WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[date, PlainSerializer(date.isoformat), WithJsonSchema({"type": "string", "format": "date"})]
Count = Annotated[int, Field(ge=0)]


class EventData(BaseModel):
    """Base of what travels in ``data``; a reader ignores fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ChangePointCreated(EventData):
    """An engineering change of the PLM has become a change point (PLM-08)."""

    change_point_id: str
    ecn_number: str
    type: ChangePointType
    category: ChangeCategory
    title: str
    affected_products: tuple[str, ...]
    effective_date: Day | None
    effective_batch: str


class ChangeOrderParked(EventData):
    """An engineering change could not be processed and waits for a person (PLM-08)."""

    ecn_number: str
    ecn_type: str
    title: str
    reason: str


class SyncTotals(EventData):
    """A product sync run as it ended; counts are records, and batches."""

    run_id: str
    connection: str
    mode: Mode
    trigger: Trigger
    batches: Count
    failed_batches: Count
    created: Count
    updated: Count
    unchanged: Count
    rejected: Count
    started_at: Moment | None
    finished_at: Moment | None


class ProductSyncCompleted(SyncTotals):
    """A product sync ended: every product landed, or was rejected with its reason (PLM-03)."""


class ProductSyncFailed(SyncTotals):
    """A product sync ended, and a batch or the run itself failed (PLM-03)."""

    failure: str


def envelope(origin: Origin, data: EventData) -> Envelope:
    """Return the event that carries ``data``; its type is the name of the class."""
    return Envelope.of(origin, type(data).__name__, SOURCE, data.model_dump())


def change_point_created(origin: Origin, order: ChangeOrder, point: ChangePoint) -> Envelope:
    """Return the event that ``order`` became ``point``."""
    return envelope(
        origin,
        ChangePointCreated(
            change_point_id=point.change_point_id,
            ecn_number=order.ecn_number,
            type=point.type,
            category=point.category,
            title=point.title,
            affected_products=point.affected_products,
            effective_date=point.effective_date,
            effective_batch=order.notification.effective_batch,
        ),
    )


def change_order_parked(origin: Origin, order: ChangeOrder) -> Envelope:
    """Return the event that ``order`` was parked."""
    told = order.notification
    return envelope(
        origin,
        ChangeOrderParked(
            ecn_number=told.ecn_number, ecn_type=told.ecn_type, title=told.title, reason=order.failure or ""
        ),
    )


def product_sync_finished(origin: Origin, run: SyncRun) -> Envelope:
    """Return the event that ``run`` ended."""
    totals = SyncTotals(
        run_id=run.run_id,
        connection=run.connection,
        mode=run.mode,
        trigger=run.trigger,
        batches=run.batches,
        failed_batches=run.failed_batches,
        created=run.counts.created,
        updated=run.counts.updated,
        unchanged=run.counts.unchanged,
        rejected=run.counts.rejected,
        started_at=run.started_at,
        finished_at=run.finished_at,
    ).model_dump()
    if run.succeeded:
        return envelope(origin, ProductSyncCompleted(**totals))
    return envelope(origin, ProductSyncFailed(**totals, failure=run.failure or ""))
