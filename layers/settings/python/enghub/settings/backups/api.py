"""Requests and answers of /api/v1/settings/backups (CFG-21)."""

import base64
from typing import Annotated

from pydantic import Field

from enghub.core import wire
from enghub.core.multipart import Uploaded
from enghub.settings.approvals.api import Comment
from enghub.settings.backups.model import Difference, Selection
from enghub.settings.backups.service import SHOWN, Compared, ComparedThing, Stored, Verified
from enghub.settings.configs.model import Layer
from enghub.settings.folders.kinds import Kind

BACKUPS = "/api/v1/settings/backups"
MAX_FILE_BYTES = 4 * 1024 * 1024
Pattern = Annotated[str, Field(min_length=1, max_length=255)]


class SelectionRequest(wire.Request):
    """Which items of a backup; nothing named means all."""

    layers: Annotated[list[Layer], Field(max_length=3)] = Field(default=[])
    keys: Annotated[list[Pattern], Field(max_length=100)] = Field(default=[])
    """Keys, or patterns as ``security.*``."""
    kinds: Annotated[list[Kind], Field(max_length=4)] = Field(default=[])

    def selection(self) -> Selection:
        """Return what is meant."""
        return Selection(tuple(self.layers), tuple(self.keys), tuple(self.kinds))


class RestoreRequest(SelectionRequest):
    """What to bring back."""

    dry_run: wire.Flag = False
    change_reason: Comment = ""


class UploadRequest(wire.Request):
    """A backup's file, of this environment or another."""

    file: Uploaded


class BackupResponse(wire.Response):
    """A backup."""

    backup_id: str
    size_bytes: int
    stored_at: wire.Instant

    @classmethod
    def of(cls, stored: Stored) -> "BackupResponse":
        """Return the answer for a backup."""
        return cls(backup_id=stored.backup_id, size_bytes=stored.size_bytes, stored_at=stored.stored_at)


class TakenResponse(BackupResponse):
    """A backup that was just taken."""

    items: int

    @classmethod
    def of_taken(cls, taken: tuple[Stored, int]) -> "TakenResponse":
        """Return the answer for a backup with its number of items."""
        stored, items = taken
        return cls(backup_id=stored.backup_id, size_bytes=stored.size_bytes, stored_at=stored.stored_at, items=items)


class BackupsResponse(wire.Response):
    """Backups, the newest first, up to 1,000."""

    items: list[BackupResponse]


class BackupFileResponse(wire.Response):
    """A backup's file, as base64."""

    backup_id: str
    file_name: str
    content: str

    @classmethod
    def of(cls, backup_id: str, data: bytes) -> "BackupFileResponse":
        """Return the answer for a file."""
        content = base64.b64encode(data).decode()
        return cls(backup_id=backup_id, file_name=f"{backup_id}.json.gz", content=content)


class DifferenceShown(wire.Response):
    """One item that is not as in the backup."""

    kind: Kind
    environment: str
    """Of flags and segments."""
    layer: Layer
    user_id: str
    config_key: str
    """The key, whatever kind it is of."""
    difference: Difference
    fields: list[str]

    @classmethod
    def of(cls, one: Compared | ComparedThing, layer: Layer) -> "DifferenceShown":
        """Return the answer for an item, or a thing of the space's layer."""
        if isinstance(one, ComparedThing):
            return cls(
                kind=one.kind,
                environment=one.environment,
                layer=layer,
                user_id="",
                config_key=one.name,
                difference=one.difference,
                fields=list(one.fields),
            )
        owner = one.address.owner
        return cls(
            kind=Kind.CONFIG,
            environment="",
            layer=owner.layer,
            user_id=owner.user_id,
            config_key=one.address.config_key,
            difference=one.difference,
            fields=list(one.fields),
        )


class VerifiedResponse(wire.Response):
    """A backup against what is there (of a restore: was there before it)."""

    backup_id: str
    equal: bool
    items: int
    missing: int
    changed: int
    added: int
    """In the layer, not in the backup; a restore leaves them."""
    differences: Annotated[list[DifferenceShown], Field(max_length=SHOWN)]

    @classmethod
    def of(cls, backup_id: str, found: Verified, layer: Layer) -> "VerifiedResponse":
        """Return the answer for a comparison."""
        kinds = [one.difference for one in found.differences]
        return cls(
            backup_id=backup_id,
            equal=found.equal,
            items=found.items,
            missing=kinds.count(Difference.MISSING),
            changed=kinds.count(Difference.CHANGED),
            added=kinds.count(Difference.ADDED),
            differences=[DifferenceShown.of(one, layer) for one in found.differences[:SHOWN]],
        )
