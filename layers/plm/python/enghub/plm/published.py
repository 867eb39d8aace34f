"""The events this context promises, version 1.0 of each; their schemas are in ``events/published``.

Fields are added, never renamed or removed; a breaking change makes a new version. Times are ISO 8601 in UTC.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.json_schema import WithJsonSchema

from enghub.core.events import Envelope
from enghub.core.identity import Origin

SOURCE = "enghub.plm"

Moment = Annotated[datetime, WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[date, PlainSerializer(date.isoformat), WithJsonSchema({"type": "string", "format": "date"})]
Count = Annotated[int, Field(ge=0)]


class EventData(BaseModel):
    """Base of what travels in ``data``; a reader ignores fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class ChangePointCreated(EventData):
    """An engineering change of the PLM has become a change point (PLM-08)."""

    change_point_id: str
    ecn_number: str
    type: Literal["MAN", "MACHINE", "MATERIAL", "METHOD", "ENVIRONMENT"]
    category: Literal["MAJOR", "MINOR", "CRITICAL", "GENERAL"]
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
    mode: Literal["FULL", "INCREMENTAL"]
    trigger: Literal["MANUAL", "SCHEDULE"]
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
