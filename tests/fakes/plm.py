"""Stores of plm in memory, with the promises of the real ones (tests/contract/plm)."""

from dataclasses import dataclass, field
from datetime import date

from enghub.core.errors import VersionConflict
from enghub.core.idempotency import Once
from enghub.core.identity import Origin
from enghub.plm.changes.model import ChangeOrder, ChangePoint, Processing
from enghub.plm.changes.repository import Found
from enghub.plm.products.model import Material, ProductMapping, Shelf, SyncStatus
from enghub.plm.products.repository import FoundProducts


@dataclass
class FakeProducts:
    """Product mappings and materials by tenant."""

    mappings: dict[tuple[str, str, str], ProductMapping] = field(default_factory=dict)
    materials: dict[tuple[str, str], Material] = field(default_factory=dict)
    writes: int = 0

    def load(self, tenant_id: str, keys: object, material_codes: object) -> Shelf:
        wanted = {(tenant_id, *key) for key in keys}  # type: ignore[attr-defined]
        codes = {(tenant_id, code) for code in material_codes}  # type: ignore[attr-defined]
        return Shelf(
            {place[1:]: found for place, found in self.mappings.items() if place in wanted},
            {place[1]: found for place, found in self.materials.items() if place in codes},
        )

    def save(self, tenant_id: str, shelf: Shelf) -> None:
        mappings = {(tenant_id, *key): shelf.mappings[key] for key in shelf.changed_mappings}
        materials = {(tenant_id, code): shelf.materials[code] for code in shelf.changed_materials}
        for place, mapping in mappings.items():
            self._check(mapping.revision, self.mappings.get(place))
        for spot, material in materials.items():
            self._check(material.revision, self.materials.get(spot))
        self.mappings |= mappings
        self.materials |= materials
        self.writes += len(mappings) + len(materials)

    @staticmethod
    def _check(revision: int, stored: ProductMapping | Material | None) -> None:
        actual = stored.revision if stored else 0
        if revision != actual + 1:
            raise VersionConflict(expected=revision - 1, actual=actual)

    def versions(self, tenant_id: str, code: str, limit: int, cursor: str | None) -> FoundProducts:
        return self._page(lambda place, _: place[:2] == (tenant_id, code), limit, cursor)

    def of_material(self, tenant_id: str, material_id: str, limit: int, cursor: str | None) -> FoundProducts:
        return self._page(lambda place, m: place[0] == tenant_id and m.material_id == material_id, limit, cursor)

    def in_status(self, tenant_id: str, status: SyncStatus, limit: int, cursor: str | None) -> FoundProducts:
        return self._page(lambda place, m: place[0] == tenant_id and m.status is status, limit, cursor)

    def _page(self, fits: object, limit: int, cursor: str | None) -> FoundProducts:
        found = [m for place, m in sorted(self.mappings.items()) if fits(place, m)]  # type: ignore[operator]
        start = int(cursor or 0)
        more = len(found) > start + limit
        return FoundProducts(tuple(found[start : start + limit]), str(start + limit) if more else None)


@dataclass
class FakeChangeOrders:
    """Change orders and change points by tenant; ``commands`` and ``events`` are what left with them."""

    orders: dict[tuple[str, str], ChangeOrder] = field(default_factory=dict)
    points: dict[tuple[str, str], ChangePoint] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def receive(self, order: ChangeOrder, origin: Origin) -> bool:
        stored = self.orders.setdefault((origin.tenant_id, order.ecn_number), order)
        if stored is order:
            self.commands.append(order.ecn_number)
        return stored.receipt_id == order.receipt_id

    def command(self, order: ChangeOrder, origin: Origin) -> None:
        self.commands.append(order.ecn_number)

    def get(self, tenant_id: str, ecn_number: str) -> ChangeOrder | None:
        return self.orders.get((tenant_id, ecn_number))

    def point(self, tenant_id: str, change_point_id: str) -> ChangePoint | None:
        return self.points.get((tenant_id, change_point_id))

    def processed(self, before: ChangeOrder, after: ChangeOrder, point: ChangePoint, origin: Origin) -> None:
        self._replace(before, after)
        self.points[before.tenant_id, point.change_point_id] = point
        self.events.append("ChangePointCreated")

    def parked(self, before: ChangeOrder, after: ChangeOrder, origin: Origin) -> None:
        self._replace(before, after)
        self.events.append("ChangeOrderParked")

    def retried(self, before: ChangeOrder, after: ChangeOrder, reason: str, origin: Origin, once: Once | None) -> None:
        self._replace(before, after)
        self.commands.append(after.ecn_number)

    def _replace(self, before: ChangeOrder, after: ChangeOrder) -> None:
        place = (before.tenant_id, before.ecn_number)
        if self.orders[place].version != before.version:
            raise VersionConflict(expected=before.version, actual=self.orders[place].version)
        self.orders[place] = after

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
