"""Use cases of a change's effect: plan it from what the change hits, dispose, agree, apply (PLM-26)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from enghub.core import ids
from enghub.core.clock import Clock
from enghub.core.commits import Commit, Kept
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.kit.approvals.model import Decider, Verdict
from enghub.plm import published
from enghub.plm.changes.service import Changes
from enghub.plm.effects.errors import ChangeNotInForce, EffectNotFound, EffectStateRefused
from enghub.plm.effects.model import Effect, EffectMode, EffectStatus, Line, order_line, stock_line
from enghub.plm.effects.repository import Effects
from enghub.plm.impacts.service import Impact, Impacts

MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Shown:
    """An effect with where it stands; ``held`` are its orders that the shop floor holds now."""

    kept: Kept[Effect]
    status: EffectStatus
    held: frozenset[str]


@dataclass(frozen=True, slots=True)
class EffectBook:
    """The effects of all tenants' changes."""

    effects: Effects
    changes: Changes
    impacts: Impacts
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    def plan(self, ecn_number: str, mode: EffectMode, serial: str, origin: Origin) -> Kept[Effect]:
        """Plan the effect: orders that must wait are held by event, stock waits for its disposition.

        Asked for again by the same person in the same way, it stays: an answer got lost.

        Raises:
            ChangeOrderNotFound, ChangeNotInForce, EffectExists, SerialMissing
        """
        known = self.effects.get(origin.tenant_id, ecn_number)
        if known is not None and known.value.is_as_asked(mode, serial, origin.user_id):
            return known
        impact = self.impacts.of(origin.tenant_id, ecn_number)
        if impact.point is None or impact.point.is_cancelled:
            status = "CANCELLED" if impact.point else impact.order.processing.value
            raise ChangeNotInForce(ecn_number=ecn_number, status=status)
        lines = list(_lines(impact, mode))
        effect = Effect(
            tenant_id=origin.tenant_id,
            ecn_number=ecn_number,
            effect_id=self.new_id(origin.at),
            mode=mode,
            planned_by=origin.user_id,
            planned_at=origin.at,
            lines=tuple(lines[:MOST_LINES]),
            serial=serial,
            is_cut=impact.is_cut or len(lines) > MOST_LINES,
        )
        events = tuple(_holding(effect, impact.order.notification.title, origin))
        return self.effects.save(Commit(origin, "planned", effect, None, events))

    def get(self, tenant_id: str, ecn_number: str) -> Kept[Effect]:
        """Return one.

        Raises:
            EffectNotFound
        """
        found = self.effects.get(tenant_id, ecn_number)
        if found is None:
            raise EffectNotFound(ecn_number=ecn_number)
        return found

    def shown(self, tenant_id: str, kept: Kept[Effect]) -> Shown:
        """Return an effect with where it stands, and which of its orders the floor holds."""
        effect, source = kept.value, f"ecn/{kept.value.ecn_number}"
        floor = self.impacts.floor(tenant_id, list(dict.fromkeys(one.product for one in effect.lines)))
        held = frozenset(one.work_order_id for one in floor.orders if source in one.holds)
        return Shown(kept, self._status(effect), held)

    def _status(self, effect: Effect) -> EffectStatus:
        status = effect.status(self.clock())
        is_over = status is EffectStatus.APPLIED
        withdrawn = not is_over and self.changes.get(effect.tenant_id, effect.ecn_number).notification.is_cancelled
        return EffectStatus.CANCELLED if withdrawn else status

    def change(self, ecn_number: str, action: str, change: Callable[[Effect], Effect], origin: Origin) -> Kept[Effect]:
        """Change an effect that stands; what changes nothing stores nothing.

        Raises as ``get`` and ``change``, EffectStateRefused, VersionConflict.
        """
        before = self._standing(ecn_number, origin)
        after = change(before.value)
        if after == before.value:
            return before
        asked = after.approval is not None and before.value.approval != after.approval and action == "asked"
        events = (_asking(after).envelope(origin),) if asked else ()
        return self.effects.save(Commit(origin, action, after, before, events))

    def decide(self, ecn_number: str, decider: Decider, verdict: Verdict, comment: str, origin: Origin) -> Kept[Effect]:
        """Agree to the dispositions, or not; raises as ``change`` and ``Effect.decided``."""
        action = "agreed" if verdict is Verdict.APPROVE else "rejected"
        return self.change(ecn_number, action, lambda one: one.decided(decider, verdict, comment, origin.at), origin)

    def apply(self, ecn_number: str, origin: Origin) -> Kept[Effect]:
        """Apply the change: what waited goes on. Again it stays. Raises as ``change``."""
        before = self.get(origin.tenant_id, ecn_number)
        if before.value.applied_at is not None:
            return before
        self._standing(ecn_number, origin)
        after = before.value.applied(origin.at)
        events = tuple(_applied(after, origin))
        return self.effects.save(Commit(origin, "applied", after, before, events))

    def _standing(self, ecn_number: str, origin: Origin) -> Kept[Effect]:
        before = self.get(origin.tenant_id, ecn_number)
        if self._status(before.value) is EffectStatus.CANCELLED:
            raise EffectStateRefused(ecn_number=ecn_number, status=EffectStatus.CANCELLED.value)
        return before


def _lines(impact: Impact, mode: EffectMode) -> Iterable[Line]:
    touched = set(impact.products)
    for order in impact.floor.orders:
        if order.is_open and order.product in touched:
            yield order_line(order, mode)
    for number, stock in enumerate((one for one in impact.floor.stock if one.product in touched), 1):
        yield stock_line(number, stock)


def _factories(effect: Effect) -> list[str]:
    return sorted({one.factory_id for one in effect.held})


def _holding(effect: Effect, title: str, origin: Origin) -> Iterable[Envelope]:
    """One event for each factory whose orders wait."""
    for factory_id in _factories(effect):
        orders = tuple(one.work_order_id for one in effect.held if one.factory_id == factory_id)
        yield published.ChangeEffectPlanned(
            ecn_number=effect.ecn_number,
            effect_id=effect.effect_id,
            title=title,
            mode=effect.mode.value,
            serial=effect.serial,
            held_orders=orders,
        ).envelope(replace(origin, factory_id=factory_id))


def _applied(effect: Effect, origin: Origin) -> Iterable[Envelope]:
    for factory_id in _factories(effect):
        told = published.ChangeApplied(
            ecn_number=effect.ecn_number, effect_id=effect.effect_id, applied_at=origin.at, serial=effect.serial
        )
        yield told.envelope(replace(origin, factory_id=factory_id))


def _asking(effect: Effect) -> NoticeRequested:
    roles = tuple(stage.name for stage, _ in effect.approval.missing) if effect.approval else ()
    return NoticeRequested(
        notice_type="plm.change_effect_asked",
        severity=Severity.WARNING,
        subject=f"change_effect/{effect.ecn_number}",
        facts={"ecnNumber": effect.ecn_number, "cost": str(effect.cost), "lines": len(effect.lines)},
        roles=roles,
        dedupe_key=f"change_effect/{effect.effect_id}/{effect.seen[:16]}",
    )
