"""The events this context promises, version 1.0 of each; their schemas are in ``events/published``.

Fields are added, never renamed or removed; a breaking change makes a new version. Times are ISO 8601 in UTC.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer

from enghub.core.event_data import EventData

Day = Annotated[date, PlainSerializer(date.isoformat)]
Count = Annotated[int, Field(ge=0)]


class PlmEvent(EventData, source="enghub.plm"):
    """Base of this context's events."""


class ChangePointCreated(PlmEvent):
    """An engineering change of the PLM has become a change point (PLM-08)."""

    change_point_id: str
    ecn_number: str
    type: Literal["MAN", "MACHINE", "MATERIAL", "METHOD", "ENVIRONMENT"]
    category: Literal["MAJOR", "MINOR", "CRITICAL", "GENERAL"]
    title: str
    affected_products: tuple[str, ...]
    effective_date: Day | None
    effective_batch: str


class ChangePointCancelled(PlmEvent):
    """The PLM has withdrawn an engineering change (PLM-07)."""

    change_point_id: str
    ecn_number: str
    revision: str = ""


class ChangeOrderParked(PlmEvent):
    """An engineering change could not be processed and waits for a person (PLM-08)."""

    ecn_number: str
    ecn_type: str
    title: str
    reason: str


class SyncTotals(PlmEvent):
    """A product sync run as it ended; counts are records, and batches."""

    run_id: str
    connection: str
    mode: Literal["FULL", "INCREMENTAL"]
    trigger: Literal["MANUAL", "SCHEDULE", "FILE", "BROKER"]
    batches: Count
    failed_batches: Count
    created: Count
    updated: Count
    unchanged: Count
    rejected: Count
    boms: Count = 0
    started_at: datetime | None
    finished_at: datetime | None


class ProductSyncCompleted(SyncTotals):
    """A product sync ended: every product landed, or was rejected with its reason (PLM-03)."""


class ProductSyncFailed(SyncTotals):
    """A product sync ended, and a batch or the run itself failed (PLM-03)."""

    failure: str


class FieldMappingActivated(PlmEvent):
    """The mapping rules of a connection are others now (PLM-23).

    Version 0 is the identity; ``changed_records`` are those of the last 1,000 that become others, None where one went
    back to a version of before.
    """

    connection: str
    kind: Literal["PRODUCT", "BOM_LINE"]
    version: Count
    instead_of: Count
    changed_records: Count | None = None
    reason: str


class BomChanged(PlmEvent):
    """A version of a product's BOM is another now (PLM-02); parts that came and went, at most 100 of each."""

    product_code: str
    bom_version: str
    revision: int
    effective_from: Day | None = None
    effective_to: Day | None = None
    lines: Count
    added: tuple[str, ...]
    removed: tuple[str, ...]


class PpapDecided(PlmEvent):
    """The customer has answered a PPAP submission (PLM-15)."""

    ppap_id: str
    project_code: str
    product_code: str
    status: Literal["APPROVED", "INTERIM", "REJECTED"]
    approved_on: Day


class DesignImprovementSuggested(PlmEvent):
    """The quality issues of a product's last days are a suggestion to design (PLM-16)."""

    suggestion_id: str
    product_code: str
    day: Day
    issues: Count
    top_causes: tuple[str, ...]
    priority: Literal["HIGH", "MEDIUM", "LOW"]


class ApqpGatePassed(PlmEvent):
    """The gate of a phase was signed by all (PLM-13); ``phase`` 1 to 5."""

    project_code: str
    product_code: str
    phase: Annotated[int, Field(ge=1, le=5)]
    status: Literal["PASSED", "CONDITIONAL"]
    approvers: tuple[str, ...]


class ChangeEffectPlanned(PlmEvent):
    """A change takes effect at a point: these orders of the factory wait until it is applied (PLM-26)."""

    ecn_number: str
    effect_id: str
    title: str
    mode: Literal["NEXT_BATCH", "REMAINING_QUANTITY", "IMMEDIATELY", "AT_SERIAL"]
    serial: str
    held_orders: tuple[str, ...]


class ChangeApplied(PlmEvent):
    """The new revision is made from now on: what waited in the factory goes on (PLM-26)."""

    ecn_number: str
    effect_id: str
    applied_at: datetime
    serial: str


class DocumentEvent(PlmEvent):
    """What every event of a document says; ``ppap_elements`` are ``<ppap id>/<element 1 to 18>``."""

    document_id: str
    title: str
    kind: str
    products: tuple[str, ...]
    changes: tuple[str, ...]
    ppap_elements: tuple[str, ...]


class DocumentVersionAdded(DocumentEvent):
    """A file arrived whole and is a document's newest version (PLM-17); ``supplier_link`` is what it came by."""

    version: Annotated[int, Field(ge=1)]
    file_name: str
    media_type: str
    size_bytes: Count
    sha256: str
    supplier_link: str = ""


class DocumentWithdrawn(DocumentEvent):
    """A document is out of use (PLM-17)."""

    versions: Count
    reason: str
