"""Backups of configuration: taken, compared with what is there, restored whole or in part (CFG-21)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from enghub.core import ids
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.core.strictjson import parse_json, write_json
from enghub.kit.sheets.model import Cell, Row
from enghub.settings.approvals.model import ChangeRequest
from enghub.settings.backups.errors import BackupDamaged, RestoreRefused, RestoreTooLarge
from enghub.settings.backups.model import (
    Backup,
    Difference,
    Saved,
    Selection,
    Thing,
    packed,
    sorted_in,
    unpacked,
)
from enghub.settings.configs.commits import overdue
from enghub.settings.configs.model import EVERY_TENANT, Address, Config, Content, Layer, Owner
from enghub.settings.configs.service import ConfigService, Edited
from enghub.settings.folders.kinds import Kind
from enghub.settings.transfers.columns import COLUMNS, CellRefused, read_row, row_of
from enghub_flags.reading import plain

if TYPE_CHECKING:
    from enghub.settings.folders import documents
    from enghub.settings.folders import model as files
    from enghub.settings.folders.service import Folders
else:  # what a file says of flags and rules takes their requests
    documents = lazy("enghub.settings.folders.documents")
    files = lazy("enghub.settings.folders.model")

MAX_RESTORED = 2_000
"""Items that one restore changes at one moment."""
SHOWN = 100
_TOGETHER = 100
Place = tuple[Kind, str, str]
"""Kind, environment and name of a flag, segment or rule."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A backup in the store; ``backup_id`` sorts by time."""

    backup_id: str
    size_bytes: int
    stored_at: datetime


class BackupStore(Protocol):
    """The files of one space's backups, and the audit of what is done with them."""

    def put(self, tenant_id: str, backup_id: str, data: bytes) -> None:
        """Keep a file."""

    def get(self, tenant_id: str, backup_id: str) -> bytes:
        """Return a file.

        Raises:
            BackupNotFound
        """

    def all(self, tenant_id: str) -> Sequence[Stored]:
        """Return what is kept, the newest first."""

    def owners(self, tenant_id: str) -> Iterator[Owner]:
        """Yield the users of a tenant that have settings of their own."""

    def tenants(self) -> Iterator[str]:
        """Yield the tenants that have settings of their own."""

    def audit(self, action: str, backup_id: str, origin: Origin, facts: Mapping[str, Any]) -> None:
        """Keep in the audit what was done with a backup."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How one item is not as in the backup."""

    address: Address
    difference: Difference
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComparedThing:
    """How one flag, segment or rule is not as in the backup."""

    kind: Kind
    environment: str
    name: str
    difference: Difference
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verified:
    """A backup against what is there; items that had expired by then count for neither."""

    items: int
    differences: tuple[Compared | ComparedThing, ...]

    @property
    def equal(self) -> bool:
        """Whether everything is as in the backup."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Backups:
    """The backups of a tenant (its own layer and its users'), or of the global layer (tenant ``*``)."""

    configs: ConfigService
    store: BackupStore
    folders: "Folders"

    def take(self, origin: Origin) -> tuple[Stored, int]:
        """Keep a backup of everything in the origin's space; return it and its number of items and things."""
        items = tuple(_saved(config) for config in self._now(origin.tenant_id))
        things = tuple(self._things(origin))
        data = packed(Backup(origin.at, origin.user_id, items, things))
        return self._keep(data, len(items) + len(things), origin)

    def take_in(self, data: bytes, origin: Origin) -> tuple[Stored, int]:
        """Keep a backup that another environment made.

        Raises:
            BackupDamaged
        """
        backup = unpacked(data)
        return self._keep(data, len(backup.items) + len(backup.things), origin)

    def _keep(self, data: bytes, items: int, origin: Origin) -> tuple[Stored, int]:
        backup_id = ids.new_id(origin.at)
        self.store.put(origin.tenant_id, backup_id, data)
        self.store.audit("made", backup_id, origin, {"items": items, "sizeBytes": len(data)})
        return Stored(backup_id, len(data), origin.at), items

    def file(self, tenant_id: str, backup_id: str) -> bytes:
        """Return a backup's file.

        Raises:
            BackupNotFound
        """
        return self.store.get(tenant_id, backup_id)

    def verify(self, backup_id: str, selection: Selection, origin: Origin) -> Verified:
        """Compare a backup with what is there now.

        Raises:
            BackupNotFound, BackupDamaged
        """
        wanted = self._wanted(backup_id, selection, origin)
        things = self._wanted_things(backup_id, selection, origin)
        now = {one.address: one for one in self._now(origin.tenant_id)}
        found = [_compared(address, content, now.get(address), origin) for address, content in wanted.items()]
        added = [
            Compared(address, Difference.ADDED)
            for address in sorted(now.keys() - wanted.keys())
            if selection.fits(address.owner.layer, address.config_key)
        ]
        others = self._compared_things(things, selection, origin)
        differences: list[Compared | ComparedThing] = [one for one in found if one is not None]
        differences += [*added, *others]
        return Verified(len(wanted) + len(things), tuple(differences))

    def restore(
        self, backup_id: str, selection: Selection, origin: Origin, reason: str, *, dry_run: bool = False
    ) -> Verified | ChangeRequest:
        """Bring back the items of a backup that are missing or changed, at one moment; later ones stay.

        Return what was different before. A repeat finds nothing to do. Every item's version and audit name the backup.

        Raises:
            BackupNotFound, BackupDamaged, RestoreTooLarge, RestoreRefused
        """
        wanted = self._wanted(backup_id, selection, origin)
        things = self._wanted_things(backup_id, selection, origin)
        before = self.verify(backup_id, selection, origin)
        different = [one for one in before.differences if one.difference is not Difference.ADDED]
        if len(different) > MAX_RESTORED:
            raise RestoreTooLarge(needed=len(different), most=MAX_RESTORED)
        edits = [_edit(one.address, wanted[one.address]) for one in different if isinstance(one, Compared)]
        named = [(one.kind, one.environment, one.name) for one in different if isinstance(one, ComparedThing)]
        shall = _files([things[one] for one in named])
        why = f"{reason} [backup {backup_id}]".lstrip()
        whole, lines, refused = self.folders.planned_with(edits, shall, origin, why)
        if refused:
            raise RestoreRefused(refused=len(refused), errors=refused[:SHOWN])
        if dry_run:
            return before
        answer = self.folders.make(whole, lines, origin, why)
        return answer if isinstance(answer, ChangeRequest) else before

    def _things(self, origin: Origin) -> Iterator[Thing]:
        found = self.folders.things(origin)
        yield from (Thing(Kind.FLAG, documents.flag_document(files.flag_file(one))) for one in found.flags)
        yield from (Thing(Kind.SEGMENT, documents.segment_document(files.segment_file(one))) for one in found.segments)
        yield from (Thing(Kind.RULE, documents.rule_document(one)) for one in found.rules)

    def _wanted_things(self, backup_id: str, selection: Selection, origin: Origin) -> dict[Place, Thing]:
        layer = Layer.GLOBAL if origin.tenant_id == EVERY_TENANT else Layer.TENANT
        backup = unpacked(self.store.get(origin.tenant_id, backup_id))
        return {one.place: one for one in backup.things if selection.fits(layer, one.name, one.kind)}

    def _compared_things(
        self, wanted: Mapping[Place, Thing], selection: Selection, origin: Origin
    ) -> Iterator[ComparedThing]:
        layer = Layer.GLOBAL if origin.tenant_id == EVERY_TENANT else Layer.TENANT
        now = {one.place: one for one in self._things(origin)}
        for place, thing in wanted.items():
            if place not in now:
                yield ComparedThing(*place, Difference.MISSING)
                continue
            old, new = _plain(thing), _plain(now[place])
            fields = tuple(name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name))
            if fields:
                yield ComparedThing(*place, Difference.CHANGED, fields)
        for place in sorted(now.keys() - wanted.keys()):
            if selection.fits(layer, place[2], place[0]):
                yield ComparedThing(*place, Difference.ADDED)

    def _wanted(self, backup_id: str, selection: Selection, origin: Origin) -> dict[Address, Content]:
        backup = unpacked(self.store.get(origin.tenant_id, backup_id))
        found = {_address(one, origin.tenant_id): _content(one) for one in selection.of(backup.items)}
        return {
            address: overdue(content, origin)
            for address, content in found.items()
            if content.expire_at is None or content.expire_at > origin.at
        }

    def _now(self, tenant_id: str) -> Iterator[Config]:
        if tenant_id == EVERY_TENANT:
            owners = [Owner(Layer.GLOBAL, EVERY_TENANT)]
        else:
            owners = [Owner(Layer.TENANT, tenant_id), *self.store.owners(tenant_id)]
        for owner in owners:
            keys = sorted(summary.config_key for summary in self.configs.repository.summaries(owner))
            for start in range(0, len(keys), _TOGETHER):
                asked = [Address(owner, name) for name in keys[start : start + _TOGETHER]]
                found = self.configs.repository.load(asked)
                yield from (found[one].value for one in asked if one in found and not found[one].value.is_deleted)


