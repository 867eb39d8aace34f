"""Bills of material on the wire (PLM-02)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.dynamo import CURSOR
from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.plm.boms.designators import check_count
from enghub.plm.boms.diff import LineChange
from enghub.plm.boms.explosion import Explosion, Requirement
from enghub.plm.boms.model import MOST_LINES, ONE, Bom, BomLine, Moment, Versions
from enghub.plm.boms.whereused import Use
from enghub.plm.connections.rules import ConnectionRules
from enghub.plm.names import ConnectionName, PartNumber
from enghub.plm.setup.api import UnitName, Zone

T = TypeVar("T")
BomVersion = Annotated[str, Field(min_length=1, max_length=20), AfterValidator(wire.printable)]
Amount = Annotated[
    str,
    wire.form(
        r"^[0-9]{1,10}(\.[0-9]{1,4})?$",
        Text("write a number of at most 10 digits and 4 decimals", "请填写数字，整数最多 10 位，小数最多 4 位"),
        max_length=15,
    ),
]
"""A quantity in an address."""
Sequence_ = Annotated[int, Field(ge=0, le=999_999)]


def sliced(found: Sequence[T], page_size: int, cursor: str | None) -> tuple[tuple[T, ...], str | None]:
    """Return one page of what was computed, and where the next begins.

    Raises:
        Invalid: the cursor is not one of this list.
    """
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 9):
        raise Invalid(field="cursor", problem=CURSOR)
    start = int(cursor or 0)
    end = start + page_size
    return tuple(found[start:end]), str(end) if end < len(found) else None


def moment_of(as_of: date | None, at: datetime | None, known_at: datetime | None, now: datetime) -> Moment:
    """Return the moment that a query asks for; now when it says none."""
    return Moment(as_of, at or now, known_at)


class BomLineBody(wire.Request):
    """One line; see ``BomLineResponse``."""

    component: PartNumber
    quantity: wire.Quantity
    unit: UnitName = "PCS"
    is_key_component: wire.Flag = False
    is_phantom: wire.Flag = False
    is_fitted: wire.Flag = True
    scrap_percent: wire.Quantity = Decimal(0)
    fixed_quantity: wire.Quantity = Decimal(0)
    multiple: wire.Quantity | None = None
    alternates: Annotated[tuple[PartNumber, ...], Field(max_length=50)] = ()
    designators: Annotated[str, Field(max_length=2000)] = ""
    effective_from: wire.Day | None = None
    effective_to: wire.Day | None = None

    def to_line(self, sequence: int, rules: ConnectionRules, field: str) -> BomLine:
        """Return the line, its part numbers as the connection's rules make them.

        Raises:
            LookAlike, DesignatorsRefused
        """
        if self.designators:
            check_count(self.designators, self.quantity, f"{field}designators")
        part = rules.identity.part_number
        return BomLine(
            sequence=sequence,
            component=part(self.component, f"{field}component"),
            quantity=self.quantity,
            unit=self.unit,
            is_key=self.is_key_component,
            is_phantom=self.is_phantom,
            is_fitted=self.is_fitted,
            scrap_percent=self.scrap_percent,
            fixed_quantity=self.fixed_quantity,
            multiple=self.multiple or None,
            alternates=tuple(part(one, f"{field}alternates") for one in self.alternates),
            designators=self.designators,
            effective_from=self.effective_from,
            effective_to=self.effective_to,
        )


class SequencedLine(BomLineBody):
    """One line of a whole BOM."""

    sequence: Sequence_


class PutBomRequest(wire.Request):
    """A version of a BOM; ``revision`` is the one read, 0 of a new one."""

    lines: Annotated[tuple[SequencedLine, ...], Field(max_length=MOST_LINES)]
    base_quantity: Annotated[wire.Quantity, Field(gt=0)] = ONE
    base_unit: UnitName = "PCS"
    effective_from: wire.Day | None = None
    effective_to: wire.Day | None = None
    zone: Zone | None = None
    connection: ConnectionName = "default"
    revision: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0

    def to_bom(self, tenant_id: str, product: str, version: str, rules: ConnectionRules, now: datetime) -> Bom:
        """Return the version; raises as ``BomLineBody.to_line``."""
        lines = (line.to_line(line.sequence, rules, f"lines.{at}.") for at, line in enumerate(self.lines))
        return Bom(
            tenant_id=tenant_id,
            product=rules.identity.part_number(product, "productCode"),
            version=version,
            lines=tuple(sorted(lines, key=lambda line: line.sequence)),
            known_since=now,
            changed_at=now,
            base_quantity=self.base_quantity,
            base_unit=self.base_unit,
            effective_from=self.effective_from,
            effective_to=self.effective_to,
            zone=self.zone or rules.zone,
        )


class BomLineResponse(wire.Response):
    """One component: quantity per base quantity; ``effectiveTo`` is the first day out of force."""

    sequence: int
    component: str
    quantity: wire.Total
    unit: str
    is_key_component: bool
    is_phantom: bool
    is_fitted: bool
    scrap_percent: wire.Total
    fixed_quantity: wire.Total
    multiple: wire.Total | None
    alternates: tuple[str, ...]
    designators: str
    effective_from: date | None
    effective_to: date | None

    @classmethod
    def of(cls, line: BomLine) -> "BomLineResponse":
        """Return the answer."""
        return cls(
            sequence=line.sequence,
            component=line.component,
            quantity=line.quantity,
            unit=line.unit,
            is_key_component=line.is_key,
            is_phantom=line.is_phantom,
            is_fitted=line.is_fitted,
            scrap_percent=line.scrap_percent,
            fixed_quantity=line.fixed_quantity,
            multiple=line.multiple,
            alternates=line.alternates,
            designators=line.designators,
            effective_from=line.effective_from,
            effective_to=line.effective_to,
        )


class BomResponse(wire.Response):
    """A version of a BOM with a page of its lines."""

    product_code: str
    bom_version: str
    base_quantity: wire.Total
    base_unit: str
    effective_from: date | None
    effective_to: date | None
    zone: str
    source: str
    known_since: wire.Instant
    changed_at: wire.Instant
    revision: int
    line_count: int
    items: tuple[BomLineResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, kept: Kept[Bom], page_size: int = MOST_LINES, cursor: str | None = None) -> "BomResponse":
        """Return the answer."""
        bom = kept.value
        lines, following = sliced(bom.lines, page_size, cursor)
        return cls(
            product_code=bom.product,
            bom_version=bom.version,
            base_quantity=bom.base_quantity,
            base_unit=bom.base_unit,
            effective_from=bom.effective_from,
            effective_to=bom.effective_to,
            zone=bom.zone,
            source=bom.source,
            known_since=bom.known_since,
            changed_at=bom.changed_at,
            revision=kept.revision,
            line_count=len(bom.lines),
            items=tuple(map(BomLineResponse.of, lines)),
            cursor=following,
        )


class BomVersionResponse(wire.Response):
    """When a version is in force; ``end`` is the first day out of it, None when it never ends."""

    bom_version: str
    effective_from: date | None
    effective_to: date | None
    zone: str
    known_since: wire.Instant


class GapResponse(wire.Response):
    """Days without a version in force."""

    first_day: date
    last_day: date


class BomVersionsResponse(wire.Response):
    """A product's versions, by revision, and the days between them on which none is in force."""

    product_code: str
    items: tuple[BomVersionResponse, ...]
    gaps: tuple[GapResponse, ...]

    @classmethod
    def of(cls, versions: Versions) -> "BomVersionsResponse":
        """Return the answer."""
        items = (
            BomVersionResponse(
                bom_version=span.version,
                effective_from=span.effective_from,
                effective_to=span.effective_to,
                zone=span.zone,
                known_since=span.known_since,
            )
            for span in versions.spans
        )
        gaps = (GapResponse(first_day=gap.first, last_day=gap.last) for gap in versions.gaps())
        return cls(product_code=versions.product, items=tuple(items), gaps=tuple(gaps))


