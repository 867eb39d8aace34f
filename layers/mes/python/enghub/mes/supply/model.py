"""What the ERP says of products and materials, kept for a while; what was refused while it was away (MES-16). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from enghub.core.i18n import Text
from enghub.mes.erp.model import Service
from enghub.mes.factories import Factory

BOM_KEPT = timedelta(minutes=30)
PPAP_KEPT = timedelta(hours=2)
POLLED_AFTER = timedelta(minutes=90)
"""A kept status older than this is read again by itself, before it is over (source document 6.2, contract 2)."""
MOST_LINES = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """How much of a material one piece of the product needs."""

    material_id: str
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Bom:
    """A version of a product's BOM as the ERP said it; ``as_of`` is the ERP's own time of its data."""

    factory: Factory
    product_id: str
    version: str
    lines: tuple[Line, ...]
    as_of: datetime
    read_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether it may be used without asking."""
        return now - self.read_at < BOM_KEPT


class PpapStatus(StrEnum):
    """What the ERP says of a material."""

    APPROVED = "APPROVED"
    PENDING = "PENDING"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"
    """The ERP is away, and nothing is kept that is young enough: counts as unapproved."""


@dataclass(frozen=True, slots=True)
class Ppap:
    """A material's status as the ERP said it."""

    factory: Factory
    material_id: str
    status: PpapStatus
    approved_on: date | None
    as_of: datetime
    read_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether it still holds."""
        return now - self.read_at < PPAP_KEPT


@dataclass(frozen=True, slots=True)
class KnownBom:
    """A BOM, and whether it is older than it should be because the ERP is away since ``since``."""

    bom: Bom
    is_stale: bool = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownPpap:
    """A material's status that counts; ``last`` is what was said last, though it may hold no more."""

    material_id: str
    status: PpapStatus
    last: Ppap | None
    is_down: bool = False
    since: datetime | None = None

    @property
    def is_stale(self) -> bool:
        """Whether the ERP is away, so that nobody can say better."""
        return self.is_down

    @property
    def may_be_bought(self) -> bool:
        """Whether it may be bought, and orders with it released."""
        return self.status is PpapStatus.APPROVED


class Wanted(StrEnum):
    """What somebody wanted."""

    CREATE = "CREATE"
    RELEASE = "RELEASE"


class Outcome(StrEnum):
    """What checking again, when the ERP was back, found."""

    POSSIBLE = "POSSIBLE"
    STILL_REFUSED = "STILL_REFUSED"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused because the ERP was away since ``since``; checked again once it is back."""

    factory: Factory
    service: Service
    wanted: Wanted
    subject: str
    """The order's number; the product where it had none yet."""
    product_id: str
    bom_version: str
    materials: tuple[str, ...]
    by: str
    at: datetime
    since: datetime
    outcome: Outcome | None = None
    problem: Text | None = None
    checked_at: datetime | None = None

    def checked(self, materials: Sequence[str], problem: Text | None, at: datetime) -> "Refusal":
        """Return it checked again; ``materials`` are those that stand in its way, ``problem`` anything else."""
        outcome = Outcome.STILL_REFUSED if materials or problem else Outcome.POSSIBLE
        return replace(self, outcome=outcome, materials=tuple(materials), problem=problem, checked_at=at)


def unapproved(found: Iterable[KnownPpap]) -> list[KnownPpap]:
    """Return the materials that may not be used."""
    return [one for one in found if not one.may_be_bought]


def needed(bom: Bom, pieces: Decimal) -> Mapping[str, tuple[Decimal, str]]:
    """Return what an order of so many pieces needs of each material; lines of one material and unit add up."""
    found: dict[str, tuple[Decimal, str]] = {}
    for line in bom.lines:
        known = found.get(line.material_id, (Decimal(0), line.unit))[0]
        found[line.material_id] = (known + line.quantity * pieces, line.unit)
    return found