def _plain(thing: Thing) -> dict[str, Any]:
    """Return a document with its numbers as they compare: 10.0 is 10."""
    found: dict[str, Any] = plain(parse_json(write_json(sorted_in(thing.document))))
    return found


def _files(things: Sequence[Thing]) -> "files.Wanted":
    """Return things of a backup as they shall be.

    Raises:
        BackupDamaged: one of them says what none can say.
    """
    try:
        of = {kind: tuple(documents.file_of(one.document, kind) for one in things if one.kind is kind) for kind in Kind}
    except ValidationError as error:
        raise BackupDamaged(reason="a flag, segment or rule in it cannot be read") from error
    return files.Wanted(of[Kind.FLAG], of[Kind.SEGMENT], of[Kind.RULE])


def _saved(config: Config) -> Saved:
    owner = config.address.owner
    from_columns = dict(zip(COLUMNS, row_of(config, sealed=True), strict=True))
    return Saved(owner.layer, owner.user_id, from_columns)


def _address(saved: Saved, tenant_id: str) -> Address:
    if (saved.layer is Layer.GLOBAL) != (tenant_id == EVERY_TENANT):
        raise BackupDamaged(reason="it is of another space")
    return Address(Owner.of(saved.layer, tenant_id, saved.user_id), saved.config_key)


def _content(saved: Saved) -> Content:
    row = Row(saved.config_key, {name: Cell(text, name) for name, text in saved.row.items()})
    try:
        return read_row(row).patched(Content(""))
    except CellRefused as error:
        raise BackupDamaged(reason=f"{saved.config_key}: {error.field}") from error


def _edit(address: Address, content: Content) -> Edited:
    return Edited(address, None, lambda _: content, "rolled_back", creates=content)


def _compared(address: Address, content: Content, now: Config | None, origin: Origin) -> Compared | None:
    if now is None:
        return Compared(address, Difference.MISSING)
    old, new = overdue(content, origin).facts(), overdue(now.content, origin).facts()
    fields = tuple(name for name in old if old[name] != new[name])
    return Compared(address, Difference.CHANGED, fields) if fields else None
