"""Requests and answers about engineering changes. Field names are those of the PLM's ``plm_change_order``."""

from datetime import date
from typing import Annotated

from pydantic import Field

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.plm.changes.model import ChangeCategory, ChangeOrder, ChangePoint, ChangePointType, Notification, Processing
from enghub.plm.changes.repository import Found, FoundRevisions
from enghub.plm.changes.revisions import Reception, Revision, Standing

EcnNumber = Annotated[
    str,
    wire.form(
        r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        Text(
            "begin with a letter or digit; letters, digits and . _ - follow",
            "以字母或数字开头，其后为字母、数字或 . _ -",
        ),
        max_length=50,
    ),
]


class ChangeNotification(wire.Request):
    """The body of the PLM's webhook (PLM-06)."""

    ecn_number: EcnNumber
    ecn_title: wire.ShortText
    ecn_type: Annotated[str, Field(min_length=1, max_length=50)]
    ecn_level: Annotated[str, Field(max_length=20)] = ""
    change_reason: wire.LongText = ""
    change_description: Annotated[str, Field(max_length=20_000)] = ""
    affected_products: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=50)], ...], Field(max_length=1000)]
    effective_date: wire.Day | None = None
    effective_batch: Annotated[str, Field(max_length=50)] = ""
    plm_status: Annotated[str, Field(max_length=20)] = ""
    revision: Annotated[str, Field(max_length=20)] = ""
    issued_at: wire.Instant | None = None

    def to_notification(self) -> Notification:
        """Return it as the model knows it; a product named twice counts once."""
        return Notification(
            ecn_number=self.ecn_number,
            title=self.ecn_title,
            ecn_type=self.ecn_type,
            level=self.ecn_level,
            affected_products=tuple(dict.fromkeys(self.affected_products)),
            reason=self.change_reason,
            description=self.change_description,
            effective_date=self.effective_date,
            effective_batch=self.effective_batch,
            plm_status=self.plm_status,
            revision=self.revision,
            issued_at=self.issued_at,
        )


class Receipt(wire.Response):
    """The webhook's answer."""

    status: Reception
    ecn_number: str


class RetryChangeRequest(wire.Request):
    """Why a parked change is tried again, and its type if that was wrong."""

    reason: wire.ShortText
    ecn_type: Annotated[str, Field(min_length=1, max_length=50)] | None = None


class AdoptRevisionRequest(wire.Request):
    """Why a parked revision is the one in force from now on."""

    reason: wire.ShortText


class ChangeOrderResponse(wire.Response):
    """A change order."""

    ecn_number: str
    ecn_title: str
    ecn_type: str
    ecn_level: str
    change_reason: str
    change_description: str
    affected_products: tuple[str, ...]
    effective_date: date | None
    effective_batch: str
    plm_status: str
    revision: str
    issued_at: wire.Instant | None
    revisions: int
    processing_status: Processing
    change_point_id: str | None
    failure: str | None
    received_at: wire.Instant
    processed_at: wire.Instant | None
    version: int

    @classmethod
    def of(cls, order: ChangeOrder) -> "ChangeOrderResponse":
        """Return the answer for ``order``."""
        return cls(**_fields(order))


def _fields(order: ChangeOrder) -> dict[str, object]:
    told = order.notification
    return {
        "ecn_number": told.ecn_number,
        "ecn_title": told.title,
        "ecn_type": told.ecn_type,
        "ecn_level": told.level,
        "change_reason": told.reason,
        "change_description": told.description,
        "affected_products": told.affected_products,
        "effective_date": told.effective_date,
        "effective_batch": told.effective_batch,
        "plm_status": told.plm_status,
        "revision": told.revision,
        "issued_at": told.issued_at,
        "revisions": order.revisions,
        "processing_status": order.processing,
        "change_point_id": order.change_point_id,
        "failure": order.failure,
        "received_at": order.received_at,
        "processed_at": order.processed_at,
        "version": order.version,
    }


class ChangePointResponse(wire.Response):
    """A change point."""

    change_point_id: str
    type: ChangePointType
    category: ChangeCategory
    title: str
    affected_products: tuple[str, ...]
    effective_date: date | None
    in_force_from: date | None
    is_cancelled: bool
    created_at: wire.Instant

    @classmethod
    def of(cls, point: ChangePoint) -> "ChangePointResponse":
        """Return the answer for ``point``."""
        return cls(
            change_point_id=point.change_point_id,
            type=point.type,
            category=point.category,
            title=point.title,
            affected_products=point.affected_products,
            effective_date=point.effective_date,
            in_force_from=point.in_force_from,
            is_cancelled=point.is_cancelled,
            created_at=point.created_at,
        )


class ChangeOrderDetail(ChangeOrderResponse):
    """A change order with its change point, once there is one."""

    change_point: ChangePointResponse | None

    @classmethod
    def with_point(cls, order: ChangeOrder, point: ChangePoint | None) -> "ChangeOrderDetail":
        """Return the answer for ``order`` and ``point``."""
        return cls(**_fields(order), change_point=point and ChangePointResponse.of(point))


class ChangeOrderList(wire.Response):
    """A page of change orders."""

    items: tuple[ChangeOrderResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: Found) -> "ChangeOrderList":
        """Return the answer for a page."""
        return cls(items=tuple(ChangeOrderResponse.of(order) for order in found.orders), cursor=found.cursor)


class RevisionResponse(wire.Response):
    """A notice of the change that is not the one in force, as it came."""

    revision_id: str
    standing: Standing
    revision: str
    issued_at: wire.Instant | None
    received_at: wire.Instant
    ecn_title: str
    ecn_type: str
    ecn_level: str
    affected_products: tuple[str, ...]
    effective_date: date | None
    plm_status: str

    @classmethod
    def of(cls, kept: Revision) -> "RevisionResponse":
        """Return the answer for ``kept``."""
        told = kept.notification
        return cls(
            revision_id=kept.revision_id,
            standing=kept.standing,
            revision=told.revision,
            issued_at=told.issued_at,
            received_at=kept.received_at,
            ecn_title=told.title,
            ecn_type=told.ecn_type,
            ecn_level=told.level,
            affected_products=told.affected_products,
            effective_date=told.effective_date,
            plm_status=told.plm_status,
        )


class RevisionList(wire.Response):
    """A page of kept revisions."""

    items: tuple[RevisionResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: FoundRevisions) -> "RevisionList":
        """Return the answer for a page."""
        return cls(items=tuple(map(RevisionResponse.of, found.revisions)), cursor=found.cursor)
