"""Manifests on the wire. The document itself keeps the field names of its authors."""

import json
from typing import Annotated, Any

from pydantic import Field, field_validator

from enghub.core import wire
from enghub.core.events import dumps
from enghub.core.i18n import Text
from enghub.upgrade.manifests.model import Difference, Head
from enghub.upgrade.manifests.service import Stored

BASE = "/api/v1/upgrade/manifests"
MAX_BODY_BYTES = 5 * 1024 * 1024
MAX_DOCUMENT_BYTES = 300_000
MAX_SCRIPTS = 500
_TOO_LARGE = Text(
    "a manifest may have {most} bytes; put long texts into scripts", "升级配置最多 {most} 字节，长文本请放入脚本"
)


class UploadManifestRequest(wire.Request):
    """A manifest with the texts of the scripts and templates it names, by path."""

    manifest: dict[str, Any]
    scripts: Annotated[dict[str, str], Field(max_length=MAX_SCRIPTS)] = Field(default_factory=dict)
    activate: wire.Flag = False

    @field_validator("manifest")
    @classmethod
    def _bounded(cls, value: dict[str, Any]) -> dict[str, Any]:
        if len(repr(value)) > MAX_DOCUMENT_BYTES:
            raise wire.Unfit(_TOO_LARGE, most=MAX_DOCUMENT_BYTES)
        plain: dict[str, Any] = json.loads(dumps(value))  # exact decimals become the numbers of the document
        return plain


class ActivateRequest(wire.Request):
    """Which revision to put in force; the latest when none is named."""

    revision: Annotated[int, Field(ge=1)] | None = None


class ManifestResponse(wire.Response):
    """A version and its revisions."""

    version: str
    version_type: str
    description: str
    latest_revision: int
    active_revision: int | None
    is_active: bool
    checksum: str
    updated_by: str
    updated_at: wire.Instant

    @classmethod
    def of(cls, head: Head) -> "ManifestResponse":
        """Return the answer for a head."""
        return cls(
            version=str(head.version),
            version_type=head.version_type,
            description=head.description,
            latest_revision=head.latest,
            active_revision=head.active,
            is_active=head.active is not None,
            checksum=head.checksum,
            updated_by=head.updated_by,
            updated_at=head.updated_at,
        )

    @classmethod
    def uploaded(cls, made: tuple[Head, Any]) -> "ManifestResponse":
        """Return the answer for an upload."""
        return cls.of(made[0])


class ManifestsResponse(wire.Response):
    """Every version, in order."""

    items: tuple[ManifestResponse, ...]


class ScriptResponse(wire.Response):
    """A script of a revision."""

    path: str
    sha256: str
    size_bytes: int


class RevisionResponse(wire.Response):
    """One revision with its document as it was uploaded."""

    version: str
    revision: int
    is_active: bool
    checksum: str
    declared_checksum: str | None
    document: dict[str, Any]
    scripts: tuple[ScriptResponse, ...]
    missing_scripts: tuple[str, ...]
    created_by: str
    created_at: wire.Instant

    @classmethod
    def of(cls, stored: Stored) -> "RevisionResponse":
        """Return the answer for a revision."""
        revision = stored.revision
        return cls(
            version=str(revision.version),
            revision=revision.number,
            is_active=stored.head.active == revision.number,
            checksum=revision.checksum,
            declared_checksum=revision.manifest.metadata.checksum,
            document=dict(revision.document),
            scripts=tuple(
                ScriptResponse(path=path, sha256=ref.sha256, size_bytes=ref.size_bytes)
                for path, ref in revision.scripts.items()
            ),
            missing_scripts=revision.missing_scripts,
            created_by=revision.created_by,
            created_at=revision.created_at,
        )


class ValidationResponse(wire.Response):
    """The document is valid; scripts that would still have to be uploaded with it."""

    version: str
    version_type: str
    steps: int
    missing_scripts: tuple[str, ...]


class ChangeResponse(wire.Response):
    """One difference."""

    field: str
    before: Any
    after: Any


class DiffResponse(wire.Response):
    """What differs between two revisions."""

    version: str
    before: int
    after: int
    changes: tuple[ChangeResponse, ...]

    @classmethod
    def of(cls, version: str, before: int, after: int, changes: tuple[Difference, ...]) -> "DiffResponse":
        """Return the answer."""
        rows = tuple(ChangeResponse(field=c.field, before=c.before, after=c.after) for c in changes)
        return cls(version=version, before=before, after=after, changes=rows)
