"""What an order cost (MES-04, MES-15): what it took, at the factory's standard costs. Pure.

- Material is what was issued to the order less what came back; where nothing was issued, the BOM of its version times
  the pieces that were begun. Prices are per unit in which the material is kept.
- Time is what reports say (a machine's run time; people also stand through its down time), else standard time times
  pieces. Reports that were reversed are none.
- Set-up counts once per operation, at the station that began it: as the first report says that tells one, else as the
  routing does. Where every report of an operation was reversed it was not begun, so it has none.
- The price of the day on which the order was completed counts: later prices change no older order, one that is
  said later for that day does.
- Scrap is what the lost pieces had cost until they were lost; it is a part of the total.
- Sums are exact and rounded once, at the end. What cannot be told is None, never 0, and named in ``lacking``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from fractions import Fraction

from enghub.mes.costing.errors import CurrencyFixed, TooManyPrices
from enghub.mes.factories import Factory
from enghub.mes.reports.model import Report
from enghub.mes.stock.model import Movement, MovementKind
from enghub.mes.work_orders.model import WorkOrder

ZERO = Decimal(0)
MONEY = Decimal("0.0001")
EVERY = "ALL"
"""The subject of a rate for stations that have none of their own."""
MOST_PRICES = 200
MOST_REFERENCES = 20


class CostKind(StrEnum):
    """What has a standard cost: a material per unit, people and machines per hour at a station."""

    MATERIAL = "MATERIAL"
    LABOUR = "LABOUR"
    MACHINE = "MACHINE"


@dataclass(frozen=True, slots=True, order=True)
class Price:
    """What one unit or hour costs from a day on."""

    valid_from: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class StandardCost:
    """The prices of one material, or of an hour at a station, by day."""

    factory: Factory
    kind: CostKind
    subject: str
    currency: str
    prices: tuple[Price, ...]
    version: int = 1

    def on(self, day: date) -> Price | None:
        """Return the price of a day; None before the first."""
        return max((one for one in self.prices if one.valid_from <= day), default=None)

    def priced(self, price: Price, currency: str) -> "StandardCost":
        """Return it with a price more, or another one of the same day.

        Raises:
            CurrencyFixed, TooManyPrices
        """
        if currency != self.currency:
            raise CurrencyFixed(field="currency", kind=self.kind.value, subject=self.subject, currency=self.currency)
        others = [one for one in self.prices if one.valid_from != price.valid_from]
        if len(others) >= MOST_PRICES:
            raise TooManyPrices(field="validFrom", most=MOST_PRICES)
        prices = tuple(sorted([*others, price]))
        return self if prices == self.prices else replace(self, prices=prices, version=self.version + 1)


class Source(StrEnum):
    """Where a quantity comes from."""

    ISSUES = "ISSUES"
    BOM = "BOM"
    REPORTED_TIME = "REPORTED_TIME"
    STANDARD_TIME = "STANDARD_TIME"
    REPORTED_AND_STANDARD_TIME = "REPORTED_AND_STANDARD_TIME"
    REPORTED_SETUP = "REPORTED_SETUP"
    STANDARD_SETUP = "STANDARD_SETUP"


class Missing(StrEnum):
    """Why a figure cannot be told."""

    NO_PRICE = "NO_PRICE"
    NO_MATERIAL = "NEITHER_ISSUED_NOR_BOM"
    NO_TIME = "NEITHER_REPORTED_NOR_STANDARD_TIME"
    CURRENCIES = "CURRENCIES_DIFFER"
    REPORTS = "REPORTS_ON_THEIR_WAY"


@dataclass(frozen=True, slots=True)
class Used:
    """A quantity that the order took; ``operation`` where it is time. None: it is not known."""

    kind: CostKind
    subject: str
    quantity: Decimal | None
    source: Source
    references: tuple[str, ...] = ()
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One quantity at its price, with where both come from; hours have six decimals, amounts four."""

    kind: CostKind
    subject: str
    operation: str | None
    quantity: Decimal | None
    source: Source
    references: tuple[str, ...]
    price: Decimal | None
    price_of: str | None
    """Whose price it is: the subject's own, or that of every station."""
    valid_from: date | None
    cost_version: int | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderCost:
    """What an order cost, as far as it can be told at ``at``, at the prices of ``day``."""

    factory: Factory
    work_order_id: str
    product_id: str
    at: datetime
    day: date
    good: Decimal
    scrapped: Decimal
    currency: str | None
    material: Decimal | None
    labour: Decimal | None
    machine: Decimal | None
    total: Decimal | None
    of_scrap: Decimal | None
    per_piece: Decimal | None
    lines: tuple[Line, ...]
    lacking: tuple[str, ...]

    @property
    def is_provisional(self) -> bool:
        """Whether something is lacking still."""
        return bool(self.lacking)


