"""The effect of a change on the wire (PLM-26)."""

from typing import Annotated, Literal

from pydantic import Field

from enghub.core import wire
from enghub.kit.approvals.model import Verdict
from enghub.plm.effects.model import Disposition, Effect, EffectMode, EffectStatus, Line, LineKind
from enghub.plm.effects.service import Shown

BASE = "/api/v1/plm/change-orders/<ecn_number>/effect"


class PlanEffectRequest(wire.Request):
    """From when the new revision is made; ``serial`` is the first one of it."""

    mode: EffectMode
    serial: Annotated[str, Field(max_length=64)] = ""


class DisposeStockRequest(wire.Request):
    """What becomes of a place of stock; ``costPerPiece`` is what that costs."""

    disposition: Literal["USE_UP", "REWORK", "SCRAP", "RETURN"]
    cost_per_piece: wire.Quantity | None = None
    note: Annotated[str, Field(max_length=500)] = ""

    def changed(self, effect: Effect, line: str, at: wire.Instant) -> Effect:
        """Return the effect with it."""
        return effect.disposed(line, Disposition(self.disposition), self.cost_per_piece, self.note, at)


class DecideEffectRequest(wire.Request):
    """Agreement, or a no with its reason."""

    verdict: Verdict
    comment: wire.LongText = ""


class EffectLine(wire.Response):
    """An order or a place of stock; ``isHeld`` as the shop floor told last."""

    line: str
    kind: LineKind
    factory_id: str
    product_code: str
    quantity: wire.Total
    known_at: wire.Instant
    disposition: Disposition | None
    cost_per_piece: wire.Total | None
    cost: wire.Total | None
    note: str
    work_order_id: str
    is_held: bool
    lot_id: str
    place: str

    @classmethod
    def of(cls, one: Line, held: frozenset[str]) -> "EffectLine":
        """Return the answer."""
        own = {"product_code", "is_held"}
        shown = {name: getattr(one, name) for name in cls.model_fields if name not in own}
        return cls(product_code=one.product, is_held=one.work_order_id in held, **shown)


class EffectResponse(wire.Response):
    """The effect of a change; ``isCut`` when more is hit than lines are kept."""

    ecn_number: str
    effect_id: str
    mode: EffectMode
    serial: str
    status: EffectStatus
    planned_by: str
    planned_at: wire.Instant
    lines: tuple[EffectLine, ...]
    missing: tuple[str, ...]
    cost: wire.Total
    approvers: tuple[str, ...]
    waits_for: tuple[str, ...]
    applied_at: wire.Instant | None
    is_cut: bool
    revision: int

    @classmethod
    def of(cls, found: Shown) -> "EffectResponse":
        """Return the answer."""
        effect, approval = found.kept.value, found.kept.value.approval
        waits = approval.missing if approval and found.status is EffectStatus.ASKED else ()
        return cls(
            ecn_number=effect.ecn_number,
            effect_id=effect.effect_id,
            mode=effect.mode,
            serial=effect.serial,
            status=found.status,
            planned_by=effect.planned_by,
            planned_at=effect.planned_at,
            lines=tuple(EffectLine.of(one, found.held) for one in effect.lines),
            missing=effect.missing,
            cost=effect.cost,
            approvers=approval.approvers if approval else (),
            waits_for=tuple(stage.name for stage, _ in waits),
            applied_at=effect.applied_at,
            is_cut=effect.is_cut,
            revision=found.kept.revision,
        )
