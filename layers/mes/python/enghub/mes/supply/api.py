"""BOMs, approvals and refusals on the wire: every answer names its source, its age, and whether it is stale."""

from decimal import Decimal
from typing import Literal, Self

from enghub.core import wire
from enghub.core.i18n import Language
from enghub.mes.erp.model import Service
from enghub.mes.keeping.repository import Found
from enghub.mes.supply.model import KnownBom, KnownPpap, Outcome, PpapStatus, Refusal, Wanted, needed

Source = Literal["ERP"]


class MaterialPart(wire.Response):
    """How much of a material; for a BOM of one piece, for an order of its plan."""

    material_id: str
    quantity: wire.Total
    unit: str


class BomResponse(wire.Response):
    """A BOM. ``asOf`` is the ERP's time of its data, ``readAt`` when the hub read it; ``isStale`` and ``staleSince``
    say that the ERP is away and the kept BOM serves."""

    product_id: str
    bom_version: str
    materials: list[MaterialPart]
    source: Source
    as_of: wire.Instant
    read_at: wire.Instant
    is_stale: bool
    stale_since: wire.Instant | None

    @classmethod
    def of(cls, known: KnownBom, pieces: wire.Total | None = None) -> Self:
        """Return the answer for a BOM, or for what so many pieces need."""
        bom = known.bom
        parts = [
            MaterialPart(material_id=name, quantity=quantity, unit=unit)
            for name, (quantity, unit) in needed(bom, Decimal(1) if pieces is None else pieces).items()
        ]
        return cls(
            product_id=bom.product_id,
            bom_version=bom.version,
            materials=parts,
            source="ERP",
            as_of=bom.as_of,
            read_at=bom.read_at,
            is_stale=known.is_stale,
            stale_since=known.since,
        )


class PpapResponse(wire.Response):
    """What counts of a material's approval; UNKNOWN counts as unapproved. ``lastStatus`` is what was said last."""

    material_id: str
    status: PpapStatus
    may_be_bought: bool
    source: Source
    approval_date: wire.Day | None
    last_status: PpapStatus | None
    as_of: wire.Instant | None
    read_at: wire.Instant | None
    is_stale: bool
    stale_since: wire.Instant | None

    @classmethod
    def of(cls, known: KnownPpap) -> Self:
        """Return the answer for a material."""
        last = known.last
        return cls(
            material_id=known.material_id,
            status=known.status,
            may_be_bought=known.may_be_bought,
            source="ERP",
            approval_date=last.approved_on if last is not None and known.may_be_bought else None,
            last_status=last.status if last is not None else None,
            as_of=last.as_of if last is not None else None,
            read_at=last.read_at if last is not None else None,
            is_stale=known.is_stale,
            stale_since=known.since,
        )


class RefusalResponse(wire.Response):
    """What was refused while the ERP was away; ``outcome`` is what checking again found, null before."""

    service: Service
    wanted: Wanted
    subject: str
    product_id: str
    bom_version: str
    materials: tuple[str, ...]
    by: str
    at: wire.Instant
    since: wire.Instant
    outcome: Outcome | None
    problem: str | None
    checked_at: wire.Instant | None

    @classmethod
    def of(cls, one: Refusal, language: Language) -> Self:
        """Return the answer for a refusal."""
        return cls(
            service=one.service,
            wanted=one.wanted,
            subject=one.subject,
            product_id=one.product_id,
            bom_version=one.bom_version,
            materials=one.materials,
            by=one.by,
            at=one.at,
            since=one.since,
            outcome=one.outcome,
            problem=one.problem.render(language) if one.problem else None,
            checked_at=one.checked_at,
        )


class RefusalsResponse(wire.Response):
    """One page of refusals, the newest first; ``cursor`` goes into the next request, null at the end."""

    items: list[RefusalResponse]
    cursor: str | None

    @classmethod
    def of(cls, found: Found[Refusal], language: Language) -> Self:
        """Return the answer for a page."""
        return cls(items=[RefusalResponse.of(one, language) for one in found.items], cursor=found.cursor)
