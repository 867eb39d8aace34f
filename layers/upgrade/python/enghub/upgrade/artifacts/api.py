"""Uploads of artifacts on the wire."""

from typing import Annotated

from pydantic import Field

from enghub.core import wire
from enghub.core.identity import Origin
from enghub.kit.files.uploads import Upload
from enghub.upgrade.artifacts.model import Artifact, artifact

LARGEST_BYTES = 5 * 1024**3
"""What S3 takes in one request."""


class PutArtifactRequest(wire.Request):
    """What is going to be uploaded, exactly."""

    path: Annotated[str, Field(min_length=1, max_length=900)]
    """Relative to the tenant's artifacts; what a manifest names as `package`."""
    size_bytes: Annotated[int, Field(strict=True, ge=1, le=LARGEST_BYTES)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]

    def to_artifact(self, origin: Origin) -> Artifact:
        """Return the artifact.

        Raises:
            Invalid: the path is refused.
        """
        return artifact(self.path, self.size_bytes, self.sha256, origin)


class UploadResponse(wire.Response):
    """Where and how to upload: one PUT of the content with exactly these headers."""

    path: str
    url: str
    headers: dict[str, str]
    expires_at: wire.Instant

    @classmethod
    def of(cls, stored: Artifact, upload: Upload) -> "UploadResponse":
        """Return the answer for an upload that was allowed."""
        return cls(path=stored.path, url=upload.url, headers=dict(upload.headers), expires_at=upload.expires_at)
