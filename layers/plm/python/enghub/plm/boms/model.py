"""Bills of material: lines, versions, and which of them is in force on a day (PLM-02).

Periods are half-open: ``effective_from`` is the first day in force, ``effective_to`` the first day out of it, both days
in the product's zone. An open end reaches to where the next version begins.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from enghub.plm.boms.errors import BomLineNotFound, LineTwice, PeriodRefused, TooManyVersions, VersionsOverlap
from enghub.plm.identities.model import RevisionOrder

ONE, NOTHING = Decimal(1), Decimal(0)
MOST_LINES = 1000
MOST_VERSIONS = 200
FOREVER = date.max


@dataclass(frozen=True, slots=True)
class BomLine:
    """One component of a BOM: ``quantity`` per base quantity of the BOM, in ``unit``.

    ``is_phantom``: the component is never stocked; its own components are needed in its place. ``is_fitted`` False
    (DNP) keeps the line and needs nothing. ``scrap_percent`` is lost in use, ``fixed_quantity`` once per order
    (set-up), and orders come in multiples of ``multiple``. ``alternates`` may take the component's place; they are
    never added to it.
    """

    sequence: int
    component: str
    quantity: Decimal
    unit: str
    is_key: bool = False
    is_phantom: bool = False
    is_fitted: bool = True
    scrap_percent: Decimal = NOTHING
    fixed_quantity: Decimal = NOTHING
    multiple: Decimal | None = None
    alternates: tuple[str, ...] = ()
    designators: str = ""
    effective_from: date | None = None
    effective_to: date | None = None

    def in_force(self, day: date) -> bool:
        """Tell whether the line counts on ``day``."""
        return (self.effective_from is None or self.effective_from <= day) and (
            self.effective_to is None or day < self.effective_to
        )

    @property
    def place(self) -> tuple[object, ...]:
        """What makes two lines of one component different lines."""
        return self.component, self.designators, self.effective_from, self.effective_to


@dataclass(frozen=True, slots=True)
class Bom:
    """One version of a product's BOM; ``product`` and components are part numbers as the connection's rules make them.

    ``known_since`` is when this version first became known here, ``changed_at`` when it last changed.
    """

    tenant_id: str
    product: str
    version: str
    lines: tuple[BomLine, ...]
    known_since: datetime
    changed_at: datetime
    base_quantity: Decimal = ONE
    base_unit: str = "PCS"
    effective_from: date | None = None
    effective_to: date | None = None
    zone: str = "UTC"
    source: str = "PLM"
    plm_updated_at: datetime | None = None
    run_id: str = ""
    """The sync run that wrote it last; empty where people did."""

    def check(self) -> None:
        """Refuse periods that end before they begin, and lines that are the same.

        Raises:
            PeriodRefused, LineTwice
        """
        _check_period("effectiveTo", self.effective_from, self.effective_to)
        sequences: dict[object, int] = {}
        for at, line in enumerate(self.lines):
            _check_period(f"lines.{at}.effectiveTo", line.effective_from, line.effective_to)
            for name in (line.sequence, line.place):
                if name in sequences:
                    raise LineTwice(field=f"lines.{at}", sequence=line.sequence, other=sequences[name])
                sequences[name] = line.sequence

    def line(self, sequence: int) -> BomLine:
        """Return a line.

        Raises:
            BomLineNotFound
        """
        for line in self.lines:
            if line.sequence == sequence:
                return line
        raise BomLineNotFound(product=self.product, version=self.version, sequence=sequence)

    def with_line(self, line: BomLine, at: datetime) -> "Bom":
        """Return the BOM with ``line`` in place of the one of its sequence, or added."""
        others = [known for known in self.lines if known.sequence != line.sequence]
        lines = tuple(sorted([*others, line], key=lambda known: known.sequence))
        return replace(self, lines=lines, changed_at=at)

    def without_line(self, sequence: int, at: datetime) -> "Bom":
        """Return the BOM without a line; raises as ``line``."""
        gone = self.line(sequence)
        return replace(self, lines=tuple(line for line in self.lines if line is not gone), changed_at=at)

    @property
    def parts(self) -> frozenset[str]:
        """Every component and alternate, of any line."""
        return frozenset(part for line in self.lines for part in (line.component, *line.alternates))

    @property
    def span(self) -> "Span":
        """The version as the product's list of versions has it."""
        return Span(self.version, self.known_since, self.effective_from, self.effective_to, self.zone)