Standard = Callable[[CostKind, str], StandardCost | None]
"""The standard cost of a kind and subject."""


def issued(order: WorkOrder, movements: Iterable[Movement]) -> list[Used]:
    """Return what was issued to an order less what came back, by material; what it made is not material."""
    sums: dict[str, Decimal] = {}
    names: dict[str, list[str]] = {}
    for one in movements:
        if one.kind is MovementKind.ISSUE:
            sign = 1
        elif one.kind is MovementKind.RECEIPT and one.material_id != order.product_id:
            sign = -1
        else:
            continue
        sums[one.material_id] = sums.get(one.material_id, ZERO) + sign * one.quantity
        names.setdefault(one.material_id, []).append(one.movement_id)
    return [
        Used(CostKind.MATERIAL, name, quantity, Source.ISSUES, tuple(names[name][:MOST_REFERENCES]))
        for name, quantity in sorted(sums.items())
    ]


def of_bom(order: WorkOrder, per_piece: Mapping[str, Decimal]) -> list[Used]:
    """Return what the BOM says for the pieces that were begun."""
    reference = (f"{order.product_id}/{order.bom_version}",)
    return [
        Used(CostKind.MATERIAL, name, quantity * begun(order), Source.BOM, reference)
        for name, quantity in sorted(per_piece.items())
    ]


def begun(order: WorkOrder) -> Decimal:
    """Return the pieces that the first operation made or lost."""
    known = order.books.known()
    return order.books.of(known[0]).counted if known else ZERO


@dataclass(slots=True)
class _Time:
    machine: Decimal | None = ZERO
    labour: Decimal | None = ZERO
    reported: int = 0
    standard: int = 0

    def add(self, report: Report) -> None:
        machine: Decimal | None = report.run_seconds
        labour: Decimal | None = None if machine is None else machine + (report.down_seconds or ZERO)
        if machine is not None:
            self.reported += 1
        elif report.standard_seconds is not None:
            machine = labour = report.standard_seconds * report.quantity
            self.standard += 1
        self.machine = None if machine is None or self.machine is None else self.machine + machine
        self.labour = None if labour is None or self.labour is None else self.labour + labour

    @property
    def source(self) -> Source:
        if self.reported and self.standard:
            return Source.REPORTED_AND_STANDARD_TIME
        return Source.REPORTED_TIME if self.reported else Source.STANDARD_TIME


def time_spent(reports: Iterable[Report]) -> list[Used]:
    """Return the seconds of people and machines, by operation and station; a report that was reversed is none."""
    times: dict[tuple[str, str], _Time] = {}
    for report in standing(reports):
        times.setdefault((report.operation, report.station_id), _Time()).add(report)
    found = []
    for (operation, station), one in sorted(times.items()):
        for kind, seconds in ((CostKind.LABOUR, one.labour), (CostKind.MACHINE, one.machine)):
            found.append(Used(kind, station, seconds, one.source, operation=operation))
    return found


def standing(reports: Iterable[Report]) -> list[Report]:
    """Return the reports that count: neither reversals nor reversed, by when they were made."""
    listed = list(reports)
    taken_off = {one.reverses for one in listed}
    found = [one for one in listed if one.reverses is None and one.report_id not in taken_off]
    return sorted(found, key=lambda one: (one.reported_at, one.report_id))


def set_up(order: WorkOrder, reports: Iterable[Report]) -> list[Used]:
    """Return the seconds of people and machines for setting up, once per operation that was begun."""
    planned = {one.operation: one.setup_seconds for one in order.operations}
    first: dict[str, Report] = {}
    telling: dict[str, Report] = {}
    for report in standing(reports):
        first.setdefault(report.operation, report)
        if report.setup_seconds is not None:
            telling.setdefault(report.operation, report)
    found = []
    for operation, begins in sorted(first.items()):
        told = telling.get(operation)
        seconds = planned.get(operation, ZERO) if told is None else told.setup_seconds
        source = Source.STANDARD_SETUP if told is None else Source.REPORTED_SETUP
        where = begins if told is None else told
        references = () if told is None else (told.report_id,)
        if seconds:
            found += [
                Used(kind, where.station_id, seconds, source, references, operation)
                for kind in (CostKind.LABOUR, CostKind.MACHINE)
            ]
    return found


