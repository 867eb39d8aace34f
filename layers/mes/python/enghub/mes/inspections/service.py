"""What people and events do with inspections (MES-09)."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.errors import Unavailable, VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin as Caller
from enghub.core.lazy import lazy
from enghub.kit.approvals.model import Decider, Policy, Stage, Verdict, ask, fingerprint
from enghub.mes.factories import Factory
from enghub.mes.inspections.errors import InspectionDiscontinued, InspectionNotFound
from enghub.mes.inspections.model import (
    InspectionOrder,
    InspectionPlan,
    Kind,
    Origin,
    Result,
    State,
    planned,
)
from enghub.mes.inspections.sampling import Severity
from enghub.mes.inspections.switching import NO_SUPPLIER, Scheme, Switch, tighter_accepts
from enghub.mes.keeping.repository import ATTEMPTS, Found, Handled, Store

if TYPE_CHECKING:
    from enghub.mes import published
else:
    published = lazy("enghub.mes.published")

CONCESSION = Policy((Stage("quality", 1, roles=("QUALITY_ENGINEER",)),), timedelta(days=7))
"""Who agrees to let a rejected lot go: another person of quality than who asked, within a week."""


@dataclass(frozen=True, slots=True)
class OpenInspection:
    """A lot is to be inspected; an order without a number gets one."""

    caller: Caller
    kind: Kind
    part_id: str
    lot_size: int
    about: Origin
    supplier_id: str = NO_SUPPLIER
    order_id: str | None = None
    is_resubmitted: bool = False


class Inspections:
    """The use cases; ``claim`` is the request's claim on its Idempotency-Key."""

    def __init__(self, store: Store, claim: Claim | None = None) -> None:
        self._store = store
        self._claim = claim

    def put_plan(self, caller: Caller, wanted: InspectionPlan, version: int | None) -> InspectionPlan:
        """Store how a part's lots are inspected.

        Raises:
            VersionConflict
        """
        before = self._store.get(InspectionPlan, wanted.factory, wanted.kind.value, wanted.part_id)
        seen = before.value.version if before else 0
        made = replace(wanted, version=seen + 1)
        if before is not None and replace(wanted, version=seen) == before.value:
            return before.value
        if (version or 0) != seen:
            raise VersionConflict(expected=version or 0, actual=seen)
        self._store.save(Commit(caller, "changed" if before else "defined", made, before))
        return made

    def plan(self, factory: Factory, kind: Kind, part_id: str) -> InspectionPlan:
        """Return how a part's lots are inspected: level II, AQL 1.0 where nobody said otherwise."""
        kept = self._store.get(InspectionPlan, factory, kind.value, part_id)
        return InspectionPlan(factory, kind, part_id, version=0) if kept is None else kept.value

    def open(self, command: OpenInspection, handled: Handled | None = None) -> InspectionOrder:
        """Open an order, with the plan and the severity in force now.

        Raises:
            InspectionDiscontinued, InspectionExists
            AlreadyHandled: the event behind it was handled before.
        """
        caller, factory = command.caller, Factory.of(command.caller)
        plan = self.plan(factory, command.kind, command.part_id)
        scheme = self.scheme(factory, command.kind, command.part_id, command.supplier_id)
        if scheme.discontinued:
            raise InspectionDiscontinued(part_id=command.part_id, supplier_id=command.supplier_id)
        order = InspectionOrder(
            factory=factory,
            order_id=command.order_id or f"{command.kind.value}-{ids.new_id(caller.at)[-12:]}",
            kind=command.kind,
            part_id=command.part_id,
            lot_size=command.lot_size,
            severity=scheme.severity,
            level=plan.level,
            aql=plan.aql,
            plan=planned(scheme.severity, command.lot_size, plan.level, plan.aql),
            features=plan.features,
            opened_at=caller.at,
            about=command.about,
            supplier_id=command.supplier_id,
            is_resubmitted=command.is_resubmitted,
        )
        event = published.InspectionOpened(**_facts(order)).envelope(caller)
        self._store.save(Commit(caller, "opened", order, events=(event,), claim=self._claim), handled=handled)
        return order

    def decide(self, caller: Caller, order_id: str, version: int, result: Result) -> InspectionOrder:
        """Decide a lot by what was found; the scheme moves with it, and a rejected lot is held.

        Raises:
            InspectionNotFound, VersionConflict, and what ``InspectionOrder.decided`` raises.
        """
        for _ in range(ATTEMPTS):
            before = self._seen(caller, order_id, version)
            after = before.value.decided(result)
            scheme = self._store.get(Scheme, after.factory, after.kind.value, after.supplier_id, after.part_id)
            moved, switch = _moved(after, scheme.value if scheme else self._new_scheme(after))
            events = [published.InspectionDecided(**_facts(after), **_found(result)).envelope(caller)]
            if after.status is State.REJECTED and after.about.lot_id:
                events.append(_held(caller, after))
            commits = [Commit(caller, "decided", after, before, tuple(events), claim=self._claim)]
            if not after.is_resubmitted:
                commits.append(Commit(caller, "switched" if switch else "", moved, scheme))  # type: ignore[arg-type]
            try:
                self._store.save(*commits, facts=[switch] if switch else [])
            except VersionConflict:
                self._seen(caller, order_id, version)  # it was the scheme that moved, or this raises
                continue
            return after
        raise Unavailable(reason="many decisions on one scheme")

    def ask_concession(self, caller: Caller, order_id: str, version: int, reason: str) -> InspectionOrder:
        """Ask that a rejected lot may go as it is.

        Raises:
            InspectionNotFound, VersionConflict, InspectionDecidedAlready
        """
        before = self._seen(caller, order_id, version)
        seen = concession_seen(before.value)
        authors = (before.value.result.inspector,) if before.value.result else ()
        approval = ask(CONCESSION, requester=caller.user_id, at=caller.at, seen=seen, reason=reason, authors=authors)
        after = before.value.asked(approval)
        self._store.save(Commit(caller, "concession_requested", after, before, reason=reason, claim=self._claim))
        return after

    def answer_concession(
        self, caller: Caller, decider: Decider, order_id: str, verdict: Verdict, comment: str
    ) -> InspectionOrder:
        """Give a voice on a concession; a conceded lot is released.

        Raises:
            InspectionNotFound, InspectionDecidedAlready, and what ``approvals.decide`` raises.
        """
        before = self._kept(Factory.of(caller), order_id)
        seen = concession_seen(before.value)
        after = before.value.answered(decider, verdict, caller.at, comment, seen)
        events = [_released(caller, after)] if after.status is State.CONCEDED and after.about.lot_id else []
        verb = {State.CONCEDED: "conceded", State.REJECTED: "concession_refused"}.get(after.status, "voiced")
        self._store.save(Commit(caller, verb, after, before, tuple(events), reason=comment, claim=self._claim))
        return after

    def resume(self, caller: Caller, kind: Kind, part_id: str, supplier_id: str, reason: str) -> Scheme:
        """Inspect a discontinued supplier's part again, tightened (9.4).

        Raises:
            InspectionNotFound: nothing was ever inspected.
        """
        factory = Factory.of(caller)
        before = self._store.get(Scheme, factory, kind.value, supplier_id, part_id)
        if before is None:
            raise InspectionNotFound(order_id=f"{kind.value}/{supplier_id}/{part_id}")
        if not before.value.discontinued:
            return before.value
        after = before.value.resumed()
        switch = _switch(before.value, after, caller, "-", reason)
        self._store.save(Commit(caller, "resumed", after, before, reason=reason), facts=[switch])
        return after

    def scheme(self, factory: Factory, kind: Kind, part_id: str, supplier_id: str) -> Scheme:
        """Return where the inspection of a supplier's part stands."""
        kept = self._store.get(Scheme, factory, kind.value, supplier_id, part_id)
        return Scheme(factory, kind.value, part_id, supplier_id) if kept is None else kept.value

    def switches(self, scheme: Scheme, limit: int, cursor: str | None) -> Found[Switch]:
        """Return one page of a scheme's switches, the newest first."""
        name = (scheme.kind, scheme.supplier_id, scheme.part_id)
        return self._store.facts(Switch, scheme.factory, name, limit=limit, cursor=cursor, newest_first=True)

    def get(self, factory: Factory, order_id: str) -> InspectionOrder:
        """Return an order.

        Raises:
            InspectionNotFound
        """
        return self._kept(factory, order_id).value

    def find(self, factory: Factory, name: tuple[str, ...], limit: int, cursor: str | None) -> Found[InspectionOrder]:
        """Return one page of a list: ("STATUS", OPEN), ("LOT", id) or ("ORDER", work order)."""
        return self._store.find(InspectionOrder, factory, name, limit=limit, cursor=cursor)

    def _new_scheme(self, order: InspectionOrder) -> Scheme:
        may_reduce = self.plan(order.factory, order.kind, order.part_id).may_reduce
        return Scheme(order.factory, order.kind.value, order.part_id, order.supplier_id, may_reduce=may_reduce)

    def _seen(self, caller: Caller, order_id: str, version: int) -> Kept[InspectionOrder]:
        kept = self._kept(Factory.of(caller), order_id)
        if kept.value.version != version:
            raise VersionConflict(expected=version, actual=kept.value.version)
        return kept

    def _kept(self, factory: Factory, order_id: str) -> Kept[InspectionOrder]:
        kept = self._store.get(InspectionOrder, factory, order_id)
        if kept is None:
            raise InspectionNotFound(order_id=order_id)
        return kept