def _check_period(field: str, first: date | None, last: date | None) -> None:
    if first is not None and last is not None and last <= first:
        raise PeriodRefused(field=field, first=first.isoformat(), last=last.isoformat())


@dataclass(frozen=True, slots=True)
class Span:
    """When a version is in force, and since when that is known."""

    version: str
    known_since: datetime
    effective_from: date | None = None
    effective_to: date | None = None
    zone: str = "UTC"

    @property
    def first(self) -> date:
        """The first day in force."""
        return self.effective_from or date.min


@dataclass(frozen=True, slots=True)
class Gap:
    """Days without a version in force: ``first`` and ``last`` are among them."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked: the structure of a day (or of an instant, whose day is the product's own) as known at a time."""

    day: date | None = None
    at: datetime | None = None
    known_at: datetime | None = None

    def day_in(self, zone: str) -> date:
        """Return the day in ``zone``."""
        if self.day is not None:
            return self.day
        if self.at is None:
            return date.max
        return self.at.astimezone(UTC if zone == "UTC" else ZoneInfo(zone)).date()


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of one product's BOM."""

    tenant_id: str
    product: str
    spans: tuple[Span, ...] = ()
    run_id: str = ""
    """The sync run that wrote it last; empty where people did."""

    def ends(self, known: Sequence[Span] | None = None) -> Iterator[tuple[Span, date]]:
        """Yield the versions by their first day, each with its first day out of force (an open end: the next begins).

        Of versions without any dates the newest revision alone is in force.
        """
        spans = self.spans if known is None else known
        ordered = sorted(spans, key=lambda span: (span.first, RevisionOrder.rank(span.version), span.version))
        for place, span in enumerate(ordered):
            following = ordered[place + 1].first if place + 1 < len(ordered) else FOREVER
            yield span, (following if span.effective_to is None else span.effective_to)

    def chosen(self, moment: Moment) -> str | None:
        """Return the version in force at ``moment``; None where none is, or none was known then."""
        known = self.spans
        if moment.known_at is not None:
            known = tuple(span for span in known if span.known_since <= moment.known_at)
        found = None
        for span, end in self.ends(known):
            day = moment.day_in(span.zone)
            if span.first <= day and (day < end or end == FOREVER):
                found = span.version
        return found

    def gaps(self) -> tuple[Gap, ...]:
        """Return the days between two versions on which none is in force."""
        found, reached = [], None
        for span, end in self.ends():
            if reached is not None and span.first > reached:
                found.append(Gap(reached, span.first - timedelta(days=1)))
            reached = end if reached is None else max(reached, end)
        return tuple(found)

    def having(self, span: Span) -> "Versions":
        """Return the versions with ``span`` added, or in place of the one of its name.

        Raises:
            VersionsOverlap: with another version that says its end, or begins on the same day.
            TooManyVersions: it is one too many.
        """
        others = tuple(known for known in self.spans if known.version != span.version)
        if len(others) >= MOST_VERSIONS:
            raise TooManyVersions(product=self.product, most=MOST_VERSIONS)
        made = replace(self, spans=tuple(sorted((*others, span), key=lambda one: RevisionOrder.rank(one.version))))
        dated = [known for known in made.spans if known.effective_from or known.effective_to]
        _refuse_overlaps(self.product, span.version, self.ends(dated))
        return made


def _refuse_overlaps(product: str, version: str, ends: Iterable[tuple[Span, date]]) -> None:
    before: tuple[Span, date] | None = None
    for span, end in ends:
        if before is not None and (before[1] > span.first or before[0].first == span.first):
            one, other = (before[0].version, span.version) if span.version != version else (version, before[0].version)
            last = min(before[1], end) if before[1] > span.first else span.first + timedelta(days=1)
            raise VersionsOverlap(
                product=product,
                version=one,
                other=other,
                first=span.first.isoformat(),
                last=(last - timedelta(days=1)).isoformat(),
            )
        if before is None or end > before[1]:
            before = (span, end)
