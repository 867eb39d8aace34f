"""Whether every manifest in force can be read, and is what was uploaded."""

from enghub.upgrade.manifests.model import checksum_of
from enghub.upgrade.manifests.repository import Manifests


class ManifestDamaged(Exception):
    """A stored manifest differs from what was uploaded."""


def in_force(manifests: Manifests, tenant_id: str) -> str:
    """Return how many manifests of a tenant are in force; a new tenant has none, and that is no fault.

    Raises:
        ManifestDamaged: one does not have the checksum it was stored with.
    """
    wanted = [(head.version, head.active) for head in manifests.heads(tenant_id) if head.active is not None]
    found = manifests.revisions(tenant_id, wanted)
    if len(found) < len(wanted) or any(checksum_of(one.document, one.scripts) != one.checksum for one in found):
        raise ManifestDamaged
    return f"{len(found)} in force"
