"""PPAPs on the wire (PLM-14, PLM-15)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.plm.documents.api import DocumentSummary
from enghub.plm.documents.model import Document
from enghub.plm.names import ConnectionName
from enghub.plm.ppaps.model import (
    ELEMENTS,
    Element,
    ElementStatus,
    Ppap,
    PpapApproval,
    PpapStatus,
)
from enghub.plm.ppaps.repository import FoundPpaps
from enghub.plm.pushes.model import PlmSync

Number = Annotated[int, Field(ge=1, le=18)]


class CreatePpapRequest(wire.Request):
    """A submission for a part; level 3 unless the customer wants another, level 4 with the customer's list."""

    project_code: wire.Code
    product_code: wire.Code
    level: Annotated[int, Field(ge=1, le=5)] = 3
    customer_elements: Annotated[tuple[Number, ...], Field(max_length=18)] = ()
    connection: ConnectionName = "default"


class PutElementRequest(wire.Request):
    """What an element is now; one that does not apply says why."""

    status: ElementStatus
    document: Annotated[str, Field(max_length=500)] = ""
    reason: Annotated[str, Field(max_length=500)] = ""


class DecidePpapRequest(wire.Request):
    """What the customer said; an interim approval ends after ``until`` or with ``pieces``."""

    status: Literal["APPROVED", "INTERIM", "REJECTED"]
    approved_on: wire.Day
    approver: wire.ShortText
    comments: wire.LongText = ""
    customer_feedback: wire.LongText = ""
    until: wire.Day | None = None
    pieces: Annotated[wire.Count, Field(ge=1)] | None = None

    def to_approval(self) -> PpapApproval:
        """Return the answer."""
        return PpapApproval(
            status=PpapStatus(self.status),
            approved_on=self.approved_on,
            approver=self.approver,
            comments=self.comments,
            customer_feedback=self.customer_feedback,
            until=self.until,
            pieces=self.pieces,
        )


class ShipmentRequest(wire.Request):
    """Pieces shipped in all since the interim approval."""

    pieces: wire.Count


class ElementResponse(wire.Response):
    """One of the 18: ``duty`` S is submitted, R retained; ``documents`` are told where one PPAP is read."""

    number: int
    name: str
    duty: str
    status: ElementStatus
    document: str
    reason: str
    changed_at: wire.Instant | None
    documents: tuple[DocumentSummary, ...] | None

    @classmethod
    def of(cls, ppap: Ppap, element: Element, documents: tuple[Document, ...] | None) -> "ElementResponse":
        """Return the answer."""
        return cls(
            number=element.number,
            name=ELEMENTS[element.number][0],
            duty=ppap.duty(element.number),
            status=element.status,
            document=element.document,
            reason=element.reason,
            changed_at=element.changed_at,
            documents=None if documents is None else tuple(map(DocumentSummary.of, documents)),
        )


class PpapResponse(wire.Response):
    """A PPAP as it stands today; ``plmSync`` says whether the PLM knows of the approval."""

    ppap_id: str
    project_code: str
    product_code: str
    level: int
    edition: str
    status: PpapStatus
    submissions: int
    missing: tuple[int, ...]
    elements: tuple[ElementResponse, ...]
    approved_on: date | None
    approver: str | None
    until: date | None
    pieces: int | None
    shipped: int
    plm_sync: PlmSync
    plm_synced_at: wire.Instant | None
    plm_problem: str
    reopened_by: tuple[str, ...]
    revision: int

    @classmethod
    def of(
        cls, kept: Kept[Ppap], today: date, documents: Mapping[int, tuple[Document, ...]] | None = None
    ) -> "PpapResponse":
        """Return the answer for ``today``."""
        found = documents or {}
        held = {one: None if documents is None else found.get(one, ()) for one in ELEMENTS}
        ppap, said, push = kept.value, kept.value.approval, kept.value.push
        return cls(
            ppap_id=ppap.ppap_id,
            project_code=ppap.project_code,
            product_code=ppap.product_code,
            level=ppap.level,
            edition=ppap.edition,
            status=ppap.status_on(today),
            submissions=ppap.submissions,
            missing=ppap.missing,
            elements=tuple(ElementResponse.of(ppap, element, held[element.number]) for element in ppap.elements),
            approved_on=said.approved_on if said else None,
            approver=said.approver if said else None,
            until=said.until if said else None,
            pieces=said.pieces if said else None,
            shipped=ppap.shipped,
            plm_sync=push.state if push else PlmSync.NONE,
            plm_synced_at=push.synced_at if push else None,
            plm_problem=push.trouble if push else "",
            reopened_by=ppap.reopened_by,
            revision=kept.revision,
        )


class PpapSummary(wire.Response):
    """A PPAP in a list."""

    ppap_id: str
    project_code: str
    product_code: str
    level: int
    status: PpapStatus


class PpapList(wire.Response):
    """A page of a product's PPAPs."""

    items: tuple[PpapSummary, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: FoundPpaps, today: date) -> "PpapList":
        """Return the answer for ``today``."""
        items = (
            PpapSummary(
                ppap_id=ppap.ppap_id,
                project_code=ppap.project_code,
                product_code=ppap.product_code,
                level=ppap.level,
                status=ppap.status_on(today),
            )
            for ppap in found.ppaps
        )
        return cls(items=tuple(items), cursor=found.cursor)
