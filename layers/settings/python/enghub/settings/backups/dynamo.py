"""Backups in the bucket (encrypted with the stage's key), who has settings, and the audit of backups."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from enghub.core import audit, config, dynamo, ids
from enghub.core.commits import AuditEntry, Link, subject
from enghub.core.dynamo import parts
from enghub.core.errors import Failed, Unavailable
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.core.transactions import transact
from enghub.kit.files.store import FileMissing
from enghub.kit.work.errors import WorkFailed
from enghub.settings.backups.errors import BackupNotFound
from enghub.settings.backups.service import Stored
from enghub.settings.configs.dynamo import known_partition
from enghub.settings.configs.model import EVERY_TENANT, Layer, Owner

if TYPE_CHECKING:
    from enghub.kit.files import bucket
else:
    bucket = lazy("enghub.kit.files.bucket")

PREFIX = "settings/backups"
GLOBAL_FOLDER = "_global"
"""No tenant's: their ids begin with a letter or a digit."""
_SUFFIX = ".json.gz"


@dataclass(frozen=True, slots=True)
class BackupConfig:
    """Where backups are kept."""

    bucket_name: str


class BucketBackups:
    """See ``BackupStore``."""

    def put(self, tenant_id: str, backup_id: str, data: bytes) -> None:
        """One PutObject."""
        with _told():
            _files(tenant_id).write(backup_id + _SUFFIX, data)

    def get(self, tenant_id: str, backup_id: str) -> bytes:
        """One GetObject."""
        try:
            with _told():
                return _files(tenant_id).read(backup_id + _SUFFIX)
        except FileMissing as error:
            raise BackupNotFound(backup_id=backup_id) from error

    def all(self, tenant_id: str) -> Sequence[Stored]:
        """One ListObjectsV2 per 1,000."""
        with _told():
            found = list(_files(tenant_id).list(""))
        made = [Stored(one.path.removesuffix(_SUFFIX), one.size_bytes, one.modified_at) for one in found]
        return sorted(made, key=lambda one: one.backup_id, reverse=True)

    def owners(self, tenant_id: str) -> Iterator[Owner]:
        """One Query per MB."""
        known = known_partition(Owner(Layer.USER, tenant_id))
        for item in dynamo.each(known, index="gsi1"):
            yield Owner(Layer.USER, *parts(item["gsi1sk"]["S"]))

    def tenants(self) -> Iterator[str]:
        """One Query per MB."""
        known = known_partition(Owner(Layer.TENANT, EVERY_TENANT))
        return (parts(item["gsi1sk"]["S"])[0] for item in dynamo.each(known, index="gsi1"))

    def audit(self, action: str, backup_id: str, origin: Origin, facts: Mapping[str, Any]) -> None:
        """One write; each act is a subject of its own."""
        about = subject("config_backup", "", f"{backup_id}/{ids.new_id(origin.at)}")
        transact(audit.to_put(AuditEntry(origin, f"config_backup.{action}", about, None, dict(facts), Link())))


def _files(tenant_id: str) -> "bucket.BucketFiles":
    folder = GLOBAL_FOLDER if tenant_id == EVERY_TENANT else tenant_id
    return bucket.BucketFiles(config.load(BackupConfig).bucket_name, f"{PREFIX}/{folder}", "The backups' bucket")


class _told:  # noqa: N801 - a context manager that reads as a word
    """Tells a store that does not answer as an outage, one that refuses as our fault."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Translate.

        Raises:
            Unavailable, Failed
        """
        if isinstance(error, WorkFailed):
            raise (Unavailable(reason=error.text.en) if error.retryable else Failed()) from error