def concession_seen(order: InspectionOrder) -> str:
    """Return the hash of what a concession is about: the lot and what was found in it."""
    found = order.result
    numbers = [] if found is None else [found.inspected, found.nonconforming]
    return fingerprint([order.order_id, order.part_id, order.about.lot_id, *numbers])


def _moved(order: InspectionOrder, scheme: Scheme) -> tuple[Scheme, Switch | None]:
    if order.is_resubmitted or order.result is None:
        return scheme, None
    accepted = order.status is State.ACCEPTED
    would = None
    if order.severity is Severity.NORMAL:
        would = tighter_accepts(order.plan, order.result.nonconforming, order.aql)
    if order.severity is not scheme.severity:  # opened before a switch: it counts for nothing any more
        return scheme, None
    after, reason = scheme.decided(accepted, would)
    if not reason:
        return after, None
    at = order.result.at
    return after, Switch(
        *(order.factory, order.kind.value, order.part_id, order.supplier_id, at, order.order_id),
        *(scheme.severity, after.severity, after.discontinued, reason),
    )


def _switch(before: Scheme, after: Scheme, caller: Caller, order_id: str, reason: str) -> Switch:
    return Switch(
        *(after.factory, after.kind, after.part_id, after.supplier_id, caller.at, order_id),
        *(before.severity, after.severity, after.discontinued, reason),
    )


