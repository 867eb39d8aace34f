"""Stores of plm in memory, with the promises of the real ones (tests/contract/plm)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from enghub.core.commits import Command, Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.plm.changes.model import ChangeOrder, ChangePoint, Processing
from enghub.plm.changes.repository import Found, FoundRevisions
from enghub.plm.changes.revisions import Revision
from enghub.plm.products.model import Material, ProductMapping, Stamp, SyncStatus, WorkingSet
from enghub.plm.products.repository import FoundProducts

A = TypeVar("A")


@dataclass
class FakeProducts:
    """Product mappings and materials by tenant."""

    mappings: dict[tuple[str, str, str], Kept[ProductMapping]] = field(default_factory=dict)
    materials: dict[tuple[str, str], Kept[Material]] = field(default_factory=dict)
    writes: int = 0

    def load(self, tenant_id: str, keys: Collection[tuple[str, str]], material_codes: Collection[str]) -> WorkingSet:
        return WorkingSet(
            {key: self.mappings[tenant_id, *key] for key in keys if (tenant_id, *key) in self.mappings},
            {code: self.materials[tenant_id, code] for code in material_codes if (tenant_id, code) in self.materials},
        )

    def save(self, tenant_id: str, working: WorkingSet, stamp: Stamp) -> None:
        mappings = {
            (tenant_id, *key): self._next(
                working.mappings[key], working.loaded_mappings.get(key), self.mappings.get((tenant_id, *key))
            )
            for key in working.changed_mappings
        }
        materials = {
            (tenant_id, code): self._next(
                working.materials[code], working.loaded_materials.get(code), self.materials.get((tenant_id, code))
            )
            for code in working.changed_materials
        }
        self.mappings |= mappings
        self.materials |= materials
        self.writes += len(mappings) + len(materials)

    @staticmethod
    def _next(after: A, loaded: Kept[A] | None, stored: Kept[A] | None) -> Kept[A]:
        seen, actual = (0 if kept is None else kept.revision for kept in (loaded, stored))
        if seen != actual:
            raise VersionConflict(expected=seen, actual=actual)
        return Kept(after, seen + 1)

    def versions(self, tenant_id: str, code: str, limit: int, cursor: str | None) -> FoundProducts:
        return self._page(lambda place, _: place[:2] == (tenant_id, code), limit, cursor)

    def of_material(self, tenant_id: str, material_id: str, limit: int, cursor: str | None) -> FoundProducts:
        return self._page(lambda place, m: place[0] == tenant_id and m.material_id == material_id, limit, cursor)

    def in_status(self, tenant_id: str, status: SyncStatus, limit: int, cursor: str | None) -> FoundProducts:
        return self._page(lambda place, m: place[0] == tenant_id and m.status is status, limit, cursor)

    def _page(self, fits: object, limit: int, cursor: str | None) -> FoundProducts:
        mappings = [(place, self.mappings[place].value) for place in sorted(self.mappings)]
        found = [m for place, m in mappings if fits(place, m)]  # type: ignore[operator]
        start = int(cursor or 0)
        more = len(found) > start + limit
        return FoundProducts(tuple(found[start : start + limit]), str(start + limit) if more else None)


@dataclass
class FakeChangeOrders:
    """Change orders and change points by tenant; ``commands`` and ``events`` are what left with them."""

    orders: dict[tuple[str, str], ChangeOrder] = field(default_factory=dict)
    points: dict[tuple[str, str], ChangePoint] = field(default_factory=dict)
    kept: dict[tuple[str, str, str], Revision] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def receive(self, commit: Commit[ChangeOrder]) -> bool:
        order = commit.after
        stored = self.orders.setdefault((order.tenant_id, order.ecn_number), order)
        if stored is order:
            self._told(commit)
        return stored.receipt_id == order.receipt_id

    def revision(self, tenant_id: str, ecn_number: str, revision_id: str) -> Revision | None:
        return self.kept.get((tenant_id, ecn_number, revision_id))

    def revisions(self, tenant_id: str, ecn_number: str, limit: int, cursor: str | None) -> FoundRevisions:
        found = [one for place, one in sorted(self.kept.items()) if place[:2] == (tenant_id, ecn_number)]
        return FoundRevisions(tuple(found[:limit]), None)

    def keep(self, order: ChangeOrder, revision: Revision, events: tuple[Envelope, ...]) -> None:
        self.kept.setdefault((order.tenant_id, order.ecn_number, revision.revision_id), revision)
        self.events.extend(event.event_type for event in events)

    def revise(self, commit: Commit[ChangeOrder], superseded: Revision) -> None:
        self.save(commit)
        self.kept[commit.after.tenant_id, commit.after.ecn_number, superseded.revision_id] = superseded

    def command(self, order: ChangeOrder, command: Command, origin: Origin) -> None:
        self.commands.append(order.ecn_number)

    def get(self, tenant_id: str, ecn_number: str) -> Kept[ChangeOrder] | None:
        order = self.orders.get((tenant_id, ecn_number))
        return None if order is None else Kept(order, order.version)

    def point(self, tenant_id: str, change_point_id: str) -> ChangePoint | None:
        return self.points.get((tenant_id, change_point_id))

    def save(self, commit: Commit[ChangeOrder], point: ChangePoint | None = None) -> None:
        before, after = commit.before, commit.after
        assert before is not None
        place = (after.tenant_id, after.ecn_number)
        if self.orders[place].version != before.revision:
            raise VersionConflict(expected=before.revision, actual=self.orders[place].version)
        self.orders[place] = after
        if point is not None:
            self.points[after.tenant_id, point.change_point_id] = point
        self._told(commit)

    def _told(self, commit: Commit[ChangeOrder]) -> None:
        self.commands.extend(command.payload["ecn_number"] for command in commit.commands)
        self.events.extend(event.event_type for event in commit.events)

    def by_processing(self, tenant_id: str, processing: Processing, limit: int, cursor: str | None) -> Found:
        found = [o for (tenant, _), o in self.orders.items() if tenant == tenant_id and o.processing is processing]
        return self._page(sorted(found, key=lambda o: (o.received_at, o.ecn_number), reverse=True), limit, cursor)

    def by_effective_date(self, tenant_id: str, first: date, last: date, limit: int, cursor: str | None) -> Found:
        mine = [(o.notification.effective_date, o) for (tenant, _), o in self.orders.items() if tenant == tenant_id]
        found = [(day, o.ecn_number, o) for day, o in mine if day is not None and first <= day <= last]
        return self._page([o for _, _, o in sorted(found, key=lambda entry: entry[:2])], limit, cursor)

    @staticmethod
    def _page(found: list[ChangeOrder], limit: int, cursor: str | None) -> Found:
        start = int(cursor or 0)
        more = len(found) > start + limit
        return Found(tuple(found[start : start + limit]), str(start + limit) if more else None)