class UsedLine(wire.Response):
    """A line that needs the component."""

    product_code: str
    sequence: int


class RequirementResponse(wire.Response):
    """What is needed of a component: ``quantity`` exact, ``orderQuantity`` rounded up once."""

    component: str
    level: int
    quantity: wire.Total
    order_quantity: wire.Total
    unit: str
    is_key_component: bool
    has_bom: bool
    alternates: tuple[str, ...]
    used: tuple[UsedLine, ...]

    @classmethod
    def of(cls, one: Requirement) -> "RequirementResponse":
        """Return the answer."""
        return cls(
            component=one.component,
            level=one.level,
            quantity=one.quantity,
            order_quantity=one.order_quantity,
            unit=one.unit,
            is_key_component=one.is_key,
            has_bom=one.has_bom,
            alternates=one.alternates,
            used=tuple(UsedLine(product_code=product, sequence=sequence) for product, sequence in one.used),
        )


class ExplosionResponse(wire.Response):
    """What a quantity of a product needs, lowest levels last; ``withoutVersion`` have no BOM in force on the day."""

    product_code: str
    bom_version: str | None
    quantity: wire.Total
    total: int
    without_version: tuple[str, ...]
    items: tuple[RequirementResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: Explosion, page_size: int, cursor: str | None) -> "ExplosionResponse":
        """Return a page of the answer."""
        page, following = sliced(found.requirements, page_size, cursor)
        return cls(
            product_code=found.product,
            bom_version=found.version,
            quantity=found.quantity,
            total=len(found.requirements),
            without_version=found.without_version[:100],
            items=tuple(map(RequirementResponse.of, page)),
            cursor=following,
        )


