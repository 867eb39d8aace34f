"""How a change takes effect: from when, which orders wait, what becomes of stock, at what cost (PLM-26). Pure.

Whoever agrees, agrees to the dispositions as they are; a change of one asks anew. Held orders go on once it is applied.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from enghub.kit.approvals.model import Approval, Decider, Policy, Stage, Status, Verdict, ask, decide, fingerprint
from enghub.plm.effects.errors import DispositionMissing, EffectStateRefused, LineUnknown, SerialMissing
from enghub.plm.floor.model import OrderOnFloor, StockOnFloor

WITHIN = timedelta(days=30)
NOT_STARTED = frozenset({"CREATED", "RELEASED"})
CENT = Decimal("0.01")


class EffectMode(StrEnum):
    """From when the new revision is made."""

    NEXT_BATCH = "NEXT_BATCH"
    """Orders that run finish under the old revision; those that have not begun wait."""
    REMAINING_QUANTITY = "REMAINING_QUANTITY"
    """What orders have made stays; the rest of each waits and is made under the new revision."""
    IMMEDIATELY = "IMMEDIATELY"
    """Every open order waits."""
    AT_SERIAL = "AT_SERIAL"
    """Orders that run go on up to a serial; those that have not begun wait."""


class LineKind(StrEnum):
    """What a line is about."""

    ORDER = "ORDER"
    STOCK = "STOCK"


class Disposition(StrEnum):
    """What becomes of it."""

    FINISH_OLD = "FINISH_OLD"
    """An order that finishes under the old revision."""
    HOLD = "HOLD"
    """An order that waits until the change is applied."""
    USE_UP = "USE_UP"
    REWORK = "REWORK"
    SCRAP = "SCRAP"
    RETURN = "RETURN"


OF_STOCK = (Disposition.USE_UP, Disposition.REWORK, Disposition.SCRAP, Disposition.RETURN)


class EffectStatus(StrEnum):
    """Where the effect stands."""

    PLANNED = "PLANNED"
    ASKED = "ASKED"
    REJECTED = "REJECTED"
    APPROVED = "APPROVED"
    APPLIED = "APPLIED"
    CANCELLED = "CANCELLED"
    """The PLM withdrew the change."""


@dataclass(frozen=True, slots=True)
class Line:
    """An order or a place of stock that the change hits, with what becomes of it; ``quantity`` as it was then known.

    ``cost_per_piece`` is what the disposition costs: rework, or the value that is scrapped.
    """

    line: str
    kind: LineKind
    factory_id: str
    product: str
    quantity: Decimal
    known_at: datetime
    disposition: Disposition | None = None
    cost_per_piece: Decimal | None = None
    note: str = ""
    work_order_id: str = ""
    lot_id: str = ""
    place: str = ""

    @property
    def cost(self) -> Decimal | None:
        """What it costs, where that was said."""
        return None if self.cost_per_piece is None else (self.quantity * self.cost_per_piece).quantize(CENT)


def order_line(order: OrderOnFloor, mode: EffectMode) -> Line:
    """Return the line of an open order: what is still to be made of it."""
    waits = mode in {EffectMode.IMMEDIATELY, EffectMode.REMAINING_QUANTITY} or order.status in NOT_STARTED
    return Line(
        line=f"ORDER-{order.factory_id}-{order.work_order_id}",
        kind=LineKind.ORDER,
        factory_id=order.factory_id,
        product=order.product,
        quantity=max(Decimal(0), order.planned - order.good),
        known_at=order.known_at,
        disposition=Disposition.HOLD if waits else Disposition.FINISH_OLD,
        work_order_id=order.work_order_id,
    )


def stock_line(number: int, stock: StockOnFloor) -> Line:
    """Return the line of a place of stock."""
    return Line(
        line=f"STOCK-{number}",
        kind=LineKind.STOCK,
        factory_id=stock.factory_id,
        product=stock.product,
        quantity=stock.quantity,
        known_at=stock.known_at,
        lot_id=stock.lot_id,
        place=f"{stock.warehouse_id}/{stock.location_id}",
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of one change."""

    tenant_id: str
    ecn_number: str
    effect_id: str
    mode: EffectMode
    planned_by: str
    planned_at: datetime
    lines: tuple[Line, ...]
    serial: str = ""
    currency: str = ""
    is_cut: bool = False
    approval: Approval | None = None
    applied_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.mode is EffectMode.AT_SERIAL and not self.serial.strip():
            raise SerialMissing(field="serial")

    def is_as_asked(self, mode: EffectMode, serial: str, by: str) -> bool:
        """Tell whether it is what a person asks for."""
        return (self.mode, self.serial, self.planned_by) == (mode, serial, by)

    @property
    def held(self) -> tuple[Line, ...]:
        """The orders that wait."""
        return tuple(one for one in self.lines if one.disposition is Disposition.HOLD)

    @property
    def missing(self) -> tuple[str, ...]:
        """The lines whose disposition nobody has said."""
        return tuple(one.line for one in self.lines if one.disposition is None)

    @property
    def cost(self) -> Decimal:
        """What all dispositions cost, as far as that was said."""
        return sum((one.cost for one in self.lines if one.cost is not None), Decimal(0))

    @property
    def seen(self) -> str:
        """The hash of what is agreed to."""
        shown = [[one.line, str(one.quantity), str(one.disposition), str(one.cost_per_piece)] for one in self.lines]
        return fingerprint([self.mode.value, self.serial, shown])

    def status(self, now: datetime) -> EffectStatus:
        """Return where it stands."""
        if self.applied_at is not None:
            return EffectStatus.APPLIED
        if self.approval is None or self.approval.seen != self.seen:
            return EffectStatus.PLANNED
        said = self.approval.status(now)
        found = {Status.APPROVED: EffectStatus.APPROVED, Status.PENDING: EffectStatus.ASKED}
        return found.get(said, EffectStatus.REJECTED)

    def disposed(self, line: str, disposition: Disposition, cost: Decimal | None, note: str, now: datetime) -> "Effect":
        """Return it with what becomes of a place of stock; what was agreed before is agreed to anew.

        Raises:
            EffectStateRefused, LineUnknown
        """
        self._demand(now, EffectStatus.PLANNED, EffectStatus.ASKED, EffectStatus.REJECTED, EffectStatus.APPROVED)
        known = next((one for one in self.lines if one.line == line and one.kind is LineKind.STOCK), None)
        if known is None:
            raise LineUnknown(ecn_number=self.ecn_number, line=line)
        wanted = replace(known, disposition=disposition, cost_per_piece=cost, note=note)
        return replace(self, lines=tuple(wanted if one is known else one for one in self.lines))

    def asked(self, requester: str, now: datetime) -> "Effect":
        """Return it waiting for agreement: of quality, and of an administrator where anything is scrapped or costs.

        Raises:
            EffectStateRefused, DispositionMissing
        """
        if self.status(now) is EffectStatus.ASKED:
            return self
        self._demand(now, EffectStatus.PLANNED, EffectStatus.REJECTED)
        if self.missing:
            raise DispositionMissing(ecn_number=self.ecn_number, missing=", ".join(self.missing[:20]))
        is_dear = self.cost > 0 or any(one.disposition is Disposition.SCRAP for one in self.lines)
        roles = ("QUALITY_ENGINEER", "PLM_ADMIN") if is_dear else ("QUALITY_ENGINEER",)
        policy = Policy(tuple(Stage(role, 1, roles=(role,)) for role in roles), WITHIN, in_order=False)
        return replace(self, approval=ask(policy, requester=requester, at=now, seen=self.seen))

    def decided(self, decider: Decider, verdict: Verdict, comment: str, now: datetime) -> "Effect":
        """Return it with one more voice; the same voice again changes nothing.

        Raises:
            EffectStateRefused: nobody asked.
            OwnApproval, NotAnApprover, SeenAnother, DecidedAlready, ApprovalClosed, ReasonRequired
        """
        if self.approval is None:
            raise EffectStateRefused(ecn_number=self.ecn_number, status=self.status(now).value)
        made = decide(self.approval, decider, verdict, seen=self.seen, at=now, comment=comment)
        return self if made == self.approval else replace(self, approval=made)

    def applied(self, now: datetime) -> "Effect":
        """Return it applied; again it stays.

        Raises:
            EffectStateRefused: it is not agreed to.
        """
        if self.applied_at is not None:
            return self
        self._demand(now, EffectStatus.APPROVED)
        return replace(self, applied_at=now)

    def _demand(self, now: datetime, *wanted: EffectStatus) -> None:
        status = self.status(now)
        if status not in wanted:
            raise EffectStateRefused(ecn_number=self.ecn_number, status=status.value)
