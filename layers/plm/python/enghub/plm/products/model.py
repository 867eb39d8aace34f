"""Products of the PLM, the materials they are in quality management, and the mapping between them (PLM-01, PLM-03).

``land`` applies records that ``reading.read`` accepted to what is stored, by the business rules. It is pure, and does
not raise for a bad record.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from enghub.core.commits import Kept
from enghub.core.i18n import Language
from enghub.plm.products.reasons import TEXTS, Reason


class MappingType(StrEnum):
    """ONE_TO_ONE: the material belongs to one product code. ONE_TO_MANY: one material stands for several products."""

    ONE_TO_ONE = "ONE_TO_ONE"
    ONE_TO_MANY = "ONE_TO_MANY"


class SyncStatus(StrEnum):
    """SYNCED: has its material. PENDING: not yet released in the PLM. FAILED: the PLM's newest data were rejected."""

    SYNCED = "SYNCED"
    PENDING = "PENDING"
    FAILED = "FAILED"


class Lifecycle(StrEnum):
    """How far the PLM's engineers are with a product version."""

    IN_WORK = "IN_WORK"
    RELEASED = "RELEASED"
    OBSOLETE = "OBSOLETE"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not taken over: which, in what field, why.

    ``code``, ``version`` and ``updated_at`` are empty when the record has none that can be read.
    """

    object_id: str
    reason: Reason
    field: str
    value: str = ""
    code: str = ""
    version: str = ""
    updated_at: datetime | None = None
    place: str = ""
    """Where the record stands in its file."""

    def message(self, language: Language) -> str:
        """Return the sentence for a person."""
        return TEXTS[self.reason].render(language, field=self.field, value=self.value)


@dataclass(frozen=True, slots=True)
class PlmProduct:
    """One valid product version of the PLM."""

    object_id: str
    code: str
    version: str
    name: str
    unit: str
    group: str
    lifecycle: Lifecycle
    mapping_type: MappingType
    material_code: str
    updated_at: datetime
    place: str = ""
    """Where it stands in its file."""


@dataclass(frozen=True, slots=True)
class Material:
    """A material of quality management; ``owner`` is its product code when ONE_TO_ONE."""

    material_id: str
    code: str
    name: str
    unit: str
    group: str
    mapping_type: MappingType
    owner: str
    source_updated_at: datetime
    tenant_id: str = ""
    run_id: str = ""
    """The run that wrote it last."""


class Outcome(StrEnum):
    """What a sync did with a record."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class ProductMapping:
    """The relation of one PLM product version, unique by code and version, to its material (PLM-01).

    ``plm_updated_at`` is the PLM's time of the newest data seen; ``run_id`` and ``outcome`` say which run wrote it last
    and as what, so that a repeated batch counts as it did the first time.
    """

    code: str
    version: str
    name: str
    object_id: str
    lifecycle: Lifecycle | None
    mapping_type: MappingType | None
    material_id: str | None
    material_code: str | None
    status: SyncStatus
    failure: str | None
    plm_updated_at: datetime
    last_sync_at: datetime
    run_id: str
    outcome: Outcome
    tenant_id: str = ""
    connection: str = "default"
    gone_at: datetime | None = None
    """When a complete full run no longer found it in the PLM; it is marked, never deleted."""
    mapping_version: int = 0
    """The version of the connection's mapping rules that made it."""

    @property
    def key(self) -> tuple[str, str]:
        """Code and version."""
        return self.code, self.version


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who writes: the tenant, the run, the time."""

    tenant_id: str
    run_id: str
    at: datetime
    connection: str = "default"
    mapping_version: int = 0
    """Of the connection's mapping rules; 0 are none."""


@dataclass(slots=True)
class WorkingSet:
    """Mappings and materials as they were loaded, and changed in memory record by record.

    ``mappings`` and ``materials`` are as they are by now; what differs from what was loaded is to be written, once
    however often it changed.
    """

    loaded_mappings: Mapping[tuple[str, str], Kept[ProductMapping]] = field(default_factory=dict)
    loaded_materials: Mapping[str, Kept[Material]] = field(default_factory=dict)
    mappings: dict[tuple[str, str], ProductMapping] = field(init=False)
    materials: dict[str, Material] = field(init=False)
    changed_mappings: set[tuple[str, str]] = field(default_factory=set)
    changed_materials: set[str] = field(default_factory=set)
    images: Mapping[object, object] = field(default_factory=dict)
    """What was loaded as the store keeps it, for the journal; the store's own."""

    def __post_init__(self) -> None:
        self.mappings = {key: kept.value for key, kept in self.loaded_mappings.items()}
        self.materials = {code: kept.value for code, kept in self.loaded_materials.items()}

    def put_mapping(self, mapping: ProductMapping) -> None:
        """Keep ``mapping`` for writing."""
        self.mappings[mapping.key] = mapping
        self.changed_mappings.add(mapping.key)

    def put_material(self, material: Material) -> None:
        """Keep ``material`` for writing."""
        self.materials[material.code] = material
        self.changed_materials.add(material.code)


def material_id(tenant_id: str, code: str) -> str:
    """Return the id of the tenant's material ``code``: derived, so that two writers give it the same."""
    return hashlib.sha256(f"{tenant_id}/{code}".encode()).hexdigest()[:26].upper()


