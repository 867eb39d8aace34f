"""Engineering changes of the PLM and the change points they become in quality management (PLM-07, PLM-08)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from enghub.plm.changes.errors import ChangeOrderNotParked, UnknownChangeType


class Processing(StrEnum):
    """How far a change order has come on our side."""

    RECEIVED = "RECEIVED"
    PROCESSED = "PROCESSED"
    FAILED = "FAILED"


class ChangePointType(StrEnum):
    """What changes: the 5M1E classes of quality management."""

    MAN = "MAN"
    MACHINE = "MACHINE"
    MATERIAL = "MATERIAL"
    METHOD = "METHOD"
    ENVIRONMENT = "ENVIRONMENT"


class ChangeCategory(StrEnum):
    """How much it changes."""

    MAJOR = "MAJOR"
    MINOR = "MINOR"
    CRITICAL = "CRITICAL"
    GENERAL = "GENERAL"


TYPES: Mapping[str, ChangePointType] = {
    "DESIGN_CHANGE": ChangePointType.MATERIAL,
    "PROCESS_CHANGE": ChangePointType.METHOD,
    "MATERIAL_CHANGE": ChangePointType.MATERIAL,
    "SUPPLIER_CHANGE": ChangePointType.MAN,
    "EQUIPMENT_CHANGE": ChangePointType.MACHINE,
    "LOCATION_CHANGE": ChangePointType.ENVIRONMENT,
}
"""PLM change type to change point type (PLM-08)."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What the PLM tells about a change."""

    ecn_number: str
    title: str
    ecn_type: str
    level: str
    affected_products: tuple[str, ...]
    reason: str = ""
    description: str = ""
    effective_date: date | None = None
    effective_batch: str = ""
    plm_status: str = ""
    revision: str = ""
    issued_at: datetime | None = None
    """Revision and issue time tell reordered notices of one change apart (C20)."""

    @property
    def is_cancelled(self) -> bool:
        """Whether the PLM has withdrawn the change."""
        return self.plm_status.upper() in CANCELLED


CANCELLED = frozenset({"CANCELLED", "CANCELED", "WITHDRAWN"})
PROCESSED_WITHIN = timedelta(minutes=5)
"""A command that is neither done nor parked by then takes its second or third try."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The change as quality management handles it."""

    change_point_id: str
    ecn_number: str
    type: ChangePointType
    category: ChangeCategory
    title: str
    affected_products: tuple[str, ...]
    effective_date: date | None
    created_at: datetime
    revision: str = ""
    in_force_from: date | None = None
    """The effective date, or the day it was received when that is later: the past is not rewritten."""
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """One engineering change, unique by tenant and ECN number.

    ``receipt_id`` names the delivery that created it; ``version`` counts its changes.
    """

    tenant_id: str
    factory_id: str
    connection: str
    receipt_id: str
    notification: Notification
    received_at: datetime
    processing: Processing = Processing.RECEIVED
    processed_at: datetime | None = None
    change_point_id: str | None = None
    failure: str | None = None
    version: int = 1
    revisions: int = 1
    """How many revisions of the notice have been in force."""

    @property
    def ecn_number(self) -> str:
        """The PLM's number of the change."""
        return self.notification.ecn_number

    def waits_too_long(self, at: datetime) -> bool:
        """Tell whether it should be processed by now."""
        return self.processing is Processing.RECEIVED and at - self.received_at > PROCESSED_WITHIN

    def become_change_point(self, at: datetime) -> tuple["ChangeOrder", ChangePoint]:
        """Return the processed order and its change point, whose id follows from the ECN number.

        Raises:
            UnknownChangeType: PLM-08 has no counterpart for the type.
        """
        told = self.notification
        point = ChangePoint(
            change_point_id=f"CP-{told.ecn_number}",
            ecn_number=told.ecn_number,
            type=point_type(told.ecn_type),
            category=category(told.level),
            title=told.title,
            affected_products=told.affected_products,
            effective_date=told.effective_date,
            created_at=at,
            revision=told.revision,
            in_force_from=told.effective_date and max(told.effective_date, self.received_at.date()),
            is_cancelled=told.is_cancelled,
        )
        processed = replace(
            self,
            processing=Processing.PROCESSED,
            processed_at=at,
            change_point_id=point.change_point_id,
            failure=None,
            version=self.version + 1,
        )
        return processed, point

    def revised(self, notification: Notification, receipt_id: str, at: datetime) -> "ChangeOrder":
        """Return the order with a newer revision of its notice, ready to be processed."""
        return replace(
            self,
            notification=notification,
            receipt_id=receipt_id,
            received_at=at,
            processing=Processing.RECEIVED,
            processed_at=None,
            failure=None,
            version=self.version + 1,
            revisions=self.revisions + 1,
        )

    def park(self, reason: str, at: datetime) -> "ChangeOrder":
        """Return the order set aside with ``reason``, for a person to look at."""
        return replace(self, processing=Processing.FAILED, failure=reason, processed_at=at, version=self.version + 1)

    def retry(self, ecn_type: str | None) -> "ChangeOrder":
        """Return the order ready to be processed again, with its type corrected to ``ecn_type`` if given.

        One that waits may be tried again, too: its command may have failed for good, and a second one does no harm.

        Raises:
            ChangeOrderNotParked: it is processed.
            UnknownChangeType: the corrected type is unknown, too.
        """
        if self.processing is Processing.PROCESSED:
            raise ChangeOrderNotParked(ecn_number=self.ecn_number, status=self.processing.value)
        told = self.notification
        if ecn_type is not None:
            point_type(ecn_type)
            told = replace(told, ecn_type=ecn_type)
        return replace(
            self,
            notification=told,
            processing=Processing.RECEIVED,
            processed_at=None,
            failure=None,
            version=self.version + 1,
        )


def point_type(ecn_type: str) -> ChangePointType:
    """Return the change point type of a PLM change type.

    Raises:
        UnknownChangeType: there is none.
    """
    if ecn_type not in TYPES:
        raise UnknownChangeType(ecn_type=ecn_type)
    return TYPES[ecn_type]


def category(level: str) -> ChangeCategory:
    """Return the category of a PLM change level; GENERAL for any level of the PLM's own."""
    return ChangeCategory(level) if level in ChangeCategory.__members__ else ChangeCategory.GENERAL