def _facts(order: InspectionOrder) -> dict[str, object]:
    about = order.about
    return {
        "inspection_id": order.order_id,
        "kind": order.kind.value,
        "part_id": order.part_id,
        "status": order.status.value,
        "lot_id": about.lot_id,
        "lot_size": Decimal(order.lot_size),
        "supplier_id": None if order.supplier_id == NO_SUPPLIER else order.supplier_id,
        "work_order_id": about.work_order_id,
        "operation": about.operation,
        "station_id": about.station_id,
        "severity": order.severity.value,
        "sample_size": Decimal(order.plan.size),
    }


def _found(result: Result) -> dict[str, object]:
    return {"inspected": Decimal(result.inspected), "nonconforming": Decimal(result.nonconforming)}


def _held(caller: Caller, order: InspectionOrder) -> Envelope:
    return published.LotHeld(
        lot_id=order.about.lot_id or "",
        material_id=order.part_id,
        cause=f"inspection/{order.order_id}",
        reason=f"{order.kind.value} rejected",
    ).envelope(caller)


def _released(caller: Caller, order: InspectionOrder) -> Envelope:
    return published.LotReleased(
        lot_id=order.about.lot_id or "",
        material_id=order.part_id,
        cause=f"inspection/{order.order_id}",
        reason="concession approved",
    ).envelope(caller)