class UseResponse(wire.Response):
    """A product that contains the part; ``quantity`` of the part per one product, None as an alternate only."""

    product_code: str
    bom_version: str
    level: int
    quantity: wire.Total | None
    unit: str
    is_top: bool
    is_key_component: bool
    as_alternate: bool
    through: tuple[str, ...]

    @classmethod
    def of(cls, use: Use) -> "UseResponse":
        """Return the answer."""
        return cls(
            product_code=use.product,
            bom_version=use.version,
            level=use.level,
            quantity=use.quantity,
            unit=use.unit,
            is_top=use.is_top,
            is_key_component=use.is_key,
            as_alternate=use.as_alternate,
            through=use.through,
        )


class WhereUsedResponse(wire.Response):
    """Every product that contains a part, lowest first."""

    component: str
    total: int
    items: tuple[UseResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, part: str, found: tuple[Use, ...], page_size: int, cursor: str | None) -> "WhereUsedResponse":
        """Return a page of the answer."""
        page, following = sliced(found, page_size, cursor)
        return cls(component=part, total=len(found), items=tuple(map(UseResponse.of, page)), cursor=following)


class LineChangeResponse(wire.Response):
    """A line that differs: added without ``before``, removed without ``after``; ``fields`` that moved."""

    kind: str
    before: BomLineResponse | None
    after: BomLineResponse | None
    fields: tuple[str, ...]

    @classmethod
    def of(cls, change: LineChange) -> "LineChangeResponse":
        """Return the answer."""
        kind = "ADDED" if change.before is None else "REMOVED" if change.after is None else "CHANGED"
        before, after = (line and BomLineResponse.of(line) for line in (change.before, change.after))
        return cls(kind=kind, before=before, after=after, fields=change.fields)


class BomDiffResponse(wire.Response):
    """What differs between two versions, by sequence."""

    product_code: str
    from_version: str
    to_version: str
    items: tuple[LineChangeResponse, ...]

    @classmethod
    def of(cls, product: str, before: str, after: str, found: tuple[LineChange, ...]) -> "BomDiffResponse":
        """Return the answer."""
        items = tuple(map(LineChangeResponse.of, found))
        return cls(product_code=product, from_version=before, to_version=after, items=items)
