"""Builds the way an upload is allowed."""

from dataclasses import dataclass

from enghub.core import config
from enghub.core.config import CoreConfig
from enghub.core.identity import Origin
from enghub.kit.files.uploads import Upload, presigned
from enghub.upgrade.artifacts.dynamo import remember
from enghub.upgrade.artifacts.model import Artifact


@dataclass(frozen=True, slots=True)
class ArtifactConfig:
    """Where artifacts are."""

    bucket_name: str


def allow(wanted: Artifact, origin: Origin) -> tuple[Artifact, Upload]:
    """Keep who may upload what, then sign it: no signature is out in the world that the audit does not know.

    Raises:
        VersionConflict: somebody else got an upload to the same path at the same time.
    """
    stored = remember(wanted, origin)
    local = config.load(CoreConfig).stage == "local"
    bucket, key = config.load(ArtifactConfig).bucket_name, f"upgrade/artifacts/{stored.tenant_id}/{stored.path}"
    upload = presigned(
        bucket, key, size_bytes=stored.size_bytes, sha256=stored.sha256, at=stored.allowed_at, local=local
    )
    return stored, upload
