"""What events and people do with defects (MES-10)."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from enghub.core.commits import Commit
from enghub.core.errors import Unavailable, VersionConflict
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.mes.defects.errors import DefectNotFound, ReferenceNeeded
from enghub.mes.defects.model import Defect, DefectDay, DefectType, Disposition, SupplierScore
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import ATTEMPTS, Found, Handled, Store

T = TypeVar("T")


class Defects:
    """The use cases."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put_type(self, origin: Origin, wanted: DefectType, version: int | None) -> DefectType:
        """Store an entry of the dictionary.

        Raises:
            VersionConflict
        """
        before = self._store.get(DefectType, wanted.factory, wanted.code)
        seen = before.value.version if before else 0
        if before is not None and replace(wanted, version=seen) == before.value:
            return before.value
        if (version or 0) != seen:
            raise VersionConflict(expected=version or 0, actual=seen)
        made = replace(wanted, version=seen + 1)
        self._store.save(Commit(origin, "changed" if before else "defined", made, before))
        return made

    def types(self, factory: Factory, limit: int, cursor: str | None) -> Found[DefectType]:
        """Return one page of the dictionary, by code."""
        return self._store.find(DefectType, factory, ("ALL",), limit=limit, cursor=cursor)

    def record(self, origin: Origin, defect: Defect, handled: Handled) -> None:
        """Store a record, count it into its day, tell the quality supervisor.

        Raises:
            AlreadyHandled: the report was taken before.
        """

        def attempt() -> None:
            name = (defect.shift_on, defect.line_id)
            before = self._store.get(DefectDay, defect.factory, *name)
            day = (before.value if before else DefectDay(defect.factory, *name)).counted(defect)
            created = Commit(origin, "recorded", defect, events=(_notice(defect).envelope(origin),))
            self._store.save(created, Commit(origin, "", day, before), handled=handled)

        _again(attempt)

    def take_back(self, origin: Origin, defect_id: str, reversed_by: str, handled: Handled) -> None:
        """Take a record off its day because its report was reversed.

        Raises:
            AlreadyHandled: the reversal was taken before.
            Unavailable: the record is not there yet; its event is still on the way.
        """

        def attempt() -> None:
            kept = self._store.get(Defect, Factory.of(origin), defect_id)
            if kept is None:
                raise Unavailable(reason="the reversal came before the report")
            defect = kept.value
            name = (defect.shift_on, defect.line_id)
            before = self._store.get(DefectDay, defect.factory, *name)
            day = (before.value if before else DefectDay(defect.factory, *name)).counted(defect, -1)
            after = replace(defect, reversed_by=reversed_by, version=defect.version + 1)
            commits = (Commit(origin, "reversed", after, kept), Commit(origin, "", day, before))
            self._store.save(*commits, handled=handled)

        _again(attempt)

    def dispose(self, origin: Origin, defect_id: str, version: int, disposition: Disposition, reference: str) -> Defect:
        """Say what becomes of defective pieces.

        Raises:
            DefectNotFound, VersionConflict
            ReferenceNeeded: use as is without a concession.
        """
        before = self._store.get(Defect, Factory.of(origin), defect_id)
        if before is None:
            raise DefectNotFound(defect_id=defect_id)
        if disposition is Disposition.USE_AS_IS and not reference:
            raise ReferenceNeeded(field="reference")
        after = before.value.disposed(disposition, origin.user_id, reference)
        if before.value.version == version + 1 and replace(after, version=before.value.version) == before.value:
            return before.value  # the same request again, whose answer got lost
        if before.value.version != version:
            raise VersionConflict(expected=version, actual=before.value.version)
        self._store.save(Commit(origin, "disposed", after, before))
        return after

    def find(self, factory: Factory, name: tuple[str, ...], limit: int, cursor: str | None) -> Found[Defect]:
        """Return one page of a list: ("DISPOSITION", PENDING) or ("ORDER", work order)."""
        return self._store.find(Defect, factory, name, limit=limit, cursor=cursor)

    def day(self, factory: Factory, day: str, line_id: str) -> DefectDay:
        """Return the sums of a day on a line."""
        kept = self._store.get(DefectDay, factory, day, line_id)
        return DefectDay(factory, day, line_id) if kept is None else kept.value

    def judge_supplier(
        self, origin: Origin, supplier_id: str, accepted: bool, found: tuple[Decimal, Decimal], handled: Handled
    ) -> None:
        """Count a lot of a supplier: units inspected and nonconforming.

        Raises:
            AlreadyHandled: it was counted before.
        """

        def attempt() -> None:
            before = self._store.get(SupplierScore, Factory.of(origin), supplier_id)
            known = before.value if before else SupplierScore(Factory.of(origin), supplier_id)
            self._store.save(Commit(origin, "", known.judged(accepted, *found), before), handled=handled)

        _again(attempt)

    def score(self, factory: Factory, supplier_id: str) -> SupplierScore:
        """Return a supplier's score."""
        kept = self._store.get(SupplierScore, factory, supplier_id)
        return SupplierScore(factory, supplier_id) if kept is None else kept.value


def _again(attempt: Callable[[], T]) -> T:
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except VersionConflict:
            continue
    raise Unavailable(reason="many writers on one sum")


def _notice(defect: Defect) -> NoticeRequested:
    return NoticeRequested(
        notice_type="mes.defect_reported",
        severity=Severity.INFO,
        subject=f"work_order/{defect.work_order_id}",
        facts={
            "factory": defect.factory.factory_id,
            "product": defect.product_id,
            "quantity": str(defect.quantity),
            "types": ", ".join(defect.types),
            "station": defect.station_id,
        },
        roles=("QUALITY_ENGINEER",),
        dedupe_key=f"defect/{defect.defect_id}",
        digestable=True,
    )
