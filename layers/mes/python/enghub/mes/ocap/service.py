"""What events and people do with out-of-control action plans (MES-10)."""

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.errors import Unavailable, VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.core.notices import NoticeRequested, Severity
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import ATTEMPTS, Found, Handled, Store
from enghub.mes.ocap.errors import OcapNotFound
from enghub.mes.ocap.model import GENERAL, Case, Cause, Flow, History, State, Taken, Verification, Yield

if TYPE_CHECKING:
    from enghub.mes import published
else:
    published = lazy("enghub.mes.published")

GENERAL_PLAN = "GENERAL"


class Ocap:
    """The use cases; ``claim`` is the request's claim on its Idempotency-Key."""

    def __init__(self, store: Store, claim: Claim | None = None) -> None:
        self._store = store
        self._claim = claim

    def put_plan(self, origin: Origin, wanted: Flow, version: int | None) -> Flow:
        """Store a plan.

        Raises:
            BadFlow, VersionConflict
        """
        wanted.check()
        before = self._store.get(Flow, wanted.factory, wanted.plan_id)
        seen = before.value.version if before else 0
        if before is not None and replace(wanted, version=seen) == before.value:
            return before.value
        if (version or 0) != seen:
            raise VersionConflict(expected=version or 0, actual=seen)
        made = replace(wanted, version=seen + 1)
        self._store.save(Commit(origin, "changed" if before else "defined", made, before))
        return made

    def plan(self, factory: Factory, plan_id: str) -> Flow:
        """Return a plan; the general one where nobody made this one."""
        kept = self._store.get(Flow, factory, plan_id)
        return Flow(factory, plan_id, "General", GENERAL, version=0) if kept is None else kept.value

    def history(self, factory: Factory, plan_id: str) -> History:
        """Return which branches of a plan helped before."""
        kept = self._store.get(History, factory, plan_id)
        return History(factory, plan_id) if kept is None else kept.value

    def start(self, origin: Origin, plan_id: str | None, cause: Cause, handled: Handled | None = None) -> Case:
        """Open a case; the same cause opens one only. Its lot is held.

        Raises:
            AlreadyHandled: the event behind it was handled before.
        """
        factory = Factory.of(origin)
        ocap_id = _number(cause)
        stored = self._store.get(Case, factory, ocap_id)
        if stored is not None:
            return stored.value
        plan = self.plan(factory, plan_id or GENERAL_PLAN)
        case = Case(
            factory=factory,
            ocap_id=ocap_id,
            plan_id=plan.plan_id,
            cause=cause,
            opened_at=origin.at,
            steps=plan.steps,
            holds_lot=plan.holds_lot and cause.lot_id is not None,
            at_step=plan.steps[0].step_id,
        )
        events = [_told(origin, case, "OcapStarted"), _notice(origin, case)]
        if case.holds_lot:
            events.append(_lot(origin, case, published.LotHeld, cause.said))
        try:
            self._store.save(Commit(origin, "started", case, events=tuple(events), claim=self._claim), handled=handled)
        except VersionConflict:  # another event of the same cause was first
            return self._kept(factory, ocap_id).value
        return case

    def answer(self, origin: Origin, ocap_id: str, version: int, taken: Taken) -> Case:
        """Answer the step that a case stands at.

        Raises:
            OcapNotFound, VersionConflict, NotThisStep
        """
        before = self._seen(origin, ocap_id, version)
        after = before.value.answered(taken)
        self._store.save(Commit(origin, "answered", after, before, claim=self._claim))
        return after

    def verify(self, origin: Origin, ocap_id: str, version: int, verification: Verification) -> Case:
        """Say whether it helped: then the case closes and its lot is released; else the flow begins again.

        Raises:
            OcapNotFound, VersionConflict, NotThisStep, OwnVerification
        """
        for _ in range(ATTEMPTS):
            before = self._seen(origin, ocap_id, version)
            after = before.value.verified(verification)
            history = self._store.get(History, after.factory, after.plan_id)
            known = history.value if history else History(after.factory, after.plan_id)
            learnt = known.with_outcome(before.value.branch, verification.effective)
            events = [_told(origin, after, "OcapClosed")] if after.status is State.CLOSED else []
            if after.status is State.CLOSED and after.holds_lot:
                events.append(_lot(origin, after, published.LotReleased, verification.note or "verified"))
            verb = "closed" if after.status is State.CLOSED else "reopened"
            try:
                self._store.save(
                    Commit(origin, verb, after, before, tuple(events), claim=self._claim),
                    Commit(origin, "", learnt, history),
                )
            except VersionConflict:
                self._seen(origin, ocap_id, version)
                continue
            return after
        raise Unavailable(reason="many outcomes of one plan")

    def count_yield(
        self, event: Envelope, where: tuple[str, str], shift: tuple[str, str], pieces: tuple[Decimal, Decimal]
    ) -> None:
        """Count a report into its shift's yield, and say where that became too low.

        Args:
            event: the report's.
            where: product and operation.
            shift: day and shift.
            pieces: good and defective.

        Raises:
            AlreadyHandled: the report was counted before.
        """
        origin = Origin(event.tenant_id, event.factory_id, "system:quality", event.timestamp, event.event_id)
        factory = Factory.of(origin)
        for _ in range(ATTEMPTS):
            before = self._store.get(Yield, factory, *where)
            known = before.value if before else Yield(factory, *where)
            after, why = known.counted(*shift, int(pieces[0]), int(pieces[1]))
            events = () if not why else (_low(origin, where, shift, why),)
            try:
                self._store.save(
                    Commit(origin, "", after, before, events),
                    handled=Handled("yield", event.event_id, event.tenant_id, origin.at),
                )
            except VersionConflict:
                continue
            return
        raise Unavailable(reason="many reports of one operation")

    def get(self, factory: Factory, ocap_id: str) -> Case:
        """Return a case.

        Raises:
            OcapNotFound
        """
        return self._kept(factory, ocap_id).value

    def find(self, factory: Factory, name: tuple[str, ...], limit: int, cursor: str | None) -> Found[Case]:
        """Return one page of a list: ("STATUS", OPEN), ("LOT", id) or ("ORDER", work order)."""
        return self._store.find(Case, factory, name, limit=limit, cursor=cursor)

    def _seen(self, origin: Origin, ocap_id: str, version: int) -> Kept[Case]:
        kept = self._kept(Factory.of(origin), ocap_id)
        if kept.value.version != version:
            raise VersionConflict(expected=version, actual=kept.value.version)
        return kept

    def _kept(self, factory: Factory, ocap_id: str) -> Kept[Case]:
        kept = self._store.get(Case, factory, ocap_id)
        if kept is None:
            raise OcapNotFound(what="OCAP", ocap_id=ocap_id)
        return kept


