"""BOMs and approvals from the ERP, and what holds while it is away (source document 6.2, 6.3; MES-16)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from enghub.core.clock import Clock
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.mes.erp.errors import GARBAGE, ErpAway, ErpRefuses
from enghub.mes.erp.model import Health, Link, Service
from enghub.mes.erp.repository import Reply
from enghub.mes.erp.service import Calls, ServiceDown
from enghub.mes.supply.errors import (
    ApprovalsUnknown,
    BomUnavailable,
    BomVersionMissing,
    MaterialsNotApproved,
    NewOrdersRefused,
    NoBom,
    StillReading,
)
from enghub.mes.supply.model import (
    MOST_LINES,
    POLLED_AFTER,
    Bom,
    KnownBom,
    KnownPpap,
    Line,
    Outcome,
    Ppap,
    PpapStatus,
    Refusal,
    Wanted,
    unapproved,
)
from enghub.mes.supply.repository import SupplyStore

SYSTEM = "system:erp-supply"
MOST_READ = 100
"""Materials asked about in one request."""
MOST_POLLED = 50
"""Materials asked about in one round, and refusals checked again."""


@dataclass(frozen=True, slots=True)
class Order:
    """What supply has to know of a work order."""

    work_order_id: str
    product_id: str
    bom_version: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """What is refused to whom, for want of which materials."""

    wanted: Wanted
    origin: Origin
    materials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Supply:
    """The use cases."""

    store: SupplyStore
    calls: Calls
    clock: Clock

    def bom(self, link: Link, product_id: str, version: str) -> KnownBom:
        """Return a BOM: the kept one for 30 minutes; after that the ERP's, or the kept one marked while it is away.

        Raises:
            NoBom: the ERP knows none.
            BomUnavailable: it is away, and none is kept.
        """
        kept = self.store.bom(link.factory, product_id, version)
        if kept is not None and kept.is_fresh(self.clock()):
            return KnownBom(kept)
        try:
            return KnownBom(self._read_bom(link, product_id, version))
        except ServiceDown as down:
            if kept is not None:
                return KnownBom(kept, is_stale=True, since=down.health.since)
            raise BomUnavailable(product_id=product_id, version=version, **_away(down.health, self.clock())) from down

    def _read_bom(self, link: Link, product_id: str, version: str) -> Bom:
        path = f"/api/v1/bom/product/{quote(product_id, safe='')}/version/{quote(version, safe='')}"
        try:
            lines, reply = self.calls.get(link, Service.BOM, path, lambda reply: _lines(reply, product_id))
        except ErpRefuses as no:
            raise NoBom(product_id=product_id, version=version) from no
        found = Bom(link.factory, product_id, version, lines, reply.as_of, self.clock())
        self.store.keep_bom(found)
        return found

    def ppaps(self, link: Link, materials: Sequence[str]) -> list[KnownPpap]:
        """Return the status of each material that counts: kept for two hours; unknown while the ERP is away after that.

        Raises:
            StillReading: there are more to be read than one request asks about; those read are kept.
        """
        now, names = self.clock(), sorted(set(materials))
        kept = self.store.ppaps(link.factory, names)
        missing = [name for name in names if name not in kept or not kept[name].is_fresh(now)]
        down: Health | None = None
        for name in missing[:MOST_READ]:
            try:
                kept[name] = self._read_ppap(link, name)
            except ServiceDown as error:
                down = error.health
                break
        if down is None and len(missing) > MOST_READ:
            raise StillReading(left=len(missing) - MOST_READ, retry_after_seconds=1)
        return [_counts(name, kept.get(name), down, self.clock()) for name in names]

    def _read_ppap(self, link: Link, material_id: str) -> Ppap:
        path = f"/api/v1/ppap/material/{quote(material_id, safe='')}"
        try:
            (status, approved_on), reply = self.calls.get(link, Service.PPAP, path, _status)
            as_of = reply.as_of
        except ErpRefuses:
            status, approved_on, as_of = PpapStatus.PENDING, None, self.clock()  # unknown there: nobody approved it
        found = Ppap(link.factory, material_id, status, approved_on, as_of, self.clock())
        self.store.keep_ppap(found)
        return found

    def may_create(self, origin: Origin, link: Link, order: Order) -> None:
        """Demand that an order may be planned: while the ERP's BOMs are away, none is, though kept ones serve others.

        Raises:
            BomVersionMissing, NoBom
            NewOrdersRefused: the ERP is away; kept as a refusal.
        """
        if order.bom_version is None:
            raise BomVersionMissing(field="bomVersion")
        try:
            if self.calls.healths.get(link.factory, Service.BOM).is_down:
                self._read_bom(link, order.product_id, order.bom_version)
            elif not self.bom(link, order.product_id, order.bom_version).is_stale:
                return
        except (BomUnavailable, ServiceDown):
            pass
        health = self.calls.healths.get(link.factory, Service.BOM)
        if health.is_down:
            self._refuse(link, order, health, Refused(Wanted.CREATE, origin))
            raise NewOrdersRefused(**_away(health, self.clock()))

    def may_release(self, origin: Origin, link: Link, order: Order) -> None:
        """Demand that every material of an order is approved.

        Raises:
            MaterialsNotApproved: the ERP says that some are not.
            ApprovalsUnknown: it is away, and nothing is kept that holds; kept as a refusal.
            BomUnavailable, NoBom, StillReading
        """
        if order.bom_version is None:
            raise BomVersionMissing(field="bomVersion")
        bom = self.bom(link, order.product_id, order.bom_version).bom
        missing = unapproved(self.ppaps(link, [line.material_id for line in bom.lines]))
        if not missing:
            return
        unknown = [one for one in missing if one.status is PpapStatus.UNKNOWN]
        names = ", ".join(f"{one.material_id} ({one.status.value})" for one in missing)
        if not unknown:
            raise MaterialsNotApproved(work_order_id=order.work_order_id, materials=names)
        health = self.calls.healths.get(link.factory, Service.PPAP)
        materials = tuple(one.material_id for one in missing)
        self._refuse(link, order, health, Refused(Wanted.RELEASE, origin, materials))
        raise ApprovalsUnknown(work_order_id=order.work_order_id, materials=names, **_away(health, self.clock()))

    def _refuse(self, link: Link, order: Order, health: Health, refused: "Refused") -> None:
        origin = refused.origin
        refusal = Refusal(
            factory=link.factory,
            service=health.service,
            wanted=refused.wanted,
            subject=order.work_order_id or order.product_id,
            product_id=order.product_id,
            bom_version=order.bom_version or "",
            materials=refused.materials[:MOST_READ],
            by=origin.user_id,
            at=origin.at,
            since=health.since or origin.at,
        )
        self.store.refuse(Commit(origin, "made", refusal))

    def refresh(self, link: Link, seconds_left: Callable[[], float], least: float) -> int:
        """Read statuses again that are soon over, and check again what was refused; returns how many were checked."""
        self._poll(link, seconds_left, least)
        checked = 0
        for service in (Service.BOM, Service.PPAP):
            if service not in link.uses or self.calls.healths.get(link.factory, service).is_down:
                continue
            for kept in self.store.open_refusals(link.factory, service, MOST_POLLED):
                if seconds_left() < least:
                    return checked
                checked += self._check(link, kept)
        return checked

    def _poll(self, link: Link, seconds_left: Callable[[], float], least: float) -> None:
        if Service.PPAP not in link.uses:
            return
        now = self.clock()
        old = (one for one in self.store.each_ppap(link.factory) if now - one.read_at >= POLLED_AFTER)
        for _, one in zip(range(MOST_POLLED), old, strict=False):
            if seconds_left() < least:
                return
            try:
                self._read_ppap(link, one.material_id)
            except ServiceDown:
                return

    def _check(self, link: Link, kept: Kept[Refusal]) -> int:
        refusal = kept.value
        missing: list[str] = []
        problem: Text | None = None
        try:
            if refusal.service is Service.BOM:
                self._read_bom(link, refusal.product_id, refusal.bom_version)
            else:
                statuses = [self._read_ppap(link, name) for name in refusal.materials]
                missing = [one.material_id for one in statuses if one.status is not PpapStatus.APPROVED]
        except NoBom as none:
            problem = Text(none.message("en"), none.message("zh"))
        except ServiceDown:
            return 0
        now = self.clock()
        origin = Origin(link.factory.tenant_id, link.factory.factory_id, SYSTEM, now, refusal.subject)
        after = refusal.checked(missing, problem, now)
        try:
            self.store.check(Commit(origin, "checked", after, kept, (_reported(after).envelope(origin),)))
        except VersionConflict:
            return 0
        return 1


def _away(health: Health, now: datetime) -> dict[str, Any]:
    since = (health.since or now).isoformat(timespec="seconds")
    return {"since": since, "problem": health.problem or GARBAGE, "retry_after_seconds": health.retry_after(now)}


def _counts(name: str, kept: Ppap | None, down: Health | None, now: datetime) -> KnownPpap:
    if kept is not None and kept.is_fresh(now):
        return KnownPpap(name, kept.status, kept)
    since = None if down is None else down.since
    return KnownPpap(name, PpapStatus.UNKNOWN, kept, is_down=True, since=since)


def _reported(refusal: Refusal) -> NoticeRequested:
    is_possible = refusal.outcome is Outcome.POSSIBLE
    return NoticeRequested(
        notice_type="mes.erp_checked_again",
        severity=Severity.INFO if is_possible else Severity.WARNING,
        subject=f"work_order/{refusal.subject}",
        facts={
            "factory": refusal.factory.factory_id,
            "wanted": refusal.wanted.value,
            "order": refusal.subject,
            "product": refusal.product_id,
            "outcome": "" if refusal.outcome is None else refusal.outcome.value,
            "materials": ", ".join(refusal.materials),
            "problem": refusal.problem.en if refusal.problem else "",
            "problemZh": refusal.problem.zh if refusal.problem else "",
            "refusedAt": refusal.at.isoformat(timespec="seconds"),
        },
        roles=("PLANNER",),
        users=(refusal.by,),
        dedupe_key=f"erp/{refusal.factory.factory_id}/{refusal.subject}/{refusal.since.isoformat(timespec='seconds')}"[
            :200
        ],
    )


def _lines(reply: Reply, product_id: str) -> tuple[Line, ...]:
    found = reply.content.get("materials")
    if reply.content.get("product_id") != product_id or not isinstance(found, list) or len(found) > MOST_LINES:
        raise ErpAway(GARBAGE)
    return tuple(map(_line, found))


def _line(line: Any) -> Line:
    try:
        name, unit, quantity = line["material_id"], line["unit"], Decimal(str(line["qty"]))
    except (KeyError, TypeError, InvalidOperation) as error:
        raise ErpAway(GARBAGE) from error
    fits = quantity.is_finite() and 0 < quantity < 10**9 and isinstance(line["qty"], int | float)
    if not fits or not _is_name(name) or not _is_name(unit):
        raise ErpAway(GARBAGE)
    return Line(name, quantity, unit)


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 100 and text.isprintable()


def _status(reply: Reply) -> tuple[PpapStatus, date | None]:
    said, day = reply.content.get("ppap_status"), reply.content.get("approval_date")
    if said not in {PpapStatus.APPROVED, PpapStatus.PENDING, PpapStatus.REJECTED}:
        raise ErpAway(GARBAGE)
    try:
        return PpapStatus(said), date.fromisoformat(day) if day else None
    except (TypeError, ValueError) as error:
        raise ErpAway(GARBAGE) from error