def subjects(used: Iterable[Used]) -> list[tuple[CostKind, str]]:
    """Return whose standard costs are needed."""
    found: dict[tuple[CostKind, str], None] = {}
    for one in used:
        found[one.kind, one.subject] = None
        if one.kind is not CostKind.MATERIAL:
            found[one.kind, EVERY] = None
    return list(found)


def cost_of(
    order: WorkOrder, used: Sequence[Used], standard: Standard, *, at: datetime, day: date, are_reports_whole: bool
) -> OrderCost:
    """Return what an order cost at the prices of ``day``; ``are_reports_whole`` tells whether every report is there."""
    priced = [_priced(one, standard, day) for one in used]
    exact = [(one, amount) for one, (_, amount, _) in zip(used, priced, strict=True)]
    currencies = {currency for _, _, currency in priced if currency is not None}
    lacking = [_lack(line) for line, amount, _ in priced if amount is None]
    lacking += [Missing.CURRENCIES.value] if len(currencies) > 1 else []
    lacking += [] if are_reports_whole else [Missing.REPORTS.value]
    lacking += [] if any(one.kind is CostKind.MATERIAL for one in used) else [Missing.NO_MATERIAL.value]
    sums = {kind: _sum(amount for one, amount in exact if one.kind is kind) for kind in CostKind}
    if Missing.NO_MATERIAL.value in lacking:
        sums[CostKind.MATERIAL] = None
    if len(currencies) > 1 or not are_reports_whole:
        sums = {kind: None if len(currencies) > 1 or kind is not CostKind.MATERIAL else sums[kind] for kind in CostKind}
    total = _sum(sums.values())
    return OrderCost(
        factory=order.factory,
        work_order_id=order.work_order_id,
        product_id=order.product_id,
        at=at,
        day=day,
        good=order.good,
        scrapped=order.scrap,
        currency=currencies.pop() if len(currencies) == 1 else None,
        material=_money(sums[CostKind.MATERIAL]),
        labour=_money(sums[CostKind.LABOUR]),
        machine=_money(sums[CostKind.MACHINE]),
        total=_money(total),
        of_scrap=None if total is None else _money(_of_scrap(order, exact)),
        per_piece=_money(total / Fraction(order.good)) if total is not None and order.good else None,
        lines=tuple(line for line, _, _ in priced),
        lacking=tuple(lacking),
    )


def _priced(one: Used, standard: Standard, day: date) -> tuple[Line, Fraction | None, str | None]:
    own = standard(one.kind, one.subject)
    names = [own] if one.kind is CostKind.MATERIAL else [own, standard(one.kind, EVERY)]
    cost, price = next(((known, found) for known in names if known and (found := known.on(day))), (None, None))
    is_time = one.kind is not CostKind.MATERIAL
    exact = None if one.quantity is None else Fraction(one.quantity) / (3600 if is_time else 1)
    amount = None if exact is None or price is None else exact * Fraction(price.amount)
    line = Line(
        kind=one.kind,
        subject=one.subject,
        operation=one.operation,
        quantity=_rounded(exact, Decimal("0.000001")),
        source=one.source,
        references=one.references,
        price=price.amount if price else None,
        price_of=cost.subject if cost else None,
        valid_from=price.valid_from if price else None,
        cost_version=cost.version if cost else None,
        amount=_money(amount),
    )
    return line, amount, cost.currency if cost else None


def _lack(line: Line) -> str:
    why = Missing.NO_TIME if line.quantity is None else Missing.NO_PRICE
    return f"{why.value} {line.kind.value} {line.subject}"


def _of_scrap(order: WorkOrder, exact: Sequence[tuple[Used, Fraction | None]]) -> Fraction:
    """Return what lost pieces had cost: their material, and their time up to where they were lost."""
    started = Fraction(begun(order))
    material = sum((amount or 0 for one, amount in exact if one.kind is CostKind.MATERIAL), Fraction(0))
    a_piece = material / started if started else Fraction(0)
    lost = Fraction(0)
    for operation in order.books.known():
        made = order.books.of(operation)
        time = sum((amount or 0 for one, amount in exact if one.operation == operation), Fraction(0))
        a_piece += time / Fraction(made.counted) if made.counted else 0
        lost += Fraction(made.scrap) * a_piece
    return lost


def _sum(amounts: Iterable[Fraction | None]) -> Fraction | None:
    found = list(amounts)
    known = [one for one in found if one is not None]
    return sum(known, Fraction(0)) if len(known) == len(found) else None


def _money(amount: Fraction | None) -> Decimal | None:
    return _rounded(amount, MONEY)


def _rounded(value: Fraction | None, step: Decimal) -> Decimal | None:
    if value is None:
        return None
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(step, ROUND_HALF_EVEN)
