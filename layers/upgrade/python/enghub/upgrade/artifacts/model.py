"""An artifact: a package or template that steps read from the artifact store (UPG-15, UPG-17)."""

from dataclasses import dataclass
from datetime import datetime

from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.kit.files.store import clean_path, on_disk
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.stepping.ports import BACKUPS, LOGS, REHEARSALS

OWN = frozenset({BACKUPS, LOGS, REHEARSALS})
"""Nobody uploads over a backup."""
_TAKEN = Text(
    "{folder}/ belongs to the upgrades themselves: choose another folder",
    "{folder}/ 归升级系统自身使用：请选择其他目录",
)


@dataclass(frozen=True, slots=True)
class Artifact:
    """Whose upload of what was allowed last at a path; the path is relative to the tenant's artifacts."""

    tenant_id: str
    path: str
    size_bytes: int
    sha256: str
    """64 hex digits."""
    allowed_by: str
    allowed_at: datetime


def artifact(path: str, size_bytes: int, sha256: str, origin: Origin) -> Artifact:
    """Return an artifact whose path is safe.

    Raises:
        Invalid: the path leaves the tenant's artifacts, or leads into a folder of the upgrades themselves.
    """
    try:
        parts = clean_path(path)
    except WorkFailed as refusal:
        raise Invalid(field="path", problem=refusal.text) from refusal
    if on_disk(parts[0]) in OWN:
        raise Invalid(field="path", problem=_TAKEN.filled(folder=parts[0]))
    return Artifact(origin.tenant_id, "/".join(parts), size_bytes, sha256.lower(), origin.user_id, origin.at)