def land(
    records: Iterable[PlmProduct | Rejection], working: WorkingSet, stamp: Stamp
) -> tuple[list[Outcome], list[Rejection]]:
    """Apply ``records`` to ``working`` in order; returns each one's outcome, and the rejections."""
    outcomes: list[Outcome] = []
    rejections: list[Rejection] = []
    for record in records:
        result = record if isinstance(record, Rejection) else _land(record, working, stamp)
        if isinstance(result, Rejection):
            _mark_failed(result, working, stamp)
            rejections.append(result)
            outcomes.append(Outcome.REJECTED)
        else:
            outcomes.append(result)
    return outcomes, rejections


def _land(product: PlmProduct, working: WorkingSet, stamp: Stamp) -> Outcome | Rejection:
    stored = working.mappings.get((product.code, product.version))
    if stored is not None and stored.object_id != product.object_id and _is_held(stored):
        return _reject(product, Reason.DUPLICATE, "productCode", stored.object_id)
    is_remapped = stored is not None and _is_remapped(stored, product, stamp)
    if stored is not None and stored.gone_at is None and _is_current(stored, product) and not is_remapped:
        return stored.outcome if stored.run_id == stamp.run_id else Outcome.UNCHANGED
    material: Material | None = None
    if product.lifecycle is not Lifecycle.IN_WORK:
        material = _material(product, working, stamp, is_remapped=is_remapped)
        if material is None:
            return _reject(product, Reason.MATERIAL_TAKEN, "materialCode", product.material_code)
    outcome = _written_as(stored, stamp)
    working.put_mapping(
        ProductMapping(
            code=product.code,
            version=product.version,
            name=product.name,
            object_id=product.object_id,
            lifecycle=product.lifecycle,
            mapping_type=product.mapping_type,
            material_id=material.material_id if material else None,
            material_code=material.code if material else None,
            status=SyncStatus.SYNCED if material else SyncStatus.PENDING,
            failure=None,
            plm_updated_at=product.updated_at,
            last_sync_at=stamp.at,
            run_id=stamp.run_id,
            outcome=outcome,
            tenant_id=stamp.tenant_id,
            connection=stamp.connection,
            mapping_version=stamp.mapping_version,
        )
    )
    return outcome


def _is_remapped(stored: ProductMapping, product: PlmProduct, stamp: Stamp) -> bool:
    """Whether the very data that are stored come again from their connection, by other mapping rules."""
    is_other = stored.connection == stamp.connection and stored.mapping_version != stamp.mapping_version
    return is_other and product.updated_at == stored.plm_updated_at


def _is_held(stored: ProductMapping) -> bool:
    """Whether another PLM object keeps the code and version: until it is obsolete, or never became valid."""
    return stored.lifecycle is not Lifecycle.OBSOLETE and stored.mapping_type is not None


def _is_current(stored: ProductMapping, product: PlmProduct) -> bool:
    """Whether what is stored is as new as ``product``: older data never overwrite newer ones."""
    if stored.status is SyncStatus.FAILED:
        return product.updated_at < stored.plm_updated_at
    return product.updated_at <= stored.plm_updated_at


def _written_as(stored: ProductMapping | None, stamp: Stamp) -> Outcome:
    if stored is None or (stored.run_id == stamp.run_id and stored.outcome is Outcome.CREATED):
        return Outcome.CREATED
    return Outcome.UPDATED


def _material(product: PlmProduct, working: WorkingSet, stamp: Stamp, *, is_remapped: bool) -> Material | None:
    """Return the product's material, made or renewed on the working; None when it is mapped otherwise."""
    owner = product.code if product.mapping_type is MappingType.ONE_TO_ONE else ""
    stored = working.materials.get(product.material_code)
    if stored is not None and (stored.mapping_type, stored.owner) != (product.mapping_type, owner):
        return None
    if stored is not None and (stored.source_updated_at, not is_remapped) >= (product.updated_at, True):
        return stored
    material = Material(
        material_id=material_id(stamp.tenant_id, product.material_code),
        code=product.material_code,
        name=product.name,
        unit=product.unit,
        group=product.group,
        mapping_type=product.mapping_type,
        owner=owner,
        source_updated_at=product.updated_at,
        tenant_id=stamp.tenant_id,
        run_id=stamp.run_id,
    )
    working.put_material(material)
    return material


def _reject(product: PlmProduct, reason: Reason, name: str, value: str) -> Rejection:
    found = Rejection(product.object_id, reason, name, value, product.code, product.version, product.updated_at)
    return replace(found, place=product.place)


def _mark_failed(rejection: Rejection, working: WorkingSet, stamp: Stamp) -> None:
    """Show on the mapping that the PLM's newest data were rejected; what it maps stays as it was."""
    if not (rejection.code and rejection.version and rejection.updated_at) or rejection.reason is Reason.DUPLICATE:
        return
    stored = working.mappings.get((rejection.code, rejection.version))
    if stored is not None and rejection.updated_at <= stored.plm_updated_at:
        return
    known = stored or ProductMapping(
        code=rejection.code,
        version=rejection.version,
        name="",
        object_id=rejection.object_id,
        lifecycle=None,
        mapping_type=None,
        material_id=None,
        material_code=None,
        status=SyncStatus.FAILED,
        failure=None,
        plm_updated_at=rejection.updated_at,
        last_sync_at=stamp.at,
        run_id=stamp.run_id,
        outcome=Outcome.REJECTED,
        tenant_id=stamp.tenant_id,
        connection=stamp.connection,
    )
    working.put_mapping(
        replace(
            known,
            status=SyncStatus.FAILED,
            failure=rejection.message("en"),
            plm_updated_at=rejection.updated_at,
            last_sync_at=stamp.at,
            run_id=stamp.run_id,
            outcome=Outcome.REJECTED,
        )
    )
