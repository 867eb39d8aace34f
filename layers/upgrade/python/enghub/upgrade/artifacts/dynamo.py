"""Allowed uploads in DynamoDB: one item per path, with an audit entry per upload."""

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit
from enghub.core.dynamo import key
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.upgrade.artifacts.model import Artifact


def _key(artifact: Artifact) -> Key:
    return key("T", artifact.tenant_id, "ARTIFACTS"), key(artifact.path)


ARTIFACTS = Aggregate(
    Artifact,
    "ARTIFACT",
    key=_key,
    layout=Layout(body="body"),
    name="artifact",
    identity=lambda artifact: artifact.path,
    shows=("size_bytes", "sha256"),
    revision="record_version",
    exists=lambda _: VersionConflict(expected=0, actual=1),
)


def remember(artifact: Artifact, origin: Origin) -> Artifact:
    """Store that an upload was allowed: one read, one transaction.

    Raises:
        VersionConflict: somebody else got an upload to the same path at the same time.
    """
    return ARTIFACTS.save(Commit(origin, "put", artifact, ARTIFACTS.read(_key(artifact)))).value
