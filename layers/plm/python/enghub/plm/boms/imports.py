"""Takes BOMs over from a source: of a product's record, or of a part list's rows (PLM-03, PLM-24).

A BOM lands whole. Of one with a line that is refused nothing lands, unless its mapping says ``partial``: half a BOM
buys half the parts. Older data never overwrite newer ones; what differs in nothing is not written.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from enghub.core import clock
from enghub.core.errors import EngHubError, Unavailable, VersionConflict
from enghub.core.identity import Origin
from enghub.plm.boms.lines import Reader, Wrong, line_of, rejection
from enghub.plm.boms.model import MOST_LINES, ONE, Bom, BomLine
from enghub.plm.boms.service import BomBook
from enghub.plm.connections.rules import ConnectionRules
from enghub.plm.products.errors import ProductsContended
from enghub.plm.products.imports import pause_of
from enghub.plm.products.model import Rejection, Stamp
from enghub.plm.products.reading import CLOCK_TOLERANCE
from enghub.plm.products.reasons import Reason

TRIES = 8
WORKER = "system:sync-products"


@dataclass(slots=True)
class BomCounts:
    """BOMs by what became of them; lines that are left out, and what is rejected."""

    written: int = 0
    unchanged: int = 0
    left_out: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    def plus(self, other: "BomCounts") -> "BomCounts":
        """Return both together."""
        rejections = [*self.rejections, *other.rejections]
        left_out = self.left_out + other.left_out
        return BomCounts(self.written + other.written, self.unchanged + other.unchanged, left_out, rejections)


@dataclass(frozen=True, slots=True)
class BomImport:
    """Lands BOMs of a run."""

    boms: BomBook
    rules: Callable[[str, str], ConnectionRules]
    pause: Callable[[int], None] = pause_of

    def take_over(
        self, records: Iterable[Mapping[str, Any]], stamp: Stamp, factory_id: str, *, is_partial: bool = False
    ) -> BomCounts:
        """Land records with ``bomLines``; one that is bad is rejected alone, by its lines. Safe to repeat.

        Raises:
            ProductsContended: other writers kept interfering.
        """
        counts, rules = BomCounts(), self.rules(stamp.tenant_id, stamp.connection)
        origin = Origin(stamp.tenant_id, factory_id, WORKER, stamp.at, stamp.run_id)
        for record in records:
            counts.left_out += int(record.get("leftOut") or 0)
            self._take(record, stamp, origin, rules, counts, is_partial=is_partial)
        return counts

    def _take(
        self,
        record: Mapping[str, Any],
        stamp: Stamp,
        origin: Origin,
        rules: ConnectionRules,
        counts: BomCounts,
        *,
        is_partial: bool,
    ) -> None:
        product, version = _named(record, rules)
        lines, refused = _lines(record.get("bomLines"), rules)
        counts.rejections.extend(refused)
        if not product or record.get("bomLines") is None:
            return
        try:
            if refused and not is_partial:
                _refuse_half(lines, refused)
                return
            is_new = self._put(_bom(record, (product, version), lines, stamp, rules), origin, stamp)
        except Wrong as wrong:
            counts.rejections.append(_of_bom(product, version, wrong))
        except Unavailable:
            raise
        except EngHubError as error:
            counts.rejections.append(_of_bom(product, version, Wrong(Reason.BOM, "bomLines", error)))
        else:
            counts.written += is_new
            counts.unchanged += not is_new

    def _put(self, bom: Bom, origin: Origin, stamp: Stamp) -> bool:
        for attempt in range(TRIES):
            try:
                return self.boms.take_over(bom, origin, stamp)
            except VersionConflict:
                self.pause(attempt)
        raise ProductsContended


def _named(record: Mapping[str, Any], rules: ConnectionRules) -> tuple[str, str]:
    """Return product and version; the product's own record was read before, or is refused line by line."""
    read = Reader(record, rules)
    try:
        return read.part("productCode"), str(record.get("bomVersion") or "")
    except Wrong:
        return "", ""


def _lines(found: Any, rules: ConnectionRules) -> tuple[tuple[BomLine, ...], list[Rejection]]:
    lines: list[BomLine] = []
    refused: list[Rejection] = []
    rows = found if isinstance(found, list) else []
    for number, row in enumerate(rows, start=1):
        read = line_of(row, number, rules) if isinstance(row, Mapping) else _no_line(row)
        if isinstance(read, Rejection):
            refused.append(read)
        else:
            lines.append(read)
    return tuple(sorted(lines, key=lambda line: line.sequence)), refused


def _refuse_half(lines: tuple[BomLine, ...], refused: list[Rejection]) -> None:
    """Say that the lines that could be read wait, too."""
    if lines:
        raise Wrong(Reason.INCOMPLETE, "bomLines", len(refused))


def _no_line(row: Any) -> Rejection:
    return rejection({}, Wrong(Reason.UNREADABLE, "bomLines", row))


def _of_bom(product: str, version: str, wrong: Wrong) -> Rejection:
    return Rejection("", wrong.reason, wrong.field, wrong.value, product, version, place=f"BOM {product} {version}")


def _bom(
    record: Mapping[str, Any],
    name: tuple[str, str],
    lines: tuple[BomLine, ...],
    stamp: Stamp,
    rules: ConnectionRules,
) -> Bom:
    product, version = name
    if not version or len(version) > 20:
        raise Wrong(Reason.REQUIRED if not version else Reason.FORMAT, "bomVersion", version)
    if len(lines) > MOST_LINES:
        raise Wrong(Reason.TOO_LONG, "bomLines", MOST_LINES)
    first = next((row for row in record.get("bomLines", ()) if isinstance(row, Mapping)), {})
    return Bom(
        tenant_id=stamp.tenant_id,
        product=product,
        version=version,
        lines=lines,
        known_since=stamp.at,
        changed_at=stamp.at,
        base_quantity=_base(first, rules),
        effective_from=Reader(record, rules).day("effectiveFrom"),
        effective_to=Reader(record, rules).day("effectiveTo"),
        zone=rules.zone,
        plm_updated_at=_instant(record.get("updatedAt"), stamp.at),
        run_id=stamp.run_id,
    )


def _base(first: Mapping[str, Any], rules: ConnectionRules) -> Decimal:
    base = Reader(first, rules).number("baseQuantity", ONE)
    if not base:
        raise Wrong(Reason.NUMBER, "baseQuantity", base)
    return base


def _instant(text: Any, now: datetime) -> datetime:
    """Return when the source changed it; of one that says nothing, now."""
    if text is None or text == "":
        return now
    try:
        at = clock.from_text(text)
    except (TypeError, ValueError, OverflowError) as error:
        raise Wrong(Reason.FORMAT, "updatedAt", text) from error
    if at > now + max(CLOCK_TOLERANCE, timedelta(0)):
        raise Wrong(Reason.IN_FUTURE, "updatedAt", text)
    return at