def _number(cause: Cause) -> str:
    """Return the case's id: the same cause has the same one."""
    return f"OCAP-{hashlib.sha256(f'{cause.kind}/{cause.reference}'.encode()).hexdigest()[:12].upper()}"


def _told(origin: Origin, case: Case, name: str) -> Envelope:
    kind = published.OcapStarted if name == "OcapStarted" else published.OcapClosed
    cause = case.cause
    return kind(
        ocap_id=case.ocap_id,
        plan_id=case.plan_id,
        cause=cause.kind,
        reference=cause.reference,
        said=cause.said,
        lot_id=cause.lot_id,
        work_order_id=cause.work_order_id,
        operation=cause.operation,
        station_id=cause.station_id,
    ).envelope(origin)


def _lot(origin: Origin, case: Case, kind: "type[published.LotHeld | published.LotReleased]", reason: str) -> Envelope:
    return kind(
        lot_id=case.cause.lot_id or "",
        material_id=case.cause.material_id or "",
        cause=f"ocap/{case.ocap_id}",
        reason=reason,
    ).envelope(origin)


def _notice(origin: Origin, case: Case) -> Envelope:
    return NoticeRequested(
        notice_type="mes.ocap_started",
        severity=Severity.WARNING,
        subject=f"ocap/{case.ocap_id}",
        facts={"factory": case.factory.factory_id, "why": case.cause.said, "step": case.steps[0].text},
        roles=("QUALITY_ENGINEER",),
        dedupe_key=case.ocap_id,
        acknowledge=True,
    ).envelope(origin)


def _low(origin: Origin, where: tuple[str, str], shift: tuple[str, str], why: str) -> Envelope:
    return published.YieldLow(
        product_id=where[0], operation=where[1], shift_date=shift[0], shift=shift[1], said=why
    ).envelope(origin)
